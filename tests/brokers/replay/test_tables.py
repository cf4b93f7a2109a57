from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from brokers.replay import tables
from brokers.replay.protocol import Tape
from brokers.replay.tape import open_tape
from engine.clock import NANOS
from engine.errors import DataError
from engine.messages import Trade

SECOND = 1_735_689_600
"""2025-01-01T00:00:00Z."""

TRADES = "time,price,size,side\n1735689600,100.5,1,buy\n1735689601,101,0.25,sell\n"


def tape_of(tmp_path: Path, text: str, name: str = "BTCUSDT.csv") -> Tape:
    path = tmp_path / name
    path.write_text(text)
    return open_tape(path)


def trades_on(tape: Tape) -> list[Trade]:
    return [tick for _, _, ticks in tape.play() for tick in ticks if isinstance(tick, Trade)]


def test_rows_of_trades_become_trades(tmp_path: Path) -> None:
    tape = tape_of(tmp_path, TRADES)

    first_ns, last_ns = SECOND * NANOS, (SECOND + 1) * NANOS
    assert trades_on(tape) == [
        Trade("btcusdt.file", 100.5, 1.0, "buy", first_ns, first_ns),
        Trade("btcusdt.file", 101.0, 0.25, "sell", last_ns, last_ns),
    ]
    assert (tape.kind, tape.start_ns, tape.end_ns) == ("trades csv", first_ns, last_ns)
    market = tape.markets[0]
    assert (str(market.price_tick), str(market.size_step)) == ("0.1", "0.01")


