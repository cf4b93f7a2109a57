"""The ledger as a table and as lines of JSON, there and back."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.ledger import Entry, of_fill, of_fills, of_move
from engine.accounting.tables import (
    COLUMNS,
    from_csv,
    from_json_lines,
    iso,
    number_of,
    plain,
    to_csv,
    to_json_lines,
)
from engine.errors import DataError
from engine.messages import Fill
from engine.text import safe
from tests.support.fills import LINEAR, fill, fill_lists
from tests.support.venue import FQME, START_NS

ENTRY = of_fill(
    fill("sell", "0.5", "100.10", "0.01", at=START_NS + 7, trade_id="t1"), LINEAR, is_delivered=True
)


def moved(note: str, reference: str = "r", asset: str = "usdt") -> Entry:
    return of_move(
        "transfer", entry_id=f"x:{safe(reference)}", account="a", time_ns=START_NS, asset=asset,
        amount=Decimal("1E+3"), reference=reference, note=note,
    )  # fmt: skip


def test_a_table_has_a_row_for_each_posting() -> None:
    lines = list(to_csv([ENTRY]))

    assert lines[0] == ",".join(COLUMNS) + "\n"
    assert lines[1] == (
        f"fill:a:{FQME}:t1,a,2023-11-14T22:13:20.000000007Z,{START_NS + 7},fill,{FQME},t1,,"
        "-0.5,100.10,assets,btc,-0.5\n"
    )
    assert len(lines) == 7


def test_json_has_an_entry_in_a_line_and_no_floats() -> None:
    (line,) = to_json_lines([ENTRY])
    read = json.loads(line)

    assert read["postings"][2] == {"book": "assets", "asset": "usdt", "amount": "50.050"}
    assert line.count("\n") == 1


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "\tx"])
def test_no_text_is_a_formula_in_a_spreadsheet(text: str) -> None:
    entry = moved(text)
    lines = list(to_csv([entry]))

    assert f",'{entry.note}," in lines[1] or not entry.note.startswith(tuple("=+-@'"))
    assert from_csv(lines) == [entry]


def test_numbers_are_written_in_full() -> None:
    assert plain(Decimal("1E+3")) == "1000"
    assert plain(Decimal("1E-20")) == "0.00000000000000000001"
    assert list(to_csv([moved("")]))[1].endswith(",1000\n")


def test_a_time_before_the_epoch_has_its_nanoseconds() -> None:
    assert iso(-1) == "1969-12-31T23:59:59.999999999Z"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "first line"),
        (["a,b\n"], "first line"),
        ([",".join(COLUMNS), "x,y\n"], "2 fields"),
        ([",".join(COLUMNS), "x,a,,5x,fill,,,,,,assets,btc,1\n"], "is not a time"),
        ([",".join(COLUMNS), "x,a,,5,fill,,,,,,assets,btc,1e999999999\n"], "not"),
        ([",".join(COLUMNS), "x,a,,5,fill,,,,,,assets,btc,one\n"], "is not a number"),
        ([",".join(COLUMNS), "x,a,,5,nonsense,,,,,,assets,btc,1\n"], "nonsense"),
        ([",".join(COLUMNS), "x,a,,5,fill,,,,,,assets,btc,1\n"], "does not balance"),
        (
            [
                ",".join(COLUMNS),
                "x,a,,5,fill,,,,,,assets,btc,1\n",
                "x,b,,5,fill,,,,,,trading,btc,-1\n",
            ],
            "do not agree",
        ),
        ([",".join(COLUMNS), '"x\n'], "line"),
    ],
)
def test_what_is_not_a_ledger_is_refused(lines: list[str], why: str) -> None:
    with pytest.raises(DataError, match=why):
        from_csv(lines)


@pytest.mark.parametrize(
    "line",
    ["{}", "[1]", "{", '"x"', next(to_json_lines([ENTRY])).replace('"50.050"', '"NaN"'),
     next(to_json_lines([ENTRY])).replace('"50.050"', '"51"'),
     next(to_json_lines([ENTRY])).replace('"fill"', '"theft"')],
)  # fmt: skip
def test_a_line_that_is_no_entry_is_named(line: str) -> None:
    with pytest.raises(DataError, match="line 2"):
        list(from_json_lines(["\n", line]))


def test_what_is_read_is_made_safe() -> None:
    (line,) = to_json_lines([replace(moved("x"), note="\x1b[2J", account="a\u202e")])
    (entry,) = from_json_lines([line])

    assert (entry.note, entry.account) == ("\ufffd[2J", "a\ufffd")


@pytest.mark.parametrize("text", ["", "1,000", "1_0", "NaN", "Infinity", "0x10", "1 0", "--1"])
def test_what_could_be_read_two_ways_is_no_number(text: str) -> None:
    with pytest.raises(DataError):
        number_of(text)


@pytest.mark.parametrize(("text", "number"), [(" 1.50 ", "1.50"), ("-1e-8", "-1E-8"), ("+2", "2")])
def test_a_number_keeps_its_digits(text: str, number: str) -> None:
    assert str(number_of(text)) == number


# -- for all entries -----------------------------------------------------------------------------

TEXTS = st.text(max_size=20)
ASSETS = st.text(min_size=1, max_size=8).map(safe)


@given(
    fill_lists(fee_assets=("usdt", "bnb")), st.lists(st.tuples(TEXTS, TEXTS, ASSETS), max_size=4)
)
def test_what_is_written_is_what_is_read(
    fills: list[Fill], texts: list[tuple[str, str, str]]
) -> None:
    entries = list(of_fills(fills, {FQME: LINEAR}, lambda _: True))
    moves = {entry.entry_id: entry for entry in (moved(*text) for text in texts)}
    entries += moves.values()

    assert entries == list(from_json_lines(list(to_json_lines(entries))))
    assert entries == from_csv(list(to_csv(entries)))
