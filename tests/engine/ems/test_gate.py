"""What the gate lets pass to a venue, and by which check it holds the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.broker import Capabilities
from engine.clock import NANOS
from engine.messages import (
    Amend,
    Break,
    OrderState,
    OrderUpdate,
    RequestRefused,
)
from tests.support.orders import LIVE_LIMITS, open_desk, opened
from tests.support.venue import FQME


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"account": "nobody"}, "account"),
        ({"account": "other"}, "account"),
        ({"account": "narrow"}, "account"),
        ({"account": "bare"}, "limits"),
        ({"fqme": "nosuch.spot.test"}, "market"),
        ({"price": None}, "shape"),
        ({"size": Decimal("NaN")}, "size"),
        ({"size": Decimal("0.0005")}, "min_size"),
        ({"size": Decimal("1.0005")}, "size_step"),
        ({"size": Decimal(1001)}, "max_size"),
        ({"size": Decimal(11)}, "max_order_size"),
        ({"price": Decimal("100.001")}, "price_tick"),
        ({"price": Decimal("111")}, "price_band"),
        ({"size": Decimal("0.01")}, "min_notional"),
        ({"size": Decimal("10"), "price": Decimal("100.01")}, "max_order_notional"),
    ],
)
async def test_each_check_denies_with_its_name_and_nothing_is_sent(
    fields: dict[str, Any], check: str
) -> None:
    async with open_desk(limits=LIVE_LIMITS) as desk:
        order_id = desk.submit(**fields)
        await desk.router.wait_idle()

        denied = desk.denial(order_id)
        assert denied.check == check
        assert denied.reason
        assert denied.limit
        assert denied.value
        assert desk.order(order_id).state is OrderState.DENIED
        assert desk.venue.calls == []


async def test_open_orders_and_stale_data_are_denied() -> None:
    async with open_desk(limits=LIVE_LIMITS) as desk:
        for _ in range(3):
            await opened(desk)
        one_too_many = desk.submit()
        await desk.router.wait_idle()
        desk.markets.now += 6 * NANOS
        stale = desk.submit()
        await desk.router.wait_idle()

        assert desk.denial(one_too_many).check == "max_open_orders"
        denied = desk.denial(stale)
        assert (denied.check, denied.limit, denied.value) == ("stale_quote", "5 s", "6.0 s")


async def test_a_broken_stream_denies_until_it_resumes() -> None:
    async with open_desk() as desk:
        desk.tick(Break(FQME, "gap"))
        first = desk.submit()
        await desk.router.wait_idle()
        desk.tick(desk.trade(100.0))
        second = desk.submit()
        await desk.router.wait_idle()

        assert desk.denial(first).check == "stale_quote"
        assert desk.order(second).state is OrderState.OPEN


async def test_what_the_venue_cannot_do_is_denied_here() -> None:
    plain = Capabilities(
        can_trade=True,
        order_types=frozenset({"limit"}),
        times_in_force=frozenset({"gtc"}),
    )
    async with open_desk(capabilities=plain) as desk:
        ids = [
            desk.submit(order_type="market"),
            desk.submit(time_in_force="ioc"),
            desk.submit(post_only=True),
        ]
        order_id = await opened(desk)
        desk.router.handle(Amend(order_id=order_id, price=Decimal(99)))
        await desk.router.wait_idle()

        assert [desk.denial(denied).check for denied in ids] == ["capability"] * 3
        refused = desk.told(OrderUpdate)[-1].event
        assert isinstance(refused, RequestRefused)
        assert refused.check == "capability"
