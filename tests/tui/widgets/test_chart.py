"""The chart as a widget: looked at, moved, clicked, and repainted."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars, series_of, walk
from tests.support.charts import THEMES, ChartApp, run_chart
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS
from tui.paint.levels import LOOKS
from tui.paint.scene import FillMark, Overlay
from tui.themes import Depth
from tui.widgets.chart import Chart, Level

# -- time ----------------------------------------------------------------------------------------


def test_it_follows_the_newest_bar_until_it_is_moved_and_again_when_asked() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        assert chart.is_following
        chart.pan(-50)
        assert not chart.is_following
        assert chart.picture is not None
        seen = chart.picture.columns.start_ns.tolist()
        series.merge(walk(100, start_ns=int(series.time_ns[0]) - 100 * 60 * NANOS))
        for step in range(1, 4):
            series.append(int(series.time_ns[-1]) + 60 * NANOS, step, step, step, step)
        app.update()
        assert chart.picture.columns.start_ns.tolist() == seen
        chart.pan(20)
        assert not chart.is_following
        chart.follow()
        assert chart.picture.columns.start_ns[-1] == series.time_ns[-1]
        chart.pan(-5)
        chart.pan(5)
        assert chart.is_following

    run_chart(ChartApp(series), check)


def test_panning_stops_at_the_first_bar() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        app.chart.pan(-10_000)
        assert app.chart.picture is not None
        columns = app.chart.picture.columns
        assert columns.first[0] == 0
        assert 0 <= columns.x[0] < 8
        app.chart.pan_page(1.0)
        assert app.chart.picture.columns.first[0] in range(36, 44)

    run_chart(ChartApp(series_of(walk(200))), check)


def test_zooming_keeps_the_last_bar_where_it_is() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        for steps in (1, 1, -3, -6, 9):
            chart.zoom(steps)
            assert chart.picture is not None
            columns = chart.picture.columns
            assert columns.close[-1] == series.close[-1]
            assert chart.picture.layout is not None
            layout = chart.picture.layout
            assert columns.x[-1] // 2 == layout.anchor_x(columns.zoom) // 2
            assert columns.x[-1] + columns.zoom.dots < layout.dots_wide
        chart.zoom(100)
        assert chart.view.zoom == 0
        chart.zoom(-100)
        assert chart.view.zoom == len(ZOOMS) - 1
        chart.reset()
        assert chart.view.zoom == DEFAULT_ZOOM

    run_chart(ChartApp(series), check)


def test_another_market_is_looked_at_afresh() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.pan(-50)
        chart.set_range(1.0, 2.0)
        chart.toggle_cursor()
        chart.zoom(2)
        app.series = series_of(walk(100, seed=9))
        app.shown["instrument"] = replace(INSTRUMENT, fqme="ethusdt.spot.sim")
        app.update()
        assert chart.is_following
        assert chart.is_auto
        assert chart.cursor_price is None
        assert chart.view.zoom == DEFAULT_ZOOM - 2

    run_chart(ChartApp(series_of(walk(500))), check)


def test_without_bars_nothing_can_be_moved_and_nothing_breaks() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.pan(-5)
        chart.pan_page(1)
        chart.zoom(3)
        chart.toggle_cursor()
        chart.move_cursor(1, 1)
        chart.move_cursor_rows(1)
        chart.y_zoom(1)
        chart.y_pan(1)
        chart.reset()
        assert chart.cursor_price is None
        app.shown = {"instrument": None, "series": None, "quote": None, "title": ""}
        app.update()
        chart.y_pan(1)
        chart.toggle_cursor()
        await pilot.click(Chart, offset=(5, 5))
        assert "no market selected" in "".join(chart.render_line(row).text for row in range(30))

    run_chart(ChartApp(Series(60)), check)


# -- prices --------------------------------------------------------------------------------------


def test_a_manual_range_stays_whatever_comes() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.set_range(19_000, 19_500)
        series.set_last(1, 1e6, 1, 1e6, 1, 1)
        app.update()
        assert chart.picture is not None
        assert chart.picture.prices is not None
        assert chart.picture.prices[:2] == (19_000, 19_500)
        assert "y manual" in chart.render_line(0).text
        chart.set_range(5, 5)
        assert chart.picture.prices[:2] == (19_000, 19_500)
        chart.y_pan(1)
        assert chart.picture.prices[:2] == (19_050, 19_550)
        chart.y_zoom(1)
        assert chart.picture.prices[:2] == pytest.approx((19_100, 19_500))
        chart.y_auto()
        assert chart.picture.prices.high > 1e6
        assert chart.is_auto

    run_chart(ChartApp(series), check)


# -- crosshair -----------------------------------------------------------------------------------


def test_the_crosshair_moves_by_rows_that_can_be_seen_and_by_a_tick_at_least() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.move_cursor()
        start = chart.cursor_price
        assert start is not None
        chart.move_cursor_rows(1)
        assert chart.picture is not None
        assert chart.picture.prices is not None
        assert chart.picture.layout is not None
        prices, high = chart.picture.prices, chart.picture.layout.dots_high
        assert chart.cursor_price is not None
        assert prices.row(float(start), high) - prices.row(float(chart.cursor_price), high) == 4
        chart.move_cursor_rows(-1)
        assert chart.cursor_price == start
        chart.set_range(float(start) - 0.02, float(start) + 0.02)
        chart.move_cursor_rows(-1)
        assert chart.cursor_price == start - Decimal("0.01")

    run_chart(ChartApp(series), check)


def test_the_crosshair_moves_by_bars_and_ticks_and_takes_the_view_along() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.move_cursor(-1, 5)
        assert chart.cursor_time_ns == series.time_ns[-1]
        start = chart.cursor_price
        assert start is not None
        chart.move_cursor(-3, 5)
        assert chart.cursor_price == start + Decimal("0.05")
        assert chart.cursor_time_ns == series.time_ns[-4]
        for _ in range(10):
            chart.move_cursor(-10)
        assert chart.cursor_time_ns == series.time_ns[-104]
        assert not chart.is_following
        assert chart.picture is not None
        assert chart.picture.columns.start_ns[0] <= series.time_ns[-104]
        chart.move_cursor(5000)
        assert chart.cursor_time_ns == series.time_ns[-1]
        assert chart.is_following
        chart.toggle_cursor()
        assert chart.cursor_price is None
        await pilot.pause()
        assert app.said[-1] is None

    run_chart(ChartApp(series), check)


# -- mouse ---------------------------------------------------------------------------------------


def test_a_click_on_a_level_means_the_level_and_elsewhere_the_price() -> None:
    series = bars(*((number, 100, 110, 90, 100) for number in range(60)))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        row = next(row for row in range(30) if "buy 1" in chart.render_line(row).text)
        await pilot.click(Chart, offset=(50, row))
        assert app.said == [(Decimal("95.00"), "working")]
        assert chart.cursor_price is None
        await pilot.click(Chart, offset=(50, row - 6))
        price = chart.price_at(row - 6)
        assert price is not None
        assert app.said[-1] == (price, None)
        assert chart.cursor_price == price
        assert chart.cursor_time_ns == chart.time_at(50)
        await pilot.click(Chart, offset=(5, 0))
        assert chart.price_at(0) is None

    run_chart(ChartApp(series, levels=[Level(95.0, "working", "buy 1")]), check)


def test_a_price_is_found_where_it_is_drawn() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        picture = app.chart.picture
        assert picture is not None
        assert picture.layout is not None
        assert picture.prices is not None
        for row in range(picture.layout.plot_top, picture.layout.volume_top):
            price = app.chart.price_at(row)
            assert price is not None
            dot = picture.prices.row(float(price), picture.layout.dots_high)
            assert picture.layout.plot_top + dot // 4 == row

    run_chart(ChartApp(series_of(walk(200))), check)


# -- anything ------------------------------------------------------------------------------------


def _any_move(chart: Chart, dice: random.Random) -> None:
    moves: list[Callable[[], None]] = [
        lambda: chart.pan(dice.randint(-400, 400)),
        lambda: chart.pan_page(dice.uniform(-2, 2)),
        lambda: chart.zoom(dice.randint(-8, 8)),
        lambda: chart.move_cursor(dice.randint(-60, 60), dice.randint(-5000, 5000)),
        lambda: chart.y_zoom(dice.randint(-6, 6)),
        lambda: chart.y_pan(dice.randint(-9, 9)),
        lambda: chart.set_glyphs(dice.choice(["braille", "blocks", "ascii"])),
        lambda: chart.zoom(dice.randint(-4, 4), dice.randint(-5, 210)),
        lambda: chart.jump(START_NS + dice.randint(-(10**14), 10**15)),
        lambda: chart.look_at(START_NS + dice.randint(-(10**14), 10**15)),
        lambda: chart.link_time(dice.choice([None, START_NS, START_NS + 10**13])),
        lambda: chart.set_detail(dice.choice(["full", "lean", "slow"])),
        chart.step_price_scale,
        chart.toggle_closed_hours,
        chart.toggle_overlay_percent,
        chart.toggle_lock,
        chart.toggle_measure,
        chart.mark,
        chart.fit_all,
        chart.toggle_cursor,
        chart.toggle_style,
        chart.y_auto,
        chart.follow,
        chart.reset,
    ]
    dice.choice(moves)()


def _any_event(app: ChartApp, series: Series, dice: random.Random) -> None:
    last = float(series.close[-1])
    happening = dice.randrange(4)
    if happening == 0 and len(series) > 3:
        series.cut_from(int(series.time_ns[-2]))
    elif happening == 1:
        price = last * (1 + dice.gauss(0, 0.01))
        step = dice.choice([1, 1, 2, 7, 5000]) * 60 * NANOS
        high, low = max(price, last), min(price, last)
        series.append(int(series.time_ns[-1]) + step, last, high, low, price, dice.random())
    else:
        kinds = [*LOOKS, "odd"]
        app.shown["stale"] = dice.random() < 0.3
        app.shown["levels"] = [
            Level(last * dice.choice([0.5, 0.999, 1, 1.001, 3]), dice.choice(kinds), "x" * 30)
            for _ in range(dice.randint(0, 40))
        ]
    app.update()


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_moves_and_events_breaks_the_picture(seed: int) -> None:
    dice = random.Random(seed)
    series = series_of(walk((1, 5, 300, 3000)[seed], seed=seed))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        for step in range(150):
            _any_move(app.chart, dice)
            if step % 3 == 0:
                _any_event(app, series, dice)
            if step % 10 == 0:
                width, height = dice.choice([1, 19, 25, 80, 200]), dice.choice([1, 5, 8, 24, 50])
                await pilot.resize_terminal(width, height)
            width, height = app.chart.size
            assert app.chart.picture is not None
            strips = app.chart.picture.frame.strips
            assert [strip.cell_length for strip in strips] == [width] * height

    run_chart(ChartApp(series), check)


# -- painting ------------------------------------------------------------------------------------


def test_the_same_again_repaints_nothing_and_a_new_price_few_rows() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        before = chart.picture
        app.update()
        assert chart.picture is before
        series.set_last(series.open[-1], series.high[-1], series.low[-1], series.low[-1], 1, 1)
        app.update()
        assert chart.picture is not before
        assert chart.picture is not None
        assert len(chart.picture.frame.changed) < 10

    run_chart(ChartApp(series), check)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x"},
        {"stale": True},
        {"stale": True, "now_ns": 99 * NANOS},
        {"stale": True, "ended": True},
        {"levels": [Level(20_000.0, "working", "buy 1")]},
        {"fills": [FillMark(START_NS + 590 * 60 * NANOS, 20_000.0, "buy")]},
        {"overlays": [Overlay("eth", INSTRUMENT, series_of(walk(600, seed=2)), None, 1)]},
        {"instrument": None},
        {"quote": None},
    ],
    ids=lambda change: "-".join(change),
)
def test_whatever_is_seen_is_painted_when_it_changes_and_not_again(change: dict[str, Any]) -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        before = app.chart.picture
        app.shown.update(change)
        app.update()
        after = app.chart.picture
        assert after is not before
        assert after is not None
        assert after.frame.changed
        app.shown = {
            name: list(shown) if isinstance(shown, list) else shown
            for name, shown in app.shown.items()
        }
        app.update()
        assert app.chart.picture is after

    run_chart(ChartApp(series_of(walk(600))), check)


def test_an_overlay_is_painted_when_its_own_bars_or_prices_change() -> None:
    other = series_of(walk(600, seed=2))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        first = app.chart.picture
        other.set_last(*(float(other.high[-1]) + 90,) * 4, 1, 1)
        app.update()
        second = app.chart.picture
        assert second is not first
        quote = Quote(fqme="y", last=20_100.0)
        app.shown["overlays"] = [Overlay("eth", INSTRUMENT, other, quote, 1)]
        app.update()
        assert app.chart.picture is not second
        third = app.chart.picture
        app.shown["overlays"] = [Overlay("eth", INSTRUMENT, other, quote, 1)]
        app.update()
        assert app.chart.picture is third

    overlay = Overlay("eth", INSTRUMENT, other, None, 1)
    run_chart(ChartApp(series_of(walk(600)), overlays=[overlay]), check)


def test_only_cells_that_changed_are_said_to_be_dirty() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        await pilot.pause()
        app.chart._exchange_repaint_regions()
        app.update()
        app.chart.follow()
        assert not app.chart._exchange_repaint_regions()
        series.set_last(series.open[-1], series.high[-1], series.low[-1], series.low[-1], 1, 1)
        app.update()
        regions = app.chart._exchange_repaint_regions()
        assert regions
        assert all(region.height == 1 for region in regions)
        in_plot = [region for region in regions if 1 <= region.y < 24]
        assert all(region.x > 70 for region in in_plot)

    run_chart(ChartApp(series), check)


@pytest.mark.parametrize(
    ("border", "depth"), [("none", "truecolor"), ("solid", "truecolor"), ("none", "256")]
)
def test_rows_of_any_part_are_what_textual_would_make_of_them(border: str, depth: Depth) -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.styles.border = (border, "red")  # type: ignore[assignment]
        await pilot.pause()
        width, height = chart.outer_size
        for crop in (
            Region(0, 0, width, height),
            Region(0, 3, width, 1),
            Region(7, 2, 20, 5),
            Region(width - 3, height - 2, 3, 2),
        ):
            own = chart.render_lines(crop)
            chart._styles_cache.clear()
            theirs = Widget.render_lines(chart, crop)
            assert [list(strip) for strip in own] == [list(strip) for strip in theirs]
            assert [strip.cell_length for strip in own] == [crop.width] * crop.height

    run_chart(ChartApp(series_of(walk(500)), depth=depth), check)


def test_a_chart_that_is_not_displayed_is_painted_when_it_is() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.display = False
        await pilot.pause()
        before = chart.picture
        series.append(int(series.time_ns[-1]) + 60 * NANOS, 1, 1, 1, 1)
        app.update()
        assert chart.picture is before
        chart.display = True
        await pilot.pause()
        assert chart.picture is not None
        assert chart.picture.columns.close[-1] == 1

    run_chart(ChartApp(series), check)


def test_a_resize_and_another_theme_are_painted_at_once() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        await pilot.resize_terminal(70, 20)
        assert len(chart.render_line(0).text) == 70
        chart.set_theme(THEMES["day"])
        day = THEMES["day"].style("text").bgcolor
        assert all(segment.style.bgcolor == day for segment in chart.render_line(12))
        chart.set_glyphs("ascii")
        assert all(chart.render_line(row).text.isascii() for row in range(20))

    run_chart(ChartApp(series_of(walk(200))), check)
