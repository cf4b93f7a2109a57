"""A terminal to look at, cell by cell, and what a screen should look like on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import pyte

from tui.render.grid import CODE_MASK, CONTINUED, PEN_SHIFT, CellGrid
from tui.render.pens import Pen, pen_change

# What pyte does not know (private modes but for wrapping, queries, OSC, DCS); none of it draws.
_UNDRAWN = re.compile(
    r"\x1b\[(?:[<>=]|\?(?![67][hl]))[0-9;]*[a-zA-Z]|\x1b\[[0-9;?]*\$[py]"
    r"|\x1b[P^_][^\x1b]*\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
)


class Shown(NamedTuple):
    """One cell as a person sees it."""

    text: str
    foreground: str
    background: str
    attributes: tuple[bool, ...]


BLANK = Shown(" ", "", "default", ())


class Emulator:
    """A terminal of `width` x `height` cells that takes what is sent to it."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> None:
        self._stream.feed(_UNDRAWN.sub("", text))

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)

    def shown(self) -> list[list[Shown]]:
        """Every cell; where there is no ink, only the background counts."""
        return [
            [_shown(self.screen.buffer[row][column]) for column in range(self.screen.columns)]
            for row in range(self.screen.lines)
        ]

    def rows(self) -> list[str]:
        """The characters, row by row."""
        return ["".join(cell.text for cell in row).rstrip() for row in self.shown()]


def _shown(char: pyte.screens.Char) -> Shown:
    lines = (char.underscore, char.strikethrough, char.reverse)
    if char.data == " " and not any(lines):
        return Shown(" ", "", char.bg, ())
    return Shown(char.data, char.fg, char.bg, (*lines, char.bold, char.italics, char.blink))


def drawn(grid: CellGrid) -> list[list[Shown]]:
    """What a terminal shows of `grid` when each cell is written by itself, in its place and with
    a pen made from nothing."""
    return [[*_each(grid, row)] for row in range(grid.height)]


def _each(grid: CellGrid, row: int) -> Iterable[Shown]:
    right_half = BLANK
    for cell in grid.cells[row].tolist():
        code = cell & int(CODE_MASK)
        if code == CONTINUED:
            yield right_half
        else:
            pen = grid.pens.pen(cell >> int(PEN_SHIFT))
            left, right_half = _look(pen, grid.clusters.text(code))
            yield left


@lru_cache(maxsize=1 << 14)
def _look(pen: Pen, text: str) -> tuple[Shown, Shown]:
    """Two cells of a terminal in which `text`, a single character, was written with `pen`."""
    emulator = Emulator(2, 1)
    emulator.feed(pen_change(None, pen) + text)
    ((left, right),) = emulator.shown()
    return left, right
