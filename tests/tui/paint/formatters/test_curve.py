"""Lines, and areas under them."""

from __future__ import annotations

import itertools

import pytest

from engine.config import ChartStyle
from tests.support.bars import series_of, walk
from tests.support.strokes import columns_of, drawn, text_of, unpacked
from tui.paint.columns import Zoom, columns_on, time_axis
from tui.paint.formatters import (
    formatter_for,
)
from tui.paint.scales import PriceScale


def test_a_line_is_joined_from_bar_to_bar_and_not_over_missing_time() -> None:
    whole = columns_of(2, (0, 0, 0, 0, 0), (1, 3, 3, 3, 3))
    broken = columns_of(2, (0, 0, 0, 0, 0), (2, 3, 3, 3, 3))

    assert text_of(drawn("curve", whole, 3.0), whole, 3) == ["⣀⠏ "]
    assert text_of(drawn("curve", broken, 3.0), broken, 3) == ["⣀ ⠉"]


@pytest.mark.parametrize("style", ["curve", "area", "steps"])
@pytest.mark.parametrize("dots", [1, 2, 3, 4, 8, 24])
def test_a_line_has_no_holes(style: ChartStyle, dots: int) -> None:
    series = series_of(walk(60))
    axis = time_axis([series], Zoom(1, dots), 40, anchor_x=36)
    columns = columns_on(axis, series)
    scale = PriceScale(float(columns.low.min()), float(columns.high.max()))

    strokes = formatter_for(style).update(columns, scale, 10)

    dots_set = unpacked(strokes.halves)
    for before, after in itertools.pairwise(dots_set):
        assert before
        assert min(after) <= max(before) + 1
        assert max(after) >= min(before) - 1
        assert len(after) == max(after) - min(after) + 1


def test_an_area_is_set_back_below_its_line_and_nowhere_above() -> None:
    series = series_of(walk(60))
    columns = columns_on(time_axis([series], Zoom(1, 3), 120, anchor_x=110), series)
    scale = PriceScale(float(columns.low.min()), float(columns.high.max()))

    strokes = formatter_for("area").update(columns, scale, 10)

    assert strokes.fill is not None
    for line, fill in zip(unpacked(strokes.halves), unpacked(strokes.fill), strict=True):
        assert all(row > max(line) for row in fill)
        assert len(fill) >= (39 - max(line)) // 2 - 2
