"""Tables of text in any width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.lines import Line, Span
from tui.widgets.table import Column, Row, layout

COLUMNS = (
    Column("name"),
    Column("price", "point"),
    Column("extra", rank=2),
    Column("note", is_flexible=True, rank=1),
)


def rows() -> list[Row]:
    return [
        Row((Span("first"), Span("1.25"), Span("x" * 10), Span("a longer note of it"))),
        Row((Span("second"), Span("100.5"), Span("y"), Span(""))),
    ]


def text(line: Line) -> str:
    return "".join(span.text for span in line.spans)


def test_columns_are_as_wide_as_what_is_in_them_and_points_are_in_line():
    lines = [text(line) for line in layout(COLUMNS, rows(), 60)]

    assert lines[0].split() == ["name", "price", "extra", "note"]
    assert lines[1].index("1.25") + 1 == lines[2].index("100.5") + 3


def test_the_least_wanted_columns_leave_first():
    assert "extra" not in text(layout(COLUMNS, rows(), 40)[0])
    assert "note" in text(layout(COLUMNS, rows(), 40)[0])
    assert text(layout(COLUMNS, rows(), 20)[0]).split() == ["name", "price"]


def test_the_selected_row_is_marked_without_colour_too():
    lines = layout(COLUMNS, rows(), 60, selected=1, mark=">")

    assert lines[2].ground == "raised"
    assert text(lines[2]).startswith(">")
    assert text(lines[1]).startswith(" ")


@given(st.integers(20, 200))
def test_no_line_is_wider_than_the_table(width: int):
    for line in layout(COLUMNS, rows(), width):
        assert cell_len(text(line)) <= width
