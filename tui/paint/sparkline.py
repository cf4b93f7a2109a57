"""A price's recent course in one row of text."""

from __future__ import annotations

import numpy as np

from tui.paint.cells import DOTS_X, DOTS_Y, Glyphs, characters, pack

_BLOCKS = np.array([ord(char) for char in " ▁▂▃▄▅▆▇█"], dtype=np.uint32)
_ASCII = np.array([ord(char) for char in " _..--=^^"], dtype=np.uint32)


def sparkline(values: np.ndarray, width: int, glyphs: Glyphs = "braille") -> str:
    """`values`, oldest first, as `width` cells; the newest is in the last one.

    Braille draws a line of two values a cell, blocks and ASCII a height for each cell. A
    column shows the one of its values that lies farthest from the middle of the range, so
    that no extreme is lost. Fewer values than columns stand at the right, and a value that is
    not finite leaves its column empty.
    """
    if width <= 0:
        return ""
    values = np.asarray(values, dtype=float)
    if glyphs == "braille":
        codes = _line(_extremes(values, width * DOTS_X), width)
    else:
        heights = _heights(_extremes(values, width), 8)
        codes = (_ASCII if glyphs == "ascii" else _BLOCKS)[heights]
    text: str = codes.astype("<u4").tobytes().decode("utf-32-le")
    return text.rjust(width)


def _line(values: np.ndarray, width: int) -> np.ndarray:
    """Code points of a line through `values`, one a column of dots."""
    heights = np.zeros(width * DOTS_X, dtype=int)
    heights[len(heights) - len(values) :] = _heights(values, DOTS_Y)
    before = np.r_[0, heights[:-1]]
    # Upright from beside the dot before, so that the line has no holes; 0 is no dot at all.
    joined = (before > 0) & (heights > 0)
    low = np.where(joined & (before < heights), before + 1, heights)
    high = np.where(joined & (before > heights), before - 1, heights)
    levels = np.arange(DOTS_Y, 0, -1)[:, None]
    dots = (levels >= np.minimum(low, heights)) & (levels <= np.maximum(high, heights))
    codes: np.ndarray = characters(pack(dots & (heights > 0)), "braille")[0]
    return codes


def _extremes(values: np.ndarray, width: int) -> np.ndarray:
    """At most `width` of `values`: of each bucket the one farthest from the middle."""
    if len(values) <= width:
        return values
    finite = values[np.isfinite(values)]
    if not len(finite):
        return values[-width:]
    middle = (finite.min() + finite.max()) / 2
    reach = np.where(np.isfinite(values), np.abs(values - middle), -1.0)
    size = -(-len(values) // width)
    # Filled up at the old end, so that buckets are of one size and the newest is in the last.
    padding = size * width - len(values)
    table = np.concatenate([np.full(padding, np.nan), values]).reshape(width, size)
    reaches = np.concatenate([np.full(padding, -1.0), reach]).reshape(width, size)
    # Turned round, so that the newest of equals is taken.
    best = size - 1 - reaches[:, ::-1].argmax(axis=1)
    picked: np.ndarray = table[np.arange(width), best]
    return picked[padding // size :]


def _heights(values: np.ndarray, most: int) -> np.ndarray:
    """1 to `most` between lowest and highest, half way where all are equal, 0 for none."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), dtype=int)
    low, high = values[known].min(), values[known].max()
    if high == low:
        return np.asarray(np.where(known, most // 2, 0))
    share = (np.where(known, values, low) - low) / (high - low)
    return np.asarray(np.where(known, 1 + np.rint((most - 1) * share).astype(int), 0))
