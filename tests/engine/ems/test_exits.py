"""Leaving a market and turning around in it: sized once, from what is held, and never twice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.broker import Capabilities
from engine.ems.journal import Leaving, Left
from engine.messages import (
    BracketTerms,
    Cancel,
    CommandRefused,
    Fill,
    Flatten,
    KillSwitch,
    Notice,
    OrderState,
    Reverse,
    SubmitAlgo,
)
from tests.support.orders import AutojumpClock, Desk, hold, open_desk, opened
from tests.support.venue import EVERYTHING, FQME

D = Decimal
PLAIN: Capabilities = msgspec.structs.replace(EVERYTHING, can_reduce_only=False, can_link=False)
"""A venue that takes reduce-only orders for plain ones, and links none: we see to both."""


async def do(desk: Desk, *commands: Any) -> None:
    for command in commands:
        desk.router.handle(command)
    await desk.router.wait_idle()


def flatten(order_id: str) -> Flatten:
    return Flatten(order_id=order_id, fqme=FQME, account="main")


def reverse(order_id: str) -> Reverse:
    return Reverse(order_id=order_id, fqme=FQME, account="main")


def position(desk: Desk) -> Decimal:
    return desk.router.blotter.position("main", FQME).size


# -- flatten ------------------------------------------------------------------------------------


async def test_flatten_closes_with_an_order_that_only_reduces() -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        await do(desk, flatten("x"))

        order = desk.order("x")
        assert (order.side, order.order_type, order.size) == ("sell", "market", 2)
        assert order.reduce_only
        assert desk.venue.working["x"].reduce_only


async def test_flatten_pressed_twice_closes_once() -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        desk.router.handle(flatten("x"))
        await do(desk, flatten("y"))
        refused = desk.told(CommandRefused)
        desk.venue.fill("x", "2", "99")
        await do(desk, flatten("z"))

        assert [(one.command, one.check) for one in refused] == [("flatten", "exit")]
        assert "z" not in desk.router.blotter.orders
        assert position(desk) == 0


async def test_flatten_again_takes_the_place_of_an_exit_that_rests() -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        await do(desk, flatten("x"))
        await do(desk, flatten("y"))

        assert desk.order("x").state is OrderState.CANCELED
        assert desk.order("y").size == 2
        assert "x" not in desk.venue.working


async def test_flatten_passes_in_a_market_that_fell_silent(autojump_clock: AutojumpClock) -> None:
    from engine.ems.limits import RiskLimits

    async with open_desk(limits=RiskLimits(stale_quote_s=1.0, max_order_size=D(2))) as desk:
        await hold(desk, "2")
        await hold(desk, "2")
        desk.markets.now += 60 * 10**9
        await do(desk, flatten("x"))

        assert desk.order("x").state is OrderState.OPEN


# -- reverse ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "side"), [("buy", "sell"), ("sell", "buy")])
async def test_reverse_cancels_what_works_and_trades_twice_what_is_held(
    held: Any, side: str
) -> None:
    async with open_desk() as desk:
        await hold(desk, "2", held)
        working = await opened(desk)
        await do(desk, reverse("x"))

        order = desk.order("x")
        assert desk.order(working).state is OrderState.CANCELED
        assert (order.side, order.order_type, order.size) == (side, "market", 4)
        assert not order.reduce_only


async def test_reverse_pressed_twice_at_once_turns_once() -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        desk.router.handle(reverse("x"))
        await do(desk, reverse("y"))

        assert [one.check for one in desk.told(CommandRefused)] == ["exit"]
        assert "y" not in desk.router.blotter.orders


async def test_what_may_not_be_reversed_keeps_what_protects_it() -> None:
    from engine.ems.limits import RiskLimits

    async with open_desk(limits=RiskLimits(max_order_size=D(3))) as desk:
        await hold(desk, "2")
        stop = await opened(desk, order_type="stop", price=None, side="sell", stop_price=D(95))
        await do(desk, reverse("x"))

        (refused,) = desk.told(CommandRefused)
        assert (refused.check, refused.limit, refused.value) == ("max_order_size", "3", "4")
        assert desk.order(stop).state is OrderState.OPEN


async def test_what_is_canceled_for_a_reversal_does_not_count_against_it() -> None:
    from engine.ems.limits import RiskLimits

    async with open_desk(limits=RiskLimits(max_position=D(2))) as desk:
        await hold(desk, "1")
        desk.venue.working.clear()
        await opened(desk, side="sell", size=D(3), price=D(105))
        await do(desk, reverse("x"))

        assert desk.order("x").size == 2


async def test_nothing_is_reversed_where_nothing_is_held() -> None:
    async with open_desk() as desk:
        await do(desk, reverse("x"))

        assert "x" not in desk.router.blotter.orders
        assert "holds nothing" in desk.told(Notice)[-1].text


async def test_nothing_is_reversed_while_something_may_work_still(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        working = await opened(desk)
        desk.venue.drop_acks = {"cancel"}
        await do(desk, reverse("x"))

        (refused,) = desk.told(CommandRefused)
        assert (refused.command, refused.check) == ("reverse", "exit")
        assert working in refused.reason
        assert "x" not in desk.router.blotter.orders


async def test_a_reversal_on_its_way_is_not_reversed_by_another_press() -> None:
    async with open_desk() as desk:
        await hold(desk, "2")
        await do(desk, reverse("x"))
        await do(desk, reverse("y"))
        desk.venue.fill("x", "4", "100")
        await desk.router.wait_idle()

        (refused,) = desk.told(CommandRefused)
        assert (refused.command, refused.check) == ("reverse", "exit")
        assert "y" not in desk.router.blotter.orders
        assert position(desk) == -2


async def test_a_market_is_not_closed_beside_an_exit_of_an_algo_that_may_trade_still(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        terms = BracketTerms(side="buy", size=D(2), stop_price=D(95), targets=((D(105), D(2)),))
        await do(desk, SubmitAlgo(algo_id="b", account="main", fqme=FQME, terms=terms))
        desk.venue.fill("b.entry-1", "2", "100")
        await desk.router.wait_idle()
        desk.venue.drop_acks = {"cancel"}
        await do(desk, flatten("x"))

        (refused,) = desk.told(CommandRefused)
        assert (refused.command, refused.check) == ("flatten", "exit")
        assert "x" not in desk.router.blotter.orders


# -- exits that are orders ----------------------------------------------------------------------


@pytest.mark.parametrize("capabilities", [EVERYTHING, PLAIN])
async def test_the_same_exit_pressed_twice_is_denied_the_second_time(
    capabilities: Capabilities,
) -> None:
    exit_terms: dict[str, Any] = {"side": "sell", "size": D(2), "reduce_only": True}
    async with open_desk(capabilities=capabilities) as desk:
        await hold(desk, "2")
        first = await opened(desk, price=D(105), **exit_terms)
        second = desk.submit(price=D(105), **exit_terms)
        await desk.router.wait_idle()

        denial = desk.denial(second)
        assert desk.order(first).state is OrderState.OPEN
        assert (denial.check, denial.limit, denial.value) == ("reduce_only", "0", "2")
        assert denial.reason == "2 of the 2 held may be closed by others already"


async def test_two_dark_exits_close_what_is_held_once() -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        await hold(desk, "1")
        terms: dict[str, Any] = {"side": "sell", "size": D(1), "reduce_only": True, "price": None}
        first = desk.submit(route="dark", trigger_price=D(102), **terms)
        second = desk.submit(route="dark", trigger_price=D(103), **terms)
        await desk.router.wait_idle()
        desk.tick(desk.trade(104.0))
        await desk.router.wait_idle()

        assert desk.order(first).state is OrderState.OPEN
        assert desk.denial(second).check == "reduce_only"


async def test_an_exit_beside_those_of_a_bracket_does_not_let_them_flip_what_is_held() -> None:
    async with open_desk() as desk:
        terms = BracketTerms(side="buy", size=D(2), stop_price=D(95), targets=((D(105), D(2)),))
        await do(desk, SubmitAlgo(algo_id="b", account="main", fqme=FQME, terms=terms))
        desk.venue.fill("b.entry-1", "2", "100")
        await desk.router.wait_idle()
        pressed = desk.submit(side="sell", size=D(2), order_type="market", reduce_only=True)
        await desk.router.wait_idle()

        assert desk.order("b.target1-1").state is OrderState.OPEN
        assert desk.denial(pressed).check == "reduce_only"
        assert "closed by others" in desk.denial(pressed).reason
        await do(desk, flatten("x"))  # cancels the bracket first
        assert desk.order("x").size == 2


async def test_linked_exits_count_once() -> None:
    async with open_desk() as desk:
        await hold(desk, "1")
        pair: dict[str, Any] = {"side": "sell", "reduce_only": True, "link_group": "g"}
        await opened(desk, price=D(105), **pair)
        stop = desk.submit(order_type="stop", price=None, stop_price=D(95), **pair)
        other = desk.submit(side="sell", reduce_only=True, price=D(106))
        await desk.router.wait_idle()

        assert desk.order(stop).state is OrderState.OPEN
        assert desk.denial(other).check == "reduce_only"


# -- over a restart -----------------------------------------------------------------------------


async def cut_off(before: Desk, command: Any) -> None:
    """Ask for an exit, and stop while what works is being canceled."""
    before.venue.drop_acks = {"cancel"}
    before.router.handle(command)
    await before.settle()
    entries = [record.entry for record in before.journal.records()]
    assert any(isinstance(entry, Leaving) for entry in entries)
    assert not any(isinstance(entry, Left) for entry in entries)
    before.venue.recover()


async def test_a_flattening_that_a_crash_cut_off_goes_on(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as before:
        await hold(before, "2")
        working = await opened(before)
        await cut_off(before, flatten("x"))
    async with open_desk(before=before) as desk:
        await trio.sleep(30)
        await desk.router.wait_idle()

        assert desk.order(working).state is not OrderState.OPEN
        assert (desk.order("x").side, desk.order("x").size) == ("sell", 2)
        assert desk.venue.calls.count(("submit", "x")) == 1
    async with open_desk(before=desk) as last:
        await trio.sleep(30)
        assert last.venue.calls.count(("submit", "x")) == 1


async def test_a_reversal_that_a_crash_cut_off_is_told_and_not_done(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as before:
        await hold(before, "2")
        await opened(before)
        await cut_off(before, reverse("x"))
    async with open_desk(before=before) as desk:
        await trio.sleep(30)

        assert "x" not in desk.router.blotter.orders
        assert any("was cut off" in notice.text for notice in desk.told(Notice))
    async with open_desk(before=desk) as last:
        await trio.sleep(5)
        assert not any("was cut off" in notice.text for notice in last.told(Notice))


@pytest.mark.parametrize("exit_of", [flatten, reverse])
async def test_an_exit_of_before_that_may_work_still_blocks_another(
    autojump_clock: AutojumpClock, exit_of: Callable[[str], Any]
) -> None:
    async with open_desk() as before:
        await hold(before, "2")
        before.venue.drop_acks = {"submit"}
        before.router.handle(exit_of("x"))
        await before.settle()
        before.venue.hides_orders = True
    async with open_desk(before=before) as desk:
        desk.venue.drop_acks = {"submit", "cancel"}
        await do(desk, flatten("y"))

        assert desk.order("x").state is OrderState.UNKNOWN
        assert "y" not in desk.router.blotter.orders
        assert [one.check for one in desk.told(CommandRefused)] == ["exit"]


async def test_a_killed_engine_does_not_go_on_with_an_exit(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as before:
        await hold(before, "2")
        await opened(before)
        await cut_off(before, flatten("x"))
        before.router.handle(KillSwitch(is_on=True))
        await before.settle()
    async with open_desk(before=before) as desk:
        await trio.sleep(30)

        assert "x" not in desk.router.blotter.orders


# -- while the account is being asked ----------------------------------------------------------


def closed_elsewhere(desk: Desk) -> None:
    """Somebody closes the position by the venue's own page, and the venue is slow to say so."""
    fill = Fill(
        order_id="theirs",
        trade_id="t99",
        account="main",
        fqme=FQME,
        side="sell",
        price=D(100),
        size=D(2),
        venue_ns=desk.venue.now,
        recv_ns=desk.venue.now,
    )

    async def fills(since_ns: int) -> list[Fill]:
        await trio.sleep(3)
        return [fill]

    desk.venue.fills = fills  # type: ignore[method-assign]
    desk.venue.working.clear()


