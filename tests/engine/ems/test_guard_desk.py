"""Kill switch, states of trading and arming: what follows from each, also after a restart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ems.journal import KillSwitched
from engine.ems.limits import RiskLimits
from engine.messages import (
    Amend,
    ArmAccount,
    Cancel,
    CommandRefused,
    Flatten,
    GuardsUpdate,
    IcebergTerms,
    KillSwitch,
    Notice,
    Order,
    OrderState,
    ResumeAlgo,
    Reverse,
    SetTradingState,
    SubmitAlgo,
    TradingState,
)
from tests.support.orders import LIVE_LIMITS, AutojumpClock, Desk, hold, open_desk, opened
from tests.support.venue import FQME

D = Decimal
LIVE: dict[str, Any] = {"mode": "live", "limits": LIVE_LIMITS}


async def do(desk: Desk, *commands: Any) -> None:
    for command in commands:
        desk.router.handle(command)
    await desk.router.wait_idle()


def guards(desk: Desk) -> GuardsUpdate:
    """As they were told last."""
    return desk.told(GuardsUpdate)[-1]


async def sent(desk: Desk, **fields: Any) -> str:
    """The check that denies an order; empty if it passes."""
    order_id = desk.submit(**fields)
    await desk.router.wait_idle()
    if desk.order(order_id).state is not OrderState.DENIED:
        return ""
    return desk.denial(order_id).check


# -- the kill switch ---------------------------------------------------------------------------


async def test_the_kill_switch_cancels_everything_and_blocks_everything() -> None:
    async with open_desk() as desk:
        working = await opened(desk)
        dark = desk.submit(route="dark", trigger_price=D(105), price=None)
        terms = IcebergTerms(side="buy", size=D(4), price=D(99), shown=D(1))
        await do(desk, SubmitAlgo(algo_id="A", account="main", fqme=FQME, terms=terms))
        await do(desk, KillSwitch(is_on=True, note="enough"))

        assert desk.venue.working == {}
        ended = (working, dark, "A.part-1")
        assert {desk.order(one).state for one in ended} == {OrderState.CANCELED}
        assert await sent(desk) == "kill_switch"
        assert await sent(desk, route="dark", trigger_price=D(105), price=None) == "kill_switch"
        told = guards(desk)
        assert (told.is_killed, told.kill_reason, told.unconfirmed) == (True, "enough", ())
        assert told.killed_ns > 0


async def test_the_kill_switch_denies_with_reason_limit_and_value() -> None:
    async with open_desk() as desk:
        await do(desk, KillSwitch(is_on=True, note="enough"))
        order_id = desk.submit()
        await desk.router.wait_idle()

        denial = desk.denial(order_id)
        assert denial.reason == "the kill switch is on: enough"
        assert (denial.limit, denial.value) == ("off", "on")


async def test_not_even_exits_algos_and_amends_pass_while_killed() -> None:
    async with open_desk() as desk:
        await hold(desk, "1")
        desk.venue.reject_later = {"cancel": "try again"}
        working = await opened(desk)
        terms = IcebergTerms(side="buy", size=D(4), price=D(99), shown=D(1))
        await do(
            desk,
            KillSwitch(is_on=True),
            Flatten(order_id="x", fqme=FQME, account="main"),
            Reverse(order_id="y", fqme=FQME, account="main"),
            SubmitAlgo(algo_id="A", account="main", fqme=FQME, terms=terms),
            Amend(order_id=working, price=D(98)),
        )

        refused = [(one.command, one.check) for one in desk.told(CommandRefused)]
        assert refused == [
            ("flatten", "kill_switch"),
            ("reverse", "kill_switch"),
            ("submitalgo", "kill_switch"),
        ]
        assert ("amend", working) not in desk.venue.calls
        assert desk.router.blotter.position("main", FQME).size == 1


async def test_what_does_not_confirm_its_cancel_is_named_until_it_does(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.drop_acks = {"cancel"}
        desk.router.handle(KillSwitch(is_on=True))
        await trio.sleep(1)
        asked = guards(desk).unconfirmed
        await trio.sleep(20)
        unknown = (desk.order(order_id).state, guards(desk).unconfirmed)
        desk.venue.recover()
        await trio.sleep(30)  # the cancel before is given up first
        await do(desk, KillSwitch(is_on=True, note="again"))

        assert asked == (order_id,)
        assert unknown[1] == (order_id,)
        assert desk.order(order_id).state is OrderState.CANCELED
        assert guards(desk).unconfirmed == ()
        assert guards(desk).kill_reason == ""


async def test_an_order_that_outlives_a_refused_cancel_is_canceled_again(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.reject_later = {"cancel": "busy"}
        await do(desk, KillSwitch(is_on=True))
        assert desk.order(order_id).state is OrderState.OPEN
        desk.venue.recover()
        await trio.sleep(10)

        assert desk.venue.working == {}
        assert desk.order(order_id).state is OrderState.CANCELED


async def test_an_order_made_elsewhere_is_canceled_when_it_is_found_while_killed(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as before:
        await opened(before)
        before.router.handle(KillSwitch(is_on=True))
        await before.router.wait_idle()
        before.venue.working["elsewhere"] = Order(
            order_id="elsewhere",
            account="main",
            fqme=FQME,
            side="buy",
            order_type="limit",
            size=D(1),
            price=D(90),
            state=OrderState.OPEN,
        )
    async with open_desk(before=before) as desk:
        await trio.sleep(5)

        assert desk.order("elsewhere").state is OrderState.CANCELED
        assert desk.venue.working == {}


async def test_a_killed_engine_restarts_killed_and_only_a_person_lifts_it() -> None:
    async with open_desk() as before:
        await do(before, KillSwitch(is_on=True, note="enough"))
        since_ns = guards(before).killed_ns
    async with open_desk(before=before) as again:
        await again.router.wait_idle()
        denied = await sent(again)
        told = guards(again)
        await do(again, KillSwitch(is_on=False))
        lifted = guards(again)
        passes = await sent(again)
    async with open_desk(before=again) as last:
        await last.router.wait_idle()

        assert (denied, passes) == ("kill_switch", "")
        assert (told.is_killed, told.kill_reason, told.killed_ns) == (True, "enough", since_ns)
        assert not lifted.is_killed
        assert not guards(last).is_killed


async def test_a_crash_between_kill_and_cancels_still_cancels(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as before:
        order_id = await opened(before)
        before.venue.lose = {"cancel"}
        before.router.handle(KillSwitch(is_on=True))
        await trio.lowlevel.checkpoint()
        await before.settle()
    kinds = [type(record.entry) for record in before.journal.records()]
    assert KillSwitched in kinds
    before.venue.recover()
    async with open_desk(before=before) as desk:
        await trio.sleep(5)

        assert desk.venue.working == {}
        assert desk.order(order_id).state is OrderState.CANCELED


async def test_a_paused_algo_cannot_go_on_while_killed() -> None:
    async with open_desk() as desk:
        await do(desk, SetTradingState(state="halted"))
        await do(desk, ResumeAlgo(algo_id="A"))

        assert [one.check for one in desk.told(CommandRefused)] == ["algo"]


# -- states of trading -------------------------------------------------------------------------


async def test_halted_only_cancels() -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        order_id = await opened(desk)
        await do(desk, SetTradingState(state="halted", account="main", note="lunch"))
        checks = [await sent(desk), await sent(desk, side="sell", reduce_only=True)]
        await do(desk, Cancel(order_id=order_id))

        assert checks == ["state", "state"]
        assert desk.order(order_id).state is OrderState.CANCELED
        (main,) = [one for one in guards(desk).accounts if one.account == "main"]
        assert (main.state, main.reason) == ("halted", "lunch")


async def test_reducing_takes_only_what_makes_a_position_smaller() -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        await do(desk, SetTradingState(state="reducing", account="main"))

        assert await sent(desk) == "state"
        assert await sent(desk, side="sell", size=D(3), price=D(105)) == "state"
        assert await sent(desk, side="sell", size=D(1), price=D(105)) == ""
        assert await sent(desk, side="sell", size=D(2), price=D(105)) == "state"
        assert await sent(desk, side="sell", size=D(1), price=D(105)) == ""
        await do(desk, Reverse(order_id="x", fqme=FQME, account="main"))
        assert [one.check for one in desk.told(CommandRefused)] == ["state"]
        assert len(desk.venue.working) == 3  # nothing was canceled for it


@pytest.mark.parametrize(
    ("own", "of_all", "counts"),
    [
        ("active", "halted", "halted"),
        ("halted", "reducing", "halted"),
        ("reducing", "active", "reducing"),
        ("active", "active", "active"),
    ],
)
async def test_the_stricter_of_an_accounts_state_and_that_of_all_counts(
    own: TradingState, of_all: TradingState, counts: str
) -> None:
    async with open_desk() as desk:
        await do(desk, SetTradingState(state=own, account="main"), SetTradingState(state=of_all))

        told = guards(desk)
        assert told.state == of_all
        assert [one.state for one in told.accounts if one.account == "main"] == [counts]
        assert [one.state for one in told.accounts if one.account == "other"] == [of_all]
        assert await sent(desk) == ("" if counts == "active" else "state")


async def test_states_hold_across_restarts() -> None:
    async with open_desk() as before:
        await do(before, SetTradingState(state="halted", account="main", note="lunch"))
    async with open_desk(before=before) as desk:
        await desk.router.wait_idle()

        (main,) = guards(desk).accounts
        assert (main.state, main.reason) == ("halted", "lunch")
        assert await sent(desk) == "state"


async def test_an_account_that_is_not_there_has_no_state() -> None:
    async with open_desk() as desk:
        await do(
            desk,
            SetTradingState(state="halted", account="nobody"),
            ArmAccount(account="nobody", is_armed=True),
        )

        refused = [(one.command, one.check) for one in desk.told(CommandRefused)]
        assert refused == [("settradingstate", "account"), ("armaccount", "account")]


# -- arming ------------------------------------------------------------------------------------


async def test_a_live_account_trades_once_it_is_armed_and_no_longer_than_that() -> None:
    async with open_desk(**LIVE) as desk:
        before = await sent(desk)
        await do(desk, ArmAccount(account="main", is_armed=True))
        armed = await sent(desk)
        told = [one.is_armed for one in guards(desk).accounts if one.account == "main"]
        await do(desk, ArmAccount(account="main", is_armed=False))
        after = await sent(desk)

        assert (before, armed, after) == ("armed", "", "armed")
        assert told == [True]


async def test_a_live_account_that_is_not_armed_still_gets_out() -> None:
    async with open_desk(**LIVE) as desk:
        await do(desk, ArmAccount(account="main", is_armed=True))
        await hold(desk, "2")
        await do(desk, ArmAccount(account="main", is_armed=False))

        assert await sent(desk, side="sell", size=D(1), price=D(105)) == ""
        assert await sent(desk, side="sell", size=D(2), price=D(105)) == "armed"
        await do(desk, Flatten(order_id="x", fqme=FQME, account="main"))
        assert (desk.order("x").state, desk.order("x").size) == (OrderState.OPEN, 2)


async def test_arming_ends_with_the_engine() -> None:
    async with open_desk(**LIVE) as before:
        await do(before, ArmAccount(account="main", is_armed=True))
        await hold(before, "1")
    async with open_desk(before=before, **LIVE) as desk:
        await desk.router.wait_idle()

        assert [one.is_armed for one in guards(desk).accounts] == [False]
        assert await sent(desk, order_id="new") == "armed"


async def test_paper_needs_no_arming() -> None:
    async with open_desk() as desk:
        assert await sent(desk) == ""
        assert [one.is_armed for one in guards(desk).accounts if one.account == "main"] == [True]


async def test_a_live_account_without_limits_says_so_and_cannot_be_armed() -> None:
    async with open_desk() as desk:
        await do(desk, ArmAccount(account="bare", is_armed=True))
        await do(desk, SetTradingState(state="active"))

        (bare,) = [one for one in guards(desk).accounts if one.account == "bare"]
        assert "price_band_pct" in bare.missing_limits
        assert not bare.is_armed
        assert [one.check for one in desk.told(CommandRefused)] == ["limits"]


# -- what the day costs ------------------------------------------------------------------------


async def test_an_account_that_lost_too_much_only_reduces_until_a_person_says_otherwise(
    autojump_clock: AutojumpClock,
) -> None:
    limits = RiskLimits(max_day_loss=D(10), loss_currency="usdt")
    async with open_desk(limits=limits) as desk:
        await hold(desk, "2")  # at 100; the bid is at 99
        await trio.sleep(3)
        before = [one.state for one in guards(desk).accounts if one.account == "main"]
        desk.markets.set_quote(bid=94.0, ask=95.0, last=94.5)
        await trio.sleep(3)
        desk.markets.set_quote(bid=100.0, ask=101.0, last=100.5)
        await trio.sleep(3)

        (main,) = [one for one in guards(desk).accounts if one.account == "main"]
        assert before == ["active"]
        assert (main.state, main.reason) == ("reducing", "the day has cost 12 of 10 usdt")
        assert await sent(desk) == "state"
        assert any("only reduces" in notice.text for notice in desk.told(Notice))
        await do(desk, SetTradingState(state="active", account="main"))
        assert await sent(desk) == ""


async def test_gauges_are_told_once_a_second_at_most(autojump_clock: AutojumpClock) -> None:
    limits = RiskLimits(max_open_orders=50, max_orders_per_day=100)
    async with open_desk(limits=limits) as desk:
        for _ in range(20):
            await opened(desk)
        await trio.sleep(3)

        (main,) = [one for one in guards(desk).accounts if one.account == "main"]
        values = {gauge.check: (gauge.value, gauge.limit) for gauge in main.gauges}
        assert values == {"max_open_orders": (20, 50), "max_orders_per_day": (20, 100)}
        assert len(desk.told(GuardsUpdate)) <= 4


STATES: tuple[TradingState, ...] = ("active", "reducing", "halted")
TURNS = st.lists(
    st.one_of(
        st.tuples(st.just("kill"), st.booleans()),
        st.tuples(st.just("main"), st.sampled_from(STATES)),
        st.tuples(st.just(""), st.sampled_from(STATES)),
        st.tuples(st.just("restart"), st.just(None)),
    ),
    max_size=10,
)


@settings(max_examples=30, deadline=None)
@given(turns=TURNS)
def test_what_was_set_last_holds_whatever_restarts_lie_between(
    turns: list[tuple[str, Any]],
) -> None:
    async def run() -> None:
        is_killed, states = False, {"main": "active", "": "active"}
        before: Desk | None = None
        left = list(turns)
        while left or before is None:
            async with open_desk(before=before) as desk:
                await desk.router.wait_idle()
                name = ""
                while left and name != "restart":
                    check_guards(desk, is_killed, states)
                    name, value = left.pop(0)
                    if name == "kill":
                        is_killed = value
                        await do(desk, KillSwitch(is_on=value))
                    elif name in states:
                        states[name] = value
                        await do(desk, SetTradingState(state=value, account=name))
                check_guards(desk, is_killed, states)
                before = desk

    trio.run(run)


def check_guards(desk: Desk, is_killed: bool, states: dict[str, str]) -> None:
    """What was told last is what was set last."""
    told = (desk.told(GuardsUpdate) or [GuardsUpdate()])[-1]
    assert (told.is_killed, told.state) == (is_killed, states[""])
    if told.accounts:
        assert told.accounts[0].state == max(states.values(), key=list(STATES).index)
