"""A router with a scripted venue and market around it, for tests of the way of an order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import trio
import trio.testing

from engine.broker import Broker, Capabilities
from engine.clock import TrioClock
from engine.ems.accounts import Account
from engine.ems.journal import MemoryJournal, Record
from engine.ems.risk import RiskLimits
from engine.ems.router import Router
from engine.errors import BrokerUnavailable
from engine.messages import (
    Denied,
    Event,
    Order,
    OrderState,
    OrderUpdate,
    Submit,
    Tick,
    Trade,
)
from engine.services import open_services
from tests.support.venue import EVERYTHING, FQME, START_NS, ScriptedMarkets, ScriptedVenue

E = TypeVar("E")
AutojumpClock = trio.testing.MockClock

LIVE_LIMITS = RiskLimits(
    max_order_size=Decimal(10),
    max_order_notional=Decimal(1000),
    max_position_notional=Decimal(2000),
    price_band_pct=Decimal(10),
    stale_quote_s=5.0,
    max_open_orders=3,
)


class WatchedJournal(MemoryJournal):
    """Notes what the venue had been asked whenever something was written."""

    def __init__(self, venue: ScriptedVenue) -> None:
        super().__init__()
        self.venue = venue
        self.calls_before: list[int] = []
        self.delay_s = 0.0
        self.error: Exception | None = None

    async def append(self, records: Sequence[Record]) -> None:
        if self.error is not None:
            raise self.error
        await trio.sleep(self.delay_s)
        self.calls_before.append(len(self.venue.calls))
        await super().append(records)


@dataclass
class Desk:
    router: Router
    venue: ScriptedVenue
    markets: ScriptedMarkets
    journal: WatchedJournal
    events: list[Event]
    made: list[int] = field(default_factory=list)

    def submit(self, order_id: str = "", **fields: Any) -> str:
        self.made.append(1)
        submit = self.intent(order_id or f"o{len(self.made)}", **fields)
        self.router.handle(submit)
        return submit.order_id

    def intent(self, order_id: str, **fields: Any) -> Submit:
        defaults: dict[str, Any] = {
            "account": "main",
            "fqme": FQME,
            "side": "buy",
            "order_type": "limit",
            "size": Decimal(1),
            "price": Decimal(100),
        }
        fields = {**defaults, **fields}
        if fields["order_type"] == "market":
            fields["price"] = None
        return Submit(order_id=order_id, **fields)

    def tick(self, *ticks: Tick) -> None:
        """What the bus does with ticks, as far as orders care."""
        for tick in ticks:
            if isinstance(tick, Trade):
                self.markets.set_quote(FQME, last=tick.price)
        self.router.on_ticks(FQME, ticks)

    def trade(self, price: float, size: float = 1.0) -> Trade:
        return Trade(FQME, price, size, venue_ns=self.markets.now, recv_ns=self.markets.now)

    def order(self, order_id: str) -> Order:
        return self.router.blotter.orders[order_id]

    def states(self, order_id: str) -> list[str]:
        """The states that were shown, repetitions left out."""
        shown: list[str] = []
        for update in self.told(OrderUpdate):
            if update.order.order_id == order_id and update.order.state not in shown[-1:]:
                shown.append(update.order.state.value)
        return shown

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def denial(self, order_id: str) -> Denied:
        found = [
            update.event
            for update in self.told(OrderUpdate)
            if isinstance(update.event, Denied) and update.order.order_id == order_id
        ]
        (denied,) = found
        return denied

    async def settle(self) -> None:
        await trio.testing.wait_all_tasks_blocked()


@asynccontextmanager
async def open_desk(
    *,
    limits: RiskLimits | None = None,
    capabilities: Capabilities = EVERYTHING,
    before: Desk | None = None,
    all_limits: dict[str, RiskLimits] | None = None,
    venue: ScriptedVenue | None = None,
    **account: Any,
) -> AsyncIterator[Desk]:
    """A router that runs; after `before`, with its venue and from its journal, as a start after
    a crash would."""
    clock = TrioClock(START_NS)
    if venue is None:
        venue = ScriptedVenue(capabilities=capabilities) if before is None else before.venue
    markets = ScriptedMarkets()
    journal = WatchedJournal(venue)
    if before is not None:
        await journal.append(before.journal.records())
    events: list[Event] = []

    async def get_broker(name: str) -> Broker:
        if name != "test":
            raise BrokerUnavailable(f"no broker named {name!r}")
        return venue

    accounts = [
        Account(**{"name": "main", "broker": "test", "limits": limits, **account}),
        Account(name="bare", broker="test", mode="live"),
        Account(name="other", broker="gone"),
        Account(name="narrow", broker="test", serves=("sim", "replay")),
    ]
    async with open_services(clock) as services:
        router = Router(
            journal=journal,
            clock=clock,
            publish=events.append,
            markets=markets,
            # A start logs in all of them, and the venue has one line only.
            all_limits=all_limits,
            accounts=accounts if before is None else accounts[:1],
            get_broker=get_broker,
            dark_through_ticks=5,
            answer_timeout_s=10.0,
        )
        if before is not None:
            await router.recover()
        await services.start("router", router.run, critical=True)
        if before is not None:
            router.open_accounts()
            await trio.testing.wait_all_tasks_blocked()
        yield Desk(router, venue, markets, journal, events)


async def opened(desk: Desk, **fields: Any) -> str:
    """An order that works at the venue."""
    order_id = desk.submit(**fields)
    await desk.router.wait_idle()
    assert desk.order(order_id).state is OrderState.OPEN
    return order_id


async def hold(desk: Desk, size: str, side: str = "buy") -> None:
    order_id = desk.submit(order_type="market", size=Decimal(size), side=side)
    await desk.router.wait_idle()
    desk.venue.fill(order_id, size, "100")
    await desk.router.wait_idle()
