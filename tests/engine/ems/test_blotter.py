"""Orders, fills and positions as one: events move all of them, or none."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.ems.blotter import Blotter, ConflictingFill, FillKey
from engine.ems.shape import LARGEST
from engine.errors import BadTransition
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Filled,
    FillReport,
    Order,
    OrderState,
    OrderUpdate,
    Position,
    PositionUpdate,
    Reopened,
)
from tests.support.venue import FQME, INSTRUMENT

NOW_NS = 7


def order(order_id: str = "o", **changes: Any) -> Order:
    fields: dict[str, Any] = {
        "account": "a",
        "fqme": FQME,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal(2),
        "price": Decimal(100),
        "state": OrderState.OPEN,
    }
    return Order(order_id=order_id, **{**fields, **changes})


def blotter(*orders: Order) -> Blotter:
    """One that holds these orders, or `order()`, in a market that is known."""
    made = Blotter()
    made.keep_instrument(INSTRUMENT)
    for each in orders or (order(),):
        made.add(each)
    return made


def filled(size: str = "1", price: str = "100", **changes: Any) -> Filled:
    fields = {"order_id": "o", "trade_id": "t1", "fee": Decimal("0.5"), "fee_asset": "usdt"}
    return Filled(**{**fields, "size": Decimal(size), "price": Decimal(price), **changes})


def everything(of: Blotter) -> tuple[object, ...]:
    return (dict(of.orders), dict(of.fills), dict(of.positions))


def test_a_fill_moves_order_and_position_and_is_told_in_that_order() -> None:
    made = blotter()
    told = made.fold(filled(venue_ns=5), NOW_NS)

    assert [type(event) for event in told] == [OrderUpdate, FillReport, PositionUpdate]
    fill = made.fills[FillKey("a", FQME, "t1")]
    assert told == [
        OrderUpdate(order=made.orders["o"], event=filled(venue_ns=5)),
        FillReport(fill=fill),
        PositionUpdate(position=made.positions["a", FQME]),
    ]
    assert (fill.side, fill.size, fill.price, fill.venue_ns, fill.recv_ns) == ("buy", 1, 100, 5, 7)
    assert made.orders["o"].state is OrderState.PARTIAL
    assert (made.position("a", FQME).size, made.position("a", FQME).average_price) == (1, 100)


def test_other_events_move_the_order_alone() -> None:
    made = blotter(order(state=OrderState.PENDING))
    told = made.fold(Accepted(order_id="o", venue_order_id="v"), NOW_NS)

    assert told == [
        OrderUpdate(order=made.orders["o"], event=Accepted(order_id="o", venue_order_id="v"))
    ]
    assert made.orders["o"].venue_order_id == "v"
    assert dict(made.positions) == {}


def test_a_fill_told_again_changes_nothing_whatever_times_it_is_told_with() -> None:
    made = blotter()
    made.fold(filled(venue_ns=5), NOW_NS)
    before = everything(made)

    assert made.fold(filled(venue_ns=6, liquidity="maker"), NOW_NS + 1) == []
    assert everything(made) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"size": Decimal("1.5")},
        {"price": Decimal(101)},
        {"fee": Decimal(0)},
        {"fee_asset": "bnb"},
        {"order_id": "other"},
    ],
)
def test_a_trade_id_with_other_values_is_a_conflict_and_changes_nothing(
    changes: dict[str, Any],
) -> None:
    made = blotter(order(), order("other"))
    made.fold(filled(), NOW_NS)
    before = everything(made)

    with pytest.raises(ConflictingFill, match="trade t1 of a"):
        made.fold(filled(**changes), NOW_NS)
    assert everything(made) == before


def test_accounts_and_markets_number_their_trades_each_for_itself() -> None:
    elsewhere = replace(INSTRUMENT, fqme="ethusdt.spot.test")
    made = blotter(order(), order("b", account="b"), order("e", fqme=elsewhere.fqme))
    made.keep_instrument(elsewhere)
    for order_id in ("o", "b", "e"):
        assert made.fold(filled(order_id=order_id), NOW_NS)

    assert set(made.positions) == {("a", FQME), ("b", FQME), ("a", elsewhere.fqme)}
    assert len(made.fills) == 3


@pytest.mark.parametrize(
    "event",
    [
        filled(size="0"),
        filled(size="-1"),
        filled(size="NaN"),
        filled(price="Infinity"),
        filled(price=str(LARGEST + 1)),
        filled(fee=Decimal("NaN")),
        Amended(order_id="o", price=None, size=Decimal(0)),
        Amended(order_id="o", price=Decimal("sNaN"), size=Decimal(1)),
        Amended(order_id="o", price=None, size=LARGEST + 1),
        Amended(order_id="o", price=None, size=Decimal(1), stop_price=Decimal("NaN")),
        Amended(order_id="o", price=None, size=Decimal(1), trigger_price=LARGEST * 2),
        Canceled(order_id="nobody's"),
        filled(order_id="nobody's"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(event: Any) -> None:
    made = blotter()
    before = everything(made)

    with pytest.raises(BadTransition):
        made.fold(event, NOW_NS)
    assert everything(made) == before


def test_a_fill_of_an_order_that_no_check_has_seen_is_refused() -> None:
    made = Blotter()
    made.add(order())

    with pytest.raises(BadTransition, match="never sent"):
        made.fold(filled(), NOW_NS)
    assert made.orders["o"].filled == 0


def test_the_largest_numbers_that_pass_can_be_computed_with() -> None:
    made = blotter(order(size=LARGEST))
    made.fold(filled(size=str(LARGEST), price=str(LARGEST), fee=-LARGEST), NOW_NS)

    assert made.orders["o"].state is OrderState.FILLED
    assert made.position("a", FQME).average_price == LARGEST


def test_a_market_never_traded_is_flat_and_leaves_no_trace() -> None:
    made = Blotter()

    assert made.position("a", FQME) == Position(account="a", fqme=FQME)
    assert dict(made.positions) == {}


def test_what_works_is_found_by_account_and_market_oldest_first() -> None:
    made = blotter(
        order("1"),
        order("2", account="b"),
        order("3", state=OrderState.CANCELED),
        order("4", fqme="ethusdt.spot.test", state=OrderState.UNKNOWN),
        order("5", state=OrderState.DARK),
    )

    def ids(**which: str) -> str:
        return "".join(each.order_id for each in made.working(**which))

    assert ids() == "1245"
    assert ids(account="a") == "145"
    assert ids(fqme=FQME) == "125"
    assert ids(account="a", fqme=FQME) == "15"
    assert ids(account="nobody") == ""


@given(
    st.lists(
        st.sampled_from("abcd").flatmap(
            lambda order_id: st.sampled_from(
                [
                    Accepted(order_id=order_id),
                    Canceled(order_id=order_id),
                    Reopened(order_id=order_id, reason="it is listed"),
                ]
            )
        ),
        max_size=30,
    )
)
def test_what_works_is_always_what_is_not_done_in_the_order_of_its_age(
    steps: list[Accepted | Canceled | Reopened],
) -> None:
    made = blotter(*(order(order_id) for order_id in "abcd"))
    for event in steps:
        with suppress(BadTransition):
            made.fold(event, NOW_NS)
        assert made.working() == tuple(one for one in made.orders.values() if one.is_working)


def test_a_fill_is_told_from_one_with_other_values_also_when_it_was_let_go() -> None:
    made = blotter(order(size=Decimal(1)))
    made.fold(filled(), NOW_NS)
    (fill,) = made.fills.values()
    others = [replace(fill, price=Decimal(101)), replace(fill, order_id="x")]
    same = replace(fill, size=Decimal("1.00"), recv_ns=9)
    for _ in range(2):
        assert made.has_fill("a", FQME, "t1")
        assert made.conflict(same) == ""
        assert all("other values" in made.conflict(other) for other in others)
        assert made.conflict(replace(others[0], trade_id="t2")) == ""
        made.trim(0)
    assert not made.fills
    assert not made.has_fill("b", FQME, "t1")


def test_what_is_read_cannot_be_written() -> None:
    made = blotter()
    for view in (made.orders, made.fills, made.positions):
        with pytest.raises(TypeError):
            view["x"] = None  # type: ignore[index]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 8), st.integers(1, 5), st.integers(1, 50)),
        max_size=40,
    )
)
def test_fills_in_any_order_and_repeated_add_up_once_each(
    reports: list[tuple[str, int, int, int]],
) -> None:
    """Orders `a` buy and `b` sell; each trade id belongs to what came first under it."""
    made = blotter(order("a", size=Decimal(1000)), order("b", size=Decimal(1000), side="sell"))
    first: dict[int, Filled] = {}
    for order_id, trade, size, price in reports:
        event = filled(str(size), str(price), order_id=order_id, trade_id=f"t{trade}")
        known = first.setdefault(trade, event)
        if known == event:
            made.fold(event, NOW_NS)
        else:
            with pytest.raises(ConflictingFill):
                made.fold(event, NOW_NS)

    counted = {side: Decimal(0) for side in "ab"}
    for event in first.values():
        counted[event.order_id] += event.size
    assert {side: made.orders[side].filled for side in "ab"} == counted
    assert made.position("a", FQME).size == counted["a"] - counted["b"]
    assert len(made.fills) == len(first)
