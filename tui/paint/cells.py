"""Dots to characters: two columns of four dots in each cell of the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import numpy as np

Glyphs = Literal["braille", "blocks", "ascii"]
"""What dots are drawn with: braille (2 x 4 in a cell), quadrants (2 x 2), or ASCII."""

DOTS_X = 2
DOTS_Y = 4

# Bit of each dot in a braille pattern, by row and column (Unicode, chapter 21.1).
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)
LEFT_BITS = _BITS[:, 0]
"""Bits of the left four dots, from the top."""

_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""By bits: upper left 1, upper right 2, lower left 4, lower right 8."""

COUNT = np.array([bin(mask).count("1") for mask in range(256)], dtype=np.int16)
"""Number of dots in a mask."""


def choose_glyphs(setting: str, environ: Mapping[str, str], encoding: str) -> Glyphs:
    """What to draw with: `setting`, or for `auto` what the terminal can probably show.

    The console of Linux has UTF-8 but a font of 512 characters, without braille.
    """
    if setting in ("braille", "blocks", "ascii"):
        return setting  # type: ignore[return-value]
    is_unicode = encoding.lower().replace("-", "").replace("_", "") in ("utf8", "utf16", "utf32")
    return "braille" if is_unicode and environ.get("TERM") != "linux" else "ascii"


def pack(dots: np.ndarray) -> np.ndarray:
    """A bool grid of dots (4 x rows, 2 x columns) as one byte a cell, in braille's bits."""
    shape = (dots.shape[0] // DOTS_Y, dots.shape[1] // DOTS_X)
    masks: np.ndarray = np.zeros(shape, dtype=np.uint8)
    for y in range(DOTS_Y):
        for x in range(DOTS_X):
            masks |= dots[y::DOTS_Y, x::DOTS_X].view(np.uint8) * _BITS[y, x]
    return masks


def joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Packed cells of two halves, each of four dots in the bits of the left side."""
    masks: np.ndarray = left | (right << 3) | ((right << 1) & 0x80)
    return masks


def characters(masks: np.ndarray, glyphs: Glyphs) -> np.ndarray:
    """Code point of each mask; a blank where no dot is set."""
    codes: np.ndarray = _table(glyphs).take(masks)
    return codes


@cache
def _table(glyphs: Glyphs) -> np.ndarray:
    """Code point for each of the 256 masks."""
    if glyphs == "braille":
        codes = 0x2800 + np.arange(256)
        codes[0] = ord(" ")
    elif glyphs == "blocks":
        codes = np.array([ord(_quadrant(mask)) for mask in range(256)])
    else:
        codes = np.array([ord(_ascii(mask)) for mask in range(256)])
    table: np.ndarray = codes.astype(np.uint32)
    return table


def _dots(mask: int) -> np.ndarray:
    """The 4 x 2 dots of a mask."""
    dots: np.ndarray = np.asarray((mask & _BITS.astype(int)) != 0)
    return dots


def _quadrant(mask: int) -> str:
    dots = _dots(mask)
    corners = (dots[:2, 0].any(), dots[:2, 1].any(), dots[2:, 0].any(), dots[2:, 1].any())
    return _QUADRANTS[sum(bool(corner) << bit for bit, corner in enumerate(corners))]


def _ascii(mask: int) -> str:
    """The character whose ink lies where the dots do."""
    dots = _dots(mask)
    rows: np.ndarray = np.asarray(dots.any(axis=1))
    if not mask:
        return " "
    if rows.sum() >= 3:
        return "#" if COUNT[mask] >= 7 else "+" if dots.all(axis=1).any() else "|"
    is_wide = bool(dots.any(axis=0).all())
    if not rows[2:].any():
        return "^" if is_wide and rows[0] else "-" if is_wide else "'"
    if not rows[:2].any():
        return "_" if is_wide and rows[3] else "-" if is_wide else "."
    return "-" if is_wide else ":"
