"""What lies on a chart beside its series, from back to front: each layer a function of a stage.

A layer is painted again only when what it depends on (`key`) is not what it was, or the place or
the prices that it is drawn with are not. Text of any layer lies over dots of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.clock import NANOS
from tui.paint import format as fmt
from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_X, DOTS_Y
from tui.paint.columns import Columns, TimeAxis
from tui.paint.fills import paint_fills
from tui.paint.header import column_at
from tui.paint.level_labels import paint_level_labels
from tui.paint.levels import by_rank, line_masks, look_of, row_masks
from tui.paint.measure import paint_mark, paint_measure
from tui.paint.overlay_numbers import paint_overlay_numbers
from tui.paint.ranges import Scales
from tui.paint.readout import paint_readout
from tui.paint.round_numbers import round_rows
from tui.paint.scales import PriceScale
from tui.paint.scene import Layout, Scene, View
from tui.paint.time_axis import middle_of, paint_linked, paint_separators

_GRID = "1000"
_CROSSHAIR = "10"


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One picture while it is painted."""

    scene: Scene
    view: View
    layout: Layout
    axis: TimeAxis
    """Places of all markets in time."""
    columns: Columns
    """Of the main market, in view."""
    scales: Scales
    overlays: tuple[Columns, ...] = ()
    """In view, of each of `scene.overlays`."""
    highest_volume: float = 0.0
    """Of the columns in view; never NaN."""

    @property
    def prices(self) -> PriceScale | None:
        """Of the main market."""
        return self.scales.main

    @property
    def cursor_x(self) -> int | None:
        """Column of dots of the crosshair's upright; None where it is not in view."""
        return cursor_column(self.columns, self.view)


class Layer(NamedTuple):
    """A part of the picture that is painted by itself."""

    name: str
    paint: Callable[[Canvas, Stage], None]
    key: Callable[[Stage], object]
    """What it depends on besides layout, scales, palette and characters."""


def paint_grid(canvas: Canvas, stage: Stage) -> None:
    """A faint row of dots at each round price. Left out where it could be taken for a level."""
    instrument, prices, layout = stage.scene.instrument, stage.prices, stage.layout
    if instrument is None or prices is None or canvas.palette.theme.depth in ("16", "none"):
        return
    if stage.view.detail != "full":
        return
    masks = np.zeros((layout.plot_rows, layout.plot_width), dtype=np.uint8)
    for row, dot, _ in round_rows(layout, instrument, prices):
        masks[row] = row_masks(dot % DOTS_Y, _GRID, layout.dots_wide)
    canvas.dots(layout.plot_top, masks, canvas.palette.dots("grid"), is_backdrop=True)


def paint_levels(canvas: Canvas, stage: Stage) -> None:
    """Lines of the levels, over the bars: where orders rest must not be hidden by prices."""
    layout, prices = stage.layout, stage.prices
    if prices is None:
        return
    for level in by_rank(stage.scene.levels):
        look = look_of(level.kind)
        row = prices.row(level.price, layout.dots_high)
        ink = canvas.palette.dots(look.role, is_loud=True)
        for at, masks in line_masks(row, look, layout.dots_wide, layout.dots_high):
            canvas.dots(layout.plot_top + at, masks, ink)


