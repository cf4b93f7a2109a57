"""How many messages a second come from a socket through the feed on one core, and how late.

    python tests/bench/wire_feed.py [FILE] [--rounds N]

A server process blasts a recording over a loopback websocket. The peer in the same run is the bare
receive loop of `websockets.trio`, which drops what it gets; both ways it is the better one of
text and bytes that counts. Ours goes through runner, session, bus, sampler (three periods) and one
framed reader at 60 frames a second. Rounds of the two alternate. Throughput is per second of the
processor that the client has to itself, which is what it could do at most.

Then the server sends at a pace, and the delay is measured from when the bytes of a tick arrived to
when the reader has the frame with it: at 1,000 frames a second (what the way itself takes), and at
the deck's 15 (what conflation adds on purpose).

Prints `name value unit` lines.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import socket
import statistics
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[2]))

import trio
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol
from websockets.trio.client import connect

from brokers.binance.session import Session as BinanceSession
from brokers.kraken.session import Session as KrakenSession
from brokers.runner import Runner, SocketRules
from engine.clock import SystemClock, monotonic_s, wall_ns
from engine.feed.bus import Bus
from engine.feed.sampler import Sampler
from engine.messages import Tick

RECORDING = "shared/data/binance/hftb_spot_btcusdt_20240808.ndjson.gz"
PERIODS_S = (1, 60, 300)
FRAME_HZ = 60.0
WANTED = 0.5
"""Of the bare receive loop."""
PACES = (1_000, 10_000)
PACED_S = 3.0
MOST_BYTES = 16 * 1024 * 1024

Messages = list[bytes]


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

    def __init__(self, session: BinanceSession | KrakenSession, frame_hz: float) -> None:
        self.session = session
        self.bus, self.sampler = Bus(), Sampler()
        self.bus.add_tap(self.sampler.on_ticks)
        self.reader = self.bus.subscribe_framed(throttle_hz=frame_hz)
        self.known: set[str] = set()
        self.frames = 0
        self.delays_ns: list[int] = []
        self.ended = trio.Event()
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
                now_ns = wall_ns()
                self.delays_ns += [
                    now_ns - tick.recv_ns for ticks in frame.ticks.values() for tick in ticks
                ]

    async def run(self, url: str) -> int:
        runner = Runner(
            broker="bench",
            name="wire",
            url=url,
            session=Once(self.session, self.ended),
            deliver=self.deliver,
            clock=SystemClock(),
            rules=SocketRules(silence_s=1e6, ping_s=0, most_bytes=MOST_BYTES),
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.read)
            nursery.start_soon(runner.run)
            nursery.start_soon(self.step)
            await self.ended.wait()
            nursery.cancel_scope.cancel()
        return runner.status().messages

    async def step(self) -> None:
        """Close bars, as the sampler's own task does each second."""
        while True:
            await trio.sleep(1.0)
            self.sampler.step()


class Once:
    """A session that ends the round when its socket does."""

    def __init__(self, session: BinanceSession | KrakenSession, ended: trio.Event) -> None:
        self.receive = session.receive
        self.data_to_send = session.data_to_send
        self._ended = ended
        self.is_live = True

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


def read_messages(path: Path) -> Messages:
    """Messages of a recording, without the times that recorders put before them."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        return [line[line.index(b"{") :].rstrip() for line in file if b"{" in line]


def made_up(count: int = 40_000) -> Messages:
    """Book tickers and trades of a market that goes up and down."""
    return list(_made_up(count))


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


def throughput(messages: Messages, url: str, rounds: int) -> bool:
    ours, text, plain = [], [], []
    for _ in range(rounds):
        text.append(per_second(bare_text, url))
        plain.append(per_second(bare_bytes, url))
        pipeline = Pipeline(session_for(messages), FRAME_HZ)
        ours.append(per_second(pipeline.run, url))
    peers = [max(pair) for pair in zip(text, plain, strict=True)]
    ratio = statistics.median(a / b for a, b in zip(ours, peers, strict=True))
    print(f"websockets_trio_text {statistics.median(text):.0f} messages/s")
    print(f"websockets_trio_bytes {statistics.median(plain):.0f} messages/s")
    print(f"wire_feed {statistics.median(ours):.0f} messages/s")
    print(f"wire_feed_per_websockets_trio {ratio:.3f} ratio (wanted {WANTED})")
    return ratio >= WANTED


def delays(messages: Messages, url: str) -> None:
    for per_s in PACES:
        for frame_hz in (1_000.0, 15.0):
            pipeline = Pipeline(session_for(messages), frame_hz)
            trio.run(pipeline.run, f"{url}/pace/{per_s}")
            found = sorted(pipeline.delays_ns)
            name = f"delay_{per_s}_per_s_at_{frame_hz:.0f}_hz"
            print(f"{name}_median {found[len(found) // 2] / 1e6:.2f} ms")
            print(f"{name}_p99 {found[len(found) * 99 // 100] / 1e6:.2f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description="Messages a second from a socket to a reader.")
    parser.add_argument("file", nargs="?", help="a recording of raw messages, a line each")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    path = find_recording(options.file)
    messages = made_up() if path is None else read_messages(path)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(messages, theirs), daemon=True
    )
    server.start()
    url = f"ws://127.0.0.1:{ours.recv()}"
    pin(0)
    print(f"source {path.name if path else 'made-up'} name")
    print(f"messages {len(messages)} messages")
    is_enough = throughput(messages, f"{url}/blast", options.rounds)
    delays(messages, url)
    server.kill()
    return 0 if is_enough else 1


if __name__ == "__main__":
    sys.exit(main())
