"""Bars for charts: seeded walks, and single bars said in full."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine.feed.bars import Series
from engine.instruments import Instrument
from engine.messages import Columns

NANOS = 1_000_000_000
START_NS = 1_699_999_980 * NANOS
"""2023-11-14 22:13:00 UTC, the start of a minute."""

INSTRUMENT = Instrument(
    fqme="btcusdt.spot.sim",
    symbol="BTCUSDT",
    base="btc",
    quote="usdt",
    price_tick=Decimal("0.01"),
    size_step=Decimal("0.001"),
)


def walk(count: int, *, seed: int = 7, period_s: int = 60, start_ns: int = START_NS) -> Columns:
    """A seeded random walk of `count` bars without a gap."""
    random = np.random.default_rng(seed)
    close = np.round(20_000 + np.cumsum(random.normal(size=count) * 5), 2)
    open_ = np.r_[close[:1], close[:-1]]
    return Columns(
        time_ns=start_ns + np.arange(count) * period_s * NANOS,
        open=open_,
        high=np.round(np.maximum(open_, close) + random.random(count) * 4, 2),
        low=np.round(np.minimum(open_, close) - random.random(count) * 4, 2),
        close=close,
        volume=np.round(random.gamma(2.0, 3.0, count), 3),
        trades=np.ones(count),
    )


def series_of(columns: Columns, period_s: int = 60) -> Series:
    """A series that holds `columns`."""
    series = Series(period_s)
    series.merge(columns)
    return series


def bars(*rows: Sequence[float], period_s: int = 60, start_ns: int = START_NS) -> Series:
    """A series of rows (period number, open, high, low, close[, volume])."""
    series = Series(period_s)
    for number, open_, high, low, close, *volume in rows:
        time_ns = start_ns + int(number) * period_s * NANOS
        series.append(time_ns, open_, high, low, close, volume[0] if volume else 1.0)
    return series
