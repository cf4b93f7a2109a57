"""The chart as a widget: how it is moved along time and prices, its crosshair, its mouse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from textual import events
from textual.message import Message

from tui.charts import chart_view, crosshair
from tui.charts.chart_view import Pivot
from tui.paint.columns import Bars
from tui.paint.levels import Level
from tui.paint.scene import Cursor, Scene, View
from tui.widgets.chart_mouse import ChartMouse
from tui.widgets.chart_surface import ChartSurface

__all__ = ["Chart", "Level"]


class _Left(NamedTuple):
    """Bars that were looked at, and where."""

    market: str | None
    period_ns: int
    time_ns: int | None
    """In the middle; None where the newest were followed."""


class _Said(Message):
    """What a chart says."""

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.chart = chart

    @property
    def control(self) -> Chart:
        return self.chart


class Chart(ChartSurface):
    """One market: bars or a line, volume, axes, levels, overlays, crosshair."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    """

    class LevelClicked(_Said):
        """A price was clicked: that of the level there, if one is near."""

        def __init__(self, chart: Chart, price: Decimal, level: Level | None) -> None:
            super().__init__(chart)
            self.price = price
            """On the tick grid."""
            self.level = level

    class CursorMoved(_Said):
        """The crosshair was moved, shown or hidden."""

        def __init__(self, chart: Chart, cursor: Cursor | None) -> None:
            super().__init__(chart)
            self.cursor = cursor

    class Pressed(_Said):
        """A mouse button went down on it: this is the chart that is meant from now on."""

    class HistoryWanted(_Said):
        """It was asked to show a time that lies before its first bar, and will as soon as that
        time is there (`Chart.wanted_ns`)."""

        def __init__(self, chart: Chart, time_ns: int) -> None:
            super().__init__(chart)
            self.time_ns = time_ns

    def __init__(self, **options: Any) -> None:
        """Takes what `ChartSurface` does."""
        super().__init__(**options)
        self._mouse = ChartMouse(self)
        self._zoomed: tuple[object, Pivot | None] = (None, None)
        """What the last zoom led to, and the bar it was about: several in a row are about the
        same one, or rounding would let it creep away."""
        self._left: _Left | None = None
        """What was looked at before the bars that are shown now."""
        self.wanted_ns: int | None = None
        """A time to show as soon as there are bars of it."""

    # -- what is shown ---------------------------------------------------------------------

    def _scene_changed(self, before: Scene) -> None:
        series, market = self._scene.series, _market_of(self._scene)
        is_other = series is not before.series
        if is_other and before.series is not None:
            left_ns = None if self.is_following else self._middle_ns()
            self._left = _Left(_market_of(before), before.series.period_ns, left_ns)
        if market != _market_of(before):
            self._look_afresh()
        if is_other and series is not None and self._left and self._left.market == market:
            self._turn_to(series, self._left)

    def _look_afresh(self) -> None:
        """Look at another market, at once: a crosshair must never be taken for a price of it."""
        cursor = self._view.cursor
        self.wanted_ns = None
        view = chart_view.without_cursor(self._view)
        self._view = view._replace(anchor_ns=None, prices=None, is_locked=False)
        if cursor is not None:
            self.post_message(self.CursorMoved(self, None))

    def _turn_to(self, series: Bars, left: _Left) -> None:
        """Look at other bars of the same market: those of another period at the same time."""
        if left.period_ns == series.period_ns:
            return
        self._view = self._view._replace(anchor_ns=None)
        if self.wanted_ns is None:
            self.wanted_ns = left.time_ns
        if self.wanted_ns is not None:
            self._want(self.wanted_ns)

    def _before_paint(self) -> None:
        """Look at the time that is waited for, or as near to it as there are bars."""
        wanted_ns, sight = self.wanted_ns, self._sight()
        if wanted_ns is not None and sight is not None:
            self._view = chart_view.centred(self._view, sight, wanted_ns)
            if wanted_ns >= int(sight.bars.time_ns[0]):
                self.wanted_ns = None
        super()._before_paint()

    def on_resize(self) -> None:
        super().on_resize()
        # Where there is more room the first bar may not leave any of it to its left.
        if not self.is_following and (sight := self._sight()):
            self._set_view(chart_view.panned(self._view, sight, 0))

    def _middle_ns(self) -> int | None:
        """The time in the middle of what was painted last."""
        columns = None if self._picture is None else self._picture.columns
        if columns is None or not len(columns):
            return None
        return (int(columns.start_ns[0]) + int(columns.start_ns[-1])) // 2

    # -- time ------------------------------------------------------------------------------

    @property
    def is_following(self) -> bool:
        """Whether the newest bar is kept in view."""
        return self._view.anchor_ns is None

    def visible_range(self) -> tuple[int, int] | None:
        """Starts of the first and of the last bar in view, nanoseconds; None without any."""
        sight, picture = self._sight(), self._picture
        if sight is None or picture is None:
            return None
        return chart_view.visible_range(sight.bars, picture.columns)

    def pan(self, bars: int) -> None:
        """Move the view by so many columns of bars; negative is back in time. Moving on to
        the newest bar follows it again."""
        if sight := self._sight():
            self._move(chart_view.panned(self._view, sight, bars))

    def pan_page(self, pages: float) -> None:
        """Move by this share of what fits into the view."""
        if sight := self._sight():
            columns = round(pages * chart_view.room(self._view, sight.layout))
            self.pan(columns or (1 if pages > 0 else -1))

    def drag(self, pivot: Pivot, cells: int) -> None:
        """Move the view with a bar that was grabbed, by `cells` from where that was."""
        if sight := self._sight():
            self._move(chart_view.dragged(self._view, sight, pivot, cells))

    def follow(self) -> None:
        """Keep the newest bar in view."""
        self._move(self._view._replace(anchor_ns=None))

    def zoom(self, steps: int, cell: int | None = None) -> None:
        """Come nearer, or with negative steps go away. What stands in `cell` stays there;
        without one the crosshair does, or else the bar at the right."""
        sight = self._sight()
        if sight is None:
            zoom = chart_view.zoom_level(self._view.zoom, steps)
            self._move(self._view._replace(zoom=zoom))
            return
        place = self._view.cursor if cell is None else cell
        state, pivot = self._zoomed
        if state != (self._view, sight, place, sight.newest_ns):
            pivot = self._cursor_pivot() if cell is None else self.pivot_at(cell)
        self._move(chart_view.zoomed(self._view, sight, steps, pivot))
        self._zoomed = ((self._view, sight, place, sight.newest_ns), pivot)

    def stretch(self, view: View, factor: float) -> None:
        """Make columns `factor` times as wide as they were in `view`, about the bar at the
        right."""
        if sight := self._sight():
            wider = chart_view.stretched(self._view._replace(zoom=view.zoom), sight, factor)
            self._move(wider)

    def fit_all(self) -> None:
        """Show everything that there is, with an automatic range."""
        if sight := self._sight():
            self._painter.forget_range()
            view = self._view._replace(prices=None, is_locked=False)
            self._move(chart_view.fitted(view, sight))

    def zoom_to(self, first_ns: int, last_ns: int) -> None:
        """Come as near as the bars from one time to the other fit."""
        if sight := self._sight():
            self._move(chart_view.zoomed_to(self._view, sight, first_ns, last_ns))

    def look_at(self, time_ns: int) -> None:
        """Put the bar of that time into the middle, as far as there are bars."""
        if sight := self._sight():
            self._move(chart_view.centred(self._view, sight, time_ns))

    def jump(self, time_ns: int) -> None:
        """Put the bar of that time into the middle. Where history does not reach so far yet
        (`HistoryWanted`) that is done as soon as it does, unless the view is moved before."""
        self._want(time_ns)
        self.repaint()

    def give_up(self) -> None:
        """Wait no longer for older bars, of which there are none: the oldest are looked at."""
        if self.wanted_ns is not None:
            self.look_at(self.wanted_ns)
            self.wanted_ns = None

    def mark(self) -> None:
        """Mark an end of a range at the crosshair, which is shown if it is not; the second
        time zoom to that range. Twice at one bar takes the mark away."""
        if self._view.cursor is None:
            self.toggle_cursor()
        cursor, mark_ns = self._view.cursor, self._view.mark_ns
        if cursor is None:
            return
        if mark_ns is None or mark_ns == cursor.time_ns:
            self._change(mark_ns=cursor.time_ns if mark_ns is None else None)
            return
        self._change(mark_ns=None)
        self.zoom_to(mark_ns, cursor.time_ns)

    def reset(self) -> None:
        """Follow at the usual zoom, with an automatic range and no crosshair."""
        self._painter.forget_range()
        had_cursor = self._view.cursor is not None
        self._move(chart_view.reset(self._view))
        if had_cursor:
            self.post_message(self.CursorMoved(self, None))

    # -- crosshair -------------------------------------------------------------------------

    @property
    def cursor_price(self) -> Decimal | None:
        """Price of the crosshair, on the tick grid; None while it is hidden."""
        return None if self._view.cursor is None else self._view.cursor.price

    @property
    def cursor_time_ns(self) -> int | None:
        """Start of the bar under the crosshair; None while it is hidden."""
        return None if self._view.cursor is None else self._view.cursor.time_ns

    def toggle_cursor(self) -> None:
        """Show the crosshair on the newest bar in view, or hide it."""
        is_shown = self._view.cursor is not None
        self.set_cursor(None if is_shown else crosshair.first_cursor(self._scene, self._picture))

    def set_cursor(self, cursor: Cursor | None) -> None:
        """Put the crosshair there, or hide it with what is measured and marked from it."""
        if cursor == self._view.cursor:
            return
        if cursor is None:
            self._set_view(chart_view.without_cursor(self._view))
        else:
            self._change(cursor=cursor)
        self.post_message(self.CursorMoved(self, cursor))

    def move_cursor(self, bars: int = 0, ticks: int = 0) -> None:
        """Move the crosshair by columns of bars and by price ticks, and the view along where
        it must; shows it first."""
        cursor, series = self._view.cursor, self._scene.series
        instrument = self._scene.instrument
        if cursor is None:
            self.toggle_cursor()
            return
        if series is None or not len(series) or instrument is None:
            return
        time_ns = cursor.time_ns
        if bars:
            time_ns = crosshair.moved_time(series, time_ns, bars * self._view.scale.bars)
            self._bring_in(time_ns, bars)
        price = instrument.round_price(cursor.price + ticks * instrument.price_tick)
        self.set_cursor(Cursor(time_ns, price))

    def move_cursor_rows(self, rows: int) -> None:
        """Move the crosshair up by rows of cells, to the nearest tick but by one at least."""
        picture, instrument, cursor = self._picture, self._scene.instrument, self._view.cursor
        if cursor is None:
            self.toggle_cursor()
        elif picture is not None and instrument is not None:
            self.move_cursor(0, crosshair.ticks_of_rows(picture, instrument, cursor.price, rows))

    def toggle_measure(self) -> None:
        """Measure from the crosshair on to where it is moved; again: stop that."""
        self._change(measure=self._view.cursor if self._view.measure is None else None)

    def _bring_in(self, time_ns: int, bars: int) -> None:
        """Have that time in view: moved along by `bars`, or if that is too little at once."""
        if self._cell_of(time_ns) is None:
            self.pan(bars)
        if self._cell_of(time_ns) is None:
            self.look_at(time_ns)

    def _cell_of(self, time_ns: int) -> int | None:
        return None if self._picture is None else crosshair.cell_of(self._picture, time_ns)

    # -- mouse -----------------------------------------------------------------------------

    def price_at(self, row: int) -> Decimal | None:
        """Price in the middle of a row of cells, on the tick grid; None outside the plot."""
        picture, instrument = self._picture, self._scene.instrument
        if picture is None or instrument is None:
            return None
        return crosshair.price_at(picture, instrument, row)

    def time_at(self, column: int) -> int | None:
        """Start of the bar that stands in a column of cells; None where there is none."""
        picture, series = self._picture, self._scene.series
        if picture is None or series is None:
            return None
        return crosshair.time_at(picture, series, column)

    def pivot_at(self, cell: int) -> Pivot | None:
        """The bar that stands nearest to a cell."""
        picture = self._picture
        return None if picture is None else chart_view.pivot_at(picture.columns, cell)

    def point(self, column: int, row: int) -> None:
        """Mean what is in a cell: a level, or else, in the plot, the price and the bar there."""
        price, picture = self.price_at(row), self._picture
        if price is None or picture is None or picture.layout is None:
            return
        level = crosshair.level_near(picture, self._scene, row)
        if level is None and column >= picture.layout.axis_left:
            return
        time_ns = self.time_at(column)
        if level is None and time_ns is not None:
            self.set_cursor(Cursor(time_ns, price))
        clicked = price if level is None else self._on_grid(level.price)
        self.post_message(self.LevelClicked(self, clicked, level))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.post_message(self.Pressed(self))
        self._mouse.press(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._mouse.move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        event.stop()
        self._mouse.release()

    def on_click(self, event: events.Click) -> None:
        self._mouse.click(event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._mouse.scroll(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._mouse.scroll(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        self._mouse.scroll_aside(event, 1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        self._mouse.scroll_aside(event, -1)

    # -- inside ----------------------------------------------------------------------------

    def _move(self, view: View) -> None:
        """Look there by the user's own will: what was to be shown later is not any more."""
        self.wanted_ns = None
        self._set_view(view)

    def _want(self, time_ns: int) -> None:
        """Show that time when next painted, or if there are no bars of it yet as soon as there
        are."""
        self.wanted_ns = time_ns
        series = self._scene.series
        if series is None or not len(series) or time_ns < int(series.time_ns[0]):
            self.post_message(self.HistoryWanted(self, time_ns))

    def _cursor_pivot(self) -> Pivot | None:
        """The bar under the crosshair, where that is in view."""
        time_ns = self.cursor_time_ns
        cell = None if time_ns is None else self._cell_of(time_ns)
        return None if time_ns is None or cell is None else Pivot(time_ns, cell)

    def _on_grid(self, price: float) -> Decimal:
        instrument = self._scene.instrument
        return Decimal(repr(price)) if instrument is None else instrument.round_price(price)


def _market_of(scene: Scene) -> str | None:
    """Its name; None where it is not known yet what is shown."""
    return None if scene.instrument is None else scene.instrument.fqme
