"""Days, weeks, months and sessions as spans of time, in a time zone of choice.

A day is a trading day: it begins at `Calendar.day_start` by the wall clock of the zone. One that
begins after noon is the day of the next date, as futures venues count (CME: what trades from
17:00 in Chicago on a Sunday is Monday's). Weeks and months are made of whole such days. A span
is 23 or 25 hours long where clocks are changed within it; a start that the clocks leave out is
the moment at which they are put forward, and one that they repeat is the first of the two
(PEP 495, ``fold=0``).

All bounds are nanoseconds UTC; a span holds its start and not its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from engine.errors import UsageError
from engine.text import safe

Unit = Literal["day", "week", "month"]

NANOS = 1_000_000_000
_NOON = time(12)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class Span(NamedTuple):
    """From `start_ns` up to, and without, `end_ns`."""

    name: str
    """`2026-11-21` of a day, `2026-W47` of an ISO week, `2026-11` of a month."""
    start_ns: int
    end_ns: int


class Calendar(NamedTuple):
    """How time is cut."""

    zone: tzinfo | None = UTC
    """None is the machine's own."""
    day_start: time = time(0)
    """When a trading day begins by the zone's clock."""
    first_weekday: int = 0
    """What a week begins with: 0 is Monday, as in ISO 8601, 6 is Sunday."""


def zone_named(name: str) -> tzinfo:
    """The zone of an IANA name, or `utc`.

    Raises:
        UsageError: there is none of that name.
    """
    if name.strip().lower() in ("utc", "z"):
        return UTC
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"there is no time zone {safe(name, 60)!r}", hint="write it as in Europe/London"
        ) from None


def span_of(time_ns: int, unit: Unit, calendar: Calendar) -> Span:
    """The day, week or month that `time_ns` is in."""
    first = _first_of(_trading_date(time_ns, calendar), unit, calendar)
    return _span(first, unit, calendar)


def spans(start_ns: int, end_ns: int, unit: Unit, calendar: Calendar) -> Iterator[Span]:
    """The days, weeks or months that have a moment in [`start_ns`, `end_ns`), oldest first.

    They are whole, so that the first may begin before `start_ns`. They leave no gap: what one
    ends with the next begins with.
    """
    first = _first_of(_trading_date(start_ns, calendar), unit, calendar)
    while True:
        span = _span(first, unit, calendar)
        if span.start_ns >= end_ns:
            return
        # A date that a zone has skipped whole is no day.
        if span.end_ns > span.start_ns:
            yield span
        first = _next(first, unit)


def session(start_ns: int, end_ns: int) -> Span:
    """Any span of time as one: since the engine was started, since a session's open."""
    return Span("session", start_ns, max(start_ns, end_ns))


def sessions(times_ns: Iterable[int], end_ns: int, pause_ns: int, calendar: Calendar) -> list[Span]:
    """Sessions of trading: each begins with a trade that comes more than `pause_ns` after the
    one before it, and ends where the next one begins, the last at `end_ns`. So what is held
    over a pause counts to the session that left it, and no profit is between two of them.

    Args:
        times_ns: of the trades, in any order.
    """
    starts: list[int] = []
    before: int | None = None
    for time_ns in sorted(times_ns):
        if time_ns < end_ns and (before is None or time_ns - before > pause_ns):
            starts.append(time_ns)
        before = time_ns
    return [
        Span(_clock_name(start, calendar), start, end)
        for start, end in zip(starts, [*starts[1:], end_ns], strict=False)
    ]


def start_of(day: date, calendar: Calendar) -> int:
    """When the trading day of this date begins."""
    if calendar.day_start >= _NOON:
        day -= _DAY
    local = datetime.combine(day, calendar.day_start, calendar.zone)
    return (local.astimezone(UTC) - _EPOCH) // _SECOND * NANOS


def _clock_name(time_ns: int, calendar: Calendar) -> str:
    """`2026-11-21 08:30` of the zone's clock."""
    moment = _EPOCH + timedelta(seconds=time_ns // NANOS)
    return f"{moment.astimezone(calendar.zone):%Y-%m-%d %H:%M}"


def _trading_date(time_ns: int, calendar: Calendar) -> date:
    """The date of the trading day that holds `time_ns`."""
    moment = _EPOCH + timedelta(seconds=time_ns // NANOS)
    day = moment.astimezone(calendar.zone).date() + _DAY
    while start_of(day, calendar) > time_ns:
        day -= _DAY
    return day


def _first_of(day: date, unit: Unit, calendar: Calendar) -> date:
    """The first date of the unit that `day` is in."""
    if unit == "month":
        return day.replace(day=1)
    if unit == "week":
        return day - (day.weekday() - calendar.first_weekday) % 7 * _DAY
    return day


def _next(first: date, unit: Unit) -> date:
    """The first date of the unit after the one that begins with `first`."""
    if unit == "month":
        return (first + 31 * _DAY).replace(day=1)
    return first + (7 if unit == "week" else 1) * _DAY


def _span(first: date, unit: Unit, calendar: Calendar) -> Span:
    end = start_of(_next(first, unit), calendar)
    return Span(_name(first, unit, calendar), start_of(first, calendar), end)


def _name(first: date, unit: Unit, calendar: Calendar) -> str:
    if unit == "month":
        return f"{first:%Y-%m}"
    if unit == "week" and calendar.first_weekday == 0:
        year, week, _ = first.isocalendar()
        return f"{year}-W{week:02}"
    return first.isoformat()
