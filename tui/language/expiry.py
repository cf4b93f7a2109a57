"""When an order ends, as it is typed: after a while, at a clock's time, on a day at a time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

from engine.clock import NANOS
from engine.text import safe
from tui.language.words import Context, Word, Words, fault
from tui.paint.format import moment

FORMS = "30m, 2h, 14:30 or 2026-11-22 14:30"
"""What is understood, to say where something is not."""

_LASTING = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(m|h|d|w)")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:t([0-9:]+))?")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LONGEST_S = 400 * 86_400
"""An order that lasts longer was not meant."""


def expiry(words: Words, context: Context) -> int:
    """The time that is typed, in nanoseconds of the market's time.

    A clock's time is the next one; a day needs a time, since some venues mean its beginning and
    some its end.

    Raises:
        CommandError: it is no time, past, or more than a year away.
    """
    word = words.take(f"when it ends: {FORMS}")
    if lasting := _LASTING.fullmatch(word.lower):
        amount, unit = lasting.groups()
        expires_ns = context.now_ns + int(Decimal(amount) * _SECONDS[unit] * NANOS)
    else:
        expires_ns = _moment(word, words, context)
    if expires_ns <= context.now_ns:
        raise fault(word, "that time is past")
    if expires_ns > context.now_ns + _LONGEST_S * NANOS:
        raise fault(word, "that is more than a year away")
    return expires_ns


def _moment(word: Word, words: Words, context: Context) -> int:
    now = moment(context.now_ns, context.zone)
    try:
        ends = _on_day(word, words, context) or _at_clock(word.lower, now)
        if ends is not None:
            return round(ends.timestamp()) * NANOS
    except (ValueError, OverflowError) as error:
        raise fault(word, f"{safe(word.text, 30)!r} is no time: {error}") from None
    raise fault(word, f"{safe(word.text, 30)!r} is no time to end at", hint=f"write {FORMS}")


def _on_day(word: Word, words: Words, context: Context) -> datetime | None:
    """On a day, at the time behind it."""
    if not (day := _DAY.fullmatch(word.lower)):
        return None
    year, month, date, glued = day.groups()
    clock = glued or words.take("the time of that day, as 14:30").lower
    naive = datetime(int(year), int(month), int(date), *_clock(clock))
    return naive.astimezone() if context.zone is None else naive.replace(tzinfo=context.zone)


def _at_clock(text: str, now: datetime) -> datetime | None:
    """When a clock shows this next."""
    if not _CLOCK.fullmatch(text):
        return None
    hour, minute, second = _clock(text)
    ends = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return ends if ends > now else ends + timedelta(days=1)


def _clock(text: str) -> tuple[int, int, int]:
    if not (clock := _CLOCK.fullmatch(text)):
        raise ValueError("a clock's time is written 14:30")
    hour, minute, second = clock.groups()
    return int(hour), int(minute), int(second or 0)
