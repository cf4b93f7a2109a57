"""Where bars of each period begin."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.clock import NANOS
from tests.venues.exchange.bars import MONTH, WEEK_FROM_MONDAY, Period


def ns(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * NANOS  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("period", "start"),
    [
        (Period(60), (2026, 7, 25, 17, 20)),
        (Period(14_400), (2026, 7, 25, 16)),
        (Period(86_400), (2026, 7, 25)),
        (WEEK_FROM_MONDAY, (2026, 7, 20)),
        (MONTH, (2026, 7, 1)),
    ],
)
def test_a_bar_begins_where_venues_have_it_begin(period: Period, start: tuple[int, ...]) -> None:
    assert period.start(ns(2026, 7, 25, 17, 20, 5)) == ns(*start)


@pytest.mark.parametrize("month", range(1, 13))
def test_months_follow_each_other(month: int) -> None:
    following = (2027, 1, 1) if month == 12 else (2026, month + 1, 1)
    assert MONTH.next_start(ns(2026, month, 1)) == ns(*following)


def test_a_day_may_begin_by_another_clock() -> None:
    tokyo = Period(86_400, -9 * 3600)
    assert tokyo.start(ns(2026, 7, 25, 17, 20)) == ns(2026, 7, 25, 15)
