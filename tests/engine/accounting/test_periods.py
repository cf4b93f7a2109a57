"""Days, weeks, months and sessions as spans of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.accounting.periods import (
    NANOS,
    Calendar,
    Unit,
    session,
    sessions,
    span_of,
    spans,
    start_of,
    zone_named,
)
from engine.errors import UsageError

HOUR = 3600 * NANOS
LONDON = Calendar(ZoneInfo("Europe/London"))
CHICAGO = Calendar(ZoneInfo("America/Chicago"), time(17))


def ns(text: str) -> int:
    """Nanoseconds of an ISO time, UTC unless it says otherwise."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * NANOS


def test_a_day_in_utc_is_a_date() -> None:
    span = span_of(ns("2026-11-21T05:42"), "day", Calendar())

    assert span == ("2026-11-21", ns("2026-11-21"), ns("2026-11-22"))


def test_a_span_holds_its_start_and_not_its_end() -> None:
    assert span_of(ns("2026-11-21"), "day", Calendar()).name == "2026-11-21"
    assert span_of(ns("2026-11-21") - 1, "day", Calendar()).name == "2026-11-20"


@pytest.mark.parametrize(
    ("moment", "name", "hours"),
    [("2026-03-29T12:00", "2026-03-29", 23), ("2026-10-25T12:00", "2026-10-25", 25)],
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(
    moment: str, name: str, hours: int
) -> None:
    span = span_of(ns(moment), "day", LONDON)

    assert (span.name, (span.end_ns - span.start_ns) // HOUR) == (name, hours)


def test_a_date_is_that_of_the_zone() -> None:
    assert span_of(ns("2026-07-01T23:30"), "day", LONDON).name == "2026-07-02"
    assert span_of(ns("2026-07-01T23:30"), "month", LONDON).start_ns == ns("2026-06-30T23:00")


def test_weeks_are_those_of_iso_unless_they_begin_with_another_day() -> None:
    iso = span_of(ns("2027-01-02"), "week", Calendar())
    sunday = span_of(ns("2027-01-02"), "week", Calendar(first_weekday=6))

    assert iso == ("2026-W53", ns("2026-12-28"), ns("2027-01-04"))
    assert sunday == ("2026-12-27", ns("2026-12-27"), ns("2027-01-03"))


def test_a_month_ends_with_the_next() -> None:
    span = span_of(ns("2028-02-29T23:59:59"), "month", Calendar())

    assert span == ("2028-02", ns("2028-02-01"), ns("2028-03-01"))


def test_a_trading_day_that_begins_in_the_evening_is_the_next_dates() -> None:
    """CME: Sunday 17:00 in Chicago is Monday's session."""
    sunday = span_of(ns("2026-11-22T17:00-06:00"), "day", CHICAGO)
    before = span_of(ns("2026-11-22T16:59-06:00"), "day", CHICAGO)

    assert (sunday.name, sunday.start_ns) == ("2026-11-23", ns("2026-11-22T23:00"))
    assert before.name == "2026-11-22"


def test_the_first_trading_day_of_a_month_begins_on_the_evening_before() -> None:
    span = span_of(ns("2026-11-30T18:00-06:00"), "month", CHICAGO)

    assert (span.name, span.start_ns) == ("2026-12", ns("2026-11-30T23:00"))


def test_a_midnight_that_the_clocks_leave_out_is_when_they_are_put_forward() -> None:
    """Beirut, 2022-03-27: 00:00 became 01:00 at 22:00 UTC on the 26th."""
    beirut = Calendar(ZoneInfo("Asia/Beirut"))

    assert start_of(date(2022, 3, 27), beirut) == ns("2022-03-26T22:00")
    assert span_of(ns("2022-03-26T21:59:59"), "day", beirut).name == "2022-03-26"
    assert span_of(ns("2022-03-26T22:00"), "day", beirut).name == "2022-03-27"


def test_a_date_that_a_zone_skipped_is_no_day() -> None:
    """Samoa went from 2011-12-29 to 2011-12-31."""
    apia = Calendar(ZoneInfo("Pacific/Apia"))
    found = [span.name for span in spans(ns("2011-12-29T12:00"), ns("2012-01-01"), "day", apia)]

    assert found == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_a_session_is_what_it_is_said_to_be() -> None:
    assert session(5, 9) == ("session", 5, 9)
    assert session(5, 3) == ("session", 5, 5)


def test_zones_are_named_as_iana_names_them() -> None:
    assert zone_named("utc") is UTC
    assert zone_named(" Asia/Tokyo ") == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        zone_named(name)


# -- for all times -------------------------------------------------------------------------------

ZONES = st.sampled_from(
    ["UTC", "Europe/London", "America/Chicago", "Asia/Beirut", "Australia/Lord_Howe",
     "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "America/Havana"]
).map(ZoneInfo)  # fmt: skip
STARTS = st.sampled_from([time(0), time(0, 30), time(2, 30), time(9, 30), time(17), time(23, 59)])
CALENDARS = st.builds(Calendar, ZONES, STARTS, st.integers(min_value=0, max_value=6))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1)).map(
    lambda moment: int(moment.replace(tzinfo=UTC).timestamp() * 1000) * (NANOS // 1000)
)
UNITS = st.sampled_from(["day", "week", "month"])


@given(MOMENTS, UNITS, CALENDARS)
def test_every_moment_is_in_its_span(moment: int, unit: Unit, calendar: Calendar) -> None:
    span = span_of(moment, unit, calendar)

    assert span.start_ns <= moment < span.end_ns
    assert span == span_of(span.start_ns, unit, calendar)
    assert span == span_of(span.end_ns - 1, unit, calendar)


@given(MOMENTS, st.integers(min_value=0, max_value=100), UNITS, CALENDARS)
def test_spans_leave_no_gap_and_do_not_overlap(
    start: int, days: int, unit: Unit, calendar: Calendar
) -> None:
    end = start + timedelta(days=days) // timedelta(seconds=1) * NANOS + 1
    found = list(spans(start, end, unit, calendar))

    assert found[0].start_ns <= start
    assert found[-1].start_ns < end <= found[-1].end_ns
    assert all(one.end_ns == other.start_ns for one, other in pairwise(found))


@given(MOMENTS, CALENDARS)
def test_weeks_and_months_are_whole_days(moment: int, calendar: Calendar) -> None:
    for unit in ("week", "month"):
        span = span_of(moment, unit, calendar)  # type: ignore[arg-type]
        days = list(spans(span.start_ns, span.end_ns, "day", calendar))

        assert (days[0].start_ns, days[-1].end_ns) == (span.start_ns, span.end_ns)


def test_sessions_are_told_apart_by_pauses() -> None:
    hour = 3600 * NANOS
    times = [5 * hour, 1 * hour, 2 * hour, 20 * hour]
    made = sessions(times, 30 * hour, 3 * hour, Calendar())

    assert [(span.name, span.start_ns // hour, span.end_ns // hour) for span in made] == [
        ("1970-01-01 01:00", 1, 20),
        ("1970-01-01 20:00", 20, 30),
    ]
    assert len(sessions(times, 30 * hour, 3 * hour - 1, Calendar())) == 3, "5 h is a pause after 2"
    assert sessions([], 30 * hour, hour, Calendar()) == []
    assert sessions([40 * hour], 30 * hour, hour, Calendar()) == []


@given(
    st.lists(st.integers(min_value=0, max_value=1000), min_size=1),
    st.integers(min_value=0, max_value=50),
)
def test_sessions_hold_every_trade_once_and_leave_no_gap(times: list[int], pause: int) -> None:
    made = sessions(times, 1001, pause, Calendar())

    assert made[0].start_ns == min(times)
    assert made[-1].end_ns == 1001
    assert all(one.end_ns == other.start_ns for one, other in pairwise(made))
    for one in made[1:]:
        before = max(time for time in times if time < one.start_ns)
        assert one.start_ns - before > pause
