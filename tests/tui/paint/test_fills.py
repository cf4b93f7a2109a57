"""Fills as arrows at their bars."""

from __future__ import annotations

from tests.support.bars import INSTRUMENT, NANOS, START_NS, series_of, walk
from tests.support.stages import NIGHT, ink_of, painted, rows_of, stage_of
from tui.paint.canvas import Canvas
from tui.paint.columns import ZOOMS, Zoom
from tui.paint.fills import paint_fills
from tui.paint.layers import Stage
from tui.paint.scene import FillMark, Scene, View

MINUTE = 60 * NANOS
SERIES = series_of(walk(200))


def _stage(*fills: tuple[int, str, float], view: View | None = None) -> Stage:
    """Fills (bar, side, away from the close) of the last 200 bars."""
    marks = tuple(
        FillMark(START_NS + bar * MINUTE + 17 * NANOS, float(SERIES.close[bar]) + away, side)
        for bar, side, away in sorted(fills)
    )
    return stage_of(Scene("btc", INSTRUMENT, SERIES, fills=marks), view)


def _arrows(canvas: Canvas) -> list[tuple[int, int, str]]:
    return [
        (row, column, char)
        for row, text in enumerate(rows_of(canvas))
        for column, char in enumerate(text)
        if char != " "
    ]


def _row(stage: Stage, price: float) -> int:
    assert stage.prices is not None
    return stage.layout.plot_top + stage.prices.row(price, stage.layout.dots_high) // 4


def _cell(stage: Stage, bar: int) -> int:
    at = int(stage.columns.first.searchsorted(bar))
    return (int(stage.columns.x[at]) + 1) // 2


def test_a_buy_points_up_under_its_bar_and_a_sell_down_over_it() -> None:
    stage = _stage((180, "buy", 0.0), (185, "sell", 0.0))
    buy, sell = float(SERIES.low[180]), float(SERIES.high[185])

    assert sorted(_arrows(painted(paint_fills, stage)), key=lambda arrow: arrow[2]) == [
        (_row(stage, buy) + 1, _cell(stage, 180), "▲"),
        (_row(stage, sell) - 1, _cell(stage, 185), "▼"),
    ]


def test_arrows_are_letters_in_ascii_and_have_the_colour_of_what_is_ours() -> None:
    canvas = painted(
        paint_fills, _stage((180, "buy", 0.0), (185, "sell", 0.0), view=View(glyphs="ascii"))
    )

    assert {char for _, _, char in _arrows(canvas)} == {"A", "V"}
    assert ink_of(canvas, "A") == NIGHT.style("own", bold=True)


def test_several_in_a_cell_are_counted_by_side() -> None:
    fills = [(180, "buy", 0.1 * at) for at in range(3)] + [(180, "sell", 0.0)] * 12
    said = _arrows(painted(paint_fills, _stage(*fills)))

    assert {column for _, column, _ in said} == {said[0][1]}
    # From above: many sells and their arrow, the bar, the arrow of the buys and their number.
    assert [char for _, _, char in said] == ["+", "▼", "▲", "3"]


def test_bars_that_share_a_cell_share_their_arrow() -> None:
    far = View(zoom=ZOOMS.index(Zoom(1, 1)))
    said = _arrows(painted(paint_fills, _stage((180, "buy", 0.0), (181, "buy", 0.0), view=far)))

    assert [char for _, _, char in said] in (["▲", "2"], ["▲", "▲"])
    assert len({column for _, column, _ in said}) == [char for _, _, char in said].count("▲")


def test_a_fill_away_from_its_bar_has_its_arrow_beyond_the_fill() -> None:
    stage = _stage((180, "buy", -12.0))
    ((row, _, _),) = _arrows(painted(paint_fills, stage))

    price = float(SERIES.close[180]) - 12.0
    assert price < float(SERIES.low[180])
    assert row == min(_row(stage, price) + 1, stage.layout.volume_top - 1)


def test_fills_out_of_view_are_not_shown() -> None:
    assert _arrows(painted(paint_fills, _stage((3, "buy", 0.0), (4, "sell", 0.0)))) == []


def test_fills_at_the_edges_stay_in_the_plot() -> None:
    bars_ = [int(SERIES.low[170:].argmin()) + 170, int(SERIES.high[170:].argmax()) + 170]
    fills = [(bars_[0], "buy", -500.0)] * 4 + [(bars_[1], "sell", 500.0)] * 4
    stage = _stage(*fills)
    said = _arrows(painted(paint_fills, stage))

    assert sorted(char for _, _, char in said) == ["4", "4", "▲", "▼"]
    assert all(stage.layout.plot_top <= row < stage.layout.volume_top for row, _, _ in said)


def test_without_bars_or_fills_there_is_nothing() -> None:
    empty = stage_of(Scene("btc", INSTRUMENT, fills=(FillMark(START_NS, 1.0, "buy"),)))

    assert _arrows(painted(paint_fills, empty)) == []
    assert _arrows(painted(paint_fills, _stage())) == []
