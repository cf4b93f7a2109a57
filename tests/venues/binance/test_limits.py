"""Weights and order counts, and what those hear of it who use too much."""

from __future__ import annotations

import pytest

from engine.clock import NANOS
from tests.venues.binance.errors import VenueError
from tests.venues.binance.limits import LimitRules, Limits, Window

START_NS = 1_785_000_000 * NANOS
RULES = LimitRules(weight_1m=100, orders_10s=3, orders_1d=5, patience=2)


def refusal(limits: Limits, now_ns: int, weight: int = 1) -> VenueError:
    with pytest.raises(VenueError) as error:
        limits.spend("me", weight, now_ns)
    return error.value


def test_a_window_begins_anew_with_its_multiple() -> None:
    window = Window(10)
    assert window.add(START_NS + 3 * NANOS, 5) == 5
    assert window.add(START_NS + 9 * NANOS) == 6
    assert window.left_s(START_NS + 9 * NANOS) == 1
    assert window.count(START_NS + 10 * NANOS) == 0


def test_too_much_weight_is_refused_until_the_minute_is_over() -> None:
    limits = Limits(RULES)
    limits.spend("me", 100, START_NS)
    error = refusal(limits, START_NS + 18 * NANOS)
    assert (error.status, error.code, error.retry_after_s) == (429, -1003, 42)
    limits.spend("another", 1, START_NS + 18 * NANOS)
    limits.spend("me", 1, START_NS + 60 * NANOS)
    told = limits.weight_headers("me", START_NS + 60 * NANOS)
    assert told["X-MBX-USED-WEIGHT-1M"] == "1"


def test_who_goes_on_is_banned_each_time_for_longer() -> None:
    limits = Limits(RULES)
    limits.spend("me", 100, START_NS)
    assert [refusal(limits, START_NS).status for _ in range(3)] == [429, 429, 418]
    error = refusal(limits, START_NS + 60 * NANOS)
    assert (error.code, error.retry_after_s) == (-1003, 60)
    assert str((START_NS + 120 * NANOS) // 1_000_000) in error.text
    limits.spend("me", 100, START_NS + 120 * NANOS)
    again = [refusal(limits, START_NS + 121 * NANOS) for _ in range(3)][-1]
    assert (again.status, again.retry_after_s) == (418, 480)
    limits.pardon()
    limits.spend("me", 1, START_NS + 122 * NANOS)


def test_new_orders_are_counted_in_ten_seconds_and_a_day() -> None:
    limits = Limits(RULES)
    limits.spend_orders("me", 3, START_NS)
    with pytest.raises(VenueError) as error:
        limits.spend_orders("me", 1, START_NS)
    assert (error.value.status, error.value.code) == (429, -1015)
    assert error.value.text == "Too many new orders; current limit is 3 orders per 10 SECOND."
    assert error.value.retry_after_s is None
    later_ns = START_NS + 10 * NANOS
    limits.spend_orders("me", 1, later_ns)
    with pytest.raises(VenueError, match="per 1 DAY"):
        limits.spend_orders("me", 1, later_ns)
    assert limits.order_headers("me", later_ns)["X-MBX-ORDER-COUNT-10S"] == "2"
    assert [row["count"] for row in limits.order_rows("me", later_ns)] == [2, 6]
