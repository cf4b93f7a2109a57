"""How many messages a second come from a socket through the feed on one core, and how late.

    python tests/bench/wire_feed.py [FILE] [--rounds N]

A server process blasts a recording over a loopback websocket. The peer in the same run is the bare
receive loop of `websockets.trio`, which drops what it gets; both ways it is the better one of
text and bytes that counts. Ours goes through runner, session, bus, sampler (three periods) and one
framed reader at 60 frames a second. Rounds of the two alternate. Throughput is per second of the
processor that the client has to itself, which is what it could do at most.

The market's time is that of the recording, message by message, as the wall's is for live data: else
every trade would be one of long ago.

Then the server sends at a pace, and the delay is measured from when the bytes of a tick arrived to
when the reader has the frame with it: at 1,000 frames a second (what the way itself takes), and at
the deck's 15 (what conflation adds on purpose).

Last, the whole broker, against a test venue in a process of its own: its market connection is cut,
and the time is taken from the cut to the first tick after the connection is live again. Trades
whose ids are missing in the end are counted.

Prints `name value unit` lines.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import process_time
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

import httpx2
import trio
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol
from websockets.trio.client import connect

from brokers.binance.broker import BinanceBroker, open_broker
from brokers.binance.session import Session as BinanceSession
from brokers.binance.wire import message_time_ns as binance_time_ns
from brokers.kraken.session import Session as KrakenSession
from brokers.kraken.wire import message_time_ns as kraken_time_ns
from brokers.replay.framing import take_apart
from brokers.runner import Runner, SocketRules
from engine.broker import BrokerSettings
from engine.clock import NANOS, SystemClock, monotonic_s, wall_ns
from engine.feed.bus import Bus
from engine.feed.sampler import Sampler
from engine.messages import Tick, Trade
from tests.venues.fault_proxy import FaultProxy, open_proxy

RECORDING = "shared/data/binance/hftb_spot_btcusdt_20240808.ndjson.gz"
PERIODS_S = (1, 60, 300)
FRAME_HZ = 60.0
WANTED = 0.5
"""Of the bare receive loop."""
PACES = (1_000, 10_000)
PACED_S = 3.0
MOST_BYTES = 16 * 1024 * 1024
CUTS = 10
MARKETS = 6
TRADES = 8
"""Of all of them, before each cut and after it."""
ROOT = Path(__file__).parents[2]

Messages = list[bytes]
Times = list[int]
"""When each message came when it was recorded, in nanoseconds UTC."""


# -- the server process -----------------------------------------------------------------------


def serve(messages: Messages, port: multiprocessing.connection.Connection) -> None:
    """Accept one connection after another; each asks by its path for how it is served."""
    pin(-1)
    frames = [framed(message) for message in messages]
    blast = b"".join(frames)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port.send(listener.getsockname()[1])
        while True:
            line, _ = listener.accept()
            with line:
                path = shake_hands(line)
                try:
                    if path == "/blast":
                        line.sendall(blast)
                    else:
                        pace(line, frames, int(path.removeprefix("/pace/")))
                    line.sendall(framed(b"", Opcode.CLOSE))
                    line.recv(65536)
                except OSError:
                    continue


def framed(message: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, message).serialize(mask=False)


def shake_hands(line: socket.socket) -> str:
    protocol = ServerProtocol()
    while True:
        protocol.receive_data(line.recv(65536))
        for request in protocol.events_received():
            protocol.send_response(protocol.accept(request))  # type: ignore[arg-type]
            line.sendall(b"".join(protocol.data_to_send()))
            return str(request.path)  # type: ignore[union-attr]


def pace(line: socket.socket, frames: Sequence[bytes], per_s: int) -> None:
    """Send so many a second, in the millisecond that each is due."""
    began_s, sent = monotonic_s(), 0
    most = min(len(frames), round(per_s * PACED_S))
    while sent < most:
        due = min(most, int((monotonic_s() - began_s) * per_s))
        if due > sent:
            line.sendall(b"".join(frames[sent:due]))
            sent = due
        select_s(0.0005)


def select_s(seconds: float) -> None:
    import select

    select.select([], [], [], seconds)


# -- the two clients --------------------------------------------------------------------------


async def bare_text(url: str) -> int:
    count = 0
    async with connect(url, compression=None, ping_interval=None) as line:
        async for _ in line:
            count += 1
    return count


async def bare_bytes(url: str) -> int:
    count = 0
    async with connect(url, compression=None, ping_interval=None) as line:
        try:
            while True:
                await line.recv(decode=False)
                count += 1
        except ConnectionClosed:
            return count


class Pipeline:
    """Runner, session, bus, sampler and one framed reader."""

    def __init__(
        self, session: BinanceSession | KrakenSession, times: Times, frame_hz: float
    ) -> None:
        self.ended = trio.Event()
        self.session = Once(session, times, self.ended)
        self.bus, self.sampler = Bus(), Sampler()
        self.bus.add_tap(self.sampler.on_ticks)
        self.reader = self.bus.subscribe_framed(throttle_hz=frame_hz)
        self.known: set[str] = set()
        self.frames = 0
        self.delays_ns: list[int] = []
        self.now_ns = 0

    def deliver(self, ticks: Sequence[Tick]) -> None:
        fqme = ticks[0].fqme
        if fqme not in self.known:
            self.known.add(fqme)
            self.reader.add(fqme)
            for period_s in PERIODS_S:
                self.sampler.register(fqme, period_s, lambda: self.now_ns)
        self.now_ns = ticks[-1].recv_ns
        self.bus.publish(fqme, ticks)

    async def read(self) -> None:
        with self.reader:
            async for frame in self.reader:
                self.frames += 1
                now_ns, arrived_ns = wall_ns(), self.session.arrived_ns
                self.delays_ns += [
                    now_ns - arrived_ns[tick.recv_ns]
                    for ticks in frame.ticks.values()
                    for tick in ticks
                ]

    async def run(self, url: str) -> int:
        runner = Runner(
            broker="bench",
            name="wire",
            url=url,
            session=self.session,
            deliver=self.deliver,
            clock=SystemClock(),
            rules=SocketRules(silence_s=1e6, ping_s=0, most_bytes=MOST_BYTES),
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.read)
            nursery.start_soon(runner.run)
            nursery.start_soon(self.step)
            await self.ended.wait()
            await trio.sleep(2 * self.reader.period_s)  # the last frame may still be on its way
            nursery.cancel_scope.cancel()
        return runner.status().messages

    async def step(self) -> None:
        """Close bars, as the sampler's own task does each second."""
        while True:
            await trio.sleep(1.0)
            self.sampler.step()


