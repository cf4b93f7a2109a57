"""How many ticks a second pass through bus, sampler and framed readers on one core.

    python tests/bench/feed.py [FILE]

The recording is decoded first; what is measured is the way of its ticks from `Bus.publish` on:
the sampler with three periods, and two framed readers, at 60 and 15 frames a second, that take
their frames meanwhile. The peer in the same run is a bare loop that only decodes. Without FILE
and without recordings beside the checkout, a seeded market is made up, whose peer decodes JSON.

Prints `name value unit` lines; each figure is the median of the rounds. Time is that of the
processor, so that what else the machine does is not counted: the loop never waits.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec
import trio

from brokers.replay.tape import open_tape
from engine.clock import NANOS
from engine.feed.bus import Bus
from engine.feed.framed import FramedSubscription
from engine.feed.sampler import Sampler
from engine.messages import Ask, Bid, Tick, Trade

RECORDING = "shared/data/binance/hftb_spot_btcusdt_20240808.ndjson.gz"
PERIODS_S = (1, 60, 300)
RATES_HZ = (60.0, 15.0)
ROUNDS = 9
WANTED = 100_000
"""Ticks a second."""

Batches = list[tuple[str, list[Tick]]]


async def feed_all(batches: Batches) -> float:
    """Seconds that all batches take through the whole feed."""
    bus, sampler = Bus(), Sampler()
    now_ns = 0
    for fqme in dict.fromkeys(fqme for fqme, _ in batches):
        for period_s in PERIODS_S:
            sampler.register(fqme, period_s, lambda: now_ns)
    bus.add_tap(sampler.on_ticks)
    fqmes = {fqme for fqme, _ in batches}
    async with trio.open_nursery() as nursery:
        for rate_hz in RATES_HZ:
            reader = bus.subscribe_framed(fqmes, throttle_hz=rate_hz)
            nursery.start_soon(read, reader)
        began_s = process_time()
        for count, (fqme, ticks) in enumerate(batches):
            now_ns = ticks[-1].recv_ns
            bus.publish(fqme, ticks)
            if count % 50 == 0:
                # As many messages as a busy socket gives at once; then the others' turn.
                await trio.lowlevel.checkpoint()
                sampler.step()
        took_s = process_time() - began_s
        nursery.cancel_scope.cancel()
    return took_s


async def read(reader: FramedSubscription) -> None:
    with reader:
        async for _ in reader:
            pass


def recorded(path: Path) -> tuple[Batches, Callable[[], object]]:
    """The ticks of a recording, and the loop that only decodes it."""

    tape = open_tape(path)

    def decode() -> Batches:
        return [(fqme, ticks) for _, fqme, ticks in tape.play() if ticks]

    return decode(), decode


def made_up(count: int = 60_000) -> tuple[Batches, Callable[[], object]]:
    """A seeded market of trades and quotes, and a loop that decodes the same from JSON."""
    rng, batches, price = random.Random(1), Batches(), 60_000.0
    for number in range(count):
        time_ns = 1_700_000_000 * NANOS + number * 2_000_000
        price += rng.randint(-2, 2) / 100
        size, kind = rng.random(), rng.random()
        tick: Tick
        if kind < 0.3:
            tick = Trade("btcusdt.spot.sim", price, size, "buy", time_ns, time_ns, str(number))
        elif kind < 0.65:
            tick = Bid("btcusdt.spot.sim", price, size, time_ns, time_ns)
        else:
            tick = Ask("btcusdt.spot.sim", price + 0.01, size, time_ns, time_ns)
        batches.append(("btcusdt.spot.sim", [tick]))
    lines = [msgspec.json.encode(ticks) for _, ticks in batches]
    decoder = msgspec.json.Decoder(list[Trade | Bid | Ask])
    return batches, lambda: [decoder.decode(line) for line in lines]


def median_s(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def timed(work: Callable[[], object]) -> float:
    began_s = process_time()
    work()
    return process_time() - began_s


def find_recording() -> Path | None:
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    path = Path(__file__).resolve().parents[2].parent / RECORDING
    return path if path.is_file() else None


def main() -> int:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    path = find_recording()
    batches, decode = made_up() if path is None else recorded(path)
    count = sum(len(ticks) for _, ticks in batches)
    trades = sum(type(tick) is Trade for _, ticks in batches for tick in ticks)
    feed_s = median_s(lambda: trio.run(feed_all, batches))
    decode_s = median_s(lambda: timed(decode))
    print(f"source {path.name if path else 'made-up'} name")
    print(f"ticks {count} ticks")
    print(f"trades {trades} ticks")
    print(f"feed {count / feed_s:.0f} ticks/s")
    print(f"decode {count / decode_s:.0f} ticks/s")
    print(f"feed_per_decode {feed_s / decode_s:.3f} ratio_of_times")
    print(f"wanted {WANTED} ticks/s")
    return 0 if count / feed_s >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
