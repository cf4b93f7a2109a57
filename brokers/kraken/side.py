"""One side of a Kraken book: numbers as ticks have them, and the digits that the checksum is of.

The digits of a level are made once, when it comes, and not for each message while it rests.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple
from zlib import crc32

from brokers.kraken.wire import BookLevel
from brokers.levels import LARGEST, SMALLEST, FloatLevels, Level

CHECKED_LEVELS: Final = 10
"""Levels of each side that the checksum is of."""

LONGEST: Final = 40
"""Characters of a number; more than any price or size has."""

MOST_KNOWN: Final = 20_000
"""Numbers of one book that are remembered."""

MOST_DECIMALS: Final = 12
"""More than any pair has."""

Parsed = tuple[float, float, bytes, bytes, bytes]
"""A level off the wire: price, size, its digits in the checksum, and the text of both numbers."""

_EXPONENT: Final = re.compile(rb"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+")
_LARGEST: Final = float(LARGEST)
_SMALLEST: Final = float(SMALLEST)
_ZEROS: Final = [b"0" * count for count in range(MOST_DECIMALS + 1)]


class Number(NamedTuple):
    """One number off the wire."""

    value: float
    digits: bytes
    """In the checksum, in the precision that was known when it was read."""
    text: bytes


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
        if not self.is_declared and (price > self.price or size > self.size):
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
        text, value = _read(raw)
        if not _SMALLEST <= value < _LARGEST:  # NaN fails too: it compares false
            raise ValueError(f"price {value} is out of range")
        self.precision.see(price=_decimals(text))
        number = Number(value, _digits(text, self.precision.price), text)
        self._prices[raw] = number
        return number

    def _read_size(self, raw: bytes) -> Number:
        text, value = _read(raw)
        if not 0.0 <= value < _LARGEST:
            raise ValueError(f"size {value} is out of range")
        self.precision.see(size=_decimals(text))
        number = Number(value, _digits(text, self.precision.size), text)
        self._sizes[raw] = number
        return number


def _read(raw: bytes) -> tuple[bytes, float]:
    """A number of a message as plain text, and its value.

    Raises:
        ValueError: it is none, or longer than any is.
    """
    text = raw[1:-1] if raw[:1] == b'"' else raw  # some recorders write numbers as text
    if len(text) > LONGEST:
        raise ValueError("a number of more digits than any has")
    value = float(text)
    if text.translate(None, b"0123456789."):
        if not (_EXPONENT.fullmatch(text) and value < _LARGEST):
            raise ValueError(f"{value} is out of range, or no number")
        text = f"{Decimal(text.decode()):f}".encode()
    return text, value


def _decimals(text: bytes) -> int:
    point = text.find(b".")
    return len(text) - point - 1 if point >= 0 else 0


def _digits(text: bytes, decimals: int) -> bytes:
    """A number with so many decimals, without point and leading zeros."""
    point = text.find(b".")
    if point < 0:
        return text + _ZEROS[decimals]
    missing = decimals + point + 1 - len(text)
    if missing:
        text = text + _ZEROS[missing] if missing > 0 else text[:missing]
    whole = text[:point] + text[point + 1 :]
    return whole.lstrip(b"0") or b"0"


class Side:
    """Levels of the bids, or of the asks, by their price as a float: no two prices of up to 15
    digits share one."""

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.top = (0.0, 0.0)
        """Price and size of the best level; zeros where there is none."""
        self._levels: dict[float, Parsed] = {}
        self._prices: list[float] = []
        """Ascending."""
        self._checked: bytes | None = None
        """Digits of the levels that the checksum is of; None where they may have changed."""

    def __len__(self) -> int:
        return len(self._prices)

    def replace(self, levels: list[Parsed]) -> None:
        """Drop what is known and hold `levels`; those of size 0 are left out."""
        self._levels = {level[0]: level for level in levels if level[1]}
        self._prices = sorted(self._levels)
        self._settle()

    def apply(self, levels: list[Parsed], depth: int) -> FloatLevels:
        """Change these levels, where size 0 removes one, and drop all but the best `depth`.
        Returns what readers must change: a level that was dropped is removed for them."""
        held, prices = self._levels, self._prices
        changes = []
        for level in levels:
            price, size = level[0], level[1]
            changes.append((price, size))
            if size:
                if price not in held:
                    insort(prices, price)
                held[price] = level
            elif held.pop(price, None) is not None:
                del prices[bisect_left(prices, price)]
        if len(prices) > depth:
            changes += [(price, 0.0) for price in self._cut(depth)]
        self._settle()
        return tuple(changes)

    def use_precision(self, precision: Precision) -> None:
        """Write the digits in these decimals."""
        self._levels = {
            price: (
                price,
                size,
                _digits(price_text, precision.price) + _digits(size_text, precision.size),
                price_text,
                size_text,
            )
            for price, size, _, price_text, size_text in self._levels.values()
        }
        self._settle()

    def levels(self) -> FloatLevels:
        """All of them, best first."""
        prices = self._prices[::-1] if self.is_bid else self._prices
        return tuple([self._levels[price][:2] for price in prices])

    def checksum(self, start: int = 0) -> int:
        """CRC32 of the best levels, going on from `start`."""
        checked = self._checked
        if checked is None:
            levels = self._levels
            checked = b"".join([levels[price][2] for price in self._best_prices()])
            self._checked = checked
        return crc32(checked, start)

    def best(self) -> list[Level]:
        """The levels that the checksum is of, as they came."""
        texts = [self._levels[price][3:] for price in self._best_prices()]
        return [(Decimal(price.decode()), Decimal(size.decode())) for price, size in texts]

    def _cut(self, depth: int) -> list[float]:
        excess = len(self._prices) - depth
        if self.is_bid:
            dropped, self._prices = self._prices[:excess], self._prices[excess:]
        else:
            dropped, self._prices = self._prices[depth:], self._prices[:depth]
        for price in dropped:
            del self._levels[price]
        return dropped

    def _settle(self) -> None:
        self._checked = None
        if self._prices:
            best = self._levels[self._prices[-1 if self.is_bid else 0]]
            self.top = (best[0], best[1])
        else:
            self.top = (0.0, 0.0)

    def _best_prices(self) -> list[float]:
        if self.is_bid:
            return self._prices[: -CHECKED_LEVELS - 1 : -1]
        return self._prices[:CHECKED_LEVELS]


def checksum(levels: Iterable[Level], price_decimals: int, size_decimals: int) -> int:
    """CRC32 of these levels, asks first, as the venue makes it."""
    text = "".join(
        [
            f"{int(price.scaleb(price_decimals))}{int(size.scaleb(size_decimals))}"
            for price, size in levels
        ]
    )
    return crc32(text.encode())
