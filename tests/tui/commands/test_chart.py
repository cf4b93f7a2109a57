"""`tickdeck chart`, from its arguments to what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from engine.clock import NANOS
from engine.feed.bars import Series
from engine.instruments import Instrument
from engine.messages import Columns
from tests.support.recordings import recording
from tests.support.series import made
from tests.support.terminal import Terminal
from tui.__main__ import run
from tui.commands.printed import STYLES, Printout, heikin_ashi, in_ascii, printed
from tui.zones import zone_of

SIM = "btcusdt.spot.sim"
DAY_NS = 1_767_571_200 * NANOS
"""2026-01-05T00:00:00Z."""

TRADES = "time,price,size\n" + "".join(
    f"{1735689600 + second},{100 + second % 17}.5,1\n" for second in range(0, 3600, 7)
)


def instrument(tick: str = "0.1") -> Instrument:
    return Instrument(
        fqme=SIM, symbol="X", base="BTC", quote="USDT",
        price_tick=Decimal(tick), size_step=Decimal(1),
    )  # fmt: skip


def series_of(count: int, *, period_s: int = 60, seed: int = 1) -> Series:
    columns = made(count, seed)
    series = Series(period_s)
    series.merge(
        Columns(
            time_ns=DAY_NS + np.arange(count, dtype=np.int64) * period_s * NANOS,
            open=columns.open, high=columns.high, low=columns.low, close=columns.close,
            volume=columns.volume, trades=columns.trades,
        )
    )  # fmt: skip
    return series


def lines_of(
    series: Series, width: int = 80, height: int = 24, style: str = "candles"
) -> list[str]:
    text = printed(Printout(instrument(), series, style, UTC), width, height)
    assert isinstance(text, Text)
    return text.plain.split("\n")


def command(tmp_path: Path, *arguments: str) -> list[str]:
    """A command line that shares nothing with the person who runs the tests."""
    return ["--config", str(tmp_path), "--data-dir", str(tmp_path), "chart", *arguments]


# -- the picture -----------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    st.integers(1, 3000),
    st.integers(24, 220),
    st.integers(6, 60),
    st.sampled_from(STYLES),
    st.sampled_from([1, 60, 3600, 86_400]),
)
def test_a_chart_has_the_size_it_was_asked_for(
    count: int, width: int, height: int, style: str, period_s: int
) -> None:
    lines = lines_of(series_of(count, period_s=period_s), width, height, style)

    assert height == len(lines)
    assert max(map(len, lines)) <= width
    assert any(line.strip() for line in lines[2:-1])


def test_it_says_what_it_shows_and_what_became_of_the_price() -> None:
    series = series_of(30)
    series.set_last(100.0, 200.0, 50.0, 150.0, 7.0, 1.0)

    what, moved, *_ = lines_of(series)

    assert f"{SIM} 1m  30 bars" == what
    assert moved.startswith("150.0 ")
    assert "low 50.0" in moved


@pytest.mark.parametrize("width", range(24, 80))
def test_no_number_above_the_picture_is_cut(width: int) -> None:
    series = series_of(300)
    whole = " ".join(lines_of(series, 200)[1].split("  ")).split()
    what, moved, *_ = lines_of(series, width)

    assert moved.split() == whole[: len(moved.split())]
    assert len(moved) <= width
    assert "bars" not in what or what.endswith(("bars", "column"))


def test_many_bars_are_made_one_and_none_is_left_out() -> None:
    lines = lines_of(series_of(1000), width=80)

    assert "1,000 bars, 15 bars a column" in lines[0]


@given(st.integers(60, 3000), st.integers(50, 200), st.sampled_from(STYLES))
def test_the_width_is_used(count: int, width: int, style: str) -> None:
    series = series_of(count)
    lines = lines_of(series, width, 24, style)

    assert max(len(line.rstrip()) for line in lines[2:-1]) > width * 0.45
    assert min(len(line) - len(line.lstrip()) for line in lines[2:-1] if line.strip()) <= 3


def test_the_newest_bar_stands_rightmost() -> None:
    series = series_of(40)
    series.set_last(1000.0, 1500.0, 500.0, 1000.0, 1.0, 1.0)

    lines = lines_of(series, width=60, height=12)
    spans = [line.rstrip().rfind("│") for line in lines[2:-1]]

    assert len(set(spans) - {-1}) == 1


def test_bars_that_never_moved_are_drawn() -> None:
    series = Series(60)
    for minute in range(5):
        series.append(DAY_NS + minute * 60 * NANOS, 5.0, 5.0, 5.0, 5.0)

    lines = lines_of(series)

    assert "5.0 0.00%" in lines[1]
    assert any("5.0" in line for line in lines[2:])


def test_prices_are_round_and_in_the_decimals_of_the_instrument() -> None:
    series = series_of(100)
    text = printed(Printout(instrument("0.25"), series, "candles", UTC), 80, 40).plain

    labels = [float(found) for found in re.findall(r" (\d+\.\d\d)$", text, re.MULTILINE)]
    assert len(labels) >= 3
    steps = set(np.diff(labels).round(6).tolist())
    assert len(steps) == 1
    assert (-steps.pop() / 0.25) % 1 == 0


def test_times_are_round_and_the_day_is_told_where_it_begins() -> None:
    last = lines_of(series_of(48, period_s=3600), width=80)[-1]

    assert "6 Jan" in last
    assert "12:00" in last
    assert last.endswith("UTC")


def test_times_are_those_of_the_zone() -> None:
    zone = zone_of("America/New_York")
    text = printed(Printout(instrument(), series_of(60), "candles", zone), 80, 12).plain

    assert "19:" in text.split("\n")[-1]
    assert text.endswith("EST")


def test_missing_time_is_left_empty_where_there_is_room() -> None:
    series = series_of(10)
    series.append(DAY_NS + 3600 * NANOS, 1000.0, 1010.0, 990.0, 1001.0, 5.0, 1.0)

    volume = lines_of(series, width=60, height=20)[-2]
    marks = [at for at, sign in enumerate(volume) if sign != " "]

    assert {marks[-1] - marks[-2]} == {2 * (marks[1] - marks[0])}


def test_averaged_bars_are_what_their_rule_says() -> None:
    columns = made(50)

    open_, high, low, close = heikin_ashi(columns)

    total = columns.open + columns.high + columns.low + columns.close
    assert close.tolist() == (total / 4).tolist()
    assert open_[7] == (open_[6] + close[6]) / 2
    assert (high >= np.maximum(open_, close)).all()
    assert (low <= np.minimum(open_, close)).all()


@pytest.mark.parametrize("style", STYLES)
def test_nothing_but_ascii_is_needed(style: str) -> None:
    text = in_ascii("\n".join(lines_of(series_of(50), style=style)))

    assert text.isascii()
    assert "?" not in text
    assert text.count("\n") == 23


# -- the command -----------------------------------------------------------------------------


def test_a_market_is_printed_without_colours_where_nobody_looks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(tmp_path, SIM, "--period", "1m", "--bars", "50", "--width", "90")) == 0

    printed_text = capsys.readouterr().out
    assert f"{SIM} 1m  50 bars" in printed_text
    assert "\x1b" not in printed_text
    assert max(map(len, printed_text.split("\n"))) <= 90


def test_a_recording_goes_the_same_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "BTCUSDT.csv"
    path.write_text(TRADES)

    assert run(command(tmp_path, str(path), "--period", "1m", "--height", "12")) == 0

    assert "btcusdt.replay 1m  60 bars" in capsys.readouterr().out


def test_a_recording_of_several_markets_is_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(recording("binance/cryptofeed_BINANCE.ws.1.0.gz"))

    code = run(command(tmp_path, path))
    said = capsys.readouterr().err
    assert code == 2
    assert "has 4 markets" in said
    assert "--market nknusdt.spot.replay" in said
    assert run(command(tmp_path, path, "--market", "nknusdt")) == 0
    assert "nknusdt.spot.replay 1s" in capsys.readouterr().out
    assert run(command(tmp_path, path, "--market", "nkn")) == 2


def test_a_real_day_of_a_stock_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recording("equity/lean_spy_minute_20131007_trade.csv.gz")

    assert run(command(tmp_path, str(path), "--period", "5m", "--width", "120")) == 0

    text = capsys.readouterr().out
    assert "spy.stock.replay 5m  192 bars, 2 bars a column" in text
    assert "7 Oct" in text
    assert "167.50" in text


def test_a_picture_is_written_that_fetches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chart.svg"

    assert run(command(tmp_path, SIM, "--period", "5m", "--svg", str(path))) == 0

    assert "200 bars of btcusdt.spot.sim" in capsys.readouterr().out
    svg = path.read_text()
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "@font-face" not in svg
    assert "url(http" not in svg


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nope.spot.sim"], 69, "does not list 'nope.spot.sim'"),
        (["a.spot.nobroker"], 69, "no broker named 'nobroker'"),
        ([SIM, "--period", "7x"], 2, "'7x' is not a period"),
        ([SIM, "--period", "900d"], 2, "is not a period"),
        ([SIM, "--style", "pie"], 2, "'pie' is not a style"),
        ([SIM, "--bars", "0"], 2, "0 bars cannot be shown"),
        ([SIM, "--width", "5"], 2, "cannot be 5 cells wide"),
        ([SIM, "--height", "9999"], 2, "cannot be 9999 cells high"),
        ([SIM, "--market", "x"], 2, "--market is for recordings"),
        ([SIM, "--svg", "/nonexistent/a.svg"], 2, "cannot be written"),
        (["nowhere"], 2, "'nowhere' is not a market name"),
        (["/nonexistent/a.csv"], 65, "does not exist"),
        (["a\x1b[2J.gz"], 65, "does not exist"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    assert run(command(tmp_path, *arguments)) == code

    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") <= 2
    assert "\x1b" not in error


def test_a_recording_in_which_nothing_traded_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "34200000,1000000,1000000,1000000,1000000,1,1001000,1001000,1001000,1001000,2\n"
    path = tmp_path / "20131007_spy_minute_quote.csv"
    path.write_text(rows * 3)

    assert run(command(tmp_path, str(path))) == 65
    assert "has no bars" in capsys.readouterr().err


def test_who_reads_only_the_beginning_stops_it_quietly(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT.csv"
    path.write_text(TRADES)
    arguments = command(tmp_path, str(path), "--width", "1000", "--height", "400", "--plain")
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) in (0, 1, 141)  # 1: by the parser of the command line
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("name", ["", "NO_COLOR"])
def test_colours_are_for_terminals_that_want_them(tmp_path: Path, name: str) -> None:
    environ = {
        key: value
        for key, value in os.environ.items()
        if key not in ("NO_COLOR", "COLUMNS", "LINES")
    }
    arguments = command(tmp_path, SIM, "--period", "1m", "--bars", "60")
    with Terminal(
        [sys.executable, "-m", "tui", *arguments],
        columns=70,
        rows=20,
        environ=environ | ({name: "1"} if name else {}),
        cwd=Path(__file__).parents[3],
    ) as terminal:
        assert terminal.wait_exit(within_s=60) == 0

        assert "UTC" in "\n".join(terminal.screen.display)
        assert bool(name) != (b"\x1b[32m" in terminal.output)
        assert max(len(line.rstrip()) for line in terminal.screen.display) <= 70
