"""Strokes to cells."""

from __future__ import annotations

import numpy as np

from tui.paint.cells import characters
from tui.paint.dots import changed_cells, packed, placed

UP, DOWN = 0, 1


def _text(masks: np.ndarray) -> list[str]:
    return ["".join(chr(code) for code in row) for row in characters(masks, "braille")]


def _column(*dots: int) -> np.ndarray:
    """Halves of one column of one dot and one row of cells, with those rows of dots set."""
    mask = sum((1, 2, 4, 0x40)[dot] for dot in dots)
    return np.array([[[mask]]], dtype=np.uint8)


def test_columns_stand_at_their_dots_and_what_is_outside_is_left_out() -> None:
    halves = np.concatenate([_column(0), _column(1), _column(2), _column(3)])
    kinds = np.zeros(4, dtype=np.uint8)

    grid = placed(halves, kinds, np.array([-1, 0, 3, 4]), 4)

    masks, _ = packed(grid, np.array([7]), 0, 2)
    assert _text(masks) == ["⠂⠠"]


def test_columns_side_by_side_are_placed_like_columns_apart() -> None:
    halves = np.concatenate([_column(row % 4) for row in range(6)]).reshape(3, 2, 1)
    kinds = np.array([0, 1, 0], dtype=np.uint8)
    for left in (-3, -1, 0, 1, 5, 40):
        together = placed(halves, kinds, left + np.array([0, 2, 4]), 8)
        apart = placed(
            np.concatenate([halves, halves[:1]]),
            np.append(kinds, kinds[:1]),
            left + np.array([0, 2, 4, 60]),
            8,
        )
        assert (together.halves == apart.halves).all()
        assert (together.kinds == apart.kinds).all()


def test_a_cell_takes_the_ink_of_most_of_its_dots_or_of_the_newer_half() -> None:
    halves = np.array([7, 1, 7, 7, 0, 1], dtype=np.uint8).reshape(6, 1, 1)
    kinds = np.array([UP, DOWN] * 3, dtype=np.uint8)

    _, styles = packed(placed(halves, kinds, np.arange(6), 6), np.array([10, 20]), 0, 3)

    assert styles.tolist() == [[10, 20, 20]]


def test_only_cells_that_differ_are_said_to_have_changed() -> None:
    halves = np.concatenate([_column(0)] * 8)
    kinds = np.zeros(8, dtype=np.uint8)
    before = placed(halves, kinds, np.arange(8), 8)

    halves[3] = _column(1)
    moved = placed(halves, kinds, np.arange(8), 8)
    kinds[6] = DOWN
    coloured = placed(halves, kinds, np.arange(8), 8)

    assert changed_cells(None, before) == (0, 4)
    assert changed_cells(before, before) == (0, 0)
    assert changed_cells(before, moved) == (1, 2)
    assert changed_cells(before, coloured) == (1, 4)
    assert changed_cells(before, placed(halves, kinds, np.arange(8), 6)) == (0, 3)
