"""Where the crosshair can stand: found from the picture as it was painted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.feed.bars import Series
from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars, series_of, walk
from tui.charts import crosshair
from tui.paint.chart import ChartPainter, Picture
from tui.paint.levels import Level
from tui.paint.scene import Cursor, Scene, View
from tui.themes import load_themes

THEME = load_themes()[0]["night"]
MINUTE = 60 * NANOS


def painted(series: Series | None, view: View | None = None, **shown: object) -> Picture:
    scene = Scene("x", INSTRUMENT, series, **shown)  # type: ignore[arg-type]
    return ChartPainter().paint(scene, view or View(), 100, 30, THEME)


def test_it_begins_on_the_close_of_the_newest_bar_in_view() -> None:
    series = bars(*((number, 100, 110, 90, 100 + number / 4) for number in range(50)))
    scene = Scene("x", INSTRUMENT, series)

    assert crosshair.first_cursor(scene, painted(series)) == Cursor(
        START_NS + 49 * MINUTE, Decimal("112.25")
    )
    assert crosshair.first_cursor(scene, None) is None
    assert crosshair.first_cursor(Scene("x", None, series), painted(series)) is None
    assert crosshair.first_cursor(Scene("x", INSTRUMENT), painted(None)) is None
    empty = Series(60)
    assert crosshair.first_cursor(Scene("x", INSTRUMENT, empty), painted(empty)) is None


@pytest.mark.parametrize(
    ("time_ns", "bars_on", "number"),
    [(10, -3, 7), (10, 100, 49), (10, -100, 0), (60, 0, 49), (-5, 1, 1)],
)
def test_it_moves_by_bars_and_stops_at_the_ends(time_ns: int, bars_on: int, number: int) -> None:
    series = series_of(walk(50))
    start = START_NS + time_ns * MINUTE

    assert crosshair.moved_time(series, start, bars_on) == START_NS + number * MINUTE


@pytest.mark.parametrize("zoom", [0, 3, 5, 8, 12])
def test_the_cell_of_a_time_shows_the_bar_of_that_time(zoom: int) -> None:
    series = series_of(walk(3000))
    picture = painted(series, View(zoom=zoom))
    for start in picture.columns.start_ns[picture.columns.x >= 0].tolist():
        cell = crosshair.cell_of(picture, start)
        assert cell is not None
        found = crosshair.time_at(picture, series, cell)
        assert found is not None
        # Where two columns share a cell the later one is found.
        assert start <= found < start + 2 * picture.columns.zoom.bars * MINUTE


def test_a_time_out_of_view_or_in_a_gap_has_no_cell() -> None:
    series = bars(*((number, 1, 2, 0.5, 1) for number in (0, 1, 2, 8, 9)))
    picture = painted(series)

    assert crosshair.cell_of(picture, START_NS - MINUTE) is None
    assert crosshair.cell_of(picture, START_NS + 5 * MINUTE) is None
    assert crosshair.cell_of(picture, START_NS + 10 * MINUTE) is None
    assert crosshair.cell_of(picture, START_NS + 8 * MINUTE + 1) is not None
    assert crosshair.cell_of(painted(None), START_NS) is None


@pytest.mark.parametrize("kind", ["linear", "log"])
@pytest.mark.parametrize("rows", [1, -1, 5, -5])
def test_rows_are_as_many_ticks_as_they_are_high(kind: str, rows: int) -> None:
    picture = painted(series_of(walk(500)), View(price_scale=kind))  # type: ignore[arg-type]
    layout, prices = picture.layout, picture.prices
    assert layout is not None
    assert prices is not None
    price = crosshair.price_at(picture, INSTRUMENT, layout.plot_top + 10)
    assert price is not None
    ticks = crosshair.ticks_of_rows(picture, INSTRUMENT, price, rows)
    there = float(price + ticks * INSTRUMENT.price_tick)

    assert prices.row(there, layout.dots_high) == (
        prices.row(float(price), layout.dots_high) - 4 * rows
    )


def test_outside_of_the_plot_there_is_no_price() -> None:
    picture = painted(series_of(walk(500)))

    assert crosshair.price_at(picture, INSTRUMENT, 0) is None
    assert crosshair.price_at(picture, INSTRUMENT, 29) is None
    tiny = ChartPainter().paint(Scene("x", INSTRUMENT), View(), 10, 3, THEME)
    assert crosshair.price_at(tiny, INSTRUMENT, 1) is None
    assert crosshair.ticks_of_rows(tiny, INSTRUMENT, Decimal(1), 3) == 0
    assert crosshair.level_near(tiny, Scene("x", INSTRUMENT), 1) is None


def test_a_level_is_meant_up_to_a_row_away_and_the_nearest_of_two() -> None:
    series = series_of(walk(500))
    last = float(series.close[-1])
    levels = (Level(last, "working", "a"), Level(last + 20, "working", "b"))
    scene = Scene("x", INSTRUMENT, series, levels=levels)
    picture = painted(series, levels=levels)
    layout, prices = picture.layout, picture.prices
    assert layout is not None
    assert prices is not None
    rows = [layout.plot_top + prices.row(level.price, layout.dots_high) // 4 for level in levels]

    assert rows[0] - rows[1] >= 2
    assert crosshair.level_near(picture, scene, rows[0]) == levels[0]
    assert crosshair.level_near(picture, scene, rows[0] + 1) == levels[0]
    assert crosshair.level_near(picture, scene, rows[1]) == levels[1]
    assert crosshair.level_near(picture, scene, rows[0] + 2) is None
