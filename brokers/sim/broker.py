"""The embedded exchange behind the port: a thin shell of tasks around `exchange`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Final, get_args

import msgspec
import trio

from brokers.options import read_options
from brokers.sim.accounts import SimAccount
from brokers.sim.exchange import Exchange, MarketLog
from brokers.sim.instruments import LISTINGS, Listing
from brokers.sim.market import Market
from brokers.sim.orders import SelfTrade
from brokers.sim.past import PERIODS, read_page
from engine.broker import BrokerSettings, Capabilities, HistoryPage, Report, TickSink
from engine.clock import NANOS, Clock
from engine.config import nearest
from engine.errors import BrokerUnavailable, NotSupported
from engine.instruments import Instrument
from engine.messages import (
    AccountInfo,
    Fill,
    Match,
    Order,
    OrderType,
    Playback,
    PlaybackStatus,
    Position,
    Quote,
    Tick,
    TimeInForce,
)
from engine.text import safe

STEP_S: Final = 0.05
"""Seconds between two looks at what is due: what the crowd does is seen that late at most."""

_HELD_NS: Final = NANOS
"""A wall clock that steps back by less makes the market wait; by more, it is left behind."""


class SimOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[brokers.sim]` of `brokers.toml`."""

    seed: int = 1
    """Another seed, another market: its past too."""
    cash: Decimal = Decimal(1_000_000)
    """What a new account has of each quote asset."""
    self_trade: SelfTrade = "expire_taker"
    """What happens where two orders of one account would trade with each other."""
    trade_groups: Mapping[str, str] = {}
    """Trade group by account: accounts of one group do not trade with each other either."""
    markets: tuple[str, ...] = ()
    """fqmes to list; empty lists all."""

    def __post_init__(self) -> None:
        if not self.cash.is_nan() and self.cash < 0:
            raise ValueError(f"cash: {self.cash} is less than nothing")


class SimBroker:
    """The venue `sim`. State lives in `exchange`; tasks here move it on with the clock."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        options: SimOptions,
        listings: Sequence[Listing] = LISTINGS,
        log: MarketLog | None = None,
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            has_market_data=True,
            can_search=True,
            has_history=True,
            has_depth=True,
            can_trade=True,
            can_amend=True,
            order_types=frozenset(get_args(OrderType)),
            times_in_force=frozenset(get_args(TimeInForce)),
            can_post_only=True,
            list_is_proof=True,
            outlives_engine=False,
            can_reduce_only=True,
            can_link=True,
            can_iceberg=True,
        )
        self.exchange = Exchange(
            listings,
            seed=options.seed,
            cash=options.cash,
            self_trade=options.self_trade,
            trade_groups=options.trade_groups,
            log=log,
        )
        self._time = _MarketTime(clock)
        self._streams: dict[str, list[_Stream]] = {}
        self._woken = trio.Event()

    def now_ns(self) -> int:
        return self._time.now_ns()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Move all open markets on with the clock."""
        task_status.started()
        while True:
            self.exchange.advance(self.now_ns())
            self._deliver()
            idle_s = STEP_S if self._streams or self.exchange.has_working else 1.0
            with trio.move_on_after(idle_s):
                await self._woken.wait()
            self._woken = trio.Event()

    def wake(self) -> None:
        """Something happened: tell it now, not at the next step."""
        self._woken.set()

    # -- market data -------------------------------------------------------------------------

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        await trio.lowlevel.checkpoint()
        listings = list(self.exchange.listings.values())
        if text.strip():
            listings = _closest(safe(text.strip(), 80), listings)
        else:
            listings.sort(key=lambda listing: -listing.daily_turnover)
        return [self._match(listing) for listing in listings[: max(0, limit)]]

    def _match(self, listing: Listing) -> Match:
        return Match(
            fqme=listing.fqme,
            name=listing.instrument.name,
            broker=self.name,
            volume=listing.daily_turnover,
            quote=listing.instrument.quote,
        )

    async def instrument(self, fqme: str) -> Instrument:
        await trio.lowlevel.checkpoint()
        return self.exchange.listing(fqme).instrument

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        market = self.exchange.market(fqme, self.now_ns())
        self._distribute(market)  # what was before is for the others
        market.listen()
        stream = _Stream(market.snapshot())
        self._streams.setdefault(fqme, []).append(stream)
        self.wake()
        try:
            task_status.started(market.quote())
            while True:
                if ticks := stream.take():
                    sink(fqme, ticks)
                await stream.wait()
        finally:
            self._streams[fqme].remove(stream)
            if not self._streams[fqme]:
                del self._streams[fqme]
                market.mute()

    def _deliver(self) -> None:
        for market in self.exchange.open_markets():
            self._distribute(market)

    def _distribute(self, market: Market) -> None:
        """Hand what a market told to each of its streams; their own tasks pass it on."""
        if ticks := market.take_ticks():
            for stream in self._streams.get(market.fqme, ()):
                stream.put(ticks)

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        self.exchange.listing(fqme)
        if period_s not in PERIODS:
            raise NotSupported(f"sim has no bars of {period_s} s")
        return await read_page(self.exchange, fqme, period_s, end_ns, limit, self.now_ns())

    def native_periods(self, fqme: str) -> Sequence[int]:
        return PERIODS

    # -- trading -----------------------------------------------------------------------------

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[SimClient]:
        return self._open_client(account, report)

    @asynccontextmanager
    async def _open_client(self, account: AccountInfo, report: Report) -> AsyncIterator[SimClient]:
        held = self.exchange.account(account.name)
        held.reports.append(report)
        try:
            yield SimClient(self, held)
        finally:
            held.reports.remove(report)

    # -- playback ----------------------------------------------------------------------------

    def play(self, command: Playback) -> None:
        raise NotSupported("the embedded exchange is live: it cannot be paused or moved")

    def playback(self) -> PlaybackStatus | None:
        return None


