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
    long = _long_blanks(work, erases)
    inked = np.where(long, numbers, _inked(work, pens))
    return work._replace(pens=inked, spans=_cut(rows, inked, changed, blank, long))


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


def _inked(work: Work, pens: PenBook) -> np.ndarray:
    """Pens, with changed blanks in that of the changed character before or behind them."""
    width = work.pens.shape[1]
    columns = np.arange(width)
    blank = work.blank & work.changed
    before = np.maximum.accumulate(np.where(blank, 0, columns), axis=1)
    behind = np.minimum.accumulate(np.where(blank, width - 1, columns)[:, ::-1], axis=1)
    inked: np.ndarray = work.pens
    for marks in (behind[:, ::-1], before):
        pens_there = np.take_along_axis(work.pens, marks, axis=1)
        fits = blank & np.take_along_axis(work.changed & ~work.blank, marks, axis=1)
        fits &= pens.ground[pens_there] == work.grounds
        inked = np.where(fits, pens_there, inked)
    return inked


def _long_blanks(work: Work, erases: np.ndarray) -> np.ndarray:
    """Changed blanks that are worth erasing, a run of one ground each."""
    blank, grounds = work.blank & work.changed, work.grounds
    long: np.ndarray = np.zeros_like(blank)
    width = blank.shape[1]
    breaks = np.ones_like(blank)
    breaks[:, 1:] = ~blank[:, 1:] | ~blank[:, :-1] | (grounds[:, 1:] != grounds[:, :-1])
    starts = np.maximum.accumulate(np.where(breaks, np.arange(width), 0), axis=1)
    ends = np.full_like(starts, width)
    ends[:, :-1] = np.where(breaks[:, 1:], np.arange(1, width), width)
    lengths = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1] - starts
    if not (lengths[blank] >= ERASED_TO_EDGE).any():
        return long
    for ground in np.unique(grounds[blank]).tolist():
        if erases[ground]:
            to_edge = work.clear(ground, work.changed) == width
            least = np.where(to_edge, ERASED_TO_EDGE, ERASED_INSIDE)
            long |= blank & (grounds == ground) & (lengths >= least)
    return long


def _cut(
    rows: np.ndarray,
    inked: np.ndarray,
    changed: np.ndarray,
    blank: np.ndarray,
    long: np.ndarray,
) -> list[Span]:
    width = changed.shape[1]
    at = np.flatnonzero(changed)
    pens, erased, column = inked.ravel()[at], long.ravel()[at], at % width
    begins = np.ones(len(at), dtype=bool)
    begins[1:] = (
        (at[1:] != at[:-1] + 1)
        | (column[1:] == 0)
        | (pens[1:] != pens[:-1])
        | (erased[1:] != erased[:-1])
    )
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(at)) - 1
    inks = np.add.reduceat((~blank).ravel()[at].astype(np.int64), first)
    lines = at[first] // width
    return [
        Span(*values)
        for values in zip(
            rows[lines].tolist(),
            lines.tolist(),
            column[first].tolist(),
            (column[last] + 1).tolist(),
            pens[first].tolist(),
            (inks == 0).tolist(),
            strict=True,
        )
    ]
