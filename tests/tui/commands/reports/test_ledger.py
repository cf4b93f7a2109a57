"""`tickdeck ledger` and what it is told to do."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from engine.accounting.tables import from_csv, from_json_lines
from engine.locations import find_locations
from tests.support.records import ROUND_TRIP, entries_of, fill_of, write_journal
from tui.__main__ import run
from tui.commands.reports.ledger import account_at, open_books

Capture = pytest.CaptureFixture[str]
TABLE = (
    "time,kind,asset,amount,fee,fee_asset,reference\n"
    "2026-01-05T00:30:00,transfer,usdt,1000,,,w1\n"
    "2026-01-06T12:00:00,funding,usdt,-2.5,,,f1\n"
    "2026-01-06T12:00:00,gift,usdt,1,,,g1\n"
)


@pytest.fixture
def ledger(tmp_path: Path) -> list[str]:
    write_journal(tmp_path, entries_of(ROUND_TRIP))
    return ["--data-dir", str(tmp_path), "ledger"]


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return str(path)


def balances(ledger: list[str], capsys: Capture) -> dict[str, Decimal]:
    capsys.readouterr()
    assert run([*ledger, "--account", "sim", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    return {row["asset"]: Decimal(row["amount"]) for row in rows}


def test_balances_are_what_fills_and_fees_come_to(ledger: list[str], capsys: Capture) -> None:
    # 210 paid, 130 received, 3.4 of fees.
    assert balances(ledger, capsys) == {"btc": 1, "usdt": Decimal("-83.4")}
    run(ledger)
    said = capsys.readouterr().out
    assert "3 entries: 3 fill" in said
    assert "what was there before is not in it" in said


def test_an_import_adds_what_is_new_and_twice_adds_nothing(
    ledger: list[str], table: str, capsys: Capture
) -> None:
    assert run([*ledger, "import", table, "--account", "sim"]) == 1, "a line is none"
    said = capsys.readouterr().out
    assert "table.csv: 2 added, 0 known, 0 in conflict, 1 not understood" in said
    assert "line 3 after the header: 'gift' is none of" in said
    run([*ledger, "import", table, "--account", "sim"])
    assert "0 added, 2 known" in capsys.readouterr().out

    assert balances(ledger, capsys) == {"btc": 1, "usdt": Decimal("914.1")}


def test_a_trial_adds_nothing(ledger: list[str], table: str, capsys: Capture) -> None:
    run([*ledger, "import", table, "--account", "sim", "--trial"])

    assert "2 would be added" in capsys.readouterr().out
    assert balances(ledger, capsys)["usdt"] == Decimal("-83.4")


def test_funding_that_was_imported_is_part_of_the_profit(
    ledger: list[str], table: str, capsys: Capture
) -> None:
    run([*ledger, "import", table, "--account", "sim"])
    capsys.readouterr()
    run([*ledger[:2], "pnl", "--json", "--prices", "fills", "--until", "2026-01-08"])

    rows = json.loads(capsys.readouterr().out)
    assert [(row["funding"], row["net"]) for row in rows] == [
        ("0", "-1"), ("-2.5", "6.4"), ("0", "38.7"),
    ]  # fmt: skip


def test_funding_is_that_of_the_account_that_is_asked_about(
    ledger: list[str], tmp_path: Path, capsys: Capture
) -> None:
    run([*ledger, "add", "funding", "usdt", "7", "--account", "paper", "--time", "2026-01-06"])
    capsys.readouterr()
    pnl = [*ledger[:2], "pnl", "--json", "--prices", "fills", "--until", "2026-01-08"]
    funding = {}
    for account in ("sim", "paper", ""):
        run([*pnl, "--account", account])
        rows = json.loads(capsys.readouterr().out)
        funding[account] = sum(Decimal(row["funding"]) for row in rows)

    assert funding == {"sim": 0, "paper": 7, "": 7}


def test_funding_makes_no_session_of_its_own(
    ledger: list[str], tmp_path: Path, capsys: Capture
) -> None:
    run([*ledger, "add", "funding", "usdt", "7", "--account", "sim", "--time", "2026-01-06"])
    capsys.readouterr()
    pnl = [*ledger[:2], "pnl", "--json", "--prices", "fills", "--until", "2026-01-08"]
    run([*pnl, "--by", "session"])

    rows = json.loads(capsys.readouterr().out)
    assert [(row["period"], row["funding"]) for row in rows] == [
        ("2026-01-05 01:00", "7"),
        ("2026-01-06 01:00", "0"),
        ("2026-01-07 01:00", "0"),
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "beancount"])
def test_every_entry_is_exported_in_every_format(
    ledger: list[str], tmp_path: Path, capsys: Capture, form: str
) -> None:
    out = tmp_path / "out"
    assert run([*ledger, "export", "--format", form, "--out", str(out)]) == 0
    assert "3 entries" in capsys.readouterr().out
    run([*ledger, "export", "--format", form])

    text = capsys.readouterr().out
    assert out.read_text() == text
    entries = list(open_books(find_locations({}, data_dir=tmp_path)).ledger)
    if form == "csv":
        assert from_csv(text.splitlines(keepends=True)) == entries
    elif form == "beancount":
        assert text.count(" * ") == 3
    else:
        assert list(from_json_lines(text.splitlines())) == entries


def test_an_export_is_of_the_time_that_is_asked_about(ledger: list[str], capsys: Capture) -> None:
    run([*ledger, "export", "--format", "jsonl", "--since", "2026-01-06", "--until", "2026-01-07"])

    (entry,) = from_json_lines(capsys.readouterr().out.splitlines())
    assert entry.reference == "t2"


def test_a_ledger_is_taken_to_another_machine(
    ledger: list[str], tmp_path: Path, capsys: Capture
) -> None:
    file = str(tmp_path / "ledger.csv")
    run([*ledger, "export", "--out", file])
    there = ["--data-dir", str(tmp_path / "there"), "ledger"]

    assert run([*there, "import", file, "--broker", "sim"]) == 0
    assert balances(there, capsys) == balances(ledger, capsys)
    run([*ledger, "import", file, "--broker", "sim"])
    assert "0 added, 3 known" in capsys.readouterr().out


def test_where_an_import_differs_the_journal_stands_and_it_is_told(
    ledger: list[str], tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "ledger.csv"
    run([*ledger, "export", "--out", str(file)])
    file.write_text(
        file.read_text().replace(",usdt,-100", ",usdt,-99").replace("usdt,100", "usdt,99")
    )

    assert run([*ledger, "import", str(file), "--broker", "sim"]) == 1
    assert "conflict: fill:sim:btcusdt.spot.sim:t1" in capsys.readouterr().out
    assert balances(ledger, capsys)["usdt"] == Decimal("-83.4")


def test_an_entry_by_hand_stays_and_another_puts_it_right(
    ledger: list[str], capsys: Capture
) -> None:
    arguments = ["--account", "sim", "--time", "2026-01-04", "--note", "start"]
    assert run([*ledger, "add", "transfer", "USDT", "500", *arguments]) == 0
    assert run([*ledger, "add", "adjustment", "usdt", "--account", "sim", "--", "-0.5"]) == 0

    assert balances(ledger, capsys)["usdt"] == Decimal("416.1")
    run(ledger)
    assert "what was there before" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["add", "gift", "usdt", "1", "--account", "sim"],
        ["add", "transfer", "usdt", "1"],
        ["add", "transfer", "usdt", "0", "--account", "sim"],
        ["add", "transfer", "usdt", "1e999", "--account", "sim"],
        ["add", "transfer", "usdt", "1", "--account", "smi"],
        ["export", "--format", "pdf"],
        ["export", "--out", "/nonexistent/x"],
        ["import", "/nonexistent"],
        ["--account", "smi"],
    ],
)
def test_what_makes_no_sense_exits_with_2_and_adds_nothing(
    ledger: list[str], capsys: Capture, words: list[str]
) -> None:
    assert run([*ledger, *words]) == 2
    assert balances(ledger, capsys)["usdt"] == Decimal("-83.4")


def test_a_file_that_names_no_account_is_asked_about(
    ledger: list[str], table: str, capsys: Capture
) -> None:
    assert run([*ledger, "import", table]) == 2
    assert "--account" in capsys.readouterr().err


def test_a_broker_without_exports_says_so(ledger: list[str], table: str, capsys: Capture) -> None:
    assert run([*ledger, "import", table, "--broker", "replay", "--account", "sim"]) == 69
    assert run([*ledger, "import", table, "--broker", "krakne", "--account", "sim"]) == 69
    assert "did you mean 'kraken'?" in capsys.readouterr().err


def test_the_only_account_at_a_broker_is_the_one_that_is_meant(tmp_path: Path) -> None:
    places = find_locations({}, config=tmp_path, data_dir=tmp_path)
    places.brokers_file.write_text('[accounts.k]\nbroker = "kraken"\n')

    assert account_at(places, "kraken", "") == "k"
    assert account_at(places, "kraken", "other") == "other"
    assert account_at(places, "", "") == ""
    places.brokers_file.write_text(
        '[accounts.a]\nbroker = "kraken"\n[accounts.b]\nbroker = "kraken"\n'
    )
    assert account_at(places, "kraken", "") == ""


def test_without_a_journal_there_is_nothing_to_read(tmp_path: Path, capsys: Capture) -> None:
    assert run(["--data-dir", str(tmp_path), "ledger"]) == 66


def test_accounts_are_kept_apart(tmp_path: Path, capsys: Capture) -> None:
    fills = [*ROUND_TRIP, fill_of(7, "sell", "4", "100", account="paper")]
    write_journal(tmp_path, entries_of(fills))
    run(["--data-dir", str(tmp_path), "ledger", "--csv"])

    assert capsys.readouterr().out.splitlines() == [
        "account,asset,amount",
        "paper,btc,-4",
        "paper,usdt,400",
        "sim,btc,1",
        "sim,usdt,-83.4",
    ]
