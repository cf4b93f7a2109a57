"""The markets of a chart as layers of dots: volume, the main market, and those that overlay it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tui.paint.canvas import Canvas, Palette
from tui.paint.columns import Columns
from tui.paint.dots import Grid, changed_cells, packed, placed, replaced
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


class _Sheet:
    """Dots where they stand, and packed on a canvas."""

    def __init__(
        self, canvas: Canvas, row: int, inks: tuple[int, ...], *, is_backdrop: bool = False
    ) -> None:
        self.canvas = canvas
        self._is_backdrop = is_backdrop
        self._row = row
        self._inks = np.array(inks, dtype=np.int16)
        self._grid: Grid | None = None
        self._x: np.ndarray | None = None

    def update(
        self,
        halves: np.ndarray,
        kinds: np.ndarray,
        x: np.ndarray,
        width: int,
        changed: tuple[int, int] | None,
    ) -> Cells:
        """Have these dots at `x`; returns the columns of cells that are not as they were.

        Args:
            changed: where `x` is what it was, only these columns of dots can differ.
        """
        if self._grid is not None and changed is not None and x is self._x:
            start, stop = replaced(self._grid, halves, kinds, x, changed)
        else:
            grid = placed(halves, kinds, x, width)
            start, stop = changed_cells(self._grid, grid)
            self._grid, self._x = grid, x
        if start < stop:
            masks, styles = packed(self._grid, self._inks, start, stop)
            self.canvas.put(self._row, start, masks, styles, is_backdrop=self._is_backdrop)
        return start, stop


class _Drawn:
    """What one formatter makes, on canvases of its own: what stands back, and the rest."""

    def __init__(self, formatter: Formatter) -> None:
        self.formatter = formatter
        self._sheets: tuple[_Sheet, _Sheet] | None = None

    def clear(self) -> None:
        """Paint all of it next time: the canvas is another."""
        self._sheets = None

    def update(
        self,
        stage: Stage,
        palette: Palette,
        columns: Columns,
        scale: PriceScale,
        place: tuple[int, int],
        inks: Callable[[Palette], tuple[int, ...]],
        stack: list[Canvas],
    ) -> Cells:
        """Draw `columns`, and put what that makes on the stack. Returns the columns of cells that
        changed.

        Args:
            place: first row of cells, and how many.
            inks: styles by kind, the last one of what stands back; asked for once a canvas.
        """
        row, rows = place
        if self._sheets is None:
            self._sheets = _sheets(stage, palette, row, inks(palette))
        back, front = self._sheets
        strokes = self.formatter.update(columns, scale, rows)
        width, x = stage.layout.dots_wide, columns.x
        moved: Cells = (0, 0)
        if strokes.fill is not None:
            kinds = np.zeros_like(strokes.kinds)
            moved = back.update(strokes.fill, kinds, x, width, strokes.changed)
            stack.append(back.canvas)
        stack.append(front.canvas)
        return hull(moved, front.update(strokes.halves, strokes.kinds, x, width, strokes.changed))


def _sheets(
    stage: Stage, palette: Palette, row: int, inks: tuple[int, ...]
) -> tuple[_Sheet, _Sheet]:
    width, height, glyphs = stage.layout.width, stage.layout.height, stage.view.glyphs
    return (
        _Sheet(Canvas(width, height, palette, glyphs), row, inks[-1:], is_backdrop=True),
        _Sheet(Canvas(width, height, palette, glyphs), row, inks),
    )


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
        layout, scene, scales = stage.layout, stage.scene, stage.scales
        main, *others = columns
        moved: Cells = (0, 0)
        if layout.volume_rows:
            most = PriceScale(0.0, stage.highest_volume)
            place = (layout.volume_top, layout.volume_rows)
            moved = self._volume.update(stage, palette, main, most, place, _faint, stack)
        place = (layout.plot_top, layout.plot_rows)
        if scales.main is not None:
            inks = _of_line if stage.view.style in LINES else _by_direction
            more = self._main.update(stage, palette, main, scales.main, place, inks, stack)
            moved = hull(moved, more)
        for overlay, part, scale in zip(scene.overlays, others, scales.overlays, strict=True):
            if scale is not None:
                drawn = self._overlays.setdefault(overlay.slot, _Drawn(formatter_for("curve")))
                inks = partial(_of_overlay, overlay.slot)
                more = drawn.update(stage, palette, part, scale, place, inks, stack)
                moved = hull(moved, more)
        return moved


def hull(one: Cells, other: Cells) -> Cells:
    """From where the first begins to where the last ends; (0, 0) is nothing."""
    if one[0] >= one[1]:
        return other
    if other[0] >= other[1]:
        return one
    return min(one[0], other[0]), max(one[1], other[1])


def _by_direction(palette: Palette) -> tuple[int, ...]:
    return tuple(palette.dots(_ROLES[kind]) for kind in range(len(_ROLES)))


def _faint(palette: Palette) -> tuple[int, ...]:
    return tuple(palette.dots(_ROLES[kind], is_faint=True) for kind in range(len(_ROLES)))


def _of_line(palette: Palette) -> tuple[int, ...]:
    return palette.dots("last"), palette.dots("last", is_faint=True)


def _of_overlay(slot: int, palette: Palette) -> tuple[int, ...]:
    return (palette.dots(f"overlay{slot}"),)


_ROLES = {UP: "up", DOWN: "down", FLAT: "flat"}
