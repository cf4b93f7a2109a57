"""The words of an order's terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import get_args

import pytest

from engine.messages import BrokerInfo, Order, OrderState, OrderType
from tests.support.desk import BTC
from tui.orders import terms

D = Decimal
AT = round(datetime(2026, 11, 21, 14, 30, tzinfo=UTC).timestamp()) * 10**9


def order(**fields: object) -> Order:
    known: dict[str, object] = {
        "order_id": "o1",
        "account": "sim",
        "fqme": BTC.fqme,
        "side": "sell",
        "order_type": "limit",
        "size": D(1),
        "state": OrderState.OPEN,
    }
    return Order(**{**known, **fields})  # type: ignore[arg-type]


def held(**fields: object) -> Order:
    return order(**{"state": OrderState.DARK, "route": "dark", "trigger_price": D(9), **fields})


def test_every_type_has_a_word() -> None:
    assert set(terms.WORDS) == set(get_args(OrderType))
    assert set(terms.BY_KEYS) <= set(terms.WORDS)
    assert terms.WAITS | {"limit", "market"} == set(terms.WORDS)


@pytest.mark.parametrize("order_type", get_args(OrderType))
def test_at_the_venue_an_order_is_what_it_was_sent_as(order_type: OrderType) -> None:
    assert terms.type_of(order(order_type=order_type)) == order_type


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"trigger_direction": "up"}, "limit"),
        ({"trigger_direction": "down"}, "stop"),
        ({"order_type": "market", "trigger_direction": "down"}, "stop"),
        ({"order_type": "market", "trigger_direction": "up"}, "take-profit"),
        ({"order_type": "market", "trigger_direction": "up", "side": "buy"}, "stop"),
        ({"price": D(8), "trigger_direction": "down"}, "stop-limit"),
        ({"price": D(8), "trigger_direction": "up"}, "take-profit limit"),
        ({"order_type": "market", "trail": D(1), "trigger_direction": "down"}, "trailing stop"),
        ({"trail": D(1), "limit_offset": D(1), "trigger_direction": "down"}, "trailing stop-limit"),
        ({"order_type": "market"}, "market"),
        ({"order_type": "stop", "stop_price": D(9), "trigger_price": None}, "stop"),
        ({"state": OrderState.OPEN, "price": D(8), "trigger_direction": "up"}, "limit"),
    ],
)
def test_what_is_held_here_is_called_by_what_it_does(fields: dict[str, object], words: str) -> None:
    assert terms.type_words(held(**fields)) == words


def test_usual_terms_are_not_mentioned_and_all_others_are() -> None:
    assert terms.notes(order()) == []
    every = order(
        trail=D("1.50"),
        trail_unit="percent",
        limit_offset=D(2),
        time_in_force="gtd",
        expires_ns=AT,
        post_only=True,
        reduce_only=True,
        reference="mid",
    )

    assert terms.notes(every, BTC) == [
        "trails 1.5%",
        "limit 2.00 beyond",
        "gtd 21 Nov 14:30",
        "post-only",
        "reduce-only",
        "by mid",
    ]
    assert terms.notes(order(time_in_force="fok")) == ["fok"]
    assert terms.notes(order(trail=D("12.5")), BTC) == ["trails 12.50"]


def test_a_time_is_of_the_zone_that_is_shown_and_as_exact_as_it_is() -> None:
    tokyo = timezone(timedelta(hours=9))

    assert terms.until(AT, tokyo) == "21 Nov 23:30"
    assert terms.until(AT + 5 * 10**9, UTC) == "21 Nov 14:30:05"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (OrderState.DARK, "held here"),
        (OrderState.OPEN, "at the venue"),
        (OrderState.PARTIAL, "at the venue"),
        (OrderState.PENDING, "on its way"),
        (OrderState.TRIGGERED, "on its way"),
        (OrderState.UNKNOWN, "not known where"),
        (OrderState.FILLED, ""),
    ],
)
def test_where_an_order_waits_is_said(state: OrderState, words: str) -> None:
    assert terms.held_words(order(state=state)) == words


def test_what_would_be_held_here_is_what_the_venue_does_not_take() -> None:
    venue = BrokerInfo(name="v", order_types=("limit", "stop"))

    assert terms.is_held_here("dark", "limit", venue) is True
    assert terms.is_held_here("live", "limit", None) is False
    assert terms.is_held_here("live", "stop", venue) is False
    assert terms.is_held_here("live", "trailing_stop", venue) is True
    assert terms.is_held_here("live", "stop", BrokerInfo(name="v")) is None
    assert terms.is_held_here("live", "stop", None) is None
