"""Orders through a socket that breaks at every byte, stalls, and is slow: what the engine believes
in the end is what the venue has, and nothing was sent twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from engine.broker import Broker, BrokerSettings
from engine.clock import SystemClock
from engine.ems.accounts import Account
from engine.ems.journal import MemoryJournal
from engine.ems.router import Router
from engine.messages import AccountUpdate, Amend, Cancel, Event, Order, OrderState, Submit
from engine.services import open_services
from tests.support.venue import INSTRUMENT, ScriptedMarkets
from tests.venues.fault_proxy import FaultProxy, Way, open_proxy
from tests.venues.scripted.broker import FQME, ScriptedBroker
from tests.venues.scripted.server import Server
from tests.venues.scripted.venue import Message, Venue

LONG_S = 3600.0
WAITS = (OrderState.PENDING, OrderState.UNKNOWN)


class Rig:
    """An engine's router, the venue, and the socket between them, in one loop whose clock
    jumps."""

    def __init__(self, proxy: FaultProxy, venue: Venue) -> None:
        self.router: Router
        self.proxy = proxy
        self.venue = venue
        self._moved = trio.Event()
        self.account: AccountUpdate | None = None

    def order(self, order_id: str) -> Order:
        return self.router.blotter.orders[order_id]

    def submit(self, order_id: str, **terms: Any) -> None:
        fields = {"side": "buy", "order_type": "limit", "size": Decimal(1), "price": Decimal(100)}
        submit = Submit(order_id=order_id, account="main", fqme=FQME, **{**fields, **terms})
        self.router.handle(submit)

    async def settled(self, order_id: str) -> None:
        """Every request has its answer, or none; and what that left in doubt is cleared up."""
        await self.router.wait_idle()
        await self.until(lambda: self.is_settled(order_id))

    async def until(self, is_so: Callable[[], bool]) -> None:
        with trio.fail_after(LONG_S):
            while not is_so():
                await self._moved.wait()

    def hear(self, event: Event) -> None:
        if isinstance(event, AccountUpdate):
            self.account = event
        self._moved.set()
        self._moved = trio.Event()

    def is_settled(self, order_id: str) -> bool:
        """Nothing is in doubt any more."""
        order, account = self.router.blotter.orders.get(order_id), self.account
        is_agreed = account is not None and account.state == "agreed" and not account.unresolved
        is_known = order is not None and order.state not in WAITS and not order.awaiting
        return is_agreed and is_known

    def check(self, order_id: str) -> None:
        """Ours is theirs, and it was asked for once."""
        ours, theirs = self.order(order_id), self.venue.orders.get(order_id)
        assert self.venue.submits.get(order_id, 0) <= 1
        if theirs is None:
            assert ours.state is OrderState.CANCELED
            return
        assert ours.state == theirs["state"], (order_id, ours)
        if theirs["state"] == "open":
            assert (str(ours.price), ours.size) == (theirs["price"], Decimal(theirs["size"]))


@asynccontextmanager
async def open_rig() -> AsyncIterator[Rig]:
    clock, server, markets = SystemClock(), Server(), ScriptedMarkets()
    markets.instruments[FQME] = msgspec.structs.replace(INSTRUMENT, fqme=FQME)
    markets.now = clock.now_ns()
    markets.set_quote(FQME)
    async with trio.open_nursery() as nursery, open_services(clock) as services:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, server.serve, [listener])
        async with open_proxy(listener.socket.getsockname()[1]) as proxy:
            options = {"port": str(proxy.port)}
            broker = ScriptedBroker(
                BrokerSettings(name="scripted", clock=clock, options=options, data_dir=None)
            )

            async def get_broker(name: str) -> Broker:
                return broker

            rig = Rig(proxy, server.venue)
            rig.router = router = Router(
                journal=MemoryJournal(),
                clock=clock,
                publish=rig.hear,
                markets=markets,
                accounts=[Account(name="main", broker="scripted")],
                get_broker=get_broker,
            )
            await services.start("router", router.run, critical=True)
            router.open_accounts()
            await rig.until(lambda: rig.account is not None and rig.account.state == "agreed")
            yield rig
            await services.stop_all()
        nursery.cancel_scope.cancel()


async def exchange(rig: Rig, order_id: str) -> None:
    """An order, another price, and its end, whatever happens to them on the way."""
    rig.submit(order_id)
    await rig.settled(order_id)
    rig.check(order_id)
    if rig.order(order_id).state is OrderState.OPEN:
        rig.router.handle(Amend(order_id=order_id, price=Decimal(99)))
        await rig.settled(order_id)
        rig.check(order_id)
    # As often as it takes: a cancel that was lost may be asked for again, an order may not.
    while rig.order(order_id).is_working:
        rig.router.handle(Cancel(order_id=order_id))
        await rig.settled(order_id)
        rig.check(order_id)


async def length_of_exchange(rig: Rig, way: Way) -> int:
    before = rig.proxy.faults.passed[way]
    await exchange(rig, "measured")  # a name as long as those of the others
    return rig.proxy.faults.passed[way] - before


@pytest.mark.slow
@pytest.mark.parametrize("way", ["up", "down"])
async def test_cut_after_any_number_of_bytes_an_order_ends_as_the_venue_has_it(
    way: Way, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        length = await length_of_exchange(rig, way)
        connections = rig.proxy.connections
        for number in range(length):
            rig.proxy.faults.cut_after[way] = number
            await exchange(rig, f"cut-{number:04}")
            rig.proxy.faults.cut_after.clear()

        assert length > 200
        assert rig.proxy.connections >= connections + length  # each was cut


@pytest.mark.parametrize("way", ["up", "down"])
async def test_what_stalls_is_unknown_and_what_comes_late_counts(
    way: Way, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.proxy.faults.stalled.add(way)
        rig.submit("o1")
        await rig.router.wait_idle()
        await trio.sleep(100)
        assert rig.order("o1").state is OrderState.UNKNOWN
        rig.proxy.faults.stalled.clear()
        rig.proxy.faults.go_on()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").state is OrderState.OPEN
        assert rig.venue.submits == {"o1": 1}


async def test_what_is_slow_is_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    async with open_rig() as rig:
        rig.proxy.faults.bytes_per_s = 200.0
        began = trio.current_time()
        await exchange(rig, "o1")

        assert trio.current_time() - began > 4.0
        assert rig.order("o1").state is OrderState.CANCELED
        assert rig.venue.submits == {"o1": 1}
        states: list[Message] = list(rig.venue.orders.values())
        assert [order["state"] for order in states] == ["canceled"]
