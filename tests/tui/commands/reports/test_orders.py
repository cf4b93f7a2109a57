"""`tickdeck orders`, from its arguments to what it prints."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.ems.journal import Intent, Record
from engine.messages import Accepted, Denied
from tests.support.records import BTC, ROUND_TRIP, START_NS, entries_of, fill_of, write_journal
from tests.support.records import order_of as plain_order
from tui.__main__ import run
from tui.commands.reports.orders import kind_of

Capture = pytest.CaptureFixture[str]
RESTING = replace(
    plain_order(fill_of(8, "sell", "2", "150", hours=50)), account="paper", post_only=True
)
REFUSED = replace(plain_order(fill_of(9, "buy", "5", "90", hours=51)), order_type="stop_limit")

DENIAL = Denied(order_id="o9", check="max_order_size", reason="too large", limit="1", value="5")


@pytest.fixture
def data(tmp_path: Path) -> str:
    at = RESTING.created_ns
    records = [
        *entries_of(ROUND_TRIP),
        Record(at, Intent(order=RESTING)),
        Record(at, Accepted(order_id="o8", venue_order_id="v8", venue_ns=at)),
        Record(at, Intent(order=REFUSED)),
        Record(at, DENIAL),
    ]
    write_journal(tmp_path, records)
    return str(tmp_path)


def test_orders_and_what_became_of_them(data: str, capsys: Capture) -> None:
    assert run(["--data-dir", data, "orders"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].split()[:4] == ["made", "UTC", "account", "market"]
    assert lines[1].split()[:5] == ["2026-01-05", "00:59:59", "sim", BTC.fqme, "buy"]
    assert "limit post-only" in lines[4]
    assert " open" in lines[4]
    assert "too large (is 5, limit 1)" in lines[5]
    assert lines[-1] == "5 orders: 1 open, 3 filled, 1 denied"


def test_only_those_that_are_asked_for(data: str, capsys: Capture) -> None:
    for arguments, ids in (
        (["--account", "paper"], ["o8"]),
        (["--open"], ["o8"]),
        (["--since", "2026-01-07"], ["o3", "o8", "o9"]),
        (["--until", "2026-01-06"], ["o1"]),
        (["--last", "2"], ["o8", "o9"]),
        (["--market", "ethusdt.spot.sim"], []),
    ):
        assert run(["--data-dir", data, "orders", "--json", *arguments]) == 0
        assert [row["order_id"] for row in json.loads(capsys.readouterr().out)] == ids


def test_csv_has_every_field_of_every_order(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "orders", "--csv"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert len(rows) == 5
    assert set(RESTING.__struct_fields__) < set(rows[0])
    resting = next(row for row in rows if row["order_id"] == "o8")
    assert (resting["remaining"], resting["held_at"]) == ("2", "venue")
    denied = next(row for row in rows if row["order_id"] == "o9")
    assert [denied[f"denied_{name}"] for name in ("by", "limit", "value")] == [
        "max_order_size", "1", "5",
    ]  # fmt: skip
    assert (resting["size"], resting["price"], resting["post_only"]) == ("2", "150", "true")


def test_a_header_stands_there_without_orders_too(data: str, capsys: Capture) -> None:
    run(["--data-dir", data, "orders", "--csv", "--since", "2026-02-01"])
    header = capsys.readouterr().out
    run(["--data-dir", data, "orders", "--csv"])

    assert capsys.readouterr().out.startswith(header)
    run(["--data-dir", data, "orders", "--since", "2026-02-01"])
    assert capsys.readouterr().out == "no orders\n"


def test_a_record_that_does_not_add_up_is_told_by_the_exit_code(
    tmp_path: Path, capsys: Capture
) -> None:
    lone = Accepted(order_id="nobody", venue_order_id="v", venue_ns=1)
    write_journal(tmp_path, [*entries_of(ROUND_TRIP), Record(START_NS, lone)])

    assert run(["--data-dir", str(tmp_path), "orders"]) == 1
    assert "problem: record " in capsys.readouterr().out


def test_errors_say_what_to_do(data: str, tmp_path: Path, capsys: Capture) -> None:
    assert run(["--data-dir", data, "orders", "--account", "papre"]) == 2
    assert "did you mean 'paper'?" in capsys.readouterr().err
    assert run(["--data-dir", str(tmp_path / "none"), "orders"]) == 66
    assert "--data-dir" in capsys.readouterr().err
    assert run(["--data-dir", data, "orders", "--json", "--csv"]) == 2


def test_an_order_is_told_in_the_words_of_the_field() -> None:
    order = plain_order(ROUND_TRIP[0])
    dark = replace(order, route="dark", order_type="market", reduce_only=True)

    assert kind_of(order) == "limit"
    assert kind_of(replace(order, time_in_force="ioc")) == "limit ioc"
    assert kind_of(dark) == "dark market reduce-only"
    assert kind_of(replace(order, order_type="trailing_stop_limit")) == "trailing-stop-limit"
    assert kind_of(replace(order, is_external=True)) == "limit (external)"
