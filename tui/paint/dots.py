"""Columns to dots: bars, a line, volume. A grid is a bool array, rows from the top.

Dots are drawn in kinds, each packed on its own, so that a cell can take the colour of the
kind that has most of its dots.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui.paint.cells import COUNT, pack
from tui.paint.columns import Columns
from tui.paint.scales import PriceScale

UP, DOWN, FLAT = 0, 1, 2
KINDS = 3


class Spans(NamedTuple):
    """Vertical runs of dots: column, first and last row, kind. All may lie outside."""

    x: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    kind: np.ndarray


def bar_spans(columns: Columns, prices: PriceScale, height: int) -> Spans:
    """OHLC bars: a stem, the open as a tick to its left and the close to its right.

    With two dots for a bar the open is left out; with one only the stem is left.
    """
    kind = _direction(columns)
    top, bottom = prices.rows(columns.high, height), prices.rows(columns.low, height)
    before, stem, after = _bar_shape(columns.zoom.dots)
    parts = [Spans(columns.x + stem, top, bottom, kind)]
    opens = prices.rows(columns.open, height)
    closes = prices.rows(columns.close, height)
    parts += [Spans(columns.x + dot, opens, opens, kind) for dot in before]
    parts += [Spans(columns.x + dot, closes, closes, kind) for dot in after]
    return _joined(parts)


def line_spans(columns: Columns, prices: PriceScale, height: int) -> Spans:
    """One line through the closes, interrupted where time is missing."""
    if not len(columns):
        return _joined([])
    draw = _line_reduced if columns.zoom.dots == 1 else _line_between
    x, top, bottom = draw(columns, prices, height)
    return Spans(x, top, bottom, np.zeros(len(x), dtype=np.int64))


def volume_spans(columns: Columns, most: float, height: int) -> Spans:
    """Columns from the ground; any volume at all is at least one dot."""
    kind = _direction(columns)
    share = np.nan_to_num(columns.volume, nan=0.0) / most if most > 0 else columns.volume * 0
    tall = np.maximum(np.rint(share * height).astype(np.int64), (share > 0).astype(np.int64))
    top, bottom = height - tall, np.full(len(columns), height - 1)
    wide = max(1, columns.zoom.dots - 1)
    return _joined([Spans(columns.x + dot, top, bottom, kind) for dot in range(wide)])


def draw(spans: Spans, width: int, height: int) -> np.ndarray:
    """Packed dots of each kind: (KINDS, height / 4, width / 2) masks."""
    inside = (spans.x >= 0) & (spans.x < width) & (spans.bottom >= 0) & (spans.top < height)
    x = spans.x[inside] + spans.kind[inside] * width
    # A run is +1 where it begins and -1 below its end; sums down a column are its dots.
    # Columns are rows here, since sums are three times as fast along memory.
    edges = np.zeros((KINDS * width, height + 1), dtype=np.int32)
    np.add.at(edges, (x, np.maximum(spans.top[inside], 0)), 1)
    np.add.at(edges, (x, np.minimum(spans.bottom[inside], height - 1) + 1), -1)
    dots = np.cumsum(edges[:, :height], axis=1, dtype=np.int32) > 0
    return np.stack([pack(part.T) for part in dots.reshape(KINDS, width, height)])


def strongest(masks: np.ndarray) -> np.ndarray:
    """For each cell the kind with most dots in it; among equals the one further right."""
    right = masks & 0xB8
    kinds: np.ndarray = np.argmax(COUNT[masks] * 16 + COUNT[right], axis=0)
    return kinds


def _direction(columns: Columns) -> np.ndarray:
    """UP, DOWN, or FLAT for a bar in which nothing moved."""
    moved = np.where(columns.close >= columns.open, UP, DOWN)
    kinds: np.ndarray = np.where(columns.high == columns.low, FLAT, moved)
    return kinds


def _bar_shape(dots: int) -> tuple[range, int, range]:
    """Dots of the open tick, of the stem, and of the close tick, within a bar."""
    if dots == 1:
        return range(0), 0, range(0)
    if dots == 2:
        return range(0), 0, range(1, 2)
    if dots == 3:
        return range(1), 1, range(2, 3)
    stem = (dots - 1) // 2
    return range(stem), stem, range(stem + 1, dots - 1)


def _line_reduced(
    columns: Columns, prices: PriceScale, height: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One column of dots each: from lowest to highest, and on to where the last one ended."""
    first, low, high, last = (prices.rows(row, height) for row in columns.line)
    top, bottom = high.copy(), low.copy()
    joined = ~columns.after_gap[1:]
    up = joined & (first[1:] < last[:-1])
    down = joined & (first[1:] > last[:-1])
    bottom[1:] = np.where(up, np.maximum(bottom[1:], last[:-1] - 1), bottom[1:])
    top[1:] = np.where(down, np.minimum(top[1:], last[:-1] + 1), top[1:])
    return columns.x, top, bottom


def _line_between(
    columns: Columns, prices: PriceScale, height: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Straight from the middle of each bar to that of the next."""
    middle = columns.x + columns.zoom.dots // 2
    x = np.arange(middle[0], middle[-1] + 1)
    scaled = (prices.high - columns.close) / (prices.high - prices.low) * (height - 1)
    rows = np.rint(np.clip(np.interp(x, middle, scaled), -9, height + 9)).astype(np.int64)
    earlier = np.r_[rows[0], rows[:-1]]
    segment = np.searchsorted(middle, x)
    in_gap = columns.after_gap[segment] & (segment > 0)
    at_bar = middle[segment] == x
    joined = ~in_gap
    top = np.where(joined & (earlier < rows), earlier + 1, rows)
    bottom = np.where(joined & (earlier > rows), earlier - 1, rows)
    shown = at_bar | joined
    return x[shown], top[shown], bottom[shown]


def _joined(parts: list[Spans]) -> Spans:
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Spans(none, none, none, none)
    return Spans(*(np.concatenate(values) for values in zip(*parts, strict=True)))
