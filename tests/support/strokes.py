"""Dots of formatters as text and as rows, for tests of what they draw."""

from __future__ import annotations

import numpy as np

from engine.config import ChartStyle
from tests.support.bars import bars
from tui.paint.cells import characters
from tui.paint.columns import Columns, Zoom, columns_on, time_axis
from tui.paint.dots import packed, placed
from tui.paint.formatters import Strokes, formatter_for
from tui.paint.scales import PriceScale


def columns_of(dots: int, *rows: tuple[float, ...]) -> Columns:
    """Columns of bars `dots` wide, each bar a row as `bars` takes it."""
    series = bars(*rows)
    axis = time_axis([series], Zoom(1, dots), 400, anchor_x=0, anchor_ns=int(series.time_ns[0]))
    return columns_on(axis, series)


def drawn(style: ChartStyle, columns: Columns, high: float, rows: int = 1) -> Strokes:
    """What a new formatter makes of them, for prices from 0 to `high`."""
    return formatter_for(style).update(columns, PriceScale(0.0, high), rows)


def text_of(strokes: Strokes, columns: Columns, cells: int) -> list[str]:
    """The rows of `cells` cells of braille."""
    grid = placed(strokes.halves, strokes.kinds, columns.x, cells * 2)
    masks, _ = packed(grid, np.arange(3), 0, cells)
    return ["".join(chr(code) for code in row) for row in characters(masks, "braille")]


def unpacked(halves: np.ndarray) -> list[list[int]]:
    """Rows of dots that are set in each column of dots."""
    bits = (1, 2, 4, 0x40)
    flat = halves.reshape(-1, halves.shape[-1])
    return [
        [4 * row + dot for row, mask in enumerate(column) for dot in range(4) if mask & bits[dot]]
        for column in flat.tolist()
    ]
