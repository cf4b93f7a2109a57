"""Labels that make room for each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.paint.axis import spread_out


def test_labels_that_do_not_meet_stay_where_they_are() -> None:
    assert spread_out([1, 4, 9], [1, 1, 1], 10) == [1, 4, 9]


def test_labels_of_one_row_share_the_way() -> None:
    assert spread_out([5, 5, 5], [1, 1, 1], 20) == [4, 5, 6]


def test_a_heavy_label_holds_on_to_its_row() -> None:
    assert spread_out([5, 5, 5], [1, 20, 1], 20) == [4, 5, 6]
    assert spread_out([5, 5], [20, 1], 20) == [5, 6]
    assert spread_out([5, 5], [1, 20], 20) == [4, 5]


def test_labels_at_the_edges_stay_inside() -> None:
    assert spread_out([0, 0, 0], [1, 1, 1], 3) == [0, 1, 2]
    assert spread_out([9, 9], [1, 1], 10) == [8, 9]


@given(
    rows=st.integers(1, 40),
    data=st.data(),
)
def test_labels_never_overlap_are_never_cut_off_and_keep_their_order(
    rows: int, data: st.DataObject
) -> None:
    wanted = sorted(data.draw(st.lists(st.integers(0, rows - 1), max_size=rows)))
    weights = [data.draw(st.sampled_from([1.0, 20.0, 50.0])) for _ in wanted]

    placed = spread_out(wanted, weights, rows)

    assert placed == sorted(set(placed))
    assert all(0 <= row < rows for row in placed)
    if len(set(wanted)) == len(wanted):
        assert placed == wanted
