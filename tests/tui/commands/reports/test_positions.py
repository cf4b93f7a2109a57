"""`tickdeck positions`, from its arguments to what it prints."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.records import (
    ETHBTC,
    PERPETUAL,
    ROUND_TRIP,
    entries_of,
    fill_of,
    write_journal,
)
from tui.__main__ import run

Capture = pytest.CaptureFixture[str]
MARK = ["--prices", "none", "--mark", "btcusdt.spot.sim=120"]


@pytest.fixture
def data(tmp_path: Path) -> str:
    write_journal(tmp_path, entries_of(ROUND_TRIP))
    return str(tmp_path)


def test_average_cost_profit_and_breakeven_with_the_cost_of_leaving(
    data: str, capsys: Capture
) -> None:
    assert run(["--data-dir", data, "positions", "--json", *MARK]) == 0
    (row,) = json.loads(capsys.readouterr().out)

    assert (row["size"], row["average_price"]) == ("1", "105")
    assert (row["realised"], row["fees"], row["unrealised"]) == ("25", "3.4", "15")
    assert row["total"] == "36.6"
    assert (row["mark"], row["value"], row["settle"]) == ("120", "120", "usdt")
    # Half of both entry fees is still open, and 0.1 % is paid for leaving: 106.05 / 0.999.
    assert row["breakeven"] == "106.16"


def test_the_table_and_its_sum(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "positions", *MARK])
    lines = capsys.readouterr().out.splitlines()

    assert lines[1].split()[:4] == ["sim", "btcusdt.spot.sim", "1.00000", "105.00"]
    assert lines[-1] == "USDT: unrealised +15.00, realised +25.00, fees 3.40, together +36.60"


def test_a_price_that_is_not_known_leaves_the_sum_unknown(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "positions", "--prices", "none"])
    said = capsys.readouterr().out
    run(["--data-dir", data, "positions", "--prices", "none", "--json"])
    (row,) = json.loads(capsys.readouterr().out)

    assert "unrealised –, realised +25.00, fees 3.40, together –" in said
    assert (row["unrealised"], row["mark"], row["total"]) == (None, None, None)


def test_ones_own_last_price_is_one_where_it_is_asked_for(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "positions", "--prices", "fills", "--json"])
    (row,) = json.loads(capsys.readouterr().out)

    assert (row["mark"], row["mark_time"]) == ("130", "2026-01-07T01:00:00.000000000Z")


def test_positions_as_they_stood_then(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "positions", "--prices", "fills", "--json", "--until", "2026-01-07"])
    (row,) = json.loads(capsys.readouterr().out)

    assert (row["size"], row["mark"], row["unrealised"]) == ("2", "110", "10")


def test_what_is_closed_is_shown_where_it_is_asked_for(tmp_path: Path, capsys: Capture) -> None:
    fills = [*ROUND_TRIP, fill_of(4, "sell", "1", "90", hours=50)]
    write_journal(tmp_path, entries_of(fills))
    data = ["--data-dir", str(tmp_path), "positions", "--prices", "none"]
    run(data)
    assert capsys.readouterr().out == "no positions\n"
    run([*data, "--flat", "--json"])
    (row,) = json.loads(capsys.readouterr().out)

    # Without anything open no price is needed.
    assert (row["size"], row["unrealised"], row["total"]) == ("0", "0", "6.6")
    assert Decimal(row["realised"]) == 10


def test_an_inverse_contract_is_counted_in_its_base(tmp_path: Path, capsys: Capture) -> None:
    fills = [fill_of(1, "buy", "100", "20000", "0.00005", "btc", fqme=PERPETUAL.fqme)]
    write_journal(tmp_path, entries_of(fills))
    run(["--data-dir", str(tmp_path), "positions", "--prices", "none",
         "--mark", "btcusd.perp.sim=25000", "--json"])  # fmt: skip
    (row,) = json.loads(capsys.readouterr().out)

    # 1000 dollars are 0.05 btc at the entry and 0.04 at the mark.
    assert (row["settle"], row["unrealised"], row["value"]) == ("btc", "0.01", "1000")


def test_everything_in_one_currency_through_known_markets(tmp_path: Path, capsys: Capture) -> None:
    fills = [
        *ROUND_TRIP,
        fill_of(6, "buy", "2", "0.05", "0.001", "btc", hours=4, fqme=ETHBTC.fqme),
    ]
    write_journal(tmp_path, entries_of(fills))
    marks = [*MARK, "--mark", "ethbtc.spot.sim=0.06", "--currency", "USDT"]
    run(["--data-dir", str(tmp_path), "positions", *marks])
    said = capsys.readouterr().out

    # 0.02 gained less 0.001 paid is 0.019 btc, at 120; and 36.6.
    assert "all in USDT: +38.88" in said


def test_what_cannot_be_converted_is_said_and_not_left_out(tmp_path: Path, capsys: Capture) -> None:
    fills = [*ROUND_TRIP, fill_of(6, "buy", "1", "100", "0.01", "bnb", hours=60)]
    write_journal(tmp_path, entries_of(fills))
    run(["--data-dir", str(tmp_path), "positions", *MARK, "--currency", "usdt"])
    said = capsys.readouterr().out

    assert "all in USDT: –; known of it +" in said
    assert "not known: -0.01000000 BNB" in said
    assert "breakeven of sim btcusdt.spot.sim is not known: fees were paid in BNB" in said


def test_csv_has_a_header_without_positions_too(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "positions", "--csv", "--since", "2026-02-01", "--prices", "none"])
    header = capsys.readouterr().out
    run(["--data-dir", data, "positions", "--csv", *MARK])
    said = capsys.readouterr().out

    assert said.startswith(header)
    (row,) = csv.DictReader(io.StringIO(said))
    assert row["entry_fees"] == "1.05 usdt"


@pytest.mark.parametrize(
    "words",
    [
        ["--mark", "btcusdt.spot.sim"],
        ["--mark", "btcusdt.spot.sim=many"],
        ["--prices", "guess"],
        ["--currency", "pieces of eight"],
    ],
)
def test_what_makes_no_sense_exits_with_2(data: str, capsys: Capture, words: list[str]) -> None:
    assert run(["--data-dir", data, "positions", *words]) == 2
    assert capsys.readouterr().err.startswith("tickdeck: ")
