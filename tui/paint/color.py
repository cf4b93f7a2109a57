"""Colour arithmetic: contrast, blending, and the nearest of the 256 terminal colours.

Colours are `#rrggbb`, or a name as Textual spells the terminal's own: `ansi_red`,
`ansi_bright_blue`, `ansi_default`. Arithmetic is done with the former only.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

ANSI_NAMES = (
    "ansi_black",
    "ansi_red",
    "ansi_green",
    "ansi_yellow",
    "ansi_blue",
    "ansi_magenta",
    "ansi_cyan",
    "ansi_white",
    "ansi_bright_black",
    "ansi_bright_red",
    "ansi_bright_green",
    "ansi_bright_yellow",
    "ansi_bright_blue",
    "ansi_bright_magenta",
    "ansi_bright_cyan",
    "ansi_bright_white",
)
DEFAULT = "ansi_default"
"""What the terminal writes with, or on, when it is told nothing."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_DARK_ANSI = frozenset({"ansi_black", "ansi_red", "ansi_blue", "ansi_magenta", "ansi_bright_black"})


def is_hex(text: str) -> bool:
    """Whether `text` is `#rrggbb`."""
    return _HEX.fullmatch(text) is not None


def is_ansi(text: str) -> bool:
    """Whether `text` names one of the terminal's own colours."""
    return text == DEFAULT or text in ANSI_NAMES


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    linear = _linear(np.array(rgb(colour), dtype=float) / 255)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2): text wants 4.5, marks 3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def blend(colour: str, into: str, share: float) -> str:
    """`colour` moved towards `into`; 0 leaves it, 1 gives `into`. Names stay what they are."""
    if not (is_hex(colour) and is_hex(into)):
        return colour
    mixed = (round(a + (b - a) * share) for a, b in zip(rgb(colour), rgb(into), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def readable_on(background: str) -> str:
    """Black or white, whichever is easier to read on `background`."""
    if background == DEFAULT:
        return DEFAULT
    if background in ANSI_NAMES:
        return "ansi_bright_white" if background in _DARK_ANSI else "ansi_black"
    black, white = "#0a0a0a", "#ffffff"
    return black if contrast(black, background) >= contrast(white, background) else white


@cache
def nearest_256(colour: str) -> str:
    """The colour of the xterm cube or grey ramp that looks most like `colour`.

    Distance is taken in Oklab (Ottosson, 2020), in which equal steps look equal. The first
    16 colours are left out: every terminal shows them differently.
    """
    if not is_hex(colour):
        return colour
    palette, labs = _xterm()
    wanted = oklab(np.array([rgb(colour)], dtype=float))
    red, green, blue = palette[int(np.argmin(((labs - wanted) ** 2).sum(axis=1)))].astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def oklab(colours: np.ndarray) -> np.ndarray:
    """Rows of red, green, blue (0 to 255) in Oklab coordinates."""
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    lab: np.ndarray = np.cbrt(_linear(colours / 255) @ to_cones.T) @ to_lab.T
    return lab


def _linear(channels: np.ndarray) -> np.ndarray:
    """sRGB channels, 0 to 1, as amounts of light."""
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


@cache
def _xterm() -> tuple[np.ndarray, np.ndarray]:
    """Colours 16 to 255 of xterm, and the same in Oklab."""
    steps = np.array([0, 95, 135, 175, 215, 255], dtype=float)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    greys = np.repeat((8 + 10 * np.arange(24, dtype=float))[:, None], 3, axis=1)
    palette = np.concatenate([cube, greys])
    return palette, oklab(palette)
