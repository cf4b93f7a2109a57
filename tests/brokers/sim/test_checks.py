"""Why the matching engine does not take a request: at the edges, in the words that are told."""

from __future__ import annotations

from typing import Any

import pytest

from brokers.sim.checks import NOT_WORKING, WOULD_TAKE, amend_fault, new_fault, would_take
from brokers.sim.orders import BUY, SELL, NewOrder, WorkingOrder


@pytest.mark.parametrize(
    ("side", "price", "opposite", "takes"),
    [
        (BUY, 100, 100, True),
        (BUY, 99, 100, False),
        (SELL, 100, 100, True),
        (SELL, 101, 100, False),
        (BUY, None, 100, True),
        (BUY, 100, None, False),
    ],
)
def test_an_order_takes_at_the_best_price_of_the_other_side(
    side: int, price: int | None, opposite: int | None, takes: bool
) -> None:
    assert would_take(side, price, opposite) is takes


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, ""),
        ({"size": 0}, "size must be positive"),
        ({"side": 2}, "side must be buy or sell"),
        ({"price": None}, "limit orders, and only they, need a price"),
        ({"stop_price": 1}, "stop orders, and only they, need a stop price"),
        ({"expires_ns": 1}, "gtd orders, and only they, need a time to end at"),
        ({"trail": 1}, "trailing orders, and only they, need one trail"),
        ({"post_only": True}, WOULD_TAKE),
        ({"post_only": True, "price": 99}, ""),
        ({"shown": 2}, ""),
        ({"shown": -1}, "an iceberg shows a part of itself"),
    ],
)
def test_a_new_order_is_refused_for_what_is_wrong_with_it(terms: dict[str, Any], said: str) -> None:
    fields = {"owner": "", "side": BUY, "size": 5, "kind": "limit", "price": 100, **terms}

    assert new_fault(NewOrder(**fields), last_price=100, opposite=100) == said


def test_an_amend_is_refused_for_what_is_filled_or_gone() -> None:
    order = WorkingOrder(1, NewOrder("", BUY, 5, "limit", 99, post_only=True))
    order.left = 2

    assert amend_fault(None, 99, 5, 100) == NOT_WORKING
    assert amend_fault(order, 99, 3, 100) == "size is not above what is filled"
    assert amend_fault(order, 100, 4, 100) == WOULD_TAKE
    assert amend_fault(order, None, 4, 99) == ""
