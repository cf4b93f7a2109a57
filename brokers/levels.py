"""One side of an order book, in exact terms."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from decimal import Decimal

Level = tuple[Decimal, Decimal]
"""Price and size."""

FloatLevels = tuple[tuple[float, float], ...]

Top = tuple[float, float, float, float]
"""Best bid, its size, best ask, its size; price and size are 0 where a side is empty."""

LARGEST = Decimal(10) ** 15
"""Prices and sizes from here on are taken for damage: float64 could not hold their decimals,
and an exponent such as 1E+999999999 would be a trap for whoever writes it out."""
SMALLEST = Decimal(1).scaleb(-15)


class BookSide:
    """Levels of the bids, or of the asks.

    Sizes by price, and the prices in order beside them: books hold some thousand levels, where
    moving the tail of a list costs less than any tree.
    """

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self._sizes: dict[Decimal, Decimal] = {}
        self._prices: list[Decimal] = []

    def __len__(self) -> int:
        return len(self._prices)

    def replace(self, levels: Iterable[Level]) -> None:
        """Drop what is known and hold `levels`; those of size 0 are left out."""
        self._sizes = {price: size for price, size in levels if size}
        self._prices = sorted(self._sizes)

    def set(self, price: Decimal, size: Decimal) -> None:
        """The level at `price` now has `size`; 0 removes it, if it is there."""
        sizes = self._sizes
        if size:
            if price not in sizes:
                insort(self._prices, price)
            sizes[price] = size
        elif sizes.pop(price, None) is not None:
            del self._prices[bisect_left(self._prices, price)]

    def cut(self, depth: int) -> list[Decimal]:
        """Drop all but the best `depth` levels; returns the prices dropped."""
        excess = len(self._prices) - depth
        if excess <= 0:
            return []
        if self.is_bid:
            dropped, self._prices = self._prices[:excess], self._prices[excess:]
        else:
            dropped, self._prices = self._prices[depth:], self._prices[:depth]
        for price in dropped:
            del self._sizes[price]
        return dropped

    def best(self) -> Level | None:
        """The best level; None where there is none."""
        if not self._prices:
            return None
        price = self._prices[-1] if self.is_bid else self._prices[0]
        return price, self._sizes[price]

    def levels(self, count: int | None = None) -> list[Level]:
        """The best `count` levels, or all, best first."""
        prices = self._prices[::-1] if self.is_bid else self._prices
        return [(price, self._sizes[price]) for price in prices[:count]]


def top_of(bids: BookSide, asks: BookSide) -> Top:
    """The best of both sides as the floats that ticks carry."""
    bid, ask = bids.best(), asks.best()
    return (
        float(bid[0]) if bid else 0.0,
        float(bid[1]) if bid else 0.0,
        float(ask[0]) if ask else 0.0,
        float(ask[1]) if ask else 0.0,
    )


def as_floats(levels: Sequence[Level]) -> FloatLevels:
    """Levels as a `Book` tick carries them."""
    return tuple([(float(price), float(size)) for price, size in levels])


def check_levels(levels: Iterable[Level]) -> None:
    """Raise `ValueError` unless each price and size is a number that a venue could mean.

    NaN fails too: it compares false, or raises an `ArithmeticError`.
    """
    for price, size in levels:
        if not (SMALLEST <= price < LARGEST and 0 <= size < LARGEST):
            raise ValueError(f"level {price} x {size} is out of range")
