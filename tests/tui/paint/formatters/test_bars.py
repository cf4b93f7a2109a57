"""Bars: stem, open and close."""

from __future__ import annotations

from tests.support.strokes import columns_of, drawn, text_of
from tui.paint.formatters import (
    DOWN,
    FLAT,
    UP,
)


def test_a_bar_of_four_dots_has_open_to_the_left_and_close_to_the_right() -> None:
    columns = columns_of(4, (0, 2.0, 3.0, 0.0, 1.0))

    strokes = drawn("bars", columns, 3.0)

    # The stem in the second column over all four rows, open in row 1, close in row 2.
    assert text_of(strokes, columns, 2) == ["⢺⠄"]
    assert strokes.kinds.tolist() == [DOWN]


def test_a_bar_of_two_dots_has_its_close_and_one_of_one_is_its_stem() -> None:
    two, one = columns_of(2, (0, 2, 3, 0, 1)), columns_of(1, (0, 2, 3, 0, 1))

    assert text_of(drawn("bars", two, 3.0), two, 1) == ["⡧"]
    # The minute is an odd one, so its dot is the right one of its cell.
    assert text_of(drawn("bars", one, 3.0), one, 1) == ["⢸"]


def test_wide_bars_have_wide_ticks() -> None:
    columns = columns_of(8, (0, 0.0, 3.0, 0.0, 3.0))

    strokes = drawn("bars", columns, 3.0)

    assert text_of(strokes, columns, 4) == ["⣀⣸⠉⠁"]
    assert strokes.kinds.tolist() == [UP]


def test_a_bar_in_which_nothing_moved_is_flat() -> None:
    assert drawn("bars", columns_of(4, (0, 1, 1, 1, 1)), 3.0).kinds.tolist() == [FLAT]


def test_bars_are_cut_at_the_edges_of_a_manual_range() -> None:
    columns = columns_of(4, (0, 5.0, 9.0, -9.0, 5.0), (1, 7.0, 8.0, 6.0, 7.0))

    assert text_of(drawn("bars", columns, 3.0), columns, 4) == ["⢸   "]
