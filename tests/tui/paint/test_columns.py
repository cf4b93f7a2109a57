"""Bars to columns of dots."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tsdownsample import M4Downsampler

import tui.paint.columns as columns_module
from tests.support.bars import NANOS, START_NS, bars, series_of, walk
from tui.paint.columns import (
    CUT_DOTS,
    ZOOMS,
    Columns,
    Zoom,
    columns_in_view,
    columns_on,
    fit_zoom,
    time_axis,
)


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


_TIMES = st.lists(st.integers(1, 200) | st.just(1), min_size=1, max_size=80)
"""Periods from one bar to the next."""


def _values(seed: int, count: int) -> list[list[float]]:
    """Open, high, low and close of bars as they come: equal ones, tiny ones, huge ones, of any
    sign, and no bar in the order of its names."""
    random = np.random.default_rng(seed)
    few = random.integers(0, 4, (count, 4)).astype(float)
    any_size = random.normal(size=(count, 4)) * 10.0 ** random.integers(-300, 300, (count, 4))
    rows: list[list[float]] = np.where(random.random((count, 1)) < 0.5, few, any_size).tolist()
    return rows


@settings(max_examples=200, deadline=None)
@given(
    steps=_TIMES,
    seed=st.integers(0, 2**32),
    zoom=st.sampled_from([zoom for zoom in ZOOMS if zoom.bars < 100]),
    width=st.integers(2, 60).map(lambda cells: cells * 2),
    closed_hours=st.booleans(),
)
def test_each_column_is_first_highest_lowest_and_last_of_all_that_falls_in_it(
    steps: list[int],
    seed: int,
    zoom: Zoom,
    width: int,
    closed_hours: bool,
) -> None:
    numbers = np.cumsum(steps).tolist()
    rows = [
        (number, *four, 1.0)
        for number, four in zip(numbers, _values(seed, len(numbers)), strict=True)
    ]
    series = bars(*rows)

    axis = time_axis([series], zoom, width, anchor_x=width - 2, closed_hours=closed_hours)
    columns = columns_on(axis, series)

    expected: dict[int, list[tuple[float, ...]]] = {}
    for time_ns, row in zip(series.time_ns.tolist(), rows, strict=True):
        expected.setdefault(time_ns // axis.step_ns, []).append(row[1:])
    keys = (columns.start_ns // axis.step_ns).tolist()
    assert keys == [key for key in expected if key >= keys[0]]
    assert columns.open.tolist() == [expected[key][0][0] for key in keys]
    assert columns.high.tolist() == [max(row[1] for row in expected[key]) for key in keys]
    assert columns.low.tolist() == [min(row[2] for row in expected[key]) for key in keys]
    assert columns.close.tolist() == [expected[key][-1][3] for key in keys]
    assert columns.volume.tolist() == [float(len(expected[key])) for key in keys]
    _assert_well_placed(columns, zoom, width, closed_hours)


def _assert_well_placed(columns: Columns, zoom: Zoom, width: int, closed_hours: bool) -> None:
    keys = columns.start_ns // (columns.period_ns * zoom.bars)
    assert columns.x[-1] == width - 2 + keys[-1] * zoom.dots % 2
    assert (columns.x > -zoom.dots).all()
    assert ((columns.x - keys * zoom.dots) % 2 == 0).all()
    steps = np.diff(keys)
    in_proportion = np.diff(columns.x) == steps * zoom.dots
    assert (in_proportion | (columns.cut_ns[1:] > 0)).all()
    assert (columns.after_gap[1:] == (steps > 1)).all()
    if closed_hours:
        assert not columns.cut_ns.any()


@pytest.mark.parametrize("group", [2, 8, 24, 192])
def test_columns_of_single_prices_are_those_of_m4(group: int) -> None:
    """https://github.com/predict-idlab/tsdownsample has its own M4: Jugel et al., VLDB 2014."""
    prices = np.random.default_rng(group).normal(size=group * 50)
    start_ns = START_NS - START_NS % (group * 60 * NANOS)
    rows = [(at, price, price, price, price) for at, price in enumerate(prices.tolist())]
    series = bars(*rows, start_ns=start_ns)
    axis = time_axis([series], Zoom(group, 1), 52, anchor_x=50)

    columns = columns_on(axis, series)

    picked = np.unique(M4Downsampler().downsample(prices, n_out=200))
    theirs = [prices[picked[picked // group == bin_]] for bin_ in range(50)]
    assert len(columns) == 50
    assert columns.open.tolist() == [part[0] for part in theirs]
    assert columns.high.tolist() == [part.max() for part in theirs]
    assert columns.low.tolist() == [part.min() for part in theirs]
    assert columns.close.tolist() == [part[-1] for part in theirs]


def test_markets_sampled_at_different_times_stand_where_their_times_are() -> None:
    one = bars((0, 1, 2, 1, 2), (1, 2, 3, 2, 3), (4, 3, 4, 3, 4))
    other = bars((1, 10, 20, 10, 20), (2, 20, 30, 20, 30))

    axis = time_axis([one, other], Zoom(1, 4), 40, anchor_x=36)

    assert (axis.keys - axis.keys[0]).tolist() == [0, 1, 2, 4]
    assert columns_on(axis, one).x.tolist() == [20, 24, 36]
    assert columns_on(axis, one).after_gap.tolist() == [False, False, True]
    assert columns_on(axis, other).x.tolist() == [24, 28]
    assert columns_on(axis, other).first.tolist() == [0, 1]


def test_a_following_axis_does_not_move_when_the_slower_market_catches_up() -> None:
    fast, slow = series_of(walk(101)), series_of(walk(100, seed=3))
    before = time_axis([slow, fast], Zoom(1, 4), 80, anchor_x=72)

    slow.append(int(fast.time_ns[-1]), 1.0, 2.0, 1.0, 2.0)
    after = time_axis([slow, fast], Zoom(1, 4), 80, anchor_x=72)

    assert after.keys.tolist() == before.keys.tolist()
    assert after.x.tolist() == before.x.tolist()


def test_closed_hours_take_their_place_where_they_are_to_be_seen() -> None:
    series = bars(*((number, 1, 2, 1, 2) for number in (0, 1, 2, 52, 53)))

    cut = time_axis([series], Zoom(1, 4), 200, anchor_x=196)
    whole = time_axis([series], Zoom(1, 4), 200, anchor_x=196, closed_hours=True)

    assert cut.x.tolist() == [172, 176, 180, 192, 196]
    assert cut.cut.tolist() == [0, 0, 0, 49, 0]
    assert whole.x.tolist() == [192, 196]
    assert not whole.cut.any()


def test_places_left_of_the_view_are_found_over_missing_time() -> None:
    numbers = [*range(40), *range(5000, 5020), *range(90_000, 90_100)]
    series = bars(*((number, 1, 2, 1, 2) for number in numbers))

    axis = time_axis([series], Zoom(1, 4), 80, anchor_x=72, lead=100)

    assert axis.lead == 100
    assert (axis.x[: axis.lead] <= -4).all()
    assert (axis.x[axis.lead :] > -4).all()
    assert (axis.keys - axis.keys[-1] + numbers[-1]).tolist() == numbers[-axis.lead - 19 :]


def test_bars_that_are_far_apart_fill_the_view() -> None:
    series = bars(*((number * 5000, 1, 2, 1, 2) for number in range(400)))

    axis = time_axis([series], Zoom(1, 4), 200, anchor_x=196)

    assert len(axis) == 200 // CUT_DOTS + 1
    assert axis.cut[1:].tolist() == [4999] * (len(axis) - 1)


@pytest.mark.parametrize("count", [1, 5, 90, 360, 361, 5000, 30_000])
def test_the_nearest_zoom_that_shows_all_of_a_series_is_found(count: int) -> None:
    series = series_of(walk(count))
    width = 360

    fit = fit_zoom(series, width)

    def is_whole(zoom: Zoom) -> bool:
        axis = time_axis([series], zoom, width, anchor_x=(width - zoom.dots) // 2 * 2)
        return columns_on(axis, series).volume.sum() == pytest.approx(series.volume.sum())

    assert is_whole(ZOOMS[fit])
    assert fit == 0 or not is_whole(ZOOMS[fit - 1])


def test_ten_million_bars_can_be_seen_at_once() -> None:
    assert ZOOMS[-1].bars * 100 > 10_000_000
    assert all(
        near.bars * far.dots < far.bars * near.dots for near, far in itertools.pairwise(ZOOMS)
    )


@pytest.mark.parametrize("period_s", [1, 60, 86_400, 7 * 86_400])
@pytest.mark.parametrize("zoom", ZOOMS[::3])
@pytest.mark.parametrize("closed_hours", [False, True])
def test_no_zoom_is_too_far_for_any_period(zoom: Zoom, period_s: int, closed_hours: bool) -> None:
    series = series_of(walk(2000, period_s=period_s, start_ns=0), period_s)

    axis = time_axis([series], zoom, 480, anchor_x=460, lead=30, closed_hours=closed_hours)

    columns = columns_on(axis, series)
    assert axis.zoom.bars <= zoom.bars
    assert columns.volume.sum() == pytest.approx(series.volume[int(columns.first[0]) :].sum())
    assert int(columns.start_ns[-1]) <= int(series.time_ns[-1])


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.just(1) | st.integers(1, 5), min_size=1, max_size=60),
    low=st.integers(-20, 80),
    bars_each=st.integers(1, 9),
    shift=st.integers(0, 59),
)
def test_bars_stand_where_a_search_finds_them_with_and_without_missing_time(
    steps: list[int], low: int, bars_each: int, shift: int
) -> None:
    times = START_NS + (np.cumsum(steps) * 60 + shift) * NANOS
    edges = START_NS + (low + np.arange(30) * bars_each) * 60 * NANOS

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.paint.columns._MANY", 0)
        found = columns_module._found(times, edges, 60 * NANOS)

    assert found.tolist() == times.searchsorted(edges).tolist()


def test_closed_hours_are_cut_and_quiet_minutes_are_not() -> None:
    day, quiet, night = range(26), range(56, 60), range(130, 140)
    series = bars(*((number, 1, 2, 1, 2) for number in (*day, *quiet, *night)))

    axis = time_axis([series], Zoom(1, 4), 800, anchor_x=700)
    whole = time_axis([series], Zoom(1, 4), 800, anchor_x=700, closed_hours=True)

    assert axis.cut[axis.cut > 0].tolist() == [70]
    assert np.diff(axis.x)[[25, 29]].tolist() == [31 * 4, CUT_DOTS]
    assert np.diff(whole.x)[[25, 29]].tolist() == [31 * 4, 71 * 4]
