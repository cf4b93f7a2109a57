"""A price's course in one row."""

from __future__ import annotations

import numpy as np

from tui.paint.sparkline import sparkline


def test_it_goes_from_lowest_to_highest() -> None:
    assert sparkline(np.arange(8.0), 8, "blocks") == "▁▂▃▄▅▆▇█"


def test_fewer_values_than_columns_stand_at_the_right() -> None:
    assert sparkline(np.array([1.0, 2.0]), 5, "blocks") == "   ▁█"


def test_a_price_that_does_not_move_is_a_line_in_the_middle() -> None:
    assert sparkline(np.full(3, 5.0), 3, "blocks") == "▄▄▄"


def test_no_extreme_is_lost_where_values_share_a_column() -> None:
    values = np.zeros(100)
    values[37], values[71] = 5.0, -5.0

    drawn = sparkline(values, 10, "blocks")

    assert len(drawn) == 10
    assert drawn.count("█") == 1
    assert drawn.count("▁") == 1


def test_the_newest_value_is_in_the_last_column() -> None:
    values = np.zeros(101)
    values[-1] = 9.0

    assert sparkline(values, 10, "blocks")[-1] == "█"


def test_what_is_not_known_leaves_a_blank() -> None:
    assert sparkline(np.array([1.0, np.nan, 2.0]), 3, "blocks") == "▁ █"
    assert sparkline(np.full(4, np.nan), 3) == "   "
    assert sparkline(np.array([]), 3) == "   "
    assert sparkline(np.arange(3.0), 0) == ""


def test_ascii_is_ascii() -> None:
    assert sparkline(np.arange(8.0), 8, "ascii").isascii()


def test_braille_draws_a_line_without_holes_through_two_values_a_cell() -> None:
    assert sparkline(np.array([0.0, 1.0, 2.0, 3.0]), 2) == "⡠⠊"
    assert sparkline(np.array([0.0, 3.0, 0.0, 3.0]), 2) == "⡸⡾"
    assert sparkline(np.array([5.0, 5.0]), 2) == " ⠤"


def test_a_braille_line_stops_where_nothing_is_known() -> None:
    assert sparkline(np.array([0.0, np.nan, 3.0, 3.0]), 2) == "⡀⠉"
    assert sparkline(np.full(4, np.nan), 2) == "  "
