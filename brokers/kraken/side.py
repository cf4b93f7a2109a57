"""One side of a Kraken book.

The digits of a level are made once, when it comes, and not for each message while it rests.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from decimal import Decimal
from typing import Final
from zlib import crc32

from brokers.kraken.digits import Parsed, Precision, digits
from brokers.levels import FloatLevels, Level

CHECKED_LEVELS: Final = 10
"""Levels of each side that the checksum is of."""


class Side:
    """Levels of the bids, or of the asks, by their price as a float: no two prices of up to 15
    digits share one."""

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.top = (0.0, 0.0)
        """Price and size of the best level; zeros where there is none."""
        self._levels: dict[float, Parsed] = {}
        self._digits: dict[float, bytes] = {}
        """Of the same levels."""
        self._prices: list[float] = []
        """Ascending."""
        self._checked: bytes | None = None
        """Digits of the levels that the checksum is of; None where they may have changed."""

    def __len__(self) -> int:
        return len(self._prices)

    def replace(self, levels: list[Parsed]) -> None:
        """Drop what is known and hold `levels`; those of size 0 are left out."""
        self._levels = {level[0]: level for level in levels if level[1]}
        self._digits = {price: level[2] for price, level in self._levels.items()}
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
                self._digits[price] = level[2]
            elif held.pop(price, None) is not None:
                del prices[bisect_left(prices, price)]
                del self._digits[price]
        if len(prices) > depth:
            changes += [(price, 0.0) for price in self._cut(depth)]
        self._settle()
        return tuple(changes)

    def use_precision(self, precision: Precision) -> None:
        """Write the digits in these decimals."""
        for price, (_, _, _, price_text, size_text) in self._levels.items():
            self._digits[price] = digits(price_text, precision.price) + digits(
                size_text, precision.size
            )
        self._checked = None

    def levels(self) -> FloatLevels:
        """All of them, best first."""
        prices = self._prices[::-1] if self.is_bid else self._prices
        return tuple([self._levels[price][:2] for price in prices])

    def checksum(self, start: int = 0) -> int:
        """CRC32 of the best levels, going on from `start`."""
        checked = self._checked
        if checked is None:
            checked = b"".join(map(self._digits.__getitem__, self._best_prices()))
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
            del self._levels[price], self._digits[price]
        return dropped

    def _settle(self) -> None:
        self._checked = None
        if self._prices:
            self.top = self._levels[self._prices[-1 if self.is_bid else 0]][:2]
        else:
            self.top = (0.0, 0.0)

    def _best_prices(self) -> list[float]:
        if self.is_bid:
            return self._prices[: -CHECKED_LEVELS - 1 : -1]
        return self._prices[:CHECKED_LEVELS]
