"""The markets of a chart, each drawn by a formatter of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.bars import INSTRUMENT, series_of, walk
from tests.support.stages import NIGHT, overlay, stage_of
from tui.paint.canvas import Canvas, Palette
from tui.paint.formatters import BarFormatter, CandleFormatter, CurveFormatter
from tui.paint.layers import Stage
from tui.paint.scene import Scene, View
from tui.paint.series import Cells, Markets, hull

PALETTE = Palette(NIGHT)
SERIES = series_of(walk(200))
NOTHING = (0, 0)

windows = st.tuples(st.integers(0, 9), st.integers(0, 9))


def stage_with(others: int = 0, **view: object) -> Stage:
    overlays = tuple(
        overlay(series_of(walk(200, seed=slot)), slot, f"m{slot}") for slot in range(1, others + 1)
    )
    scene = Scene("btc", INSTRUMENT, SERIES, overlays=overlays)
    stage = stage_of(scene, View(**view))  # type: ignore[arg-type]
    return replace(stage, highest_volume=float(stage.columns.volume.max()))


def draw(markets: Markets, stage: Stage) -> tuple[Cells, list[Canvas]]:
    stack: list[Canvas] = []
    markets.formatter_for(stage.view, stage.scene)
    moved = markets.update(stage, PALETTE, [stage.columns, *stage.overlays], stack)
    return moved, stack


def inks(canvas: Canvas) -> set[int]:
    marks = canvas.data or canvas.backdrop
    assert marks is not None
    return set(marks.styles[marks.values > 0].tolist())


def test_volume_lies_at_the_back_then_the_market_then_what_lies_over_it() -> None:
    _, (volume, price, first, second) = draw(Markets(), stage_with(2))

    assert inks(price) <= {PALETTE.dots(role) for role in ("up", "down", "flat")}
    assert inks(volume) <= {PALETTE.dots(role, is_faint=True) for role in ("up", "down", "flat")}
    assert inks(first) == {PALETTE.dots("overlay1")}
    assert inks(second) == {PALETTE.dots("overlay2")}


def test_each_has_its_own_rows() -> None:
    stage = stage_with()
    _, (volume, price) = draw(Markets(), stage)

    layout = stage.layout
    for canvas, top, count in (
        (volume, layout.volume_top, layout.volume_rows),
        (price, layout.plot_top, layout.plot_rows),
    ):
        assert canvas.data is not None
        rows = canvas.data.values.any(axis=1).nonzero()[0]
        assert top <= rows.min()
        assert rows.max() < top + count


@pytest.mark.parametrize("style", ["curve", "steps", "area"])
def test_a_line_is_in_one_colour_and_not_by_direction(style: str) -> None:
    _, stack = draw(Markets(), stage_with(style=style))

    assert inks(stack[-1]) == {PALETTE.dots("last")}


def test_what_did_not_change_is_not_drawn_again() -> None:
    markets, stage = Markets(), stage_with(1)
    moved, before = draw(markets, stage)
    assert moved[0] < moved[1]

    again, after = draw(markets, stage)

    assert again == NOTHING
    assert all(one is other for one, other in zip(before, after, strict=True))
    assert {name: one.redone for name, one in markets.statistics().items()} == {
        "price": 0,
        "volume": 0,
        "overlay1": 0,
    }


def test_after_another_size_or_colours_all_is_drawn_on_other_canvases() -> None:
    markets, stage = Markets(), stage_with()
    moved, before = draw(markets, stage)

    markets.clear()
    again, after = draw(markets, stage)

    assert again == moved
    assert not {id(one) for one in before} & {id(one) for one in after}


def test_another_style_has_another_formatter_and_the_same_one_keeps_it() -> None:
    markets, scene = Markets(), stage_with().scene

    bars = markets.formatter_for(View(), scene)
    assert isinstance(bars, BarFormatter)
    assert markets.formatter_for(View(), scene) is bars
    assert isinstance(markets.formatter_for(View(style="curve"), scene), CurveFormatter)
    solid = markets.formatter_for(View(style="candles"), scene)
    hollow = markets.formatter_for(View(style="candles"), scene, is_hollow=True)
    assert isinstance(hollow, CandleFormatter)
    assert hollow is not solid


def test_an_overlay_that_is_taken_away_is_forgotten() -> None:
    markets = Markets()
    draw(markets, stage_with(2))
    assert "overlay2" in markets.statistics()

    draw(markets, stage_with(1))

    assert set(markets.statistics()) == {"price", "volume", "overlay1"}


@given(windows, windows)
def test_a_hull_holds_both_and_no_more(one: Cells, other: Cells) -> None:
    cells = set(range(*one)) | set(range(*other))

    start, stop = hull(one, other)

    assert (start < stop) is bool(cells)
    if cells:
        assert (start, stop) == (min(cells), max(cells) + 1)
