"""What a venue's answers change of an account, beyond what `reconcile` says by itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import pytest
import trio
from msgspec.structs import replace

from engine.ems.agreements import Known
from engine.ems.blotter import Blotter
from engine.ems.journal import Disputed
from engine.ems.reconcile import Theirs
from engine.ems.replay import replay
from engine.messages import (
    Accepted,
    AccountUpdate,
    Amended,
    Fill,
    Notice,
    Order,
    OrderEvent,
    OrderState,
    Resolve,
)
from tests.support.orders import AutojumpClock, Desk, open_desk, opened
from tests.support.venue import FQME, START_NS


def fill(trade_id: str, price: str = "100", account: str = "theirs") -> Fill:
    return Fill(
        order_id="o1",
        account=account,
        fqme=FQME,
        trade_id=trade_id,
        side="buy",
        price=Decimal(price),
        size=Decimal("0.5"),
        fee_asset="usdt",
    )


def answer(
    desk: Desk, *fills: Fill, account: str = "main", open_orders: Sequence[Order] | None = None
) -> None:
    """The venue answers: it lists these fills, and its open orders as they are."""
    working = tuple(desk.venue.working.values()) if open_orders is None else open_orders
    theirs = Theirs(
        asked_ns=START_NS,
        open_orders=working,
        fills=fills,
        fills_since_ns=0,
    )
    desk.router._post(lambda: desk.router._desk.on_answers(account, theirs, ()))


async def disputes(desk: Desk) -> list[Disputed]:
    await desk.router.wait_idle()
    entries = [record.entry for record in desk.journal.records()]
    return [entry for entry in entries if isinstance(entry, Disputed)]


async def test_a_listed_trade_with_other_values_is_an_alarm_and_changes_nothing() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.fill(order_id, "0.5", "100", trade_id="t")
        await desk.router.wait_idle()
        before = desk.router.blotter.position("main", FQME)
        answer(desk, fill("t", "101"))
        await desk.router.wait_idle()

        assert desk.router.blotter.position("main", FQME) == before
        assert desk.order(order_id).filled == Decimal("0.5")
        (notice,) = desk.told(Notice)
        assert notice.level == "error"
        assert "trade t of main" in notice.text
        assert "0.5 at 100" in notice.text
        assert "0.5 at 101" in notice.text
        (disputed,) = await disputes(desk)
        assert (disputed.fill.account, disputed.fill.price) == ("main", Decimal(101))


async def test_a_dispute_is_told_once_in_a_run_and_each_other_value_anew() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.fill(order_id, "0.5", "100", trade_id="t")
        for price in ("101", "101", "102"):
            desk.venue.fill(order_id, "0.5", price, trade_id="t")
            answer(desk, fill("t", "101"))
        answer(desk, fill("t"))

        assert [str(one.fill.price) for one in await disputes(desk)] == ["101", "102"]
        assert len(desk.told(Notice)) == 2


async def test_what_is_disputed_is_read_back_and_counts_nothing() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        desk.venue.fill(order_id, "0.5", "100", trade_id="t")
        desk.venue.fill(order_id, "0.5", "101", trade_id="t")
        await desk.router.wait_idle()
        blotter = Blotter()
        replayed = await replay(desk.journal, blotter)

        assert replayed.problems == []
        assert blotter.position("main", FQME).average_price == Decimal(100)


async def test_an_order_of_one_account_is_not_taken_for_that_of_another_with_the_same_id() -> None:
    """Two venues may each have an order 1001 that was made elsewhere."""
    async with open_desk() as desk:
        order_id = await opened(desk)
        mine = desk.order(order_id)
        theirs = replace(mine, account="narrow", side="sell", size=Decimal(7))
        answer(desk, fill("t9", account="narrow"), account="narrow", open_orders=[theirs])
        await desk.router.wait_idle()

        assert desk.order(order_id) == mine
        assert not desk.router.blotter.fills
        told = desk.told(AccountUpdate)[-1]
        assert (told.account, order_id in told.reason) == ("narrow", True)


@pytest.mark.parametrize("outcome", ["canceled", "rejected"])
@pytest.mark.parametrize(
    "event", [Accepted(order_id="x"), Amended(order_id="x", price=None, size=Decimal(1))]
)
async def test_an_order_that_was_wrongly_taken_for_ended_works_again_once_its_venue_speaks_of_it(
    autojump_clock: AutojumpClock, outcome: Literal["canceled", "rejected"], event: OrderEvent
) -> None:
    async with open_desk() as desk:
        desk.venue.hides_orders, desk.venue.drop_acks = True, {"submit"}
        desk.submit("x")
        await desk.router.wait_idle()
        desk.router.handle(Resolve(order_id="x", outcome=outcome, note="a wrong guess"))
        await trio.sleep(120)
        ended = desk.order("x").state
        desk.venue.hides_orders = False
        desk.venue.say(event)
        await trio.sleep(120)

        assert ended == outcome
        assert desk.order("x").state is OrderState.OPEN


async def test_what_a_person_says_of_an_order_gives_way_to_what_its_venue_lists(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.hides_orders, desk.venue.drop_acks = True, {"submit"}
        desk.submit("x")
        await desk.router.wait_idle()
        desk.venue.hides_orders = False
        desk.router.handle(Resolve(order_id="x", outcome="canceled"))
        await desk.settle()
        said = desk.order("x").state
        await trio.sleep(120)

        assert said is OrderState.CANCELED
        assert desk.order("x").state is OrderState.OPEN


@pytest.mark.parametrize(
    "never_sent",
    [{"size": Decimal(5000)}, {"route": "dark", "price": None, "trigger_price": Decimal(95)}],
)
async def test_a_fill_of_an_order_that_was_never_sent_leaves_its_account_in_question(
    autojump_clock: AutojumpClock, never_sent: dict[str, Any]
) -> None:
    async with open_desk() as desk:
        await opened(desk)
        desk.submit("x", **never_sent)
        await desk.router.wait_idle()

        async def fills(since_ns: int) -> list[Fill]:
            return [replace(fill("t1"), order_id="x")]

        desk.venue.fills = fills  # type: ignore[method-assign]
        desk.venue.fill("x", "0.5", "100", trade_id="t1")
        await trio.sleep(20)

        told = desk.told(AccountUpdate)[-1]
        assert "cannot be counted" in told.reason


async def test_a_part_that_trades_of_an_ended_order_has_its_venue_asked(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.venue.hides_orders, desk.venue.drop_acks = True, {"submit"}
        desk.submit("x")
        await desk.router.wait_idle()
        desk.router.handle(Resolve(order_id="x", outcome="canceled"))
        await trio.sleep(120)
        desk.venue.hides_orders = False
        desk.venue.fill("x", "0.4", "100")
        await trio.sleep(120)

        assert desk.order("x").state is OrderState.PARTIAL
        assert desk.order("x").exposed == Decimal("0.6")


async def test_a_fill_that_only_the_list_has_is_counted_once(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        answer(desk, fill("t"))
        answer(desk, fill("t"))
        await desk.router.wait_idle()

        assert desk.order(order_id).filled == Decimal("0.5")
        assert desk.order(order_id).state is OrderState.PARTIAL
        assert desk.told(Notice) == []
        await trio.sleep(1)


def test_known_fills_are_those_of_one_account() -> None:
    class Counted(Blotter):
        def has_fill(self, account: str, fqme: str, trade_id: str) -> bool:
            return (account, fqme, trade_id) == ("main", FQME, "t")

    asked: Sequence[object] = [(FQME, "t"), (FQME, "u"), ("other", "t"), "t", (1, 2)]
    assert [one in Known(Counted(), "main") for one in asked] == [True, *[False] * 4]
    assert (FQME, "t") not in Known(Counted(), "other")
