"""Recordings through session, bus and sampler: what is on them, and their bars."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime
from pathlib import Path

import pytest

from brokers.replay import inspect as module
from brokers.replay.inspect import InspectReport, bars_of, inspect_tape
from brokers.replay.tape import open_tape
from engine.clock import NANOS
from engine.errors import DataError
from engine.messages import Ask, Bid, Book, Trade
from tests.support.recordings import recording
from tests.support.tapes import ZERO_NS, MemoryTape
from tests.support.venue_messages import (
    binance_depth,
    binance_snapshot,
    binance_ticker,
    binance_trade,
)

FQME = "btcusdt.spot.binance"


def report_of(tmp_path: Path, *lines: bytes) -> InspectReport:
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(lines))
    return inspect_tape(open_tape(path))


def test_a_report_counts_messages_trades_and_books(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        binance_depth(10, 10, [("98", "1")]),
        binance_snapshot(10, [("99", "5")], [("101", "5")]),
        binance_depth(11, 11, [("100", "3")]),
        binance_ticker(11, "100", "3", "101", "5"),
        binance_trade(1, "100.5", "0.25"),
        binance_trade(2, "100.5", "0.5"),
        b"not a message {",
    )

    assert report.messages == {
        "depthUpdate": 2,
        "trade": 2,
        "bookTicker": 1,
        "depth snapshot": 1,
    }
    assert (report.lines, report.malformed) == (7, 1)
    (market,) = report.markets
    assert (market.trades, market.volume, market.quotes, market.crossed) == (2, 0.75, 3, 0)
    assert market.book is not None
    assert (market.book.snapshots, market.book.updates, market.book.gaps) == (1, 1, 0)
    assert (market.book.checked, market.book.failed) == (1, 0)


def test_crossed_moments_are_counted_once_each() -> None:
    def quotes(at: int, bid: float, ask: float) -> tuple[int, str, list[Bid | Ask]]:
        return ZERO_NS + at, FQME, [Bid(FQME, bid, 1.0), Ask(FQME, ask, 1.0)]

    tape = MemoryTape(
        [quotes(0, 1, 2), quotes(1, 2, 2), quotes(2, 3, 2), quotes(3, 1, 2), quotes(4, 3, 2)]
    )

    assert inspect_tape(tape).markets[0].crossed == 2


def test_a_side_that_is_empty_crosses_nothing() -> None:
    tape = MemoryTape([(ZERO_NS, FQME, [Bid(FQME, 5.0, 1.0), Ask(FQME, 0.0, 0.0)])])

    assert inspect_tape(tape).markets[0].crossed == 0


def test_bars_between_trades_repeat_the_close_without_volume() -> None:
    def trade(at_s: int, price: float) -> tuple[int, str, list[Trade]]:
        at_ns = ZERO_NS + at_s * NANOS
        return at_ns, FQME, [Trade(FQME, price, 1.0, "", at_ns, at_ns)]

    tape = MemoryTape([trade(5, 10.0), trade(50, 12.0), trade(190, 11.0)])
    bars = bars_of(tape, 60)[FQME]

    assert [int(time) - ZERO_NS for time in bars.time_ns] == [
        0,
        60 * NANOS,
        120 * NANOS,
        180 * NANOS,
    ]
    assert list(bars.close) == [12.0, 12.0, 12.0, 11.0]
    assert list(bars.open) == [10.0, 12.0, 12.0, 11.0]
    assert list(bars.volume) == [2.0, 0.0, 0.0, 1.0]
    assert list(bars.trades) == [2.0, 0.0, 0.0, 1.0]


def test_bars_go_to_the_end_of_the_tape() -> None:
    """Quotes went on after the last trade: time passed."""
    at_ns = ZERO_NS + 130 * NANOS
    tape = MemoryTape(
        [(ZERO_NS, FQME, [Trade(FQME, 10.0, 1.0, "", ZERO_NS)]), (at_ns, FQME, [Bid(FQME, 9, 1)])]
    )

    assert len(bars_of(tape, 60)[FQME]) == 3


def test_a_tape_without_trades_has_no_bars() -> None:
    tape = MemoryTape([(ZERO_NS, FQME, [Book(FQME, (), ())])])

    with pytest.raises(DataError, match="no trades to make bars of"):
        bars_of(tape, 60)


@pytest.mark.parametrize("period_s", [1, 59, 90])
def test_bars_are_not_made_of_bars_that_do_not_fill_them(period_s: int) -> None:
    tape = MemoryTape([(ZERO_NS, FQME, [Trade(FQME, 1.0, 1.0, "", ZERO_NS)])], bar_period_s=60)

    with pytest.raises(DataError, match="cannot be made of the bars of 60 s"):
        bars_of(tape, period_s)


def test_more_bars_than_can_be_held_are_refused_before_they_are_made() -> None:
    tape = MemoryTape([(ZERO_NS, FQME, [])], end_ns=ZERO_NS + (module.MOST_BARS + 1) * NANOS)

    with pytest.raises(DataError, match="bars"):
        bars_of(tape, 1)


def test_more_bars_than_can_be_held_are_refused_while_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The times within a tape are not known when it is opened."""
    monkeypatch.setattr(module, "MOST_BARS", 100)
    venue_ns = ZERO_NS + 1000 * NANOS
    tape = MemoryTape(
        [
            (ZERO_NS, FQME, [Trade(FQME, 1.0, 1.0, "", ZERO_NS)]),
            (ZERO_NS + 1, FQME, [Trade(FQME, 1.0, 1.0, "", venue_ns)]),
        ]
    )

    with pytest.raises(DataError, match="bars"):
        bars_of(tape, 1)