class Once:
    """A session in the time of the recording, that ends the round when its socket ends."""

    def __init__(
        self, session: BinanceSession | KrakenSession, times: Times, ended: trio.Event
    ) -> None:
        self._receive = session.receive
        self._times = iter(times)
        self._ended = ended
        self.data_to_send = session.data_to_send
        self.is_live = True
        self.arrived_ns: dict[int, int] = {}
        """By its recorded time, when each message really arrived."""

    def receive(self, data: bytes, recv_ns: int) -> Sequence[Tick]:
        recorded_ns = next(self._times)
        self.arrived_ns[recorded_ns] = recv_ns
        return self._receive(data, recorded_ns)

    def opened(self, now_ns: int) -> None:
        pass

    def lost(self, now_ns: int) -> list[Tick]:
        self._ended.set()
        return []


# -- measuring --------------------------------------------------------------------------------


def pin(which: int) -> None:
    """Have a processor for ourselves, where there are two."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[which]})


def per_second(work: Callable[[str], Awaitable[int]], url: str) -> float:
    async def main() -> int:
        return await work(url)

    began_s = process_time()
    count = trio.run(main)
    return count / (process_time() - began_s)


def session_for(messages: Messages) -> BinanceSession | KrakenSession:
    is_kraken = any(b'"channel"' in message for message in messages[:10])
    return KrakenSession() if is_kraken else BinanceSession()


def read_recording(path: Path) -> tuple[Messages, Times]:
    """Messages of a recording, and when they came; where that is not said, when they were sent."""
    opened = gzip.open if path.suffix == ".gz" else open
    messages, times = Messages(), Times()
    with opened(path, "rb") as file:
        for row in file:
            line = take_apart(row.rstrip())
            if line.body[:1] != b"{":
                continue
            said_ns = line.recv_ns or binance_time_ns(line.body) or kraken_time_ns(line.body)
            messages.append(line.body)
            times.append(max(said_ns or 0, times[-1] + 1 if times else 0))
    return messages, times


def made_up(count: int = 40_000) -> tuple[Messages, Times]:
    """Book tickers and trades of a market that goes up and down."""
    began_ns = 1_700_000_000 * NANOS
    return list(_made_up(count)), [began_ns + number * 1_000_000 for number in range(count)]


def _made_up(count: int) -> Iterator[bytes]:
    for number in range(count):
        price = 60_000 + number % 97
        time_ms = 1_700_000_000_000 + number
        if number % 3:
            data = (
                f'{{"u":{number},"s":"BTCUSDT","b":"{price}.00","B":"1.5","a":"{price}.10",'
                f'"A":"{number % 7}.25"}}'
            )
            yield f'{{"stream":"btcusdt@bookTicker","data":{data}}}'.encode()
        else:
            data = (
                f'{{"e":"trade","E":{time_ms},"s":"BTCUSDT","t":{number // 3},"p":"{price}.05",'
                f'"q":"0.01","T":{time_ms},"m":false,"M":true}}'
            )
            yield f'{{"stream":"btcusdt@trade","data":{data}}}'.encode()


def find_recording(given: str | None) -> Path | None:
    if given:
        return Path(given)
    path = Path(__file__).resolve().parents[2].parent / RECORDING
    return path if path.is_file() else None


def throughput(messages: Messages, times: Times, url: str, rounds: int) -> bool:
    ours, text, plain = [], [], []
    for _ in range(rounds):
        text.append(per_second(bare_text, url))
        plain.append(per_second(bare_bytes, url))
        pipeline = Pipeline(session_for(messages), times, FRAME_HZ)
        ours.append(per_second(pipeline.run, url))
    peers = [max(pair) for pair in zip(text, plain, strict=True)]
    ratio = statistics.median(a / b for a, b in zip(ours, peers, strict=True))
    print(f"websockets_trio_text {statistics.median(text):.0f} messages/s")
    print(f"websockets_trio_bytes {statistics.median(plain):.0f} messages/s")
    print(f"wire_feed {statistics.median(ours):.0f} messages/s")
    print(f"wire_feed_per_websockets_trio {ratio:.3f} ratio (wanted {WANTED})")
    return ratio >= WANTED


def delays(messages: Messages, times: Times, url: str) -> None:
    for per_s in PACES:
        for frame_hz in (1_000.0, 15.0):
            pipeline = Pipeline(session_for(messages), times, frame_hz)
            trio.run(pipeline.run, f"{url}/pace/{per_s}")
            found = sorted(pipeline.delays_ns)
            name = f"delay_{per_s}_per_s_at_{frame_hz:.0f}_hz"
            print(f"{name}_median {found[len(found) // 2] / 1e6:.2f} ms")
            print(f"{name}_p99 {found[len(found) * 99 // 100] / 1e6:.2f} ms")


# -- cut and live again -----------------------------------------------------------------------


class Reconnecting:
    """A broker behind a proxy that cuts once, and what came of it."""

    def __init__(self, broker: BinanceBroker, proxy: FaultProxy) -> None:
        self.broker = broker
        self.proxy = proxy
        self.ids: dict[str, list[int]] = {}
        self.ticks = 0

    def sink(self, fqme: str, ticks: Sequence[Tick]) -> None:
        self.ticks += len(ticks)
        traded = [int(tick.trade_id) for tick in ticks if isinstance(tick, Trade)]
        self.ids.setdefault(fqme, []).extend(traded)

    @property
    def state(self) -> str:
        return next(
            (one.state for one in self.broker.connections() if one.name != "rest"), "closed"
        )

    async def until(self, so: Callable[[], object]) -> None:
        with trio.fail_after(60):
            while not so():  # noqa: ASYNC110 - what is looked at sends no event
                await trio.sleep(0.001)

    async def cut(self) -> float:
        """Cut the connection; seconds until a tick comes over the next one."""
        self.proxy.faults.cut_after["down"] = 0
        await self.until(lambda: self.state != "live")
        cut_s, before = trio.current_time(), self.ticks
        await self.until(lambda: self.state == "live" and self.ticks > before)
        return trio.current_time() - cut_s

    @property
    def received(self) -> int:
        return sum(len(set(ids)) for ids in self.ids.values())

    @property
    def lost(self) -> int:
        """Trades between the first and the last of each market that never came."""
        spans = [max(ids) - min(ids) + 1 for ids in self.ids.values() if ids]
        return sum(spans) - self.received


class Cuts(NamedTuple):
    took_s: list[float]
    received: int
    lost: int


async def reconnect() -> Cuts:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.venues.binance", "--port", str(port)]
    cuts: list[tuple[float, Reconnecting]] = []
    async with trio.open_nursery() as nursery:
        venue: trio.Process = await nursery.start(
            partial(trio.run_process, command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        )
        await until_up(port)
        async with open_proxy(port) as proxy:
            # Each a broker of its own: one that is cut often waits longer each time.
            cuts += [await cut_once(port, proxy) for _ in range(CUTS)]
        venue.kill()
    return Cuts(
        [took_s for took_s, _ in cuts],
        sum(found.received for _, found in cuts),
        sum(found.lost for _, found in cuts),
    )


async def until_up(port: int) -> None:
    async with httpx2.AsyncClient() as client:
        for _ in range(600):
            try:
                await client.get(f"http://127.0.0.1:{port}/api/v3/ping")
                return
            except httpx2.TransportError:
                await trio.sleep(0.1)
    raise RuntimeError("the test venue does not come up")


async def cut_once(port: int, proxy: FaultProxy) -> tuple[float, Reconnecting]:
    """Watch some markets, cut after they traded, and go on until they have traded again."""
    options = {
        "rest_url": f"http://127.0.0.1:{port}",
        "stream_url": f"ws://127.0.0.1:{proxy.port}",
        "ws_api_url": f"ws://127.0.0.1:{port}/ws-api/v3",
        "has_depth": False,  # books of twenty brokers would cost more than the venue allows
    }
    broker = open_broker(BrokerSettings(name="binance", clock=SystemClock(), options=options))
    found = Reconnecting(broker, proxy)
    async with trio.open_nursery() as nursery:
        await nursery.start(broker.run)
        for match in await broker.search("", MARKETS):
            await nursery.start(broker.stream, match.fqme, found.sink)
        await found.until(lambda: found.state == "live" and found.received >= TRADES)
        took_s = await found.cut()
        await found.until(lambda: found.received >= 2 * TRADES)
        nursery.cancel_scope.cancel()
    return took_s, found


def reconnects() -> None:
    cuts = trio.run(reconnect)
    print(f"reconnect_to_live_median {statistics.median(cuts.took_s) * 1e3:.0f} ms of {CUTS} cuts")
    print(f"reconnect_to_live_slowest {max(cuts.took_s) * 1e3:.0f} ms")
    print(f"trades_received {cuts.received} trades")
    print(f"trades_lost {cuts.lost} trades")


def main() -> int:
    parser = argparse.ArgumentParser(description="Messages a second from a socket to a reader.")
    parser.add_argument("file", nargs="?", help="a recording of raw messages, a line each")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    path = find_recording(options.file)
    messages, times = made_up() if path is None else read_recording(path)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(messages, theirs), daemon=True
    )
    server.start()
    url = f"ws://127.0.0.1:{ours.recv()}"
    pin(0)
    print(f"source {path.name if path else 'made-up'} name")
    print(f"messages {len(messages)} messages")
    is_enough = throughput(messages, times, f"{url}/blast", options.rounds)
    delays(messages, times, url)
    server.kill()
    reconnects()
    return 0 if is_enough else 1


if __name__ == "__main__":
    sys.exit(main())
