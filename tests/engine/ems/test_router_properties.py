"""Whatever happens in whatever order: what must stay true of the router."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.accounting.positions import signed
from engine.ems.journal import Intent
from engine.messages import (
    Amend,
    Cancel,
    CancelAll,
    Filled,
    FillReport,
    Flatten,
    OrderState,
    OrderUpdate,
    Triggered,
)
from tests.support.histories import histories
from tests.support.orders import Desk, open_desk
from tests.support.venue import FQME

ORDERS = st.integers(0, 4).map(lambda number: f"o{number}")
PRICES = st.integers(90, 110).map(Decimal)
SIZES = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(3)])
SIDES = st.sampled_from(["buy", "sell"])
REQUESTS = st.sampled_from(["submit", "amend", "cancel"])

STEPS = st.one_of(
    st.tuples(st.just("submit"), ORDERS, SIDES, SIZES, PRICES),
    st.tuples(st.just("dark"), ORDERS, SIDES, SIZES, PRICES),
    st.tuples(st.just("amend"), ORDERS, SIZES, PRICES),
    st.tuples(st.just("cancel"), ORDERS),
    st.tuples(st.just("cancel all")),
    st.tuples(st.just("flatten"), st.sampled_from(["x1", "x2"])),
    st.tuples(st.just("trade"), PRICES),
    st.tuples(st.just("fill"), ORDERS, SIZES, st.integers(0, 6)),
    st.tuples(st.just("drop"), REQUESTS),
    st.tuples(st.just("lose"), REQUESTS),
    st.tuples(st.just("refuse"), REQUESTS),
    st.tuples(st.just("slow"), REQUESTS, st.sampled_from([0.5, 20.0])),
    st.tuples(st.just("well")),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.3, 11.0])),
)


async def take(desk: Desk, step: tuple[Any, ...]) -> None:
    venue, router = desk.venue, desk.router
    match step:
        case ("submit", order_id, side, size, price):
            desk.submit(order_id, side=side, size=size, price=price)
        case ("dark", order_id, side, size, price):
            fields = {"route": "dark", "price": None, "trigger_price": price}
            desk.submit(order_id, side=side, size=size, **fields)
        case ("amend", order_id, size, price):
            router.handle(Amend(order_id=order_id, size=size, price=price))
        case ("cancel", order_id):
            router.handle(Cancel(order_id=order_id))
        case ("cancel all",):
            router.handle(CancelAll())
        case ("flatten", order_id):
            router.handle(Flatten(order_id=order_id, fqme=FQME, account="main"))
        case ("trade", price):
            desk.tick(desk.trade(float(price)))
        case ("fill", order_id, size, number) if venue.is_logged_in:
            trade_id = f"{order_id}-{number}"
            fill = Filled(order_id=order_id, trade_id=trade_id, price=Decimal(100), size=size)
            venue.say(fill)
        case ("drop", name):
            venue.drop_acks.add(name)
        case ("lose", name):
            venue.lose.add(name)
        case ("refuse", name):
            venue.reject[name] = "no"
        case ("slow", name, seconds):
            venue.delay_s[name] = seconds
        case ("well",):
            venue.recover()
        case ("wait", seconds):
            await trio.sleep(seconds)


def check(desk: Desk) -> None:
    calls = Counter(desk.venue.calls)
    assert all(calls["submit", order_id] <= 1 for order_id in desk.router.blotter.orders)
    assert all(count == 1 for count in desk.venue.at_once.values())
    intents = [
        r.entry.order.order_id for r in desk.journal.records() if isinstance(r.entry, Intent)
    ]
    assert len(intents) == len(set(intents))
    assert {order_id for name, order_id in desk.venue.calls if name == "submit"} <= set(intents)

    fills = [report.fill for report in desk.told(FillReport)]
    assert len({fill.trade_id for fill in fills}) == len(fills)
    held = sum((signed(fill.side, fill.size) for fill in fills), Decimal(0))
    assert desk.router.blotter.position("main", FQME).size == held

    for order_id, order in desk.router.blotter.orders.items():
        mine = [fill.size for fill in fills if fill.order_id == order_id]
        assert order.filled == sum(mine)
        updates = [u for u in desk.told(OrderUpdate) if u.order.order_id == order_id]
        assert updates[-1].order == order
        assert sum(isinstance(update.event, Triggered) for update in updates) <= 1
        # Nothing is waited for any longer.
        assert order.state not in (OrderState.PENDING, OrderState.TRIGGERED)
        if order.awaiting:
            assert order.state is OrderState.UNKNOWN


@settings(max_examples=200, deadline=None)
@given(histories(STEPS, 40))
def test_what_is_sent_once_recorded_first_and_counted_right(steps: list[tuple[Any, ...]]) -> None:
    async def run() -> None:
        async with open_desk() as desk:
            for step in steps:
                await take(desk, step)
            await desk.router.wait_idle()
            check(desk)

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
