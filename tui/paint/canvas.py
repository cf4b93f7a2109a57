"""Cells: what is painted in layers, merged by priority into characters and styles.

A `Canvas` is one layer, transparent where nothing was painted. Layers are merged, the first at the
back, in four steps that keep what is data and what is not apart: backdrops; dots, which share
cells, the newest giving the colour; tints, which colour the dots that are there and show their own
only where there are none; and text over all of them. `merge` does so for a window of columns,
whatever else is on the layers: a price that moved costs the cells that it moved in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from engine.text import REPLACEMENT
from tui.paint.cells import Glyphs, characters
from tui.paint.theme import Theme

BLANK = ord(" ")

NOTHING = -1
"""Style of a cell of a layer in which no text stands."""


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
        number = self._by_key.get(key)
        if number is None:
            is_stale = self.is_stale and not is_loud
            style = self.theme.style(role, on, bold=bold, is_stale=is_stale)
            number = self._by_key[key] = self._number(style)
        return number

    def dots(self, role: str, *, is_faint: bool = False, is_loud: bool = False) -> int:
        """Dots of `role`; faint ones stand behind others. Attributes that fill the cell or
        draw a line of their own are left to text."""
        key = (role, "dots", is_faint, is_loud)
        number = self._by_key.get(key)
        if number is None:
            is_stale = is_faint or (self.is_stale and not is_loud)
            style = self.theme.style(role, is_stale=is_stale)
            style += Style(underline=False, reverse=False)
            number = self._by_key[key] = self._number(style)
        return number

    def chip(self, role: str, *, is_loud: bool = False) -> int:
        """A label with `role` as its ground; loud ones do not fade with stale data."""
        key = (role, "chip", False, is_loud)
        number = self._by_key.get(key)
        if number is None:
            style = self.theme.chip(role, is_stale=self.is_stale and not is_loud)
            number = self._by_key[key] = self._number(style)
        return number

    def _number(self, style: Style) -> int:
        if style not in self._numbers:
            self._numbers[style] = len(self.styles)
            self.styles.append(style)
        return self._numbers[style]


class Marks(NamedTuple):
    """Values and styles of the cells of a layer."""

    values: np.ndarray
    styles: np.ndarray


class Cells(NamedTuple):
    """Characters and styles of a whole picture."""

    codes: np.ndarray
    """Code points, uint32: (height, width)."""
    styles: np.ndarray
    """Numbers of styles in a palette, int16."""

    def clear(self, rows: slice, columns: slice, palette: Palette) -> None:
        """Leave nothing but ground there."""
        self.codes[rows, columns] = BLANK
        self.styles[rows, columns] = palette.ground


class Canvas:
    """One layer of `height` x `width` cells, transparent at first."""

    def __init__(self, width: int, height: int, palette: Palette, glyphs: Glyphs) -> None:
        self.width = width
        self.height = height
        self.palette = palette
        self.glyphs = glyphs
        self.backdrop: Marks | None = None
        self.data: Marks | None = None
        self.tint: Marks | None = None
        self.writing: Marks | None = None

    @classmethod
    def over(cls, cells: Cells, palette: Palette, glyphs: Glyphs) -> Canvas:
        """A canvas whose text goes into `cells` at once, for where no other layer is."""
        height, width = cells.codes.shape
        canvas = cls(width, height, palette, glyphs)
        canvas.writing = Marks(cells.codes, cells.styles)
        return canvas

    @property
    def is_empty(self) -> bool:
        """Whether nothing was painted."""
        parts = (self.backdrop, self.data, self.tint, self.writing)
        return all(part is None for part in parts)

    @property
    def codes(self) -> np.ndarray:
        """Code points of the text, to be written to."""
        return self._writing().values

    @property
    def styles(self) -> np.ndarray:
        """Styles of the text, to be written to; `NOTHING` where there is none."""
        return self._writing().styles

    def text(self, row: int, column: int, text: str, style: int) -> None:
        """Write `text` over what is there, cut at the edges, one cell for each character: one
        that would take two cells, or none, is replaced."""
        start, stop = max(column, 0), min(column + len(text), self.width)
        if start >= stop or not 0 <= row < self.height:
            return
        codes, styles = self._writing()
        codes[row, start:stop] = _codes(text)[start - column : stop - column]
        styles[row, start:stop] = style

    def dots(
        self,
        row: int,
        masks: np.ndarray,
        styles: np.ndarray | int,
        *,
        column: int = 0,
        is_backdrop: bool = False,
        is_tint: bool = False,
    ) -> None:
        """Draw packed dots with their top left at (`row`, `column`), in cells shared with dots
        that are there; the newer ones give the colour.

        A backdrop shares no cell with dots, before or after it: nobody shall take its dots for
        data. A tint does not either, but colours the dots that are there.
        """
        if is_backdrop:
            marks = self.backdrop = self.backdrop or self._marks(np.uint8)
        elif is_tint:
            marks = self.tint = self.tint or self._marks(np.uint8)
        else:
            marks = self.data = self.data or self._marks(np.uint8)
        area = np.s_[row : row + masks.shape[0], column : column + masks.shape[1]]
        np.copyto(marks.styles[area], styles, where=masks != 0)
        marks.values[area] |= masks

    def put(
        self,
        row: int,
        column: int,
        masks: np.ndarray,
        styles: np.ndarray,
        *,
        is_backdrop: bool = False,
    ) -> None:
        """Have these dots, and none of those that were there, with their top left at (`row`,
        `column`)."""
        if is_backdrop:
            marks = self.backdrop = self.backdrop or self._marks(np.uint8)
        else:
            marks = self.data = self.data or self._marks(np.uint8)
        rows, columns = masks.shape
        area = (slice(row, row + rows), slice(column, column + columns))
        marks.values[area] = masks
        marks.styles[area] = styles

    def _writing(self) -> Marks:
        if self.writing is None:
            shape = (self.height, self.width)
            self.writing = Marks(
                np.full(shape, BLANK, dtype=np.uint32), np.full(shape, NOTHING, dtype=np.int16)
            )
        return self.writing

    def _marks(self, kind: type[np.generic]) -> Marks:
        shape = (self.height, self.width)
        return Marks(np.zeros(shape, dtype=kind), np.zeros(shape, dtype=np.int16))


def merge(layers: Sequence[Canvas], into: Cells, rows: slice, start: int, stop: int) -> None:
    """Merge columns `start:stop` of those rows of all layers, the first at the back, and write
    what is seen over what stands there in `into`. There must be a layer."""
    area = (rows, slice(start, stop))
    codes, styles = into.codes[area], into.styles[area]
    styles.fill(layers[0].palette.ground)
    masks = _merged_dots(layers, area, styles)
    if masks is None:
        codes.fill(BLANK)
    else:
        codes[...] = characters(masks, layers[0].glyphs)
    for layer in layers:
        if layer.writing is not None:
            inks = layer.writing.styles[area]
            written = inks != NOTHING
            np.copyto(codes, layer.writing.values[area], where=written)
            np.copyto(styles, inks, where=written)


def _merged_dots(
    layers: Sequence[Canvas], area: tuple[slice, slice], styles: np.ndarray
) -> np.ndarray | None:
    """Masks of all dots; their styles are written to `styles`. None where no layer has any."""
    shape = styles.shape
    behind = data = None
    for layer in layers:
        if layer.backdrop is not None:
            behind = np.zeros(shape, dtype=np.uint8) if behind is None else behind
            masks = layer.backdrop.values[area]
            np.copyto(styles, layer.backdrop.styles[area], where=masks != 0)
            np.copyto(behind, masks, where=masks != 0)
    for layer in layers:
        if layer.data is not None:
            masks = layer.data.values[area]
            data = masks.copy() if data is None else np.bitwise_or(data, masks, out=data)
            np.copyto(styles, layer.data.styles[area], where=masks != 0)
    if data is None:
        data = np.zeros(shape, dtype=np.uint8)
    free = data == 0
    if behind is not None:
        np.copyto(data, behind, where=free)
    for layer in layers:
        if layer.tint is not None:
            masks = layer.tint.values[area]
            np.copyto(styles, layer.tint.styles[area], where=masks != 0)
            np.copyto(data, masks, where=(masks != 0) & free)
    return data


@lru_cache(maxsize=4096)
def _codes(text: str) -> np.ndarray:
    """Code points of `text`, each of a character that takes one cell."""
    if not text.isascii():
        text = "".join(char if cell_len(char) == 1 else REPLACEMENT for char in text)
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
