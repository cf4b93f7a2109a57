"""What all formatters share: keeping what did not change, and drawing upright runs of dots.

Dots are made per column and packed at once: one byte holds the four dots that a column of dots
has in one row of cells ("half" a cell), in the bits of braille's left side. A run from one row of
dots to another is the difference of two entries of a table of everything that lies below a row,
so that any number of runs costs two look-ups and an exclusive or. Where columns stand, and
that two halves make a cell, is `tui.paint.dots`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tui.paint.cells import DOTS_Y, LEFT_BITS
from tui.paint.columns import Columns, Zoom
from tui.paint.scales import PriceScale

UP, DOWN, FLAT = 0, 1, 2


class Strokes(NamedTuple):
    """The dots of columns, without regard to where they stand."""

    halves: np.ndarray
    """Packed dots, uint8: (columns, dots of one, rows of cells)."""
    kinds: np.ndarray
    """UP, DOWN or FLAT for each column, uint8."""
    fill: np.ndarray | None = None
    """As `halves`: dots that stand back behind the others."""
    changed: tuple[int, int] | None = None
    """All columns but these are as they were, at the same index; None where they may not be."""


class Statistics(NamedTuple):
    """How much of the work was saved."""

    reused: int
    """Columns that the last update took over as they were."""
    redone: int
    """Columns that the last update made."""
    all_reused: int
    """Of all updates."""
    all_redone: int


class _Last(NamedTuple):
    """One update: what it was made of, and what was made."""

    columns: Columns
    frame: tuple[float, float, bool, int, Zoom, int]
    """Prices, rows and times that are drawn."""
    strokes: Strokes


class Formatter(ABC):
    """Columns to dots, again and again."""

    reach = 0
    """What a column looks like depends on so many columns before it."""

    def __init__(self) -> None:
        self._last: _Last | None = None
        self._statistics = Statistics(0, 0, 0, 0)

    def statistics(self) -> Statistics:
        """How much of the work was saved."""
        return self._statistics

    def shown(self, columns: Columns) -> Columns:
        """The columns with the prices that are drawn, for a range to fit."""
        return columns

    @abstractmethod
    def draw(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> Strokes:
        """Dots of columns `start:stop` alone, in `rows` rows of cells."""

    def update(self, columns: Columns, scale: PriceScale, rows: int) -> Strokes:
        """Dots of all of `columns`. What is returned is good until the next update, and must not
        be written to."""
        frame = (
            scale.low, scale.high, scale.is_log, rows, columns.zoom, columns.period_ns
        )  # fmt: skip
        last = self._last
        if last is None or last.frame != frame or not len(columns) or not len(last.columns):
            strokes = self.draw(columns, 0, len(columns), scale, rows)
            self._count(0, len(columns))
        elif columns.serial and columns.serial == last.columns.serial:
            strokes = last.strokes._replace(changed=(0, 0))
            self._count(len(columns), 0)
        elif columns.with_newest_of and columns.with_newest_of == last.columns.serial:
            strokes = self._with_newest(last.strokes, columns, scale, rows)
        else:
            strokes = self._updated(last, columns, scale, rows)
        self._last = _Last(columns, frame, strokes)
        return strokes

    def _with_newest(
        self, strokes: Strokes, columns: Columns, scale: PriceScale, rows: int
    ) -> Strokes:
        """`strokes` with the last column drawn again."""
        at = len(columns) - 1
        newest = self.draw(columns, at, at + 1, scale, rows)
        strokes.halves[at], strokes.kinds[at] = newest.halves[0], newest.kinds[0]
        if strokes.fill is not None and newest.fill is not None:
            strokes.fill[at] = newest.fill[0]
        self._count(at, 1)
        return Strokes(strokes.halves, strokes.kinds, strokes.fill, (at, at + 1))

    def _updated(self, last: _Last, columns: Columns, scale: PriceScale, rows: int) -> Strokes:
        before, at, dirty = _difference(last.columns, columns, self.reach)
        count = min(len(columns) - at, len(last.columns) - before)
        halves = _taken_over(last.strokes.halves, before, at, count, len(columns))
        kinds = _taken_over(last.strokes.kinds, before, at, count, len(columns))
        fill = last.strokes.fill
        if fill is not None:
            fill = _taken_over(fill, before, at, count, len(columns))
        redone = 0
        for start, stop in _stretches(dirty):
            part = self.draw(columns, start, stop, scale, rows)
            halves[start:stop], kinds[start:stop] = part.halves, part.kinds
            if fill is not None:
                fill[start:stop] = part.fill
            redone += stop - start
        self._count(len(columns) - redone, redone)
        return Strokes(halves, kinds, fill)

    def _count(self, reused: int, redone: int) -> None:
        _, _, all_reused, all_redone = self._statistics
        self._statistics = Statistics(reused, redone, all_reused + reused, all_redone + redone)


def _difference(old: Columns, new: Columns, reach: int) -> tuple[int, int, np.ndarray]:
    """First column of `old` and of `new` that both have, and which of `new` must be made anew."""
    at = int(new.start_ns.searchsorted(old.start_ns[0]))
    before = int(old.start_ns.searchsorted(new.start_ns[0]))
    dirty: np.ndarray = np.ones(len(new), dtype=bool)
    count = min(len(new) - at, len(old) - before)
    if count > 0:
        here, there = slice(at, at + count), slice(before, before + count)
        same = new.start_ns[here] == old.start_ns[there]
        for name in ("open", "high", "low", "close", "volume", "after_gap"):
            one, other = getattr(new, name), getattr(old, name)
            same &= one[here] == other[there]
        np.logical_not(same, out=dirty[here])
    if reach:
        dirty = _spread(dirty, reach)
        if before:
            # What the first ones depended on is not there any more.
            dirty[:reach] = True
    return before, at, dirty


def _spread(dirty: np.ndarray, reach: int) -> np.ndarray:
    """Where one of `reach` entries before, or the entry itself, is set."""
    total = np.cumsum(dirty)
    earlier = np.zeros_like(total)
    earlier[reach + 1 :] = total[: -reach - 1]
    spread: np.ndarray = total > earlier
    return spread


def _stretches(dirty: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop of each run of entries that are set."""
    set_ = dirty.nonzero()[0]
    if not len(set_):
        return []
    breaks = (np.diff(set_) > 1).nonzero()[0]
    if not len(breaks):
        return [(int(set_[0]), int(set_[-1]) + 1)]
    starts = [int(set_[0]), *set_[breaks + 1].tolist()]
    stops = [*(set_[breaks] + 1).tolist(), int(set_[-1]) + 1]
    return list(zip(starts, stops, strict=True))


