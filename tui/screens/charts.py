"""The charts of the main screen: which stand where, what each shows, and which one keys act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.geometry import Region, Size

from tui.charts.pane_scenes import PaneScenes
from tui.widgets.chart import Chart
from tui.widgets.chart_grid import ChartGrid, fitting

if TYPE_CHECKING:
    from datetime import tzinfo

    from tui.charts.asked_bars import Key
    from tui.charts.panes import PaneSpec
    from tui.markets import Markets
    from tui.paint.scene import Cursor, Detail
    from tui.paint.theme import Theme
    from tui.state import DeckState
    from tui.widgets.history_strip import HistoryStrip


class Charts:
    """All charts, and the strip of all history under them."""

    def __init__(
        self,
        state: DeckState,
        markets: Markets,
        *,
        make: Callable[[PaneSpec, int], Chart],
        make_strip: Callable[[], HistoryStrip],
        now_of: Callable[[str], int],
    ) -> None:
        """
        Args:
            state: what the deck knows.
            markets: what the charts show of it.
            make: makes the chart of a pane, by what it shows and its number.
            make_strip: makes the strip of all history, when that is first shown.
            now_of: the time of a market, nanoseconds.
        """
        self._state = state
        self._markets = markets
        self._panes = markets.panes
        self._make_strip = make_strip
        self.grid = ChartGrid(lambda pane: make(self._panes.specs[pane], pane))
        self.scenes = PaneScenes(state, markets, now_of)
        self.strip: HistoryStrip | None = None
        self.shown: range = range(1)
        """The panes that have a place now."""
        self._extended: dict[int, object] = {}
        self._strip_state: tuple[object, ...] = ()

    @property
    def active(self) -> Chart:
        """The chart that keys act on."""
        return self.of(self._panes.active)

    def of(self, pane: int) -> Chart:
        """The chart of a pane, made when it is first asked for."""
        self.grid.grow(pane + 1)
        return self.grid.charts[pane]

    def all(self) -> list[Chart]:
        """Every chart that was ever shown."""
        return self.grid.charts

    @property
    def is_complete(self) -> bool:
        """All charts of the grid have a place."""
        return len(self.shown) == len(self._panes)

    # -- places ---------------------------------------------------------------------------------

    def place(self, region: Region, *, is_single: bool) -> None:
        """Share out the cells of `region`, all to the active chart if that is `is_single`."""
        count = 1 if is_single else fitting(region.width, region.height, len(self._panes))
        self.shown = self._panes.visible(count)
        self.grid.put(Size(region.width, region.height), self.shown, self._panes.active)

    def strip_widget(self) -> HistoryStrip:
        """The strip of all history, made when it is first asked for."""
        if self.strip is None:
            self.strip = self._make_strip()
        return self.strip

    # -- showing --------------------------------------------------------------------------------

    def show(self) -> None:
        """Show in every chart that has a place what changed of it."""
        for pane in self.shown:
            chart = self.of(pane)
            self.scenes.show(pane, chart, place=self._place_of(pane))
            self._extend(pane, chart)
        self._show_strip()

    def _place_of(self, pane: int) -> str:
        return "" if self.is_complete else f"{pane + 1}/{len(self._panes)}"

    def _extend(self, pane: int, chart: Chart) -> None:
        """Ask for older bars where a chart, or what lies over it, comes near the oldest."""
        picture = chart.picture
        if picture is self._extended.get(pane) or (seen := chart.visible_range()) is None:
            return
        self._extended[pane] = picture
        period_s = self._panes.period_of(pane)
        overlaid = (one.fqme for one in self._panes.specs[pane].overlays)
        for fqme in dict.fromkeys((self._markets.shown_in(pane), *overlaid)):
            market = self._state.markets.get(fqme)
            series = market.series.get(period_s) if market else None
            if series is not None and len(series):
                first = int(series.time_ns.searchsorted(seen[0]))
                self._markets.extend(fqme, period_s, first)

    def _show_strip(self) -> None:
        if self.strip is None or not self._markets.has_history:
            return
        fqme, period_s = self._markets.history_of(self._panes.active)
        market = self._state.markets.get(fqme)
        series = market.series.get(period_s) if market else None
        visible = self.active.visible_range()
        is_stale = bool(market and market.is_stale)
        # Of the last bar, one of very many here, only that it is there is worth a repaint.
        bars = (series.first_number, series.stop_number) if series is not None else ()
        history = series.history_version if series is not None else -1
        state = (fqme, id(series), bars, history, visible, is_stale)
        if state != self._strip_state:
            self._strip_state = state
            self.strip.show(series=series, visible=visible, is_stale=is_stale)

    # -- what is done with them -----------------------------------------------------------------

    def link_cursor(self, chart: Chart, cursor: Cursor | None) -> None:
        """The crosshair of a chart was moved: show its time on those that are linked with it."""
        specs = self._panes.specs
        charts = self.grid.charts[: len(specs)]
        if chart not in charts or not specs[charts.index(chart)].has_linked_cursor:
            return
        for other, spec in zip(charts, specs, strict=False):
            if other is not chart and spec.has_linked_cursor:
                other.link_time(None if cursor is None else cursor.time_ns)

    def look_as(self, pane: int, spec: PaneSpec) -> None:
        """Draw a chart as it was saved."""
        chart = self.of(pane)
        chart.set_style(spec.style)
        chart.set_price_scale(spec.price_scale)
        chart.set_overlay_percent(spec.is_percent)

    def give_up(self, key: Key) -> list[Chart]:
        """There are no older bars of these: the charts that waited for some wait no longer."""
        given = []
        for pane in range(len(self._panes)):
            is_of = (self._markets.shown_in(pane), self._panes.period_of(pane)) == key
            if is_of and (chart := self.of(pane)).wanted_ns is not None:
                chart.give_up()
                given.append(chart)
        return given

    def set_theme(self, theme: Theme) -> None:
        """Use these colours from now on."""
        for chart in self.grid.charts:
            chart.set_theme(theme)
        self.grid.set_colours()
        if self.strip is not None:
            self.strip.set_theme(theme)
        self._strip_state = ()

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in this zone from now on."""
        for chart in self.grid.charts:
            chart.set_zone(zone)
        if self.strip is not None:
            self.strip.set_zone(zone)

    def set_detail(self, detail: Detail) -> None:
        """Draw so much and no more."""
        for chart in self.grid.charts:
            chart.set_detail(detail)
