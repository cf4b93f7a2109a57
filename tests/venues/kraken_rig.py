"""An engine's router, Kraken's client, and the test venue, in one loop whose clock jumps: with a
proxy that breaks on each of the two ways between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import trio

from brokers.kraken.order_names import name_of
from engine.broker import Broker
from engine.clock import Clock, TrioClock
from engine.ems.accounts import Account
from engine.ems.journal import MemoryJournal
from engine.ems.router import Router
from engine.messages import (
    AccountUpdate,
    Amend,
    Cancel,
    Denied,
    Event,
    Fill,
    FillReport,
    Notice,
    Order,
    OrderState,
    OrderUpdate,
    Submit,
)
from engine.services import ServiceManager, open_services
from tests.brokers.kraken.live_venue import BTC, ONE_PAIR, START_NS, running_broker
from tests.support.venue import ScriptedMarkets
from tests.venues.exchange.market import SpotMarket
from tests.venues.fault_proxy import FaultProxy, open_proxy
from tests.venues.kraken.keys import DEMO_KEY
from tests.venues.kraken.records import OrderRecord
from tests.venues.kraken.server import open_kraken
from tests.venues.kraken.terms import PriceTerm, Terms
from tests.venues.kraken.venue import KrakenVenue

LONG_S = 3600.0
WAITS = (OrderState.PENDING, OrderState.UNKNOWN)
ENDS = {
    "open": {OrderState.OPEN, OrderState.PARTIAL},
    "closed": {OrderState.FILLED},
    "canceled": {OrderState.CANCELED, OrderState.REJECTED},
    "expired": {OrderState.EXPIRED, OrderState.CANCELED},
}


class _Markets(ScriptedMarkets):
    """What the feed knows, always fresh."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def now_ns_of(self, fqme: str) -> int:
        return self._clock.now_ns()

    def quote_of(self, fqme: str) -> Any:
        self.now = self._clock.now_ns()
        known = super().quote_of(fqme)
        if known is not None:
            self.set_quote(fqme, bid=known.bid, ask=known.ask, last=known.last)
        return super().quote_of(fqme)


