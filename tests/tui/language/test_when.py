"""Times as people type them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import NANOS
from engine.errors import UsageError
from tui.language.when import FORMS, parse_when

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
"""A Tuesday."""

WORDS = (
    *("1", "3", "31", "2023", "3000", "mar", "monday", "last", "ago", "a", "week", "d", "h"),
    *("utc", "14:30", "2pm", "-3d", "1.3.", "now"),
)


def nanos(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def read(text: str, zone: ZoneInfo | None = None) -> str:
    """What `text` means at `NOW`, as a date and time in that zone."""
    meant = parse_when(text, nanos(NOW), zone or UTC)
    return f"{datetime.fromtimestamp(meant / NANOS, zone or UTC):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2023-03-01", "2023-03-01 00:00:00"),
        ("2023/3/1", "2023-03-01 00:00:00"),
        ("2023.03.01", "2023-03-01 00:00:00"),
        ("20230301", "2023-03-01 00:00:00"),
        ("2023-03", "2023-03-01 00:00:00"),
        ("2019", "2019-01-01 00:00:00"),
        ("1850-06-01", "1850-06-01 00:00:00"),
        ("2023-03-01T14:30", "2023-03-01 14:30:00"),
        ("2023-03-01 14:30:15", "2023-03-01 14:30:15"),
        ("2023-03-01T14:30:15Z", "2023-03-01 14:30:15"),
        ("2023-03-01T14:30:15.5+02:00", "2023-03-01 12:30:15"),
        ("2023-03-01 14:30 -0500", "2023-03-01 19:30:00"),
        ("14:30 2023-03-01", "2023-03-01 14:30:00"),
        ("1.3.2023", "2023-03-01 00:00:00"),
        ("1.3.23 9:05", "2023-03-01 09:05:00"),
        ("24.12.", "2022-12-24 00:00:00"),
        ("13/3/2023", "2023-03-13 00:00:00"),
        ("3/13/2023", "2023-03-13 00:00:00"),
        ("3/3", "2023-03-03 00:00:00"),
    ],
)
def test_a_date_in_digits(text: str, meant: str) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1 mar", "2023-03-01 00:00:00"),
        ("Mar 1", "2023-03-01 00:00:00"),
        ("mar 1 14:30", "2023-03-01 14:30:00"),
        ("14:30 on the 1st of March", "2023-03-01 14:30:00"),
        ("1mar2021", "2021-03-01 00:00:00"),
        ("1 sept 21", "2021-09-01 00:00:00"),
        ("March 2nd, 2021, 2:05 pm", "2021-03-02 14:05:00"),
        ("Mon 1 Mar 2021", "2021-03-01 00:00:00"),
        ("mar 2021", "2021-03-01 00:00:00"),
        ("march", "2023-03-01 00:00:00"),
        ("dec", "2022-12-01 00:00:00"),
        ("24 dec", "2022-12-24 00:00:00"),
        ("14 nov", "2023-11-14 00:00:00"),
        ("14 nov 23:00", "2022-11-14 23:00:00"),
        ("29 feb", "2020-02-29 00:00:00"),
        ("15th", "2023-10-15 00:00:00"),
        ("31st", "2023-10-31 00:00:00"),
        ("14th 9am", "2023-11-14 09:00:00"),
    ],
)
def test_a_date_in_words_without_its_year_is_the_last_one_that_there_was(
    text: str, meant: str
) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("14:30", "2023-11-14 14:30:00"),
        ("23:00", "2023-11-13 23:00:00"),
        ("9:05:30", "2023-11-14 09:05:30"),
        ("2pm", "2023-11-14 14:00:00"),
        ("12am", "2023-11-14 00:00:00"),
        ("12pm", "2023-11-14 12:00:00"),
        ("2:30 PM", "2023-11-14 14:30:00"),
        ("noon", "2023-11-14 12:00:00"),
        ("midnight", "2023-11-14 00:00:00"),
    ],
)
def test_a_time_of_day_is_the_last_one_that_there_was(text: str, meant: str) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2023-11-14 22:13:20"),
        ("today", "2023-11-14 00:00:00"),
        ("yesterday", "2023-11-13 00:00:00"),
        ("yesterday 14:30", "2023-11-13 14:30:00"),
        ("14:30 yesterday", "2023-11-13 14:30:00"),
        ("monday", "2023-11-13 00:00:00"),
        ("Mon 9:30", "2023-11-13 09:30:00"),
        ("wed", "2023-11-08 00:00:00"),
        ("tuesday", "2023-11-14 00:00:00"),
        ("tuesday 23:00", "2023-11-07 23:00:00"),
        ("last tuesday", "2023-11-07 00:00:00"),
        ("last monday", "2023-11-13 00:00:00"),
    ],
)
def test_days_are_named(text: str, meant: str) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("-3d", "2023-11-11 22:13:20"),
        ("3d", "2023-11-11 22:13:20"),
        ("3d ago", "2023-11-11 22:13:20"),
        ("2h ago", "2023-11-14 20:13:20"),
        ("2 hours ago", "2023-11-14 20:13:20"),
        ("-2h30m", "2023-11-14 19:43:20"),
        ("1.5h", "2023-11-14 20:43:20"),
        ("1.5d", "2023-11-13 10:13:20"),
        ("90 s", "2023-11-14 22:11:50"),
        ("3 weeks", "2023-10-24 22:13:20"),
        ("a week ago", "2023-11-07 22:13:20"),
        ("last week", "2023-11-07 22:13:20"),
        ("an hour ago", "2023-11-14 21:13:20"),
        ("2w 3d", "2023-10-28 22:13:20"),
        ("1 month", "2023-10-14 22:13:20"),
        ("9 months ago", "2023-02-14 22:13:20"),
        ("1y", "2022-11-14 22:13:20"),
        ("2 years 1 month ago", "2021-10-14 22:13:20"),
        ("3d ago 14:30", "2023-11-11 14:30:00"),
    ],
)
def test_so_long_ago(text: str, meant: str) -> None:
    assert read(text) == meant


def test_a_month_before_a_long_one_ends_with_its_last_day() -> None:
    now = nanos(datetime(2024, 3, 31, 12, tzinfo=UTC))

    assert parse_when("1 month", now) == nanos(datetime(2024, 2, 29, 12, tzinfo=UTC))
    assert parse_when("1 year 1 month", now) == nanos(datetime(2023, 2, 28, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1700000000", 1_700_000_000 * NANOS),
        ("1700000000.25", 1_700_000_000 * NANOS + 250_000_000),
        ("1700000000123", 1_700_000_000_123_000_000),
        ("1700000000123456", 1_700_000_000_123_456_000),
        ("1700000000123456789", 1_700_000_000_123_456_789),
        ("999999999", 999_999_999 * NANOS),
    ],
)
def test_a_count_since_1970_is_told_by_its_digits(text: str, nanoseconds: int) -> None:
    assert parse_when(f" {text} ", nanos(NOW)) == nanoseconds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no time was said"),
        ("   ", "no time was said"),
        ("1/3/2023", "could be two days"),
        ("1-3", "could be two days"),
        ("3M", "M could be minutes or months"),
        ("15", "15 of what?"),
        ("weeks", "how many weeks?"),
        ("ago", "how long ago?"),
        ("31 feb", "no date"),
        ("2023-02-30", "no date"),
        ("2023-13-01", "no date"),
        ("0001-01-01", "no date"),
        ("9999", "no date"),
        ("25:00", "25:00 is no time of day"),
        ("14:75", "14:75 is no time of day"),
        ("13pm", "13pm is no time of day"),
        ("14:30 15:30", "two clock times"),
        ("2h ago 14:30", "two clock times"),
        ("2021 2022", "two years"),
        ("mar apr", "two months"),
        ("5 6", "two numbers"),
        ("15th 2023", "a day without its month"),
        ("today yesterday", "two days"),
        ("monday 3d ago", "more than one day"),
        ("1.5 months", "'1.5' is no time"),
        ("1.5mo", "parts of a month or year"),
        ("9999999 years", "'9999999' is no time"),
        ("9999y", "too long ago"),
        ("999999999999d", "too long ago"),
        ("9999999999999999999", "not between 1700 and 2200"),
        ("lunch", "'lunch' is no time"),
        ("\x1b[31m", "is no time"),
    ],
)
def test_what_cannot_be_read_or_could_be_two_is_refused_with_what_is_understood(
    text: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_when(text, nanos(NOW))

    assert said in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert FORMS in caught.value.hint


def test_days_begin_and_clocks_are_read_in_the_zone() -> None:
    assert read("today", BERLIN) == "2023-11-14 00:00:00"
    assert parse_when("today", nanos(NOW), BERLIN) == nanos(datetime(2023, 11, 13, 23, tzinfo=UTC))
    assert read("yesterday", NEW_YORK) == "2023-11-13 00:00:00"
    assert read("23:00", BERLIN) == "2023-11-14 23:00:00"  # it is 23:13 there
    assert parse_when("14:30 utc", nanos(NOW), BERLIN) == nanos(
        datetime(2023, 11, 14, 14, 30, tzinfo=UTC)
    )


def test_a_time_that_clocks_skip_is_as_long_after_the_skip() -> None:
    assert read("2023-03-26 02:30", BERLIN) == "2023-03-26 03:30:00"
    assert parse_when("2023-03-26 02:30", nanos(NOW), BERLIN) == nanos(
        datetime(2023, 3, 26, 1, 30, tzinfo=UTC)
    )


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert parse_when("2023-10-29 02:30", nanos(NOW), BERLIN) == nanos(
        datetime(2023, 10, 29, 0, 30, tzinfo=UTC)
    )


def test_days_ago_are_by_the_calendar_and_hours_by_the_clock() -> None:
    now = nanos(datetime(2023, 3, 26, 12, tzinfo=BERLIN))

    assert parse_when("1 day", now, BERLIN) == nanos(datetime(2023, 3, 25, 12, tzinfo=BERLIN))
    assert parse_when("24 hours", now, BERLIN) == now - 86_400 * NANOS


def test_without_a_zone_it_is_that_of_the_machine() -> None:
    local = datetime(2023, 3, 1, 14, 30).astimezone()

    assert parse_when("2023-03-01 14:30", nanos(NOW), None) == nanos(local)


@settings(deadline=None, derandomize=True)
@given(st.datetimes(datetime(1700, 1, 1), datetime(2200, 12, 31)), st.sampled_from([UTC, NEW_YORK]))
def test_a_full_date_and_time_is_read_back(at: datetime, zone: ZoneInfo) -> None:
    meant = at.replace(microsecond=0, tzinfo=zone)

    for form in ("%Y-%m-%d %H:%M:%S", "%d %B {year} %H:%M:%S", "%I:%M:%S %p %b %d {year}"):
        text = meant.strftime(form).replace("{year}", f"{at.year:04}").replace("%Y", f"{at.year}")
        assert parse_when(text, nanos(NOW), zone) == nanos(meant)


@settings(deadline=None, derandomize=True)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)), st.sampled_from([UTC, BERLIN]))
def test_what_is_left_open_lies_in_the_past(now: datetime, zone: ZoneInfo) -> None:
    now_ns = nanos(now.replace(tzinfo=UTC))

    for text in ("14:30", "1 mar", "friday", "31st", "feb", "29 feb", "2 weeks", "yesterday"):
        meant = parse_when(text, now_ns, zone)
        # An hour of slack: when clocks are put back, a time of day comes twice.
        assert meant <= now_ns + 3600 * NANOS


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    st.one_of(
        st.text(max_size=20),
        st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join),
    )
)
def test_any_text_is_a_time_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert abs(parse_when(text, nanos(NOW))) < 1 << 63


def test_one_word_that_is_no_time_is_said_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_when("xyz", nanos(NOW), UTC)

    assert str(caught.value) == "'xyz' is no time"
