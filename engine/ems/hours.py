"""Hours of trading: `mon-fri 09:30-16:00 America/New_York`, and whether a time is within them.

Several spans are separated by `;`; one that ends before it begins goes on over midnight, and
counts to the day on which it began (`sun-thu 17:00-16:00 America/Chicago`). `24/7` is always.
Holidays are not known.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = r"([01]\d|2[0-3]):([0-5]\d)"
_SPAN: Final = re.compile(rf"(\w{{3}})(?:-(\w{{3}}))? {_TIME}-(?:{_TIME}|(24):(00))")


class Span(NamedTuple):
    """Trading on some days, in minutes from their midnight."""

    days: frozenset[int]
    """0 is Monday."""
    begin: int
    end: int
    """Beyond 24 * 60 where it goes on after midnight."""


class Hours(NamedTuple):
    spans: tuple[Span, ...]
    """None: always."""
    zone: tzinfo

    def is_open(self, now_ns: int) -> bool:
        """Whether there is trading at this time. An end is not part of its span."""
        if not self.spans:
            return True
        now = datetime.fromtimestamp(now_ns // 10**9, UTC).astimezone(self.zone)
        minute = now.hour * 60 + now.minute
        for day, passed in ((now, minute), (now - timedelta(days=1), minute + 24 * 60)):
            if any(
                day.weekday() in span.days and span.begin <= passed < span.end
                for span in self.spans
            ):
                return True
        return False


def parse_hours(text: str) -> Hours | None:
    """The hours that `text` says; None if it says none that are understood."""
    words = text.strip().lower()
    if words == "24/7":
        return Hours((), UTC)
    zone: tzinfo = UTC
    last = text.strip().rpartition(" ")[2]
    if not last[:1].isdigit():
        try:
            zone = ZoneInfo(last)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            return None
        words = words.rpartition(" ")[0]
    spans = [_span(part.strip()) for part in words.split(";")]
    if any(span is None for span in spans):
        return None
    return Hours(tuple(span for span in spans if span is not None), zone)


def _span(words: str) -> Span | None:
    match = _SPAN.fullmatch(words)
    if match is None or match[1] not in _DAYS or (match[2] or match[1]) not in _DAYS:
        return None
    first, last = _DAYS.index(match[1]), _DAYS.index(match[2] or match[1])
    days = frozenset((first + number) % 7 for number in range((last - first) % 7 + 1))
    begin = int(match[3]) * 60 + int(match[4])
    end = int(match[5] or match[7]) * 60 + int(match[6] or match[8])
    return Span(days, begin, end if end > begin else end + 24 * 60)