def _taken_over(old: np.ndarray, before: int, at: int, count: int, length: int) -> np.ndarray:
    """An array of `length` entries with `count` of `old` in their new place."""
    new = np.empty((length, *old.shape[1:]), dtype=old.dtype)
    if count > 0:
        new[at : at + count] = old[before : before + count]
    return new


def runs(top: np.ndarray, bottom: np.ndarray, rows: int) -> np.ndarray:
    """Packed dots from row of dots `top` to row `bottom`, which is none where it is above.

    Shape: that of `top`, and `rows` of cells.
    """
    table = _below(rows)
    first = np.maximum(top, 0)
    end = np.maximum(bottom + 1, first)
    # Behind the last row there is nothing, however far: that is what clipping finds.
    halves: np.ndarray = table.take(first, axis=0, mode="clip")
    halves ^= table.take(end, axis=0, mode="clip")
    return halves


def from_row(top: np.ndarray, rows: int) -> np.ndarray:
    """Packed dots of row of dots `top` and all below it, as `runs` gives them."""
    halves: np.ndarray = _below(rows).take(np.maximum(top, 0), axis=0, mode="clip")
    return halves


@lru_cache(maxsize=32)
def _below(rows: int) -> np.ndarray:
    """For each row of dots, and one more: packed dots of it and of all rows below it."""
    dots = np.arange(rows * DOTS_Y + 1)[:, None] <= np.arange(rows * DOTS_Y)
    table: np.ndarray = (dots.reshape(-1, rows, DOTS_Y) * LEFT_BITS).sum(axis=2, dtype=np.uint8)
    table.setflags(write=False)
    return table


def direction(columns: Columns, start: int, stop: int) -> np.ndarray:
    """UP, DOWN, or FLAT for a bar in which nothing moved."""
    part = slice(start, stop)
    kinds = (columns.close[part] < columns.open[part]).view(np.uint8).copy()
    kinds[columns.high[part] == columns.low[part]] = FLAT
    return kinds


def price_rows(columns: Columns, start: int, stop: int, scale: PriceScale, rows: int) -> np.ndarray:
    """Rows of dots of open, high, low and close: 4 rows of an entry for each column."""
    prices = np.empty((4, stop - start))
    for row, values in enumerate((columns.open, columns.high, columns.low, columns.close)):
        prices[row] = values[start:stop]
    return scale.rows(prices, rows * DOTS_Y)
