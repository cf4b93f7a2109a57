"""The way of an order through the router, against a venue that does what it is told."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from engine.ems.journal import Executed, Intent
from engine.ems.risk import RiskLimits
from engine.errors import ServiceFailed
from engine.messages import (
    Accepted,
    AccountUpdate,
    AlertUpdate,
    Amended,
    Cancel,
    CancelAll,
    Canceled,
    Filled,
    FillReport,
    GuardsUpdate,
    Notice,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    SetAlert,
    Watch,
)
from tests.support.orders import AutojumpClock, open_desk, opened
from tests.support.venue import FQME

# -- new orders --------------------------------------------------------------------------------


async def test_an_order_is_pending_then_open_then_filled() -> None:
    async with open_desk() as desk:
        order_id = desk.submit()
        await desk.router.wait_idle()
        desk.venue.fill(order_id, "0.4", "100")
        desk.venue.fill(order_id, "0.6", "99.5")
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "open", "partial", "filled"]
        assert desk.order(order_id).average_price == Decimal("99.7")
        assert [report.fill.size for report in desk.told(FillReport)] == [
            Decimal("0.4"),
            Decimal("0.6"),
        ]
        assert desk.told(PositionUpdate)[-1].position.size == 1


async def test_the_intent_is_on_record_before_the_venue_sees_it() -> None:
    async with open_desk() as desk:
        desk.journal.delay_s = 0.0
        order_id = desk.submit()
        await desk.router.wait_idle()

        first = desk.journal.records()[0].entry
        assert isinstance(first, Intent)
        assert first.order.order_id == order_id
        assert desk.journal.calls_before[0] == 0


async def test_nothing_is_sent_or_shown_while_the_journal_writes(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.journal.delay_s = 3.0
        desk.submit()
        await trio.sleep(2.9)
        before = (list(desk.venue.calls), list(desk.events))
        await desk.router.wait_idle()

        assert before == ([], [])
        assert desk.venue.calls == [("submit", "o1")]


async def test_a_journal_that_fails_stops_trading() -> None:
    calls: list[Any] = []

    async def trade() -> None:
        async with open_desk() as desk:
            desk.venue.calls = calls
            desk.journal.error = OSError("disk full")
            desk.submit()
            await trio.sleep_forever()

    with pytest.raises(ServiceFailed, match="disk full"):
        await trade()

    assert calls == []


async def test_one_intent_is_one_order_however_often_it_is_submitted() -> None:
    async with open_desk() as desk:
        intent = desk.intent("same")
        for _ in range(3):
            desk.router.handle(intent)
        await desk.router.wait_idle()
        desk.router.handle(intent)
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", "same")]
        assert len(desk.router.working()) == 1


async def test_a_slow_order_does_not_hold_up_another(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        await opened(desk)
        desk.venue.delay_s["submit"] = 8.0
        slow = desk.submit()
        await desk.settle()
        desk.venue.delay_s.clear()
        quick = desk.submit()
        await desk.settle()

        assert desk.order(slow).state is OrderState.PENDING
        assert desk.order(quick).state is OrderState.OPEN


async def test_calls_begin_in_the_order_in_which_they_were_decided() -> None:
    async with open_desk() as desk:
        await opened(desk)
        ids = [desk.submit() for _ in range(20)]
        await desk.router.wait_idle()
        desk.router.handle(CancelAll())
        await desk.router.wait_idle()

        asked = [order_id for _, order_id in desk.venue.calls]
        assert asked == ["o1", *ids, "o1", *ids]


async def test_orders_that_wait_for_a_login_go_out_in_their_order(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.login_delay_s = 2.0
        ids = [desk.submit() for _ in range(5)]
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", order_id) for order_id in ids]
        assert {desk.order(order_id).state for order_id in ids} == {OrderState.OPEN}


async def test_an_order_is_denied_if_its_account_cannot_log_in() -> None:
    async with open_desk() as desk:
        desk.venue.refuse_login = "wrong key\x1b[2J"
        order_id = desk.submit()
        await desk.router.wait_idle()

        denied = desk.denial(order_id)
        assert denied.check == "account"
        assert denied.reason == "wrong key\ufffd[2J"
        assert desk.venue.calls == []


async def test_an_order_is_denied_if_its_account_takes_too_long(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.login_delay_s = 60.0
        order_id = desk.submit()
        await desk.router.wait_idle()

        assert "10 s" in desk.denial(order_id).reason
        assert trio.current_time() == pytest.approx(10.0, abs=0.1)


# -- answers that are odd, late or missing -----------------------------------------------------


async def test_a_fill_may_overtake_the_acknowledgement() -> None:
    async with open_desk() as desk:
        desk.venue.fill_before_ack = True
        order_id = desk.submit()
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "filled"]
        assert desk.told(Notice) == []


async def test_a_fill_may_cross_a_cancel() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.fill_after_cancel = Decimal("0.3")
        desk.router.handle(Cancel(order_id=order_id))
        await desk.router.wait_idle()

        order = desk.order(order_id)
        assert (order.state, order.filled) == (OrderState.CANCELED, Decimal("0.3"))
        assert desk.router.blotter.position("main", FQME).size == Decimal("0.3")


async def test_everything_said_twice_counts_once() -> None:
    async with open_desk() as desk:
        desk.venue.duplicate = True
        order_id = desk.submit()
        await desk.router.wait_idle()
        desk.venue.fill(order_id, "0.5", "100")
        desk.router.handle(Cancel(order_id=order_id))
        await desk.router.wait_idle()

        assert desk.order(order_id).filled == Decimal("0.5")
        assert len(desk.told(FillReport)) == 1
        assert sum(isinstance(r.entry, Executed) for r in desk.journal.records()) == 1
        assert desk.told(Notice) == []


@pytest.mark.parametrize(
    "nonsense",
    [
        {"size": Decimal("NaN")},
        {"size": Decimal(0)},
        {"size": Decimal(-1)},
        {"price": Decimal("1e9999")},
        {"price": Decimal("sNaN")},
        {"fee": Decimal("Infinity")},
    ],
)
async def test_numbers_that_are_none_change_nothing_and_are_told(
    nonsense: dict[str, Decimal],
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        before = desk.router.snapshot()
        fields = {"price": Decimal(100), "size": Decimal(1), **nonsense}
        desk.venue.say(Filled(order_id=order_id, trade_id="t", **fields))
        fee = fields.pop("fee", None)
        if fee is None:
            desk.venue.say(Amended(order_id=order_id, **fields))
        await desk.router.wait_idle()

        assert desk.router.snapshot() == before
        assert {notice.level for notice in desk.told(Notice)} == {"error"}


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        "Filled",
        Accepted(order_id=["o1"]),  # type: ignore[arg-type]
        Filled(order_id="o1", trade_id="t", size=1.0, price=100.0),  # type: ignore[arg-type]
        Filled(order_id="o1", trade_id="t", size=Decimal(1), price=None),  # type: ignore[arg-type]
        Amended(order_id="o1", price=None, size=None),  # type: ignore[arg-type]
    ],
)
async def test_what_a_broker_should_never_report_is_told_and_orders_go_on(nonsense: Any) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        before = desk.order(order_id)
        desk.venue.say(nonsense)
        await desk.router.wait_idle()

        assert desk.order(order_id) == before
        assert [notice.level for notice in desk.told(Notice)] == ["error"]
        await opened(desk)


async def test_a_trade_id_with_other_values_changes_nothing_and_is_told() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.fill(order_id, "0.5", "100", trade_id="t")
        await desk.router.wait_idle()
        before = desk.router.snapshot()
        desk.venue.fill(order_id, "0.5", "101", trade_id="t")
        await desk.router.wait_idle()

        assert desk.router.snapshot() == before
        (notice,) = desk.told(Notice)
        assert notice.level == "error"
        assert "other values" in notice.text


async def test_no_answer_makes_an_order_unknown_and_never_sends_it_again(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.drop_acks = {"submit"}
        desk.venue.hides_orders = True
        order_id = desk.submit()
        await trio.sleep(9.9)
        early = desk.order(order_id).state
        await trio.sleep(3600)

        assert early is OrderState.PENDING
        assert desk.order(order_id).state is OrderState.UNKNOWN
        assert "10 s" in desk.order(order_id).reason
        assert desk.venue.calls == [("submit", order_id)]


async def test_a_call_that_hangs_makes_an_order_unknown(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        desk.venue.delay_s["submit"] = 600.0
        order_id = desk.submit()
        await desk.router.wait_idle()

        assert desk.order(order_id).state is OrderState.UNKNOWN


async def test_a_broken_connection_makes_an_order_unknown() -> None:
    async with open_desk() as desk:
        desk.venue.lose = {"submit"}
        order_id = desk.submit()
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "unknown"]
        assert desk.order(order_id).reason == "the connection broke"


@pytest.mark.parametrize(
    ("evidence", "state"),
    [
        (lambda order_id: Accepted(order_id=order_id), "open"),
        (lambda order_id: Canceled(order_id=order_id), "canceled"),
        (
            lambda order_id: Filled(
                order_id=order_id, trade_id="t", price=Decimal(100), size=Decimal(1)
            ),
            "filled",
        ),
    ],
)
async def test_late_evidence_resolves_an_unknown_order(
    autojump_clock: AutojumpClock, evidence: Callable[[str], Any], state: str
) -> None:
    async with open_desk() as desk:
        desk.venue.drop_acks = {"submit"}
        desk.venue.hides_orders = True
        order_id = desk.submit()
        await desk.router.wait_idle()
        await trio.sleep(100)
        desk.venue.say(evidence(order_id))
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "unknown", state]


async def test_an_answer_after_the_call_in_time_is_an_answer(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.ack_delay_s = 9.5
        order_id = desk.submit()
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "open"]


@pytest.mark.parametrize("switch", ["reject", "reject_later"])
async def test_a_venue_that_says_no_rejects(switch: str) -> None:
    async with open_desk() as desk:
        getattr(desk.venue, switch)["submit"] = "margin"
        order_id = desk.submit()
        await desk.router.wait_idle()

        assert desk.states(order_id) == ["pending", "rejected"]
        assert desk.order(order_id).reason == "margin"


async def test_an_event_that_cannot_be_is_told_and_changes_nothing() -> None:
    async with open_desk() as desk:
        desk.venue.reject["submit"] = "no"
        order_id = desk.submit()
        await desk.router.wait_idle()
        desk.venue.say(Canceled(order_id=order_id))
        desk.venue.say(Accepted(order_id="stranger"))
        await desk.router.wait_idle()

        assert desk.order(order_id).state is OrderState.REJECTED
        assert [notice.level for notice in desk.told(Notice)] == ["error", "warning"]


async def test_an_unknown_order_keeps_its_exposure_reserved(
    autojump_clock: AutojumpClock,
) -> None:
    limits = RiskLimits(max_position_notional=Decimal(150))
    async with open_desk(limits=limits) as desk:
        desk.venue.drop_acks = {"submit"}
        desk.submit()
        await desk.router.wait_idle()
        desk.venue.drop_acks = set()
        second = desk.submit()
        await desk.router.wait_idle()
        desk.venue.say(Canceled(order_id="o1"))
        third = desk.submit()
        await desk.router.wait_idle()

        denied = desk.denial(second)
        assert (denied.check, denied.limit, denied.value) == (
            "max_position_notional",
            "150",
            "200",
        )
        assert desk.order(third).state is OrderState.OPEN


# -- a deck that attaches ----------------------------------------------------------------------


async def test_a_snapshot_tells_everything_that_was_told() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.fill(order_id, "0.5", "100", fee="0.1")
        desk.router.handle(SetAlert(alert_id="a", fqme=FQME, price=Decimal(110)))
        await desk.router.wait_idle()
        snapshot = desk.router.snapshot()

        kinds = [type(event) for event in snapshot]
        assert kinds == [
            OrderUpdate,
            FillReport,
            PositionUpdate,
            AlertUpdate,
            AccountUpdate,
            GuardsUpdate,
        ]
        assert snapshot[0] == OrderUpdate(order=desk.order(order_id))
        assert snapshot[2] == desk.told(PositionUpdate)[-1]


async def test_a_snapshot_leaves_out_what_is_not_on_record_yet(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        before = desk.router.snapshot()
        desk.journal.delay_s = 2.0
        desk.venue.fill(order_id, "1", "100")
        await trio.sleep(1.0)
        meanwhile = desk.router.snapshot()
        await desk.router.wait_idle()

        assert desk.order(order_id).state is OrderState.FILLED
        assert meanwhile == before
        assert len(desk.router.snapshot()) == len(before) + 2


async def test_commands_that_are_not_about_orders_are_an_error() -> None:
    async with open_desk() as desk:
        with pytest.raises(TypeError, match="Watch"):
            desk.router.handle(Watch(fqmes=(FQME,)))
