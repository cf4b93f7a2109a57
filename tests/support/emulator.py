"""A terminal to look at, cell by cell, and what a screen should look like on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    emulator = Emulator(grid.width, grid.height)
    emulator.feed("\x1b[?7l" + "".join(_each(grid)))
    return emulator.shown()


def _each(grid: CellGrid) -> Iterable[str]:
    for row in range(grid.height):
        for column in range(grid.width):
            cell = grid.cells[row, column]
            code = int(cell & CODE_MASK)
            if code != CONTINUED:
                pen: Pen = grid.pens.pen(int(cell >> PEN_SHIFT))
                yield f"\x1b[{row + 1};{column + 1}H{pen_change(None, pen)}"
                yield grid.clusters.text(code)
