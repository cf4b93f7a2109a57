"""Cells to strips."""

from __future__ import annotations

import numpy as np

from tui.paint.canvas import Canvas, Palette
from tui.paint.frame import finish
from tui.themes import load_themes

NIGHT = load_themes()[0]["night"]


def _canvas(palette: Palette | None = None) -> Canvas:
    return Canvas(10, 3, palette or Palette(NIGHT), "braille")


def test_a_frame_is_as_wide_as_its_canvas_and_says_all_rows_at_first() -> None:
    frame = finish(_canvas(), None)

    assert [strip.cell_length for strip in frame.strips] == [10, 10, 10]
    assert [strip.text for strip in frame.strips] == [" " * 10] * 3
    assert frame.changed == [0, 1, 2]


def test_only_rows_that_changed_are_made_anew() -> None:
    palette = Palette(NIGHT)
    first = _canvas(palette)
    first.text(1, 2, "abc", palette.ink("up"))
    before = finish(first, None)
    kept = before.strips[0]
    second = _canvas(palette)
    second.text(1, 2, "abd", palette.ink("up"))

    after = finish(second, before)

    assert after.changed == [1]
    assert after.strips[0] is kept
    assert after.strips[1].text == "  abd     "


def test_a_change_of_colour_alone_is_a_change() -> None:
    palette = Palette(NIGHT)
    first, second = _canvas(palette), _canvas(palette)
    first.text(0, 0, "a", palette.ink("up"))
    second.text(0, 0, "a", palette.ink("down"))

    assert finish(second, finish(first, None)).changed == [0]


def test_another_size_or_theme_is_painted_whole() -> None:
    before = finish(_canvas(), None)

    assert finish(_canvas(Palette(NIGHT)), before).changed == [0, 1, 2]
    small = Canvas(9, 2, before.palette, "braille")
    assert finish(small, before).changed == [0, 1]


def test_text_is_cut_at_the_edges() -> None:
    canvas = _canvas()
    ink = canvas.palette.ink("text")
    canvas.text(0, -2, "abcd", ink)
    canvas.text(1, 8, "abcd", ink)
    canvas.text(5, 0, "abcd", ink)
    canvas.text(-1, 0, "abcd", ink)
    canvas.text(2, 20, "abcd", ink)

    assert [strip.text for strip in finish(canvas, None).strips] == [
        "cd        ",
        "        ab",
        "          ",
    ]


def test_characters_that_are_not_one_cell_wide_are_replaced() -> None:
    canvas = _canvas()
    canvas.text(0, 0, "a界e\u0301◂z", canvas.palette.ink("text"))

    strip = finish(canvas, None).strips[0]

    assert strip.text == "a\ufffde\ufffd◂z    "
    assert strip.cell_length == 10


def test_blanks_take_the_style_before_them_where_nobody_sees_it() -> None:
    canvas = _canvas()
    palette = canvas.palette
    canvas.text(0, 1, "a", palette.ink("up"))
    canvas.text(0, 5, "b", palette.ink("up"))
    canvas.text(1, 1, "a", palette.ink("up"))
    canvas.text(1, 5, " b ", palette.chip("last"))

    frame = finish(canvas, None)

    assert [segment.text for segment in frame.strips[0]] == [" ", "a   b    "]
    assert [segment.text for segment in frame.strips[1]] == [" ", "a   ", " b ", "  "]


def test_a_blank_that_is_reversed_or_underlined_is_kept() -> None:
    palette = Palette(NIGHT.at_depth("none"))
    canvas = _canvas(palette)
    canvas.text(0, 0, "a", palette.ink("up"))
    canvas.text(0, 1, "  ", palette.chip("last"))

    styles = [segment.style for segment in finish(canvas, None).strips[0]]

    assert [bool(style and style.reverse) for style in styles] == [False, True, False]


def test_dots_share_a_cell_and_the_newer_ones_give_the_colour() -> None:
    canvas = _canvas()
    masks = np.array([[0x01, 0x01]], dtype=np.uint8)
    canvas.dots(0, masks, canvas.palette.dots("up"))
    canvas.dots(0, masks << 1, canvas.palette.dots("down"))

    frame = finish(canvas, None)

    assert frame.strips[0].text.startswith("⠃⠃ ")
    assert frame.styles[0, 0] == canvas.palette.dots("down")


def test_dots_of_a_backdrop_are_not_taken_for_data() -> None:
    canvas = _canvas()
    mask = np.array([[0x01]], dtype=np.uint8)
    canvas.dots(0, mask, canvas.palette.dots("grid"), is_backdrop=True)
    canvas.dots(0, mask << 1, canvas.palette.dots("up"))

    assert finish(canvas, None).strips[0].text.startswith("⠂ ")
