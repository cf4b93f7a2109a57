"""The local order book, proved with the checksum that Kraken publishes.

https://docs.kraken.com/api/docs/guides/spot-ws-book-v2 (read 2026-11): after each message the
changes are applied, both sides are cut to the subscribed depth, and the CRC32 of the best ten
asks (low to high) and then the best ten bids (high to low) must equal `checksum`. A level is
written as price, then size, each in the pair's precision without point and leading zeros.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal
from zlib import crc32

from brokers.kraken.wire import BookData, BookLevel
from brokers.levels import BookSide, Level, Top, top_of

DEPTHS = (10, 25, 100, 500, 1000)
"""Depths that can be subscribed to."""

CHECKED_LEVELS = 10

MOST_DECIMALS = 12
"""More than any pair has."""

SEARCHES = 8
"""Times that a precision is searched for: what is not found by then is not why checksums fail."""

Outcome = Literal["applied", "failed", "no book"]


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

    def see(self, levels: list[BookLevel]) -> None:
        """Take note of the decimals that are there; never fewer than before."""
        if self.is_declared:
            return
        for level in levels:
            self.price = min(MOST_DECIMALS, max(self.price, _decimals(level.price)))
            self.size = min(MOST_DECIMALS, max(self.size, _decimals(level.qty)))


class LocalBook:
    """One market's book, and whether it can be trusted."""

    def __init__(self) -> None:
        self.bids = BookSide(is_bid=True)
        self.asks = BookSide(is_bid=False)
        self.precision = Precision()
        self.depth = DEPTHS[0]
        self.is_synced = False
        self._searches_left = SEARCHES
        self.cut_bids: list[Decimal] = []
        """Prices that the last update pushed out of the subscribed depth."""
        self.cut_asks: list[Decimal] = []

    def top(self) -> Top:
        return top_of(self.bids, self.asks)

    def subscribed(self, depth: int) -> None:
        """The venue confirmed this depth; it need not be told from the snapshot."""
        self.depth = depth

    def snapshot(self, data: BookData) -> Outcome:
        """Take over a whole book."""
        self.precision.see(data.bids)
        self.precision.see(data.asks)
        self.bids.replace(as_levels(data.bids))
        self.asks.replace(as_levels(data.asks))
        held = max(len(self.bids), len(self.asks))
        if held > self.depth:
            self.depth = next((depth for depth in DEPTHS if depth >= held), held)
        self.is_synced = self._is_proved(data.checksum)
        return "applied" if self.is_synced else "failed"

    def update(self, data: BookData) -> Outcome:
        """Apply changes; on `failed` the book is void until the next snapshot."""
        if not self.is_synced:
            return "no book"
        self.precision.see(data.bids)
        self.precision.see(data.asks)
        for level in data.bids:
            self.bids.set(level.price, level.qty)
        for level in data.asks:
            self.asks.set(level.price, level.qty)
        self.cut_bids = self.bids.cut(self.depth)
        self.cut_asks = self.asks.cut(self.depth)
        self.is_synced = self._is_proved(data.checksum)
        return "applied" if self.is_synced else "failed"

    def checksum(self) -> int:
        """Of the book as it is, in the precision as it is known."""
        return self._checksum(self.precision.price, self.precision.size)

    def _is_proved(self, wanted: int) -> bool:
        if self.checksum() == wanted:
            return True
        if self.precision.is_declared or not self._searches_left:
            return False
        self._searches_left -= 1
        return self._prove_precision(wanted)

    def _prove_precision(self, wanted: int) -> bool:
        """Look for a precision, finer than what was seen, that makes the checksum right.

        Where trailing zeros are lost, what was seen so far may be short of what the pair has.
        """
        for price in range(self.precision.price, MOST_DECIMALS + 1):
            for size in range(self.precision.size, MOST_DECIMALS + 1):
                if self._checksum(price, size) == wanted:
                    self.precision.price, self.precision.size = price, size
                    return True
        return False

    def _checksum(self, price_decimals: int, size_decimals: int) -> int:
        best = self.asks.levels(CHECKED_LEVELS) + self.bids.levels(CHECKED_LEVELS)
        return checksum(best, price_decimals, size_decimals)


def checksum(levels: list[Level], price_decimals: int, size_decimals: int) -> int:
    """CRC32 of these levels, as the venue makes it."""
    text = "".join(
        [
            f"{int(price.scaleb(price_decimals))}{int(size.scaleb(size_decimals))}"
            for price, size in levels
        ]
    )
    return crc32(text.encode())


def as_levels(levels: list[BookLevel]) -> list[Level]:
    return [(level.price, level.qty) for level in levels]


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
