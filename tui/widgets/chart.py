"""The chart as a widget: holds how it is looked at; `tui.paint` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from decimal import Decimal

from textual import events
from textual.app import RenderResult
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.config import ChartStyle
from engine.instruments import Instrument
from tui.paint import format as fmt
from tui.paint.cells import DOTS_X, DOTS_Y, Glyphs
from tui.paint.chart import ChartPainter, Picture
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS, Bars
from tui.paint.levels import Level
from tui.paint.scales import PriceScale
from tui.paint.scene import STYLES, Cursor, QuoteLike, Scene, View
from tui.themes import DEFAULT_THEME, Theme, load_themes

__all__ = ["Chart", "Level"]

_CLICK_ROWS = 1
"""A click this far from a level, in rows, means the level."""


class Chart(Widget):
    """One market: bars or a line, volume, axes, levels, crosshair."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    """

    class LevelClicked(Message):
        """A price was clicked: that of the level there, if one is near."""

        def __init__(self, chart: Chart, price: Decimal, level: Level | None) -> None:
            super().__init__()
            self.chart = chart
            self.price = price
            """On the tick grid."""
            self.level = level

        @property
        def control(self) -> Chart:
            return self.chart

    class CursorMoved(Message):
        """The crosshair was moved, shown or hidden."""

        def __init__(self, chart: Chart, cursor: Cursor | None) -> None:
            super().__init__()
            self.chart = chart
            self.cursor = cursor

        @property
        def control(self) -> Chart:
            return self.chart

    def __init__(
        self,
        *,
        theme: Theme | None = None,
        glyphs: Glyphs = "braille",
        style: ChartStyle = "bars",
        zone: tzinfo | None = UTC,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._theme = theme or load_themes()[0][DEFAULT_THEME]
        self._scene = Scene()
        self._view = View(style=style, zone=zone, glyphs=glyphs)
        self._painter = ChartPainter()
        self._picture: Picture | None = None
        self._seen: tuple[object, ...] = ()

    # -- what is shown ---------------------------------------------------------------------

    def show(
        self,
        *,
        title: str = "",
        instrument: Instrument | None = None,
        series: Bars | None = None,
        quote: QuoteLike | None = None,
        levels: Sequence[Level] = (),
        stale: bool = False,
        ended: bool = False,
        now_ns: int | None = None,
    ) -> None:
        """Show this from now on. Called once a frame; only rows that changed are sent.

        `now_ns` is the market's time, of which the age of stale data is told. Data that has
        `ended` is stale for good, whatever its age.
        """
        received = getattr(quote, "recv_ns", 0)
        age = fmt.age(now_ns - received) if stale and now_ns is not None and received else ""
        flag = "ENDED" if ended else f"STALE {age}".strip()
        if series is not self._scene.series:
            self._view = self._view._replace(anchor_ns=None, prices=None, cursor=None)
        self._scene = Scene(title, instrument, series, quote, tuple(levels), stale, flag)
        seen = _seen(self._scene)
        if seen != self._seen or self._picture is None:
            self._seen = seen
            self._repaint()

    def set_theme(self, theme: Theme) -> None:
        """Use these colours from now on."""
        self._theme = theme
        self._repaint()

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in this zone; None is the machine's own."""
        self._change(zone=zone)

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """Draw with these characters."""
        self._change(glyphs=glyphs)

    @property
    def view(self) -> View:
        """How it is looked at now."""
        return self._view

    @property
    def picture(self) -> Picture | None:
        """What was painted last."""
        return self._picture

    # -- time ------------------------------------------------------------------------------

    @property
    def is_following(self) -> bool:
        """Whether the newest bar is kept in view."""
        return self._view.anchor_ns is None

    def pan(self, bars: int) -> None:
        """Move the view by so many columns of bars; negative is back in time. Moving on to
        the newest bar follows it again."""
        series = self._scene.series
        if series is None or not len(series):
            return
        last = len(series) - 1
        anchor_ns = self._view.anchor_ns
        at = last if anchor_ns is None else int(series.time_ns.searchsorted(anchor_ns))
        target = max(self._oldest(series), min(at, last) + bars * self._view.scale.bars)
        self._change(anchor_ns=None if target >= last else int(series.time_ns[target]))

    def pan_page(self, pages: float) -> None:
        """Move by this share of what fits into the view."""
        self.pan(round(pages * self._room()) or (1 if pages > 0 else -1))

    def _room(self) -> int:
        """Columns of bars that fit between the left edge and the bar at the right."""
        layout = None if self._picture is None else self._picture.layout
        scale = self._view.scale
        return 1 if layout is None else max(1, layout.anchor_x(scale) // scale.dots)

    def _oldest(self, series: Bars) -> int:
        """Index of the bar at the right when the first one is at the left."""
        step_ns = self._view.scale.bars * series.period_ns
        reach_ns = int(series.time_ns[0]) + (self._room() - 1) * step_ns
        return max(0, int(series.time_ns.searchsorted(reach_ns, side="right")) - 1)

    def follow(self) -> None:
        """Keep the newest bar in view."""
        self._change(anchor_ns=None)

    def zoom(self, steps: int) -> None:
        """Come nearer, or with negative steps go away; the bar at the right stays."""
        self._change(zoom=min(max(0, self._view.zoom - steps), len(ZOOMS) - 1))

    def reset(self) -> None:
        """Follow at the usual zoom, with an automatic range and no crosshair."""
        self._painter.forget_range()
        self._change(anchor_ns=None, prices=None, zoom=DEFAULT_ZOOM, cursor=None)

    def toggle_style(self) -> None:
        """The next of the styles."""
        at = STYLES.index(self._view.style)
        self.set_style(STYLES[(at + 1) % len(STYLES)])

    def set_style(self, style: ChartStyle) -> None:
        """Draw in this style."""
        self._change(style=style)

    # -- price -----------------------------------------------------------------------------

    @property
    def is_auto(self) -> bool:
        """Whether the range of prices follows what is in view."""
        return self._view.prices is None

    def y_auto(self) -> None:
        """Fit the range to what is in view, now and from now on."""
        self._painter.forget_range()
        self._change(prices=None)

    def set_range(self, low: float, high: float) -> None:
        """Show these prices, whatever comes. Ignored where `low` is not below `high`."""
        if low < high:
            self._change(prices=PriceScale(float(low), float(high)))

    def y_zoom(self, steps: int) -> None:
        """Stretch prices about the middle by a fifth a step; the range becomes manual."""
        prices = self._prices()
        if prices is not None:
            middle, half = (prices.low + prices.high) / 2, (prices.high - prices.low) / 2
            half = max(half * 0.8**steps, 2 * self._tick())
            self.set_range(middle - half, middle + half)

    def y_pan(self, steps: int) -> None:
        """Look higher by a tenth of the range a step; the range becomes manual."""
        prices = self._prices()
        if prices is not None:
            shift = (prices.high - prices.low) * 0.1 * steps
            self.set_range(prices.low + shift, prices.high + shift)

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
        self.set_cursor(None if self._view.cursor is not None else self._first_cursor())

    def set_cursor(self, cursor: Cursor | None) -> None:
        """Put the crosshair there, or hide it."""
        if cursor != self._view.cursor:
            self._change(cursor=cursor)
            self.post_message(self.CursorMoved(self, cursor))

    def move_cursor(self, bars: int = 0, ticks: int = 0) -> None:
        """Move the crosshair by columns of bars and by price ticks; shows it first."""
        cursor, picture = self._view.cursor, self._picture
        if cursor is None:
            self.set_cursor(self._first_cursor())
            return
        instrument = self._scene.instrument
        if picture is None or instrument is None:
            return
        price = instrument.round_price(cursor.price + ticks * instrument.price_tick)
        self.set_cursor(Cursor(self._moved_time(cursor.time_ns, bars), price))

    def move_cursor_rows(self, rows: int) -> None:
        """Move the crosshair up by rows of cells, to the nearest tick but by one at least."""
        picture, instrument = self._picture, self._scene.instrument
        if picture is None or picture.prices is None or picture.layout is None or not instrument:
            return
        span = picture.prices.high - picture.prices.low
        ticks = span / picture.layout.plot_rows / float(instrument.price_tick) * rows
        self.move_cursor(0, round(ticks) or (1 if rows > 0 else -1))

    def _moved_time(self, time_ns: int, bars: int) -> int:
        """Start of the bar `bars` columns on; the view goes along where it must."""
        series = self._scene.series
        if not bars or series is None or not len(series):
            return time_ns
        at = int(series.time_ns.searchsorted(time_ns)) + bars * self._view.scale.bars
        moved = int(series.time_ns[min(max(0, at), len(series) - 1)])
        if not self._is_in_view(moved):
            self.pan(bars)
        return moved

    def _is_in_view(self, time_ns: int) -> bool:
        """Whether the column of that time is wholly in the plot."""
        columns = None if self._picture is None else self._picture.columns
        if columns is None or not len(columns):
            return False
        whole = columns.start_ns[columns.x >= 0]
        step_ns = self._view.scale.bars * columns.period_ns
        return bool(len(whole) and whole[0] <= time_ns < whole[-1] + step_ns)

    def _first_cursor(self) -> Cursor | None:
        picture, scene = self._picture, self._scene
        if picture is None or scene.instrument is None or not len(picture.columns):
            return None
        price = float(picture.columns.close[-1])
        first = int(picture.columns.first[-1])
        assert scene.series is not None
        return Cursor(int(scene.series.time_ns[first]), scene.instrument.round_price(price))

    # -- mouse -----------------------------------------------------------------------------

    def price_at(self, row: int) -> Decimal | None:
        """Price in the middle of a row of cells, on the tick grid; None outside the plot."""
        picture, instrument = self._picture, self._scene.instrument
        if picture is None or picture.layout is None or picture.prices is None or not instrument:
            return None
        layout = picture.layout
        if not layout.plot_top <= row < layout.volume_top:
            return None
        dot = (row - layout.plot_top) * DOTS_Y + (DOTS_Y - 1) / 2
        return instrument.round_price(picture.prices.price(dot, layout.dots_high))

    def time_at(self, column: int) -> int | None:
        """Start of the bar that stands in a column of cells; None where there is none."""
        picture, series = self._picture, self._scene.series
        if picture is None or series is None or not len(picture.columns):
            return None
        columns = picture.columns
        index = int(columns.x.searchsorted(column * DOTS_X + 1, side="right")) - 1
        if index < 0 or columns.x[index] + columns.zoom.dots <= column * DOTS_X:
            return None
        return int(series.time_ns[int(columns.first[index])])

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.pan(4)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.pan(-4)

    def _scroll(self, event: events.MouseEvent, steps: int) -> None:
        """Wheel: zoom; with shift: pan; over the price axis or with ctrl: stretch prices."""
        event.stop()
        layout = None if self._picture is None else self._picture.layout
        if event.shift:
            self.pan(-4 * steps)
        elif event.ctrl or (layout is not None and event.x >= layout.axis_left):
            self.y_zoom(steps)
        else:
            self.zoom(steps)

    def on_click(self, event: events.Click) -> None:
        price = self.price_at(event.y)
        if price is None:
            return
        event.stop()
        level = self._level_near(event.y)
        time_ns = self.time_at(event.x)
        if level is None and time_ns is not None:
            self.set_cursor(Cursor(time_ns, price))
        clicked = price if level is None else self._on_grid(level.price)
        self.post_message(self.LevelClicked(self, clicked, level))

    def _level_near(self, row: int) -> Level | None:
        """The level whose line is nearest to a row of cells, if one is near."""
        picture = self._picture
        if picture is None or picture.layout is None or picture.prices is None:
            return None
        layout, prices = picture.layout, picture.prices
        far = [
            (abs(layout.plot_top + prices.row(level.price, layout.dots_high) // DOTS_Y - row), at)
            for at, level in enumerate(self._scene.levels)
        ]
        distance, at = min(far, default=(_CLICK_ROWS + 1, 0))
        return self._scene.levels[at] if distance <= _CLICK_ROWS else None

    # -- painting --------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._repaint()

    def render(self) -> RenderResult:
        return ""

    def render_line(self, y: int) -> Strip:
        strips = () if self._picture is None else self._picture.frame.strips
        return strips[y] if y < len(strips) else Strip.blank(self.size.width)

    def _change(self, **changes: object) -> None:
        view = self._view._replace(**changes)  # type: ignore[arg-type]
        if view != self._view:
            self._view = view
            self._repaint()

    def _repaint(self) -> None:
        """Paint at once, and have the rows sent that are not as they were."""
        width, height = self.size
        if not width or not height:
            return
        painted = self._painter.paint(self._scene, self._view, width, height, self._theme)
        self._picture = painted
        if painted.frame.changed:
            self.refresh(*(Region(0, row, width, 1) for row in painted.frame.changed))

    def _prices(self) -> PriceScale | None:
        return None if self._picture is None else self._picture.prices

    def _tick(self) -> float:
        instrument = self._scene.instrument
        return 1e-9 if instrument is None else float(instrument.price_tick)

    def _on_grid(self, price: float) -> Decimal:
        instrument = self._scene.instrument
        return Decimal(repr(price)) if instrument is None else instrument.round_price(price)


def _seen(scene: Scene) -> tuple[object, ...]:
    """What a picture of `scene` depends on: two scenes with the same look the same."""
    series, quote = scene.series, scene.quote
    bars: tuple[object, ...] = ()
    if series is not None and len(series):
        newest = (series.open, series.high, series.low, series.close, series.volume)
        version = getattr(series, "history_version", None)
        # A series that cannot say when its history changed is never the same.
        bars = (
            id(series),
            len(series),
            int(series.time_ns[-1]),
            object() if version is None else version,
            *(float(column[-1]) for column in newest),
        )
    prices = None if quote is None else (quote.last, quote.bid, quote.ask)
    return (
        scene.title, scene.instrument, scene.levels, scene.is_stale, scene.flag, prices, bars,
    )  # fmt: skip
