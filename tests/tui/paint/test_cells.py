"""Dots to characters."""

from __future__ import annotations

import numpy as np
import pytest

from tui.paint.cells import characters, choose_glyphs, pack


@pytest.mark.parametrize(
    ("row", "column", "char"),
    [
        (0, 0, "⠁"),
        (1, 0, "⠂"),
        (2, 0, "⠄"),
        (3, 0, "⡀"),
        (0, 1, "⠈"),
        (1, 1, "⠐"),
        (2, 1, "⠠"),
        (3, 1, "⢀"),
    ],
)
def test_each_dot_is_the_dot_of_braille(row: int, column: int, char: str) -> None:
    dots = np.zeros((4, 2), dtype=bool)
    dots[row, column] = True

    assert chr(characters(pack(dots), "braille")[0, 0]) == char


def test_cells_are_packed_where_they_stand() -> None:
    dots = np.zeros((8, 6), dtype=bool)
    dots[4:, 4:] = True

    text = [[chr(code) for code in row] for row in characters(pack(dots), "braille")]

    assert text == [[" ", " ", " "], [" ", " ", "⣿"]]


def test_quadrants_show_where_the_dots_are() -> None:
    dots = np.zeros((4, 2), dtype=bool)
    dots[0, 0] = dots[3, 1] = True

    assert chr(characters(pack(dots), "blocks")[0, 0]) == "▚"


def test_every_mask_has_a_character_in_every_set() -> None:
    masks = np.arange(256, dtype=np.uint8)
    for glyphs in ("braille", "blocks", "ascii"):
        codes = characters(masks, glyphs)
        assert codes[0] == ord(" ")
        assert (codes[1:] != ord(" ")).all()
    assert (characters(masks, "ascii") < 128).all()


def test_the_terminal_decides_what_is_drawn_unless_the_user_does() -> None:
    assert choose_glyphs("auto", {"TERM": "xterm"}, "UTF-8") == "braille"
    assert choose_glyphs("auto", {"TERM": "xterm"}, "ANSI_X3.4-1968") == "ascii"
    assert choose_glyphs("auto", {"TERM": "linux"}, "utf-8") == "ascii"
    assert choose_glyphs("blocks", {"TERM": "linux"}, "latin-1") == "blocks"
