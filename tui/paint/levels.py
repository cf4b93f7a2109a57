"""Prices that are marked on a chart: what each kind looks like.

Kinds are told apart three times over: by colour, by the pattern of the line, and by a mark
beside its label. Whoever sees no colour still has two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tui.paint.cells import DOTS_Y, pack


class Level(NamedTuple):
    """A price to be marked."""

    price: float
    kind: str
    """`bid ask last position breakeven staged unacked working dark triggered unknown alert`;
    another one is drawn as `unknown`."""
    label: str = ""
    """What stands on the line: `buy 0.5`."""
    side: str = ""
    """`buy`, `sell` or nothing."""
    shorter: tuple[str, ...] = ()
    """The label in fewer words, for where it does not fit; the longest first."""
    is_picked: bool = False
    """Keys act on it: its label stands out."""


class Look(NamedTuple):
    """How a kind is drawn."""

    role: str
    """Its colour in a theme."""
    pattern: str
    """Dots of its line, repeated; empty draws no line."""
    mark: str
    ascii_mark: str
    rank: int
    """Higher ones are drawn over lower ones and keep their label where room is short."""
    is_double: bool = False
    """Two lines, one dot apart."""
    is_followed: bool = False
    """An automatic range is always wide enough to show it."""


LOOKS: dict[str, Look] = {
    "staged": Look("staged", "11111110", "◇", "*", 90, is_followed=True),
    "last": Look("last", "", "◂", "<", 80, is_followed=True),
    "ask": Look("ask", "", "a", "a", 71, is_followed=True),
    "bid": Look("bid", "", "b", "b", 70, is_followed=True),
    "unknown": Look("unknown", "11100000", "?", "?", 60),
    "triggered": Look("triggered", "11110010", "»", ">", 55),
    "working": Look("working", "1", "●", "o", 50),
    "unacked": Look("unacked", "10000000", "○", ".", 45),
    "dark": Look("dark", "11110000", "◐", "d", 40),
    "position": Look("position", "1", "■", "=", 30, is_double=True),
    "breakeven": Look("breakeven", "1100", "≈", "~", 25),
    "alert": Look("alert", "1010", "!", "!", 20),
}


def look_of(kind: str) -> Look:
    """How to draw `kind`."""
    return LOOKS.get(kind, LOOKS["unknown"])


def line_masks(row: int, look: Look, width: int, height: int) -> list[tuple[int, np.ndarray]]:
    """Dots of a level line at a row of dots, as rows of cells with their packed dots.

    `width` and `height` are those of the grid in dots; what is outside is left out.
    """
    if not look.pattern:
        return []
    rows = (row, row + 2) if look.is_double else (row,)
    return [
        (at // DOTS_Y, row_masks(at % DOTS_Y, look.pattern, width))
        for at in rows
        if 0 <= at < height
    ]


@lru_cache(maxsize=512)
def row_masks(row: int, pattern: str, width: int) -> np.ndarray:
    """Packed dots of `pattern`, repeated over `width` dots, in one of the 4 rows of a cell."""
    dots = np.zeros((DOTS_Y, width), dtype=bool)
    dots[row] = np.resize(np.array([char == "1" for char in pattern]), width)
    return pack(dots)


def by_rank(levels: Sequence[Level]) -> list[Level]:
    """Lowest rank first: the order in which they are drawn."""
    return sorted(levels, key=lambda level: look_of(level.kind).rank)
