"""Counters of requests."""

from __future__ import annotations

import pytest

from tests.venues.kraken import limits
from tests.venues.kraken.errors import Refused
from tests.venues.kraken.limits import Limits

S = 10**9


@pytest.mark.parametrize(
    ("age_s", "cancel", "edit", "amend"),
    [
        (0, 8, 7, 4),
        (4.9, 8, 7, 4),
        (5, 6, 6, 3),
        (10, 5, 5, 2),
        (15, 4, 3, 1),
        (45, 2, 2, 1),
        (90, 1, 1, 1),
        (300, 0, 1, 1),
    ],
)
def test_requests_cost_by_the_age_of_their_order(
    age_s: float, cancel: int, edit: int, amend: int
) -> None:
    age_ns = int(age_s * S)
    costs = limits.cancel_cost(age_ns), limits.edit_cost(age_ns), limits.amend_cost(age_ns)
    assert costs == (cancel, edit, amend)


def test_a_batch_costs_half_of_its_orders() -> None:
    assert (limits.add_cost(), limits.add_cost(10)) == (1, 5)


def test_the_counter_of_a_pair_is_full_falls_and_takes_more_again() -> None:
    of = ("a", "starter", "BTC/USD")
    counters = Limits()
    for _ in range(60):
        counters.trade(*of, 1, 0)
    with pytest.raises(Refused, match="EOrder:Rate limit exceeded"):
        counters.trade(*of, 1, 0)
    counters.trade("a", "starter", "ETH/USD", 1, 0)
    counters.trade("b", "starter", "BTC/USD", 1, 0)
    assert counters.trade(*of, 1, 5 * S) == 57


def test_cancels_count_but_are_never_refused() -> None:
    counters = Limits()
    for _ in range(50):
        counters.cancel("a", "starter", "BTC/USD", 8, 0)
    with pytest.raises(Refused, match="EOrder:Rate limit exceeded"):
        counters.trade("a", "starter", "BTC/USD", 1, 0)


def test_the_counter_of_rest_counts_history_twice_and_orders_not() -> None:
    counters = Limits()
    for _ in range(1000):
        counters.ask_rest("k", "starter", "AddOrder", 0)
    for _ in range(7):
        counters.ask_rest("k", "starter", "TradesHistory", 0)
    counters.ask_rest("k", "starter", "Balance", 0)
    with pytest.raises(Refused, match="EAPI:Rate limit exceeded"):
        counters.ask_rest("k", "starter", "Balance", 0)
    counters.ask_rest("k", "starter", "Balance", 4 * S)


def test_public_requests_are_counted_by_who_asks() -> None:
    counters = Limits()
    for _ in range(30):
        counters.ask_public("here", 0)
    with pytest.raises(Refused, match="EAPI:Rate limit exceeded"):
        counters.ask_public("here", 0)
    counters.ask_public("there", 0)


def test_patience_raises_every_limit() -> None:
    counters = Limits(10)
    for _ in range(600):
        counters.trade("a", "starter", "BTC/USD", 1, 0)


def test_open_orders_of_a_pair_are_bounded() -> None:
    counters = Limits()
    counters.check_open("starter", 59)
    with pytest.raises(Refused, match="EOrder:Orders limit exceeded"):
        counters.check_open("starter", 60)
