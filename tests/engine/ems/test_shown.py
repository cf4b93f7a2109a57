"""What a deck that attaches is told: the newest of each thing that was told before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.ems.blotter import Blotter
from engine.ems.replay import Replayed
from engine.ems.shown import Shown, newest_of
from engine.messages import (
    Accepted,
    Alert,
    AlertUpdate,
    Denied,
    Event,
    Fill,
    FillReport,
    Notice,
    Order,
    OrderUpdate,
    Position,
    PositionUpdate,
)

FQME = "btcusdt.spot.test"


def order(order_id: str, size: int = 1, event: Any = None) -> OrderUpdate:
    made = Order(
        order_id=order_id,
        account="a",
        fqme=FQME,
        side="buy",
        order_type="market",
        size=Decimal(size),
    )
    return OrderUpdate(order=made, event=event)


def fill(trade_id: str, account: str = "a", size: int = 1) -> FillReport:
    made = Fill(
        order_id="o",
        account=account,
        fqme=FQME,
        trade_id=trade_id,
        side="buy",
        price=Decimal(1),
        size=Decimal(size),
    )
    return FillReport(fill=made)


def position(account: str, size: int) -> PositionUpdate:
    return PositionUpdate(position=Position(account=account, fqme=FQME, size=Decimal(size)))


def alert(alert_id: str, price: int = 1) -> AlertUpdate:
    return AlertUpdate(alert=Alert(alert_id=alert_id, fqme=FQME, price=Decimal(price)))


def shown(*events: Event) -> list[Event]:
    made = Shown()
    for event in events:
        made.keep(event)
    return made.events()


def test_nothing_was_told_at_first() -> None:
    assert shown() == []


def test_orders_come_first_then_fills_positions_and_alerts() -> None:
    told = [alert("x"), position("a", 1), fill("t"), order("o")]

    assert shown(*told) == told[::-1]


def test_the_newest_counts_and_keeps_the_place_of_the_first() -> None:
    told = [order("o1"), order("o2"), order("o1", 5), position("a", 1), position("a", 2)]

    assert shown(*told) == [order("o1", 5), order("o2"), position("a", 2)]


def test_an_order_is_shown_as_it_is_and_not_what_moved_it() -> None:
    assert shown(order("o", event=Accepted(order_id="o"))) == [order("o")]


def test_one_trade_id_of_two_accounts_is_two_fills() -> None:
    assert len(shown(fill("t"), fill("t", "b"), fill("t", size=2))) == 2


def test_what_was_only_said_is_not_told_again() -> None:
    assert shown(Notice(level="info", text="hello", source="orders", now_ns=1)) == []


events = st.one_of(
    st.builds(order, st.sampled_from("ab"), st.integers(1, 3)),
    st.builds(fill, st.sampled_from("ab"), st.sampled_from("xy")),
    st.builds(position, st.sampled_from("xy"), st.integers(-3, 3)),
    st.builds(alert, st.sampled_from("ab"), st.integers(1, 3)),
)


@given(st.lists(events, max_size=30))
def test_a_deck_that_attaches_knows_what_one_that_was_there_all_the_time_knows(
    told: list[Event],
) -> None:
    assert shown(*shown(*told)) == shown(*told)
    for event in shown(*told):
        of_it = [other for other in told if _key(other) == _key(event)]
        assert event == of_it[-1]


def _key(event: Any) -> tuple[object, ...]:
    match event:
        case OrderUpdate():
            return ("order", event.order.order_id)
        case FillReport():
            return ("fill", event.fill.account, event.fill.trade_id)
        case PositionUpdate():
            return ("position", event.position.account)
    return ("alert", event.alert.alert_id)


def test_a_denial_is_shown_with_its_limit_and_value_in_this_run_and_after_a_restart() -> None:
    denial = Denied(order_id="o", check="size", reason="too large", limit="1", value="2")
    shown, blotter = Shown(), Blotter()
    shown.keep(order("o", event=denial))
    blotter.add(order("o").order)

    told = newest_of(blotter, Replayed(denials={"o": denial}))
    assert shown.events() == [order("o", event=denial)]
    assert told == [order("o", event=denial)]
