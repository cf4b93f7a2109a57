"""The markets of a chart as layers of dots: volume, the main market, and those that overlay it."""

from __future__ import annotations

import numpy as np

from tui.paint.canvas import Canvas, Palette
from tui.paint.columns import Columns
from tui.paint.dots import Grid, changed_cells, packed, placed
from tui.paint.formatters import (
    DOWN,
    FLAT,
    UP,
    Formatter,
    Statistics,
    VolumeFormatter,
    formatter_for,
)
from tui.paint.layers import Stage
from tui.paint.scales import PriceScale
from tui.paint.scene import LINES, Scene, View

Cells = tuple[int, int]
"""Columns of cells: the first, and the one behind the last."""


class _Drawn:
    """What one formatter makes, on a canvas of its own."""

    def __init__(self, formatter: Formatter) -> None:
        self.formatter = formatter
        self._canvas: Canvas | None = None
        self._back: Canvas | None = None
        self._grid: Grid | None = None
        self._back_grid: Grid | None = None
        self._inks: tuple[int, ...] = ()

    def clear(self) -> None:
        """Paint all of it next time: the canvas is another."""
        self._canvas = self._back = self._grid = self._back_grid = None

    def update(
        self,
        stage: Stage,
        palette: Palette,
        columns: Columns,
        scale: PriceScale,
        row: int,
        rows: int,
        inks: tuple[int, ...],
        stack: list[Canvas],
    ) -> Cells:
        """Draw `columns` into `rows` rows of cells from `row` on, in `inks` by kind, the last of
        which is for what stands back. Returns the columns of cells that changed."""
        if self._canvas is None or inks != self._inks:
            layout = stage.layout
            self.clear()
            self._canvas = Canvas(layout.width, layout.height, palette, stage.view.glyphs)
            self._back = Canvas(layout.width, layout.height, palette, stage.view.glyphs)
            self._inks = inks
        assert self._back is not None
        strokes = self.formatter.update(columns, scale, rows)
        width = stage.layout.dots_wide
        moved: Cells = (0, 0)
        if strokes.fill is not None:
            grid = placed(strokes.fill, np.zeros_like(strokes.kinds), columns.x, width)
            moved = _put(self._back, self._back_grid, grid, inks[-1:], row)
            self._back_grid = grid
            stack.append(self._back)
        grid = placed(strokes.halves, strokes.kinds, columns.x, width)
        start, stop = _put(self._canvas, self._grid, grid, inks, row)
        self._grid = grid
        stack.append(self._canvas)
        if moved[0] < moved[1]:
            start, stop = min(start, moved[0]), max(stop, moved[1])
        return start, stop


class Markets:
    """All of a chart's markets, each with the formatter that draws it."""

    def __init__(self) -> None:
        self._style: tuple[object, ...] = ()
        self._main = _Drawn(formatter_for("bars"))
        self._volume = _Drawn(VolumeFormatter())
        self._overlays: dict[int, _Drawn] = {}

    def statistics(self) -> dict[str, Statistics]:
        """Columns that were reused and redone, by what was drawn of them."""
        drawn = {"price": self._main, "volume": self._volume}
        drawn |= {f"overlay{slot}": one for slot, one in self._overlays.items()}
        return {name: one.formatter.statistics() for name, one in drawn.items()}

    def clear(self) -> None:
        """Paint everything next time: the size or the colours changed."""
        for drawn in (self._main, self._volume, *self._overlays.values()):
            drawn.clear()

    def formatter_for(self, view: View, scene: Scene, *, is_hollow: bool = False) -> Formatter:
        """What the main market is drawn by."""
        style = (view.style, is_hollow)
        if style != self._style:
            self._style = style
            self._main = _Drawn(formatter_for(view.style, is_hollow=is_hollow))
        for slot in self._overlays.keys() - {overlay.slot for overlay in scene.overlays}:
            del self._overlays[slot]
        return self._main.formatter

    def update(
        self, stage: Stage, palette: Palette, columns: list[Columns], stack: list[Canvas]
    ) -> Cells:
        """Put the layers of all markets on the stack; returns the columns of cells that changed.

        Args:
            columns: of the main market and of each overlay, with those left of the view.
        """
        layout, scene = stage.layout, stage.scene
        main, *others = columns
        moved = []
        if layout.volume_rows:
            most = PriceScale(0.0, float(np.fmax.reduce(stage.columns.volume, initial=0.0)))
            inks = _by_direction(palette, is_faint=True)
            row, rows = layout.volume_top, layout.volume_rows
            moved.append(self._volume.update(stage, palette, main, most, row, rows, inks, stack))
        row, rows = layout.plot_top, layout.plot_rows
        if stage.prices is not None:
            inks = _inks(palette, stage.view)
            moved.append(
                self._main.update(stage, palette, main, stage.prices, row, rows, inks, stack)
            )
        for overlay, part, scale in zip(
            scene.overlays, others, stage.scales.overlays, strict=False
        ):
            drawn = self._overlays.get(overlay.slot)
            if drawn is None:
                drawn = self._overlays[overlay.slot] = _Drawn(formatter_for("curve"))
            if scale is not None:
                inks = (palette.dots(f"overlay{overlay.slot}"),) * 2
                moved.append(drawn.update(stage, palette, part, scale, row, rows, inks, stack))
        seen = [one for one in moved if one[0] < one[1]]
        if not seen:
            return 0, 0
        return min(start for start, _ in seen), max(stop for _, stop in seen)


def _put(canvas: Canvas, old: Grid | None, grid: Grid, inks: tuple[int, ...], row: int) -> Cells:
    """Pack what differs from the `old` grid onto the canvas, and say where that is."""
    start, stop = changed_cells(old, grid)
    if start < stop:
        masks, styles = packed(grid, np.array(inks, dtype=np.int16), start, stop)
        canvas.put(row, start, masks, styles)
    return start, stop


def _inks(palette: Palette, view: View) -> tuple[int, ...]:
    """Style of each kind, and of what stands back."""
    if view.style in LINES:
        return (palette.dots("last"), palette.dots("last", is_faint=True))
    return _by_direction(palette)


def _by_direction(palette: Palette, *, is_faint: bool = False) -> tuple[int, ...]:
    roles = {UP: "up", DOWN: "down", FLAT: "flat"}
    return tuple(palette.dots(roles[kind], is_faint=is_faint) for kind in sorted(roles))
