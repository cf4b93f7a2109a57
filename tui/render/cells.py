"""Sends a screen to a terminal: only the cells that changed, in as few bytes as it can."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui.render.grid import BLANK, CONTINUED, UNKNOWN, CellGrid, Clusters
from tui.render.moves import Place, move
from tui.render.pens import PenBook
from tui.render.shift import Shift, find_shift, shifted
from tui.render.spans import (
    ERASED_INSIDE,
    ERASED_TO_EDGE,
    Span,
    Work,
    find_work,
    whole_characters,
)

_BOTH_WRITTEN = 400
"""Up to so many spans both orders are written out, and the shorter is sent, where an estimate
of their costs does not tell them apart."""

_DOUBTFUL = 2
"""Bytes a span by which an estimate may be wrong."""

_MOVE_BYTES = 5
"""What going to the next span costs in an estimate."""

_WIDEST_GAP = 5
"""Cells between two spans that may be written rather than jumped: no jump costs more."""


class Statistics(NamedTuple):
    """What a renderer has done so far."""

    updates: int
    cells: int
    """That were not as wanted."""
    spans: int
    shifts: int


class CellRenderer:
    """Knows what one terminal shows, and writes what makes it show something else.

    A terminal of which nothing is known, as at first and after `forget`, is written in full.
    """

    def __init__(self, pens: PenBook, clusters: Clusters, *, erases_in_colour: bool = True) -> None:
        """
        Args:
            erases_in_colour: erased cells get the background of the pen (terminfo's `bce`);
                where that is not known the answer is False, and coloured blanks are written.
        """
        self._pens = pens
        self._clusters = clusters
        self._erases_in_colour = erases_in_colour
        self._held = np.zeros((0, 0), dtype=np.uint64)
        self._pen: int | None = None
        self._place: Place | None = None
        self._updates = self._cells = self._spans = self._shifts = 0

    def statistics(self) -> Statistics:
        return Statistics(self._updates, self._cells, self._spans, self._shifts)

    def forget(self) -> None:
        """Nothing is known of the terminal any more: not its cells, pen or cursor."""
        self._held = np.full_like(self._held, UNKNOWN)
        self.forget_cursor()

    def forget_cursor(self) -> None:
        """Somebody else wrote: pen and cursor may have changed, the cells have not."""
        self._pen = None
        self._place = None

    def reset(self) -> str:
        """What puts a garbled terminal in order and clears it: margins, modes, characters.

        Everything is written anew with the next update.
        """
        self.forget()
        # No origins, wrapping, cursor and inserting; no margins; ASCII in G0, and that in use.
        return "\x1b[?6l\x1b[?7l\x1b[?25l\x1b[4l\x1b[r\x1b(B\x0f\x1b[m\x1b[H\x1b[2J"

    def rest(self, row: int, column: int) -> str:
        """Leave the cursor there."""
        if self._place == (row, column):
            return ""
        text = move(self._place, row, column)
        self._place = (row, column)
        return text

    def update(self, wanted: CellGrid) -> str:
        """What makes the terminal show `wanted`; empty where it does.

        The grid's size is that of the terminal; another one than before is a terminal unknown.
        """
        if self._held.shape != wanted.cells.shape:
            self._held = np.full_like(wanted.cells, UNKNOWN)
            self.forget_cursor()
        changed = self._held != wanted.cells
        if not changed.any():
            return ""
        self._updates += 1
        moved = self._shift(wanted, changed)
        if moved:
            changed = self._held != wanted.cells
        written = self._write(wanted.cells, whole_characters(changed, wanted.cells))
        np.copyto(self._held, wanted.cells)
        return moved + written

    # -- blocks that moved ------------------------------------------------------------------

    def _shift(self, wanted: CellGrid, changed: np.ndarray) -> str:
        shift = find_shift(self._held, wanted.cells, changed)
        if shift is None:
            return ""
        self._shifts += 1
        self._held[shift.rows, shift.left : shift.right] = shifted(self._held, shift)
        by = abs(shift.columns)
        edge = shift.right - by
        deleted, inserted = (shift.left, edge) if shift.columns < 0 else (edge, shift.left)
        return self._down(shift, deleted, "P", by) + self._down(shift, inserted, "@", by)

    def _down(self, shift: Shift, column: int, final: str, count: int) -> str:
        """The same sequence on each row of a shift, in one column."""
        number = count if count > 1 else ""
        return "".join([f"{self.rest(row, column)}\x1b[{number}{final}" for row in shift.rows])

    # -- cells ------------------------------------------------------------------------------

    def _write(self, wanted: np.ndarray, changed: np.ndarray) -> str:
        if not changed.any():
            return ""
        work = find_work(wanted, changed, self._pens, self._erases())
        self._cells += int(changed.sum())
        self._spans += len(work.spans)
        order = pen_order(work.spans, self._pens, self._pen)
        saved = self._saved(work.spans, order)
        if abs(saved) <= _DOUBTFUL * len(work.spans) <= _DOUBTFUL * _BOTH_WRITTEN:
            ways = [[], order]
        else:
            ways = [order if saved > 0 else []]
        best = min((self._written(work, way) for way in ways), key=lambda way: way.size)
        self._pen, self._place = best.pen, best.place
        return best.text

    def _erases(self) -> np.ndarray:
        """Of each ground whether the terminal erases in it."""
        erases = np.full(int(self._pens.ground.max()) + 1, self._erases_in_colour)
        erases[0] = True  # pen 0 is the first, and its ground the terminal's own
        return erases

    def _saved(self, spans: list[Span], order: list[int]) -> int:
        """Bytes that taking each pen once saves over going row by row, by an estimate."""
        change = self._pens.change
        in_rows, pen, row, column = 0, self._pen, -1, -1
        for span in spans:
            if not span.is_blank or pen is None:
                if span.pen != pen:
                    in_rows += len(change(pen, span.pen))
                pen = span.pen
            if span.row != row or span.start != column:
                in_rows += _MOVE_BYTES
            row, column = span.row, span.stop
        in_passes, pen = _MOVE_BYTES * len(spans), self._pen
        for number in order:
            in_passes += len(change(pen, number))
            pen = number
        return in_rows - in_passes

    def _written(self, work: Work, order: list[int]) -> Writer:
        """All spans in that order of pens, or row by row where there is none."""
        writer = Writer(work, order, self._pens, self._clusters, self._erases())
        writer.pen, writer.place = self._pen, self._place
        for span in writer.in_order(work.spans):
            writer.write(span)
        return writer


def pen_order(spans: list[Span], pens: PenBook, used: int | None) -> list[int]:
    """Each pen once: those of one background together, beginning with what is in use."""
    found = list(dict.fromkeys([span.pen for span in spans]))
    ground = pens.ground.tolist()
    begun = -1 if used is None else ground[used]
    grounds = list(dict.fromkeys([ground[pen] for pen in found]))
    grounds.sort(key=lambda number: number != begun or number < 0)
    inks = {span.pen for span in spans if not span.is_blank}
    order: list[int] = []
    for number in grounds:
        same = [pen for pen in found if ground[pen] == number]
        # The pen of a background alone is needed only where nothing else is written on it.
        same = [pen for pen in same if pen in inks] or same
        same.sort(key=lambda pen: pen != used)
        order += same
    return order


class Writer:
    """Writes spans one after the other, from the pen and place that the terminal has."""

    def __init__(
        self,
        work: Work,
        order: list[int],
        pens: PenBook,
        clusters: Clusters,
        erases: np.ndarray,
    ) -> None:
        """
        Args:
            order: of pens, each of which is taken once; empty for row by row.
            erases: of each ground whether the terminal erases in it.
        """
        self.pen: int | None = None
        self.place: Place | None = None
        self._work = work
        self._erases = erases
        self._pens = pens
        self._ground: list[int] = pens.ground.tolist()
        self._clusters = clusters
        self._width = work.codes.shape[1]
        self._ranks = {number: rank for rank, number in enumerate(order)}
        self._leads: dict[int, int] = {}
        """By ground the first of its pens, which writes its blanks."""
        for number in order:
            self._leads.setdefault(self._ground[number], number)
        self._rank = -1
        self._clear: dict[int, np.ndarray] = {}
        self._erased: list[list[tuple[int, int]]] = [[] for _ in work.rows]
        self._lines: list[str] = _lines(work.codes)
        self._between_lines: dict[int, tuple[list[int], list[int], list[bool]]] = {}
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.text.encode())

    def in_order(self, spans: list[Span]) -> list[Span]:
        """The spans, pen by pen and blanks first, since what is erased may be wider than they."""
        if not self._ranks:
            return spans
        return sorted(spans, key=self._turn)

    def _turn(self, span: Span) -> int:
        if span.is_blank:
            return 2 * self._ranks[self._leads[self._ground[span.pen]]]
        return 2 * self._ranks[span.pen] + 1

    def write(self, span: Span) -> None:
        if span.is_blank:
            self._blank(span)
        else:
            self._rank = self._ranks.get(span.pen, -1)
            self._go(span)
            self._take(span.pen)
            self._ink(span)

    def _blank(self, span: Span) -> None:
        for start, stop in self._erased[span.line]:
            if start <= span.start and span.stop <= stop:
                return
        ground = self._ground[span.pen]
        self._rank = -1
        self._go(span)
        if self.pen is None or self._ground[self.pen] != ground:
            self._take(self._leads.get(ground, span.pen))
        length = span.stop - span.start
        is_long = length >= ERASED_TO_EDGE and self._erases[ground]
        end = self._clear_to(span, ground) if is_long else span.start
        if end == self._width:
            self._parts.append("\x1b[K")
        elif length >= ERASED_INSIDE and end > span.start:
            self._parts.append(f"\x1b[{end - span.start}X")
        else:
            self._ink(span)
            return
        self._erased[span.line].append((span.start, end))

    def _clear_to(self, span: Span, ground: int) -> int:
        """Column up to which everything is blank or written later."""
        if ground not in self._clear:
            later = self._work.changed
            if self._ranks:
                ranks = np.zeros(len(self._ground), dtype=np.int64)
                ranks[list(self._ranks)] = list(self._ranks.values())
                later = later & (ranks[self._work.pens] >= self._ranks[self._leads[ground]])
            self._clear[ground] = self._work.clear(ground, later)
        return int(self._clear[ground][span.line, span.start])

    def _take(self, pen: int) -> None:
        self._parts.append(self._pens.change(self.pen, pen))
        self.pen = pen

    def _go(self, span: Span) -> None:
        """Bring the cursor to the span: over the cells between, or past them."""
        place = self.place
        if place == (span.row, span.start):
            return
        step = move(place, span.row, span.start)
        if place is not None and place[0] == span.row:
            gap = span.start - place[1]
            if 0 < gap <= _WIDEST_GAP:
                filler = self._between(span.line, place[1], span.start)
                if filler is not None and len(filler.encode()) <= len(step):
                    step = filler
        self._parts.append(step)
        self.place = (span.row, span.start)

    def _between(self, line: int, start: int, stop: int) -> str | None:
        """Text that may be written with the pen in hand over those cells, if there is any:
        themselves, or blanks where the right thing is written later."""
        if self.pen is None:
            return None
        ground = self._ground[self.pen]
        codes, pens, changed = self._cells(line)
        text = ""
        for column in range(start, stop):
            code, pen = codes[column], pens[column]
            if code == BLANK and self._ground[pen] >= 0:
                if self._ground[pen] != ground:
                    return None
                text += " "
            elif code >= CONTINUED:
                return None
            elif pen == self.pen:
                text += chr(code)
            elif changed[column] and self._ranks.get(pen, -1) > self._rank >= 0:
                text += " "
            else:
                return None
        return text

    def _cells(self, line: int) -> tuple[list[int], list[int], list[bool]]:
        known = self._between_lines.get(line)
        if known is None:
            work = self._work
            arrays = (work.codes[line], work.pens[line], work.changed[line])
            codes, pens, changed = (array.tolist() for array in arrays)
            known = self._between_lines[line] = (codes, pens, changed)
        return known

    def _ink(self, span: Span) -> None:
        text = self._lines[span.line][span.start : span.stop]
        stop: Place | None = (span.row, span.stop)
        if "\0" in text:
            codes = self._work.codes[span.line, span.start : span.stop].tolist()
            text = "".join([self._clusters.text(code) for code in codes])
            # Terminals differ in how wide such characters are: nothing is built on it.
            stop = None
        self._parts.append(text)
        self.place = None if span.stop == self._width else stop


def _lines(codes: np.ndarray) -> list[str]:
    """The rows as text of one character per cell; NUL where one is not enough."""
    simple = np.where(codes < CONTINUED, codes, 0)
    width = codes.shape[1]
    text = simple.astype("<u4").tobytes().decode("utf-32-le")
    return [text[start : start + width] for start in range(0, len(text), width)]
