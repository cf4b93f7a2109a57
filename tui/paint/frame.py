"""A finished picture: its cells, what of them changed, and strips of them for Textual.

Strips are made when they are asked for. What compares cells itself needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, overload

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from tui.paint.canvas import BLANK, Canvas, Cells, Palette, merge


class Span(NamedTuple):
    """Cells `start:stop` of a row."""

    row: int
    start: int
    stop: int


class Row:
    """Cells of one row of a picture, each of a character that takes one cell. A row that did
    not change is the same object in the next frame."""

    __slots__ = ("codes", "palette", "styles")

    def __init__(self, codes: np.ndarray, styles: np.ndarray, palette: Palette) -> None:
        self.codes = codes
        self.styles = styles
        self.palette = palette

    def __len__(self) -> int:
        return len(self.codes)

    def part(self, start: int, stop: int) -> Row:
        """The cells `start:stop`; itself if those are all."""
        if start == 0 and stop == len(self.codes):
            return self
        return Row(self.codes[start:stop], self.styles[start:stop], self.palette)

    def strip(self) -> Strip:
        """The same for Textual."""
        return _strip(self.codes, self.styles, self.palette)


class Frame(NamedTuple):
    """All cells of a picture, and what of it differs from the one before."""

    codes: np.ndarray
    """Code points, uint32: (height, width). Not to be written to, and never written again."""
    styles: np.ndarray
    """Numbers of styles in `palette.styles`, int16."""
    palette: Palette
    strips: Strips
    changed: Sequence[int]
    """Rows that are not as they were in the frame before; all of them in a first frame."""
    spans: Sequence[Span]
    """One for each of `changed`: outside of it the row is as it was."""


def next_frame(cells: Cells, palette: Palette, before: Frame | None) -> Frame:
    """A frame of `cells`, which are its own from now on."""
    codes, styles = cells
    height, width = codes.shape
    if before is None or before.palette is not palette or before.codes.shape != codes.shape:
        spans = [Span(row, 0, width) for row in range(height)]
        return Frame(
            codes, styles, palette, Strips(codes, styles, palette), list(range(height)), spans
        )
    moved = before.codes != codes
    moved |= before.styles != styles
    rows = moved.any(axis=1).nonzero()[0]
    here = moved[rows]
    starts, ends = here.argmax(axis=1), here[:, ::-1].argmax(axis=1)
    changed = rows.tolist()
    spans = [
        Span(row, start, width - end)
        for row, start, end in zip(changed, starts.tolist(), ends.tolist(), strict=True)
    ]
    strips = Strips(codes, styles, palette, before.strips, changed)
    return Frame(codes, styles, palette, strips, changed, spans)


def finish(canvas: Canvas, before: Frame | None) -> Frame:
    """The frame of a single layer."""
    cells = blank_cells(canvas.width, canvas.height, canvas.palette)
    merge([canvas], cells, slice(0, canvas.height), 0, canvas.width)
    return next_frame(cells, canvas.palette, before)


def blank_cells(width: int, height: int, palette: Palette) -> Cells:
    """Nothing but ground."""
    codes = np.full((height, width), BLANK, dtype=np.uint32)
    return Cells(codes, np.full((height, width), palette.ground, dtype=np.int16))


class Strips(Sequence[Strip]):
    """Rows of cells as strips, each made when it is first asked for."""

    def __init__(
        self,
        codes: np.ndarray,
        styles: np.ndarray,
        palette: Palette,
        before: Strips | None = None,
        changed: Sequence[int] = (),
    ) -> None:
        """
        Args:
            before: strips of the rows that are not `changed`.
        """
        self._codes = codes
        self._styles = styles
        self._palette = palette
        self._made: list[Strip | None] = [None] * len(codes)
        self._rows: list[Row | None] = [None] * len(codes)
        if before is not None:
            self._made, self._rows = before._made.copy(), before._rows.copy()
            for row in changed:
                self._made[row] = self._rows[row] = None

    def __len__(self) -> int:
        return len(self._made)

    def row(self, row: int) -> Row:
        """The same as plain cells."""
        known = self._rows[row]
        if known is None:
            known = self._rows[row] = Row(self._codes[row], self._styles[row], self._palette)
        return known

    @overload
    def __getitem__(self, row: int) -> Strip: ...
    @overload
    def __getitem__(self, row: slice) -> list[Strip]: ...
    def __getitem__(self, row: int | slice) -> Strip | list[Strip]:
        if isinstance(row, slice):
            return [self[at] for at in range(*row.indices(len(self)))]
        strip = self._made[row]
        if strip is None:
            strip = self._made[row] = _strip(self._codes[row], self._styles[row], self._palette)
        return strip

    def __iter__(self) -> Iterator[Strip]:
        return (self[row] for row in range(len(self)))


def _strip(codes: np.ndarray, styles: np.ndarray, palette: Palette) -> Strip:
    """One row as segments, each a run of one style."""
    if not len(codes):
        return Strip([], 0)
    numbers = _merged(codes, styles, palette)
    text = codes.tobytes().decode("utf-32-le")
    edges = ((numbers[1:] != numbers[:-1]).nonzero()[0] + 1).tolist()
    starts, stops = [0, *edges], [*edges, len(numbers)]
    runs = numbers[starts].tolist()
    return Strip(
        [
            Segment(text[start:stop], palette.styles[number])
            for start, stop, number in zip(starts, stops, runs, strict=True)
        ],
        len(numbers),
    )


def _merged(codes: np.ndarray, styles: np.ndarray, palette: Palette) -> np.ndarray:
    """Styles, with each blank in that of the mark before it where nobody sees a difference.

    Fewer changes of style are fewer bytes to the terminal, for Textual's own way of sending.
    """
    grounds, plain = _grounds(palette, len(palette.styles))
    blank = (codes == BLANK) & plain[styles]
    columns = np.where(blank, 0, np.arange(len(codes)))
    earlier = styles[np.maximum.accumulate(columns)]
    same = blank & plain[earlier] & (grounds[earlier] == grounds[styles])
    merged: np.ndarray = np.where(same, earlier, styles)
    return merged


@lru_cache(maxsize=16)
def _grounds(palette: Palette, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each of the `count` styles of `palette`: a number for its ground, and whether a blank
    in it shows nothing else."""
    grounds: dict[object, int] = {}
    styles = palette.styles[:count]
    numbers = [grounds.setdefault(style.bgcolor, len(grounds)) for style in styles]
    plain = [not (style.reverse or style.underline) for style in styles]
    return np.array(numbers), np.array(plain)
