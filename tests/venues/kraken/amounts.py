"""Numbers and times as the venue writes them.

REST has amounts as text with the decimals of their kind; WebSocket v2 has JSON numbers that keep
their trailing zeros, which count for the checksum of a book.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import msgspec

from engine.clock import NANOS

Json = Mapping[str, Any]

encode = msgspec.json.Encoder().encode


def fixed(value: Decimal, places: int) -> Decimal:
    """`value` in exactly so many decimals, half away from zero."""
    with localcontext() as context:
        context.prec = 60
        return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def cut(value: Decimal, places: int) -> Decimal:
    """`value` in exactly so many decimals, towards zero."""
    with localcontext() as context:
        context.prec = 60
        return value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)


def text(value: Decimal, places: int) -> str:
    """As REST writes an amount: `"0.00100000"`."""
    return f"{fixed(value, places):f}"


def number(value: Decimal, places: int) -> msgspec.Raw:
    """As WebSocket v2 writes an amount: `0.00100000`."""
    return msgspec.Raw(text(value, places).encode())


def epoch(time_ns: int, places: int = 6) -> msgspec.Raw:
    """Seconds since 1970 as a JSON number, cut to so many decimals."""
    fraction = f"{time_ns % NANOS:09d}"[:places]
    return msgspec.Raw(f"{time_ns // NANOS}.{fraction}".encode())


def rfc3339(time_ns: int, places: int = 6) -> str:
    """`2024-05-18T12:05:50.293682Z`."""
    moment = datetime.fromtimestamp(time_ns // NANOS, UTC)
    fraction = f".{time_ns % NANOS:09d}"[: places + 1] if places else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def rfc1123(time_ns: int) -> str:
    """`Thu, 06 Jul 23 18:50:48 +0000`."""
    return f"{datetime.fromtimestamp(time_ns // NANOS, UTC):%a, %d %b %y %H:%M:%S +0000}"


def parse_rfc3339(given: str) -> int:
    """Nanoseconds since 1970, to the microsecond.

    Raises:
        ValueError: it is no such time.
    """
    moment = datetime.fromisoformat(given)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * NANOS + moment.microsecond * 1000


def parse_amount(given: str) -> Decimal:
    """A plain decimal number.

    Raises:
        ValueError: it is none, or not finite.
    """
    if not given or given.strip() != given or "_" in given:
        raise ValueError("no number")
    try:
        value = Decimal(given)
    except ArithmeticError:
        raise ValueError("no number") from None
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise ValueError("no number")
    return value
