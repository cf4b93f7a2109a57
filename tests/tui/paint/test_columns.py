"""Bars to columns of dots."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.bars import NANOS, START_NS, bars, series_of, walk
from tui.paint.columns import CUT_DOTS, ZOOMS, Zoom, columns_in_view


def test_the_anchor_stands_at_its_cell_and_the_others_before_it() -> None:
    series = series_of(walk(100))

    columns = columns_in_view(series, Zoom(1, 4), 80, anchor=99, anchor_x=72)

    assert columns.x[-1] == 72
    assert (np.diff(columns.x) == 4).all()
    assert columns.x[0] <= 0 < columns.x[1]
    assert columns.first[-1] == 99
    assert columns.close[-1] == series.close[-1]


def test_several_bars_become_first_highest_lowest_last_and_sum() -> None:
    series = bars(
        (0, 10, 12, 9, 11, 1.0),
        (1, 11, 15, 10, 14, 2.0),
        (2, 14, 14, 5, 6, 4.0),
        (3, 6, 7, 6, 7, 8.0),
        start_ns=START_NS - START_NS % (240 * NANOS),
    )

    columns = columns_in_view(series, Zoom(4, 1), 20, anchor=3, anchor_x=10)

    assert len(columns) == 1
    assert columns.open.tolist() == [10]
    assert columns.high.tolist() == [15]
    assert columns.low.tolist() == [5]
    assert columns.close.tolist() == [7]
    assert columns.volume.tolist() == [15]


@pytest.mark.parametrize("zoom", [zoom for zoom in ZOOMS if zoom.bars <= 64])
def test_no_extreme_in_view_is_lost(zoom: Zoom) -> None:
    series = series_of(walk(3000))

    columns = columns_in_view(series, zoom, 120, anchor=2999, anchor_x=110)

    inside = np.arange(columns.first[0], 3000)
    assert columns.high.max() == series.high[inside].max()
    assert columns.low.min() == series.low[inside].min()
    assert columns.volume.sum() == pytest.approx(series.volume[inside].sum())


@pytest.mark.parametrize("zoom", [Zoom(1, 3), Zoom(1, 1), Zoom(4, 1), Zoom(1, 4)])
def test_a_column_keeps_its_bars_and_its_place_in_a_cell_while_bars_arrive(zoom: Zoom) -> None:
    data = walk(400)
    series = series_of(data)
    older = walk(100, start_ns=START_NS - 100 * 60 * NANOS)
    before = columns_in_view(series, zoom, 100, anchor=399, anchor_x=90)
    series.merge(older)
    last = int(series.time_ns[-1])
    for step in range(1, 8):
        series.append(last + step * 60 * NANOS, 1.0, 2.0, 0.5, 1.5, 1.0)

    after = columns_in_view(series, zoom, 100, anchor=506, anchor_x=90)

    places = dict(zip(after.start_ns.tolist(), (after.x % 2).tolist(), strict=True))
    closes = dict(zip(after.start_ns.tolist(), after.close.tolist(), strict=True))
    inner = slice(1, -1)  # the outermost may have been only partly in view, or still open
    shared = [start for start in before.start_ns[inner].tolist() if start in places]
    assert len(shared) > 10
    for start, x, close in zip(
        before.start_ns.tolist(), before.x.tolist(), before.close.tolist(), strict=True
    ):
        if start in shared:
            assert places[start] == x % 2
            assert closes[start] == close


def test_missing_time_is_left_blank_in_proportion() -> None:
    series = bars((0, 1, 2, 1, 2), (1, 2, 3, 2, 3), (4, 3, 4, 3, 4))

    columns = columns_in_view(series, Zoom(1, 4), 200, anchor=2, anchor_x=100)

    assert np.diff(columns.x).tolist() == [4, 12]
    assert columns.after_gap.tolist() == [False, False, True]
    assert columns.cut_ns.tolist() == [0, 0, 0]


def test_long_missing_time_is_cut_and_said() -> None:
    series = bars((0, 1, 2, 1, 2), (1000, 2, 3, 2, 3))

    columns = columns_in_view(series, Zoom(1, 4), 200, anchor=1, anchor_x=100)

    assert CUT_DOTS <= np.diff(columns.x)[0] <= CUT_DOTS + 4
    assert columns.cut_ns.tolist() == [0, 999 * 60 * NANOS]


def test_what_is_before_the_first_and_after_the_last_bar_is_empty() -> None:
    series = series_of(walk(5))

    columns = columns_in_view(series, Zoom(1, 4), 200, anchor=4, anchor_x=150)

    assert len(columns) == 5
    assert columns.x[0] == 134


def test_a_view_into_the_past_shows_the_bars_after_its_anchor_too() -> None:
    series = series_of(walk(500))

    columns = columns_in_view(series, Zoom(1, 4), 100, anchor=200, anchor_x=80)

    assert columns.first[-1] == 204
    assert columns.x[-1] == 96


def test_no_bars_are_no_columns() -> None:
    assert len(columns_in_view(series_of(walk(0)), Zoom(1, 4), 80, anchor=-1, anchor_x=70)) == 0
