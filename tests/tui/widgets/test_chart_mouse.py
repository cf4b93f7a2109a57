"""The mouse on a chart: what is dragged follows it, and a drag is no click."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from textual.events import (
    Click,
    MouseDown,
    MouseMove,
    MouseScrollDown,
    MouseScrollLeft,
    MouseScrollRight,
    MouseScrollUp,
    MouseUp,
)
from textual.pilot import Pilot

from engine.feed.bars import Series
from tests.support.bars import series_of, walk
from tests.support.charts import ChartApp
from tui.paint.columns import DEFAULT_ZOOM
from tui.paint.levels import Level
from tui.widgets.chart import Chart

Check = Callable[[ChartApp, Chart, "Mouse"], Awaitable[None]]


class Mouse:
    """A mouse over the chart, in cells of it."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self._pilot = pilot

    async def _send(self, kind: type[Any], at: tuple[int, int], **held: Any) -> None:
        await self._pilot._post_mouse_events([kind], offset=at, **held)

    async def down(self, at: tuple[int, int]) -> None:
        await self._send(MouseDown, at, button=1)

    async def move(self, at: tuple[int, int], *, button: int = 1, **held: bool) -> None:
        await self._send(MouseMove, at, button=button, **held)

    async def up(self, at: tuple[int, int]) -> None:
        """As a terminal's release is told: with the click that Textual makes of it."""
        await self._send(MouseUp, at, button=1)
        await self._send(Click, at, button=1)

    async def drag(self, *places: tuple[int, int], **held: bool) -> None:
        await self.down(places[0])
        for place in places[1:]:
            await self.move(place, **held)
        await self.up(places[-1])

    async def wheel(self, kind: type[Any], at: tuple[int, int], **held: bool) -> None:
        await self._send(kind, at, **held)

    async def click(self, at: tuple[int, int], times: int = 1) -> None:
        await self._pilot.click(offset=at, times=times)


def _time(chart: Chart, column: int) -> int:
    time_ns = chart.time_at(column)
    assert time_ns is not None
    return time_ns


def run(check: Check, series: Series | None = None, **shown: Any) -> None:
    app = ChartApp(series_of(walk(3000)) if series is None else series, **shown)

    async def go() -> None:
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            await check(app, app.chart, Mouse(pilot))

    asyncio.run(go())


def test_a_bar_that_is_dragged_stays_under_the_mouse_and_the_view_no_longer_follows() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        grabbed = chart.time_at(40)
        assert grabbed is not None
        await mouse.down((40, 10))
        for column in (45, 60, 52):
            await mouse.move((column, 12))
            assert chart.time_at(column) == grabbed
        assert not chart.is_following
        await mouse.up((52, 12))
        await mouse.move((20, 12), button=0)
        assert chart.time_at(52) == grabbed
        await mouse.drag((52, 10), (10, 10))
        assert chart.is_following

    run(check)


def test_a_drag_is_no_click_and_a_press_without_a_move_is_one() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        await mouse.drag((40, 10), (45, 10))
        await mouse.drag((40, 10), (45, 10), (40, 10))
        assert app.said == []
        assert chart.cursor_price is None
        await mouse.drag((40, 10), (40, 10))
        assert app.said[-1] == (chart.price_at(10), None)
        assert chart.cursor_time_ns == chart.time_at(40)

    run(check)


def test_a_button_that_was_let_go_outside_drags_nothing_more() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        await mouse.down((40, 10))
        await mouse.move((45, 10))
        assert app.mouse_captured is chart
        seen = chart.view
        await mouse.move((60, 10), button=0)
        await mouse.move((70, 10))
        assert chart.view == seen
        assert app.mouse_captured is None

    run(check)


@pytest.mark.parametrize("held", ["shift", "control", "meta"])
def test_with_a_modifier_prices_are_dragged_too(held: str) -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        price, grabbed = chart.price_at(10), chart.time_at(40)
        assert price is not None
        await mouse.drag((40, 10), (50, 10), (46, 15), **{held: True})
        assert not chart.is_auto
        assert chart.time_at(46) == grabbed
        moved = chart.price_at(15)
        assert moved is not None
        # Within a row of dots: a range is shifted by whole rows of cells.
        assert abs(moved - price) < Decimal(2)

    run(check)


def test_a_plain_drag_leaves_prices_automatic() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        await mouse.drag((40, 10), (46, 15))
        assert chart.is_auto

    run(check)


def test_the_price_axis_is_stretched_by_dragging_it_up() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        assert chart.picture is not None
        assert chart.picture.prices is not None
        assert chart.picture.layout is not None
        before, half = chart.picture.prices, chart.picture.layout.plot_rows // 2
        await mouse.drag((96, 4), (96, 4 + half))
        after = chart.picture.prices
        assert after.high - after.low == pytest.approx(2 * (before.high - before.low))
        assert after.high + after.low == pytest.approx(before.high + before.low)
        await mouse.drag((96, 4 + half), (96, 10), (96, 4))
        assert chart.picture.prices[:2] == pytest.approx(before[:2])
        assert chart.is_following
        await mouse.click((96, 8), times=2)
        assert chart.is_auto
        assert app.said == []

    run(check)


