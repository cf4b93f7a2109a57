"""Bars of the venue's own and of trades."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.kraken.bars import MOST_BARS, bars_of, read_bars
from brokers.kraken.market import Traded
from brokers.kraken.rest_wire import Bar
from engine.clock import NANOS
from engine.feed.sampler import Sampler
from engine.messages import COLUMN_NAMES, Trade
from tests.support.recordings import recording

START_S = 1_700_000_040
LATER_NS = (START_S + 100_000) * NANOS


def row(minute: int, price: float = 10.0, volume: float = 1.0, trades: int = 2) -> Bar:
    text = str(price)
    return (START_S + 60 * minute, text, text, text, text, text, str(volume), trades)


def test_rows_become_columns_by_the_start_of_their_period() -> None:
    rows = [(START_S, "10", "12", "9", "11", "10.5", "3.5", 7), row(1)]
    bars = read_bars(rows, 60, LATER_NS)

    assert list(bars.time_ns) == [START_S * NANOS, (START_S + 60) * NANOS]
    first = [getattr(bars, name)[0] for name in COLUMN_NAMES[1:]]
    assert first == [10.0, 12.0, 9.0, 11.0, 3.5, 7.0]


def test_the_bar_that_is_under_way_is_left_out() -> None:
    rows = [row(0), row(1), row(2)]

    assert len(read_bars(rows, 60, (START_S + 150) * NANOS)) == 2
    assert len(read_bars(rows, 60, (START_S + 182) * NANOS)) == 2, "it may still be counted"
    assert len(read_bars(rows, 60, (START_S + 185) * NANOS)) == 3


def test_minutes_without_trades_repeat_the_close_with_no_volume() -> None:
    bars = read_bars([row(0, 10.0), row(3, 12.0), row(4, 13.0)], 60, LATER_NS)

    assert list(bars.close) == [10.0, 10.0, 10.0, 12.0, 13.0]
    assert list(bars.open) == [10.0, 10.0, 10.0, 12.0, 13.0]
    assert list(bars.volume) == [1.0, 0.0, 0.0, 1.0, 1.0]
    assert list(bars.trades) == [2.0, 0.0, 0.0, 2.0, 2.0]


def test_rows_that_lie_far_apart_do_not_fill_the_memory() -> None:
    bars = read_bars([row(0), row(10_000_000)], 60, (START_S + 60 * 20_000_000) * NANOS)

    assert len(bars) == MOST_BARS


@pytest.mark.parametrize(
    "rows",
    [
        [(START_S + 1, "1", "1", "1", "1", "1", "1", 1)],
        [(START_S, "1", "0.5", "0.5", "1", "1", "1", 1)],
        [(START_S, "nan", "1", "1", "1", "1", "1", 1)],
        [(START_S, "1", "inf", "1", "1", "1", "1", 1)],
        [(START_S, "1", "1", "0", "1", "1", "1", 1)],
        [(START_S, "1", "1", "1", "1", "1", "-1", 1)],
    ],
)
def test_rows_that_are_no_bars_are_refused(rows: list[Bar]) -> None:
    with pytest.raises(ValueError, match="a bar"):
        read_bars(rows, 60, LATER_NS)


def test_a_row_that_is_no_bar_costs_no_other() -> None:
    rows = [row(0), (START_S + 60, "1", "0.5", "0.5", "1", "1", "1", 1), row(2), row(3)]
    bars = read_bars(rows, 60, LATER_NS)

    assert list(bars.trades) == [2.0, 0.0, 2.0, 2.0]


def test_the_real_sparse_minutes_of_a_year_are_put_on_their_grid() -> None:
    path = recording("ohlcv/kraken_BTCUSDC_1m_2023_sparse.csv.gz")
    with gzip.open(path, "rt") as lines:
        real = list(csv.reader(lines))[-720:]
    rows = [(float(r[0]), r[1], r[2], r[3], r[4], r[4], r[5], int(r[6])) for r in real]
    bars = read_bars(rows, 60, 2_000_000_000 * NANOS)

    assert (np.diff(bars.time_ns) == 60 * NANOS).all()
    is_traded = bars.trades > 0
    assert is_traded.sum() == 720
    assert list(bars.close[is_traded]) == [float(r[4]) for r in real]
    assert list(bars.volume[is_traded]) == [float(r[5]) for r in real]
    assert (bars.open[1:][~is_traded[1:]] == bars.close[:-1][~is_traded[1:]]).all()
    assert len(bars) > 720


@given(
    apart=st.lists(st.integers(0, 200_000), min_size=1, max_size=60),
    period_s=st.sampled_from([1, 60]),
)
def test_bars_of_trades_are_those_that_the_sampler_makes_live(
    apart: list[int], period_s: int
) -> None:
    times = [START_S * NANOS + at * NANOS // 1000 for at in np.cumsum(apart)]
    trades = [
        Traded(at, 100.0 + (at * 7) % 5, 0.5 + at % 3, "buy", int(time_ns))
        for at, time_ns in enumerate(times)
    ]
    end_ns = int(times[-1]) // (period_s * NANOS) * period_s * NANOS + period_s * NANOS
    bars = bars_of(trades, period_s, end_ns, 100_000)

    sampler = Sampler()
    series = sampler.register("a.b", period_s, lambda: end_ns)
    ticks = [Trade("a.b", t.price, t.size, "buy", t.time_ns, t.time_ns) for t in trades]
    sampler.on_ticks("a.b", ticks)
    live = series.columns()
    for name in COLUMN_NAMES:
        assert np.allclose(getattr(bars, name), getattr(live, name), rtol=0, atol=1e-9), name


def test_of_trades_only_whole_bars_are_made_and_the_newest_are_kept() -> None:
    trades = [Traded(at, 10.0 + at, 1.0, "buy", (START_S + 30 * at) * NANOS) for at in range(9)]
    end_ns = (START_S + 130) * NANOS
    bars = bars_of(trades, 60, end_ns, 1)

    assert list(bars.time_ns) == [(START_S + 60) * NANOS]
    assert (bars.open[0], bars.close[0], bars.trades[0]) == (12.0, 13.0, 2.0)
    assert len(bars_of(trades, 60, START_S * NANOS, 5)) == 0


def test_after_the_last_trade_the_close_is_repeated_up_to_the_end() -> None:
    trades = [Traded(1, 10.0, 1.0, "buy", START_S * NANOS)]
    bars = bars_of(trades, 60, (START_S + 300) * NANOS, 3)

    assert list(bars.close) == [10.0] * 3
    assert list(bars.volume) == [0.0] * 3
    assert int(bars.time_ns[-1]) == (START_S + 240) * NANOS