@pytest.mark.parametrize("exit_of", [flatten, reverse])
async def test_an_exit_is_sized_once_the_venue_has_said_what_is_held(
    autojump_clock: AutojumpClock, exit_of: Callable[[str], Any]
) -> None:
    async with open_desk(capabilities=PLAIN) as before:
        await hold(before, "2")
        closed_elsewhere(before)
    async with open_desk(before=before) as desk:
        held = position(desk)
        await do(desk, exit_of("x"))

        assert held == 2
        assert position(desk) == 0
        assert ("submit", "x") not in desk.venue.calls
        assert "holds nothing" in desk.told(Notice)[-1].text


async def test_an_exit_is_refused_where_the_venue_cannot_be_asked(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as before:
        await hold(before, "2")
        before.venue.refuse_login = "closed for the weekend"
    async with open_desk(before=before) as desk:
        await do(desk, flatten("x"))

        (refused,) = desk.told(CommandRefused)
        assert (refused.command, refused.check) == ("flatten", "account")
        assert "closed for the weekend" in refused.reason
        desk.venue.recover()
        desk.venue.refuse_login = ""
        await do(desk, flatten("y"))
        assert desk.order("y").state is OrderState.OPEN


# -- no sequence flips --------------------------------------------------------------------------


class Machine:
    """Commands and fills in any order; exits never take a position through zero."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.made = 0

    def new_id(self) -> str:
        self.made += 1
        return f"n{self.made}"

    def steps(self) -> dict[str, Callable[[str, Decimal, int], Any]]:
        return {
            "exit": self.exit,
            "dark exit": self.dark_exit,
            "flatten": lambda side, size, pick: self.desk.router.handle(flatten(self.new_id())),
            "fill": self.fill,
            "part": self.part,
            "cancel": self.cancel,
            "tick": self.tick,
        }

    def exit(self, side: str, size: Decimal, pick: int) -> None:
        price = D(105) if side == "sell" else D(95)
        self.desk.submit(self.new_id(), side=side, size=size, reduce_only=True, price=price)

    def dark_exit(self, side: str, size: Decimal, pick: int) -> None:
        terms: dict[str, Any] = {"reduce_only": True, "route": "dark", "price": None}
        trigger = D(102) if pick % 2 else D(98)
        self.desk.submit(self.new_id(), side=side, size=size, trigger_price=trigger, **terms)

    def _working(self, pick: int, *, fills: bool = True) -> str:
        working = [one for one in self.desk.venue.working if not fills or self._may_fill(one)]
        return working[pick % len(working)] if working else ""

    def _may_fill(self, order_id: str) -> bool:
        """A venue that knows of reduce-only fills no more than what is held."""
        order, held = self.desk.order(order_id), position(self.desk)
        room = held if order.side == "sell" else -held
        return not self.desk.venue.working[order_id].reduce_only or order.remaining <= room

    def fill(self, side: str, size: Decimal, pick: int) -> None:
        if order_id := self._working(pick):
            left = self.desk.order(order_id).remaining
            self.desk.venue.working.pop(order_id)
            self.desk.venue.fill(order_id, str(left), "100")

    def part(self, side: str, size: Decimal, pick: int) -> None:
        if (order_id := self._working(pick)) and self.desk.order(order_id).remaining > 1:
            self.desk.venue.fill(order_id, "1", "100")

    def cancel(self, side: str, size: Decimal, pick: int) -> None:
        if order_id := self._working(pick, fills=False):
            self.desk.router.handle(Cancel(order_id=order_id))

    def tick(self, side: str, size: Decimal, pick: int) -> None:
        self.desk.tick(self.desk.trade(103.0 if pick % 2 else 97.0))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["exit", "dark exit", "flatten", "fill", "part", "cancel", "tick"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 4).map(Decimal),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=16,
)


@settings(max_examples=40, deadline=None)
@given(start=st.integers(-4, 4), native=st.booleans(), steps=STEPS)
def test_no_sequence_of_exits_and_fills_flips_a_position(
    start: int, native: bool, steps: list[tuple[str, str, Decimal, int, bool]]
) -> None:
    async def run() -> None:
        async with open_desk(capabilities=EVERYTHING if native else PLAIN) as desk:
            if start:
                await hold(desk, str(abs(start)), "buy" if start > 0 else "sell")
            desk.venue.working.clear()  # what has filled works no more
            machine = Machine(desk)
            before = position(desk)
            for name, side, size, pick, is_waited_for in steps:
                machine.steps()[name](side, size, pick)
                if is_waited_for or name in ("fill", "part"):
                    await desk.router.wait_idle()
                now = position(desk)
                assert abs(now) <= abs(before), (name, before, now)
                assert now * before >= 0, (name, before, now)
                before = now

    trio.run(run)
