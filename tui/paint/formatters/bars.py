"""Bars: open to the left, close to the right, and from high to low."""

from __future__ import annotations

import numpy as np

from tui.paint.columns import Columns
from tui.paint.formatters.base import Formatter, Strokes, direction, price_rows, runs
from tui.paint.scales import PriceScale


class BarFormatter(Formatter):
    """A stem, the open as a tick to its left and the close to its right.

    With two dots for a bar the open is left out; with one only the stem is left.
    """

    def draw(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> Strokes:
        dots = columns.zoom.dots
        at = price_rows(columns, start, stop, scale, rows)
        before, stem, after = _shape(dots)
        halves = np.zeros((stop - start, dots, rows), dtype=np.uint8)
        if dots == 1:
            halves[:, 0] = runs(at[1], at[2], rows)
            return Strokes(halves, direction(columns, start, stop))
        # Stem, open and close.
        stems, opens, closes = runs(at.take(_TOPS, axis=0), at.take(_BOTTOMS, axis=0), rows)
        halves[:, stem] = stems
        if before:
            halves[:, :before] = opens[:, None]
        halves[:, stem + 1 : stem + 1 + after] = closes[:, None]
        return Strokes(halves, direction(columns, start, stop))


_TOPS, _BOTTOMS = np.array([1, 0, 3]), np.array([2, 0, 3])


def _shape(dots: int) -> tuple[int, int, int]:
    """Dots of the open tick, the dot of the stem, and dots of the close tick."""
    if dots <= 2:
        return 0, 0, dots - 1
    stem = (dots - 1) // 2
    return stem, stem, max(1, dots - 2 - stem)
