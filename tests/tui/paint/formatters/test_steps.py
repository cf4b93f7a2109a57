"""Steps: level at each close."""

from __future__ import annotations

from tests.support.strokes import columns_of, drawn, text_of, unpacked


def test_it_is_level_at_the_close_and_upright_in_between() -> None:
    columns = columns_of(4, (0, 3.0, 3.0, 0.0, 0.0), (1, 0.0, 3.0, 0.0, 3.0))

    strokes = drawn("steps", columns, 3.0)

    assert text_of(strokes, columns, 4) == ["⣀⣀⠏⠉"]


def test_what_the_price_did_before_its_close_is_not_drawn_where_there_is_room() -> None:
    (wild,) = drawn("steps", columns_of(3, (0, 1.0, 3.0, 0.0, 2.0)), 3.0).halves
    (calm,) = drawn("steps", columns_of(3, (0, 2.0, 2.0, 2.0, 2.0)), 3.0).halves

    assert unpacked(wild[None]) == unpacked(calm[None]) == [[1], [1], [1]]


def test_in_one_dot_it_shows_all_that_the_price_did() -> None:
    (halves,) = drawn("steps", columns_of(1, (0, 1.0, 3.0, 0.0, 2.0)), 3.0).halves

    assert unpacked(halves[None]) == [[0, 1, 2, 3]]


def test_it_does_not_lead_over_missing_time() -> None:
    columns = columns_of(2, (0, 0, 0, 0, 0), (2, 3, 3, 3, 3))

    assert text_of(drawn("steps", columns, 3.0), columns, 3) == ["⣀ ⠉"]
