"""CRC32 of a book, as https://docs.kraken.com/api/docs/guides/spot-ws-book-v2 tells it (2026-11).

The best ten asks from the lowest, then the best ten bids from the highest; of each the price and
the size in the pair's decimals, without the point and without leading zeros.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from zlib import crc32

from tests.venues.kraken.amounts import text

CHECKED = 10
"""Levels of each side that count."""

Level = tuple[Decimal, Decimal]
"""Price and size."""


def checksum(
    asks: Iterable[Level], bids: Iterable[Level], price_places: int, size_places: int
) -> int:
    """Of sides that begin with their best level."""
    levels = [*islice(asks, CHECKED), *islice(bids, CHECKED)]
    parts = [_digits(price, price_places) + _digits(size, size_places) for price, size in levels]
    return crc32("".join(parts).encode())


def _digits(value: Decimal, places: int) -> str:
    return text(value, places).replace(".", "").lstrip("0")
