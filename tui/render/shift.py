"""Finds blocks of the screen that moved sideways, as a chart does with a new bar.

Terminals move the rest of a row by deleting characters (DCH) and inserting blanks (ICH):
deleting at one edge of a block and inserting at the other moves what is between them and
leaves both sides as they were.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui.render.grid import CODE_MASK, CONTINUED, UNKNOWN

MOST_COLUMNS = 16
"""Shifts by more are not looked for."""

FEWEST_CELLS = 48
"""With fewer changed cells than these no shift is looked for."""

_SAMPLED_ROWS = 6
"""Rows, those with the most changed cells, by which the distance is guessed."""

_CELL_BYTES = 4
"""What a changed cell of a moved picture costs to write, about: braille has 3, moves and
colours come on top."""

_ROW_BYTES = 11
"""What moving one more row costs: `DCH IND` in one pass, `ICH IND` in the other."""

_BLOCK_BYTES = 24
"""What going to the first row, and back for the second pass, costs."""


class Shift(NamedTuple):
    """Rows of which columns `left` to `right` moved by `columns`; negative is to the left."""

    rows: list[int]
    left: int
    right: int
    """The column after the last one."""
    columns: int


def find_shift(held: np.ndarray, wanted: np.ndarray, changed: np.ndarray) -> Shift | None:
    """The shift of `held` that comes nearest to `wanted`, if it saves bytes.

    Args:
        held, wanted: (height, width) uint64 cells.
        changed: where they differ.
    """
    counts = changed.sum(axis=1)
    if counts.sum() < FEWEST_CELLS:
        return None
    busiest = np.argsort(counts)[-_SAMPLED_ROWS:]
    distance = _likely_distance(held[busiest], wanted[busiest], changed[busiest])
    if not distance:
        return None
    gains = _gains(held, wanted, changed, distance)
    rows = np.flatnonzero((counts > 0) & (gains.max(axis=1) > 0) & ~_has_wide(held, wanted))
    if not len(rows):
        return None
    left, right = _best_stretch(gains[rows].sum(axis=0))
    # A row pays for itself, and its exposed cells have to be written in any case.
    saved = gains[rows, left:right].sum(axis=1) * _CELL_BYTES - _ROW_BYTES
    saved -= abs(distance) * _CELL_BYTES
    kept = rows[saved > 0]
    if saved[saved > 0].sum() <= _BLOCK_BYTES:
        return None
    # What is right after the move came from beside the stretch: that is part of the block.
    if distance < 0:
        right = min(right - distance, held.shape[1])
    else:
        left = max(left - distance, 0)
    return Shift(kept.tolist(), left, right, distance)


def shifted(cells: np.ndarray, shift: Shift) -> np.ndarray:
    """`cells` after the shift; (rows, right - left). What it exposed is unknown."""
    block = cells[shift.rows, shift.left : shift.right]
    moved = np.full_like(block, UNKNOWN)
    by = shift.columns
    if by < 0:
        moved[:, :by] = block[:, -by:]
    else:
        moved[:, by:] = block[:, :-by]
    return moved


def _likely_distance(held: np.ndarray, wanted: np.ndarray, changed: np.ndarray) -> int:
    """The distance by which most of the changed cells are explained, or 0 for none."""
    best, distance = int(changed.sum()) // 3, 0
    for by in range(1, min(MOST_COLUMNS, held.shape[1] - 1) + 1):
        to_left = int((changed[:, :-by] & (wanted[:, :-by] == held[:, by:])).sum())
        to_right = int((changed[:, by:] & (wanted[:, by:] == held[:, :-by])).sum())
        if to_left > best:
            best, distance = to_left, -by
        if to_right > best:
            best, distance = to_right, by
    return distance


def _gains(held: np.ndarray, wanted: np.ndarray, changed: np.ndarray, by: int) -> np.ndarray:
    """Of each cell: 1 where only the shift makes it right, -1 where only it makes it wrong."""
    matches = np.zeros_like(changed)
    if by < 0:
        matches[:, :by] = wanted[:, :by] == held[:, -by:]
    else:
        matches[:, by:] = wanted[:, by:] == held[:, :-by]
    return changed.astype(np.int32) - (~matches).astype(np.int32)


def _has_wide(held: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Rows with characters of two cells: terminals differ in what becomes of one that is cut."""
    wide: np.ndarray = ((held & CODE_MASK) == CONTINUED).any(axis=1)
    wide |= ((wanted & CODE_MASK) == CONTINUED).any(axis=1)
    return wide


def _best_stretch(gains: np.ndarray) -> tuple[int, int]:
    """The first column, and the one after the last, between which the sum is greatest."""
    sums = np.concatenate(([0], np.cumsum(gains)))
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    start = stop - int(np.argmin(sums[stop::-1]))
    return start, stop
