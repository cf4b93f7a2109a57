"""Tables for people."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.commands.reports.table import (
    Column,
    Page,
    page,
    painted,
    paragraph,
    rank_of_account,
    table,
)

PLAIN = Page(None, False)
Row = tuple[str, str]
NAME = Column[Row]("name", lambda row: row[0])
NUMBER = Column[Row]("number", lambda row: row[1], "point")


def test_decimal_points_stand_below_each_other() -> None:
    rows = [("a", "1.5"), ("bc", "+100"), ("d", "-2.125"), ("e", "–"), ("f", "")]

    assert list(table([NAME, NUMBER], rows, PLAIN)) == [
        "name    number",
        "a        1.5",
        "bc    +100",
        "d       -2.125",
        "e        –",
        "f",
    ]


def test_points_are_in_one_column_whatever_the_numbers() -> None:
    lines = list(table([NUMBER], [("", "1.5"), ("", "-22.125"), ("", "333.1")], PLAIN))

    assert len({line.index(".") for line in lines[1:]}) == 1


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    empty = Column[Row]("empty", lambda _: "", rank=1)

    assert list(table([NAME, empty], [("a", "")], PLAIN)) == ["name", "a"]


def test_where_there_is_no_room_the_highest_rank_goes_and_is_named() -> None:
    columns = [
        NAME,
        Column[Row]("kept", lambda _: "x" * 10, rank=1),
        Column[Row]("dropped", lambda _: "y" * 10, rank=2),
    ]
    lines = list(table(columns, [("a" * 20, "")], Page(40, False)))

    assert lines[0].split() == ["name", "kept"]
    assert "dropped" not in lines[1]
    assert lines[-1] == "no room here for dropped; --csv has them"


def test_numbers_are_never_cut() -> None:
    columns = [
        Column[Row]("text", lambda _: "market-of-a-long-name"),
        Column[Row]("big", lambda _: "1234567890.12345678", "point"),
    ]
    (_, line) = table(columns, [("", "")], Page(40, False))

    assert line.endswith("1234567890.12345678")
    assert "…" in line


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=5),
    st.integers(min_value=40, max_value=120),
)
def test_no_line_is_wider_than_the_page_and_none_obeys_a_text(rows: list[Row], width: int) -> None:
    columns = [NAME, Column[Row]("other", lambda row: row[1], rank=1)]
    for line in table(columns, rows, Page(width, False)):
        assert cell_len(line) <= width
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", line)


def test_colours_are_only_where_they_can_be_shown() -> None:
    loud = Column[Row]("name", lambda row: row[0], tone=lambda _: "down")

    assert "\x1b" not in "".join(table([loud], [("a", "")], Page(80, False)))
    assert "\x1b[31m" in "".join(table([loud], [("a", "")], Page(80, True)))
    assert painted("a", "", Page(80, True)) == "a"


def test_standard_output_that_is_no_terminal_has_no_end_and_no_colours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert page() == Page(None, False)


def test_a_sentence_takes_as_many_lines_as_it_needs() -> None:
    lines = list(paragraph("one two three four five six seven eight nine ten", "", Page(40, False)))

    assert len(lines) == 2
    assert all(len(line) <= 40 for line in lines)
    assert len(list(paragraph("long " * 100, "", PLAIN))) == 1


def test_whose_a_row_is_has_to_be_told_where_there_are_several() -> None:
    assert rank_of_account(["a", "b", "a"]) == 0
    assert rank_of_account(["a", "a"]) > 5
