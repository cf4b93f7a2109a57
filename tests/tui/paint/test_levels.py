"""Marked prices: what each kind looks like, and its line in dots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.paint.cells import DOTS_Y, characters
from tui.paint.levels import LOOKS, Level, by_rank, line_masks, look_of, row_masks
from tui.paint.theme import ROLES

LINES = {kind: look for kind, look in LOOKS.items() if look.pattern}


def _drawn(row: int, pattern: str, width: int) -> np.ndarray:
    """The dots that `row_masks` set, as a grid."""
    masks = row_masks(row, pattern, width)
    text = "".join(chr(code) for code in characters(masks, "braille")[0])
    dots = np.zeros((DOTS_Y, width), dtype=bool)
    bits = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    for cell, char in enumerate(text):
        mask = 0 if char == " " else ord(char) - 0x2800
        for y in range(DOTS_Y):
            for x in range(2):
                dots[y, 2 * cell + x] = bool(mask & bits[y][x])
    return dots


def test_no_two_kinds_share_a_mark_a_place_or_their_line() -> None:
    for told_by in ("mark", "ascii_mark", "rank"):
        values = [getattr(look, told_by) for look in LOOKS.values()]
        assert len(set(values)) == len(values), told_by
    lines = [(look.pattern, look.is_double) for look in LINES.values()]
    assert len(set(lines)) == len(lines)


def test_patterns_repeat_differently_and_not_only_begin_differently() -> None:
    drawn = [row_masks(0, look.pattern, 80).tobytes() for look in LINES.values()]

    assert len(set(drawn)) == len(drawn) - 1  # working and position: one line and two


@pytest.mark.parametrize("kind", LOOKS)
def test_a_look_can_be_drawn_in_every_theme_and_terminal(kind: str) -> None:
    look = LOOKS[kind]

    assert look.role in ROLES
    assert set(look.pattern) <= set("01")
    assert len(look.mark) == len(look.ascii_mark) == 1
    assert look.ascii_mark.isascii()


def test_an_order_nobody_knows_is_drawn_as_unknown() -> None:
    assert look_of("working") is LOOKS["working"]
    assert look_of("odd") is look_of("") is LOOKS["unknown"]


def test_what_would_be_sent_is_over_all_and_the_present_over_what_rests() -> None:
    kinds = [level.kind for level in by_rank([Level(1.0, kind) for kind in LOOKS])]

    assert kinds[-1] == "staged"
    assert min(kinds.index(kind) for kind in ("last", "bid", "ask")) > kinds.index("working")


def test_an_automatic_range_follows_the_present_and_what_is_staged_alone() -> None:
    assert {kind for kind, look in LOOKS.items() if look.is_followed} == {
        *("staged", "last", "bid", "ask"),
    }


def test_each_kind_that_a_level_can_be_of_has_a_look_of_its_own() -> None:
    kinds = [
        *("bid", "ask", "last", "position", "breakeven", "staged", "unacked"),
        *("working", "dark", "triggered", "unknown", "alert"),
    ]

    assert set(LOOKS) == set(kinds)
    assert all(look_of(kind).role == kind for kind in kinds)
    assert [kind for kind in kinds if look_of(kind).is_double] == ["position"]


def test_levels_of_one_rank_keep_their_order() -> None:
    levels = [Level(3.0, "working"), Level(1.0, "working"), Level(2.0, "alert")]

    assert by_rank(levels) == [levels[2], levels[0], levels[1]]
    assert by_rank([]) == []


@given(
    row=st.integers(0, DOTS_Y - 1),
    pattern=st.text("01", min_size=1, max_size=9),
    cells=st.integers(1, 30),
)
def test_a_pattern_is_repeated_in_one_row_of_dots(row: int, pattern: str, cells: int) -> None:
    dots = _drawn(row, pattern, cells * 2)
    wanted = [pattern[x % len(pattern)] == "1" for x in range(cells * 2)]

    assert dots[row].tolist() == wanted
    assert not np.delete(dots, row, axis=0).any()


@given(row=st.integers(-12, 60), kind=st.sampled_from(sorted(LINES)), rows=st.integers(1, 12))
def test_a_line_stays_in_the_grid_and_in_its_row_of_dots(row: int, kind: str, rows: int) -> None:
    look, height = LOOKS[kind], rows * DOTS_Y
    lines = line_masks(row, look, 20, height)
    wanted = [at for at in ((row, row + 2) if look.is_double else (row,)) if 0 <= at < height]

    assert [cell for cell, _ in lines] == [at // DOTS_Y for at in wanted]
    for (_, masks), at in zip(lines, wanted, strict=True):
        assert masks.shape == (1, 10)
        assert masks is row_masks(at % DOTS_Y, look.pattern, 20)


def test_a_price_of_the_market_has_a_label_and_no_line() -> None:
    for kind in ("last", "bid", "ask"):
        assert line_masks(3, LOOKS[kind], 20, 8) == []
