"""What lies on a chart beside its series."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.bars import INSTRUMENT, bars, series_of, walk
from tests.support.stages import fixed_stage, ink_of, painted, rows_of, stage_of
from tui.paint.canvas import Canvas
from tui.paint.layers import (
    BEFORE,
    BEHIND,
    cursor_column,
    paint_crosshair,
    paint_cuts,
    paint_empty,
    paint_grid,
    paint_levels,
)
from tui.paint.levels import Level
from tui.paint.scene import Cursor, Scene, View
from tui.paint.theme import Depth

SERIES = series_of(walk(200))
SCENE = Scene("btcusdt.spot.sim", INSTRUMENT, SERIES)


def text_of(canvas: Canvas) -> str:
    return "\n".join(rows_of(canvas))


def at(bar: int, price: str = "20000") -> Cursor:
    return Cursor(int(SERIES.time_ns[bar]), Decimal(price))


# -- why there are no bars ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (Scene(), "no market selected"),
        (Scene("btcusdt.spot.sim"), "waiting for first bars"),
        (Scene("btcusdt.spot.sim", INSTRUMENT, bars()), "waiting for first bars"),
        (SCENE, ""),
    ],
)
def test_a_chart_without_bars_says_why(scene: Scene, expected: str) -> None:
    canvas = painted(paint_empty, stage_of(scene))

    assert text_of(canvas).strip() == expected


def test_what_it_says_stands_in_the_middle() -> None:
    stage = stage_of(Scene())
    rows = rows_of(painted(paint_empty, stage))

    (row,) = [number for number, text in enumerate(rows) if text.strip()]
    left = len(rows[row]) - len(rows[row].lstrip())
    right = stage.layout.plot_width - left - len("no market selected")
    assert abs(left - right) <= 1
    assert row == stage.layout.plot_top + stage.layout.plot_rows // 2


# -- grid -----------------------------------------------------------------------------------------


def test_the_grid_is_dots_at_round_prices_that_stand_back() -> None:
    canvas = painted(paint_grid, stage_of(SCENE))

    assert canvas.backdrop is not None
    assert canvas.backdrop.values.any()
    assert canvas.data is None
    assert not text_of(canvas).strip()


@pytest.mark.parametrize("depth", ["16", "none"])
def test_there_is_no_grid_where_it_could_be_taken_for_a_level(depth: Depth) -> None:
    assert painted(paint_grid, stage_of(SCENE), depth=depth).is_empty


def test_there_is_no_grid_over_a_slow_line_or_without_prices() -> None:
    assert painted(paint_grid, stage_of(SCENE, View(detail="lean"))).is_empty
    assert painted(paint_grid, fixed_stage(SCENE, prices=None)).is_empty


# -- levels ---------------------------------------------------------------------------------------


def test_a_level_is_a_line_in_the_row_of_its_price() -> None:
    middle = Level(105.0, "working", "buy 1")
    stage = fixed_stage(Scene("x", INSTRUMENT, levels=(middle,)))
    canvas = painted(paint_levels, stage)

    assert stage.prices is not None
    row = stage.layout.plot_top + stage.prices.row(105.0, stage.layout.dots_high) // 4
    assert _rows_with_dots(canvas) == [row]


def test_a_level_outside_of_the_prices_in_view_is_no_line_in_the_middle() -> None:
    for price in (1.0, 1000.0):
        stage = fixed_stage(Scene("x", INSTRUMENT, levels=(Level(price, "working", "far"),)))
        top, rows = stage.layout.plot_top, stage.layout.plot_rows

        drawn = _rows_with_dots(painted(paint_levels, stage))
        assert set(drawn) <= {top, top + rows - 1}


def _rows_with_dots(canvas: Canvas) -> list[int]:
    if canvas.data is None:
        return []
    return canvas.data.values.any(axis=1).nonzero()[0].tolist()


# -- time that is cut -----------------------------------------------------------------------------


def test_time_that_is_cut_short_is_marked_with_how_much_is_missing() -> None:
    scene = Scene("x", INSTRUMENT, bars((0, 1, 2, 1, 2), (1000, 2, 3, 2, 3)))
    stage = stage_of(scene, View(zoom=0))
    canvas = painted(paint_cuts, stage)

    assert "16h" in text_of(canvas)
    assert text_of(canvas).count("┊") >= stage.layout.plot_rows - 1
    assert ink_of(canvas, "16h") == canvas.palette.styles[canvas.palette.ink("muted")]


def test_time_that_is_whole_is_not_marked() -> None:
    assert painted(paint_cuts, stage_of(SCENE)).is_empty


# -- crosshair ------------------------------------------------------------------------------------


def test_the_crosshair_crosses_at_its_bar_and_price() -> None:
    stage = stage_of(SCENE, View(cursor=at(190, str(SERIES.close[190]))))
    canvas = painted(paint_crosshair, stage)

    assert canvas.tint is not None
    rows, columns = canvas.tint.values.nonzero()
    x = stage.cursor_x
    assert x is not None
    assert stage.prices is not None
    row = stage.prices.row(float(SERIES.close[190]), stage.layout.dots_high) // 4
    upright = sorted(set(rows[columns == x // 2].tolist()))
    across = set(columns[rows == stage.layout.plot_top + row].tolist())
    assert upright[0] == stage.layout.plot_top
    assert upright[-1] == stage.layout.time_row - 1
    assert across == set(range(stage.layout.plot_width))


def test_without_a_crosshair_or_prices_there_is_none() -> None:
    assert painted(paint_crosshair, stage_of(SCENE)).is_empty
    assert painted(paint_crosshair, fixed_stage(SCENE, View(cursor=at(190)), prices=None)).is_empty


def test_a_crosshair_out_of_view_has_no_column() -> None:
    view = View(cursor=at(0))
    stage = stage_of(SCENE, view, width=60)

    assert cursor_column(stage.columns, View()) is None
    assert stage.cursor_x is None or stage.cursor_x < 0


def test_no_two_layers_have_one_name() -> None:
    names = [layer.name for layer in (*BEHIND, *BEFORE)]

    assert len(set(names)) == len(names)
