"""A chart that is looked at as a trader does: dates, ranges, periods, scales, measures."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, NANOS, START_NS, series_of, walk
from tests.support.charts import ChartApp, run_chart
from tui.paint.columns import DEFAULT_ZOOM
from tui.paint.scene import STYLES, Cursor
from tui.widgets.chart import Chart

MINUTE = 60 * NANOS


def seen(chart: Chart) -> tuple[int, int]:
    visible = chart.visible_range()
    assert visible is not None
    return visible


def height(chart: Chart) -> float:
    assert chart.picture is not None
    assert chart.picture.prices is not None
    return chart.picture.prices.high - chart.picture.prices.low


# -- dates ---------------------------------------------------------------------------------------


def test_a_jump_puts_the_bar_of_that_time_into_view() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        app.chart.jump(int(series.time_ns[900]) + 5 * NANOS)
        first, last = seen(app.chart)
        assert first < series.time_ns[900] < last
        assert not app.chart.is_following
        assert app.chart.wanted_ns is None
        app.chart.jump(int(series.time_ns[-1]) + 10**15)
        assert app.chart.is_following
        await pilot.pause()
        assert app.wanted == []

    run_chart(ChartApp(series), check)


def test_a_jump_beyond_the_first_bar_is_said_and_done_as_history_arrives() -> None:
    series = series_of(walk(500))
    wanted_ns = START_NS - 700 * MINUTE

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.jump(wanted_ns)
        await pilot.pause()
        assert app.wanted == [wanted_ns]
        assert seen(chart)[0] == START_NS
        series.merge(walk(300, start_ns=START_NS - 300 * MINUTE))
        app.update()
        assert chart.wanted_ns == wanted_ns
        assert seen(chart)[0] == START_NS - 300 * MINUTE
        series.merge(walk(700, start_ns=START_NS - 1000 * MINUTE))
        app.update()
        first, last = seen(chart)
        assert chart.wanted_ns is None
        assert first < wanted_ns < last
        series.merge(walk(700, start_ns=START_NS - 1700 * MINUTE))
        app.update()
        assert seen(chart) == (first, last)

    run_chart(ChartApp(series), check)


def test_who_waits_in_vain_is_shown_the_oldest_bars() -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.give_up()
        assert chart.is_following
        chart.jump(START_NS - 700 * MINUTE)
        series.merge(walk(300, start_ns=START_NS - 300 * MINUTE))
        chart.give_up()
        assert chart.wanted_ns is None
        assert seen(chart)[0] == START_NS - 300 * MINUTE

    run_chart(ChartApp(series), check)


@pytest.mark.parametrize("move", ["pan", "follow", "reset", "zoom"])
def test_who_moves_on_waits_no_longer(move: str) -> None:
    series = series_of(walk(500))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.jump(START_NS - 700 * MINUTE)
        moves = {"pan": (chart.pan, 5), "zoom": (chart.zoom, 1)}
        if move in moves:
            act, count = moves[move]
            act(count)
        else:
            getattr(chart, move)()
        before = seen(chart)
        series.merge(walk(1000, start_ns=START_NS - 1000 * MINUTE))
        app.update()
        assert chart.wanted_ns is None
        assert seen(chart) == before

    run_chart(ChartApp(series), check)


def test_a_jump_before_there_are_bars_waits_for_them() -> None:
    series = Series(60)

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        app.chart.jump(START_NS + 400 * MINUTE)
        await pilot.pause()
        assert app.wanted == [START_NS + 400 * MINUTE]
        series.merge(walk(3000))
        app.update()
        first, last = seen(app.chart)
        assert first < START_NS + 400 * MINUTE < last

    run_chart(ChartApp(series), check)


# -- other bars ----------------------------------------------------------------------------------


def test_another_period_shows_the_same_time() -> None:
    minutes = series_of(walk(6000))
    hours = series_of(walk(900, period_s=3600, start_ns=START_NS - 700 * 3600 * NANOS), 3600)

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.jump(int(minutes.time_ns[2000]))
        chart.toggle_cursor()
        cursor = chart.view.cursor
        app.series = None
        app.update()
        app.series = hours
        app.update()
        first, last = seen(chart)
        assert first < minutes.time_ns[2000] < last
        assert not chart.is_following
        assert chart.view.cursor == cursor
        chart.follow()
        app.series = minutes
        app.update()
        assert chart.is_following

    run_chart(ChartApp(minutes), check)


def test_another_period_without_that_time_asks_for_it() -> None:
    hours = series_of(walk(900, period_s=3600), 3600)
    minutes = series_of(walk(500, start_ns=START_NS + 890 * 60 * MINUTE))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.jump(int(hours.time_ns[300]))
        app.series = minutes
        app.update()
        await pilot.pause()
        assert len(app.wanted) == 1
        assert abs(app.wanted[0] - hours.time_ns[300]) < 60 * MINUTE * 30
        assert chart.wanted_ns == app.wanted[0]

    run_chart(ChartApp(hours), check)


def test_the_same_bars_loaded_anew_are_looked_at_as_before() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.pan(-400)
        chart.set_range(19_000.0, 21_000.0)
        before = seen(chart)
        app.series = series_of(walk(3000))
        app.update()
        assert seen(chart) == before
        assert not chart.is_auto

    run_chart(ChartApp(series_of(walk(3000))), check)


def test_an_arriving_bar_never_moves_a_view_that_does_not_follow() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.pan(-1)
        assert chart.picture is not None
        before = chart.picture.columns.start_ns[:-1].tolist()
        places = chart.picture.columns.x[:-1].tolist()
        for _ in range(30):
            series.append(int(series.time_ns[-1]) + MINUTE, 1, 1, 1, 1)
            app.update()
            assert chart.picture.columns.start_ns.tolist()[: len(before)] == before
            assert chart.picture.columns.x.tolist()[: len(before)] == places

    run_chart(ChartApp(series), check)


def test_a_wider_terminal_leaves_no_room_left_of_the_first_bar() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        app.chart.pan(-10_000)
        await pilot.resize_terminal(180, 40)
        assert app.chart.picture is not None
        columns = app.chart.picture.columns
        assert columns.first[0] == 0
        assert columns.x[0] < 2
        assert columns.x[-1] > 300

    run_chart(ChartApp(series_of(walk(500))), check)


# -- ranges of time ------------------------------------------------------------------------------


def test_two_presses_mark_a_range_and_zoom_to_it() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.mark()
        assert chart.cursor_time_ns == chart.view.mark_ns == series.time_ns[-1]
        chart.mark()
        assert chart.view.mark_ns is None
        chart.move_cursor(-500)
        chart.mark()
        chart.move_cursor(-300)
        assert chart.view.mark_ns == series.time_ns[-501]
        chart.mark()
        first, last = seen(chart)
        assert first <= series.time_ns[-801]
        assert last >= series.time_ns[-501]
        assert chart.view.mark_ns is None
        chart.zoom(1)
        assert seen(chart)[1] - seen(chart)[0] < 300 * MINUTE
        chart.mark()
        chart.set_cursor(None)
        assert chart.view.mark_ns is None

    run_chart(ChartApp(series), check)


def test_all_that_there_is_can_be_seen_at_once() -> None:
    series = series_of(walk(30_000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        app.chart.set_range(1.0, 2.0)
        app.chart.fit_all()
        assert seen(app.chart) == (START_NS, int(series.time_ns[-1]))
        assert app.chart.is_auto
        assert app.chart.is_following

    run_chart(ChartApp(series), check)


def test_a_key_zooms_about_the_crosshair_while_that_is_in_view() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.pan(-1000)
        chart.move_cursor()
        chart.move_cursor(-12)
        start = seen(chart)
        at_ns = chart.cursor_time_ns
        assert at_ns is not None
        for _ in range(5):
            chart.zoom(1)
        first, last = seen(chart)
        assert first <= at_ns <= last
        for _ in range(5):
            chart.zoom(-1)
        assert seen(chart) == start

    run_chart(ChartApp(series), check)


# -- prices --------------------------------------------------------------------------------------


def test_a_locked_range_keeps_its_height_and_follows_the_last_price() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.toggle_lock()
        assert chart.view.is_locked
        assert chart.picture is not None
        before, high = chart.picture.prices, height(chart)
        series.set_last(*(float(series.close[-1]),) * 4, 1, 1)
        app.update()
        assert chart.picture.prices == before
        series.set_last(*(float(series.close[-1]) + 5 * high,) * 4, 1, 1)
        app.update()
        prices = chart.picture.prices
        assert prices is not None
        assert prices.low < series.close[-1] < prices.high
        assert height(chart) == pytest.approx(high)
        chart.y_zoom(1)
        assert chart.view.is_locked
        assert height(chart) == pytest.approx(0.8 * high)
        chart.jump(int(series.time_ns[500]))
        anchor = chart.picture.columns.close[-1]
        assert chart.picture.prices is not None
        assert chart.picture.prices.low < anchor < chart.picture.prices.high
        assert height(chart) == pytest.approx(0.8 * high)
        chart.y_pan(1)
        assert not chart.view.is_locked
        chart.toggle_lock()
        chart.toggle_lock()
        assert chart.is_auto

    run_chart(ChartApp(series), check)


def test_on_a_logarithmic_scale_prices_move_by_rows_all_the_same() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.set_price_scale("log")
        chart.set_range(10.0, 1000.0)
        chart.y_zoom(1)
        assert chart.picture is not None
        prices = chart.picture.prices
        assert prices is not None
        assert prices.low * prices.high == pytest.approx(10_000.0)
        assert prices.high / prices.low == pytest.approx(100**0.8)
        chart.y_pan(10)
        assert chart.picture.prices is not None
        assert chart.picture.prices.low == pytest.approx(prices.high)

    run_chart(ChartApp(series_of(walk(500))), check)


def test_scales_styles_and_closed_hours_take_turns() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        kinds = []
        for _ in range(3):
            chart.step_price_scale()
            kinds.append(chart.view.price_scale)
        assert kinds == ["log", "percent", "linear"]
        for style in (*STYLES[1:], STYLES[0]):
            chart.toggle_style(1)
            assert chart.view.style == style
        chart.toggle_style(-1)
        assert chart.view.style == STYLES[-1]
        chart.toggle_closed_hours()
        assert chart.view.closed_hours
        chart.toggle_overlay_percent()
        assert chart.view.overlay_percent

    run_chart(ChartApp(series_of(walk(500))), check)


def test_a_chart_is_made_as_it_is_configured() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        view = app.chart.view
        assert (view.style, view.price_scale, view.closed_hours) == ("area", "log", True)

    options = {"style": "area", "price_scale": "log", "closed_hours": True}
    run_chart(ChartApp(series_of(walk(500)), options=options), check)


# -- crosshair -----------------------------------------------------------------------------------


def test_measuring_begins_at_the_crosshair_and_ends_with_it() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.toggle_cursor()
        start = chart.view.cursor
        chart.toggle_measure()
        chart.move_cursor(-5, 30)
        assert chart.view.measure == start
        assert chart.view.cursor != start
        chart.toggle_measure()
        assert chart.view.measure is None
        chart.toggle_measure()
        chart.set_cursor(None)
        assert chart.view.measure is None
        chart.toggle_measure()
        assert chart.view.measure is None

    run_chart(ChartApp(series_of(walk(500))), check)


def test_among_longer_bars_the_crosshair_moves_from_the_one_it_lies_in() -> None:
    hours = series_of(walk(100, period_s=3600, start_ns=START_NS - START_NS % (60 * MINUTE)), 3600)

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        app.chart.set_cursor(Cursor(int(hours.time_ns[50]) + 20 * MINUTE, Decimal("20000")))
        app.chart.move_cursor(-1)
        assert app.chart.cursor_time_ns == hours.time_ns[49]

    run_chart(ChartApp(hours), check)


def test_a_crosshair_far_away_brings_the_view_to_it_when_it_moves() -> None:
    series = series_of(walk(3000))

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        chart = app.chart
        chart.toggle_cursor()
        chart.pan(-2000)
        chart.move_cursor(-1)
        assert chart.cursor_time_ns == series.time_ns[-2]
        assert seen(chart)[0] <= series.time_ns[-2] <= seen(chart)[1]

    run_chart(ChartApp(series), check)


def test_the_time_of_a_linked_crosshair_is_shown_without_a_crosshair_of_ones_own() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        before = app.chart.picture
        app.chart.link_time(START_NS + 490 * MINUTE)
        assert app.chart.picture is not before
        assert app.chart.cursor_price is None
        after = app.chart.picture
        app.chart.link_time(START_NS + 490 * MINUTE)
        assert app.chart.picture is after
        app.chart.link_time(None)
        assert app.chart.view.linked_ns is None

    run_chart(ChartApp(series_of(walk(500))), check)


def test_a_crosshair_is_gone_with_its_market_before_the_next_one_has_bars() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        for instrument in (None, replace(INSTRUMENT, fqme="ethusdt.spot.sim")):
            app.shown["instrument"] = INSTRUMENT
            app.series = series_of(walk(500))
            app.update()
            app.chart.toggle_cursor()
            app.chart.pan(-100)
            assert app.chart.cursor_price is not None
            app.shown["instrument"] = instrument
            app.series = None
            app.update()
            assert app.chart.cursor_price is None
            assert app.chart.is_following

    run_chart(ChartApp(series_of(walk(500))), check)


def test_leaving_a_market_or_resetting_says_that_the_crosshair_is_gone() -> None:
    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        app.chart.set_cursor(Cursor(START_NS, Decimal("20000")))
        app.chart.reset()
        await pilot.pause()
        assert app.said[-1] is None
        app.chart.set_cursor(Cursor(START_NS, Decimal("20000")))
        app.series = series_of(walk(50, seed=3))
        app.shown["instrument"] = None
        app.update()
        await pilot.pause()
        assert app.said[-1] is None
        assert app.chart.view.zoom == DEFAULT_ZOOM

    run_chart(ChartApp(series_of(walk(500))), check)


# -- cost ----------------------------------------------------------------------------------------


def test_what_changes_behind_the_scenes_paints_nothing() -> None:
    series = series_of(walk(500))
    last = float(series.close[-1])

    async def check(app: ChartApp, pilot: Pilot[None]) -> None:
        quotes = [
            Quote(fqme="x", last=last, bid=last - 1, ask=last + 1, recv_ns=number * NANOS)
            for number in range(1, 5)
        ]
        shown = {"title": "x", "instrument": INSTRUMENT, "series": series}
        app.chart.show(**shown, quote=quotes[0])
        before = app.chart.picture
        for quote in quotes[1:]:
            app.chart.show(**shown, quote=quote, now_ns=quote.recv_ns)
        assert app.chart.picture is before

    run_chart(ChartApp(series), check)
