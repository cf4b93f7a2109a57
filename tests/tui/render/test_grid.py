from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len, get_character_cell_size

from tui.render.grid import _ONE_CELL, BLANK, CODE_MASK, CONTINUED, CellGrid, Clusters, cells_of
from tui.render.pens import Pen, PenBook


def grid(width: int = 10, height: int = 2) -> CellGrid:
    return CellGrid(width, height, PenBook(), Clusters())


def text_of(grid: CellGrid, row: int = 0) -> str:
    return "".join(grid.clusters.text(int(code)) for code in grid.cells[row] & CODE_MASK)


def codes(text: str) -> list[int]:
    return (cells_of([(text, 0)], PenBook(), Clusters()) & CODE_MASK).tolist()


def test_characters_of_two_cells_take_two():
    assert codes("a日b") == [ord("a"), ord("日"), CONTINUED, ord("b")]


@pytest.mark.parametrize("text", ["e\u0301", "👩\u200d🚀", "🇩🇪", "❤\ufe0f", "ก็"])
def test_what_is_made_of_several_code_points_keeps_its_width_and_its_text(text):
    clusters = Clusters()
    cells = cells_of([(text, 0)], PenBook(), clusters) & CODE_MASK

    assert len(cells) == cell_len(text)
    assert "".join(clusters.text(int(code)) for code in cells) == text


def test_control_characters_draw_nothing():
    assert codes("a\x1b\tb\x9b\x7f") == [ord("a"), ord("b")]


def test_accents_without_a_letter_draw_nothing():
    assert codes("\u0301a") == [ord("a")]


def test_characters_taken_for_one_cell_take_one_cell():
    for code in np.flatnonzero(_ONE_CELL).tolist():
        assert get_character_cell_size(chr(code)) == 1, hex(code)


def test_half_of_a_wide_character_written_over_leaves_a_blank():
    right, left = grid(), grid()
    for each in (right, left):
        each.write(0, 2, "日", 0)

    right.write(0, 3, "x", 0)
    left.write(0, 2, "x", 0)

    assert text_of(right) == "   x      "
    assert text_of(left) == "  x       "


def test_a_wide_character_that_does_not_fit_is_a_blank():
    cut = grid(4)

    cut.write(0, 3, "日", 0)

    assert text_of(cut) == "    "
    assert not (cut.cells & CODE_MASK == CONTINUED).any()


def test_text_is_cut_at_the_right_edge():
    cut = grid(4)

    cut.write(1, 2, "hello", 0)
    cut.write(1, 9, "hello", 0)

    assert text_of(cut, 1) == "  he"


def test_blanks_are_in_the_pen_of_their_background():
    each = grid()
    bold = each.pens.number(Pen(1, "31", "44"))

    each.write(0, 0, "a b", bold)

    bare = each.pens.number(Pen(background="44"))
    assert (each.cells[0, :3] >> np.uint64(32)).tolist() == [bold, bare, bold]
    assert int(each.cells[0, 1] & CODE_MASK) == BLANK


def test_more_clusters_than_there_are_kept_are_replaced(monkeypatch):
    monkeypatch.setattr("tui.render.grid.MOST_CLUSTERS", 1)
    clusters = Clusters()

    assert clusters.text(clusters.code("e\u0301", 1)) == "e\u0301"
    assert clusters.text(clusters.code("o\u0301", 1)) == "\ufffd"
    assert clusters.text(clusters.code("e\u0301", 1)) == "e\u0301"
