"""The chart: a market's bars, other markets on the same time, and what is marked on them.

series -> time axis and columns -> dots -> layers -> cells. Each step keeps what it made of the
frame before, and hands on how much of it holds:

- `reduction`: the same axis and columns but the last, where only the newest bar changed;
- `formatters`: dots of every column that is as it was, wherever it stands now;
- `dots`: the cells that differ from those of the grid before are packed again;
- `layers`: what else is drawn is kept until something that it depends on changes;
- `canvas`: layers are merged in the columns of cells in which one of them changed;
- what is written beside the plot is written again where it can have changed.

So a price that moved costs a column of cells; a view that moved costs placing and merging what is
there; and a range that changed costs all of it, which is some ten operations for each layer on
as many bytes as there are cells. The result is what a fresh painter paints, cell for cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tui.paint import format as fmt
from tui.paint.canvas import Canvas, Cells, Palette, merge
from tui.paint.columns import Columns, TimeAxis, no_columns
from tui.paint.formatters import Statistics
from tui.paint.frame import Frame, blank_cells, finish, next_frame
from tui.paint.header import paint_header
from tui.paint.layers import BEFORE, BEHIND, Layer, Stage, cursor_column
from tui.paint.legend import paint_legend
from tui.paint.price_axis import last_of, layout_for, paint_axis_labels, paint_round_prices
from tui.paint.ranges import Ranges, Scales
from tui.paint.reduction import Reduction, Window
from tui.paint.scales import PriceScale
from tui.paint.scene import LEAST_HEIGHT, LEAST_WIDTH, Layout, Scene, View
from tui.paint.series import Markets
from tui.paint.theme import Theme
from tui.paint.time_axis import paint_cursor_time, paint_times

__all__ = ["ChartPainter", "Picture", "cursor_column"]


class Picture(NamedTuple):
    """A painted frame, and where what stands in it."""

    frame: Frame
    layout: Layout | None
    """None where there was too little room for a chart."""
    columns: Columns
    """Of the main market, in view."""
    prices: PriceScale | None
    axis: TimeAxis | None = None
    """Places in time of all markets."""
    scales: Scales = Scales()
    overlays: tuple[Columns, ...] = ()
    """Of each overlay, in view."""


class _Kept(NamedTuple):
    """What was painted last of one part, and what it depended on."""

    key: object
    canvas: Canvas
    is_empty: bool


class ChartPainter:
    """Paints one chart again and again; keeps what does not move from frame to frame."""

    def __init__(self) -> None:
        self._palettes: dict[tuple[object, ...], Palette] = {}
        self._ranges = Ranges()
        self._reduction = Reduction()
        self._markets = Markets()
        self._scales = Scales()
        self._base: tuple[object, ...] = ()
        self._parts: dict[str, _Kept] = {}
        self._stack: list[Canvas] = []
        self._written: dict[str, object] = {}
        """What the texts beside the plot depended on."""
        self._frame: Frame | None = None

    def forget(self) -> None:
        """Paint everything anew next time, in the same range of prices."""
        self._base = ()
        self._reduction = Reduction()
        self._markets = Markets()

    def forget_range(self) -> None:
        """Let the next automatic range fit closely again."""
        self._ranges.forget()

    def statistics(self) -> dict[str, Statistics]:
        """Columns that were reused and redone, by what was drawn of them."""
        return self._markets.statistics()

    def paint(self, scene: Scene, view: View, width: int, height: int, theme: Theme) -> Picture:
        """One frame of `width` x `height` cells."""
        palette = self._palette(theme, scene.is_stale)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return self._small(scene, view, width, height, palette)
        stage, columns = self._arranged(scene, view, width, height, theme.depth == "none")
        base = (width, height, stage.layout, palette, view.glyphs)
        before: Frame | None = None
        if base == self._base:
            before = self._frame
        else:
            self._parts.clear()
            self._markets.clear()
            self._written.clear()
            self._stack = []
        self._base = base
        if before is None:
            cells = blank_cells(width, height, palette)
        else:
            cells = Cells(before.codes.copy(), before.styles.copy())
        self._paint_plot(cells, stage, palette, columns)
        self._paint_margins(cells, stage, palette)
        self._frame = next_frame(cells, palette, self._frame)
        return Picture(
            self._frame, stage.layout, stage.columns, stage.prices, stage.axis, stage.scales,
            stage.overlays,
        )  # fmt: skip

    def _palette(self, theme: Theme, is_stale: bool) -> Palette:
        key = (theme.name, theme.colours, theme.depth, is_stale)
        if key not in self._palettes:
            self._palettes[key] = Palette(theme, is_stale=is_stale)
        return self._palettes[key]

    def _small(
        self, scene: Scene, view: View, width: int, height: int, palette: Palette
    ) -> Picture:
        """No room for a chart: the last price."""
        canvas = Canvas(width, height, palette, view.glyphs)
        if scene.quote is not None and scene.instrument is not None:
            text = fmt.price(scene.quote.last, scene.instrument)
            canvas.text(0, 0, text, palette.ink("last"))
        self._base = ()
        self._frame = finish(canvas, self._frame)
        return Picture(self._frame, None, no_columns(view.scale), None)

    # -- what is in view -----------------------------------------------------------------------

    def _arranged(
        self, scene: Scene, view: View, width: int, height: int, is_hollow: bool
    ) -> tuple[Stage, list[Columns]]:
        """What stands where, and the columns of all markets with those left of the view.

        Axes are as wide as their labels, which depend on the ranges, which depend on the columns,
        which depend on the width: one round is enough.
        """
        guess = self._scales if self._scales.main else Scales(_guessed(scene))
        layout = layout_for(scene, view, guess, width, height)
        stage, columns = self._staged(scene, view, layout, is_hollow)
        if stage.scales is not guess:
            layout = layout_for(scene, view, stage.scales, width, height)
            if layout != stage.layout:
                stage, columns = self._staged(scene, view, layout, is_hollow)
        return stage, columns

    def _staged(
        self, scene: Scene, view: View, layout: Layout, is_hollow: bool
    ) -> tuple[Stage, list[Columns]]:
        formatter = self._markets.formatter_for(view, scene, is_hollow=is_hollow)
        window = Window(
            view.scale,
            layout.dots_wide,
            layout.anchor_x(view.scale),
            view.anchor_ns,
            view.closed_hours,
            max(formatter.reach, 1 if scene.overlays else 0),
        )
        series = [scene.series, *(overlay.series for overlay in scene.overlays)]
        axis, columns = self._reduction.update(series, window)
        main, *others = (_in_view(part) for part in columns)
        drawn = main if formatter.reach <= 1 else _in_view(formatter.shown(columns[0]))
        scales = self._ranges.update(scene, view, drawn, others)
        if scales != self._scales:
            self._scales = scales
        stage = Stage(scene, view, layout, axis, main, self._scales, tuple(others), _highest(main))
        return stage, columns

    # -- the plot ------------------------------------------------------------------------------

    def _paint_plot(
        self, cells: Cells, stage: Stage, palette: Palette, columns: list[Columns]
    ) -> None:
        """Bring all layers up to date, and merge them where one of them changed."""
        layout = stage.layout
        stack = self._layers(BEHIND, stage, palette)
        start, stop = self._markets.update(stage, palette, columns, stack)
        stack += self._layers(BEFORE, stage, palette)
        if stack != self._stack:
            self._stack, start, stop = stack, 0, layout.plot_width
        if start < stop:
            merge(stack, cells, slice(layout.plot_top, layout.time_row), start, stop)

    def _layers(self, layers: tuple[Layer, ...], stage: Stage, palette: Palette) -> list[Canvas]:
        """Those of `layers` that show something, painted again where they have to be."""
        shown = []
        for layer in layers:
            key = (stage.scales, layer.key(stage))
            kept = self._parts.get(layer.name)
            if kept is None or kept.key != key:
                canvas = Canvas(stage.layout.width, stage.layout.height, palette, stage.view.glyphs)
                layer.paint(canvas, stage)
                kept = self._parts[layer.name] = _Kept(key, canvas, canvas.is_empty)
            if not kept.is_empty:
                shown.append(kept.canvas)
        return shown

    # -- what is written beside it -------------------------------------------------------------

    def _paint_margins(self, cells: Cells, stage: Stage, palette: Palette) -> None:
        """Header, price axes and time axis. No other layer is there, so that it is written into
        the cells themselves."""
        scene, view, layout = stage.scene, stage.view, stage.layout
        canvas = Canvas.over(cells, palette, view.glyphs)
        everywhere = slice(0, layout.width)
        cells.clear(slice(0, layout.plot_top), everywhere, palette)
        paint_header(canvas, stage)
        paint_legend(canvas, stage)
        prices = (
            scene.instrument, scene.quote, scene.levels, scene.overlays, view, stage.scales,
            stage.highest_volume, [last_of(overlay) for overlay in scene.overlays],
        )  # fmt: skip
        if self._written.get("prices") != prices:
            self._written["prices"] = prices
            beside = slice(layout.plot_width, layout.width)
            cells.clear(slice(layout.plot_top, layout.time_row), beside, palette)
            _paint_prices(canvas, stage)
        times = (stage.axis, view)
        if self._written.get("times") != times:
            self._written["times"] = times
            cells.clear(slice(layout.time_row, layout.height), everywhere, palette)
            paint_times(canvas, stage)
            paint_cursor_time(canvas, stage)


def _paint_prices(canvas: Canvas, stage: Stage) -> None:
    """The price axis, and beside the volume what its height stands for."""
    layout = stage.layout
    paint_round_prices(canvas, stage)
    paint_axis_labels(canvas, stage)
    if layout.volume_rows and len(stage.columns):
        text = fmt.compact(stage.highest_volume).rjust(layout.axis_room)
        canvas.text(layout.volume_top, layout.axis_left + 1, text, canvas.palette.ink("muted"))


def _guessed(scene: Scene) -> PriceScale | None:
    """Prices that are written as wide as those on the axis will be."""
    series = scene.series
    if series is None or not len(series):
        return None
    return PriceScale(float(series.low[-1]), float(series.high[-1]))


def _in_view(columns: Columns) -> Columns:
    """`columns` without those that end left of the view."""
    begin = int(columns.x.searchsorted(1 - columns.zoom.dots))
    return columns.part(begin, len(columns)) if begin else columns


def _highest(columns: Columns) -> float:
    """The highest volume in view."""
    return float(np.fmax.reduce(columns.volume, initial=0.0))
