"""Prices that are marked on a chart: what each kind looks like.

Kinds are told apart three times over: by colour, by the pattern of the line, and by a mark
beside its label. Whoever sees no colour still has two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tui.paint.cells import DOTS_X, DOTS_Y, pack


class Level(NamedTuple):
    """A price to be marked."""

    price: float
    kind: str
    """`bid ask last position staged unacked working dark triggered unknown alert`; another
    one is drawn as `unknown`."""
    label: str = ""
    """What stands on the line: `buy 0.5`."""
    side: str = ""
    """`buy`, `sell` or nothing."""


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
    "alert": Look("alert", "1010", "!", "!", 20),
}


def look_of(kind: str) -> Look:
    """How to draw `kind`."""
    return LOOKS.get(kind, LOOKS["unknown"])


def line_masks(row: int, pattern: str, width: int, height: int, *, is_double: bool) -> np.ndarray:
    """Packed dots of a level line at a row of dots; empty where that is outside."""
    dots = np.zeros((height, width), dtype=bool)
    repeated = np.resize(np.array([char == "1" for char in pattern]), width)
    for at in (row, row + 2) if is_double else (row,):
        if 0 <= at < height:
            dots[at] = repeated
    return pack(dots)


def empty_masks(width: int, height: int) -> np.ndarray:
    """Packed dots of nothing, for a grid of so many dots."""
    return np.zeros((height // DOTS_Y, width // DOTS_X), dtype=np.uint8)


def by_rank(levels: Sequence[Level]) -> list[Level]:
    """Lowest rank first: the order in which they are drawn."""
    return sorted(levels, key=lambda level: look_of(level.kind).rank)
