"""The average price of a market over its last minutes, weighted by size.

As `avgPrice` of Binance: where nothing traded in that time, or no time is meant, the last price.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Final

MINUTE_NS: Final = 60_000_000_000


class AveragePrice:
    """Of the trades of some minutes. Exact; holds each of these trades."""

    def __init__(self, minutes: int) -> None:
        self._window_ns = minutes * MINUTE_NS
        self._trades: deque[tuple[int, Fraction, Fraction]] = deque()
        self._worth = self._size = Fraction(0)
        self._last: Fraction | None = None

    def on_trade(self, time_ns: int, price: Fraction, size: Fraction) -> None:
        """A trade, not earlier than the one before."""
        self._last = price
        if self._window_ns:
            self._trades.append((time_ns, price, size))
            self._worth += price * size
            self._size += size
            self._drop_before(time_ns - self._window_ns)

    def at(self, now_ns: int) -> Fraction | None:
        """The average price at `now_ns`; None before the first trade."""
        self._drop_before(now_ns - self._window_ns)
        return self._worth / self._size if self._size else self._last

    def _drop_before(self, time_ns: int) -> None:
        while self._trades and self._trades[0][0] <= time_ns:
            _, price, size = self._trades.popleft()
            self._worth -= price * size
            self._size -= size
