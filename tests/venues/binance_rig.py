"""An engine's router, Binance's client, and the test venue, in one loop whose clock jumps: with a
proxy that breaks on each of the two ways between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import trio

from engine.broker import Broker, Networked
from engine.clock import Clock, TrioClock
from engine.ems.accounts import Account
from engine.ems.journal import MemoryJournal
from engine.ems.limits import RiskLimits
from engine.ems.router import Router
from engine.messages import (
    AccountUpdate,
    Algo,
    AlgoTerms,
    AlgoUpdate,
    Amend,
    Cancel,
    Event,
    Fill,
    FillReport,
    Notice,
    Order,
    OrderState,
    Submit,
    SubmitAlgo,
)
from engine.services import ServiceManager, open_services
from tests.brokers.binance.live_venue import (
    BTC,
    KEYS,
    START_NS,
    Kind,
    running_broker,
    running_venue,
)
from tests.support.venue import ScriptedMarkets
from tests.venues.binance.venue import BinanceVenue
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import OrderRecord
from tests.venues.fault_proxy import FaultProxy, open_proxy

LONG_S = 3600.0
WAITS = (OrderState.PENDING, OrderState.UNKNOWN)
NOT_THERE = (OrderState.CANCELED, OrderState.REJECTED, OrderState.DENIED)
"""Denied where the account was in doubt right then, and its venue could not be asked."""
ENDS = {
    "new": {OrderState.OPEN, OrderState.PARTIAL},
    "partially_filled": {OrderState.PARTIAL},
    "filled": {OrderState.FILLED},
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
        venue: BinanceVenue,
        socket: FaultProxy,
        rest: FaultProxy,
        broker: Broker,
        clock: Clock,
        services: ServiceManager,
    ) -> None:
        self.venue = venue
        self.socket = socket
        """On the way of the WebSocket API."""
        self.rest = rest
        self.broker = broker
        self.amends: dict[str, int] = {}
        """How often each order was amended: each may be another order at the venue."""
        self._clock = clock
        self._services = services
        self._journal = MemoryJournal()
        self._middle = self.market.last_price
        self.router: Router
        self.account: AccountUpdate | None = None
        self.algo: Algo | None = None
        self.fills: list[Fill] = []
        self.notices: list[str] = []
        self._moved = trio.Event()

    # -- lives of the engine -----------------------------------------------------------------------

    async def start_engine(self) -> None:
        """Begin, or begin again, with what is on record; wait until the account is agreed."""
        markets = _Markets(self._clock)
        markets.instruments[BTC] = await self.broker.instrument(BTC)
        last = float(self._middle)
        markets.set_quote(BTC, bid=last * 0.999, ask=last * 1.001, last=last)

        async def get_broker(name: str) -> Broker:
            return self.broker

        self.account = None
        self.router = Router(
            journal=self._journal,
            clock=self._clock,
            publish=self.hear,
            markets=markets,
            accounts=[Account(name="main", broker="binance", limits=RiskLimits())],
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

    def submit_algo(self, terms: AlgoTerms) -> None:
        algo_id = "0123456789abcdef0123456789abcdef"
        self.router.handle(SubmitAlgo(algo_id=algo_id, account="main", fqme=BTC, terms=terms))

    def amend(self, order_id: str, share: float) -> None:
        self.amends[order_id] = self.amends.get(order_id, 0) + 1
        self.router.handle(Amend(order_id=order_id, price=self.price(share)))

    def cancel(self, order_id: str) -> None:
        self.router.handle(Cancel(order_id=order_id))

    def price(self, share: float) -> Decimal:
        """So far from the price that was the last one at first."""
        return (self._middle * Decimal(str(share))).quantize(Decimal("0.01"))

    @property
    def market(self) -> SpotMarket:
        return self.venue.state.exchange.markets["BTCUSDT"]

    @property
    def demo(self) -> SpotAccount:
        return self.venue.state.exchange.accounts["demo"]

    # -- what others do ----------------------------------------------------------------------------

    def do(self, what: str, **fields: Any) -> Any:
        answer = self.venue.control.do(what, **fields)
        self.venue._settle()
        return answer

    def fill(self, order_id: str, size: str) -> None:
        """Somebody trades with an order of ours."""
        self.do("fill", account="demo", client_id=order_id, size=size)

    def disconnect(self) -> None:
        self.do("cut", which="api")

    @property
    def faults(self) -> Any:
        return self.venue.state.faults

    # -- waiting -----------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        match event:
            case AccountUpdate():
                self.account = event
            case AlgoUpdate():
                self.algo = event.algo
            case FillReport():
                self.fills.append(event.fill)
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
    def is_connected(self) -> bool:
        """Events of the account come."""
        assert isinstance(self.broker, Networked)
        states = {one.name: one.state for one in self.broker.connections()}
        return states.get("account main") == "live"

    @property
    def is_agreed(self) -> bool:
        account = self.account
        return account is not None and account.state == "agreed" and not account.unresolved

    def is_settled(self, order_id: str) -> bool:
        """Nothing is in doubt any more."""
        order = self.router.blotter.orders.get(order_id)
        is_known = order is not None and order.state not in WAITS and not order.awaiting
        return self.is_agreed and is_known

    async def settled(self, order_id: str) -> None:
        """Every request has its answer, or none; and what that left in doubt is cleared up."""
        await self.router.wait_idle()
        await self.until(lambda: self.is_settled(order_id))

    # -- the truth ---------------------------------------------------------------------------------

    def records(self, order_id: str) -> list[OrderRecord]:
        """The venue's orders that are this one of ours, one after the other."""
        names = {order_id, f"{order_id}_c", f"{order_id}_r"}
        return [one for one in self.demo.orders.values() if one.client_id in names]

    def check(self, order_id: str) -> None:
        """Ours is theirs, it was placed once but for amends, no more can trade than was wanted, and
        each trade counts once."""
        ours, theirs = self.order(order_id), self.records(order_id)
        amends = self.amends.get(order_id, 0)
        assert len(theirs) <= 1 + amends, f"{order_id} was placed {len(theirs)} times"
        # An amend asks twice where a fill comes first: the venue then takes only the second one.
        assert self.demo.submits.get(order_id, 0) <= 1 + 2 * amends
        assert sum(record.is_open for record in theirs) <= 1, "two of one order work"
        if not theirs:
            assert ours.state in NOT_THERE, ours
            assert not ours.filled
            return
        last, filled = theirs[-1], sum((one.filled for one in theirs), Decimal(0))
        assert filled + (last.left if last.is_open else 0) <= ours.size, "more than was wanted"
        assert ours.state in ENDS[last.status], (ours, last.status)
        assert ours.filled == filled, (ours, filled)
        executions = [one for record in theirs for one in record.executions]
        told = [fill for fill in self.fills if fill.order_id == order_id]
        assert sorted(fill.trade_id for fill in told) == sorted(
            str(one.trade_id) for one in executions
        )
        assert sum(fill.fee for fill in told) == sum(one.commission for one in executions)
        if last.is_open:
            assert (ours.price, ours.remaining) == (last.price, last.left)


@asynccontextmanager
async def open_rig(
    *, kind: Kind = "hmac", venue_options: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[Rig]:
    """Logged in, and agreed."""
    clock = TrioClock(START_NS)
    async with (
        running_venue(clock, **(venue_options or {})) as venue,
        open_proxy(venue.port) as socket,
        open_proxy(venue.port) as rest,
        running_broker(
            venue,
            clock,
            keys={"main": KEYS[kind]},
            **{
                "rest_url": f"http://127.0.0.1:{rest.port}",
                "ws_api_url": f"ws://127.0.0.1:{socket.port}/ws-api/v3",
                **options,
            },
        ) as broker,
        open_services(clock) as services,
    ):
        venue.control.do("ladder", symbol="BTCUSDT", middle=str(_middle(venue)), size="50", rungs=1)
        rig = Rig(venue, socket, rest, broker, clock, services)
        await rig.start_engine()
        yield rig
        await services.stop_all()


def _middle(venue: BinanceVenue) -> Decimal:
    return venue.state.exchange.markets["BTCUSDT"].last_price