def test_the_recorded_binance_stream_proves_its_book() -> None:
    report = inspect_tape(open_tape(recording("binance/hftb_spot_btcusdt_20240808.ndjson.gz")))

    (market,) = report.markets
    assert (report.lines, report.malformed) == (41_249, 0)
    assert (market.trades, market.volume, market.crossed) == (9757, 212.03315, 0)
    assert market.book is not None
    assert (market.book.gaps, market.book.checked, market.book.failed) == (0, 564, 0)
    assert (market.price_tick, market.size_step) == ("0.01", "0.00001")


def test_the_recorded_kraken_stream_proves_its_book() -> None:
    path = recording("kraken/krakensdk_ws2_book10_BTCUSD_first251.ndjson.gz")
    (market,) = inspect_tape(open_tape(path)).markets

    assert market.book is not None
    assert (market.book.checked, market.book.failed, market.crossed) == (251, 0, 0)


def test_bars_of_recorded_trades_are_those_that_were_made_of_them_elsewhere() -> None:
    tape = open_tape(recording("ohlcv/binance_XRPETH_aggtrades_201910.csv.gz"))
    bars = next(iter(bars_of(tape, 60).values()))
    ours = {
        int(bars.time_ns[at]) // NANOS: tuple(
            float(getattr(bars, name)[at]) for name in ("open", "high", "low", "close", "volume")
        )
        for at in range(len(bars))
        if bars.trades[at]
    }
    path = recording("ohlcv/freqtrade_XRPETH_1m_from_those_trades.csv.gz")
    with gzip.open(path, "rt") as file:
        theirs = {
            int(datetime.fromisoformat(row[0]).timestamp()): tuple(map(float, row[1:]))
            for row in list(csv.reader(file))[1:]
        }

    assert len(ours) == 2469
    assert ours.keys() == theirs.keys()
    for time, bar in theirs.items():
        assert ours[time] == pytest.approx(bar, rel=1e-12)


@pytest.mark.parametrize("name", ["kraken_BTCUSDC_1m_2023_sparse", "btcperp_1m_20211231_20220201"])
def test_recorded_bars_come_out_as_they_went_in(name: str) -> None:
    path = recording(f"ohlcv/{name}.csv.gz")
    bars = next(iter(bars_of(open_tape(path), 60).values()))
    at_time = {int(time) // NANOS: at for at, time in enumerate(bars.time_ns)}
    columns = [bars.open, bars.high, bars.low, bars.close, bars.volume, bars.trades]
    with gzip.open(path, "rt") as file:
        rows = [row for row in csv.reader(file) if row[1] != "open"]

    for row in rows:
        is_number = row[0].isdigit()
        time = int(row[0]) if is_number else int(datetime.fromisoformat(row[0] + "Z").timestamp())
        values = [float(value) for value in row[1:]]
        assert values == [float(column[at_time[time]]) for column in columns[: len(values)]]
    assert len(rows) > 45_000


def test_no_bar_of_a_long_recording_is_dropped() -> None:
    """A live series is bounded; here all of it is asked for."""
    at_ns = [ZERO_NS + number * 90_000 * NANOS for number in range(4)]
    tape = MemoryTape([(ns, FQME, [Trade(FQME, 1.0, 1.0, "", ns)]) for ns in at_ns])

    (series,) = bars_of(tape, 1).values()

    assert 270_001 == len(series)
