"""Fills of ours: an arrow under the bar of a buy, over the bar of a sell."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_X, DOTS_Y
from tui.paint.time_axis import dot_of

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_ARROWS = {"buy": ("▲", "A"), "sell": ("▼", "V")}


def paint_fills(canvas: Canvas, stage: Stage) -> None:
    """An arrow for each cell and side that has fills, with their number where it is not one."""
    layout, prices = stage.layout, stage.prices
    if prices is None or not stage.scene.fills:
        return
    ink = canvas.palette.ink("own", bold=True, is_loud=True)
    taken: set[tuple[int, int]] = set()
    for (cell, side), (price, count) in _groups(stage).items():
        is_buy = side == "buy"
        edge = _edge(stage, cell, is_buy=is_buy)
        # The bar's own end, or the fill where that was farther out.
        dots = [prices.row(at, layout.dots_high) for at in (price, edge) if at is not None]
        row = (max(dots) if is_buy else min(dots)) // DOTS_Y + (1 if is_buy else -1)
        arrow = _ARROWS[side][1 if canvas.glyphs == "ascii" else 0]
        number = "" if count == 1 else str(count) if count < 10 else "+"
        # From above: a number over what points down, or under what points up.
        chars = [arrow, number] if is_buy else [number, arrow]
        chars = [char for char in chars if char]
        top = row if is_buy else row - len(chars) + 1
        top = _free_row(top, len(chars), cell, layout.plot_rows, taken)
        for at, char in enumerate(chars, top):
            canvas.text(layout.plot_top + at, cell, char, ink)
            taken.add((at, cell))


def _free_row(wanted: int, count: int, cell: int, rows: int, taken: set[tuple[int, int]]) -> int:
    """The row nearest to `wanted` from which on `count` rows of a cell are free."""
    most = max(0, rows - count)
    start = min(max(wanted, 0), most)
    for away in range(rows):
        for row in (start - away, start + away):
            if 0 <= row <= most and not any((row + at, cell) in taken for at in range(count)):
                return row
    return start


def _groups(stage: Stage) -> dict[tuple[int, str], tuple[float, int]]:
    """Fills in view by cell and side: the price that is farthest from the bars, and how many."""
    axis, fills, layout = stage.axis, stage.scene.fills, stage.layout
    if not len(axis):
        return {}
    since = int(axis.keys[0]) * axis.step_ns
    first = bisect_left(fills, since, key=lambda fill: fill.time_ns)
    prices: dict[tuple[int, str], float] = {}
    counts: Counter[tuple[int, str]] = Counter()
    for fill in fills[first:]:
        dot = dot_of(axis, fill.time_ns)
        if dot is None or not 0 <= dot < layout.dots_wide or fill.side not in _ARROWS:
            continue
        key = (dot // DOTS_X, fill.side)
        farther = min if fill.side == "buy" else max
        prices[key] = farther(prices.get(key, fill.price), fill.price)
        counts[key] += 1
    return {key: (price, counts[key]) for key, price in prices.items()}


def _edge(stage: Stage, cell: int, *, is_buy: bool) -> float | None:
    """The lowest, or for sells the highest price of the bars that stand in a cell."""
    columns, axis = stage.columns, stage.axis
    if not len(columns):
        return None
    dots = axis.zoom.dots
    left = int(columns.x.searchsorted(cell * DOTS_X - dots + 1))
    right = int(columns.x.searchsorted(cell * DOTS_X + DOTS_X))
    if left >= right:
        return None
    part = slice(left, right)
    return float(columns.low[part].min() if is_buy else columns.high[part].max())
