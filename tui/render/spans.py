"""Cuts what changed on a screen into spans that are written in one go.

Blanks may be written with any pen of their background. Short ones go with what stands beside
them, so that words are one span; long ones become spans of their own, which are erased.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui.render.grid import BLANK, CODE_MASK, CONTINUED, PEN_SHIFT
from tui.render.pens import PenBook

ERASED_INSIDE = 10
"""Blanks in a row that are erased rather than written: `CSI n X` and a move over them."""

ERASED_TO_EDGE = 4
"""The same where nothing else follows on the row: `CSI K`."""


class Span(NamedTuple):
    """Changed cells beside each other, to be written with one pen."""

    row: int
    """On the screen; `line` is its number among the changed rows."""
    line: int
    start: int
    stop: int
    pen: int
    """For blanks: one pen of their background."""
    is_blank: bool
    """Nothing but blanks: any pen of that background will do."""


class Work(NamedTuple):
    """What is to be written, and what the rows with changes look like then.

    All arrays are (rows with changes, width).
    """

    rows: list[int]
    codes: np.ndarray
    pens: np.ndarray
    """To write with; blanks may have got that of their neighbours."""
    grounds: np.ndarray
    changed: np.ndarray
    blank: np.ndarray
    """Blanks that show nothing but their background."""
    spans: list[Span]

    def clear(self, ground: int, later: np.ndarray) -> np.ndarray:
        """Of each cell the column up to which everything can be erased in `ground`: blanks of
        it, and what is written `later`; its own column where it cannot."""
        width = self.blank.shape[1]
        same = self.blank & (self.grounds == ground)
        stops = np.where(same | (later & ~self.blank), width, np.arange(width))
        ends: np.ndarray = np.minimum.accumulate(stops[:, ::-1], axis=1)[:, ::-1]
        return ends


def find_work(wanted: np.ndarray, changed: np.ndarray, pens: PenBook, erases: np.ndarray) -> Work:
    """The spans of all changed cells, row by row.

    Args:
        wanted: (height, width) uint64 cells.
        changed: where the terminal shows something else; both halves of wide characters.
        erases: of each ground whether the terminal erases in it.
    """
    rows = np.flatnonzero(changed.any(axis=1))
    cells, changed = wanted[rows], changed[rows]
    codes = (cells & CODE_MASK).astype(np.int64)
    numbers = (cells >> PEN_SHIFT).astype(np.int64)
    grounds = pens.ground[numbers]
    blank = (codes == BLANK) & (grounds >= 0)
    work = Work(rows.tolist(), codes, numbers, grounds, changed, blank, [])
    at = np.flatnonzero(changed)
    run = _Cells(at, changed.shape[1], numbers.ravel()[at], grounds.ravel()[at], blank.ravel()[at])
    long = _long_blanks(work, run, erases)
    inked = np.where(long, run.pens, _inked(run, pens))
    numbers.ravel()[at] = inked
    return work._replace(spans=_cut(rows, run, inked, long))


class _Cells(NamedTuple):
    """The changed cells one after the other, row by row; all arrays are (cells,)."""

    at: np.ndarray
    """Row times width plus column."""
    width: int
    pens: np.ndarray
    grounds: np.ndarray
    blank: np.ndarray

    def begins(self) -> np.ndarray:
        """Where a cell does not stand beside the one before."""
        begins = np.ones(len(self.at), dtype=bool)
        begins[1:] = (self.at[1:] != self.at[:-1] + 1) | (self.at[1:] % self.width == 0)
        return begins


def whole_characters(changed: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`changed`, with both halves of each character of two cells of which one is."""
    right_half = (wanted & CODE_MASK) == CONTINUED
    halves = np.zeros_like(changed)
    halves[:, 1:] = right_half[:, 1:]
    either = halves & changed
    either[:, 1:] |= halves[:, 1:] & changed[:, :-1]
    either[:, :-1] |= either[:, 1:]
    both: np.ndarray = changed | either
    return both


def _inked(cells: _Cells, pens: PenBook) -> np.ndarray:
    """Pens, with blanks in that of the character before or behind them, if they are beside it
    and of one ground."""
    numbers = np.arange(len(cells.at))
    first = np.maximum.accumulate(np.where(cells.begins(), numbers, 0))
    before = np.maximum.accumulate(np.where(cells.blank, 0, numbers))
    behind = np.minimum.accumulate(np.where(cells.blank, len(numbers) - 1, numbers)[::-1])[::-1]
    inked: np.ndarray = cells.pens
    for marks, is_beside in ((behind, first[behind] == first), (before, before >= first)):
        there = cells.pens[marks]
        fits = cells.blank & ~cells.blank[marks] & is_beside
        fits &= pens.ground[there] == cells.grounds
        inked = np.where(fits, there, inked)
    return inked


def _long_blanks(work: Work, cells: _Cells, erases: np.ndarray) -> np.ndarray:
    """Blanks that are worth erasing, a run of one ground each."""
    long: np.ndarray = np.zeros_like(cells.blank)
    breaks = cells.begins() | ~cells.blank
    breaks[1:] |= ~cells.blank[:-1] | (cells.grounds[1:] != cells.grounds[:-1])
    starts = np.flatnonzero(breaks)
    lengths = np.diff(starts, append=len(cells.at))
    if not (lengths >= ERASED_TO_EDGE).any():
        return long
    lengths = np.repeat(lengths, lengths)
    for ground in np.unique(cells.grounds[cells.blank]).tolist():
        if erases[ground]:
            clear = work.clear(ground, work.changed).ravel()[cells.at]
            least = np.where(clear == cells.width, ERASED_TO_EDGE, ERASED_INSIDE)
            long |= cells.blank & (cells.grounds == ground) & (lengths >= least)
    return long


def _cut(rows: np.ndarray, cells: _Cells, inked: np.ndarray, long: np.ndarray) -> list[Span]:
    begins = cells.begins()
    begins[1:] |= (inked[1:] != inked[:-1]) | (long[1:] != long[:-1])
    first = np.flatnonzero(begins)
    lengths = np.diff(first, append=len(cells.at))
    inks = np.add.reduceat((~cells.blank).astype(np.int64), first)
    lines, columns = np.divmod(cells.at[first], cells.width)
    return [
        Span(*values)
        for values in zip(
            rows[lines].tolist(),
            lines.tolist(),
            columns.tolist(),
            (columns + lengths).tolist(),
            inked[first].tolist(),
            (inks == 0).tolist(),
            strict=True,
        )
    ]
