"""Books as the `book` channel tells them: the best levels, and what changed of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from tests.venues.kraken.amounts import number, rfc3339
from tests.venues.kraken.checksum import Level, checksum
from tests.venues.kraken.pairs import Pair

DEPTHS: Final = (10, 25, 100, 500, 1000)

Told = dict[str, Any]
Order = Callable[[Decimal], Decimal]


class Ladder:
    """All levels of one side, in order."""

    def __init__(self, levels: Iterable[Level], *, is_bids: bool) -> None:
        self._order: Order = (lambda price: -price) if is_bids else (lambda price: price)
        self._sizes = dict(levels)
        self._prices = sorted(self._sizes, key=self._order)

    def set(self, price: Decimal, size: Decimal) -> None:
        """A size of 0 takes the level away."""
        if not size:
            if self._sizes.pop(price, None) is not None:
                del self._prices[bisect_left(self._prices, self._order(price), key=self._order)]
            return
        if price not in self._sizes:
            insort(self._prices, price, key=self._order)
        self._sizes[price] = size

    def top(self, depth: int) -> dict[Decimal, Decimal]:
        """Best first."""
        return {price: self._sizes[price] for price in self._prices[:depth]}

    def cut(self, depth: int) -> None:
        """Forget what is worse than the best `depth` levels."""
        for price in self._prices[depth:]:
            del self._sizes[price]
        del self._prices[depth:]

    def __contains__(self, price: Decimal) -> bool:
        return price in self._sizes


class Book:
    """Both sides, and the views of it that somebody reads."""

    def __init__(self, pair: Pair, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        self.pair = pair
        self.bids, self.asks = Ladder(bids, is_bids=True), Ladder(asks, is_bids=False)
        self._views: dict[int, BookView] = {}

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        for ladder, levels in ((self.bids, bids), (self.asks, asks)):
            for price, size in levels:
                ladder.set(price, size)

    def view(self, depth: int) -> BookView:
        """That of `depth`; it is kept, and must be told of every change from then on."""
        if depth not in self._views:
            self._views[depth] = BookView(self, depth)
        return self._views[depth]

    def drop_view(self, depth: int) -> None:
        self._views.pop(depth, None)


class BookView:
    """The best levels, for every connection that asked for this depth.

    A reader applies what changed and cuts its sides to the depth; a level that others pushed out of
    the depth is not told as removed, as the venue does not either.
    """

    def __init__(self, book: Book, depth: int) -> None:
        self.pair = book.pair
        self.depth = depth
        self._book = book
        self._bids, self._asks = book.bids.top(depth), book.asks.top(depth)

    def checksum(self) -> int:
        places = self.pair.price_places, self.pair.size_places
        return checksum(self._asks.items(), self._bids.items(), *places)

    def snapshot(self, time_ns: int) -> Told:
        return self._message(
            "snapshot", list(self._bids.items()), list(self._asks.items()), time_ns
        )

    def update(self, time_ns: int) -> Told | None:
        """What is news since the last message, with 0 for what is gone; None if nothing is."""
        book, (old_bids, old_asks) = self._book, (self._bids, self._asks)
        self._bids, self._asks = book.bids.top(self.depth), book.asks.top(self.depth)
        bids = changes(old_bids, self._bids, book.bids)
        asks = changes(old_asks, self._asks, book.asks)
        if not bids and not asks:
            return None
        return self._message("update", bids, asks, time_ns)

    def _message(self, kind: str, bids: list[Level], asks: list[Level], time_ns: int) -> Told:
        return as_message(self.pair, kind, bids, asks, self.checksum(), rfc3339(time_ns))


def as_message(
    pair: Pair, kind: str, bids: list[Level], asks: list[Level], total: int, time: str
) -> Told:
    """As it goes on the wire; `total` is the checksum."""
    data: Told = {
        "symbol": pair.symbol,
        "bids": [_level(level, pair) for level in bids],
        "asks": [_level(level, pair) for level in asks],
        "checksum": total,
    }
    if time:
        data["timestamp"] = time
    return {"channel": "book", "type": kind, "data": [data]}


def _level(level: Level, pair: Pair) -> Told:
    price, size = level
    return {"price": number(price, pair.price_places), "qty": number(size, pair.size_places)}


def changes(
    old: dict[Decimal, Decimal], new: dict[Decimal, Decimal], ladder: Ladder
) -> list[Level]:
    """Levels that are new or other, and with 0 those that are gone from the whole side."""
    gone = [(price, Decimal(0)) for price in old if price not in new and price not in ladder]
    return gone + [(price, size) for price, size in new.items() if old.get(price) != size]
