"""A venue that knows the truth of one account, and a router on it that can be killed.

What the venue does is true at once; what it says of it waits in `pending`, until a test delivers
it: in any order, more than once, or never where the connection ends. Requests meet the fault that
was set for them: they never arrive, they arrive and nobody hears of it, they are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Any, Literal

import trio
from msgspec.structs import replace

from engine.broker import Broker, Capabilities, HistoryPage, Report, TradingClient
from engine.clock import NANOS, TrioClock
from engine.ems.accounts import Account
from engine.ems.journal import MemoryJournal, Record
from engine.ems.router import Router
from engine.errors import NotSupported, OrderRejected, OutcomeUnknown
from engine.instruments import Instrument
from engine.messages import (
    Accepted,
    AccountInfo,
    Amended,
    Canceled,
    Event,
    Fill,
    Filled,
    Match,
    Order,
    OrderEvent,
    OrderState,
    Playback,
    PlaybackStatus,
    Position,
    RequestRefused,
    Tick,
)
from engine.services import open_services
from tests.support.venue import EVERYTHING, FQME, INSTRUMENT, ScriptedMarkets

Fault = Literal["", "before", "after", "refuse", "mute", "slow"]
"""`before` and `after` it arrives the connection breaks; `mute`: it is done, and never answered;
`slow`: its call takes longer than anyone waits for the answer."""

NOUGHT = Decimal(0)
PROVEN: Capabilities = replace(EVERYTHING, can_query=True, query_is_proof=True, list_is_proof=True)


class TrueVenue:
    """A broker and its only account."""

    def __init__(
        self, clock: TrioClock, capabilities: Capabilities = PROVEN, *, lag_s: float = 0.0
    ) -> None:
        """
        Args:
            lag_s: how long an order is there before a list or a query shows it, and a fill before
                the list of fills does.
        """
        self.name = "test"
        self.capabilities = capabilities
        self.answer_s = 0.0
        """How long each answer to a question is under way; it says what was so when asked."""
        self._clock = clock
        self._lag_ns = round(lag_s * NANOS)
        self._placed_ns: dict[str, int] = {}
        self.orders: dict[str, Order] = {}
        """Every order that ever got there, as it is."""
        self.made: list[Fill] = []
        self.sent: Counter[str] = Counter()
        """How often each order was sent, whatever became of it."""
        self.faults: dict[str, list[Fault]] = {"submit": [], "amend": [], "cancel": []}
        """What the next requests of each kind meet."""
        self.pending: list[OrderEvent] = []
        """What was said and is still under way."""
        self.delivered: list[OrderEvent] = []
        self.is_prompt = True
        """Say everything at once."""
        self.lies = False
        """Its lists and queries know of no order; its fills are told as they are."""
        self._report: Report | None = None
        self._lost = trio.Event()

    # -- the truth ------------------------------------------------------------------------------

    def working(self) -> list[Order]:
        return [order for order in self.orders.values() if order.is_working]

    def position(self) -> Decimal:
        return sum((f.size if f.side == "buy" else -f.size for f in self.made), NOUGHT)

    def place(self, order: Order, *, is_listed: bool = False) -> None:
        """An order gets into the book, whoever sent it; lists that lag show it a while later."""
        self._placed_ns[order.order_id] = 0 if is_listed else self._clock.now_ns()
        self.orders[order.order_id] = replace(
            order, state=OrderState.OPEN, venue_order_id=f"v-{order.order_id}", awaiting=""
        )

    def trade(self, order_id: str, size: Decimal, price: Decimal = Decimal(100)) -> None:
        """Somebody trades with an order that works."""
        order = self.orders[order_id]
        fill = Fill(
            order_id=order_id,
            account="main",
            fqme=order.fqme,
            trade_id=f"t{len(self.made) + 1}",
            side=order.side,
            price=price,
            size=size,
            fee=Decimal("0.01"),
            fee_asset="usdt",
            venue_ns=self._clock.now_ns(),
        )
        self.made.append(fill)
        filled = order.filled + size
        state = OrderState.FILLED if filled >= order.size else OrderState.PARTIAL
        self.orders[order_id] = replace(order, filled=filled, state=state)
        told = {name: getattr(fill, name) for name in Filled.__struct_fields__}
        self._say(Filled(**told))
        self._end_linked(order)

    def end(self, order_id: str) -> None:
        """The venue ends an order by itself, or because it was asked to."""
        order = self.orders[order_id]
        if order.is_working:
            self.orders[order_id] = replace(order, state=OrderState.CANCELED)
            self._say(Canceled(order_id=order_id, venue_ns=self._clock.now_ns()))
            self._end_linked(order)

    def _end_linked(self, order: Order) -> None:
        """One order of a pair traded, or ended: the other ends."""
        for other in self.working():
            is_other = order.link_group and other.order_id != order.order_id
            if is_other and other.link_group == order.link_group:
                self.end(other.order_id)

    # -- what is heard of it ----------------------------------------------------------------------

    @property
    def is_logged_in(self) -> bool:
        return self._report is not None

    def deliver(self, number: int = 0, times: int = 1) -> None:
        """Tell one thing that was said."""
        event = self.pending.pop(number % len(self.pending))
        self.delivered.append(event)
        for _ in range(times):
            self.tell(event)

    def tell(self, event: OrderEvent) -> None:
        """Tell something, perhaps again."""
        if self._report is not None:
            self._report(event)

    def deliver_all(self) -> None:
        while self.pending:
            self.deliver()

    def lose(self) -> None:
        """The connection ends; what was under way is gone."""
        self._lost.set()

    def well(self) -> None:
        """Everything that goes on is told at once, and nothing fails."""
        for waiting in self.faults.values():
            waiting.clear()
        self.is_prompt, self.lies, self.answer_s = True, False, 0.0
        self.deliver_all()

    def _say(self, event: OrderEvent) -> None:
        if self._report is None:
            return
        self.pending.append(event)
        if self.is_prompt:
            self.deliver_all()

    # -- the port -------------------------------------------------------------------------------

    def now_ns(self) -> int:
        return self._clock.now_ns()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await trio.sleep_forever()

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        return self._open_client(report)

    @asynccontextmanager
    async def _open_client(self, report: Report) -> AsyncIterator[TradingClient]:
        self._report, self._lost = report, trio.Event()
        self.pending.clear()
        self.delivered.clear()
        try:
            yield self
        finally:
            self._report = None
            self.pending.clear()

    async def until_lost(self, broker: Broker) -> str:
        await self._lost.wait()
        return "the connection broke"

    async def submit(self, order: Order, instrument: Instrument) -> None:
        self.sent[order.order_id] += 1
        fault = await self._meet("submit")
        self.place(order)
        self._answer(fault, Accepted(order_id=order.order_id, venue_order_id="v-" + order.order_id))

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        fault = await self._meet("amend")
        mine = self.orders.get(order.order_id)
        if mine is None or not mine.is_working or size <= mine.filled:
            refused = RequestRefused(order_id=order.order_id, request="amend", reason="cannot")
            self._answer(fault, refused)
            return
        self.orders[order.order_id] = replace(mine, price=price, size=size)
        amended = Amended(order_id=order.order_id, price=price, size=size)
        self._answer(fault, replace(amended, venue_ns=self._clock.now_ns()))

    async def cancel(self, order: Order) -> None:
        fault = await self._meet("cancel")
        mine = self.orders.get(order.order_id)
        if mine is None or not mine.is_working:
            refused = RequestRefused(order_id=order.order_id, request="cancel", reason="none such")
            self._answer(fault, refused)
        elif fault in ("after", "mute"):
            self.orders[order.order_id] = replace(mine, state=OrderState.CANCELED)
            self._end_linked(mine)
            self._answer(fault, Canceled(order_id=order.order_id))
        else:
            self.end(order.order_id)

    async def _meet(self, request: str) -> Fault:
        """What the request meets before it is done."""
        waiting = self.faults[request]
        fault: Fault = waiting.pop(0) if waiting else ""
        if fault == "slow":
            await trio.sleep(3.0)
        else:
            await trio.lowlevel.checkpoint()
        if fault == "before":
            raise OutcomeUnknown("the connection broke")
        if fault == "refuse":
            raise OrderRejected("not today")
        return fault

    def _answer(self, fault: Fault, event: OrderEvent) -> None:
        if fault == "after":
            raise OutcomeUnknown("the connection broke")
        if fault != "mute":
            self._say(event)

    async def order(self, order_id: str) -> Order | None:
        found = self.orders.get(order_id)
        is_shown = found is not None and self._is_shown(found)
        await trio.sleep(self.answer_s)
        return found if is_shown else None

    async def open_orders(self) -> Sequence[Order]:
        working = tuple(order for order in self.working() if self._is_shown(order))
        await trio.sleep(self.answer_s)
        return working

    def _is_shown(self, order: Order) -> bool:
        age_ns = self._clock.now_ns() - self._placed_ns[order.order_id]
        return not self.lies and age_ns >= self._lag_ns

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        until_ns = self._clock.now_ns() - self._lag_ns
        made = tuple(fill for fill in self.made if since_ns <= fill.venue_ns <= until_ns)
        await trio.sleep(self.answer_s)
        return made

    async def positions(self) -> Sequence[Position]:
        position = Position(account="main", fqme=FQME, size=self.position())
        await trio.sleep(self.answer_s)
        return (position,)

    async def balances(self) -> Mapping[str, Decimal]:
        return {}

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        raise NotSupported("no search")

    async def instrument(self, fqme: str) -> Instrument:
        return INSTRUMENT

    async def stream(self, fqme: str, sink: object, *, task_status: object = None) -> None:
        raise NotSupported("no market data")

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        raise NotSupported("no history")

    def native_periods(self, fqme: str) -> Sequence[int]:
        return ()

    def play(self, command: Playback) -> None:
        raise NotSupported("no playback")

    def playback(self) -> PlaybackStatus | None:
        return None


class ClockedMarkets(ScriptedMarkets):
    """Markets whose time goes on with the clock."""

    def __init__(self, clock: TrioClock) -> None:
        super().__init__()
        self._clock = clock

    def now_ns_of(self, fqme: str) -> int | None:
        return self._clock.now_ns()

    def quote_of(self, fqme: str) -> Any:
        quote = super().quote_of(fqme)
        return None if quote is None else replace(quote, recv_ns=self._clock.now_ns())


class Life:
    """One life of a router, between two kills."""

    def __init__(
        self,
        router: Router,
        venue: TrueVenue,
        markets: ClockedMarkets,
        journal: MemoryJournal,
        events: list[Event],
    ) -> None:
        self.router = router
        self.venue = venue
        self.markets = markets
        self.journal = journal
        self.events = events

    def tick(self, *ticks: Tick) -> None:
        self.router.on_ticks(FQME, ticks)

    def order(self, order_id: str) -> Order:
        return self.router.blotter.orders[order_id]


@asynccontextmanager
async def open_life(
    venue: TrueVenue, records: Sequence[Record], clock: TrioClock, last: float = 100.0
) -> AsyncIterator[Life]:
    """A router that begins from what is on record, as after a kill; leaving the block kills it."""
    journal = MemoryJournal()
    await journal.append(records)
    markets = ClockedMarkets(clock)
    markets.set_quote(FQME, bid=last - 1, ask=last + 1, last=last)
    events: list[Event] = []

    async def get_broker(name: str) -> Broker:
        return venue

    async with open_services(clock) as services:
        router = Router(
            journal=journal,
            clock=clock,
            publish=events.append,
            markets=markets,
            accounts=[Account(name="main", broker="test")],
            get_broker=get_broker,
            until_lost=venue.until_lost,
            dark_through_ticks=5,
            answer_timeout_s=2.0,
        )
        await router.recover()
        await services.start("router", router.run, critical=True)
        router.open_accounts()
        yield Life(router, venue, markets, journal, events)
