"""Where the charts of a grid stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.charts.panes import GRIDS
from tui.widgets.chart_grid import LEAST_HEIGHT, LEAST_WIDTH, fitting, places

sizes = st.tuples(st.integers(1, 300), st.integers(1, 120))


@given(sizes, st.sampled_from(GRIDS))
def test_charts_share_all_cells_and_none_twice(size: tuple[int, int], count: int):
    width, height = size
    taken = [
        (x, y)
        for region in places(width, height, count)
        for x in range(region.x, region.right)
        for y in range(region.y, region.bottom)
    ]

    assert len(taken) in (0, width * height)
    assert len(set(taken)) == len(taken)


@given(sizes, st.sampled_from(GRIDS))
def test_several_charts_have_room_or_are_not_there(size: tuple[int, int], count: int):
    regions = places(*size, count)
    if count > 1:
        assert all(one.width >= LEAST_WIDTH and one.height >= LEAST_HEIGHT for one in regions)
    assert len(regions) in (0, count)


@pytest.mark.parametrize(
    ("size", "fits"),
    [((80, 22), 4), ((83, 24), 4), ((120, 36), 6), ((120, 33), 6), ((40, 10), 1), ((70, 12), 2)],
)
def test_the_largest_grid_that_has_room_is_shown(size: tuple[int, int], fits: int):
    assert fitting(*size, 6) == fits


@given(sizes, st.sampled_from(GRIDS))
def test_no_more_charts_are_shown_than_were_asked_for(size: tuple[int, int], count: int):
    assert 1 <= fitting(*size, count) <= count


def test_two_charts_stand_side_by_side_where_they_are_wide_enough_and_else_on_each_other():
    assert [region.y for region in places(120, 36, 2)] == [0, 0]
    assert [region.x for region in places(83, 24, 2)] == [0, 0]
    assert [region.y for region in places(83, 17, 2)] == [0, 0]
