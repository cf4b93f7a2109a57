"""What a chart is painted on: what is shown, at which prices, and what of it changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from engine.config import ChartStyle
from engine.instruments import Instrument
from tui.charts import price_view
from tui.charts.chart_view import Sight, anchor_of
from tui.paint import format as fmt
from tui.paint.cells import Glyphs
from tui.paint.chart import ChartPainter, Picture
from tui.paint.columns import Bars
from tui.paint.frame import Frame
from tui.paint.levels import Level
from tui.paint.scales import PriceScale, ScaleKind
from tui.paint.scene import STYLES, Detail, FillMark, Overlay, QuoteLike, Scene, View
from tui.themes import DEFAULT_THEME, Theme, load_themes
from tui.widgets.frame_widget import FrameWidget

SCALES: tuple[ScaleKind, ...] = ("linear", "log", "percent")


class ChartSurface(FrameWidget):
    """One market as a picture."""

    def __init__(
        self,
        *,
        theme: Theme | None = None,
        glyphs: Glyphs = "braille",
        style: ChartStyle = "bars",
        zone: tzinfo | None = UTC,
        price_scale: ScaleKind = "linear",
        closed_hours: bool = False,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._theme = theme or load_themes()[0][DEFAULT_THEME]
        self._scene = Scene()
        self._view = View(
            style=style,
            zone=zone,
            glyphs=glyphs,
            price_scale=price_scale,
            closed_hours=closed_hours,
        )
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
        overlays: Sequence[Overlay] = (),
        fills: Sequence[FillMark] = (),
    ) -> None:
        """Show this from now on. Called once a frame; costs some microseconds where nothing
        that is seen changed.

        `now_ns` is the market's time, of which the age of stale data is told. Data that has
        `ended` is stale for good, whatever its age.
        """
        flag = "ENDED" if ended else _stale_flag(quote, now_ns) if stale else ""
        overlays, fills, levels = tuple(overlays), tuple(fills), tuple(levels)
        seen = (
            title, instrument, _bars_state(series), _prices_of(quote), levels, stale, flag, fills,
            *(_overlay_state(overlay) for overlay in overlays),
        )  # fmt: skip
        if seen == self._seen:
            return
        self._seen = seen
        before = self._scene
        self._scene = Scene(title, instrument, series, quote, levels, stale, flag, overlays, fills)
        self._scene_changed(before)
        self.repaint()

    def set_theme(self, theme: Theme) -> None:
        """Use these colours from now on."""
        self._theme = theme
        self.repaint()

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in this zone; None is the machine's own."""
        self._change(zone=zone)

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """Draw with these characters."""
        self._change(glyphs=glyphs)

    def set_detail(self, detail: Detail) -> None:
        """Draw so much and no more."""
        self._change(detail=detail)

    def set_style(self, style: ChartStyle) -> None:
        """Draw in this style."""
        self._change(style=style)

    def toggle_style(self, steps: int = 1) -> None:
        """Draw in the next of the styles, or in the one so many steps on."""
        at = STYLES.index(self._view.style)
        self.set_style(STYLES[(at + steps) % len(STYLES)])

    def set_closed_hours(self, are_shown: bool) -> None:
        """Let time without bars take its place, or cut it short."""
        self._change(closed_hours=are_shown)

    def toggle_closed_hours(self) -> None:
        """The other of the two."""
        self.set_closed_hours(not self._view.closed_hours)

    def link_time(self, time_ns: int | None) -> None:
        """Show where the crosshair of a linked chart stands; None: nowhere."""
        self._change(linked_ns=time_ns)

    @property
    def view(self) -> View:
        """How it is looked at now."""
        return self._view

    @property
    def picture(self) -> Picture | None:
        """What was painted last."""
        return self._picture

    def _scene_changed(self, before: Scene) -> None:
        """There is something else to show: look at it as it wants."""

    # -- price -----------------------------------------------------------------------------

    @property
    def is_auto(self) -> bool:
        """Whether the range of prices follows what is in view."""
        return self._view.prices is None

    def y_auto(self) -> None:
        """Fit the range to what is in view, now and from now on."""
        self._painter.forget_range()
        self._change(prices=None, is_locked=False)

    def set_range(self, low: float, high: float) -> None:
        """Show these prices, whatever comes. Ignored where `low` is not below `high`."""
        if low < high:
            self._change(prices=PriceScale(float(low), float(high)), is_locked=False)

    def y_zoom(self, steps: int) -> None:
        """Stretch prices about the middle by a fifth a step; the range becomes manual."""
        if prices := self._prices():
            self.stretch_prices(prices, price_view.STEP**steps)

    def y_pan(self, steps: int) -> None:
        """Look higher by a tenth of the range a step; the range becomes manual."""
        if prices := self._prices():
            self.drag_prices(prices, 0.1 * steps)

    def stretch_prices(self, prices: PriceScale, factor: float) -> None:
        """Show a range `factor` times as high as `prices`; one that is locked stays so."""
        self._change(prices=price_view.stretched(prices, factor, self._tick()))

    def drag_prices(self, prices: PriceScale, share: float) -> None:
        """Show a range higher than `prices` by this share of its height."""
        self._change(prices=price_view.shifted(prices, share), is_locked=False)

    def toggle_lock(self) -> None:
        """Keep the height of the range and move it along with the last price; again: fit it."""
        if self._view.is_locked:
            self.y_auto()
        elif prices := self._prices():
            self._change(prices=PriceScale(prices.low, prices.high), is_locked=True)

    def set_price_scale(self, kind: ScaleKind) -> None:
        """Spread prices linearly, by their logarithm, or label them in percent."""
        self._painter.forget_range()
        self._change(price_scale=kind)

    def step_price_scale(self, steps: int = 1) -> None:
        """Use the next of linear, logarithmic and percent."""
        at = SCALES.index(self._view.price_scale)
        self.set_price_scale(SCALES[(at + steps) % len(SCALES)])

    def set_overlay_percent(self, is_percent: bool) -> None:
        """Put all markets on one axis in percent, or give each its own."""
        self._painter.forget_range()
        self._change(overlay_percent=is_percent)

    def toggle_overlay_percent(self) -> None:
        """The other of the two."""
        self.set_overlay_percent(not self._view.overlay_percent)

    # -- painting --------------------------------------------------------------------------

    def _change(self, **changes: object) -> None:
        self._set_view(self._view._replace(**changes))  # type: ignore[arg-type]

    def _set_view(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self.repaint()

    def _paint(self, width: int, height: int) -> Frame:
        self._before_paint()
        self._picture = self._painter.paint(self._scene, self._view, width, height, self._theme)
        return self._picture.frame

    def _before_paint(self) -> None:
        """Move a locked range along with the last price, or in history with the bar at the
        right."""
        prices, sight = self._view.prices, self._sight()
        if prices is None or sight is None or not self._view.is_locked:
            return
        last = None if self._scene.quote is None else self._scene.quote.last
        if last is None or self._view.anchor_ns is not None:
            last = float(sight.bars.close[anchor_of(self._view, sight.bars)])
        painted = None if self._picture is None else self._picture.prices
        kind = prices.kind if painted is None else painted.kind
        self._view = self._view._replace(prices=price_view.held(prices._replace(kind=kind), last))

    def _prices(self) -> PriceScale | None:
        return None if self._picture is None else self._picture.prices

    def _tick(self) -> float:
        instrument = self._scene.instrument
        return 1e-9 if instrument is None else float(instrument.price_tick)

    def _sight(self) -> Sight | None:
        """What there is to move about in: bars and places; None without either."""
        layout = None if self._picture is None else self._picture.layout
        series = self._scene.series
        if layout is None or series is None or not len(series):
            return None
        others = (overlay.series for overlay in self._scene.overlays)
        return Sight((series, *(other for other in others if other)), layout)


def _stale_flag(quote: QuoteLike | None, now_ns: int | None) -> str:
    """That data is stale, and how old it is where that is known."""
    received = getattr(quote, "recv_ns", 0)
    age = fmt.age(now_ns - received) if now_ns is not None and received else ""
    return f"STALE {age}".strip()


def _prices_of(quote: QuoteLike | None) -> tuple[object, ...] | None:
    return None if quote is None else (quote.last, quote.bid, quote.ask)


def _overlay_state(overlay: Overlay) -> tuple[object, ...]:
    return (
        overlay.title, overlay.instrument, overlay.slot, overlay.is_stale,
        _bars_state(overlay.series), _prices_of(overlay.quote),
    )  # fmt: skip


def _bars_state(series: Bars | None) -> tuple[object, ...] | None:
    """What of `series` a picture depends on."""
    return None if series is None else (id(series), series.version)
