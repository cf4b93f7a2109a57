"""Times as people type them, to jump to: `2023-03-01`, `1 mar 14:30`, `yesterday`, `2h ago`.

What leaves something open means the last time that it was so: `14:30` is today's or else
yesterday's, `mar 1` this year's or else last year's. What could mean two days is refused, since
a chart at the wrong one looks like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from engine.clock import NANOS
from engine.errors import UsageError
from engine.text import safe
from tui.paint.format import moment

FORMS = "2023-03-01, 1 mar 14:30, 14:30, yesterday, monday, -3d, 2h ago, 3 weeks, unix seconds"
"""Some of what is understood, to say where something is not."""

FIRST_YEAR, LAST_YEAR = 1700, 2200
"""Nanoseconds of 64 bits hold some more years than these."""

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
}
_DAYS = {
    **dict.fromkeys(("d", "day", "days"), 1),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 7),
}
_MONTHS_OF = {
    **dict.fromkeys(("mo", "mos", "month", "months"), 1),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 12),
}
_UNITS = frozenset({*_SECONDS, *_DAYS, *_MONTHS_OF})
_NOISE = frozenset({"at", "on", "of", "the", "in", "and"})
_SAID = {"clock": "clock time", "days_back": "day"}
"""What a part is called in an error, where not by its own name."""

_CLOCKS = {"noon": time(12), "midday": time(12), "midnight": time(0)}

_UNIX = re.compile(r"(\d{9,19})(?:\.(\d{1,9}))?")
_SCALES = ((11, 9), (14, 6), (17, 3), (19, 0))
"""Up to so many digits it is seconds, milliseconds ...: nanoseconds in one as a power of ten."""

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})(?:\2(\d{1,2}))?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d\d)?")
_EITHER_FIRST = re.compile(r"(\d{1,2})([-/])(\d{1,2})(?:\2(\d{4}))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([ap]m)?")
_HOUR = re.compile(r"(\d{1,2})([ap]m)")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_SPAN = re.compile(r"-?((?:\d+(?:\.\d+)?[a-z]+)+)")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)")


def parse_when(text: str, now_ns: int, zone: tzinfo | None = UTC) -> int:
    """The time that `text` means, nanoseconds since 1970 UTC.

    Args:
        now_ns: the present, from which is counted.
        zone: in which days begin and clocks are read; None is the machine's own. A time that
            its clocks skip is as long after the skip as it says; one that comes twice is the
            first.

    Raises:
        UsageError: it is no time, or could be two. The hint says what is understood.
    """
    try:
        unix = _unix(text.strip())
        if unix is not None:
            return unix
        parts = _Parts()
        for word in _words(text):
            parts.read(word)
        return parts.resolve(now_ns, zone)
    except _NotUnderstood as error:
        said = repr(safe(text.strip(), 40))
        problem = str(error) if str(error).startswith(said) else f"{said}: {error}"
        if not text.strip():
            problem = "no time was said"
        raise UsageError(problem, hint=f"understood is: {FORMS}") from None


class _NotUnderstood(Exception):
    """Why a text is no time."""


def _unix(text: str) -> int | None:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by their digits."""
    match = _UNIX.fullmatch(text)
    if match is None:
        return None
    whole, rest = match.groups(default="")
    scale = next(power for digits, power in _SCALES if len(whole) <= digits)
    nanos = int(whole) * 10**scale + int(rest.ljust(9, "0")) * 10**scale // NANOS
    return _checked(nanos)


def _words(text: str) -> list[str]:
    """`text` in pieces that mean one thing each."""
    if re.search(r"\d\s*M\b", text):
        raise _NotUnderstood("M could be minutes or months: write min or mo")
    text = text.lower().replace(",", " ")
    text = re.sub(r"(?<=\d)t(?=\d)", " ", text)
    text = re.sub(r"(?<=[\d:])z$", " utc", text.strip())
    text = re.sub(r"(:\d\d(?:\.\d+)?)([+-]\d\d:?\d\d)$", r"\1 \2", text)
    text = re.sub(r"(?<=\d)\s+(?=[ap]m\b)", "", text)
    return [piece for word in text.split() for piece in _apart(word)]


def _apart(word: str) -> list[str]:
    """`1mar2023` as three words; anything else as it is."""
    pieces = re.findall(r"\d+|[a-z]+", word)
    is_glued = "".join(pieces) == word and any(_month(piece) for piece in pieces)
    return pieces if is_glued else [word]


