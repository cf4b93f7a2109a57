"""The row that names the markets that share a chart."""

from __future__ import annotations

import pytest

from tests.support.bars import INSTRUMENT, series_of, walk
from tests.support.stages import NIGHT, ink_of, overlay, painted, rows_of, stage_of
from tui.paint.layers import Stage
from tui.paint.legend import paint_legend
from tui.paint.ranges import base_of
from tui.paint.scene import Cursor, Scene, View
from tui.paint.theme import Depth

SERIES = series_of(walk(200))


def _stage(count: int, width: int = 120, view: View | None = None, height: int = 24) -> Stage:
    others = tuple(
        overlay(series_of(walk(200, seed=slot)), slot, f"m{slot}usdt.spot.sim")
        for slot in range(1, count + 1)
    )
    return stage_of(Scene("btc", INSTRUMENT, SERIES, overlays=others), view, width, height)


def _legend(stage: Stage, depth: Depth = "truecolor") -> str:
    return rows_of(painted(paint_legend, stage, depth=depth))[1]


def test_each_market_is_named_with_its_last_price_and_its_way_since_the_left() -> None:
    stage = _stage(2)
    last = float(stage.scene.overlays[0].series.close[-1])  # type: ignore[union-attr]
    base = base_of(stage.overlays[0], stage.view)
    assert base is not None

    said = _legend(stage)

    assert said.startswith(f" 1 m1usdt {last:.2f} {(last / base - 1) * 100:+.2f}%   2 m2usdt ")


def test_under_the_crosshair_it_says_the_price_there() -> None:
    view = View(cursor=Cursor(int(SERIES.time_ns[180]), INSTRUMENT.round_price(1.0)))
    stage = _stage(1, view=view)

    there = float(stage.scene.overlays[0].series.close[180])  # type: ignore[union-attr]
    assert f" 1 m1usdt {there:.2f} " in _legend(stage)


def test_where_room_is_short_prices_go_first_then_percents_then_the_last_markets() -> None:
    said = {}
    for width in (200, 120, 80, 60, 40):
        stage = _stage(7, width, View(overlay_percent=True))
        said[width] = _legend(stage)[: stage.layout.plot_width].rstrip()

    assert said[200].count("%") == 7
    assert "." in said[200].replace("%", "").split("m1usdt ")[1].split()[0]
    assert said[120].count("%") == 0
    assert all(f"m{slot}usdt" in said[120] for slot in range(1, 8))
    assert "m7usdt" not in said[60]
    for width in (80, 60, 40):
        shown = sum(f"m{slot}usdt" in said[width] for slot in range(1, 8))
        assert said[width].endswith(f"+{7 - shown}"), said[width]


def test_over_each_axis_stands_whose_it_is_and_axes_without_room_are_counted() -> None:
    stage = _stage(7, 120)
    text = _legend(stage)

    assert stage.layout.hidden_axes > 0
    for place in stage.layout.overlay_axes[:-1]:
        slot = stage.scene.overlays[place.overlay].slot
        assert f"m{slot}usd" in text[place.left : place.left + place.width]
    assert text.rstrip().endswith(f" +{stage.layout.hidden_axes}")


def test_names_have_the_colour_of_their_market_and_a_stale_one_none() -> None:
    stage = _stage(2)
    canvas = painted(paint_legend, stage)
    assert ink_of(canvas, "2 m2usdt") == NIGHT.style("overlay2", bold=True)

    stale = stage.scene.overlays[0]._replace(is_stale=True)
    scene = stage.scene._replace(overlays=(stale,))
    assert ink_of(painted(paint_legend, stage_of(scene)), "1 m1usdt") == NIGHT.style("stale")


@pytest.mark.parametrize("width", [80, 120])
def test_without_colour_axes_are_told_by_their_number(width: int) -> None:
    stage = _stage(3, width)
    text = _legend(stage, "none")

    for place in stage.layout.overlay_axes:
        slot = stage.scene.overlays[place.overlay].slot
        assert text[place.left :].startswith(f"{slot} m{slot}")


def test_there_is_no_legend_without_overlays_or_without_rows_for_it() -> None:
    for stage in (_stage(0), _stage(2, height=8)):
        assert painted(paint_legend, stage).is_empty


def test_a_market_of_which_nothing_is_known_is_named() -> None:
    scene = Scene("btc", INSTRUMENT, SERIES, overlays=(overlay(None),))

    assert _legend(stage_of(scene)).startswith(" 1 ethusdt –")
