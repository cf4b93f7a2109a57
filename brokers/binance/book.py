"""The local order book, by the procedure that Binance publishes.

"How to manage a local order book correctly", in `web-socket-streams` of
https://developers.binance.com/docs/binance-spot-api-docs (read 2026-11):

1. Buffer the events of the diff stream, and get a snapshot meanwhile.
2. A snapshot older than the first buffered event (`lastUpdateId` < its `U`) is of no use: get
   another one.
3. Drop buffered events with `u` <= `lastUpdateId`; the first one left must span it.
4. From then on: an event with `u` below the book's id is old; one whose `U` is above the book's
   id + 1 says that something was missed, and all begins anew; any other is applied, and its `u`
   becomes the book's id. Sizes are absolute; 0 removes the level.

A snapshot has 5000 levels of a side at most: what lies beyond is known only as far as it changed
since. So a book whose best level lies there is no book, and neither is one that is crossed.

Prices and sizes are float64, which tells all apart that the venue writes (`wire.Price`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from math import inf
from typing import Literal

from brokers.binance.wire import DepthSnapshot, DepthUpdate
from brokers.levels import FloatLevels, Top

BUFFERED = 4096
"""Events kept while there is no snapshot: some minutes of them. Older ones go first, and a
snapshot that would need them is refused by rule 2."""

MOST_LEVELS = 100_000
"""Of a side. The venue's price filters allow no book that is near it."""

Outcome = Literal["buffered", "old", "applied", "gap", "crossed", "beyond"]
"""`crossed`, and `beyond` what the snapshot had: it was applied, and now the book is void."""


class Side:
    """Levels of the bids, or of the asks: sizes by price, and beside them the prices in order, the
    best one last: there a list is changed at least cost, and there books change most."""

    __slots__ = ("_order", "_sign", "_sizes")

    def __init__(self, *, is_bid: bool) -> None:
        self._sign = 1.0 if is_bid else -1.0
        self._sizes: dict[float, float] = {}
        self._order: list[float] = []
        """Prices of bids; of asks, negated."""

    def __len__(self) -> int:
        return len(self._order)

    def replace(self, levels: Iterable[tuple[float, float]]) -> None:
        """Drop what is known and hold `levels`; those of size 0 are left out."""
        self._sizes = {price: size for price, size in levels if size}
        sign = self._sign
        self._order = sorted([sign * price for price in self._sizes])

    def apply(self, levels: FloatLevels) -> None:
        """Each of these levels has this size now; 0 removes it, if it is there."""
        sizes, order, sign = self._sizes, self._order, self._sign
        for price, size in levels:
            if size:
                if price not in sizes:
                    insort(order, sign * price)
                sizes[price] = size
            elif price in sizes:
                del sizes[price]
                del order[bisect_left(order, sign * price)]

    def best(self) -> tuple[float, float]:
        """The best level; zeros where there is none."""
        if not self._order:
            return 0.0, 0.0
        price = self._sign * self._order[-1]
        return price, self._sizes[price]

    def levels(self, count: int | None = None) -> FloatLevels:
        """The best `count` levels, or all, best first."""
        sizes, sign = self._sizes, self._sign
        prices = [sign * held for held in islice(reversed(self._order), count)]
        return tuple([(price, sizes[price]) for price in prices])


class LocalBook:
    """One market's book, and whether it can be trusted."""

    def __init__(self) -> None:
        self.bids = Side(is_bid=True)
        self.asks = Side(is_bid=False)
        self.update_id: int | None = None
        """Of the newest event in it; None while there is no book."""
        self._lowest_bid, self._highest_ask = 0.0, inf
        """What the snapshot had; levels beyond are not all known."""
        self._buffer: deque[DepthUpdate] = deque(maxlen=BUFFERED)

    @property
    def is_synced(self) -> bool:
        return self.update_id is not None

    @property
    def is_waiting(self) -> bool:
        """There are events that wait for a snapshot."""
        return self.update_id is None and bool(self._buffer)

    def top(self) -> Top:
        return self.bids.best() + self.asks.best()

    def spans(self, last_update_id: int) -> bool:
        """A snapshot with this id could be of this market, by what is buffered of it."""
        return bool(self._buffer) and (
            self._buffer[0].first_id <= last_update_id + 1
            and last_update_id <= self._buffer[-1].last_id
        )

    def void(self, *, drops_events: bool = False) -> None:
        """Trust it no longer; another snapshot is needed.

        Args:
            drops_events: those that are buffered too: the stream broke.
        """
        self.update_id = None
        if drops_events:
            self._buffer.clear()

    def snapshot(self, snapshot: DepthSnapshot, *, most_levels: int | None = None) -> bool:
        """Take over a whole book. False where it is too old: get another one.

        Events that were buffered are not applied yet: `catch_up` does that, one by one, so that
        each state of the book can be looked at.

        Args:
            most_levels: how many of a side were asked for; a side with as many may have more.
        """
        last_id = snapshot.last_update_id
        # A snapshot that ends right before the first event joins it by rule 4, so it is not sent
        # back: in a recording there may be no other.
        if self._buffer and last_id < self._buffer[0].first_id - 1:
            return False
        self.bids.replace(snapshot.bids)
        self.asks.replace(snapshot.asks)
        self._lowest_bid, self._highest_ask = 0.0, inf
        if most_levels is not None and len(snapshot.bids) >= most_levels:
            self._lowest_bid = min(price for price, _ in snapshot.bids)
        if most_levels is not None and len(snapshot.asks) >= most_levels:
            self._highest_ask = max(price for price, _ in snapshot.asks)
        self.update_id = last_id
        return True

    def catch_up(self) -> Iterator[tuple[Outcome, DepthUpdate]]:
        """Apply what was buffered, oldest first; after a gap the rest stays buffered."""
        while self._buffer and self.update_id is not None:
            update = self._buffer.popleft()
            yield self.update(update), update

    def update(self, update: DepthUpdate) -> Outcome:
        """Apply one event. On `gap` the book is void, and the event begins a new buffer."""
        known_id = self.update_id
        if known_id is None:
            self._buffer.append(update)
            return "buffered"
        if update.last_id <= known_id:
            return "old"
        if update.first_id > known_id + 1:
            self.update_id = None
            self._buffer.appendleft(update)
            return "gap"
        self.bids.apply(update.bids)
        self.asks.apply(update.asks)
        self.update_id = update.last_id
        return self._look()

    def _look(self) -> Outcome:
        """Whether the book can be one."""
        bid, ask = self.bids.best()[0], self.asks.best()[0]
        if bid >= ask > 0:
            self.update_id = None
            return "crossed"
        if (
            bid < self._lowest_bid
            or (ask or inf) > self._highest_ask
            or len(self.bids) > MOST_LEVELS
            or len(self.asks) > MOST_LEVELS
        ):
            self.update_id = None
            return "beyond"
        return "applied"
