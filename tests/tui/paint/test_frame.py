"""Pictures: what of them changed, and their rows as cells and as strips."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from tui.paint.canvas import Cells, Palette
from tui.paint.frame import Frame, Span, blank_cells, next_frame
from tui.themes import load_themes

PALETTE = Palette(load_themes()[0]["night"])
INKS = [PALETTE.ground, PALETTE.ink("up"), PALETTE.ink("down"), PALETTE.ink("muted")]
HEIGHT, WIDTH = 4, 7

pictures = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 6), st.sampled_from(" ab"), st.sampled_from(INKS)),
    max_size=12,
)
"""Row, column, character and style of what is put on a blank picture."""


def cells(*marks: tuple[int, int, str, int]) -> Cells:
    made = blank_cells(WIDTH, HEIGHT, PALETTE)
    for row, column, char, style in marks:
        made.codes[row, column], made.styles[row, column] = ord(char), style
    return made


def frame(*marks: tuple[int, int, str, int], before: Frame | None = None) -> Frame:
    return next_frame(cells(*marks), PALETTE, before)


def looks(strip: object) -> list[tuple[str, Style | None]]:
    """Each character of a strip and how it looks; of a blank only its ground is seen."""
    return [
        (char, style if char != " " or style is None else Style(bgcolor=style.bgcolor))
        for text, style, _ in strip  # type: ignore[attr-defined]
        for char in text
    ]


def test_the_first_frame_is_new_from_edge_to_edge() -> None:
    first = frame()

    assert first.changed == [0, 1, 2, 3]
    assert first.spans == [Span(row, 0, WIDTH) for row in range(HEIGHT)]


def test_a_span_reaches_from_the_first_to_the_last_cell_that_differs() -> None:
    ink = INKS[1]
    before = frame((1, 2, "a", ink), (2, 0, "a", ink))

    after = frame(
        (1, 2, "b", ink), (1, 5, "a", ink), (2, 0, "a", ink), (3, 6, "a", ink), before=before
    )

    assert after.changed == [1, 3]
    assert after.spans == [Span(1, 2, 6), Span(3, 6, 7)]


def test_rows_that_are_as_they_were_are_the_same_objects() -> None:
    before = frame((0, 0, "a", INKS[1]))
    kept = [before.strips.row(0), before.strips[0]]

    after = frame((0, 0, "a", INKS[1]), (1, 0, "b", INKS[1]), before=before)

    assert after.strips.row(0) is kept[0]
    assert after.strips[0] is kept[1]
    assert after.strips.row(1) is not before.strips.row(1)


def test_another_size_is_new_from_edge_to_edge() -> None:
    small = next_frame(blank_cells(3, 2, PALETTE), PALETTE, frame())

    assert small.spans == [Span(0, 0, 3), Span(1, 0, 3)]


def test_a_part_of_a_row_is_its_cells_and_the_whole_is_itself() -> None:
    row = frame((0, 1, "a", INKS[1]), (0, 2, "b", INKS[2])).strips.row(0)

    assert row.part(0, WIDTH) is row
    assert row.part(1, 4).strip().text == "ab "
    assert len(row.part(1, 4)) == 3


def test_rows_can_be_asked_for_by_number_from_either_end_and_by_stretch() -> None:
    strips = frame((3, 0, "z", INKS[1])).strips

    assert len(strips) == HEIGHT
    assert strips[-1].text[0] == "z"
    assert [strip.text[0] for strip in strips[2:]] == [" ", "z"]
    assert [strip.text for strip in strips] == [strip.text for strip in strips[:]]


def test_a_blank_goes_with_the_mark_before_it_where_nobody_sees_a_difference() -> None:
    ink = INKS[1]
    (strip,) = frame((0, 0, "a", ink), (0, 2, "b", ink)).strips[:1]

    assert [segment.text for segment in strip] == ["a b    "]


def test_a_picture_of_no_width_has_empty_rows() -> None:
    none = next_frame(blank_cells(0, 2, PALETTE), PALETTE, None)

    assert [strip.cell_length for strip in none.strips] == [0, 0]


@given(pictures, pictures)
def test_outside_of_its_spans_a_picture_is_as_it_was(
    one: list[tuple[int, int, str, int]], other: list[tuple[int, int, str, int]]
) -> None:
    before = frame(*one)
    shown = cells(*one)

    after = frame(*other, before=before)
    for row, start, stop in after.spans:
        shown.codes[row, start:stop] = after.codes[row, start:stop]
        shown.styles[row, start:stop] = after.styles[row, start:stop]
        edges = (start, stop - 1)
        assert all(
            (before.codes[row, at], before.styles[row, at])
            != (after.codes[row, at], after.styles[row, at])
            for at in edges
        )

    assert np.array_equal(shown.codes, after.codes)
    assert np.array_equal(shown.styles, after.styles)
    assert [span.row for span in after.spans] == list(after.changed)


@given(pictures, pictures)
def test_strips_look_as_their_cells_do(
    one: list[tuple[int, int, str, int]], other: list[tuple[int, int, str, int]]
) -> None:
    before = frame(*one)
    list(before.strips)

    after = frame(*other, before=before)

    for row, strip in enumerate(after.strips):
        plain = [
            (chr(code), PALETTE.styles[style])
            for code, style in zip(after.codes[row], after.styles[row], strict=True)
        ]
        wanted = [
            (char, style if char != " " else Style(bgcolor=style.bgcolor)) for char, style in plain
        ]
        assert looks(strip) == wanted
