"""What becomes of each command and touch: dark orders, amends, cancels and exits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from engine.ems.risk import RiskLimits
from engine.messages import (
    Amend,
    Ask,
    Bid,
    Break,
    Cancel,
    CancelAll,
    CommandRefused,
    Fill,
    Flatten,
    Notice,
    OrderState,
    OrderUpdate,
    RequestRefused,
)
from tests.support.orders import LIVE_LIMITS, AutojumpClock, Desk, hold, open_desk, opened
from tests.support.venue import FQME

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


async def test_a_moved_trigger_is_no_limit_for_what_was_sent_meanwhile() -> None:
    async with open_desk() as desk:
        order_id = await dark(desk, "105")
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()
        sent_at = desk.order(order_id).price
        for size in (None, Decimal(2)):
            amend = Amend(order_id=order_id, price=Decimal(109), size=size, of_trigger=True)
            desk.router.handle(amend)
        await desk.router.wait_idle()

        assert (desk.order(order_id).price, desk.order(order_id).size) == (sent_at, 1)
        assert desk.order(order_id).reason == "its trigger was touched meanwhile"
        assert desk.venue.calls == [("submit", order_id)]


# -- amend and cancel --------------------------------------------------------------------------


async def test_an_order_that_waits_for_its_account_is_not_amended_before_it_is_sent(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as before:
        await hold(before, "1")

        async def fills(since_ns: int) -> list[Fill]:
            await trio.sleep(3)
            return []

        before.venue.fills = fills  # type: ignore[method-assign]
    async with open_desk(before=before) as desk:
        desk.venue.calls.clear()
        desk.submit("x")
        desk.router.handle(Amend(order_id="x", price=Decimal(98)))
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", "x")]
        assert desk.order("x").price == 100
        (refused,) = [
            update.event
            for update in desk.told(OrderUpdate)
            if isinstance(update.event, RequestRefused)
        ]
        assert (refused.check, refused.value) == ("state", "pending")


async def test_amends_price_and_size() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.router.handle(Amend(order_id=order_id, price=Decimal(98), size=Decimal(2)))
        await desk.router.wait_idle()

        order = desk.order(order_id)
        assert (order.price, order.size, order.awaiting) == (98, 2, "")


async def test_quick_amends_are_sent_one_at_a_time_and_only_the_newest(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.ack_delay_s = 1.0
        for price in range(90, 100):
            desk.router.handle(Amend(order_id=order_id, price=Decimal(price)))
            await desk.settle()
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", order_id), ("amend", order_id), ("amend", order_id)]
        assert desk.order(order_id).price == 99


async def test_calls_of_one_order_are_made_one_after_the_other(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.delay_s = {"submit": 2.0, "amend": 2.0, "cancel": 2.0}
        order_id = desk.submit()
        desk.router.handle(Amend(order_id=order_id, price=Decimal(99)))
        await trio.sleep(2.5)
        desk.router.handle(Amend(order_id=order_id, price=Decimal(98)))
        await trio.sleep(0.1)
        desk.router.handle(Cancel(order_id=order_id))
        await desk.router.wait_idle()

        assert desk.venue.at_once[order_id] == 1
        assert desk.venue.calls[-1] == ("cancel", order_id)
        assert desk.order(order_id).state is OrderState.CANCELED


async def test_a_cancel_does_not_wait_for_the_acknowledgement(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.drop_acks = {"submit"}
        order_id = desk.submit()
        await desk.settle()
        desk.router.handle(Cancel(order_id=order_id))
        await desk.settle()

        assert desk.order(order_id).state is OrderState.CANCELED
        assert trio.current_time() == 0


async def test_a_cancel_that_is_asked_for_again_is_sent_once(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.ack_delay_s = 1.0
        for _ in range(3):
            desk.router.handle(Cancel(order_id=order_id))
            await trio.sleep(0.1)
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", order_id), ("cancel", order_id)]


async def test_a_cancel_is_on_record_before_the_venue_sees_it_though_a_call_is_under_way(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await opened(desk)
        desk.venue.delay_s["submit"] = 1.0
        order_id = desk.submit()
        await desk.settle()
        desk.journal.delay_s = 4.0
        desk.router.handle(Cancel(order_id=order_id))
        await trio.sleep(3.9)
        before = list(desk.venue.calls)
        await desk.router.wait_idle()

        assert ("cancel", order_id) not in before
        assert desk.venue.calls[-1] == ("cancel", order_id)


async def test_an_order_canceled_before_it_left_never_leaves(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.login_delay_s = 5.0
        order_id = desk.submit()
        await desk.settle()
        desk.router.handle(Cancel(order_id=order_id))
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "canceled"]
        assert desk.venue.calls == []


async def test_a_cancel_without_an_answer_leaves_the_order_unknown_until_there_is_one(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.drop_acks = {"cancel"}
        desk.router.handle(Cancel(order_id=order_id))
        await desk.router.wait_idle()
        lost = desk.order(order_id)
        desk.venue.fill(order_id, "0.1", "100")
        await desk.router.wait_idle()
        filled = desk.order(order_id)
        desk.venue.drop_acks = set()
        desk.router.handle(Cancel(order_id=order_id))
        await desk.router.wait_idle()

        assert (lost.state, lost.awaiting) == (OrderState.UNKNOWN, "cancel")
        assert (filled.state, filled.filled) == (OrderState.UNKNOWN, Decimal("0.1"))
        assert desk.order(order_id).state is OrderState.CANCELED
        assert [name for name, _ in desk.venue.calls] == ["submit", "cancel", "cancel"]


@pytest.mark.parametrize("switch", ["reject", "reject_later"])
@pytest.mark.parametrize("request_name", ["amend", "cancel"])
async def test_a_refused_request_leaves_the_order_as_it_was(switch: str, request_name: str) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        getattr(desk.venue, switch)[request_name] = "too late"
        command = (
            Amend(order_id=order_id, price=Decimal(99))
            if request_name == "amend"
            else Cancel(order_id=order_id)
        )
        desk.router.handle(command)
        await desk.router.wait_idle()

        order = desk.order(order_id)
        assert (order.state, order.price, order.awaiting) == (OrderState.OPEN, 100, "")
        assert order.reason == "too late"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"size": Decimal("0.4")}, "size"),
        ({"size": Decimal("NaN")}, "size"),
        ({"size": Decimal("1.00001")}, "size_step"),
        ({"price": Decimal("99.999")}, "price_tick"),
        ({"price": Decimal("NaN")}, "price"),
        ({"price": Decimal(200)}, "price_band"),
        ({"size": Decimal(11)}, "max_order_size"),
    ],
)
async def test_an_amend_passes_the_checks_of_a_new_order(
    changes: dict[str, Any], check: str
) -> None:
    async with open_desk(limits=LIVE_LIMITS) as desk:
        order_id = await opened(desk)
        desk.venue.fill(order_id, "0.5", "100")
        await desk.router.wait_idle()
        desk.router.handle(Amend(order_id=order_id, **changes))
        await desk.router.wait_idle()

        refused = desk.told(OrderUpdate)[-1].event
        assert isinstance(refused, RequestRefused)
        assert (refused.request, refused.check) == ("amend", check)
        assert refused.limit
        assert refused.value
        assert desk.venue.calls == [("submit", order_id)]


async def test_an_unknown_order_cannot_be_amended(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        desk.venue.drop_acks = {"submit"}
        order_id = desk.submit()
        await desk.router.wait_idle()
        desk.router.handle(Amend(order_id=order_id, price=Decimal(99)))
        await desk.router.wait_idle()

        refused = desk.told(OrderUpdate)[-1].event
        assert isinstance(refused, RequestRefused)
        assert refused.check == "state"
        assert desk.order(order_id).state is OrderState.UNKNOWN


@pytest.mark.parametrize("command", [Amend(order_id="x"), Cancel(order_id="x")])
async def test_a_command_for_an_order_that_is_not_there_is_refused(command: Any) -> None:
    async with open_desk() as desk:
        desk.router.handle(command)
        await desk.router.wait_idle()

        (refused,) = desk.told(CommandRefused)
        assert (refused.check, refused.value) == ("order", "x")


async def test_cancel_all_cancels_what_works_in_its_market_and_account() -> None:
    async with open_desk() as desk:
        live = await opened(desk)
        dark = desk.submit(route="dark", price=None, trigger_price=Decimal(110))
        desk.router.handle(CancelAll(fqme="ethusdt.spot.test"))
        await desk.router.wait_idle()
        kept = [order.order_id for order in desk.router.working()]
        desk.router.handle(CancelAll(fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert kept == [live, dark]
        assert desk.router.working() == ()


async def test_shutting_down_waits_for_cancels_and_says_what_is_left(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await opened(desk)
        stuck = await opened(desk)
        desk.venue.delay_s["cancel"] = 1.0
        desk.venue.working.pop(stuck)
        left = await desk.router.cancel_all_and_wait(5.0)
        waited = trio.current_time()
        await opened(desk)
        desk.venue.drop_acks = {"cancel"}
        lost = await desk.router.cancel_all_and_wait(5.0)

        assert left == ()
        assert waited == pytest.approx(1.0, abs=0.1)
        assert [order.awaiting for order in lost] == ["cancel"]


# -- flatten -----------------------------------------------------------------------------------


async def test_flatten_cancels_first_and_closes_what_is_held_then(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        resting = await opened(desk)
        desk.venue.delay_s["cancel"] = 1.0
        desk.venue.fill_after_cancel = Decimal("0.25")
        desk.router.handle(Flatten(order_id="exit", fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert [call for call in desk.venue.calls if call[1] in (resting, "exit")] == [
            ("submit", resting),
            ("cancel", resting),
            ("submit", "exit"),
        ]
        exit_order = desk.order("exit")
        assert (exit_order.side, exit_order.order_type) == ("sell", "market")
        assert exit_order.size == Decimal("2.25")


async def test_flatten_does_not_wait_for_ever_for_a_cancel(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        await hold(desk, "2", "sell")
        resting = await opened(desk)
        desk.venue.drop_acks = {"cancel"}
        desk.router.handle(Flatten(order_id="exit", fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert desk.order(resting).state is OrderState.UNKNOWN
        assert (desk.order("exit").side, desk.order("exit").size) == ("buy", 2)
        assert resting in desk.told(Notice)[-1].text


async def test_flatten_of_nothing_sends_nothing() -> None:
    async with open_desk() as desk:
        desk.router.handle(Flatten(order_id="exit", fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert desk.venue.calls == []
        assert "holds nothing" in desk.told(Notice)[-1].text


@pytest.mark.parametrize(
    ("changes", "check"), [({"account": "nobody"}, "account"), ({"order_id": "o1"}, "order")]
)
async def test_flatten_that_makes_no_sense_is_refused(changes: dict[str, Any], check: str) -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        fields = {"order_id": "exit", "fqme": FQME, "account": "main", **changes}
        desk.router.handle(Flatten(**fields))
        await desk.router.wait_idle()

        assert [refused.check for refused in desk.told(CommandRefused)] == [check]
        assert len(desk.venue.calls) == 1


async def test_flatten_gets_out_of_more_than_the_limits_allow_and_only_once() -> None:
    async with open_desk(limits=LIVE_LIMITS) as desk:
        await hold(desk, "9")
        await hold(desk, "9")
        for _ in range(2):
            desk.router.handle(Flatten(order_id="exit", fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert desk.order("exit").size == 18
        assert desk.venue.calls.count(("submit", "exit")) == 1


def exits(desk: Desk) -> list[str]:
    """Exits that the venue was asked for."""
    return [
        order_id for name, order_id in desk.venue.calls if name == "submit" and order_id[0] == "x"
    ]


@pytest.mark.parametrize("later_s", [0.0, 0.5], ids=["at once", "while an order is canceled"])
async def test_a_second_flatten_does_not_flip_the_position(
    later_s: float, autojump_clock: AutojumpClock
) -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        if later_s:
            await opened(desk)
            desk.venue.ack_delay_s = 1.0
        desk.router.handle(Flatten(order_id="x1", fqme=FQME, account="main"))
        await trio.sleep(later_s)
        desk.router.handle(Flatten(order_id="x2", fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert exits(desk) == ["x1"]
        (refused,) = desk.told(CommandRefused)
        assert (refused.check, refused.value) == ("exit", "x2")


async def test_an_exit_of_unknown_outcome_is_not_sent_a_second_time(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        desk.venue.drop_acks = {"submit", "cancel"}
        desk.router.handle(Flatten(order_id="x1", fqme=FQME, account="main"))
        await desk.router.wait_idle()
        desk.router.handle(Flatten(order_id="x2", fqme=FQME, account="main"))
        await desk.router.wait_idle()
        desk.venue.fill("x1", "2", "100")
        await desk.router.wait_idle()

        assert exits(desk) == ["x1"]
        assert "x1 may close the position still" in desk.told(CommandRefused)[0].reason
        assert desk.router.blotter.position("main", FQME).size == 0


async def test_a_market_can_be_left_again_once_the_exit_is_over(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        desk.venue.reject = {"submit": "no"}
        desk.router.handle(Flatten(order_id="x1", fqme=FQME, account="main"))
        await desk.router.wait_idle()
        desk.venue.recover()
        desk.router.handle(Flatten(order_id="x2", fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert exits(desk) == ["x1", "x2"]
        assert desk.told(CommandRefused) == []


@pytest.mark.parametrize("of", ["submit", "amend"])
async def test_an_amend_that_waits_keeps_what_the_one_before_it_asked(
    of: str, autojump_clock: AutojumpClock
) -> None:
    async with open_desk() as desk:
        desk.venue.ack_delay_s = 1.0
        order_id = desk.submit()
        await trio.sleep(0.5 if of == "submit" else 1.5)
        desk.router.handle(Amend(order_id=order_id, price=Decimal(98)))
        await trio.sleep(0.1)
        desk.router.handle(Amend(order_id=order_id, size=Decimal(2)))
        await desk.router.wait_idle()

        assert (desk.order(order_id).price, desk.order(order_id).size) == (98, 2)
