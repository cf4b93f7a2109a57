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
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Literal

from brokers.binance.wire import DepthSnapshot, DepthUpdate
from brokers.levels import BookSide, Level, Top, top_of

BUFFERED = 4096
"""Events kept while there is no snapshot: some minutes of them. Older ones go first, and a
snapshot that would need them is refused by rule 2."""

Outcome = Literal["buffered", "old", "applied", "gap"]


class LocalBook:
    """One market's book, and whether it can be trusted."""

    def __init__(self) -> None:
        self.bids = BookSide(is_bid=True)
        self.asks = BookSide(is_bid=False)
        self.update_id: int | None = None
        """Of the newest event in it; None while there is no book."""
        self._buffer: deque[DepthUpdate] = deque(maxlen=BUFFERED)

    @property
    def is_synced(self) -> bool:
        return self.update_id is not None

    @property
    def is_waiting(self) -> bool:
        """Events came, and a snapshot is needed to make use of them."""
        return self.update_id is None and bool(self._buffer)

    def top(self) -> Top:
        return top_of(self.bids, self.asks)

    def spans(self, last_update_id: int) -> bool:
        """A snapshot with this id could be of this market, by what is buffered of it."""
        return bool(self._buffer) and (
            self._buffer[0].first_id <= last_update_id + 1
            and last_update_id <= self._buffer[-1].last_id
        )

    def snapshot(self, snapshot: DepthSnapshot) -> bool:
        """Take over a whole book. False where it is too old: get another one.

        Events that were buffered are not applied yet: `catch_up` does that, one by one, so that
        each state of the book can be looked at.
        """
        last_id = snapshot.last_update_id
        # A snapshot that ends right before the first event joins it by rule 4, so it is not sent
        # back: in a recording there may be no other.
        if self._buffer and last_id < self._buffer[0].first_id - 1:
            return False
        self.bids.replace(snapshot.bids)
        self.asks.replace(snapshot.asks)
        self.update_id = last_id
        return True

    def catch_up(self) -> Iterator[tuple[Outcome, DepthUpdate]]:
        """Apply what was buffered, oldest first; after a gap the rest stays buffered."""
        while self._buffer and self.update_id is not None:
            update = self._buffer.popleft()
            yield self.update(update), update

    def update(self, update: DepthUpdate) -> Outcome:
        """Apply one event; on `gap` the book is void, and the event begins a new buffer."""
        if self.update_id is None:
            self._buffer.append(update)
            return "buffered"
        if update.last_id <= self.update_id:
            return "old"
        if update.first_id > self.update_id + 1:
            self.update_id = None
            self._buffer.appendleft(update)
            return "gap"
        _apply(self.bids, update.bids)
        _apply(self.asks, update.asks)
        self.update_id = update.last_id
        return "applied"


def _apply(side: BookSide, levels: list[Level]) -> None:
    for price, size in levels:
        side.set(price, size)
