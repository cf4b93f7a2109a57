"""What the router lets pass, and what it holds until the market is there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.broker import Capabilities
from engine.clock import NANOS
from engine.ems.risk import RiskLimits
from engine.messages import (
    AlertUpdate,
    Amend,
    Ask,
    Bid,
    Break,
    Cancel,
    CancelAlert,
    CommandRefused,
    OrderState,
    OrderUpdate,
    RequestRefused,
    SetAlert,
)
from tests.support.orders import LIVE_LIMITS, Desk, hold, open_desk, opened
from tests.support.venue import FQME

# -- risk --------------------------------------------------------------------------------------


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


# -- dark orders -------------------------------------------------------------------------------


async def dark(desk: Desk, trigger: str, **fields: Any) -> str:
    fields = {"price": None, "route": "dark", "trigger_price": Decimal(trigger), **fields}
    order_id = desk.submit(**fields)
    await desk.router.wait_idle()
    assert desk.order(order_id).state is OrderState.DARK
    return order_id


async def test_no_venue_sees_a_dark_order_until_it_is_touched_then_it_goes_through_the_market() -> (
    None
):
    async with open_desk() as desk:
        order_id = await dark(desk, "105")
        desk.tick(desk.trade(104.99))
        await desk.router.wait_idle()
        before = list(desk.venue.calls)
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()

        assert before == []
        assert desk.states(order_id) == ["pending", "dark", "triggered", "open"]
        # Five ticks of 0.01 through the ask at 101.
        assert desk.order(order_id).price == Decimal("101.05")


async def test_a_dark_sale_goes_through_the_bid() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "95", side="sell")
        desk.tick(desk.trade(94.0))
        await desk.router.wait_idle()

        assert desk.order(order_id).price == Decimal("98.95")


async def test_a_dark_order_with_its_own_price_keeps_it() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "105", price=Decimal(104))
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()

        assert desk.order(order_id).price == 104


async def test_a_trigger_fires_at_most_once() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "105")
        desk.tick(desk.trade(106.0), desk.trade(104.0), desk.trade(106.0))
        desk.tick(desk.trade(107.0))
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", order_id)]


async def test_a_trigger_waits_while_the_market_is_crossed_or_stale() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "105")
        desk.tick(Bid(FQME, 106.0, 1.0), Ask(FQME, 105.5, 1.0), desk.trade(105.5))
        desk.tick(Break(FQME, "stale"))
        desk.tick(Bid(FQME, 105.0, 1.0), Ask(FQME, 105.5, 1.0))
        await desk.router.wait_idle()
        before = list(desk.venue.calls)
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()

        assert before == []
        assert desk.venue.calls == [("submit", order_id)]


async def test_risk_is_asked_again_when_a_trigger_is_touched() -> None:
    limits = RiskLimits(max_position_notional=Decimal(250))
    async with open_desk(limits=limits) as desk:
        order_id = await dark(desk, "105")
        await hold(desk, "2")
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "dark", "triggered", "denied"]
        assert desk.denial(order_id).check == "max_position_notional"


async def test_a_dark_order_is_amended_and_canceled_here() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "105")
        desk.router.handle(Amend(order_id=order_id, price=Decimal(95), size=Decimal(2)))
        await desk.router.wait_idle()
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()
        amended = desk.order(order_id)
        desk.router.handle(Cancel(order_id=order_id))
        desk.tick(desk.trade(95.0))
        await desk.router.wait_idle()

        assert (amended.trigger_price, amended.size) == (95, 2)
        assert desk.order(order_id).state is OrderState.CANCELED
        assert desk.venue.calls == []


async def test_a_cancel_and_a_touch_in_the_same_moment_do_not_both_happen() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "105")
        desk.router.handle(Cancel(order_id=order_id))
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()
        other = await dark(desk, "110")
        desk.tick(desk.trade(110.0))
        desk.router.handle(Cancel(order_id=other))
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "dark", "canceled"]
        assert desk.states(other) == ["pending", "dark", "triggered", "canceled"]
        assert desk.venue.calls == []


async def test_an_amend_that_crosses_the_touch_is_refused_and_the_touch_counts() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "105")
        desk.router.handle(Amend(order_id=order_id, price=Decimal(110)))
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "dark", "triggered", "open"]
        refused = [
            update.event
            for update in desk.told(OrderUpdate)
            if isinstance(update.event, RequestRefused)
        ]
        assert [event.check for event in refused] == ["state"]


# -- alerts ------------------------------------------------------------------------------------


async def test_an_alert_calls_once_when_the_last_price_reaches_it() -> None:
    async with open_desk() as desk:
        desk.router.handle(SetAlert(alert_id="a", fqme=FQME, price=Decimal(90), note="x\x07"))
        await desk.router.wait_idle()
        desk.tick(desk.trade(95.0))
        desk.tick(desk.trade(89.5), desk.trade(89.0))
        await desk.router.wait_idle()

        alerts = [update.alert for update in desk.told(AlertUpdate)]
        assert [alert.state for alert in alerts] == ["armed", "triggered"]
        assert (alerts[0].direction, alerts[0].note) == ("down", "x\ufffd")
        assert alerts[1].triggered_price == 89.5


async def test_a_canceled_alert_does_not_call() -> None:
    async with open_desk() as desk:
        desk.router.handle(SetAlert(alert_id="a", fqme=FQME, price=Decimal(110)))
        desk.router.handle(CancelAlert(alert_id="a"))
        desk.router.handle(CancelAlert(alert_id="a"))
        await desk.router.wait_idle()
        desk.tick(desk.trade(111.0))
        await desk.router.wait_idle()

        assert [update.alert.state for update in desk.told(AlertUpdate)] == ["armed", "canceled"]
        assert desk.told(CommandRefused)[0].reason == "the alert is canceled"


@pytest.mark.parametrize(
    ("alert", "check"),
    [
        (SetAlert(alert_id="a", fqme="nosuch.spot.test", price=Decimal(1)), "market"),
        (SetAlert(alert_id="a", fqme=FQME, price=Decimal("NaN")), "price"),
    ],
)
async def test_an_alert_that_could_never_call_is_refused(alert: SetAlert, check: str) -> None:
    async with open_desk() as desk:
        desk.router.handle(alert)
        await desk.router.wait_idle()

        (refused,) = desk.told(CommandRefused)
        assert refused.check == check
        assert refused.limit
        assert refused.value
