"""Hours of trading: what is understood, and when a market is open by them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.ems.hours import parse_hours

NEW_YORK = "mon-fri 09:30-16:00 America/New_York"
GLOBEX = "sun-thu 17:00-16:00 America/Chicago"


def ns(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("hours", "utc", "is_open"),
    [
        ("24/7", "2026-11-22 03:00", True),
        (NEW_YORK, "2026-11-20 14:29", False),  # a Friday, in winter time
        (NEW_YORK, "2026-11-20 14:30", True),
        (NEW_YORK, "2026-11-20 20:59", True),
        (NEW_YORK, "2026-11-20 21:00", False),
        (NEW_YORK, "2026-11-21 15:00", False),
        (NEW_YORK, "2026-07-17 13:30", True),  # in summer time
        (GLOBEX, "2026-11-22 22:59", False),  # a Sunday
        (GLOBEX, "2026-11-22 23:00", True),
        (GLOBEX, "2026-11-23 21:59", True),
        (GLOBEX, "2026-11-23 22:30", False),  # the hour between two days
        (GLOBEX, "2026-11-20 21:59", True),  # what began on Thursday
        (GLOBEX, "2026-11-20 23:30", False),
        ("mon-fri 09:00-11:30; mon-fri 12:30-15:30", "2026-11-20 12:00", False),
        ("mon-fri 09:00-11:30; mon-fri 12:30-15:30", "2026-11-20 12:30", True),
        ("fri-mon 00:00-24:00", "2026-11-22 00:00", True),
        ("fri-mon 00:00-24:00", "2026-11-24 00:00", False),
        ("sat 10:00-12:00", "2026-11-21 11:00", True),
    ],
)
def test_a_market_is_open_within_its_hours(hours: str, utc: str, is_open: bool) -> None:
    parsed = parse_hours(hours)

    assert parsed is not None
    assert parsed.is_open(ns(utc)) is is_open


@pytest.mark.parametrize(
    "text",
    [
        "",
        "US equities",
        "9-5",
        "mon-fri 9:30-16:00",
        "mon-fri 09:30-16:00 Mars/Base",
        "foo 09:00-10:00",
        "mon-fri 09:30-25:00",
        "mon-fri 09:30-16:00;",
        "mon-fri 09:30-16:00 ../../etc/passwd",
    ],
)
def test_what_says_no_hours_is_not_guessed(text: str) -> None:
    assert parse_hours(text) is None
