"""A price's recent course in one row of text."""

from __future__ import annotations

import numpy as np

from tui.paint.cells import Glyphs

_BLOCKS = np.array([ord(char) for char in " ▁▂▃▄▅▆▇█"], dtype=np.uint32)
_ASCII = np.array([ord(char) for char in " _..--=^^"], dtype=np.uint32)


def sparkline(values: np.ndarray, width: int, glyphs: Glyphs = "braille") -> str:
    """`values`, oldest first, as `width` columns; the newest is in the last one.

    Each column shows the one of its values that lies farthest from the middle of the range,
    so that no extreme is lost. Fewer values than columns stand at the right, and a value that
    is not finite leaves its column empty.
    """
    if width <= 0:
        return ""
    reduced = _extremes(np.asarray(values, dtype=float), width)
    heights = _heights(reduced)
    codes = (_ASCII if glyphs == "ascii" else _BLOCKS)[heights]
    text: str = codes.astype("<u4").tobytes().decode("utf-32-le")
    return text.rjust(width)


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


def _heights(values: np.ndarray) -> np.ndarray:
    """1 to 8 between lowest and highest, 4 where all are equal, 0 where there is none."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), dtype=int)
    low, high = values[known].min(), values[known].max()
    if high == low:
        return np.asarray(np.where(known, 4, 0))
    scaled: np.ndarray = 1 + np.rint(
        7 * (np.where(known, values, low) - low) / (high - low)
    ).astype(int)
    return np.asarray(np.where(known, scaled, 0))
