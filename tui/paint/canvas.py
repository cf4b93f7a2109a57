"""A grid of cells: characters and styles, painted in layers, then cut into strips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from engine.text import REPLACEMENT
from tui.paint.cells import Glyphs, characters
from tui.paint.theme import Theme

BLANK = ord(" ")


class Palette:
    """Styles by small numbers, made once for a theme, so that cells can be compared fast."""

    def __init__(self, theme: Theme, *, is_stale: bool = False) -> None:
        self.theme = theme
        self.is_stale = is_stale
        self.styles: list[Style] = []
        self._numbers: dict[Style, int] = {}
        self._by_key: dict[tuple[str, str, bool, bool], int] = {}  # role, ground, two flags
        self.ground = self.ink("text")
        """An empty cell."""

    def ink(
        self, role: str, on: str = "background", *, bold: bool = False, is_loud: bool = False
    ) -> int:
        """Text of `role`; loud text does not fade with stale data."""
        key = (role, on, bold, is_loud)
        if key not in self._by_key:
            is_stale = self.is_stale and not is_loud
            style = self.theme.style(role, on, bold=bold, is_stale=is_stale)
            self._by_key[key] = self._number(style)
        return self._by_key[key]

    def dots(self, role: str, *, is_faint: bool = False, is_loud: bool = False) -> int:
        """Dots of `role`; faint ones stand behind others. Attributes that fill the cell or
        draw a line of their own are left to text."""
        key = (role, "dots", is_faint, is_loud)
        if key not in self._by_key:
            is_stale = is_faint or (self.is_stale and not is_loud)
            style = self.theme.style(role, is_stale=is_stale)
            self._by_key[key] = self._number(style + Style(underline=False, reverse=False))
        return self._by_key[key]

    def chip(self, role: str, *, is_loud: bool = False) -> int:
        """A label with `role` as its ground; loud ones do not fade with stale data."""
        key = (role, "chip", False, is_loud)
        if key not in self._by_key:
            style = self.theme.chip(role, is_stale=self.is_stale and not is_loud)
            self._by_key[key] = self._number(style)
        return self._by_key[key]

    def merges(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each style: a number for its ground, and whether a blank in it shows nothing else."""
        grounds: dict[object, int] = {}
        numbers = [grounds.setdefault(style.bgcolor, len(grounds)) for style in self.styles]
        plain = [not (style.reverse or style.underline) for style in self.styles]
        return np.array(numbers), np.array(plain)

    def _number(self, style: Style) -> int:
        if style not in self._numbers:
            self._numbers[style] = len(self.styles)
            self.styles.append(style)
        return self._numbers[style]


class Canvas:
    """Code points and style numbers of `height` x `width` cells."""

    def __init__(self, width: int, height: int, palette: Palette, glyphs: Glyphs) -> None:
        self.width = width
        self.height = height
        self.palette = palette
        self.glyphs = glyphs
        self.codes = np.full((height, width), BLANK, dtype=np.uint32)
        self.styles = np.full((height, width), palette.ground, dtype=np.int16)
        self.masks = np.zeros((height, width), dtype=np.uint8)
        """Dots drawn so far, backdrops left out."""

    def text(self, row: int, column: int, text: str, style: int) -> None:
        """Write `text` over what is there, cut at the edges, one cell for each character: one
        that would take two cells, or none, is replaced."""
        if not 0 <= row < self.height:
            return
        if not text.isascii():
            text = "".join(char if cell_len(char) == 1 else REPLACEMENT for char in text)
        start, stop = max(column, 0), min(column + len(text), self.width)
        if start < stop:
            shown = text[start - column : stop - column]
            self.codes[row, start:stop] = [ord(char) for char in shown]
            self.styles[row, start:stop] = style

    def dots(
        self,
        row: int,
        masks: np.ndarray,
        styles: np.ndarray | int,
        *,
        is_backdrop: bool = False,
    ) -> None:
        """Draw packed dots with their top left at (`row`, 0), in cells shared with dots that
        are there; the newer ones give the colour. A backdrop leaves no dots to share with:
        nobody shall take its dots for data."""
        inked = masks != 0
        area = np.s_[row : row + masks.shape[0], : masks.shape[1]]
        shared = masks | np.where(inked, self.masks[area], 0).astype(np.uint8)
        self.codes[area] = np.where(inked, characters(shared, self.glyphs), self.codes[area])
        self.styles[area] = np.where(inked, styles, self.styles[area])
        if not is_backdrop:
            self.masks[area] |= masks


class Frame(NamedTuple):
    """A painted canvas, and what of it differs from the one before."""

    codes: np.ndarray
    styles: np.ndarray
    palette: Palette
    strips: Sequence[Strip]
    changed: Sequence[int]
    """Rows that are not as they were in the frame before; all of them in a first frame."""


def finish(canvas: Canvas, before: Frame | None) -> Frame:
    """Cut `canvas` into strips, with those of `before` kept for the rows that did not change."""
    codes, styles, palette = canvas.codes, _merged(canvas), canvas.palette
    if before is None or before.palette is not palette or before.codes.shape != codes.shape:
        rows = list(range(canvas.height))
        strips: list[Strip] = [Strip.blank(canvas.width)] * canvas.height
    else:
        moved = (before.codes != codes).any(axis=1) | (before.styles != styles).any(axis=1)
        rows = np.flatnonzero(moved).tolist()
        strips = list(before.strips)
    for row in rows:
        strips[row] = _strip(codes[row], styles[row], palette.styles)
    return Frame(codes, styles, palette, strips, rows)


def _merged(canvas: Canvas) -> np.ndarray:
    """Styles, with each blank in that of the mark before it where nobody sees a difference.

    Fewer changes of style are fewer bytes to the terminal.
    """
    styles = canvas.styles
    grounds, plain = canvas.palette.merges()
    blank = (canvas.codes == BLANK) & plain[styles]
    columns = np.where(blank, 0, np.arange(canvas.width))
    marks = np.maximum.accumulate(columns, axis=1)
    earlier = np.take_along_axis(styles, marks, axis=1)
    same = blank & plain[earlier] & (grounds[earlier] == grounds[styles])
    merged: np.ndarray = np.where(same, earlier, styles)
    return merged


def _strip(codes: np.ndarray, numbers: np.ndarray, styles: Sequence[Style]) -> Strip:
    """One row as segments, each a run of one style."""
    if not len(numbers):
        return Strip([], 0)
    text = codes.astype("<u4").tobytes().decode("utf-32-le")
    edges = (np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist()
    starts, stops = [0, *edges], [*edges, len(numbers)]
    runs = numbers[starts].tolist()
    return Strip(
        [
            Segment(text[start:stop], styles[number])
            for start, stop, number in zip(starts, stops, runs, strict=True)
        ],
        len(numbers),
    )