@pytest.mark.parametrize("packing", ["plain", "gzip", "zip", "semicolons", "quotes", "no header"])
def test_a_table_is_the_same_however_it_is_written(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "BTCUSDT.bin"
    match packing:
        case "gzip":
            path.write_bytes(gzip.compress(TRADES.encode()))
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("x", TRADES)
        case "semicolons":
            path.write_text(TRADES.replace(",", ";").replace("\n", "\r\n"))
        case "quotes":
            path.write_text("\n".join(f'"{line}"'.replace(",", '","') for line in TRADES.split()))
        case "no header":
            path.write_text(TRADES.partition("\n")[2])
        case _:
            path.write_text(TRADES)
    (tmp_path / "BTCUSDT.csv").write_text(TRADES)

    assert trades_on(open_tape(tmp_path / "BTCUSDT.csv")) == trades_on(open_tape(path))


@pytest.mark.parametrize("unit", [1, 1000, 1_000_000, 1_000_000_000])
def test_times_are_read_in_any_unit(tmp_path: Path, unit: int) -> None:
    rows = "".join(f"{(SECOND + at) * unit},100,1\n" for at in range(3))
    tape = tape_of(tmp_path, "timestamp,price,amount\n" + rows)

    assert [trade.venue_ns for trade in trades_on(tape)] == [
        (SECOND + at) * NANOS for at in range(3)
    ]


def test_aggregate_trades_of_a_dump_count_what_is_in_them(tmp_path: Path) -> None:
    row = "26129,0.01633102,4.70443515,27781,27783,1498793709153,True,True\n"
    tape = tape_of(tmp_path, row * 2)

    (trade, _) = trades_on(tape)
    assert (trade.fqme, trade.count, trade.side) == ("btcusdt.spot.binance", 3, "sell")
    assert (trade.trade_id, trade.venue_ns) == ("26129", 1498793709153 * 1_000_000)


def test_rows_that_are_no_trades_are_counted_and_left_out(tmp_path: Path) -> None:
    bad = ["x,1,1", "1735689602,nan,1", "1735689602,1,inf", "1735689602,-1,1", "1735689602", '"']
    tape = tape_of(tmp_path, TRADES + "\n".join(bad) + "\n1735689603,1,1,buy\n")

    assert len(trades_on(tape)) == 3
    statistics = tape.statistics()
    assert (statistics.malformed, statistics.rows) == (6, 3)
    assert statistics.first_malformed.startswith("line 4: ")


def test_times_of_a_tape_never_go_down(tmp_path: Path) -> None:
    tape = tape_of(tmp_path, "time,price,size\n1735689600,1,1\n1735689609,2,1\n1735689605,3,1\n")

    assert [at // NANOS - SECOND for at, _, _ in tape.play()] == [0, 9, 9]
    assert [trade.venue_ns // NANOS - SECOND for trade in trades_on(tape)] == [0, 9, 5]


def test_a_file_with_the_newest_row_first_is_turned_around(tmp_path: Path) -> None:
    rows = "".join(f"{SECOND + at},{at + 1},1\n" for at in reversed(range(5)))
    tape = tape_of(tmp_path, "unix,price,size\n" + rows)

    assert [trade.price for trade in trades_on(tape)] == [1, 2, 3, 4, 5]
    assert tape.start_ns == SECOND * NANOS
    assert tape.statistics().notes == ["the newest row came first; it was turned around"]


def test_too_many_rows_are_not_turned_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_REVERSED", 3)
    rows = "".join(f"{SECOND + at},{at + 1},1\n" for at in reversed(range(5)))
    tape = tape_of(tmp_path, "unix,price,size\n" + rows)

    with pytest.raises(DataError, match="newest row first"):
        trades_on(tape)


def test_bars_tell_their_period_and_go_to_its_end(tmp_path: Path) -> None:
    """Bars without trades may be left out."""
    rows = "".join(f"{SECOND + at * 60},1,2,0.5,1.5,10\n" for at in (0, 2, 5, 6))
    tape = tape_of(tmp_path, "date,open,high,low,close,volume\n" + rows)

    assert (tape.kind, tape.bar_period_s) == ("bars csv", 60)
    assert tape.end_ns == (SECOND + 7 * 60) * NANOS - 1_000_000
    times = [at for at, _, _ in tape.play()]
    assert (times[0], times[-1]) == (tape.start_ns, tape.end_ns)
    assert times == sorted(times)


def test_days_that_begin_at_a_venues_midnight_are_days_of_utc(tmp_path: Path) -> None:
    """New York, over the end of summer time."""
    days = ["2013-11-01 04:00", "2013-11-02 04:00", "2013-11-03 04:00", "2013-11-04 05:00"]
    rows = "".join(f"{day},1,2,0.5,1.5,10\n" for day in days)
    tape = tape_of(tmp_path, "date,open,high,low,close,volume\n" + rows)

    assert tape.bar_period_s == 86_400
    assert tape.start_ns % (86_400 * NANOS) == 0
    assert len({trade.venue_ns // (86_400 * NANOS) for trade in trades_on(tape)}) == 4


def test_bars_in_which_nothing_happened_give_no_trades(tmp_path: Path) -> None:
    rows = f"{SECOND},1,2,1,2,10\n{SECOND + 60},2,2,2,2,0\n{SECOND + 120},2,3,2,3,1\n"
    tape = tape_of(tmp_path, "date,open,high,low,close,volume\n" + rows)

    assert {trade.venue_ns // (60 * NANOS) - SECOND // 60 for trade in trades_on(tape)} == {0, 2}


def test_rows_that_make_no_bar_are_counted_and_left_out(tmp_path: Path) -> None:
    good = f"{SECOND},1,2,0.5,1.5,10\n"
    bad = [
        f"{SECOND + 60},1,0.5,2,1.5,10",
        f"{SECOND + 60},nan,2,0.5,1.5,10",
        f"{SECOND + 60},1,inf,0.5,1.5,10",
        f"{SECOND + 60},1,2,0.5,1.5,-1",
        f"{SECOND + 60},1,2,-1,1.5,1",
    ]
    tape = tape_of(tmp_path, "date,open,high,low,close,volume\n" + good + "\n".join(bad))

    assert len(trades_on(tape)) == 4
    assert tape.statistics().malformed == 5


def test_a_line_about_the_file_before_its_header_is_left_out(tmp_path: Path) -> None:
    tape = tape_of(tmp_path, "https://www.example.com/data\n" + TRADES)

    assert len(trades_on(tape)) == 2
    assert tape.statistics().malformed == 0


def test_a_tape_can_be_played_again(tmp_path: Path) -> None:
    tape = tape_of(tmp_path, TRADES + "bad,1,1\n")
    first = trades_on(tape)

    assert first == trades_on(tape)
    assert (tape.statistics().rows, tape.statistics().malformed) == (2, 1)
