"""Prices to rows of dots and back: linear, logarithmic, or in percent of a base price."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

ScaleKind = Literal["linear", "log", "percent"]

OUTSIDE = 9
"""Rows beyond the grid at which prices that are far outside of it are said to be."""


class PriceScale(NamedTuple):
    """Prices at the lowest and the highest row of dots, and how those between are spread.

    A logarithmic scale is only for positive prices; `usable` says whether it can be had.
    """

    low: float
    high: float
    kind: ScaleKind = "linear"
    base: float | None = None
    """The price that is 0 % where labels are in percent."""

    @property
    def is_log(self) -> bool:
        return self.kind == "log"

    def rows(self, prices: np.ndarray, count: int) -> np.ndarray:
        """Row of dots of each price (int64); outside 0 to `count` - 1 for those outside."""
        share = self._share_of(prices) * (count - 1)
        share = np.minimum(np.maximum(share, -OUTSIDE), count + OUTSIDE)
        whole: np.ndarray = np.rint(share).astype(np.int64)
        return whole

    def row(self, price: float, count: int) -> int:
        """Row of dots of one price."""
        if self.is_log:
            price = max(price, self.low * 1e-9)
            share = math.log(self.high / price) / math.log(self.high / self.low)
        else:
            share = (self.high - price) / (self.high - self.low)
        return round(min(max(share * (count - 1), -OUTSIDE), count + OUTSIDE))

    def price(self, row: float, count: int) -> float:
        """Price in the middle of a row of dots."""
        share = row / max(1, count - 1)
        if self.is_log:
            return self.high * math.exp(share * math.log(self.low / self.high))
        return self.high - share * (self.high - self.low)

    def share(self, price: float) -> float:
        """How far `price` is from the base: 0.015 is 1.5 %. Only where there is a base."""
        assert self.base is not None
        return price / self.base - 1

    def _share_of(self, prices: np.ndarray) -> np.ndarray:
        """How far below the top each price is; 1 is the bottom."""
        if not self.is_log:
            share: np.ndarray = (self.high - prices) / (self.high - self.low)
            return share
        positive = np.maximum(prices, self.low * 1e-9)
        logs: np.ndarray = np.log(self.high / positive) / math.log(self.high / self.low)
        return logs


def usable(kind: ScaleKind, low: float, base: float | None = None) -> ScaleKind:
    """`kind` where it can be drawn: a logarithm needs positive prices, percent a positive base."""
    if kind == "log" and low <= 0:
        return "linear"
    if kind == "percent" and (base is None or base <= 0):
        return "linear"
    return kind