class SimClient:
    """One account, logged in. Requests are decided at once; nothing is ever in doubt."""

    def __init__(self, broker: SimBroker, account: SimAccount) -> None:
        self._broker = broker
        self._account = account

    async def submit(self, order: Order, instrument: Instrument) -> None:
        # First the checkpoint: once the exchange has it, nothing may make it look undone.
        await trio.lowlevel.checkpoint()
        self._broker.wake()
        self._broker.exchange.submit(self._account, order, self._broker.now_ns())

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        await trio.lowlevel.checkpoint()
        self._broker.wake()
        now_ns = self._broker.now_ns()
        self._broker.exchange.amend(self._account, order.order_id, price, size, now_ns)

    async def cancel(self, order: Order) -> None:
        await trio.lowlevel.checkpoint()
        self._broker.wake()
        self._broker.exchange.cancel(self._account, order.order_id, self._broker.now_ns())

    async def order(self, order_id: str) -> Order | None:
        raise NotSupported("sim lists all orders that work")

    async def open_orders(self) -> Sequence[Order]:
        await self._catch_up()
        return [entry.order for entry in self._account.working.values()]

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        await self._catch_up()
        return [fill for fill in self._account.fills if fill.venue_ns >= since_ns]

    async def positions(self) -> Sequence[Position]:
        await self._catch_up()
        return list(self._account.positions.values())

    async def balances(self) -> Mapping[str, Decimal]:
        await self._catch_up()
        return dict(self._account.balances)

    async def _catch_up(self) -> None:
        await trio.lowlevel.checkpoint()
        self._broker.exchange.advance(self._broker.now_ns())
        self._broker.wake()


class _Stream:
    """Ticks on their way to one sink.

    They are passed on by the stream's own task, so that a sink that fails ends its stream and
    not the exchange.
    """

    def __init__(self, ticks: list[Tick]) -> None:
        self._ticks = ticks
        self._ready = trio.Event()

    def put(self, ticks: list[Tick]) -> None:
        self._ticks += ticks
        self._ready.set()

    def take(self) -> list[Tick]:
        ticks, self._ticks = self._ticks, []
        return ticks

    async def wait(self) -> None:
        """Until there are ticks to take."""
        await self._ready.wait()
        self._ready = trio.Event()


class _MarketTime:
    """Wall time that never goes back.

    After a small step back of the wall clock the market stands still until it is caught up;
    after a large one it goes on from where it was, ahead of the wall.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ns = 0
        self._last_ns = 0

    def now_ns(self) -> int:
        now_ns = self._clock.now_ns() + self._ahead_ns
        if self._last_ns - now_ns > _HELD_NS:
            self._ahead_ns += self._last_ns - now_ns
        self._last_ns = max(self._last_ns, now_ns)
        return self._last_ns


def _closest(text: str, listings: Sequence[Listing]) -> list[Listing]:
    """Listings that `text` may mean, best first."""
    from rapidfuzz import fuzz, process, utils  # here: the deck opens without a search

    names = {
        listing.fqme: f"{listing.fqme} {listing.instrument.symbol} {listing.instrument.name}"
        for listing in listings
    }
    hits = process.extract(
        text,
        names,
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=None,
        score_cutoff=55,
    )
    by_fqme = {listing.fqme: listing for listing in listings}
    return [by_fqme[fqme] for _, _, fqme in hits]


def open_broker(settings: BrokerSettings) -> SimBroker:
    """The embedded exchange. Raises `BrokerUnavailable` for options that make no sense."""
    options = read_options(settings, SimOptions)
    listings = LISTINGS
    if options.markets:
        known = [listing.fqme for listing in LISTINGS]
        for fqme in options.markets:
            if fqme not in known:
                raise BrokerUnavailable(
                    f"options of {settings.name}: markets: no such market: {safe(fqme, 80)}",
                    hint=nearest(fqme, known),
                )
        listings = tuple(listing for listing in LISTINGS if listing.fqme in options.markets)
    return SimBroker(settings.name, settings.clock, options, listings)
