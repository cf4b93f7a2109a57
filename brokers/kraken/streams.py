"""The sockets that carry market data: few, each for many markets, opened when they are needed.

A stream is a reader of one market. What a session makes of messages goes to its sink at once, in
the task that read the socket; what a session wants done goes to a task of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import trio

from brokers.kraken.holes import Missing
from brokers.kraken.live import ClockSample, Event, LiveSession
from brokers.kraken.options import KrakenOptions
from brokers.kraken.subscriptions import Refused
from brokers.net.bans import Bans
from brokers.net.budgets import Budget
from brokers.net.offset import ClockOffset
from brokers.runner import Runner, SocketRules
from brokers.watches import Watch, Watches
from engine.clock import Clock
from engine.errors import BrokerUnavailable, UnknownSymbol
from engine.messages import Ask, Bid, Book, Break, ConnectionStatus, Quote, Tick, Trade

PING: Final = b'{"method":"ping"}'
PING_S: Final = 20.0
"""Besides the venue's heartbeat, which comes every second: a ping shows that our side is heard."""

SENDS_PER_S: Final = 10.0
"""Messages to the venue, which names no number: it answers `Exceeded msg rate`."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one message: the list of all pairs has some 300 KB."""

IDLE_S: Final = 30.0
"""A socket without a market is kept open for so long."""

FillHole = Callable[["Socket", Missing], None]
"""Begins to fetch trades that a session lacks; see `Socket.fill`."""


class Reader(Watch):
    """One stream of one market. It begins once a quote of it is known."""

    def __init__(self, fqme: str, symbol: str) -> None:
        super().__init__(fqme)
        self.symbol = symbol
        self.quote: Quote | None = None
        self.told = trio.Event()
        """Set once a quote is known, or none will be."""

    def take_quote(self, quote: Quote) -> None:
        if not self.has_begun:
            self.quote = quote
            self.told.set()

    def fail(self, error: Exception) -> None:
        """See `Watch.fail`."""
        super().fail(error)
        self.told.set()

    def refuse(self, refused: Refused) -> None:
        """The venue does not stream it."""
        text = f"kraken does not stream {self.symbol}: {refused.reason}"
        self.fail(UnknownSymbol(text) if refused.is_unknown else BrokerUnavailable(text))


class Socket:
    """One connection, its session, and who reads what it carries."""

    def __init__(self, session: LiveSession, fill_hole: FillHole, offset: ClockOffset) -> None:
        self.session = session
        self.runner: Runner[Event]
        self.is_closing = False
        self.used, self.emptied = trio.Event(), trio.Event()
        """One of them is set: whether it carries a market."""
        self._readers: Watches[Reader] = Watches()
        self._fill_hole = fill_hole
        self._offset = offset

    def __len__(self) -> int:
        """Markets that it carries."""
        return len(self._readers)

    def has(self, fqme: str) -> bool:
        return fqme in self._readers

    def add(self, reader: Reader) -> None:
        self._readers.add(reader)
        self.session.watch(reader.symbol)
        self.used.set()
        self.emptied = trio.Event()
        self.runner.wake()

    def remove(self, reader: Reader) -> None:
        if not self._readers.remove(reader):
            return
        self.session.leave(reader.symbol)
        self.runner.wake()
        if not self._readers:
            self.used = trio.Event()
            self.emptied.set()

    def deliver(self, events: Sequence[Event]) -> None:
        """What the session made of a message; the runner's sink."""
        ticks: list[Tick] = []
        for event in events:
            if isinstance(event, Trade | Bid | Ask | Book | Break):
                ticks.append(event)
            else:
                self._act(event)
        if ticks:
            self._readers.give(ticks)

    def _act(self, event: Quote | Missing | Refused | ClockSample) -> None:
        match event:
            case ClockSample():
                self._offset.add(event.sent_ns, event.venue_ns, event.recv_ns)
            case Missing():
                self._fill_hole(self, event)
            case Quote():
                for reader in self._readers.of(event.fqme):
                    reader.take_quote(event)
            case Refused():
                for reader in self._readers.of(event.fqme):
                    reader.refuse(event)


class StreamPool:
    """All sockets of one broker that carry market data."""

    def __init__(
        self,
        *,
        broker: str,
        options: KrakenOptions,
        clock: Clock,
        bans: Bans,
        connects: Budget,
        offset: ClockOffset,
        fill_hole: FillHole,
    ) -> None:
        self._broker = broker
        self._options = options
        self._clock = clock
        self._bans = bans
        self._connects = connects
        self._offset = offset
        self._fill_hole = fill_hole
        self._sockets: list[Socket] = []
        self._opened = 0
        self._nursery: trio.Nursery | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold sockets open until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._nursery = None

    @contextmanager
    def open(self, fqme: str, symbol: str) -> Iterator[tuple[Reader, Socket]]:
        """Read a market while the block is open."""
        socket = self._socket_for(fqme)
        reader = Reader(fqme, symbol)
        socket.add(reader)
        try:
            yield reader, socket
        finally:
            socket.remove(reader)

    def statuses(self) -> list[ConnectionStatus]:
        """How each socket is."""
        return [socket.runner.status() for socket in self._sockets]

    def _socket_for(self, fqme: str) -> Socket:
        usable = [socket for socket in self._sockets if not socket.is_closing]
        for socket in usable:
            if socket.has(fqme):
                return socket
        for socket in usable:
            if len(socket) < self._options.pairs_per_socket:
                return socket
        return self._new_socket()

    def _new_socket(self) -> Socket:
        if self._nursery is None:
            raise BrokerUnavailable(f"{self._broker} is not running")
        self._opened += 1
        session = LiveSession(depth=self._options.depth, broker=self._broker)
        socket = Socket(session, self._fill_hole, self._offset)
        socket.runner = Runner(
            broker=self._broker,
            name=f"market data {self._opened}",
            url=self._options.ws_url,
            session=session,
            deliver=socket.deliver,
            clock=self._clock,
            rules=SocketRules(
                silence_s=self._options.silence_s,
                ping_s=PING_S,
                app_ping=PING,
                most_bytes=MOST_BYTES,
                sends=Budget(SENDS_PER_S, 1.0),
                connects=self._connects,
            ),
            bans=self._bans,
        )
        self._sockets.append(socket)
        self._nursery.start_soon(self._carry, socket)
        return socket

    async def _carry(self, socket: Socket) -> None:
        """Keep a socket open until it has had no market for a while."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(socket.runner.run)
                await self._until_idle(socket)
                socket.is_closing = True
                nursery.cancel_scope.cancel()
        finally:
            self._sockets.remove(socket)

    async def _until_idle(self, socket: Socket) -> None:
        while True:
            await socket.emptied.wait()
            with trio.move_on_after(IDLE_S):
                await socket.used.wait()
            if not len(socket):
                return
