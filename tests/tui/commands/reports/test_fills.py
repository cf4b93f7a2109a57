"""`tickdeck fills`, from its arguments to what it prints."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.records import (
    BTC,
    PERPETUAL,
    ROUND_TRIP,
    entries_of,
    fill_of,
    write_journal,
)
from tui.__main__ import run
from tui.commands.reports.fills import notional_of

Capture = pytest.CaptureFixture[str]
OTHERS = (
    fill_of(5, "buy", "0.5", "3000", "0.001", "bnb", hours=3, account="paper",
            fqme="ethusdt.spot.sim"),
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> str:
    write_journal(tmp_path, entries_of([*ROUND_TRIP, *OTHERS]))
    return str(tmp_path)


def test_fills_by_their_times_and_what_they_come_to(data: str, capsys: Capture) -> None:
    assert run(["--data-dir", data, "fills"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[-1] for line in lines[1:5]] == ["o1", "o5", "o2", "o3"]
    assert lines[-2] == "4 fills: 3 bought, 1 sold; traded 1 840.00 USDT"
    assert lines[-1] == "fees 3.4 USDT, 0.001 BNB"


def test_money_is_never_a_float_nor_rounded(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "fills", "--json", "--account", "paper"])
    (row,) = json.loads(capsys.readouterr().out)

    assert (row["price"], row["size"], row["fee"]) == ("3000", "0.5", "0.001")
    assert (row["notional"], row["quote"], row["trade_id"]) == ("1500.0", "usdt", "t5")
    assert row["venue_time"] == "2026-01-05T03:00:00.000000000Z"


def test_csv_sums_to_what_was_traded(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "fills", "--csv"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert sum(Decimal(row["notional"]) for row in rows) == 1840
    assert len({row["trade_id"] for row in rows}) == 4


def test_only_the_newest(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "fills", "--json", "--last", "1"])

    assert [row["order_id"] for row in json.loads(capsys.readouterr().out)] == ["o3"]
    assert run(["--data-dir", data, "fills", "--last", "0"]) == 2
    run(["--data-dir", data, "fills", "--since", "2026-03-01"])
    assert "no fills" in capsys.readouterr().out


def test_what_was_traded_of_an_inverse_contract_is_the_same_at_every_price() -> None:
    for price in ("100", "50000"):
        fill = fill_of(1, "sell", "3", price, fqme=PERPETUAL.fqme)

        assert notional_of(fill, PERPETUAL) == 30
    assert notional_of(fill_of(1, "sell", "3", "100"), BTC) == 300
