"""`tickdeck pnl`, from its arguments to what it prints."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import ROUND_TRIP, entries_of, write_journal
from tests.support.terminal import Terminal
from tui.__main__ import run
from tui.commands.reports.pnl import deepest_fall

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def pnl(tmp_path: Path) -> list[str]:
    write_journal(tmp_path, entries_of(ROUND_TRIP))
    return ["--data-dir", str(tmp_path), "pnl", "--prices", "fills", "--until", "2026-01-08"]


def test_a_table_in_a_pipe_is_plain_and_without_a_curve(pnl: list[str], capsys: Capture) -> None:
    assert run(pnl) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()

    assert lines[0].split() == ["day", "realised", "unrealised", "fees", "net", "in", "fills"]
    assert lines[3].split()[:6] == ["2026-01-07", "+25.00", "+15.00", "1.30", "+38.70", "USDT"]
    assert "USDT +46.60: realised +25.00, unrealised +25.00, fees 3.40" in said
    assert "2 of 3 with a gain; best 2026-01-07 +38.70, worst 2026-01-05 -1.00" in said
    assert "\x1b" not in said
    assert not any("\u2800" < mark <= "\u28ff" for mark in said)


def test_a_curve_is_drawn_where_it_is_asked_for(pnl: list[str], capsys: Capture) -> None:
    run([*pnl, "--curve"])
    said = capsys.readouterr().out

    assert "profit in USDT, with what is open" in said
    assert any("\u2800" < mark <= "\u28ff" for mark in said)


def test_with_what_there_was_at_first_the_curve_is_of_equity(
    pnl: list[str], capsys: Capture
) -> None:
    run([*pnl, "--curve", "--opening", "1000"])
    said = capsys.readouterr().out

    assert "equity in USDT, with what is open" in said
    (base,) = [line for line in said.splitlines() if "┄" in line]
    assert base.split()[-1] == "1000"
    assert run([*pnl, "--opening", "some"]) == 2


def test_programs_get_every_number_and_no_curve(pnl: list[str], capsys: Capture) -> None:
    run([*pnl, "--json", "--curve"])
    rows = json.loads(capsys.readouterr().out)
    run([*pnl, "--csv"])
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert [row["net"] for row in rows] == ["-1", "8.9", "38.7"]
    assert [row["net"] for row in table] == ["-1", "8.9", "38.7"]
    assert rows[0]["start_time"] == "2026-01-05T00:00:00.000000000Z"
    assert rows[0]["end_ns"] == rows[1]["start_ns"]


@pytest.mark.parametrize("by", ["day", "week", "month", "session", "market"])
def test_however_it_is_cut_it_sums_to_the_same(pnl: list[str], capsys: Capture, by: str) -> None:
    run([*pnl, "--json", "--by", by, "--lots", "fifo"])
    rows = json.loads(capsys.readouterr().out)

    assert sum(Decimal(row["net"]) for row in rows) == Decimal("46.6")


def test_lots_are_told_one_by_one(pnl: list[str], capsys: Capture) -> None:
    run([*pnl, "--by", "lot", "--lots", "fifo", "--json"])
    (row,) = json.loads(capsys.readouterr().out)

    assert (row["opened_by"], row["closed_by"], row["gain"]) == ("t1", "t3", "27.7")


def test_nothing_is_said_in_words(pnl: list[str], capsys: Capture) -> None:
    assert run([*pnl[:-1], "2026-01-01"]) == 0
    assert "nothing was traded or held" in capsys.readouterr().out


def test_what_makes_no_sense_exits_with_2(pnl: list[str], capsys: Capture) -> None:
    for words in (["--by", "decade"], ["--lots", "best"], ["--pause", "x"], ["--day-start", "x"]):
        assert run([*pnl, *words]) == 2
    assert run([*pnl, "--account", "nobody"]) == 2


def test_the_deepest_fall_is_from_the_highest_point_before_it() -> None:
    assert deepest_fall([Decimal(n) for n in (5, -3, 10, -4, -4, 2)]) == 8
    assert deepest_fall([Decimal(-2), Decimal(1)]) == 2, "from the beginning"
    assert deepest_fall([Decimal(1)]) == 0


@given(st.lists(st.integers(-100, 100).map(Decimal), max_size=20))
def test_the_deepest_fall_is_that_of_some_stretch(nets: list[Decimal]) -> None:
    stretches = [
        sum(nets[start:end], Decimal(0))
        for start in range(len(nets) + 1)
        for end in range(start, len(nets) + 1)
    ]

    assert deepest_fall(nets) == -min(stretches)


@pytest.mark.parametrize(("columns", "without"), [(80, ""), (120, ""), (200, "NO_COLOR")])
def test_on_a_terminal_it_fits_and_is_drawn(pnl: list[str], columns: int, without: str) -> None:
    environ = {
        key: value
        for key, value in os.environ.items()
        if key not in ("NO_COLOR", "COLUMNS", "LINES")
    }
    with Terminal(
        [sys.executable, "-m", "tui", *pnl],
        columns=columns,
        rows=35,
        environ=environ | {"TERM": "xterm-256color"} | ({without: "1"} if without else {}),
        cwd=Path(__file__).parents[4],
    ) as terminal:
        assert terminal.wait_exit(within_s=60) == 0
        lines = [line.rstrip() for line in terminal.screen.display]

    assert lines[0].split()[0] == "day"
    assert any("profit in USDT" in line for line in lines)
    assert any("\u2800" < mark <= "\u28ff" for line in lines for mark in line)
    assert bool(without) != (b"\x1b[32m" in terminal.output)
    # Nothing ran over the edge: a row of the table is one line of the screen.
    assert sum(line.startswith("2026-01-0") for line in lines) == 4, "three days and the axis"
