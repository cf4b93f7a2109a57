"""Bars as Kraken means them, of its own bars and of trades.

A period in which nothing traded repeats the close with volume 0: so REST tells it ("0.00000000" and
a count of 0), and so the sampler does live. The files that Kraken offers for download leave such
periods out, and so may those who serve them; they are put in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

import numpy as np

from brokers.kraken import rest_wire
from brokers.kraken.market import Traded
from engine.clock import NANOS
from engine.log import logger
from engine.messages import COLUMN_NAMES, Columns

_log = logger(__name__)

MOST_BARS: Final = 20_000
"""Of one answer, with those that are put in; older ones are left out."""

COMMITTED_NS: Final = 5 * NANOS
"""After its end, the venue counts in no more trades into a bar."""


def empty() -> Columns:
    none = np.zeros(0)
    return Columns(
        time_ns=np.zeros(0, dtype=np.int64),
        open=none, high=none, low=none, close=none, volume=none, trades=none,
    )  # fmt: skip


def read_bars(rows: Sequence[rest_wire.Bar], period_s: int, now_ns: int) -> Columns:
    """The closed bars of an answer of OHLC. Its last row is of the period that is under way, but
    where nothing traded for so long that it was not begun.

    Rows that are no bars of this period are left out.

    Raises:
        ValueError: all of them are such.
    """
    period_ns = period_s * NANOS
    kept: dict[int, tuple[float, ...]] = {}
    faults: list[ValueError] = []
    for at, row in enumerate(rows):
        try:
            start_ns, numbers = _read(row, period_s)
        except ValueError as error:
            faults.append(error)
            continue
        spare_ns = COMMITTED_NS if at == len(rows) - 1 else 0
        if start_ns + period_ns + spare_ns <= now_ns:
            kept[start_ns] = numbers
    if faults:
        if len(faults) == len(rows):
            raise faults[0]
        _log.warning("%d rows of %d s are no bars: %s", len(faults), period_s, faults[0])
    return fill(_columns(sorted(kept.items())), period_s, most=MOST_BARS)


def _read(row: rest_wire.Bar, period_s: int) -> tuple[int, tuple[float, ...]]:
    """Start, and then what the columns of bars have.

    Raises:
        ValueError: it is no bar of this period.
    """
    start_ns = int(row[0]) * NANOS
    opened, high, low, close = map(float, row[1:5])
    volume, trades = float(row[6]), float(row[7])
    if start_ns % (period_s * NANOS):
        raise ValueError(f"a bar of {period_s} s that begins at {row[0]}")
    if not (0 < low <= min(opened, close) and max(opened, close) <= high < inf):
        raise ValueError(f"a bar from {low} to {high}, opened at {opened}, closed at {close}")
    if not 0 <= volume < inf:
        raise ValueError(f"a bar with a volume of {volume}")
    return start_ns, (opened, high, low, close, volume, trades)


def bars_of(trades: Sequence[Traded], period_s: int, end_ns: int, most: int) -> Columns:
    """The newest `most` bars of trades, up to the last one that ends at or before `end_ns`."""
    period_ns = period_s * NANOS
    end_ns -= end_ns % period_ns
    times = np.fromiter((trade.time_ns for trade in trades), np.int64, len(trades))
    prices = np.fromiter((trade.price for trade in trades), np.float64, len(trades))
    sizes = np.fromiter((trade.size for trade in trades), np.float64, len(trades))
    order = np.argsort(times, kind="stable")
    times, prices, sizes = times[order], prices[order], sizes[order]
    count = int(np.searchsorted(times, end_ns))
    if not count:
        return empty()
    times, prices, sizes = times[:count], prices[:count], sizes[:count]
    starts = times - times % period_ns
    firsts = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
    lasts = np.r_[firsts[1:], count] - 1
    bars = Columns(
        time_ns=starts[firsts],
        open=prices[firsts],
        high=np.maximum.reduceat(prices, firsts),
        low=np.minimum.reduceat(prices, firsts),
        close=prices[lasts],
        volume=np.add.reduceat(sizes, firsts),
        trades=(lasts - firsts + 1).astype(np.float64),
    )
    return fill(bars, period_s, end_ns, most=most)


def fill(bars: Columns, period_s: int, end_ns: int | None = None, *, most: int) -> Columns:
    """`bars`, and between them, and up to `end_ns`, those of periods in which nothing traded; of
    all these the newest `most`."""
    if not len(bars):
        return bars
    period_ns = period_s * NANOS
    stop_ns = int(bars.time_ns[-1]) + period_ns if end_ns is None else end_ns
    first_ns = max(int(bars.time_ns[0]), stop_ns - most * period_ns)
    times = np.arange(first_ns, stop_ns, period_ns, dtype=np.int64)
    at = np.searchsorted(bars.time_ns, times, side="right") - 1
    is_there = bars.time_ns[at] == times
    closes = bars.close[at]
    return Columns(
        time_ns=times,
        open=np.where(is_there, bars.open[at], closes),
        high=np.where(is_there, bars.high[at], closes),
        low=np.where(is_there, bars.low[at], closes),
        close=closes,
        volume=np.where(is_there, bars.volume[at], 0.0),
        trades=np.where(is_there, bars.trades[at], 0.0),
    )


def part(bars: Columns, start: int | None, stop: int | None) -> Columns:
    """Bars `start:stop`, counted as a slice counts."""
    return Columns(**{name: getattr(bars, name)[start:stop] for name in COLUMN_NAMES})


def _columns(bars: Sequence[tuple[int, tuple[float, ...]]]) -> Columns:
    if not bars:
        return empty()
    table = np.array([numbers for _, numbers in bars], dtype=np.float64)
    return Columns(
        time_ns=np.array([start_ns for start_ns, _ in bars], dtype=np.int64),
        **{name: table[:, at].copy() for at, name in enumerate(COLUMN_NAMES[1:])},
    )
