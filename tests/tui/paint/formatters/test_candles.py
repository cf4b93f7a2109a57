"""Candles: body and wick."""

from __future__ import annotations

from tests.support.strokes import columns_of, drawn, text_of, unpacked
from tui.paint.formatters import (
    DOWN,
    UP,
    formatter_for,
)
from tui.paint.scales import PriceScale


def test_a_candle_has_a_body_and_a_wick_in_the_middle_of_it() -> None:
    columns = columns_of(4, (0, 2.0, 3.0, 0.0, 1.0), (1, 1.0, 3.0, 0.0, 2.0))

    strokes = drawn("candles", columns, 3.0)

    assert text_of(strokes, columns, 4) == ["⢾⠆⢾⠆"]
    assert strokes.kinds.tolist() == [DOWN, UP]


def test_a_candle_that_rose_is_hollow_where_colours_do_not_say_it() -> None:
    columns = columns_of(6, (0, 0.5, 7.0, 0.0, 6.0), (1, 6.0, 7.0, 0.0, 0.5))

    strokes = formatter_for("candles", is_hollow=True).update(columns, PriceScale(0.0, 7.0), 2)

    rose, fell = strokes.halves
    assert unpacked(rose) == [
        list(range(1, 7)), [1, 6], [0, 1, 6, 7], [1, 6], list(range(1, 7)), []
    ]  # fmt: skip
    assert unpacked(fell) == [
        *[list(range(1, 7))] * 2, list(range(8)), *[list(range(1, 7))] * 2, []
    ]  # fmt: skip


def test_a_candle_that_closed_where_it_opened_is_a_dash_on_its_wick() -> None:
    (halves,) = drawn("candles", columns_of(4, (0, 1.0, 3.0, 0.0, 1.0)), 3.0).halves

    assert unpacked(halves) == [[2], [0, 1, 2, 3], [2], []]


def test_in_one_dot_only_the_wick_is_left() -> None:
    (halves,) = drawn("candles", columns_of(1, (0, 2.0, 3.0, 0.0, 1.0)), 3.0).halves

    assert unpacked(halves) == [[0, 1, 2, 3]]
