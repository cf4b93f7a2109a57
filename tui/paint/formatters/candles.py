"""Candles: a body from open to close, and a wick from high to low."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui.paint.columns import Columns
from tui.paint.formatters.base import UP, Formatter, Strokes, direction, price_rows, runs
from tui.paint.scales import PriceScale


class _Shape(NamedTuple):
    """How wide what is, in dots."""

    body: int
    wick: int
    """Column of dots of the wick, in the middle of the body where it has one."""


_BODIES = {1: 1, 2: 2, 3: 2, 4: 3, 6: 5, 8: 7, 12: 9, 16: 13, 24: 19}
"""Odd where there is room, so that the wick is in the middle; what is left stands between."""


class CandleFormatter(Formatter):
    """Body and wick; with a single dot there is only a stem.

    Where colours do not say which way a candle went, one that rose is hollow.
    """

    def __init__(self, *, is_hollow: bool = False) -> None:
        super().__init__()
        self._is_hollow = is_hollow

    def draw(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> Strokes:
        at = price_rows(columns, start, stop, scale, rows)
        kinds = direction(columns, start, stop)
        return Strokes(self._candles(at, kinds, columns.zoom.dots, rows), kinds)

    def _candles(self, at: np.ndarray, kinds: np.ndarray, dots: int, rows: int) -> np.ndarray:
        """Packed dots of candles at those rows of open, high, low and close."""
        opens, highs, lows, closes = at
        shape = _shape(dots)
        halves = np.zeros((len(kinds), dots, rows), dtype=np.uint8)
        wicks = runs(highs, lows, rows)
        if dots > 1:
            tops, bottoms = np.minimum(opens, closes), np.maximum(opens, closes)
            bodies = runs(tops, bottoms, rows)
            halves[:, : shape.body] = bodies[:, None]
            if self._is_hollow:
                hollow = kinds == UP
                inner = runs(tops + 1, bottoms - 1, rows)
                inner[~hollow] = 0
                right = max(shape.body - 1, 2)
                halves[:, 1:right] ^= inner[:, None]
                wicks ^= inner if shape.wick else 0
        halves[:, shape.wick] |= wicks
        return halves


def _shape(dots: int) -> _Shape:
    body = _BODIES.get(dots) or max(1, dots * 4 // 5 - 1 | 1)
    return _Shape(body, (body - 1) // 2)