def test_the_time_axis_is_stretched_by_dragging_it_away_from_the_newest_bar() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        grabbed = chart.time_at(60)
        assert grabbed is not None
        await mouse.drag((60, 29), (50, 29), (36, 29))
        assert chart.view.zoom == DEFAULT_ZOOM - 2
        assert chart.is_following
        assert chart.picture is not None
        column = chart.picture.columns.start_ns.tolist().index(grabbed)
        assert abs(chart.picture.columns.x[column] // 2 - 36) < 4
        await mouse.drag((36, 29), (72, 29))
        assert chart.view.zoom > DEFAULT_ZOOM
        await mouse.drag((40, 10), (70, 10))
        assert not chart.is_following
        await mouse.click((40, 29), times=2)
        assert chart.is_following

    run(check)


def test_the_wheel_zooms_about_the_bar_under_the_mouse_and_back_again_exactly() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        await mouse.drag((40, 10), (70, 10))
        assert chart.picture is not None
        before, under = chart.picture.columns, _time(chart, 30)
        for step in range(1, 5):
            await mouse.wheel(MouseScrollUp, (30, 10))
            assert chart.view.zoom == DEFAULT_ZOOM - step
            # As near as whole bars allow, which stand at the right.
            assert abs(_time(chart, 30) - under) <= 60 * 10**9
        for _ in range(4):
            await mouse.wheel(MouseScrollDown, (30, 10))
        after = chart.picture.columns
        assert (after.x.tolist(), after.start_ns.tolist()) == (
            before.x.tolist(),
            before.start_ns.tolist(),
        )

    run(check)


def test_while_bars_arrive_the_wheel_is_about_what_is_under_the_mouse_by_then() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        await mouse.wheel(MouseScrollUp, (86, 10))
        assert chart.is_following
        for _ in range(20):
            series.append(int(series.time_ns[-1]) + 60 * 10**9, 1, 1, 1, 1)
        app.update()
        await mouse.wheel(MouseScrollUp, (86, 10))
        assert chart.is_following

    run(check, series)


def test_the_wheel_right_of_the_newest_bar_goes_on_following() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        assert chart.picture is not None
        assert chart.picture.layout is not None
        edge = chart.picture.layout.plot_width - 1
        await mouse.wheel(MouseScrollUp, (edge, 10))
        assert chart.is_following
        assert chart.view.zoom == DEFAULT_ZOOM - 1

    run(check)


def test_the_wheel_pans_with_shift_or_sideways_and_stretches_prices_with_ctrl() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        newest = chart.visible_range()
        assert newest is not None
        await mouse.wheel(MouseScrollUp, (30, 10), shift=True)
        older = chart.visible_range()
        assert older is not None
        assert newest[0] - older[0] == 4 * 60 * 10**9
        await mouse.wheel(MouseScrollLeft, (30, 10))
        assert chart.view.zoom == DEFAULT_ZOOM
        await mouse.wheel(MouseScrollRight, (30, 10))
        assert chart.visible_range() == older
        await mouse.wheel(MouseScrollUp, (30, 10), control=True)
        assert not chart.is_auto

    run(check)


def test_a_press_says_which_chart_is_meant() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        await mouse.down((40, 10))
        assert app.pressed == [chart]

    run(check)


def test_inside_a_border_cells_are_those_of_the_content() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        chart.styles.border = ("solid", "white")
        await mouse.click((0, 0))
        row = next(row for row in range(28) if "buy 1" in chart.render_line(row).text)
        assert chart.content_offset == (1, 1)
        app.said.clear()
        await mouse.click((50, row + 1))
        assert app.said == [(Decimal("20000.00"), "working")]

    run(check, series_of(walk(50)), levels=[Level(20_000.0, "working", "buy 1")])


def test_a_click_on_the_price_axis_means_only_what_is_labelled_there() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        row = next(row for row in range(28) if "buy 1" in chart.render_line(row).text)
        await mouse.click((96, row))
        assert app.said == [(Decimal("20000.00"), "working")]
        await mouse.click((96, row + 4 if row < 12 else row - 4))
        assert len(app.said) == 1

    run(check, series_of(walk(50)), levels=[Level(20_000.0, "working", "buy 1")])


def test_without_bars_the_mouse_moves_nothing() -> None:
    async def check(app: ChartApp, chart: Chart, mouse: Mouse) -> None:
        for start, stop in (((40, 10), (50, 14)), ((97, 4), (97, 9)), ((40, 29), (50, 29))):
            await mouse.drag(start, stop, shift=True)
            await mouse.click(start, times=2)
            await mouse.wheel(MouseScrollUp, start)
        assert chart.cursor_price is None

    run(check, Series(60), quote=None)
