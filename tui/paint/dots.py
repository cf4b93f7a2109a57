"""Strokes to cells: columns of dots where they stand, two of them in a cell.

A grid of dots is kept column by column (`halves`: a byte for four dots), as formatters make it,
so that what stands elsewhere is a move of whole rows of memory. Which cells differ from the
grid before is found by comparing the two, and only those are packed again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui.paint.cells import DOTS_X, joined


class Grid(NamedTuple):
    """Dots of one layer, where they stand."""

    halves: np.ndarray
    """Packed dots, uint8: (columns of dots, rows of cells)."""
    kinds: np.ndarray
    """What each column of dots shows, uint8."""


def placed(halves: np.ndarray, kinds: np.ndarray, x: np.ndarray, width: int) -> Grid:
    """A grid `width` dots wide, with columns at `x`. What is outside is left out.

    Args:
        halves: as in `Strokes`: (columns, dots of one, rows of cells).
        kinds: one for each column.
        x: leftmost dot of each column, rising.
    """
    count, dots, rows = halves.shape
    grid = Grid(np.zeros((width, rows), dtype=np.uint8), np.zeros(width, dtype=np.uint8))
    if not count:
        return grid
    flat, flat_kinds = halves.reshape(count * dots, rows), kinds.repeat(dots)
    left = int(x[0])
    if int(x[-1]) - left == (count - 1) * dots:
        start, stop = max(0, left), min(width, left + count * dots)
        if start < stop:
            grid.halves[start:stop] = flat[start - left : stop - left]
            grid.kinds[start:stop] = flat_kinds[start - left : stop - left]
        return grid
    at = (x[:, None] + np.arange(dots)).ravel()
    inside = slice(*at.searchsorted((0, width)).tolist())
    grid.halves[at[inside]] = flat[inside]
    grid.kinds[at[inside]] = flat_kinds[inside]
    return grid


def replaced(
    grid: Grid, halves: np.ndarray, kinds: np.ndarray, x: np.ndarray, columns: tuple[int, int]
) -> tuple[int, int]:
    """Place columns `columns[0]:columns[1]` again, in the grid itself. Returns the columns of
    cells that they stand in, as `changed_cells` does."""
    width, dots = len(grid.kinds), halves.shape[1]
    first, last = width, 0
    for index in range(*columns):
        left = int(x[index])
        start, stop = max(0, left), min(width, left + dots)
        if start < stop:
            grid.halves[start:stop] = halves[index, start - left : stop - left]
            grid.kinds[start:stop] = kinds[index]
            first, last = min(first, start), max(last, stop)
    return (first // DOTS_X, -(-last // DOTS_X)) if first < last else (0, 0)


def changed_cells(old: Grid | None, new: Grid) -> tuple[int, int]:
    """First cell column in which two grids differ, and the one behind the last; (0, 0) if none
    does."""
    if old is None or old.halves.shape != new.halves.shape:
        return 0, len(new.kinds) // DOTS_X
    columns = (old.halves != new.halves).any(axis=1)
    columns |= old.kinds != new.kinds
    first = int(columns.argmax())
    if not columns[first]:
        return 0, 0
    last = len(columns) - 1 - int(columns[::-1].argmax())
    return first // DOTS_X, last // DOTS_X + 1


def packed(grid: Grid, inks: np.ndarray, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks and styles of cell columns `start:stop`, as arrays of (rows, columns); styles that are
    the same in all rows may be one row.

    A cell takes the ink of the kind that has most of its dots; among equals of the one further
    right.

    Args:
        inks: style of each kind.
    """
    part = slice(start * DOTS_X, stop * DOTS_X)
    left, right = grid.halves[part][0::2], grid.halves[part][1::2]
    masks = joined(left, right)
    styles = inks.take(grid.kinds[part])
    one, other = styles[0::2], styles[1::2]
    if (one == other).all():
        return masks.T, one[None]
    is_left = np.bitwise_count(left) > np.bitwise_count(right)
    return masks.T, np.where(is_left, one[:, None], other[:, None]).T
