"""An app of one chart and nothing else, that keeps what the chart says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, NANOS
from tui.themes import Depth, load_themes, textual_theme, theme_variables
from tui.widgets.chart import Chart

THEMES = load_themes()[0]


class ChartApp(App[None]):
    """One chart and nothing else."""

    def __init__(
        self,
        series: Series | None,
        *,
        theme: str = "night",
        depth: Depth = "truecolor",
        then: Callable[[Chart], None] = lambda chart: None,
        options: dict[str, Any] | None = None,
        **shown: Any,
    ) -> None:
        """
        Args:
            then: done to the chart once it is painted.
            options: of the chart itself.
            shown: what `Chart.show` is given besides the series.
        """
        self.shown_theme = THEMES[theme].at_depth(depth)
        super().__init__(ansi_color=depth in ("16", "none"))
        self.series = series
        self.shown = shown
        self.then = then
        self.options = options or {}
        self.said: list[object] = []
        self.wanted: list[int] = []
        self.pressed: list[Chart] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables(self.shown_theme)

    def compose(self) -> ComposeResult:
        yield Chart(theme=self.shown_theme, **self.options)

    def on_mount(self) -> None:
        self.register_theme(textual_theme(self.shown_theme))
        self.theme = self.shown_theme.name
        self.call_after_refresh(self.show)

    def show(self) -> None:
        self.update()
        self.then(self.chart)

    def update(self) -> None:
        """Show what there is now, as a frame of the deck does."""
        last = float(self.series.close[-1]) if self.series is not None and len(self.series) else 1.0
        quote = Quote(fqme="x", last=last, bid=last - 0.01, ask=last + 0.02, recv_ns=NANOS)
        shown = {"title": "btcusdt.spot.sim", "instrument": INSTRUMENT, "quote": quote}
        self.chart.show(**(shown | {"series": self.series} | self.shown))

    @property
    def chart(self) -> Chart:
        return self.query_one(Chart)

    def on_chart_level_clicked(self, event: Chart.LevelClicked) -> None:
        self.said.append((event.price, event.level and event.level.kind))

    def on_chart_cursor_moved(self, event: Chart.CursorMoved) -> None:
        self.said.append(event.cursor)

    def on_chart_history_wanted(self, event: Chart.HistoryWanted) -> None:
        self.wanted.append(event.time_ns)

    def on_chart_pressed(self, event: Chart.Pressed) -> None:
        self.pressed.append(event.chart)


def run_chart(
    app: ChartApp,
    check: Callable[[ChartApp, Pilot[None]], Awaitable[None]],
    size: tuple[int, int] = (100, 30),
) -> None:
    """Run `check` on the app in a terminal of `size` cells."""

    async def go() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await check(app, pilot)

    asyncio.run(go())
