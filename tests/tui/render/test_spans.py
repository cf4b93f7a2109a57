"""What changed on a screen, cut into spans."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tui.render.grid import CODE_MASK, PEN_SHIFT, CellGrid, Clusters
from tui.render.pens import Pen, PenBook
from tui.render.spans import (
    ERASED_INSIDE,
    ERASED_TO_EDGE,
    Work,
    find_work,
    whole_characters,
)

PENS = PenBook()
RED, GREEN, ON_BLUE = (PENS.number(Pen(0, *colours)) for colours in (("31",), ("32",), ("", "44")))
ALL_ERASE = np.ones(8, dtype=bool)


def screen(*texts: tuple[int, int, str, int], width: int = 30, height: int = 3) -> np.ndarray:
    grid = CellGrid(width, height, PENS, Clusters())
    for row, column, text, pen in texts:
        grid.write(row, column, text, pen)
    return grid.cells


def work_of(wanted: np.ndarray, changed: np.ndarray, erases: np.ndarray = ALL_ERASE) -> Work:
    return find_work(wanted, changed, PENS, erases)


def everywhere(wanted: np.ndarray) -> np.ndarray:
    return np.ones_like(wanted, dtype=bool)


def cut(work: Work) -> list[tuple[int, int, int, int, bool]]:
    return [(span.row, span.start, span.stop, span.pen, span.is_blank) for span in work.spans]


def test_nothing_that_changed_is_no_work() -> None:
    wanted = screen()

    work = work_of(wanted, np.zeros_like(wanted, dtype=bool))

    assert (work.rows, work.spans) == ([], [])


def test_words_of_one_pen_are_one_span_with_the_blanks_between_them() -> None:
    wanted = screen((1, 3, "up and down", RED))
    changed = np.zeros_like(wanted, dtype=bool)
    changed[1, 3:14] = True

    assert cut(work_of(wanted, changed)) == [(1, 3, 14, RED, False)]


def test_each_pen_is_a_span_and_a_blank_goes_with_what_stands_beside_it() -> None:
    wanted = screen((0, 0, "ab ", RED), (0, 3, "cd", GREEN))
    changed = np.zeros_like(wanted, dtype=bool)
    changed[0, :5] = True

    (first, second) = cut(work_of(wanted, changed))

    assert (first[:2], second[2:]) == ((0, 0), (5, GREEN, False))
    assert first[2] == second[1]
    assert first[3] == RED


def test_blanks_of_another_ground_are_not_written_in_the_pen_beside_them() -> None:
    wanted = screen((0, 0, "ab", RED), (0, 2, "  ", ON_BLUE), (0, 4, "cd", RED))
    changed = np.zeros_like(wanted, dtype=bool)
    changed[0, :6] = True

    assert cut(work_of(wanted, changed)) == [
        (0, 0, 2, RED, False),
        (0, 2, 4, ON_BLUE, True),
        (0, 4, 6, RED, False),
    ]


def test_blanks_up_to_the_edge_are_a_span_of_their_own_sooner_than_those_between() -> None:
    words = "a" + " " * (ERASED_INSIDE - 1) + "b"
    wanted = screen((0, 0, "a", RED), (1, 0, words, RED), (1, 20, "stays", RED))
    changed = np.zeros_like(wanted, dtype=bool)
    changed[0, :] = True
    changed[1, : ERASED_INSIDE + 1] = True

    spans = cut(work_of(wanted, changed))

    assert [(span[:3], span[4]) for span in spans] == [
        ((0, 0, 1), False),
        ((0, 1, 30), True),
        ((1, 0, ERASED_INSIDE + 1), False),
    ]
    assert ERASED_TO_EDGE < ERASED_INSIDE


def test_long_blanks_are_written_where_the_terminal_cannot_erase() -> None:
    wanted = screen((0, 0, "a", RED))
    changed = np.zeros_like(wanted, dtype=bool)
    changed[0, :] = True

    work = work_of(wanted, changed, np.zeros(8, dtype=bool))

    assert cut(work) == [(0, 0, 30, RED, False)]


def test_a_character_of_two_cells_changes_as_a_whole() -> None:
    wanted = screen((0, 4, "取引", RED))
    for half in (4, 5):
        changed = np.zeros_like(wanted, dtype=bool)
        changed[0, half] = True

        assert whole_characters(changed, wanted)[0].nonzero()[0].tolist() == [4, 5]


def test_one_of_one_cell_does_not_take_its_neighbours_along() -> None:
    wanted = screen((0, 4, "abc", RED))
    changed = np.zeros_like(wanted, dtype=bool)
    changed[0, 5] = True

    assert whole_characters(changed, wanted).nonzero()[1].tolist() == [5]


TEXTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 29),
        st.text("ab   ", min_size=1, max_size=16),
        st.sampled_from([0, RED, GREEN, ON_BLUE]),
    ),
    max_size=8,
)


@given(TEXTS, st.lists(st.booleans(), min_size=90, max_size=90), st.booleans())
def test_spans_are_the_cells_that_changed_each_once_and_look_as_they_should(
    texts: list[tuple[int, int, str, int]], marks: list[bool], can_erase: bool
) -> None:
    wanted = screen(*texts)
    changed = np.array(marks).reshape(wanted.shape)

    work = work_of(wanted, changed, ALL_ERASE & can_erase)

    times = np.zeros_like(changed, dtype=int)
    for span in work.spans:
        times[span.row, span.start : span.stop] += 1
        cells = wanted[span.row, span.start : span.stop]
        blanks = (cells & CODE_MASK) == ord(" ")
        pens = (cells >> PEN_SHIFT).astype(int)
        assert span.is_blank == blanks.all()
        assert (pens[~blanks] == span.pen).all()
        assert (PENS.ground[pens[blanks]] == PENS.ground[span.pen]).all()
        assert work.rows[span.line] == span.row
    assert np.array_equal(times, changed)
