"""Moving along time: what is held stays where it was, and nothing leads outside of the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feed.bars import Series
from engine.messages import Columns as BarColumns
from tests.support.bars import NANOS, START_NS, bars, series_of, walk
from tui.charts import chart_view
from tui.charts.chart_view import Pivot, Sight
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS, TimeAxis, columns_on, time_axis
from tui.paint.scene import View, layout_of

MINUTE = 60 * NANOS
EXACT = settings(deadline=None, derandomize=True, max_examples=60)


def sight_of(*series: Series, width: int = 100) -> Sight:
    return Sight(series, layout_of(width, 30, 8))


def axis_of(view: View, sight: Sight) -> TimeAxis:
    """Where all stands when that view is painted."""
    return time_axis(
        sight.series,
        view.scale,
        sight.layout.dots_wide,
        anchor_x=sight.layout.anchor_x(view.scale),
        anchor_ns=view.anchor_ns,
        closed_hours=view.closed_hours,
    )


def cell_of(view: View, sight: Sight, time_ns: int) -> int:
    """The cell in which the place of a time begins in that view."""
    axis = axis_of(view, sight)
    at = axis.keys.tolist().index(time_ns // axis.step_ns)
    return int(axis.x[at]) // 2


def edges_are_right(view: View, sight: Sight) -> bool:
    """There are bars at the right, and no more room left of the first one than the next place
    on would take away."""
    axis = axis_of(view, sight)
    anchor = axis.x // 2 == sight.layout.anchor_x(view.scale) // 2
    if not anchor.any():
        return False
    at = int(np.flatnonzero(anchor)[-1])
    is_first = axis.keys[0] == sight.oldest_ns // axis.step_ns
    if view.anchor_ns is None or at + 1 == len(axis) or not is_first:
        return True
    return bool(axis.x[0] - (axis.x[at + 1] - axis.x[at]) // 2 * 2 < 2)


@st.composite
def gappy(draw: st.DrawFn) -> Series:
    """Up to 3000 minute bars, with some missing here and there, and sometimes for days."""
    steps = draw(st.lists(st.sampled_from([1] * 60 + [2, 5, 40, 5000]), min_size=1, max_size=60))
    repeats = draw(st.integers(1, 50))
    numbers = np.cumsum(np.tile(steps, repeats))
    columns = walk(len(numbers))
    times = START_NS + numbers * MINUTE
    return series_of(
        BarColumns(
            time_ns=times, open=columns.open, high=columns.high, low=columns.low,
            close=columns.close, volume=columns.volume, trades=columns.trades,
        )
    )  # fmt: skip


views = st.builds(
    lambda zoom, share, closed: (zoom, share, closed),
    st.integers(0, 20), st.floats(0, 1), st.booleans(),
)  # fmt: skip


def _view(drawn: tuple[int, float, bool], sight: Sight) -> View:
    """Some view that can be come to."""
    zoom, share, closed = drawn
    series = sight.bars
    start = View(zoom=zoom, closed_hours=closed)
    at = int(share * (len(series) - 1))
    return chart_view.panned(start, sight, -((len(series) - 1 - at) // start.scale.bars))


# -- pan -----------------------------------------------------------------------------------------


@EXACT
@given(gappy(), views, st.integers(-400, 400))
def test_panning_stays_inside_the_data(
    series: Series, drawn: tuple[int, float, bool], columns: int
) -> None:
    sight = sight_of(series)
    view = chart_view.panned(_view(drawn, sight), sight, columns)

    assert edges_are_right(view, sight)


@EXACT
@given(gappy(), views, st.integers(1, 300))
def test_panning_always_gets_on_until_the_end(
    series: Series, drawn: tuple[int, float, bool], columns: int
) -> None:
    sight = sight_of(series)
    view = _view(drawn, sight)
    newer = chart_view.panned(view, sight, columns)
    older = chart_view.panned(view, sight, -columns)

    assert newer.anchor_ns is None or newer.anchor_ns > (view.anchor_ns or 0)
    if older.anchor_ns == view.anchor_ns or older.anchor_ns is None:
        assert axis_of(older, sight).keys[0] == series.time_ns[0] // axis_of(older, sight).step_ns


@EXACT
@given(st.integers(300, 3000), st.integers(1, 100), st.integers(0, 8))
def test_without_gaps_panning_back_and_on_again_returns(
    count: int, columns: int, zoom: int
) -> None:
    sight = sight_of(series_of(walk(count)), width=60)
    start = chart_view.panned(View(zoom=zoom), sight, -20)
    there = chart_view.panned(start, sight, -columns)
    back = chart_view.panned(there, sight, columns)

    room = chart_view.room(start, sight.layout)
    assert back == start or count - 20 - columns < room + 2


@EXACT
@given(gappy(), views, st.integers(0, 90), st.integers(-90, 90))
def test_what_is_dragged_follows_the_mouse(
    series: Series, drawn: tuple[int, float, bool], cell: int, cells: int
) -> None:
    sight = sight_of(series)
    view = _view(drawn, sight)
    pivot = chart_view.pivot_at(columns_on(axis_of(view, sight), series), cell)
    assert pivot is not None
    moved = chart_view.dragged(view, sight, pivot, cells)

    assert edges_are_right(moved, sight)
    assert chart_view.dragged(view, sight, pivot, 0) == chart_view.dragged(
        chart_view.dragged(view, sight, pivot, 0), sight, pivot, 0
    )


@EXACT
@given(st.integers(2000, 4000), st.integers(-60, 60), st.integers(3, 11), st.integers(20, 70))
def test_a_bar_that_is_dragged_stays_under_the_mouse(
    count: int, cells: int, zoom: int, cell: int
) -> None:
    series = series_of(walk(count))
    sight = sight_of(series)
    view = chart_view.centred(View(zoom=zoom), sight, int(series.time_ns[count // 2]))
    pivot = chart_view.pivot_at(columns_on(axis_of(view, sight), series), cell)
    assert pivot is not None
    moved = chart_view.dragged(view, sight, pivot, cells)

    target = pivot.cell + cells
    if moved.anchor_ns is not None and 0 <= target < sight.layout.plot_width:
        # As near as whole bars allow.
        assert abs(cell_of(moved, sight, pivot.time_ns) - target) <= view.scale.dots // 4 + 1


# -- zoom ----------------------------------------------------------------------------------------


@EXACT
@given(st.integers(3000, 5000), st.integers(-6, 6), st.integers(10, 75), st.integers(4, 9))
def test_zooming_about_a_bar_keeps_it_where_it_is(
    count: int, steps: int, cell: int, zoom: int
) -> None:
    series = series_of(walk(count))
    sight = sight_of(series)
    view = chart_view.centred(View(zoom=zoom), sight, int(series.time_ns[count // 2]))
    pivot = chart_view.pivot_at(columns_on(axis_of(view, sight), series), cell)
    assert pivot is not None
    nearer = chart_view.zoomed(view, sight, steps, pivot)

    assert nearer.zoom == chart_view.zoom_level(zoom, steps)
    if nearer.anchor_ns is not None:
        far = abs(cell_of(nearer, sight, pivot.time_ns) - pivot.cell)
        assert far <= nearer.scale.dots // 4 + 1


@EXACT
@given(gappy(), views, st.integers(-9, 9), st.integers(0, 95))
def test_zooming_stays_inside_the_data(
    series: Series, drawn: tuple[int, float, bool], steps: int, cell: int
) -> None:
    sight = sight_of(series)
    view = _view(drawn, sight)
    pivot = chart_view.pivot_at(columns_on(axis_of(view, sight), series), cell)

    assert edges_are_right(chart_view.zoomed(view, sight, steps, pivot), sight)
    assert edges_are_right(chart_view.zoomed(view, sight, steps), sight)


@EXACT
@given(st.integers(3000, 5000), st.integers(1, 5), st.integers(0, 95), st.floats(0.2, 1))
def test_zooming_in_and_out_again_about_one_bar_returns(
    count: int, steps: int, cell: int, share: float
) -> None:
    series = series_of(walk(count))
    sight = sight_of(series)
    view = _view((9, share, False), sight)
    pivot = chart_view.pivot_at(columns_on(axis_of(view, sight), series), cell)
    there = view
    for _ in range(steps):
        there = chart_view.zoomed(there, sight, 1, pivot)
    for _ in range(steps):
        there = chart_view.zoomed(there, sight, -1, pivot)

    before, after = axis_of(view, sight), axis_of(there, sight)
    assert (after.x.tolist(), after.keys.tolist()) == (before.x.tolist(), before.keys.tolist())


def test_while_it_follows_zooming_without_a_pivot_goes_on_following() -> None:
    sight = sight_of(series_of(walk(2000)))

    for steps in range(-20, 20):
        assert chart_view.zoomed(View(), sight, steps).anchor_ns is None


def test_at_the_last_level_there_is_nothing_to_zoom() -> None:
    sight = sight_of(series_of(walk(200)))
    view = View(zoom=0, anchor_ns=START_NS + 150 * MINUTE)

    assert chart_view.zoomed(view, sight, 1) is view
    assert chart_view.zoomed(view, sight, 1, Pivot(START_NS, 5)) is view
    assert chart_view.zoom_level(3, -1000) == len(ZOOMS) - 1


@EXACT
@given(gappy(), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_a_range_that_is_zoomed_to_fits_and_no_nearer_one_does(
    series: Series, one: float, other: float, closed: bool
) -> None:
    sight = sight_of(series)
    first, last = sorted((int(one * (len(series) - 1)), int(other * (len(series) - 1))))
    first_ns, last_ns = int(series.time_ns[first]), int(series.time_ns[last])
    start = View(closed_hours=closed)
    view = chart_view.zoomed_to(start, sight, last_ns, first_ns)

    cells = (cell_of(view, sight, first_ns), cell_of(view, sight, last_ns))
    assert 0 <= cells[0] <= cells[1] <= sight.layout.anchor_x(view.scale) // 2
    if view.zoom:
        nearer = chart_view.zoomed(view, sight, 1)._replace(anchor_ns=last_ns)
        axis = axis_of(nearer, sight)
        at = axis.keys.searchsorted(first_ns // axis.step_ns)
        assert axis.keys[0] > first_ns // axis.step_ns or axis.x[at] < 0


@EXACT
@given(gappy())
def test_fitting_all_shows_the_first_and_the_newest_bar(series: Series) -> None:
    sight = sight_of(series)
    view = chart_view.fitted(View(), sight)
    columns = columns_on(axis_of(view, sight), series)

    assert view.anchor_ns is None
    assert chart_view.visible_range(series, columns) == (
        int(series.time_ns[0]),
        int(series.time_ns[-1]),
    )
    assert columns.x[0] >= 0


@pytest.mark.parametrize(("factor", "zoom"), [(1.0, 5), (2.0, 3), (0.5, 7), (1e9, 0), (0.51, 7)])
def test_stretching_takes_the_nearest_level(factor: float, zoom: int) -> None:
    sight = sight_of(series_of(walk(500)))

    assert chart_view.stretched(View(zoom=5), sight, factor).zoom == zoom


# -- places --------------------------------------------------------------------------------------


@EXACT
@given(gappy(), views, st.floats(-0.2, 1.2))
def test_what_is_looked_at_is_in_view(
    series: Series, drawn: tuple[int, float, bool], share: float
) -> None:
    sight = sight_of(series)
    start, end = int(series.time_ns[0]), int(series.time_ns[-1])
    time_ns = start + int(share * (end - start))
    view = chart_view.centred(_view(drawn, sight), sight, time_ns)

    bar = int(series.time_ns[chart_view.index_at(series, time_ns)])
    assert edges_are_right(view, sight)
    assert 0 <= cell_of(view, sight, bar) < sight.layout.plot_width


def test_a_bar_with_room_on_both_sides_is_put_into_the_middle() -> None:
    series = series_of(walk(3000))
    sight = sight_of(series)
    view = chart_view.centred(View(), sight, int(series.time_ns[1500]) + 5)

    middle = sight.layout.anchor_x(view.scale) // 4
    assert abs(cell_of(view, sight, int(series.time_ns[1500])) - middle) <= 1


def test_the_visible_range_is_of_whole_bars_also_from_afar() -> None:
    series = series_of(walk(3000))
    sight = sight_of(series)
    view = View(zoom=DEFAULT_ZOOM + 6)
    columns = columns_on(axis_of(view, sight), series)
    seen = chart_view.visible_range(series, columns)

    assert seen is not None
    assert seen[1] == series.time_ns[-1]
    assert seen[0] == series.time_ns[int(columns.first[0])]
    assert chart_view.visible_range(series, columns.part(0, 0)) is None


def test_nothing_stands_where_no_bar_is() -> None:
    series = bars(*((number, 1, 2, 0.5, 1) for number in (0, 1, 2, 8, 9)))
    sight = sight_of(series)
    columns = columns_on(axis_of(View(), sight), series)
    last = int(columns.x[-1]) // 2

    assert chart_view.bar_at(columns, last) == 4
    assert chart_view.bar_at(columns, last - 4) is None
    assert chart_view.bar_at(columns, last + 5) is None
    assert chart_view.bar_at(columns, 0) is None
    assert chart_view.pivot_at(columns, 0) == Pivot(START_NS, int(columns.x[0]) // 2)
    assert chart_view.pivot_at(columns.part(0, 0), 0) is None


def test_overlays_are_part_of_what_there_is_to_see() -> None:
    own = series_of(walk(100, start_ns=START_NS + 5000 * MINUTE))
    other = series_of(walk(6000, seed=2))
    sight = sight_of(own, other)
    view = chart_view.fitted(View(), sight)
    axis = axis_of(view, sight)

    assert sight.oldest_ns == START_NS
    assert sight.newest_ns == other.time_ns[-1]
    assert axis.keys[0] == START_NS // axis.step_ns
    assert axis.keys[-1] == other.time_ns[-1] // axis.step_ns


def test_a_reset_view_follows_at_the_usual_zoom() -> None:
    view = View(zoom=1, anchor_ns=5, mark_ns=7, is_locked=True, style="area")

    assert chart_view.reset(view) == View(style="area")
