"""Entries of the ledger from rows that somebody else has written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.accounting.imports import (
    Fields,
    Problem,
    Row,
    entries_of,
    parse_row,
    parse_time,
    read_rows,
    read_table,
    told_apart,
)
from engine.accounting.ledger import Ledger, Merged, of_fill
from engine.errors import DataError
from tests.support.fills import LINEAR, fill
from tests.support.venue import FQME, START_NS

DEPOSIT = Row(
    account="a", time_ns=5, kind="transfer", asset="usdt", amount=Decimal(7), reference="d1"
)
TRADE = Row(
    account="a",
    time_ns=START_NS,
    kind="fill",
    asset="btc",
    amount=Decimal("0.5"),
    counter_asset="usdt",
    counter_amount=Decimal("-50.05"),
    fee=Decimal("0.01"),
    fee_asset="bnb",
    fqme=FQME,
    reference="t1",
)

TABLE = """\
Time,Kind,Asset,Amount,Counter_Asset,Counter_Amount,Fee,Fee_Asset,Reference,Fqme,Note,Other
2023-11-14T22:13:20Z,fill,BTC,0.5,USDT,-50.05,0.01,BNB,t1,btcusdt.spot.test,,x
2023-11-14 23:13:20+01:00,transfer,usdt,100,,,,,d1,,from the bank,
2023-11-14T22:13:20.5,funding,usdt,-0.25,,,,,,,,
nonsense,transfer,usdt,1,,,,,,,,
2023-11-14T22:13:21,theft,usdt,1,,,,,,,,
2023-11-14T22:13:22,transfer,usdt,"1,000",,,,,,,,
2023-11-14T22:13:22,transfer,usdt,3,btc,1,,,,,,
"""


def test_a_deposit_is_an_entry() -> None:
    (entry,) = entries_of([DEPOSIT]).entries

    assert entry.entry_id == "transfer:a:usdt:d1"
    assert Ledger([entry]).balances() == {"usdt": 7}


def test_a_trade_is_the_entry_that_its_fill_has() -> None:
    traded = fill("buy", "0.5", "100.10", "0.01", "bnb", at=START_NS + 4_000_000, trade_id="t1")
    ledger = Ledger([of_fill(traded, LINEAR, is_delivered=True)])
    imported = entries_of([TRADE]).entries

    assert ledger.merge(imported) == Merged(0, 1, ())
    other = entries_of([replace(TRADE, fee=Decimal("0.02"))]).entries
    assert ledger.merge(other) == Merged(0, 0, (imported[0].entry_id,))


def test_a_table_is_read_by_its_header_and_what_is_wrong_is_said() -> None:
    imported = read_table(TABLE.splitlines(keepends=True), "a")
    balances = Ledger(imported.entries).balances()

    assert balances == {
        "bnb": Decimal("-0.01"),
        "btc": Decimal("0.5"),
        "usdt": Decimal("49.70"),
    }
    assert [entry.time_ns - START_NS for entry in imported.entries] == [0, 0, 500_000_000]
    assert imported.problems == (
        Problem(4, "'nonsense' is not a time"),
        Problem(5, "'theft' is none of fill, fee, profit, funding, transfer, adjustment"),
        Problem(6, "'1,000' is not a number"),
        Problem(7, "a transfer has no other side"),
    )


def test_reading_a_table_twice_adds_nothing() -> None:
    lines = TABLE.splitlines(keepends=True)
    ledger = Ledger(read_table(lines, "a").entries)

    assert ledger.merge(read_table(lines, "a").entries) == Merged(0, 3, ())


def test_equal_rows_without_a_reference_are_as_many_as_there_are() -> None:
    row = replace(DEPOSIT, reference="")
    ledger = Ledger(entries_of([row, row]).entries)

    assert ledger.balances() == {"usdt": 14}
    assert ledger.merge(entries_of([row, row, row]).entries) == Merged(1, 2, ())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"asset": ""}, "no asset"),
        ({"fee_asset": ""}, "in no asset"),
        ({"counter_asset": ""}, "without the asset"),
        ({"counter_asset": "btc"}, "for itself"),
        ({"counter_amount": Decimal(1)}, "both sides"),
    ],
)
def test_a_trade_that_makes_no_sense_is_a_problem(changes: dict[str, object], why: str) -> None:
    imported = entries_of([replace(TRADE, **changes), DEPOSIT])

    assert [problem.line for problem in imported.problems] == [1]
    assert why in imported.problems[0].reason
    assert len(imported.entries) == 1


@pytest.mark.parametrize("text", ["", "kind,asset\n", "time,asset,amount\n"])
def test_a_table_without_its_columns_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="first line"):
        read_table(text.splitlines(keepends=True), "a")


def test_a_broken_quote_is_said_with_its_line() -> None:
    with pytest.raises(DataError, match="line 2"):
        read_table(["time,kind,asset,amount\n", '1,"x'], "a")


def test_too_many_and_too_few_fields_are_no_reason_to_fail() -> None:
    imported = read_table(
        ["time_ns,kind,asset,amount\n", "5,transfer,usdt,1,2,3\n", "5,transfer\n"], "a"
    )

    assert (len(imported.entries), len(imported.problems)) == (1, 1)


def test_text_of_an_export_is_made_safe() -> None:
    row = parse_row(
        {
            "kind": "transfer",
            "time_ns": "5",
            "asset": "usdt",
            "amount": "1",
            "note": "\x1b]0;x\x07",
        },
        "a",
    )
    with pytest.raises(DataError) as caught:
        parse_row({"kind": "\x1b[2J"}, "a")

    assert row.note == "\ufffd]0;x\ufffd"
    assert "\x1b" not in str(caught.value)


# -- against what is known -----------------------------------------------------------------------

UNNAMED = replace(TRADE, reference="")
"""A trade of an export that names no ids."""


def test_a_trade_without_an_id_is_the_journal_s_of_the_same_second() -> None:
    journal = Ledger(entries_of([TRADE]).entries)
    later = replace(UNNAMED, time_ns=START_NS + 2_000_000_000)
    other = replace(UNNAMED, amount=Decimal("0.6"))
    told = told_apart(journal, entries_of([UNNAMED, later, other]).entries)

    assert [entry.time_ns for entry in told.known] == [START_NS]
    assert [entry.size for entry in told.new] == [Decimal("0.5"), Decimal("0.6")]
    assert told.conflicts == ()


def test_two_trades_alike_are_two_and_one_of_the_journal_is_one_of_them() -> None:
    journal = Ledger(entries_of([TRADE]).entries)
    told = told_apart(journal, entries_of([UNNAMED, UNNAMED]).entries)

    assert (len(told.known), len(told.new)) == (1, 1)
    twice = Ledger(entries_of([TRADE, replace(TRADE, reference="t2")]).entries)
    assert len(told_apart(twice, entries_of([UNNAMED, UNNAMED]).entries).known) == 2


def test_a_trade_with_another_id_is_another_one() -> None:
    journal = Ledger(entries_of([TRADE]).entries)
    told = told_apart(journal, entries_of([replace(TRADE, reference="t2")]).entries)

    assert (len(told.known), len(told.new)) == (0, 1)


def test_the_same_id_with_other_values_is_a_conflict_and_no_entry() -> None:
    journal = Ledger(entries_of([TRADE]).entries)
    told = told_apart(journal, entries_of([replace(TRADE, amount=Decimal(9))]).entries)

    assert told.conflicts == (f"fill:a:{FQME}:t1",)
    assert told.new == told.known == ()


def test_one_file_may_have_an_entry_twice() -> None:
    told = told_apart(Ledger(), entries_of([DEPOSIT, DEPOSIT]).entries)

    assert (len(told.new), len(told.known)) == (1, 1)


def test_the_same_file_again_is_known_whole() -> None:
    rows = [TRADE, UNNAMED, UNNAMED, DEPOSIT, replace(DEPOSIT, reference="")]
    first = told_apart(Ledger(), entries_of(rows).entries)
    again = told_apart(Ledger(first.new), entries_of(rows).entries)

    assert (len(first.new), len(again.known), again.new) == (5, 5, ())


# -- tables of others ----------------------------------------------------------------------------


def test_a_table_is_read_line_by_line_and_what_is_none_is_told() -> None:
    def read(fields: Fields) -> Row:
        if fields["kind of"] == "bad":
            raise DataError("it is bad")
        return replace(DEPOSIT, amount=Decimal(fields["many"]), reference=fields["id"])

    lines = ['\ufeff"Kind Of",MANY,id\n', "good,2,a\n", "bad,1,b\n", "good,3,\x1b[31m\n"]
    found = read_rows(lines, lambda _: None, read)

    assert [entry.postings[0].amount for entry in found.entries] == [2, 3]
    assert found.problems == (Problem(2, "it is bad"),)
    assert "\x1b" not in found.entries[1].reference


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1970-01-01 00:00:01", 1_000_000_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31 23:59:59.000001", -999_999_000),
    ],
)
def test_times_are_utc_unless_they_say_otherwise(text: str, nanos: int) -> None:
    assert parse_time(text) == nanos


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(DataError, match="not a time"):
        parse_time("yesterday")
