"""Numbers on the lines of overlays, where there is no colour to tell them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_X, DOTS_Y

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_APART = 24
"""Cells between two numbers on a line."""

_SLOTS = 8


def paint_overlay_numbers(canvas: Canvas, stage: Stage) -> None:
    """The slot of each overlay on its line, again and again. Each stands at times of its own, so
    that numbers move with the bars and do not meet while lines do."""
    if canvas.palette.theme.depth != "none":
        return
    layout, axis = stage.layout, stage.axis
    every = max(_SLOTS, _APART * DOTS_X // axis.zoom.dots)
    for overlay, columns, prices in zip(
        stage.scene.overlays, stage.overlays, stage.scales.overlays, strict=False
    ):
        if prices is None or not len(columns):
            continue
        places = columns.start_ns // axis.step_ns % every == overlay.slot * every // _SLOTS
        style = canvas.palette.ink(f"overlay{overlay.slot}", bold=True)
        for at in places.nonzero()[0].tolist():
            cell = int(columns.x[at] + axis.zoom.dots // 2) // DOTS_X
            row = prices.row(float(columns.close[at]), layout.dots_high) // DOTS_Y
            if 0 <= cell < layout.plot_width and 0 <= row < layout.plot_rows:
                canvas.text(layout.plot_top + row, cell, str(overlay.slot), style)
