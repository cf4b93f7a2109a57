from __future__ import annotations

import numpy as np
import pytest

from tui.render.grid import UNKNOWN
from tui.render.shift import Shift, find_shift, shifted


def picture(height: int = 12, width: int = 90) -> np.ndarray:
    return np.random.default_rng(11).integers(0x2801, 0x28FF, (height, width)).astype(np.uint64)


@pytest.mark.parametrize("by", [-16, -2, -1, 1, 3, 16])
def test_a_block_that_moved_is_found(by):
    held = picture()
    wanted = held.copy()
    wanted[3:10, 20:80] = np.roll(held[3:10, 20:80], by, axis=1)

    shift = find_shift(held, wanted, held != wanted)

    assert shift is not None
    assert shift.columns == by
    assert shift.rows == list(range(3, 10))
    # A cell beside the block may match by chance, and then goes along.
    assert 17 <= shift.left <= 20
    assert 80 <= shift.right <= 83


@pytest.mark.parametrize("by", [-2, 3])
def test_what_a_shift_exposes_is_unknown_and_the_rest_is_moved(by):
    held = picture()
    shift = Shift([1, 2], 10, 50, by)

    moved = shifted(held, shift)

    expected = np.roll(held[1:3, 10:50], by, axis=1)
    expected[:, slice(by, None) if by < 0 else slice(0, by)] = UNKNOWN
    assert (moved == expected).all()


def test_a_few_changed_cells_are_no_shift():
    held = picture()
    wanted = held.copy()
    wanted[4, 20:40] = np.roll(held[4, 20:40], -1)

    assert find_shift(held, wanted, held != wanted) is None


def test_another_picture_is_no_shift():
    held = picture()
    wanted = held[::-1, ::-1].copy()

    assert find_shift(held, wanted, held != wanted) is None


def test_a_terminal_unknown_is_no_shift():
    wanted = picture()
    held = np.full_like(wanted, UNKNOWN)

    assert find_shift(held, wanted, held != wanted) is None
