"""The paper broker: the pure venue behind the port, driven by the ticks of other brokers.

Time is the market's own. Between ticks it is looked at while a request is on its way; in a
market whose time stands still (a playback that is paused) a request arrives after the delay
has passed for the user instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Final, NoReturn

import trio

from brokers.options import read_options
from brokers.paper.models import PaperOptions
from brokers.paper.rules import CAPABILITIES
from brokers.paper.venue import PaperVenue, Said
from engine.broker import (
    Broker,
    BrokerSettings,
    HistoryPage,
    Report,
    TickSink,
    TradingClient,
)
from engine.clock import Clock
from engine.errors import BrokerUnavailable, NotSupported, OrderRejected
from engine.instruments import Instrument
from engine.messages import (
    AccountInfo,
    Fill,
    Match,
    Order,
    Playback,
    PlaybackStatus,
    Position,
    Quote,
    Tick,
)

LOOK_EVERY_S: Final = 0.005
"""How often the time of a market is looked at while something is on its way in it."""


def open_broker(settings: BrokerSettings) -> Broker:
    """The paper broker. Does no I/O.

    Raises:
        BrokerUnavailable: its options are wrong.
    """
    options = read_options(settings, PaperOptions)
    return PaperBroker(settings.name, settings.clock, options)


class _Stillness:
    """Since when the time of a market has not moved."""

    def __init__(self) -> None:
        self.now_ns = -1
        self.since_s = 0.0

    def lasts_s(self, now_ns: int) -> float:
        """Seconds of ours for which the market has stood at `now_ns`."""
        if now_ns != self.now_ns:
            self.now_ns, self.since_s = now_ns, trio.current_time()
        return trio.current_time() - self.since_s


class PaperBroker:
    """Trades any market that it is told of; see `engine.broker.MarketTap`."""

    def __init__(self, name: str, clock: Clock, options: PaperOptions) -> None:
        self.name = name
        self.capabilities = CAPABILITIES
        self._clock = clock
        self._venue = PaperVenue(options)
        delays_ms = options.delay_ms + options.jitter_ms + options.report_delay_ms
        self._longest_delay_s = delays_ms / 1e3
        self._clock_ns: dict[str, Callable[[], int]] = {}
        self._reports: dict[str, Report] = {}
        self._requested = trio.Event()

    # -- fed with the markets of others -----------------------------------------------------------

    def on_instrument(self, instrument: Instrument, clock_ns: Callable[[], int]) -> None:
        self._clock_ns[instrument.fqme] = clock_ns
        self._venue.open_market(instrument)

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> None:
        self._deliver(self._venue.on_ticks(fqme, ticks))

    # -- broker -----------------------------------------------------------------------------------

    def now_ns(self) -> int:
        return self._clock.now_ns()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        still: dict[str, _Stillness] = {}
        while True:
            waiting = self._venue.waiting()
            if not waiting:
                still.clear()
                self._requested = trio.Event()
                await self._requested.wait()
                continue
            for fqme in waiting:
                self._look(fqme, still.setdefault(fqme, _Stillness()))
            await trio.sleep(LOOK_EVERY_S)

    def _look(self, fqme: str, stillness: _Stillness) -> None:
        now_ns = self._clock_ns[fqme]()
        if stillness.lasts_s(now_ns) > self._longest_delay_s + LOOK_EVERY_S:
            self._deliver(self._venue.flush(fqme))
        else:
            self._deliver(self._venue.advance(fqme, now_ns))

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        return self._open_client(account.name, report)

    @asynccontextmanager
    async def _open_client(self, account: str, report: Report) -> AsyncIterator[TradingClient]:
        if account in self._reports:
            raise BrokerUnavailable(f"account {account} is logged in already")
        self._reports[account] = report
        try:
            yield _Client(self, account)
        finally:
            del self._reports[account]

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        _no_market_data()

    async def instrument(self, fqme: str) -> Instrument:
        _no_market_data()

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        _no_market_data()

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        _no_market_data()

    def native_periods(self, fqme: str) -> Sequence[int]:
        return ()

    def play(self, command: Playback) -> None:
        raise NotSupported("paper is not a playback")

    def playback(self) -> PlaybackStatus | None:
        return None

    # -- for its clients --------------------------------------------------------------------------

    @property
    def venue(self) -> PaperVenue:
        return self._venue

    def knows(self, instrument: Instrument) -> None:
        """An order may come before the market's first tick was seen here."""
        if instrument.fqme not in self._clock_ns:
            self.on_instrument(instrument, self._clock.now_ns)

    def time_of_request(self, order: Order) -> int:
        """Now, in the market of an order that something is asked about.

        Raises:
            OrderRejected: there never was an order in that market.
        """
        if order.fqme not in self._clock_ns:
            raise OrderRejected(f"there are no orders in {order.fqme}")
        self._requested.set()
        return self._clock_ns[order.fqme]()

    def _deliver(self, said: Iterable[Said]) -> None:
        """Report to whoever is logged in; an account that is not can ask for its fills."""
        for account, event in said:
            report = self._reports.get(account)
            if report is not None:
                report(event)


class _Client:
    """One account at the paper venue."""

    def __init__(self, broker: PaperBroker, account: str) -> None:
        self._broker = broker
        self._venue = broker.venue
        self._account = account

    async def submit(self, order: Order, instrument: Instrument) -> None:
        self._broker.knows(instrument)
        self._venue.submit(order, self._broker.time_of_request(order))
        await trio.lowlevel.checkpoint()

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        self._venue.amend(order, price, size, self._broker.time_of_request(order))
        await trio.lowlevel.checkpoint()

    async def cancel(self, order: Order) -> None:
        self._venue.cancel(order, self._broker.time_of_request(order))
        await trio.lowlevel.checkpoint()

    async def order(self, order_id: str) -> Order | None:
        raise NotSupported("paper lists all orders that work")

    async def open_orders(self) -> Sequence[Order]:
        await trio.lowlevel.checkpoint()
        return self._venue.open_orders(self._account)

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        await trio.lowlevel.checkpoint()
        return self._venue.fills(self._account, since_ns)

    async def positions(self) -> Sequence[Position]:
        await trio.lowlevel.checkpoint()
        return self._venue.positions(self._account)

    async def balances(self) -> Mapping[str, Decimal]:
        await trio.lowlevel.checkpoint()
        return self._venue.balances(self._account)


def _no_market_data() -> NoReturn:
    raise NotSupported("paper has no market data of its own")
