"""Numbers and times as text: the only place where either becomes the other.

Prices and sizes take the decimals of their instrument and no thousands separators, so that
columns line up and a price can be typed as it is read. What is not known is `UNKNOWN`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from engine.clock import NANOS
from engine.instruments import Instrument, decimals

UNKNOWN = "–"
"""Stands where a value is not known."""

Number = Decimal | float | int

_SUFFIXES = ("", "k", "M", "G", "T", "P")
_PERIODS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_UNITS = {suffix: seconds for seconds, suffix in _PERIODS} | {"w": 604_800}


def fixed(value: Number | None, decimals: int, *, signed: bool = False) -> str:
    """`value` with exactly `decimals` decimals; zero never has a sign."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return _fixed(value, decimals, signed)


# What is on the screen is mostly what was there a moment ago.
@lru_cache(maxsize=8192)
def _fixed(value: Number, decimals: int, signed: bool) -> str:
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    if not rounded:
        rounded = abs(rounded)
    return f"{rounded:+f}" if signed and rounded else f"{rounded:f}"


def price(value: Number | None, instrument: Instrument) -> str:
    """A price of `instrument`: `64003.10`, in the decimals that show every tick."""
    return fixed(value, decimals_of(instrument))


def decimals_of(instrument: Instrument) -> int:
    """Decimals of its prices."""
    return decimals_of_tick(instrument.price_tick)


decimals_of_tick = lru_cache(maxsize=1024)(decimals)
"""Decimals that show every multiple of a tick or step."""


def size(value: Number | None, instrument: Instrument) -> str:
    """A size of `instrument`: `0.50000`, in the decimals that show every step."""
    return fixed(value, decimals_of_tick(instrument.size_step))


def plain(value: Number | None) -> str:
    """`value` in as few digits as say it: `0.5`, never `5E-1`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def change(value: Number | None, instrument: Instrument) -> str:
    """A difference of two prices, with its sign: `+12.50`."""
    return fixed(value, decimals_of(instrument), signed=True)


def percent(share: float | None, decimals: int = 2) -> str:
    """A share, with its sign: 0.0123 is `+1.23%`."""
    text = fixed(None if share is None else share * 100, decimals, signed=True)
    return text if text == UNKNOWN else f"{text}%"


def compact(value: Number | None) -> str:
    """An amount in some three digits, for volumes: `0.42`, `12.4k`, `3.21M`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    left, step = float(value), 0
    while abs(left) >= 999.5 and step < len(_SUFFIXES) - 1:
        left, step = left / 1000, step + 1
    if left == 0:
        return "0"
    if abs(left) < 0.01:
        return f"{left:.1g}" if abs(left) >= 0.0001 else f"{left:.0e}"
    digits = 2 if abs(left) < 9.995 else 1 if abs(left) < 99.95 else 0
    text = f"{left:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{_SUFFIXES[step]}"


def notional(value: Number | None, quote: str = "") -> str:
    """A value of money in `quote`: `12 345.68 USDT`, grouped since it is not typed again."""
    text = grouped(value, 2 if value is None or abs(float(value)) >= 1 else 6)
    return f"{text} {quote.upper()}" if quote and text != UNKNOWN else text


def pnl(value: Number | None, decimals: int = 2) -> str:
    """Profit or loss, with its sign and grouped: `+1 204.10`."""
    return grouped(value, decimals, signed=True)


def grouped(value: Number | None, decimals: int, *, signed: bool = False) -> str:
    """As `fixed`, with a blank between thousands."""
    text = fixed(value, decimals, signed=signed)
    if text == UNKNOWN:
        return text
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    whole, dot, rest = digits.partition(".")
    return f"{sign}{int(whole):,}".replace(",", " ") + dot + rest


def duration(seconds: float | None) -> str:
    """A length of time in its largest unit, some two digits: `0.3s`, `12s`, `3m`, `2h`, `5d`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    for unit, suffix in _PERIODS:
        if seconds >= unit * (2 if suffix == "h" else 1) or unit == 1:
            return f"{int(seconds // unit)}{suffix}"
    raise AssertionError("the last unit takes everything")


def span(seconds: float) -> str:
    """A length of time in its two largest units, with its sign: `3h45m`, `-2d`, `40s`."""
    left = round(abs(seconds))
    parts = []
    for at, (unit, suffix) in enumerate(_PERIODS):
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count}{suffix}")
        if parts:
            below = _PERIODS[at + 1 : at + 2]
            if count and below and left >= below[0][0]:
                parts.append(f"{left // below[0][0]}{below[0][1]}")
            break
    return ("-" if seconds < 0 and parts else "") + ("".join(parts) or "0s")


def age(nanos: int | None) -> str:
    """An age in nanoseconds, as `duration`."""
    return duration(None if nanos is None else nanos / NANOS)


def milliseconds(value: float | None) -> str:
    """A delay: `3ms`, `1.2s`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.0f}ms" if abs(value) < 999.5 else duration(value / 1000)


def period(seconds: int) -> str:
    """A bar's period as traders write it: `5s`, `1m`, `4h`, `1d`."""
    for unit, suffix in _PERIODS:
        if seconds % unit == 0:
            return f"{seconds // unit}{suffix}"
    return f"{seconds}s"


def parse_period(text: str) -> int | None:
    """Seconds of `1m`, `4h` and the like; None where it is no period."""
    number, suffix = text[:-1], text[-1:].lower()
    if not (number.isascii() and number.isdigit() and suffix in _UNITS):
        return None
    return int(number) * _UNITS[suffix] or None


def moment(time_ns: int, zone: tzinfo | None = UTC) -> datetime:
    """`time_ns` as a date and time in `zone`; None is the machine's zone. Whole microseconds."""
    seconds, rest = divmod(time_ns, NANOS)
    whole = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    return whole.astimezone(zone)


def clock(time_ns: int, zone: tzinfo | None = UTC) -> str:
    """Time of day: `14:03:22`."""
    return f"{moment(time_ns, zone):%H:%M:%S}"


def stamp(
    time_ns: int, zone: tzinfo | None = UTC, *, period_s: int = 1, with_year: bool = False
) -> str:
    """Date and time of a bar, as finely as its period needs: `21 Nov 14:03`."""
    at = moment(time_ns, zone)
    if period_s % 86_400 == 0:
        return f"{at.day} {at:%b %Y}"
    day = f"{at.day} {at:%b %Y}" if with_year else f"{at.day} {at:%b}"
    return f"{day} {at:%H:%M}" if period_s % 60 == 0 else f"{day} {at:%H:%M:%S}"


def zone_name(time_ns: int, zone: tzinfo | None = UTC) -> str:
    """Short name of `zone` at that time: `UTC`, `CET`, or its offset."""
    return moment(time_ns, zone).tzname() or f"{moment(time_ns, zone):%z}"