def paint_cuts(canvas: Canvas, stage: Stage) -> None:
    """Where missing time is cut short: a broken upright, and how much is missing."""
    layout, axis = stage.layout, stage.axis
    ink = canvas.palette.ink("muted")
    upright = "|" if canvas.glyphs == "ascii" else "┊"
    for index in axis.cut.nonzero()[0].tolist():
        before = axis.x[index - 1] + axis.zoom.dots if index else axis.x[index]
        column = int(before + axis.x[index]) // 2 // DOTS_X
        if not 0 <= column < layout.plot_width:
            continue
        for row in range(layout.plot_top, layout.time_row):
            canvas.text(row, column, upright, ink)
        text = fmt.duration(int(axis.cut[index]) * axis.step_ns / NANOS)
        canvas.text(layout.volume_top - 1, column - len(text) // 2, text, ink)


def paint_crosshair(canvas: Canvas, stage: Stage) -> None:
    """Dotted lines through the crosshair, in whose colour it dips what it crosses."""
    cursor, prices, layout = stage.view.cursor, stage.prices, stage.layout
    if cursor is None or prices is None:
        return
    ink = canvas.palette.dots("cursor", is_faint=True)
    rows = layout.plot_rows + layout.volume_rows
    masks = np.zeros((rows, layout.plot_width), dtype=np.uint8)
    row = prices.row(float(cursor.price), layout.dots_high)
    if 0 <= row < layout.dots_high:
        masks[row // DOTS_Y] = row_masks(row % DOTS_Y, _CROSSHAIR, layout.dots_wide)
    x = stage.cursor_x
    if x is not None and 0 <= x < layout.dots_wide:
        masks[:, x // DOTS_X] |= 0x05 if x % DOTS_X == 0 else 0x28
    canvas.dots(layout.plot_top, masks, ink, is_tint=True)


def paint_empty(canvas: Canvas, stage: Stage) -> None:
    """Say why there are no bars."""
    scene, layout = stage.scene, stage.layout
    if len(stage.columns):
        return
    if scene.instrument is None and not scene.title:
        text = "no market selected"
    elif scene.series is None or not len(scene.series):
        text = "waiting for first bars"
    else:
        text = "no bars here"
    row = layout.plot_top + layout.plot_rows // 2
    column = max(0, (layout.plot_width - len(text)) // 2)
    canvas.text(row, column, text, canvas.palette.ink("muted"))


BEHIND: tuple[Layer, ...] = (
    Layer("grid", paint_grid, lambda stage: (stage.scene.instrument, stage.view.detail)),
    Layer(
        "separators",
        paint_separators,
        lambda stage: (stage.axis, stage.view.zone, stage.view.detail),
    ),
    Layer("linked", paint_linked, lambda stage: stage.view.linked_ns and (stage.axis, stage.view)),
)
"""Behind the series."""

BEFORE: tuple[Layer, ...] = (
    Layer(
        "overlay numbers",
        paint_overlay_numbers,
        lambda stage: stage.overlays and (stage.axis, stage.overlays),
    ),
    Layer("cuts", paint_cuts, lambda stage: stage.axis),
    Layer("levels", paint_levels, lambda stage: stage.scene.levels),
    Layer(
        "fills",
        paint_fills,
        lambda stage: stage.scene.fills and (stage.scene.fills, stage.axis, stage.columns),
    ),
    Layer(
        "level labels",
        paint_level_labels,
        lambda stage: stage.scene.levels and (stage.scene.levels, stage.view.detail),
    ),
    Layer("empty", paint_empty, lambda stage: (_has_bars(stage), stage.scene.title)),
    Layer("crosshair", paint_crosshair, lambda stage: (stage.view.cursor, stage.cursor_x)),
    Layer("mark", paint_mark, lambda stage: stage.view.mark_ns and (stage.view, stage.axis)),
    Layer("measure", paint_measure, lambda stage: stage.view.measure and (stage.view, stage.axis)),
    Layer(
        "readout",
        paint_readout,
        lambda stage: stage.view.cursor and _pointed_at(stage),
    ),
)
"""Before the series and the overlays."""


def _pointed_at(stage: Stage) -> tuple[object, ...]:
    return stage.view, stage.columns, stage.scene.quote, stage.scene.levels


def _has_bars(stage: Stage) -> tuple[bool, bool]:
    series = stage.scene.series
    return bool(len(stage.columns)), series is not None and bool(len(series))


def cursor_column(columns: Columns, view: View) -> int | None:
    """Column of dots of the crosshair's upright; None where it is not in view."""
    if view.cursor is None:
        return None
    index = column_at(columns, view.cursor.time_ns)
    return None if index is None else int(columns.x[index]) + middle_of(columns.zoom.dots)
