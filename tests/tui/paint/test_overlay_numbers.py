"""Markets told apart without colour."""

from __future__ import annotations

from tests.support.bars import INSTRUMENT, series_of, walk
from tests.support.stages import overlay, painted, rows_of, stage_of
from tui.paint.layers import Stage
from tui.paint.overlay_numbers import paint_overlay_numbers
from tui.paint.scene import Scene, View


def _stage(bars: int = 400) -> Stage:
    main = series_of(walk(400))
    others = tuple(
        overlay(series_of(walk(bars, seed=slot)), slot, f"m{slot}usdt.spot.sim")
        for slot in range(1, 4)
    )
    return stage_of(Scene("btc", INSTRUMENT, main, overlays=others), View(zoom=7), 120, 35)


def test_each_line_has_its_number_on_it_where_there_is_no_colour() -> None:
    stage = _stage()
    rows = rows_of(painted(paint_overlay_numbers, stage, depth="none"))

    for overlay_, columns, prices in zip(
        stage.scene.overlays, stage.overlays, stage.scales.overlays, strict=True
    ):
        assert prices is not None
        found = [
            (row, cell)
            for row, text in enumerate(rows)
            for cell, char in enumerate(text)
            if char == str(overlay_.slot)
        ]
        assert len(found) >= 2
        for row, cell in found:
            here = (columns.x + 1) // 2 == cell
            at = [
                prices.row(float(close), stage.layout.dots_high) // 4
                for close in columns.close[here]
            ]
            assert row - stage.layout.plot_top in at


def test_numbers_stay_on_their_bars_while_others_come() -> None:
    said = []
    for bars in (390, 400):
        stage = _stage(bars)
        places = []
        for text in rows_of(painted(paint_overlay_numbers, stage, depth="none")):
            places += [cell for cell, char in enumerate(text) if char == "2"]
        said.append(len(places))

    assert abs(said[0] - said[1]) <= 1


def test_colours_need_no_numbers() -> None:
    for depth in ("truecolor", "256", "16"):
        assert painted(paint_overlay_numbers, _stage(), depth=depth).is_empty  # type: ignore[arg-type]