class Rig:
    """What a test does, sees and compares."""

    def __init__(
        self,
        venue: KrakenVenue,
        socket: FaultProxy,
        rest: FaultProxy,
        broker: Broker,
        clock: Clock,
        services: ServiceManager,
    ) -> None:
        self.venue = venue
        self.socket = socket
        """On the way of the account's socket."""
        self.rest = rest
        self.broker = broker
        self.key = DEMO_KEY
        self._clock = clock
        self._services = services
        self._journal = MemoryJournal()
        self.router: Router
        self.account: AccountUpdate | None = None
        self.fills: list[Fill] = []
        self.denials: list[Denied] = []
        self.notices: list[str] = []
        self._stood = self.market.last_price
        self._moved = trio.Event()

    # -- lives of the engine -----------------------------------------------------------------------

    async def start_engine(self) -> None:
        """Begin, or begin again, with what is on record; wait until the account is agreed."""
        markets = _Markets(self._clock)
        markets.instruments[BTC] = await self.broker.instrument(BTC)
        last = float(self.price(1.0))
        markets.set_quote(BTC, bid=last * 0.999, ask=last * 1.001, last=last)

        async def get_broker(name: str) -> Broker:
            return self.broker

        self.account = None
        self.router = Router(
            journal=self._journal,
            clock=self._clock,
            publish=self.hear,
            markets=markets,
            accounts=[Account(name="main", broker="kraken")],
            get_broker=get_broker,
        )
        await self.router.recover()
        await self._services.start("router", self.router.run, critical=True)
        self.router.open_accounts()
        await self.until(lambda: self.is_agreed)

    async def stop_engine(self) -> None:
        """The engine ends in order; the venue goes on."""
        await self._services.stop("account main")
        await self._services.stop("router")

    # -- what is asked of the engine ---------------------------------------------------------------

    def order(self, order_id: str) -> Order:
        return self.router.blotter.orders[order_id]

    def submit(self, order_id: str, **terms: Any) -> None:
        usual = {
            "side": "buy",
            "order_type": "limit",
            "size": Decimal("0.01"),
            "price": self.price(0.9),
        }
        fields = {**usual, **terms}
        self.router.handle(Submit(order_id=order_id, account="main", fqme=BTC, **fields))

    def amend(self, order_id: str, share: float) -> None:
        self.router.handle(Amend(order_id=order_id, price=self.price(share)))

    def cancel(self, order_id: str) -> None:
        self.router.handle(Cancel(order_id=order_id))

    def price(self, share: float) -> Decimal:
        """So far from where the market stood at first."""
        return (self._stood * Decimal(str(share))).quantize(Decimal("0.1"))

    def terms(self, *, size: str, share: float) -> Terms:
        """An order of another program."""
        return Terms(
            pair=self.venue.listing.by_symbol["BTC/USD"],
            side="buy",
            order_type="limit",
            volume=Decimal(size),
            limit=PriceTerm(self.price(share)),
        )

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns()

    @property
    def market(self) -> SpotMarket:
        return self.venue.desk.market(self.venue.listing.by_symbol["BTC/USD"])

    # -- waiting -----------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        match event:
            case AccountUpdate():
                self.account = event
            case FillReport():
                self.fills.append(event.fill)
            case OrderUpdate(event=Denied() as denial):
                self.denials.append(denial)
            case Notice():
                self.notices.append(event.text)
        self._moved.set()
        self._moved = trio.Event()

    async def until(self, is_so: Callable[[], bool]) -> None:
        with trio.fail_after(LONG_S):
            while not is_so():
                await self._moved.wait()

    def state(self, order_id: str) -> OrderState | None:
        """None before the router has heard of the order."""
        order = self.router.blotter.orders.get(order_id)
        return None if order is None else order.state

    async def decided(self, order_id: str) -> None:
        """It is not on its way any more."""
        await self.until(lambda: self.state(order_id) not in (None, OrderState.PENDING))

    @property
    def is_agreed(self) -> bool:
        account = self.account
        return account is not None and account.state == "agreed" and not account.unresolved

    def is_settled(self, order_id: str) -> bool:
        """Nothing is in doubt any more."""
        order = self.router.blotter.orders.get(order_id)
        if order is None or order.state in WAITS or order.awaiting or not self.is_agreed:
            return False
        # What was told last may still be on its way, or lost with a connection that just broke.
        return all(order.filled == record.filled for record in self.records(order_id))

    async def settled(self, order_id: str) -> None:
        """Every request has its answer, or none; and what that left in doubt is cleared up."""
        await self.router.wait_idle()
        await self.until(lambda: self.is_settled(order_id))

    # -- the truth ---------------------------------------------------------------------------------

    def records(self, order_id: str) -> list[OrderRecord]:
        """What the venue has of our order: never more than one."""
        name = name_of(order_id)
        return [one for one in self.venue.records.orders("demo") if one.terms.cl_ord_id == name]

    def check(self, order_id: str) -> None:
        """Ours is theirs, it was placed once at most, and each trade counts once."""
        ours, theirs = self.order(order_id), self.records(order_id)
        assert len(theirs) <= 1, f"{order_id} was placed {len(theirs)} times"
        if not theirs:
            assert ours.state in (OrderState.CANCELED, OrderState.REJECTED), ours
            assert not ours.filled
            return
        record = theirs[0]
        assert ours.state in ENDS[record.status], (ours, record.status)
        assert ours.filled == record.filled, (ours, record.filled)
        told = [fill for fill in self.fills if fill.order_id == order_id]
        assert sorted(fill.trade_id for fill in told) == sorted(
            trade.trade_id for trade in record.trades
        )
        assert sum(fill.fee for fill in told) == sum(trade.fee for trade in record.trades)
        if record.status == "open":
            assert (ours.price, ours.size) == (record.limit, record.volume)


@asynccontextmanager
async def open_rig(
    *, venue_options: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[Rig]:
    """Logged in, and agreed."""
    clock = TrioClock(START_NS)
    told = {"is_quiet": True, "patience": 1000.0, "pairs": ONE_PAIR, **(venue_options or {})}
    async with (
        open_kraken(clock, **told) as running,
        open_proxy(running.port) as socket,
        open_proxy(running.port) as rest,
        running_broker(
            running,
            clock,
            **{
                "rest_url": f"http://127.0.0.1:{rest.port}",
                "ws_auth_url": f"ws://127.0.0.1:{socket.port}/v2",
                **options,
            },
        ) as broker,
        open_services(clock) as services,
    ):
        rig = Rig(running.venue, socket, rest, broker, clock, services)
        await rig.start_engine()
        yield rig
        await services.stop_all()
