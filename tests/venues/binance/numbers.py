"""Numbers and times as the venue writes them."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

MILLISECOND: Final = 1_000_000
"""Nanoseconds in the usual unit of times."""
MICROSECOND: Final = 1_000

_EIGHT: Final = Decimal("0.00000001")


def told(value: Decimal) -> str:
    """Eight decimals, always."""
    return f"{value.quantize(_EIGHT, ROUND_DOWN):f}"


def rounded(value: Decimal, digits: int) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"


def cut(value: Decimal) -> Decimal:
    """To eight decimals, towards zero."""
    return value.quantize(_EIGHT, ROUND_DOWN)
