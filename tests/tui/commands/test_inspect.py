"""`tickdeck inspect`, from its arguments to what it prints."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from engine.errors import DataError, UsageError
from tests.support.recordings import all_recordings, recording
from tests.support.venue_messages import binance_depth, binance_snapshot, binance_trade
from tui.__main__ import run
from tui.commands.inspect import inspect, plain, without_noise

TRADES = (
    "time,price,size\n1735689600,0.1,0.1\n1735689601,0.00000638,0.2\n1735689662,123456789.5,3\n"
)


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    path = tmp_path / "BTCUSDT.csv"
    path.write_text(TRADES)
    return path


def test_the_report_says_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file"
    path.write_bytes(
        b"\n".join(
            [
                binance_depth(10, 10),
                binance_snapshot(10, [("99", "5")], [("101", "5")]),
                binance_depth(15, 16),
                binance_trade(1),
                b"{",
            ]
        )
    )

    assert inspect(path, as_json=False, bars=None, out=None) == 0
    printed = capsys.readouterr().out
    assert "5 read, 1 malformed" in printed
    assert "depthUpdate 2" in printed
    assert "1 snapshot, 0 updates, 1 gap" in printed
    assert "not known at the end" in printed


def test_the_report_as_json_can_be_read_by_programs(
    trades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(trades, as_json=True, bars=None, out=None) == 0

    report = json.loads(capsys.readouterr().out)
    assert (report["format"], report["messages"]) == ("trades csv", {"trade": 3})
    assert report["markets"][0]["volume"] == 3.3


def test_bars_are_printed_in_full_and_without_digits_of_their_own(
    trades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(trades, as_json=False, bars="1m", out=None) == 0

    assert capsys.readouterr().out.splitlines() == [
        "time,open,high,low,close,volume,trades",
        "1735689600,0.1,0.1,0.00000638,0.00000638,0.3,2",
        "1735689660,123456789.5,123456789.5,123456789.5,123456789.5,3,1",
    ]


def test_bars_as_json_are_the_same_numbers(
    trades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(trades, as_json=True, bars="1m", out=None) == 0

    bars = json.loads(capsys.readouterr().out)["btcusdt.file"]
    assert bars[0] == {
        "time": 1735689600,
        "open": 0.1,
        "high": 0.1,
        "low": 0.00000638,
        "close": 0.00000638,
        "volume": 0.3,
        "trades": 2,
    }


def test_bars_can_be_written_to_a_file(
    trades: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bars.csv"
    assert inspect(trades, as_json=False, bars="1s", out=out) == 0

    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 63
    assert capsys.readouterr().out == f"{out}: 63 bars of btcusdt.file\n"


def test_bars_of_several_markets_are_kept_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "file", tmp_path / "bars.csv"
    path.write_bytes(binance_trade(1) + b"\n" + binance_trade(1, symbol="ETHUSDT"))

    inspect(path, as_json=False, bars="1m", out=None)
    printed = capsys.readouterr().out
    inspect(path, as_json=True, bars="1m", out=None)
    as_json = json.loads(capsys.readouterr().out)
    inspect(path, as_json=False, bars="1m", out=out)

    assert printed.count("# ") == printed.count("time,open") == 2
    assert list(as_json) == ["btcusdt.spot.binance", "ethusdt.spot.binance"]
    written = sorted(path.name for path in tmp_path.glob("bars-*.csv"))
    assert written == ["bars-btcusdt.spot.binance.csv", "bars-ethusdt.spot.binance.csv"]


def test_bad_lines_are_told_apart_from_the_bars(
    trades: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trades.write_text(TRADES + "x,1,1\n")
    inspect(trades, as_json=False, bars="1m", out=None)

    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 3
    assert "1 malformed line left out" in printed.err


@pytest.mark.parametrize("period", ["", "1x", "m", "0m", "-1m", "1.5m", "99999999999d", "١m"])
def test_what_is_no_period_is_refused(trades: Path, period: str) -> None:
    with pytest.raises(UsageError, match="not a period of bars"):
        inspect(trades, as_json=False, bars=period, out=None)


def test_the_recording_is_never_overwritten(trades: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(trades)

    with pytest.raises(UsageError, match="overwrite"):
        inspect(trades, as_json=False, bars="1m", out=tmp_path / "link")
    with pytest.raises(UsageError, match="cannot be written"):
        inspect(trades, as_json=False, bars="1m", out=tmp_path)
    with pytest.raises(UsageError, match="--out is for bars"):
        inspect(trades, as_json=False, bars=None, out=tmp_path / "out")
    assert trades.read_text() == TRADES


def test_a_file_that_is_no_recording_ends_with_one_line_and_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["inspect", str(tmp_path)])

    assert code == DataError.exit_code == 65
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        f"tickdeck: {tmp_path.name} is a directory, not a recording"
    ]


@pytest.mark.slow
def test_every_recording_is_inspected_or_refused_for_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = all_recordings()
    if not paths:
        pytest.skip("no recordings")
    codes = {path: run(["inspect", str(path)]) for path in paths}

    assert {path.name: code for path, code in codes.items()} == {
        path.name: 65 if path.parent.name == "ib" else 0 for path in paths
    }
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert "WRONG" not in printed.out


def test_a_file_of_answers_is_told_for_people_and_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "time.json"
    path.write_text('{"error":[],"result":{"unixtime":1,"rfc1123":"x"}}')

    assert run(["inspect", str(path)]) == 0
    assert "answers   kraken Time 1" in capsys.readouterr().out
    assert run(["inspect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answers"] == {"kraken Time": 1}
    assert run(["inspect", str(path), "--bars", "1m"]) == 65


def test_names_and_contents_cannot_command_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "\x1b[2J.csv"
    path.write_text(TRADES + "1735689600,\x1b[2J,1\n")
    inspect(path, as_json=False, bars=None, out=None)
    inspect(path, as_json=False, bars="1m", out=None)
    path.write_bytes(b'{"stream":"a@\\u001b[2J","data":{"e":"\\u001b[2J"}}\n' + binance_trade(1))
    inspect(path, as_json=False, bars=None, out=None)

    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err


def test_numbers_are_written_in_full() -> None:
    assert [plain(value) for value in (1e-08, 100.0, 1e22, 0.1)] == [
        "0.00000001",
        "100",
        "10000000000000000000000",
        "0.1",
    ]
    assert without_noise(0.1 + 0.2, 8) == 0.3


def test_the_proof_of_a_recording_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    path = recording("kraken/krakensdk_ws2_book10_BTCUSD_first251.ndjson.gz")
    inspect(path, as_json=False, bars=None, out=None)

    assert "checksum of the book: 251 of 251 right" in capsys.readouterr().out
