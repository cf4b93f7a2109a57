"""Numbers of a Kraken book: as ticks have them, and the digits that the checksum is made of.

https://docs.kraken.com/api/docs/guides/spot-ws-book-v2 (read 2026-11): a level is written as price,
then size, each in the pair's precision without point and leading zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final
from zlib import crc32

from brokers.kraken.wire import BookLevel
from brokers.levels import LARGEST, SMALLEST, Level

LONGEST: Final = 40
"""Characters of a number; more than any price or size has."""

MOST_KNOWN: Final = 20_000
"""Numbers of one book that are remembered."""

MOST_DECIMALS: Final = 12
"""More than any pair has."""

Number = tuple[float, bytes, bytes]
"""Its value, its digits in the precision that was known when it was read, and its text."""

Parsed = tuple[float, float, bytes, bytes, bytes]
"""A level off the wire: price, size, its digits in the checksum, and the text of both numbers."""

_EXPONENT: Final = re.compile(rb"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+")
_LARGEST: Final = float(LARGEST)
_SMALLEST: Final = float(SMALLEST)
_ZEROS: Final = [b"0" * count for count in range(MOST_DECIMALS + 1)]


class Precision:
    """Decimals of a pair's prices and sizes, as they stand in the checksum."""

    def __init__(self) -> None:
        self.price = 0
        self.size = 0
        self.is_declared = False
        """The venue said so: it is not a guess from what was seen."""
        self.version = 0
        """Goes up when it changes."""

    def declare(self, price: int, size: int) -> None:
        if not (0 <= price <= MOST_DECIMALS and 0 <= size <= MOST_DECIMALS):
            raise ValueError(f"precision of {price} and {size} decimals is out of range")
        self.is_declared = True
        self.change(price, size)

    def see(self, *, price: int = 0, size: int = 0) -> None:
        """So many decimals are there; never fewer than before."""
        if not self.is_declared:
            self.change(
                min(MOST_DECIMALS, max(self.price, price)), min(MOST_DECIMALS, max(self.size, size))
            )

    def change(self, price: int, size: int) -> None:
        if (price, size) != (self.price, self.size):
            self.price, self.size = price, size
            self.version += 1


class Numbers:
    """Reads the levels of a book's messages. Most numbers come again and again: what they mean, and
    whether they mean anything, is found out once."""

    def __init__(self) -> None:
        self.precision = Precision()
        self._prices: dict[bytes, Number] = {}
        self._sizes: dict[bytes, Number] = {}
        self._version = 0

    def parse(self, levels: list[BookLevel]) -> list[Parsed]:
        """The levels of a message. Where the precision is not declared, it takes note of theirs.

        Raises:
            ValueError: one of them is not a price and a size that a venue could mean.
        """
        parsed: list[Parsed] = []
        if self._version != self.precision.version or len(self._sizes) > MOST_KNOWN:
            self._forget()
        prices, sizes = self._prices, self._sizes
        for level in levels:
            price_text, size_text = bytes(level.price), bytes(level.qty)
            price, size = prices.get(price_text), sizes.get(size_text)
            if price is None:
                price = self._read_price(price_text)
            if size is None:
                size = self._read_size(size_text)
            parsed.append((price[0], size[0], price[1] + size[1], price[2], size[2]))
        return parsed

    def _forget(self) -> None:
        self._prices.clear()
        self._sizes.clear()
        self._version = self.precision.version

    def _read_price(self, raw: bytes) -> Number:
        text = plain(raw)
        value = float(text)
        if not _SMALLEST <= value < _LARGEST:  # NaN fails too: it compares false
            raise ValueError(f"price {value} is out of range")
        whole, _, part = text.partition(b".")
        if len(part) > self.precision.price:
            self.precision.see(price=len(part))
        number = self._prices[raw] = (value, _joined(whole, part, self.precision.price), text)
        return number

    def _read_size(self, raw: bytes) -> Number:
        text = plain(raw)
        value = float(text)
        if not 0.0 <= value < _LARGEST:
            raise ValueError(f"size {value} is out of range")
        whole, _, part = text.partition(b".")
        if len(part) > self.precision.size:
            self.precision.see(size=len(part))
        number = self._sizes[raw] = (value, _joined(whole, part, self.precision.size), text)
        return number


def plain(raw: bytes) -> bytes:
    """A number of a message without the quotes that some recorders write, and without an exponent.

    Raises:
        ValueError: it is longer than any is, or no number of this kind.
    """
    if len(raw) > LONGEST:
        raise ValueError("a number of more digits than any has")
    if not raw.translate(None, b"0123456789."):
        return raw
    text = raw[1:-1] if raw[:1] == b'"' else raw
    if not text.translate(None, b"0123456789."):
        return text
    if not (_EXPONENT.fullmatch(text) and float(text) < _LARGEST):
        raise ValueError("a number that is out of range, or none")
    return f"{Decimal(text.decode()):f}".encode()


def digits(text: bytes, decimals: int) -> bytes:
    """A number with so many decimals, without point and leading zeros."""
    whole, _, part = text.partition(b".")
    return _joined(whole, part, decimals)


def _joined(whole: bytes, part: bytes, decimals: int) -> bytes:
    missing = decimals - len(part)
    if missing > 0:
        part += _ZEROS[missing]
    elif missing:
        part = part[:decimals]
    return (whole + part).lstrip(b"0") or b"0"


def checksum(levels: Iterable[Level], price_decimals: int, size_decimals: int) -> int:
    """CRC32 of these levels, asks first, as the venue makes it."""
    text = "".join(
        [
            f"{int(price.scaleb(price_decimals))}{int(size.scaleb(size_decimals))}"
            for price, size in levels
        ]
    )
    return crc32(text.encode())
