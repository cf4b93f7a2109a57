"""What is measured and marked on a chart: from a point to the crosshair, and a range of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.clock import NANOS
from tui.paint import format as fmt
from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_X, DOTS_Y, pack
from tui.paint.header import when_of
from tui.paint.ink import chip
from tui.paint.levels import row_masks
from tui.paint.scene import Cursor, Scene
from tui.paint.time_axis import dot_of

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_LEFT, _RIGHT = 0x47, 0xB8
"""All dots of the left and of the right half of a cell."""


def paint_measure(canvas: Canvas, stage: Stage) -> None:
    """A box from where measuring began to the crosshair, and what lies between them."""
    start, cursor, prices, layout = (
        stage.view.measure,
        stage.view.cursor,
        stage.prices,
        stage.layout,
    )
    if start is None or cursor is None or prices is None or stage.scene.instrument is None:
        return
    ends = [dot_of(stage.axis, point.time_ns) for point in (start, cursor)]
    first, last = (_inside(dot, layout.dots_wide) for dot in ends)
    rows = [prices.row(float(point.price), layout.dots_high) for point in (start, cursor)]
    box = _box(
        min(first, last), max(first, last), min(rows), max(rows), layout.dots_wide, layout.dots_high
    )
    canvas.dots(layout.plot_top, box, canvas.palette.dots("measure", is_loud=True), is_tint=True)
    texts = measured(stage.scene, start, cursor)
    # Beyond the end that the crosshair is at, where nothing of the box is.
    is_up = cursor.price >= start.price
    lines = _broken(texts, layout.plot_width - 2)
    at = rows[1] // DOTS_Y
    top = at - len(lines) if is_up else at + 1
    top = min(max(top, 0), layout.plot_rows - len(lines))
    style = chip(canvas.palette, stage.view.detail, "measure", is_loud=True)
    middle = (first + last) // 2 // DOTS_X
    for number, line in enumerate(lines):
        text = f" {line} "
        left = min(max(0, middle - len(text) // 2), max(0, layout.plot_width - len(text)))
        canvas.text(layout.plot_top + top + number, left, text[: layout.plot_width], style)


def measured(scene: Scene, start: Cursor, end: Cursor) -> list[str]:
    """Price, percent, ticks, bars and time from `start` to `end`, each with its sign."""
    instrument = scene.instrument
    assert instrument is not None
    moved = end.price - start.price
    ticks = int((moved / instrument.price_tick).to_integral_value())
    said = [
        fmt.change(moved, instrument),
        fmt.percent(float(moved / start.price) if start.price > 0 else None),
        f"{ticks:+d} tick{'' if abs(ticks) == 1 else 's'}",
    ]
    bars = bars_between(scene, start.time_ns, end.time_ns)
    if bars is not None:
        said.append(f"{bars:+d} bar{'' if abs(bars) == 1 else 's'}")
    said.append(fmt.span((end.time_ns - start.time_ns) / NANOS))
    return said


def bars_between(scene: Scene, start_ns: int, end_ns: int) -> int | None:
    """Bars from the one at `start_ns` on to the one at `end_ns`; negative is back in time."""
    series = scene.series
    if series is None or not len(series):
        return None
    first, last = series.time_ns.searchsorted((start_ns, end_ns))
    return int(last) - int(first)


def paint_mark(canvas: Canvas, stage: Stage) -> None:
    """Edges of a range of time that is being marked, and its length on the time axis."""
    view, layout = stage.view, stage.layout
    if view.mark_ns is None:
        return
    start = dot_of(stage.axis, view.mark_ns)
    end = None if view.cursor is None else stage.cursor_x
    masks = np.zeros((layout.plot_rows + layout.volume_rows, layout.plot_width), dtype=np.uint8)
    for dot in (start, end):
        if dot is not None and 0 <= dot < layout.dots_wide:
            masks[:, dot // DOTS_X] |= (_LEFT, _RIGHT)[dot % DOTS_X]
    ink = canvas.palette.dots("measure", is_loud=True)
    canvas.dots(layout.plot_top, masks, ink, is_tint=True)
    style = chip(canvas.palette, view.detail, "measure", is_loud=True)
    if view.cursor is None:
        text = f" from {when_of(stage.scene, view, view.mark_ns)} "
        at = _inside(start, layout.dots_wide) // DOTS_X
        at = min(max(0, at - len(text) // 2), max(0, layout.plot_width - len(text)))
        canvas.text(layout.time_row - 1, at, text, style)
        return
    cells = sorted(_inside(dot, layout.dots_wide) // DOTS_X for dot in (start, end))
    span = abs(view.cursor.time_ns - view.mark_ns) / NANOS
    bars = bars_between(stage.scene, view.mark_ns, view.cursor.time_ns)
    text = f" {fmt.span(span)} " if bars is None else f" {abs(bars) + 1} bars {fmt.span(span)} "
    # Sixteen colours and none have it too: a bar on the row above the times.
    row = layout.time_row - 1
    rule = row_masks(3, "1", layout.dots_wide)[:, cells[0] : cells[1] + 1]
    canvas.dots(row, rule, ink, column=cells[0], is_tint=True)
    at = min(max(0, sum(cells) // 2 - len(text) // 2), max(0, layout.plot_width - len(text)))
    canvas.text(row, at, text, style)


def _inside(dot: int | None, width: int) -> int:
    """A column of dots of the plot: what is left of the view or unknown is at its left edge."""
    return min(max(0, dot if dot is not None else 0), width - 1)


def _box(left: int, right: int, top: int, bottom: int, width: int, height: int) -> np.ndarray:
    """Packed dots of a box of dotted edges; what is outside of the grid is left out."""
    dots = np.zeros((height, width), dtype=bool)
    low, high = max(0, top), min(bottom, height - 1)
    for row in (top, bottom):
        if 0 <= row < height:
            dots[row, left : right + 1] = True
    for column in (left, right):
        dots[low : high + 1, column] = True
    return pack(dots)


def _broken(texts: list[str], room: int) -> list[str]:
    """`texts` in as few lines of `room` characters as hold them."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + 2 + len(text) <= room:
            lines[-1] += f"  {text}"
        else:
            lines.append(text[:room])
    return lines
