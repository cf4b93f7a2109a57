"""The best levels of a book, and what changed of them since they were last told."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from tests.venues.kraken.amounts import number, rfc3339
from tests.venues.kraken.checksum import Level, checksum
from tests.venues.kraken.pairs import Pair

DEPTHS: Final = (10, 25, 100, 500, 1000)

Told = dict[str, Any]


class BookView:
    """Of one pair and depth, for every connection that asked for it.

    A reader applies what changed and cuts its sides to the depth; a level that others pushed out of
    the depth is not told as removed, as the venue does not either.
    """

    def __init__(self, pair: Pair, depth: int) -> None:
        self.pair = pair
        self.depth = depth
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take the book as it is now; sides begin with their best level."""
        self._bids, self._asks = (dict(islice(side, self.depth)) for side in (bids, asks))

    def update(
        self, bids: Iterable[Level], asks: Iterable[Level]
    ) -> tuple[list[Level], list[Level]]:
        """Take the book as it is now; what of it is news, with 0 for what is gone."""
        old_bids, old_asks = self._bids, self._asks
        all_bids, all_asks = dict(bids), dict(asks)
        self.replace(all_bids.items(), all_asks.items())
        return (
            _changes(old_bids, self._bids, all_bids),
            _changes(old_asks, self._asks, all_asks),
        )

    def checksum(self) -> int:
        places = self.pair.price_places, self.pair.size_places
        return checksum(self._asks.items(), self._bids.items(), *places)

    def snapshot_message(self, time_ns: int) -> Told:
        return self._message(
            "snapshot", list(self._bids.items()), list(self._asks.items()), time_ns
        )

    def update_message(
        self, bids: Iterable[Level], asks: Iterable[Level], time_ns: int
    ) -> Told | None:
        """`update`, as it goes on the wire; None if nothing is news."""
        new_bids, new_asks = self.update(bids, asks)
        if not new_bids and not new_asks:
            return None
        return self._message("update", new_bids, new_asks, time_ns)

    def _message(self, kind: str, bids: list[Level], asks: list[Level], time_ns: int) -> Told:
        data = {
            "symbol": self.pair.symbol,
            "bids": [self._level(level) for level in bids],
            "asks": [self._level(level) for level in asks],
            "checksum": self.checksum(),
            "timestamp": rfc3339(time_ns),
        }
        return {"channel": "book", "type": kind, "data": [data]}

    def _level(self, level: Level) -> Told:
        price, size = level
        return {
            "price": number(price, self.pair.price_places),
            "qty": number(size, self.pair.size_places),
        }


def _changes(
    old: dict[Decimal, Decimal], new: dict[Decimal, Decimal], full: dict[Decimal, Decimal]
) -> list[Level]:
    gone = [(price, Decimal(0)) for price in old if price not in full]
    return gone + [(price, size) for price, size in new.items() if old.get(price) != size]
