"""Lines: one through open, high, low and close of every column, and the area under it.

Where a column is one dot wide the line is exact (M4): from where the column before ended, over the
lowest and highest price, to the last. In wider columns it goes straight from the open to one
extreme and from the other to the close, the low before the high where the bar rose.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np

from tui.paint.cells import LEFT_BITS
from tui.paint.columns import Columns
from tui.paint.formatters.base import Formatter, Strokes, from_row, price_rows, runs
from tui.paint.scales import PriceScale


class Course(NamedTuple):
    """Rows of dots in each column of dots, as (columns, dots) arrays."""

    first: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    last: np.ndarray


class LineFormatter(Formatter):
    """A line from left to right, interrupted where time is missing."""

    reach = 1

    @abstractmethod
    def course(self, at: np.ndarray, rose: np.ndarray, dots: int) -> Course:
        """Where the line goes in columns with those rows of open, high, low and close."""

    def draw(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> Strokes:
        top, bottom = self._joined(columns, start, stop, scale, rows)
        return Strokes(runs(top, bottom, rows), np.zeros(stop - start, dtype=np.uint8))

    def _joined(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Highest and lowest row in each column of dots, with the way from the one before."""
        begin = max(0, start - 1)
        at = price_rows(columns, begin, stop, scale, rows)
        rose = columns.close[begin:stop] >= columns.open[begin:stop]
        course = self.course(at, rose, columns.zoom.dots)
        first, top, bottom, last = (part.ravel() for part in course)
        before = np.concatenate([first[:1], last[:-1]])
        # Nothing leads over missing time.
        alone = columns.after_gap[begin:stop].nonzero()[0] * columns.zoom.dots
        before[alone] = first[alone]
        bottom = np.where(first < before, np.maximum(bottom, before - 1), bottom)
        top = np.where(first > before, np.minimum(top, before + 1), top)
        shape = course.top.shape
        return top.reshape(shape)[start - begin :], bottom.reshape(shape)[start - begin :]


class CurveFormatter(LineFormatter):
    """One line through open, high, low and close."""

    def course(self, at: np.ndarray, rose: np.ndarray, dots: int) -> Course:
        opens, highs, lows, closes = at
        if dots == 1:
            return Course(*(rows[:, None] for rows in (opens, highs, lows, closes)))
        early, late = np.where(rose, lows, highs), np.where(rose, highs, lows)
        middle = (dots - 1) // 2
        rows = np.empty((len(opens), dots), dtype=np.int64)
        rows[:, :middle] = _between(opens, early, middle)[:, :-1]
        rows[:, middle:] = _between(late, closes, dots - 1 - middle)
        first, top, bottom = rows.copy(), rows.copy(), rows.copy()
        top[:, middle], bottom[:, middle] = highs, lows
        first[:, middle] = early if middle else opens
        return Course(first, top, bottom, rows)


class AreaFormatter(CurveFormatter):
    """The same line, with every other dot under it set back."""

    def draw(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> Strokes:
        top, bottom = self._joined(columns, start, stop, scale, rows)
        line = runs(top, bottom, rows)
        under = from_row(bottom + 1, rows)
        # A chequer over the whole grid: odd columns of dots have the other half.
        odd = (columns.x[start:stop, None] + np.arange(columns.zoom.dots)) % 2
        under &= _CHEQUER[odd][:, :, None]
        return Strokes(line, np.zeros(stop - start, dtype=np.uint8), under)


_CHEQUER = np.array([LEFT_BITS[0] | LEFT_BITS[2], LEFT_BITS[1] | LEFT_BITS[3]], dtype=np.uint8)


def _between(start: np.ndarray, stop: np.ndarray, steps: int) -> np.ndarray:
    """Rows on the straight way from `start` to `stop`, `steps` + 1 of them for each."""
    share = np.arange(steps + 1) / max(1, steps)
    rows: np.ndarray = np.rint(start[:, None] + (stop - start)[:, None] * share).astype(np.int64)
    return rows
