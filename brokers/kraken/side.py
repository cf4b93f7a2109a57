"""One side of a Kraken book: numbers as ticks have them, and the digits that the checksum is of.

The digits of a level are made once, when it comes, and not for each message while it rests.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from decimal import Decimal
from typing import Final
from zlib import crc32

from brokers.kraken.wire import BookLevel
from brokers.levels import LARGEST, SMALLEST, FloatLevels, Level

CHECKED_LEVELS: Final = 10
"""Levels of each side that the checksum is of."""

LONGEST: Final = 40
"""Characters of a number; more than any price or size has."""

MOST_DECIMALS: Final = 12
"""More than any pair has."""

Parsed = tuple[float, float, bytes, bytes, bytes]
"""A level off the wire: price, size, its digits in the checksum, and the text of both numbers."""

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

    def declare(self, price: int, size: int) -> None:
        if not (0 <= price <= MOST_DECIMALS and 0 <= size <= MOST_DECIMALS):
            raise ValueError(f"precision of {price} and {size} decimals is out of range")
        self.price, self.size, self.is_declared = price, size, True

    def see(self, price: int, size: int) -> None:
        """So many decimals are there; never fewer than before."""
        self.price = min(MOST_DECIMALS, max(self.price, price))
        self.size = min(MOST_DECIMALS, max(self.size, size))


def parse(levels: list[BookLevel], precision: Precision) -> list[Parsed]:
    """The levels of a message. Where the precision is not declared, it takes note of theirs.

    Raises:
        ValueError: one of them is not a price and a size that a venue could mean.
    """
    parsed: list[Parsed] = []
    if not levels:
        return parsed
    is_declared = precision.is_declared
    for level in levels:
        price_text, size_text = bytes(level.price), bytes(level.qty)
        if price_text[:1] == b'"':  # some recorders write numbers as text
            price_text, size_text = price_text.strip(b'"'), size_text.strip(b'"')
        price, size = float(price_text), float(size_text)
        # NaN fails too: it compares false.
        if not (_SMALLEST <= price < _LARGEST and 0.0 <= size < _LARGEST):
            raise ValueError(f"level {price} x {size} is out of range")
        if len(price_text) > LONGEST or len(size_text) > LONGEST:
            raise ValueError("a number of more digits than any has")
        if b"e" in price_text or b"E" in price_text:
            price_text = _plain(price_text)
        if b"e" in size_text or b"E" in size_text:
            size_text = _plain(size_text)
        if not is_declared:
            precision.see(_decimals(price_text), _decimals(size_text))
        digits = _digits(price_text, precision.price) + _digits(size_text, precision.size)
        parsed.append((price, size, digits, price_text, size_text))
    return parsed


def _plain(text: bytes) -> bytes:
    """Without an exponent, which the caller knows to be small."""
    return f"{Decimal(text.decode()):f}".encode()


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
