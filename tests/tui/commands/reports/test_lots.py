"""`tickdeck pnl --by lot`."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.records import entries_of, fill_of, write_journal
from tui.__main__ import run
from tui.commands.reports.lots import NAMES

Capture = pytest.CaptureFixture[str]
FILLS = (
    fill_of(1, "buy", "1", "100", "1", hours=1),
    fill_of(2, "buy", "1", "110", "0.01", "bnb", hours=25),
    fill_of(3, "sell", "1.5", "130", "3", hours=49),
    fill_of(4, "sell", "2", "50", hours=2, account="paper"),
    fill_of(5, "buy", "2", "40", hours=3, account="paper"),
)


@pytest.fixture
def lots(tmp_path: Path) -> list[str]:
    write_journal(tmp_path, entries_of(FILLS))
    return ["--data-dir", str(tmp_path), "pnl", "--by", "lot"]


def test_each_closed_part_with_what_opened_it_and_fees_on_both_sides(
    lots: list[str], capsys: Capture
) -> None:
    run([*lots, "--lots", "fifo", "--account", "sim", "--json"])
    first, second = json.loads(capsys.readouterr().out)

    assert (first["opened_by"], first["closed_by"], first["held_s"]) == ("t1", "t3", 48 * 3600)
    assert (first["cost"], first["proceeds"], first["gain"]) == ("101", "128", "27")
    assert (second["size"], second["cost"], second["proceeds"]) == ("0.5", "55", "64")
    assert second["fees_in_other"] == {"bnb": "0.005"}


def test_shorts_are_lots_too(lots: list[str], capsys: Capture) -> None:
    run([*lots, "--account", "paper"])
    said = capsys.readouterr().out

    assert "short" in said
    assert "USDT +20.00 of 1 lot by average" in said


def test_only_what_was_closed_in_the_time_that_is_asked_about(
    lots: list[str], capsys: Capture
) -> None:
    run([*lots, "--since", "2026-01-06", "--csv", "--lots", "lifo"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert tuple(rows[0]) == NAMES
    assert [(row["opened_by"], row["size"]) for row in rows] == [("t2", "1"), ("t1", "0.5")]
    assert sum(Decimal(row["gain"]) for row in rows) == 45 - 3 - Decimal("0.5") - 10
    run([*lots, "--since", "2026-02-01"])
    assert capsys.readouterr().out == "nothing was closed\n"
