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
from brokers.pool import PooledSocket, SocketPool
from brokers.runner import Runner, SocketRules
from brokers.watches import Watch
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


class Socket(PooledSocket[Reader]):
    """One connection, its session, and who reads what it carries."""

    def __init__(self, session: LiveSession, fill_hole: FillHole, offset: ClockOffset) -> None:
        super().__init__()
        self.session = session
        self._fill_hole = fill_hole
        self._offset = offset

    def add(self, reader: Reader) -> None:
        self.join(reader)
        self.session.watch(reader.symbol)
        self.runner.wake()

    def remove(self, reader: Reader) -> None:
        if self.leave(reader):
            self.session.leave(reader.symbol)
            self.runner.wake()

    def deliver(self, events: Sequence[Event]) -> None:
        """What the session made of a message; the runner's sink."""
        ticks: list[Tick] = []
        for event in events:
            if isinstance(event, Trade | Bid | Ask | Book | Break):
                ticks.append(event)
            else:
                self._act(event)
        if ticks:
            self.watches.give(ticks)

    def _act(self, event: Quote | Missing | Refused | ClockSample) -> None:
        match event:
            case ClockSample():
                self._offset.add(event.sent_ns, event.venue_ns, event.recv_ns)
            case Missing():
                self._fill_hole(self, event)
            case Quote():
                for reader in self.watches.of(event.fqme):
                    reader.take_quote(event)
            case Refused():
                for reader in self.watches.of(event.fqme):
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
        self._sockets: SocketPool[Socket] = SocketPool(broker, IDLE_S)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold sockets open until cancelled."""
        await self._sockets.run(task_status=task_status)

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
        return self._sockets.statuses()

    def _socket_for(self, fqme: str) -> Socket:
        if (socket := self._sockets.that_has(fqme)) is not None:
            return socket
        for socket in self._sockets:
            if len(socket.watches) < self._options.pairs_per_socket:
                return socket
        return self._sockets.open(self._new_socket)

    def _new_socket(self, number: int) -> Socket:
        session = LiveSession(depth=self._options.depth, broker=self._broker)
        socket = Socket(session, self._fill_hole, self._offset)
        socket.runner = Runner(
            broker=self._broker,
            name=f"market data {number}",
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
        return socket
