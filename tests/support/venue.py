"""A scripted venue with switches, and small makers of what a market says.

The venue takes orders through the broker port and answers at once, unless a switch says
otherwise: answers are dropped, delayed or doubled, fills overtake acknowledgements, requests
are refused or lost. Nothing in it is random, and it never waits but on trio's clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Literal, NoReturn, get_args

import trio

from engine.broker import Capabilities, HistoryPage, Report, TradingClient
from engine.errors import BrokerUnavailable, NotSupported, OrderRejected, OutcomeUnknown
from engine.instruments import Instrument
from engine.messages import (
    Accepted,
    AccountInfo,
    Amended,
    Canceled,
    Fill,
    Filled,
    Match,
    Order,
    OrderEvent,
    OrderType,
    Playback,
    PlaybackStatus,
    Position,
    Quote,
    Rejected,
    RequestRefused,
    TimeInForce,
)

START_NS = 1_700_000_000_000_000_000
"""Where the clocks of these tests begin: 2023-11-14 22:13:20 UTC."""

FQME = "btcusdt.spot.test"

INSTRUMENT = Instrument(
    fqme=FQME,
    symbol="BTCUSDT",
    name="Bitcoin / Tether",
    base="btc",
    quote="usdt",
    price_tick=Decimal("0.01"),
    size_step=Decimal("0.001"),
    min_size=Decimal("0.001"),
    max_size=Decimal(1000),
    min_notional=Decimal(5),
    maker_fee=Decimal("0.001"),
    taker_fee=Decimal("0.002"),
)

EVERYTHING = Capabilities(
    can_trade=True,
    can_amend=True,
    order_types=frozenset(get_args(OrderType)),
    times_in_force=frozenset(get_args(TimeInForce)),
    can_post_only=True,
    can_reduce_only=True,
    can_link=True,
)

RequestName = Literal["submit", "amend", "cancel"]


class ScriptedVenue:
    """A broker that only trades, and does what its switches say. All are plain attributes."""

    def __init__(self, name: str = "test", capabilities: Capabilities = EVERYTHING) -> None:
        self.name = name
        self.capabilities = capabilities
        self.calls: list[tuple[RequestName, str]] = []
        """Every call of the client, in order: what was asked, of which order."""
        self.at_once: dict[str, int] = {}
        """Most calls that were under way at the same time, by order."""
        self.working: dict[str, Order] = {}
        self.drop_acks: set[RequestName] = set()
        """Take these requests and never answer."""
        self.delay_s: dict[RequestName, float] = {}
        """Keep the call itself waiting this long."""
        self.ack_delay_s = 0.0
        """Answer this long after the call returned."""
        self.duplicate = False
        """Say everything twice."""
        self.fill_before_ack = False
        """Report a full fill, then the acknowledgement."""
        self.fill_after_cancel = Decimal(0)
        """Report a fill of this size after the cancel was confirmed."""
        self.reject: dict[RequestName, str] = {}
        """Refuse with this reason, by raising."""
        self.reject_later: dict[RequestName, str] = {}
        """Refuse with this reason, by an event after the call returned."""
        self.lose: set[RequestName] = set()
        """Break the connection in the middle: raise `OutcomeUnknown`, take the request or not."""
        self.hides_orders = False
        """List nothing: its list is no proof, and says nothing of what works."""
        self.refuse_login = ""
        """Why nobody can log in."""
        self.login_delay_s = 0.0
        self.now = START_NS
        self._report: Report | None = None
        self._under_way: dict[str, int] = {}
        self._nursery: trio.Nursery | None = None
        self._trades = 0

    # -- what a test makes it say ----------------------------------------------------------------

    def say(self, event: OrderEvent) -> None:
        """Report this of an order, once."""
        assert self._report is not None, "nobody is logged in"
        self._report(event)

    def fill(
        self, order_id: str, size: str, price: str, *, trade_id: str = "", fee: str = "0"
    ) -> Filled:
        """Report an execution; returns what was said."""
        self._trades += 1
        event = Filled(
            order_id=order_id,
            trade_id=trade_id or f"t{self._trades}",
            price=Decimal(price),
            size=Decimal(size),
            fee=Decimal(fee),
            fee_asset="usdt",
            venue_ns=self.now,
        )
        self._say(event)
        return event

    @property
    def is_logged_in(self) -> bool:
        return self._report is not None

    def recover(self) -> None:
        """Turn every switch off."""
        self.drop_acks, self.lose = set(), set()
        self.delay_s, self.reject, self.reject_later = {}, {}, {}
        self.ack_delay_s = self.login_delay_s = 0.0
        self.fill_after_cancel = Decimal(0)
        self.duplicate = self.fill_before_ack = False

    def _say(self, event: OrderEvent) -> None:
        for _ in range(2 if self.duplicate else 1):
            self.say(event)

    # -- broker ----------------------------------------------------------------------------------

    def now_ns(self) -> int:
        return self.now

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await trio.sleep_forever()

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        return self._open_client(report)

    @asynccontextmanager
    async def _open_client(self, report: Report) -> AsyncIterator[TradingClient]:
        await trio.sleep(self.login_delay_s)
        if self.refuse_login:
            raise BrokerUnavailable(self.refuse_login)
        self._report = report
        try:
            async with trio.open_nursery() as self._nursery:
                yield self
                self._nursery.cancel_scope.cancel()
        finally:
            self._report = None

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        _not_supported()

    async def instrument(self, fqme: str) -> Instrument:
        _not_supported()

    async def stream(self, fqme: str, sink: object, *, task_status: object = None) -> None:
        _not_supported()

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        _not_supported()

    def native_periods(self, fqme: str) -> Sequence[int]:
        return ()

    def play(self, command: Playback) -> None:
        _not_supported()

    def playback(self) -> PlaybackStatus | None:
        return None

    # -- trading client --------------------------------------------------------------------------

    async def submit(self, order: Order, instrument: Instrument) -> None:
        if await self._begin("submit", order):
            return
        self.working[order.order_id] = order
        if self.fill_before_ack:
            self.fill(order.order_id, str(order.size), str(order.price or 100))
        await self._answer("submit", Accepted(order_id=order.order_id, venue_order_id="v1"))

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        if await self._begin("amend", order):
            return
        await self._answer("amend", Amended(order_id=order.order_id, price=price, size=size))

    async def cancel(self, order: Order) -> None:
        if await self._begin("cancel", order):
            return
        self.working.pop(order.order_id, None)
        await self._answer("cancel", Canceled(order_id=order.order_id))
        if self.fill_after_cancel:
            size = str(self.fill_after_cancel)
            self.fill(order.order_id, size, str(order.price or 100))

    async def order(self, order_id: str) -> Order | None:
        return None if self.hides_orders else self.working.get(order_id)

    async def open_orders(self) -> Sequence[Order]:
        return () if self.hides_orders else tuple(self.working.values())

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        return ()

    async def positions(self) -> Sequence[Position]:
        return ()

    async def balances(self) -> Mapping[str, Decimal]:
        return {}

    async def _begin(self, name: RequestName, order: Order) -> bool:
        """Note the call and do what the switches say; true if that was all."""
        order_id = order.order_id
        self.calls.append((name, order_id))
        self._under_way[order_id] = self._under_way.get(order_id, 0) + 1
        self.at_once[order_id] = max(self.at_once.get(order_id, 0), self._under_way[order_id])
        try:
            await trio.sleep(self.delay_s.get(name, 0.0))
        finally:
            self._under_way[order_id] -= 1
        if name in self.reject:
            raise OrderRejected(self.reject[name])
        if name in self.lose:
            raise OutcomeUnknown("the connection broke")
        if name in self.reject_later:
            self._say(_refusal(name, order_id, self.reject_later[name]))
            return True
        return False

    async def _answer(self, name: RequestName, event: OrderEvent) -> None:
        if name in self.drop_acks:
            return
        if self.ack_delay_s:
            assert self._nursery is not None
            self._nursery.start_soon(self._say_later, event)
        else:
            self._say(event)

    async def _say_later(self, event: OrderEvent) -> None:
        await trio.sleep(self.ack_delay_s)
        self._say(event)


def _refusal(name: RequestName, order_id: str, reason: str) -> OrderEvent:
    if name == "submit":
        return Rejected(order_id=order_id, reason=reason)
    return RequestRefused(order_id=order_id, request=name, reason=reason)


def _not_supported() -> NoReturn:
    raise NotSupported("the scripted venue has no market data")


class ScriptedMarkets:
    """What the feed knows, set by hand. Ages are measured from `now`."""

    def __init__(self, instrument: Instrument = INSTRUMENT) -> None:
        self.now = START_NS
        self.instruments: dict[str, Instrument] = {instrument.fqme: instrument}
        self.quotes: dict[str, Quote] = {}
        self.set_quote(instrument.fqme, bid=99.0, ask=101.0, last=100.0)

    def set_quote(
        self,
        fqme: str = FQME,
        *,
        bid: float | None = 99.0,
        ask: float | None = 101.0,
        last: float = 100.0,
    ) -> None:
        self.quotes[fqme] = Quote(
            fqme=fqme,
            last=last,
            bid=bid,
            bid_size=1.0,
            ask=ask,
            ask_size=1.0,
            venue_ns=self.now,
            recv_ns=self.now,
        )

    def quote_of(self, fqme: str) -> Quote | None:
        return self.quotes.get(fqme)

    def instrument_of(self, fqme: str) -> Instrument | None:
        return self.instruments.get(fqme)

    def now_ns_of(self, fqme: str) -> int | None:
        return self.now
