"""The proof of a local book: at equal update ids its top is what the book ticker said.

A ticker comes up to 100 ms before the depth event of the same id, sometimes after it. States of
the book between the ends of two depth events are not ours to compare.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from brokers.levels import Top
from brokers.statistics import BookStatistics

KEPT_TICKERS: Final = 4096
"""Book tickers kept until the book comes to their update id; without a book the oldest go."""

KEPT_TOPS: Final = 64
"""States of the book kept for a book ticker that comes after them."""


class TopProof:
    """Of one market; counts in its `BookStatistics`."""

    def __init__(self, books: BookStatistics) -> None:
        self._books = books
        self.tickers: deque[tuple[int, Top]] = deque(maxlen=KEPT_TICKERS)
        """Update id and top of those that the book has not come to yet."""
        self._tops: dict[int, Top] = {}

    def has_been_at(self, update_id: int) -> bool:
        """The book was at this id, and its top is known."""
        return update_id in self._tops

    def is_right(self, update_id: int, said: Top) -> bool:
        """A ticker of an id that the book has been at agrees with it."""
        return self._compare(said, self._tops[update_id])

    def holds(self, update_id: int, top: Top) -> bool:
        """The book comes to `update_id`: its top is that of the ticker of this id, if there was
        one."""
        tops, tickers = self._tops, self.tickers
        tops[update_id] = top
        if len(tops) > KEPT_TOPS:
            del tops[next(iter(tops))]
        is_right = True
        while tickers and tickers[0][0] <= update_id:
            ticker_id, said = tickers.popleft()
            if ticker_id == update_id:
                is_right = self._compare(said, top)
        return is_right

    def forget_book(self) -> None:
        """What the book was at is not to be trusted."""
        self._tops.clear()

    def clear(self) -> None:
        self.tickers.clear()
        self._tops.clear()

    def _compare(self, said: Top, top: Top) -> bool:
        # Floats of the same text are equal, and no two numbers of a market have the same float.
        self._books.checked += 1
        self._books.failed += said != top
        return said == top
