"""The strip of all history: marked, dragged, and painted only when it is another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp
from textual.pilot import Pilot

from engine.feed.bars import Series
from tests.support.bars import INSTRUMENT, NANOS, START_NS, series_of, walk
from tests.support.charts import THEMES
from tui.themes import textual_theme, theme_variables
from tui.widgets.chart import Chart
from tui.widgets.history_strip import HistoryStrip

MINUTE = 60 * NANOS


class StripApp(App[None]):
    """A chart with the strip of its history, as the deck has them."""

    CSS = "Screen { layout: vertical; }"

    def __init__(self, series: Series | None) -> None:
        super().__init__()
        self.series = series
        self.moves: list[int] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables(THEMES["night"])

    def compose(self) -> ComposeResult:
        yield Chart(theme=THEMES["night"])
        yield HistoryStrip(theme=THEMES["night"])

    def on_mount(self) -> None:
        self.register_theme(textual_theme(THEMES["night"]))
        self.theme = "night"
        self.call_after_refresh(self.update)

    def update(self) -> None:
        """A frame of the deck."""
        self.chart.show(title="x", instrument=INSTRUMENT, series=self.series)
        self.strip.show(series=self.series, visible=self.chart.visible_range())

    @property
    def chart(self) -> Chart:
        return self.query_one(Chart)

    @property
    def strip(self) -> HistoryStrip:
        return self.query_one(HistoryStrip)

    def on_history_strip_moved(self, event: HistoryStrip.Moved) -> None:
        self.moves.append(event.time_ns)
        self.chart.look_at(event.time_ns)
        self.update()

    def on_history_strip_zoomed(self, event: HistoryStrip.Zoomed) -> None:
        self.chart.zoom(event.steps)
        self.update()


def run(
    app: StripApp,
    check: Callable[[StripApp, Callable[..., Awaitable[None]]], Awaitable[None]],
    size: tuple[int, int] = (100, 30),
) -> None:
    async def go() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()

            async def mouse(kind: type[Any], column: int, *, button: int = 1) -> None:
                await pilot._post_mouse_events([kind], offset=(column, size[1] - 2), button=button)

            await check(app, mouse)

    asyncio.run(go())


def shown_cells(app: StripApp) -> tuple[int, int]:
    picture, visible = app.strip.picture, app.chart.visible_range()
    assert picture is not None
    assert visible is not None
    return picture.column_of(visible[0]), picture.column_of(visible[1])


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=["80x24", "200x50"])
def test_the_strip_under_a_chart(snap_compare: Any, size: tuple[int, int]) -> None:
    async def look_back(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, StripApp)
        await pilot.pause()
        app.update()
        app.chart.look_at(START_NS + 2000 * MINUTE)
        app.update()
        await pilot.pause()

    app = StripApp(series_of(walk(6000)))
    assert snap_compare(app, terminal_size=size, run_before=look_back)


def test_what_is_shown_follows_the_mouse_that_holds_it() -> None:
    series = series_of(walk(6000))

    async def check(app: StripApp, mouse: Any) -> None:
        app.chart.zoom(-6)
        app.update()
        first, last = shown_cells(app)
        assert last > 90
        assert last - first > 10
        await mouse(MouseDown, last - 2)
        assert app.moves == []
        for away in (10, 30, 50):
            await mouse(MouseMove, last - 2 - away)
            moved = shown_cells(app)
            assert abs(moved[0] - (first - away)) <= 1
            assert abs(moved[1] - (last - away)) <= 1
        await mouse(MouseUp, 40)
        before = shown_cells(app)
        await mouse(MouseMove, 10, button=0)
        assert shown_cells(app) == before
        assert app.mouse_captured is None
        await mouse(MouseDown, before[0] + 1)
        await mouse(MouseMove, 99)
        assert app.chart.is_following

    run(StripApp(series), check)


def test_a_press_elsewhere_brings_what_is_shown_to_the_mouse() -> None:
    series = series_of(walk(6000))

    async def check(app: StripApp, mouse: Any) -> None:
        await mouse(MouseDown, 30)
        first, last = shown_cells(app)
        assert first <= 30 <= last
        assert not app.chart.is_following
        await mouse(MouseMove, 60)
        first, last = shown_cells(app)
        assert first <= 60 <= last
        told = len(app.moves)
        await mouse(MouseMove, 60)
        assert len(app.moves) == told

    run(StripApp(series), check)


def test_a_button_that_was_let_go_outside_holds_nothing_more() -> None:
    async def check(app: StripApp, mouse: Any) -> None:
        await mouse(MouseDown, 30)
        told = len(app.moves)
        await mouse(MouseMove, 70, button=0)
        await mouse(MouseMove, 80)
        assert len(app.moves) == told

    run(StripApp(series_of(walk(6000))), check)


def test_the_wheel_zooms_the_chart() -> None:
    async def check(app: StripApp, mouse: Any) -> None:
        before = app.chart.view.zoom
        await mouse(MouseScrollUp, 30)
        assert app.chart.view.zoom == before - 1
        await mouse(MouseScrollDown, 30)
        await mouse(MouseScrollDown, 30)
        assert app.chart.view.zoom == before + 1

    run(StripApp(series_of(walk(6000))), check)


def test_it_is_painted_when_bars_or_what_is_shown_change_and_not_else() -> None:
    series = series_of(walk(6000))

    async def check(app: StripApp, mouse: Any) -> None:
        before = app.strip.picture
        app.update()
        assert app.strip.picture is before
        app.chart.pan(-500)
        app.update()
        moved = app.strip.picture
        assert moved is not before
        series.set_last(1, 1, 1, 1, 1, 1)
        app.update()
        assert app.strip.picture is not moved
        app.strip.show(series=series, visible=None, is_stale=True)
        assert app.strip.picture is not None
        assert app.strip.picture.frame.spans

    run(StripApp(series), check)


def test_theme_glyphs_and_zone_are_used_at_once() -> None:
    async def check(app: StripApp, mouse: Any) -> None:
        strip = app.strip
        strip.set_glyphs("ascii")
        assert strip.picture is not None
        assert all(strip.render_line(row).text.isascii() for row in range(3))
        strip.set_theme(THEMES["day"])
        day = THEMES["day"].style("text").bgcolor
        assert all(segment.style.bgcolor == day for segment in strip.render_line(2))
        before = strip.render_line(2).text
        from zoneinfo import ZoneInfo

        strip.set_zone(ZoneInfo("Asia/Tokyo"))
        assert strip.render_line(2).text != before

    run(StripApp(series_of(walk(600))), check)


@pytest.mark.parametrize("series", [None, Series(60)], ids=["no series", "no bars"])
def test_without_bars_there_is_nothing_to_take_hold_of(series: Series | None) -> None:
    async def check(app: StripApp, mouse: Any) -> None:
        await mouse(MouseDown, 30)
        await mouse(MouseMove, 40)
        await mouse(MouseUp, 40)
        await mouse(MouseScrollUp, 30)
        assert app.moves == []

    run(StripApp(series), check)
