"""The local order book, proved with the checksum that Kraken publishes.

https://docs.kraken.com/api/docs/guides/spot-ws-book-v2 (read 2026-11): after each message the
changes are applied, both sides are cut to the subscribed depth, and the CRC32 of the best ten
asks (low to high) and then the best ten bids (high to low) must equal `checksum`. A level is
written as price, then size, each in the pair's precision without point and leading zeros.
"""

from __future__ import annotations

from typing import Literal

from brokers.kraken.digits import MOST_DECIMALS, Numbers, checksum
from brokers.kraken.side import Side
from brokers.kraken.wire import BookData
from brokers.levels import FloatLevels, Top

__all__ = ["DEPTHS", "LocalBook", "Outcome", "checksum"]

DEPTHS = (10, 25, 100, 500, 1000)
"""Depths that can be subscribed to."""

SEARCHES = 8
"""Times that a precision is searched for: what is not found by then is not why checksums fail."""

Outcome = Literal["applied", "failed", "crossed", "no book"]


class LocalBook:
    """One market's book, and whether it can be trusted."""

    def __init__(self) -> None:
        self.bids = Side(is_bid=True)
        self.asks = Side(is_bid=False)
        self._numbers = Numbers()
        self.precision = self._numbers.precision
        self.depth = DEPTHS[0]
        self.is_synced = False
        """It agreed with the venue's proof after the last message, and is not crossed."""
        self.has_levels = False
        """There is a snapshot that changes can be applied to, proved or not."""
        self.bid_changes: FloatLevels = ()
        self.ask_changes: FloatLevels = ()
        """What the last update changed. A level that it pushed out of the subscribed depth is no
        longer kept up to date by the venue: it is removed."""
        self._searches_left = SEARCHES
        self._written = 0
        """Version of the precision that the digits of all levels are written with."""

    def top(self) -> Top:
        return self.bids.top + self.asks.top

    def subscribed(self, depth: int) -> None:
        """The venue confirmed this depth; it need not be told from the snapshot."""
        self.depth = depth

    def void(self) -> None:
        """What is held is no longer kept up to date."""
        self.is_synced = self.has_levels = False

    def snapshot(self, data: BookData) -> Outcome:
        """Take over a whole book.

        Raises:
            ValueError: a level of it makes no sense; nothing was taken over.
        """
        bids, asks = self._numbers.parse(data.bids), self._numbers.parse(data.asks)
        self.bids.replace(bids)
        self.asks.replace(asks)
        held = max(len(self.bids), len(self.asks))
        if held > self.depth:
            self.depth = next((depth for depth in DEPTHS if depth >= held), held)
        self.has_levels = True
        return self._prove(data.checksum)

    def update(self, data: BookData, *, is_trusting: bool = False) -> Outcome:
        """Apply changes. On `failed` or `crossed` the book is void until the next snapshot, but
        for one that is `is_trusting`: that goes on, and may be proved again.

        Raises:
            ValueError: a level of them makes no sense; nothing was applied.
        """
        if not (self.is_synced or (is_trusting and self.has_levels)):
            return "no book"
        bids = self._numbers.parse(data.bids) if data.bids else None
        asks = self._numbers.parse(data.asks) if data.asks else None
        self.bid_changes = self.bids.apply(bids, self.depth) if bids else ()
        self.ask_changes = self.asks.apply(asks, self.depth) if asks else ()
        return self._prove(data.checksum)

    def checksum(self) -> int:
        """Of the book as it is, in the precision as it is known."""
        precision = self.precision
        if self._written != precision.version:
            self._written = precision.version
            self.bids.use_precision(precision)
            self.asks.use_precision(precision)
        return self.bids.checksum(self.asks.checksum())

    def is_crossed(self) -> bool:
        return self.bids.top[0] >= self.asks.top[0] > 0

    def _prove(self, wanted: int) -> Outcome:
        self.is_synced = False
        if self.checksum() != wanted and not self._is_finer(wanted):
            return "failed"
        if self.is_crossed():
            return "crossed"
        self.is_synced = True
        return "applied"

    def _is_finer(self, wanted: int) -> bool:
        """The precision was only guessed at, and another one makes the checksum right."""
        if self.precision.is_declared or not self._searches_left:
            return False
        self._searches_left -= 1
        return self._prove_precision(wanted)

    def _prove_precision(self, wanted: int) -> bool:
        """Look for a precision, finer than what was seen, that makes the checksum right.

        Where trailing zeros are lost, what was seen so far may be short of what the pair has.
        """
        best = self.asks.best() + self.bids.best()
        for price in range(self.precision.price, MOST_DECIMALS + 1):
            for size in range(self.precision.size, MOST_DECIMALS + 1):
                if checksum(best, price, size) == wanted:
                    self.precision.change(price, size)
                    return True
        return False
