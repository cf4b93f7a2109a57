"""The market data connections: many markets over few sockets, and what is missing asked over REST.

A socket carries 1024 streams at most, a market takes up to three. Markets fill one socket before
the next is opened, and a socket that has none any more is closed after a while.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import Final

import trio

from brokers.binance.limits import SENDS, Limits, levels_for
from brokers.binance.options import BinanceOptions
from brokers.binance.public import PublicApi, RequestRefused
from brokers.binance.session import Session
from brokers.binance.wanted import Request
from brokers.net.bans import Bans
from brokers.net.budgets import Budget
from brokers.net.rest import Reply
from brokers.pool import PooledSocket, SocketPool
from brokers.runner import Runner, SocketRules
from brokers.watches import Watch
from engine.broker import TickSink
from engine.clock import Clock
from engine.errors import BrokerError, BrokerUnavailable, UnknownSymbol, describe
from engine.log import logger
from engine.messages import ConnectionStatus, Tick

_log = logger(__name__)

LINGER_S: Final = 10.0
"""How long a socket without markets is kept: the next one may be on its way."""

AT_ONCE: Final = 6
"""Books that are asked for at the same time, for all sockets together; and as many others, so
that trades do not wait for books, which cost more."""

PATIENCE_S: Final = 30.0
"""How long trades that are held wait for an answer; a book can wait for the end of a ban."""

FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 60.0
"""Between answers that did not help, each twice the one before."""


def delay_s(tries: int) -> float:
    """How long to wait after so many requests in a row that did not help."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (min(tries, 20) - 1)) if tries else 0.0


