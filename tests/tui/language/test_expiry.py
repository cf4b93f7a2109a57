"""When a typed order ends."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from tui.language.expiry import expiry
from tui.language.words import CommandError, Context, Words

NOW = datetime(2026, 3, 28, 21, 30, 15, tzinfo=UTC)
NANOS = 10**9
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")


def ends(text: str, zone: tzinfo = UTC) -> datetime:
    now_ns = round(NOW.timestamp()) * NANOS
    words = Words(text)
    at_ns = expiry(words, Context(now_ns=now_ns, zone=zone))
    words.done()
    return datetime.fromtimestamp(at_ns / NANOS, UTC)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("30m", "2026-03-28 22:00:15"),
        ("2H", "2026-03-28 23:30:15"),
        ("1.5h", "2026-03-28 23:00:15"),
        ("1d", "2026-03-29 21:30:15"),
        ("1w", "2026-04-04 21:30:15"),
        ("23:45", "2026-03-28 23:45:00"),
        ("21:30:16", "2026-03-28 21:30:16"),
        ("21:30:15", "2026-03-29 21:30:15"),
        ("09:00", "2026-03-29 09:00:00"),
        ("2026-04-01 9:05", "2026-04-01 09:05:00"),
        ("2026-04-01T09:05:30", "2026-04-01 09:05:30"),
    ],
)
def test_an_order_ends_after_a_while_at_a_clock_or_on_a_day(text: str, wanted: str) -> None:
    assert ends(text) == datetime.fromisoformat(f"{wanted}+00:00")


def test_clocks_are_those_of_the_zone_that_is_shown() -> None:
    assert ends("18:00", NEW_YORK) == datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
    assert ends("2026-04-01 09:00", NEW_YORK) == datetime(2026, 4, 1, 13, 0, tzinfo=UTC)


def test_tomorrow_at_noon_is_at_noon_though_clocks_change_tonight() -> None:
    assert ends("12:00", BERLIN) == datetime(2026, 3, 29, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("", "", "when it ends"),
        ("soon", "soon", "is no time to end at"),
        ("0m", "0m", "that time is past"),
        ("25:00", "25:00", "is no time"),
        ("2026-02-30 10:00", "2026-02-30", "is no time"),
        ("2026-03-28 21:00", "2026-03-28", "that time is past"),
        ("2026-04-01", "", "the time of that day"),
        ("2026-04-01 noon", "2026-04-01", "a clock's time is written 14:30"),
        ("900d", "900d", "more than a year away"),
        ("999999w", "999999w", "more than a year away"),
    ],
)
def test_what_is_no_time_to_end_at_is_pointed_at(text: str, at: str, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        ends(text)

    assert text[caught.value.start : caught.value.end] == at
    assert said in str(caught.value)
