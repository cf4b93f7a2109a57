"""The chart: layers of dots and text, merged by priority into one frame of strips."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.clock import NANOS
from tui.paint import format as fmt
from tui.paint import marks
from tui.paint.canvas import Canvas, Frame, Palette, finish
from tui.paint.cells import DOTS_X, DOTS_Y
from tui.paint.columns import Bars, Columns, columns_in_view, no_columns
from tui.paint.dots import (
    DOWN,
    FLAT,
    KINDS,
    UP,
    bar_spans,
    draw,
    line_spans,
    strongest,
    volume_spans,
)
from tui.paint.levels import by_rank, line_masks, look_of, row_masks
from tui.paint.scales import PriceScale
from tui.paint.scene import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    LINES,
    Layout,
    Scene,
    View,
    layout_of,
    settled,
    wanted_range,
)
from tui.paint.theme import Theme

_GRID = "1000"
_CROSSHAIR = "10"


class Picture(NamedTuple):
    """A painted frame, and where what stands in it."""

    frame: Frame
    layout: Layout | None
    """None where there was too little room for a chart."""
    columns: Columns
    prices: PriceScale | None


class ChartPainter:
    """Paints one chart again and again; keeps what does not move from frame to frame."""

    def __init__(self) -> None:
        self._range: PriceScale | None = None
        self._series: Bars | None = None
        self._palettes: dict[tuple[object, ...], Palette] = {}
        self._frame: Frame | None = None
        self._masks = _MaskCache()

    def forget_range(self) -> None:
        """Let the next automatic range fit closely again."""
        self._range = None

    def paint(self, scene: Scene, view: View, width: int, height: int, theme: Theme) -> Picture:
        """One frame of `width` x `height` cells."""
        palette = self._palette(theme, scene.is_stale)
        canvas = Canvas(width, height, palette, view.glyphs)
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            _paint_small(canvas, scene)
            self._frame = finish(canvas, self._frame)
            return Picture(self._frame, None, no_columns(view.scale), None)
        layout, columns, prices = self._arrange(scene, view, width, height)
        self._paint_layers(canvas, layout, scene, view, columns, prices)
        self._frame = finish(canvas, self._frame)
        return Picture(self._frame, layout, columns, prices)

    def _palette(self, theme: Theme, is_stale: bool) -> Palette:
        key = (theme.name, theme.colours, theme.depth, is_stale)
        if key not in self._palettes:
            self._palettes[key] = Palette(theme, is_stale=is_stale)
        return self._palettes[key]

    def _arrange(
        self, scene: Scene, view: View, width: int, height: int
    ) -> tuple[Layout, Columns, PriceScale | None]:
        """Which columns and prices are in view. The axis is as wide as its labels, which
        depend on the range, which depends on the columns: one round is enough."""
        guess = layout_of(width, height, marks.label_width(scene, view, self._range))
        columns = _columns(scene, view, guess)
        prices = self._prices(scene, view, columns)
        layout = layout_of(width, height, marks.label_width(scene, view, prices))
        if layout != guess:
            columns = _columns(scene, view, layout)
            prices = self._prices(scene, view, columns)
        return layout, columns, prices

    def _prices(self, scene: Scene, view: View, columns: Columns) -> PriceScale | None:
        if view.prices is not None:
            return view.prices
        if scene.series is not self._series:
            self._series, self._range = scene.series, None
        wanted = wanted_range(columns, scene, view)
        if wanted is None:
            return None
        tick = float(scene.instrument.price_tick) if scene.instrument else 1e-9
        self._range = settled(self._range, *wanted, tick)
        return self._range

    def _paint_layers(
        self,
        canvas: Canvas,
        layout: Layout,
        scene: Scene,
        view: View,
        columns: Columns,
        prices: PriceScale | None,
    ) -> None:
        """From what lies behind to what lies in front."""
        cursor_x = cursor_column(columns, view)
        cells = None if cursor_x is None else cursor_x // DOTS_X
        marks.paint_time_axis(canvas, layout, view, columns, cells)
        if prices is not None:
            _paint_grid(canvas, layout, scene, prices)
            _paint_crosshair(canvas, layout, view, prices, cursor_x)
            self._paint_bars(canvas, layout, scene, view, columns, prices)
            _paint_cuts(canvas, layout, columns)
            _paint_levels(canvas, layout, scene, prices)
            marks.paint_level_labels(canvas, layout, scene.levels, prices)
            marks.paint_price_axis(canvas, layout, scene, view, prices)
        if not len(columns):
            _paint_empty(canvas, layout, scene)
        marks.paint_header(canvas, layout, scene, view, columns)

    def _paint_bars(
        self,
        canvas: Canvas,
        layout: Layout,
        scene: Scene,
        view: View,
        columns: Columns,
        prices: PriceScale,
    ) -> None:
        if not len(columns):
            return
        palette = canvas.palette
        bars, volume, most = self._masks.update(scene.series, view, layout, columns, prices)
        styles = np.zeros(KINDS, dtype=np.int16)
        if view.style in LINES:
            styles[:] = palette.dots("last")
        else:
            styles[UP], styles[DOWN] = palette.dots("up"), palette.dots("down")
            styles[FLAT] = palette.dots("flat")
        canvas.dots(layout.plot_top, _union(bars), styles[strongest(bars)])
        if not layout.volume_rows:
            return
        for kind, role in ((UP, "up"), (DOWN, "down"), (FLAT, "flat")):
            styles[kind] = palette.dots(role, is_faint=True)
        canvas.dots(layout.volume_top, _union(volume), styles[strongest(volume)])
        text = fmt.compact(most).rjust(layout.width - layout.axis_left - 2)
        canvas.text(layout.volume_top, layout.axis_left + 1, text, palette.ink("muted"))


class _MaskCache:
    """Packed dots of bars and volume, with those of all but the newest column kept."""

    def __init__(self) -> None:
        self._series: Bars | None = None
        self._key: tuple[object, ...] = ()
        self._bars = self._volume = np.zeros((KINDS, 0, 0), dtype=np.uint8)

    def update(
        self, series: Bars | None, view: View, layout: Layout, columns: Columns, prices: PriceScale
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Masks of the bars, masks of the volume, and the volume that is the highest."""
        most = float(np.nanmax(columns.volume, initial=0.0))
        closed = len(columns) - 1
        version = getattr(series, "history_version", None)
        # What the columns before the newest show is settled by these; a series that cannot
        # say when its history changed is drawn anew each time.
        key = (
            version, view.style, layout, prices, most, columns.zoom,
            columns.period_ns, int(columns.x[0]), int(columns.start_ns[0]),
            int(columns.x[-1]), int(columns.start_ns[-1]),
        )  # fmt: skip
        if version is None or series is not self._series or key != self._key:
            self._bars = _bar_masks(columns.part(0, closed), view, layout, prices)
            self._volume = _volume_masks(columns.part(0, closed), layout, most)
            self._series, self._key = series, key
        # Two columns, since a line to the newest begins at the one before; and only as much
        # of the grid as they need.
        newest = columns.part(max(0, closed - 1), closed + 1)
        left = max(0, int(newest.x[0]) // DOTS_X)
        newest = newest.moved(-left * DOTS_X)
        wide = min(layout.dots_wide - left * DOTS_X, int(newest.x[-1]) + 2 * columns.zoom.dots)
        near = layout._replace(plot_width=-(-wide // DOTS_X))
        bars = _with(self._bars, _bar_masks(newest, view, near, prices), left)
        volume = _with(self._volume, _volume_masks(newest, near, most), left)
        return bars, volume, most


def _bar_masks(columns: Columns, view: View, layout: Layout, prices: PriceScale) -> np.ndarray:
    spans = line_spans if view.style in LINES else bar_spans
    high = layout.dots_high
    return draw(spans(columns, prices, high), layout.dots_wide, high)


def _volume_masks(columns: Columns, layout: Layout, most: float) -> np.ndarray:
    high = layout.volume_rows * DOTS_Y
    return draw(volume_spans(columns, most, high), layout.dots_wide, high)


def _with(masks: np.ndarray, more: np.ndarray, left: int) -> np.ndarray:
    """A copy of `masks` with `more` drawn into it from cell `left` on."""
    both = masks.copy()
    both[:, :, left : left + more.shape[2]] |= more
    return both


def _union(masks: np.ndarray) -> np.ndarray:
    union: np.ndarray = np.bitwise_or.reduce(masks, axis=0)
    return union


def _columns(scene: Scene, view: View, layout: Layout) -> Columns:
    """The columns of `scene` that fall into the plot."""
    series = scene.series
    if series is None or not len(series):
        return no_columns(view.scale)
    last = len(series) - 1
    anchor = last
    if view.anchor_ns is not None:
        anchor = min(last, int(np.searchsorted(series.time_ns, view.anchor_ns)))
    at = layout.anchor_x(view.scale)
    return columns_in_view(series, view.scale, layout.dots_wide, anchor=anchor, anchor_x=at)


def cursor_column(columns: Columns, view: View) -> int | None:
    """Column of dots of the crosshair's upright; None where it is not in view."""
    if view.cursor is None:
        return None
    index = marks.column_at(columns, view.cursor.time_ns)
    if index is None:
        return None
    zoom = columns.zoom
    middle = 0 if zoom.dots <= 2 else 1 if zoom.dots == 3 else (zoom.dots - 1) // 2
    return int(columns.x[index]) + middle


def _paint_grid(canvas: Canvas, layout: Layout, scene: Scene, prices: PriceScale) -> None:
    """A faint row of dots at each round price. Left out where it could be taken for a level."""
    if scene.instrument is None or canvas.palette.theme.depth in ("16", "none"):
        return
    ink = canvas.palette.dots("grid")
    for _, price in marks.round_rows(layout, scene.instrument, prices):
        row = prices.row(float(price), layout.dots_high)
        masks = row_masks(row % DOTS_Y, _GRID, layout.dots_wide)
        canvas.dots(layout.plot_top + row // DOTS_Y, masks, ink, is_backdrop=True)


def _paint_crosshair(
    canvas: Canvas, layout: Layout, view: View, prices: PriceScale, cursor_x: int | None
) -> None:
    if view.cursor is None:
        return
    ink = canvas.palette.dots("cursor", is_faint=True)
    rows = layout.plot_rows + layout.volume_rows
    masks = np.zeros((rows, layout.plot_width), dtype=np.uint8)
    row = prices.row(float(view.cursor.price), layout.dots_high)
    if 0 <= row < layout.dots_high:
        masks[row // DOTS_Y] = row_masks(row % DOTS_Y, _CROSSHAIR, layout.dots_wide)
    if cursor_x is not None and 0 <= cursor_x < layout.dots_wide:
        masks[:, cursor_x // DOTS_X] |= 0x05 if cursor_x % DOTS_X == 0 else 0x28
    canvas.dots(layout.plot_top, masks, ink, is_backdrop=True)


def _paint_levels(canvas: Canvas, layout: Layout, scene: Scene, prices: PriceScale) -> None:
    """Lines of the levels, over the bars: where orders rest must not be hidden by prices."""
    for level in by_rank(scene.levels):
        look = look_of(level.kind)
        row = prices.row(level.price, layout.dots_high)
        ink = canvas.palette.dots(look.role, is_loud=True)
        for at, masks in line_masks(row, look, layout.dots_wide, layout.dots_high):
            canvas.dots(layout.plot_top + at, masks, ink)


def _paint_cuts(canvas: Canvas, layout: Layout, columns: Columns) -> None:
    """Where missing time is cut short: a broken upright, and how much is missing."""
    ink = canvas.palette.ink("muted")
    upright = "|" if canvas.glyphs == "ascii" else "┊"
    for index in np.flatnonzero(columns.cut_ns).tolist():
        before = columns.x[index - 1] + columns.zoom.dots if index else columns.x[index]
        column = int(before + columns.x[index]) // 2 // DOTS_X
        if not 0 <= column < layout.plot_width:
            continue
        for row in range(layout.plot_top, layout.time_row):
            canvas.text(row, column, upright, ink)
        text = fmt.duration(int(columns.cut_ns[index]) / NANOS)
        canvas.text(layout.volume_top - 1, column - len(text) // 2, text, ink)


def _paint_empty(canvas: Canvas, layout: Layout, scene: Scene) -> None:
    """Say why there are no bars."""
    if scene.instrument is None and not scene.title:
        text = "no market selected"
    elif scene.series is None or not len(scene.series):
        text = "waiting for first bars"
    else:
        text = "no bars here"
    row = layout.plot_top + layout.plot_rows // 2
    column = max(0, (layout.plot_width - len(text)) // 2)
    canvas.text(row, column, text, canvas.palette.ink("muted"))


def _paint_small(canvas: Canvas, scene: Scene) -> None:
    """No room for a chart: the last price."""
    if scene.quote is not None and scene.instrument is not None:
        text = fmt.price(scene.quote.last, scene.instrument)
        canvas.text(0, 0, text, canvas.palette.ink("last"))