class _Socket(PooledSocket[Watch]):
    """One connection: its session, its runner, and who reads what it carries."""

    def __init__(self, pool: StreamPool, number: int) -> None:
        super().__init__()
        self._pool = pool
        self.number = number
        self.session = Session(broker=pool.broker, owner=self)
        self.runner = pool.runner_for(self)
        self._symbols: dict[str, str] = {}
        """fqme by symbol."""
        self._due = trio.Event()

    def add(self, watch: Watch, symbol: str, last_trade_id: int) -> None:
        """One more reader, who knows a quote."""
        if not self.join(watch):
            if ticks := self.session.whole(symbol, self._pool.now_ns()):
                watch.give(ticks)
            return
        self._symbols[symbol] = watch.fqme
        options = self._pool.options
        self.session.watch(
            symbol,
            trade_type=options.trades,
            has_depth=options.has_depth,
            last_trade_id=last_trade_id,
        )
        self.runner.wake()

    def remove(self, watch: Watch, symbol: str) -> None:
        if not self.leave(watch):
            return
        del self._symbols[symbol]
        self.session.unwatch(symbol)
        self.runner.wake()

    async def run(self) -> None:
        """See `PooledSocket.run`; and ask for what the session wants."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._ask, nursery)
            await self.runner.run()

    def deliver(self, ticks: Sequence[Tick]) -> None:
        """What the session made of one message, or of the end of the connection."""
        self.watches.give(ticks)

    # -- what the session wants --------------------------------------------------------------

    def requests_due(self) -> None:
        self._due.set()

    def renewal_due(self) -> None:
        self.runner.renew()

    def connection_lost(self) -> None:
        self._pool.on_lost(tuple(self.watches))

    def refused(self, symbol: str, why: str) -> None:
        fqme = self._symbols.get(symbol, "")
        for watch in self.watches.of(fqme):
            watch.fail(BrokerUnavailable(f"{fqme}: the venue does not stream it: {why}"))

    async def _ask(self, nursery: trio.Nursery) -> None:
        while True:
            await self._due.wait()
            self._due = trio.Event()
            for request in self.session.take_requests():
                nursery.start_soon(self._ask_one, request)

    async def _ask_one(self, request: Request) -> None:
        try:
            with trio.fail_after(inf if request.kind == "book" else PATIENCE_S):
                reply, levels = await self._pool.ask(request)
        except (BrokerError, trio.TooSlowError) as error:
            _log.warning("%s of %s: %s", request.kind, request.symbol, describe(error))
            is_final = isinstance(error, RequestRefused | UnknownSymbol)
            now_ns = self._pool.now_ns()
            ticks = self.session.not_answered(request, now_ns, is_final=is_final)
        else:
            # Not the time of the reply: other messages came since, and time goes one way.
            now_ns = self._pool.now_ns()
            ticks = self.session.answer(request, reply.body, now_ns, most_levels=levels)
        if ticks:
            self.deliver(ticks)


class StreamPool:
    """See the module. Sockets are opened in the nursery of `run`."""

    def __init__(
        self,
        *,
        broker: str,
        options: BinanceOptions,
        clock: Clock,
        bans: Bans,
        limits: Limits,
        api: PublicApi,
        on_lost: Callable[[Sequence[str]], None] = lambda fqmes: None,
    ) -> None:
        """
        Args:
            on_lost: told of the markets whose connection broke.
        """
        self.broker = broker
        self.options = options
        self.on_lost = on_lost
        self._clock = clock
        self._bans = bans
        self._limits = limits
        self._api = api
        self._sockets: SocketPool[_Socket] = SocketPool(broker, LINGER_S)
        self._books_at_once = trio.CapacityLimiter(AT_ONCE)
        self._others_at_once = trio.CapacityLimiter(AT_ONCE)
        self._books_asked = 0
        self._jitter = random.Random()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold the sockets until cancelled."""
        await self._sockets.run(task_status=task_status)

    @contextmanager
    def watch(
        self, fqme: str, symbol: str, sink: TickSink, *, last_trade_id: int
    ) -> Iterator[Watch]:
        """Give a market's ticks to `sink` while the block is open.

        Args:
            last_trade_id: of the newest single trade that the reader knows of; -1 for none.

        Raises:
            BrokerUnavailable: the broker does not run.
        """
        watch = Watch(fqme, sink)
        socket = self._socket_for(fqme)
        socket.add(watch, symbol, last_trade_id)
        try:
            yield watch
        finally:
            socket.remove(watch, symbol)

    def has(self, fqme: str) -> bool:
        """Somebody reads this market."""
        return self._sockets.that_has(fqme) is not None

    def give(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """Something that came by other means than a stream."""
        if (socket := self._sockets.that_has(fqme)) is not None:
            socket.deliver(ticks)

    def statuses(self) -> list[ConnectionStatus]:
        """How each socket is."""
        return self._sockets.statuses()

    def now_ns(self) -> int:
        return self._clock.now_ns()

    # -- sockets ------------------------------------------------------------------------------

    def runner_for(self, socket: _Socket) -> Runner[Tick]:
        rules = SocketRules(
            silence_s=self.options.quiet_s,
            lifetime_s=self.options.lifetime_s,
            sends=Budget(SENDS, 1.0),
            connects=self._limits.connects,
        )
        return Runner(
            broker=self.broker,
            name=f"market data {socket.number}",
            url=f"{self.options.urls.stream}/stream",
            session=socket.session,
            deliver=socket.deliver,
            clock=self._clock,
            rules=rules,
            bans=self._bans,
        )

    def _socket_for(self, fqme: str) -> _Socket:
        """The one that has the market; else the fullest with room; else a new one."""
        if (socket := self._sockets.that_has(fqme)) is not None:
            return socket
        streams = 3 if self.options.has_depth else 2
        most = self.options.streams_per_socket - streams
        roomy = [socket for socket in self._sockets if socket.session.stream_count <= most]
        if roomy:
            return max(roomy, key=lambda socket: socket.session.stream_count)
        return self._sockets.open(lambda number: _Socket(self, number))

    # -- requests -----------------------------------------------------------------------------

    async def ask(self, request: Request) -> tuple[Reply, int | None]:
        """The answer to a request of a session, and how many levels of a book were asked for.

        Raises:
            BrokerError: there is none.
        """
        await trio.sleep(delay_s(request.tries) * self._jitter.uniform(0.5, 1.0))
        if request.kind == "book":
            self._books_asked += 1
            try:
                async with self._books_at_once:
                    levels = levels_for(self._books_asked)
                    return await self._api.depth(request.symbol, levels), levels
            finally:
                self._books_asked -= 1
        async with self._others_at_once:
            if request.kind == "top":
                return await self._api.depth(request.symbol, 5), None
            if request.kind == "trade":
                return await self._api.old_trades(request.symbol, request.from_id), None
            return await self._api.agg_trades(request.symbol, request.from_id), None
