"""How many orders may still be made."""

from __future__ import annotations

from brokers.binance.account_wire import RateLimit
from brokers.binance.order_counts import OrderCounts

NOW = 1_700_000_005_000
"""In the middle of an interval of ten seconds."""


def limit(count: int, most: int = 50, interval: str = "SECOND", number: int = 10) -> RateLimit:
    return RateLimit(
        rate_limit_type="ORDERS",
        interval=interval,
        interval_num=number,
        limit=most,
        count=count,
    )


def test_what_the_venue_said_last_counts_until_its_interval_is_over() -> None:
    counts = OrderCounts()
    counts.note([limit(50)], NOW)

    assert counts.refusal(1, NOW + 4999) == "50 of 50 orders in 10 s are made"
    assert counts.refusal(1, NOW + 5000) == ""


def test_orders_that_are_under_way_are_counted_once() -> None:
    counts = OrderCounts()
    counts.note([limit(48)], NOW)
    counts.begin(1)
    first = counts.refusal(1, NOW)
    counts.begin(1)
    second = counts.refusal(1, NOW)
    counts.end(2)

    assert (first, bool(second), counts.refusal(2, NOW)) == ("", True, "")


def test_filled_orders_come_off_the_count_again() -> None:
    counts = OrderCounts()
    counts.note([limit(50)], NOW)
    counts.note([limit(20)], NOW)

    assert counts.refusal(1, NOW) == ""


def test_limits_that_the_venue_raises_hold() -> None:
    counts = OrderCounts()
    counts.note([limit(60, most=100), limit(1, most=2, interval="MINUTE", number=1)], NOW)

    assert counts.refusal(1, NOW) == ""
    assert counts.refusal(2, NOW) == "1 of 2 orders in 60 s are made"
    assert counts.used_share == 0.6


def test_counts_in_headers_of_rest_are_read_and_others_left_alone() -> None:
    counts = OrderCounts()
    headers = {
        "x-mbx-order-count-10s": "50",
        "x-mbx-order-count-1d": "7",
        "x-mbx-order-count-3q": "9",
        "x-mbx-order-count-10x": "x",
        "x-mbx-used-weight-1m": "1200",
    }
    counts.note_headers(headers, NOW)

    assert counts.refusal(1, NOW).startswith("50 of 50")
    assert counts.used_share == 1.0


def test_a_weight_is_no_count_of_orders() -> None:
    counts = OrderCounts()
    weight = RateLimit(
        rate_limit_type="REQUEST_WEIGHT", interval="MINUTE", interval_num=1, limit=1, count=1
    )
    counts.note([weight], NOW)

    assert counts.refusal(1, NOW) == ""
