from __future__ import annotations

import json

import numpy as np
import pytest

from brokers.binance import wire
from brokers.binance.history import INTERVALS, history_page, last_open_ms, page_limit
from engine.clock import NANOS
from engine.errors import BrokerUnavailable

MINUTE_NS = 60 * NANOS
START_NS = 1_700_000_040 * NANOS
"""A whole minute."""


def kline(at: int, *, volume: str = "1.5", step_ms: int = 60_000) -> list[object]:
    open_ms = START_NS // 1_000_000 + at * step_ms
    return [
        *(open_ms, "1.0", "2.0", "0.5", "1.5", volume),
        *(open_ms + step_ms - 1, "10", 3, "1", "5", "0"),
    ]


def klines(*rows: list[object]) -> list[wire.Kline]:
    return wire.decode_klines(json.dumps(rows).encode())


def test_an_answer_becomes_columns_with_the_start_of_each_period() -> None:
    page = history_page(
        klines(kline(0), kline(1)), 60, START_NS + 10 * MINUTE_NS, START_NS + 10 * MINUTE_NS, 2, 2
    )

    columns = page.columns
    assert list(columns.time_ns) == [START_NS, START_NS + MINUTE_NS]
    assert columns.time_ns.dtype == np.int64
    row = [float(getattr(columns, name)[0]) for name in ("open", "high", "low", "close")]
    assert row == [1.0, 2.0, 0.5, 1.5]
    assert (list(columns.volume), list(columns.trades)) == ([1.5, 1.5], [3.0, 3.0])
    assert page.has_more


def test_a_bar_that_is_still_open_is_left_out() -> None:
    now_ns = START_NS + 2 * MINUTE_NS - 1
    page = history_page(klines(kline(0), kline(1)), 60, now_ns, now_ns, 2, 3)

    assert list(page.columns.time_ns) == [START_NS]
    assert not page.has_more


def test_one_more_is_asked_for_where_one_is_open() -> None:
    now_ns = START_NS + 5 * MINUTE_NS

    assert page_limit(60, now_ns, now_ns, 100) == 101
    assert page_limit(60, now_ns - MINUTE_NS, now_ns, 100) == 100
    assert page_limit(60, now_ns, now_ns, 1000) == 1000


def test_no_more_bars_are_given_than_were_asked_for() -> None:
    now_ns = START_NS + 10 * MINUTE_NS
    page = history_page(klines(kline(0), kline(1), kline(2)), 60, now_ns, now_ns, 2, 3)

    assert list(page.columns.time_ns) == [START_NS + MINUTE_NS, START_NS + 2 * MINUTE_NS]
    assert page.has_more


def test_bars_at_the_end_of_the_range_are_not_in_it() -> None:
    assert last_open_ms(START_NS) == START_NS // 1_000_000 - 1
    assert last_open_ms(START_NS + 1) == START_NS // 1_000_000
    assert last_open_ms(0) == 0


def test_minutes_without_trades_are_bars_of_volume_0() -> None:
    now_ns = START_NS + 10 * MINUTE_NS
    page = history_page(klines(kline(0), kline(1, volume="0.0")), 60, now_ns, now_ns, 2, 2)

    assert list(page.columns.volume) == [1.5, 0.0]


def test_minutes_that_the_venue_was_down_stay_missing() -> None:
    now_ns = START_NS + 10 * MINUTE_NS
    page = history_page(klines(kline(0), kline(5)), 60, now_ns, now_ns, 2, 2)

    assert list(page.columns.time_ns) == [START_NS, START_NS + 5 * MINUTE_NS]


def test_no_klines_are_no_bars() -> None:
    page = history_page([], 60, START_NS, START_NS, 2, 2)

    assert (len(page.columns), page.has_more) == (0, False)


@pytest.mark.parametrize(
    "rows",
    [
        (kline(1), kline(0)),
        (kline(0), kline(0)),
        (kline(0, step_ms=60_001), kline(1, step_ms=60_001)),
        ([10**17, "1", "1", "1", "1", "1", 0, "1", 1],),
    ],
)
def test_klines_that_are_not_in_order_are_no_history(rows: tuple[list[object], ...]) -> None:
    now_ns = START_NS + 10 * MINUTE_NS
    with pytest.raises(BrokerUnavailable):
        history_page(klines(*rows), 60, now_ns, now_ns, 2, 2)


def test_all_periods_start_at_multiples_of_their_length() -> None:
    assert list(INTERVALS) == sorted(INTERVALS)
    assert all(86_400 % period_s == 0 for period_s in INTERVALS)