@dataclass
class _Parts:
    """What was said so far."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    clock: time | None = None
    days_back: int | None = None
    """0 today, 1 yesterday."""
    is_now: bool = False
    is_last: bool = False
    """`last monday`: not today."""
    zone: tzinfo | None = None
    span: dict[str, float] = field(default_factory=dict)
    """Time back from now by unit."""
    number: int | None = None
    """Said, and what of is not known yet."""

    # -- words ----------------------------------------------------------------------------------

    def read(self, word: str) -> None:
        """Take in one more word."""
        if word.isdecimal() and len(word) <= 4:
            self._read_number(word)
        elif word in _UNITS:
            self._read_unit(word)
        elif word[:1].isalpha():
            self._read_word(word)
        elif not (self._read_date(word) or self._read_clock(word) or self._read_span(word)):
            raise _NotUnderstood(f"{safe(word, 20)!r} is no time")

    def _read_number(self, word: str) -> None:
        number = int(word)
        if len(word) == 4:
            self._set(year=number)
        elif self.month is not None and self.day is None:
            self._set(day=number)
        elif self.month is not None and self.year is None and len(word) == 2:
            self._set(year=2000 + number)
        elif self.number is None:
            self.number = number
        else:
            raise _NotUnderstood("two numbers")

    def _read_unit(self, word: str) -> None:
        """A unit, with the number before it or with `last`: `3 weeks`, `last week`."""
        number, self.number = self.number, None
        if number is None and not self.is_last:
            raise _NotUnderstood(f"how many {word}?")
        self.is_last = False
        self._add_span(1.0 if number is None else number, word)

    def _read_word(self, word: str) -> None:
        if month := _month(word):
            self._set(month=month)
            if self.number is not None:
                number, self.number = self.number, None
                self._set(day=number)
        elif (weekday := _weekday(word)) is not None:
            self._set(weekday=weekday)
        elif word in ("today", "yesterday"):
            self._set(days_back=int(word == "yesterday"))
        elif word in _CLOCKS:
            self._set(clock=_CLOCKS[word])
        elif word in ("utc", "gmt"):
            self._set(zone=UTC)
        elif word in ("a", "an"):
            self.number = 1
        elif word == "last":
            self.is_last = True
        elif word == "now":
            self.is_now = True
        elif word == "ago":
            if not self.span:
                raise _NotUnderstood("how long ago?")
        elif word not in _NOISE:
            raise _NotUnderstood(f"{safe(word, 20)!r} is no time")

    def _read_date(self, word: str) -> bool:
        if match := _YEAR_FIRST.fullmatch(word):
            year, _, month, day = match.groups()
        elif match := _COMPACT.fullmatch(word):
            year, month, day = match.groups()
        elif match := _DAY_FIRST.fullmatch(word):
            day, month, year = match.groups()
            year = f"20{year}" if year and len(year) == 2 else year
        elif match := _EITHER_FIRST.fullmatch(word):
            day, month, year = self._in_order(word, match)
        elif match := _ORDINAL.fullmatch(word):
            self._set(day=int(match[1]))
            return True
        else:
            return False
        self._set(year=year and int(year), month=int(month), day=day and int(day))
        return True

    @staticmethod
    def _in_order(word: str, match: re.Match[str]) -> tuple[str, str, str | None]:
        """Day, month and year of `13/3` or `3/13`; of `1/3` nobody knows."""
        first, _, second, year = match.groups()
        if int(second) > 12:
            first, second = second, first
        elif int(first) <= 12 and first != second:
            raise _NotUnderstood(f"{word} could be two days: write the month as mar, or 2023-03-01")
        return first, second, year

    def _read_clock(self, word: str) -> bool:
        if match := _CLOCK.fullmatch(word):
            hour, minute, second, fraction, half = match.groups(default="")
        elif match := _HOUR.fullmatch(word):
            (hour, half), minute, second, fraction = match.groups(), "0", "", ""
        elif match := _OFFSET.fullmatch(word):
            sign = -1 if match[1] == "-" else 1
            shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
            if shift < timedelta(hours=24):
                self._set(zone=timezone(sign * shift))
            return shift < timedelta(hours=24)
        else:
            return False
        hours = int(hour)
        if half and not 1 <= hours <= 12:
            raise _NotUnderstood(f"{word} is no time of day")
        hours = hours % 12 + (12 if half == "pm" else 0) if half else hours
        micros = int(fraction[:6].ljust(6, "0"))
        try:
            self._set(clock=time(hours, int(minute), int(second or 0), micros))
        except ValueError:
            raise _NotUnderstood(f"{word} is no time of day") from None
        return True

    def _read_span(self, word: str) -> bool:
        """`3d`, `-2h30m`."""
        match = _SPAN.fullmatch(word)
        if match is None:
            return False
        for number, unit in _PIECE.findall(match[1]):
            if unit not in _UNITS:
                return False
            self._add_span(float(number), unit)
        return True

    def _add_span(self, number: float, unit: str) -> None:
        for name, table in (("seconds", _SECONDS), ("days", _DAYS), ("months", _MONTHS_OF)):
            if unit in table:
                self.span[name] = self.span.get(name, 0.0) + number * table[unit]

    def _set(self, **said: int | time | tzinfo | str | None) -> None:
        for name, value in said.items():
            if value is None:
                continue
            if getattr(self, name) is not None:
                raise _NotUnderstood(f"two {_SAID.get(name, name)}s")
            setattr(self, name, value)

    # -- the time meant -------------------------------------------------------------------------

    def resolve(self, now_ns: int, zone: tzinfo | None) -> int:
        """The time that all of it means."""
        zone = self.zone or zone
        now = moment(now_ns, zone).replace(tzinfo=None, fold=0)
        if self.number is not None:
            raise _NotUnderstood(f"{self.number} of what?")
        has_date = (self.year, self.month, self.day) != (None, None, None)
        kinds = (has_date or self.weekday is not None, bool(self.span), self.days_back is not None)
        if sum((*kinds, self.is_now)) > 1:
            raise _NotUnderstood("more than one day")
        if self.is_now:
            return now_ns
        if self.span:
            return self._back(now_ns, now, zone)
        if has_date:
            return self._last_date(now, zone)
        if self.weekday is not None:
            back = (now.weekday() - self.weekday) % 7 or (7 if self.is_last else 0)
            return self._last_time(now, now.date() - timedelta(back), 7, zone)
        if self.days_back is not None:
            day = now.date() - timedelta(self.days_back)
            return _nanos(datetime.combine(day, self.clock or time()), zone)
        if self.clock is None:
            raise _NotUnderstood("no time")
        return self._last_time(now, now.date(), 1, zone)

    def _back(self, now_ns: int, now: datetime, zone: tzinfo | None) -> int:
        """So long ago: days, weeks and months by the calendar, hours and less by the clock."""
        seconds, days = self.span.get("seconds", 0.0), self.span.get("days", 0.0)
        months = self.span.get("months", 0.0)
        if months != int(months):
            raise _NotUnderstood("parts of a month or year")
        if seconds and self.clock is not None:
            raise _NotUnderstood("two clock times")
        if days != int(days):
            seconds, days = seconds + (days - int(days)) * 86_400, int(days)
        try:
            at = _months_before(now, int(months)) - timedelta(days)
        except (OverflowError, ValueError):
            raise _NotUnderstood("too long ago") from None
        if self.clock is not None:
            at = datetime.combine(at.date(), self.clock)
        start = now_ns if at == now else _nanos(at, zone)
        return _checked(start - round(seconds * NANOS))

    def _last_time(self, now: datetime, day: date, step: int, zone: tzinfo | None) -> int:
        """The time of day on that day, or if that is not yet `step` days before."""
        at = datetime.combine(day, self.clock or time())
        return _nanos(at if at <= now else at - timedelta(step), zone)

    def _last_date(self, now: datetime, zone: tzinfo | None) -> int:
        """The date; where its year or month was not said, the last one that there was."""
        clock = self.clock or time()
        if self.day is not None and self.month is None:
            if self.year is not None:
                raise _NotUnderstood("a day without its month")
            tries = [_months_before(now.replace(day=1), count) for count in range(13)]
        elif self.year is None:
            tries = [datetime(now.year - count, self.month or 1, 1) for count in range(9)]
        else:
            if not FIRST_YEAR <= self.year <= LAST_YEAR or not 1 <= (self.month or 1) <= 12:
                raise _NotUnderstood("no date")
            tries = [datetime(self.year, self.month or 1, 1)]
        for first in tries:
            try:
                at = datetime.combine(first.replace(day=self.day or 1).date(), clock)
            except ValueError:
                continue  # the 30th of this month, the 29th of this February
            if at <= now or self.year is not None:
                return _nanos(at, zone)
        raise _NotUnderstood("no date")


def _month(word: str) -> int | None:
    """1 to 12 for a month's name, or three letters of it or more."""
    found = [at for at, name in enumerate(_MONTHS, 1) if len(word) >= 3 and name.startswith(word)]
    return found[0] if found else None


def _weekday(word: str) -> int | None:
    """0 to 6 for a day's name, or three letters of it or more."""
    found = [at for at, name in enumerate(_WEEKDAYS) if len(word) >= 3 and name.startswith(word)]
    return found[0] if found else None


def _months_before(at: datetime, months: int) -> datetime:
    """The same day so many months before, or the last one that month has."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    for day in range(at.day, 27, -1):
        try:
            return at.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return at.replace(year=year, month=month + 1)


def _nanos(at: datetime, zone: tzinfo | None) -> int:
    """Nanoseconds since 1970 UTC of a date and time in `zone`."""
    try:
        aware = at.astimezone() if zone is None else at.replace(tzinfo=zone)
        since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    except (OverflowError, ValueError):
        raise _NotUnderstood("too long ago") from None
    return _checked((since // timedelta(microseconds=1)) * 1000)


def _checked(nanos: int) -> int:
    """`nanos` where its year is one that is understood."""
    low = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    high = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    if not low.timestamp() <= nanos / NANOS < high.timestamp():
        raise _NotUnderstood(f"not between {FIRST_YEAR} and {LAST_YEAR}")
    return nanos
