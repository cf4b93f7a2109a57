"""Periods of bars as venues cut them, and bars in whole ticks and steps."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
import numpy as np

from brokers.sim.history import Bars
from brokers.sim.noise import Ints
from engine.clock import NANOS
from engine.instruments import Instrument

MINUTE_NS: Final = 60 * NANOS
DAY_S: Final = 86_400


class Period(msgspec.Struct, frozen=True):
    """How long a bar is, and where bars begin."""

    seconds: int
    """Of a month: 28 days, its least."""
    offset_s: int = 0
    """Bars begin so long after those counted from 1970-01-01."""
    is_month: bool = False

    def starts(self, time_ns: Ints) -> Ints:
        """Start of the bar that each time is in."""
        if self.is_month:
            months = time_ns.astype("datetime64[ns]").astype("datetime64[M]")
            return months.astype("datetime64[ns]").astype(np.int64)
        offset = self.offset_s * NANOS
        return time_ns - (time_ns - offset) % (self.seconds * NANOS)

    def start(self, time_ns: int) -> int:
        return int(self.starts(np.array([time_ns], np.int64))[0])

    def next_start(self, start_ns: int) -> int:
        """Start of the bar behind the one that starts at `start_ns`."""
        if self.is_month:
            return self.start(start_ns + 32 * DAY_S * NANOS)
        return start_ns + self.seconds * NANOS


WEEK_FROM_MONDAY: Final = Period(7 * DAY_S, 4 * DAY_S)
MONTH: Final = Period(28 * DAY_S, is_month=True)


class Flows(NamedTuple):
    """Bars with what was paid, in ticks, steps, and their products."""

    bars: Bars
    quote: Ints
    """Price x size of all trades."""
    bought: Ints
    """Size that buyers took."""
    bought_quote: Ints


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar; the last one may be open. Sizes are base units, `quote` is quote units."""

    start_ns: int
    end_ns: int
    """Start of the next."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int
    bought: Decimal
    bought_quote: Decimal

    @property
    def average(self) -> Decimal:
        """By size; the close of a bar without trades."""
        return self.quote_volume / self.volume if self.volume else self.close


def group(flows: Flows, period: Period, instrument: Instrument) -> list[Bar]:
    """Bars of `period` from finer ones without gaps, each of which is in one of them."""
    if not len(flows.bars.time_ns):
        return []
    coarse = coarsen(flows, period)
    rows = zip(*(column.tolist() for column in (*coarse.bars, *coarse[1:])), strict=True)
    return [_bar(row, period, instrument) for row in rows]


def coarsen(flows: Flows, period: Period) -> Flows:
    """`flows`, which are not empty, in bars of `period`."""
    bars = flows.bars
    starts = period.starts(bars.time_ns)
    firsts = np.flatnonzero(np.concatenate([[True], starts[1:] != starts[:-1]]))
    lasts = np.concatenate([firsts[1:], [len(starts)]]) - 1
    coarse = Bars(
        starts[firsts],
        bars.open[firsts],
        np.maximum.reduceat(bars.high, firsts),
        np.minimum.reduceat(bars.low, firsts),
        bars.close[lasts],
        np.add.reduceat(bars.volume, firsts),
        np.add.reduceat(bars.trades, firsts),
    )
    return Flows(
        coarse,
        np.add.reduceat(flows.quote, firsts),
        np.add.reduceat(flows.bought, firsts),
        np.add.reduceat(flows.bought_quote, firsts),
    )


def cut_flows(flows: Flows, start_ns: int, end_ns: int) -> Flows:
    """Those that start in [start, end)."""
    cut = slice(*np.searchsorted(flows.bars.time_ns, (start_ns, end_ns)))
    bars = Bars(*(column[cut] for column in flows.bars))
    return Flows(bars, flows.quote[cut], flows.bought[cut], flows.bought_quote[cut])


def _bar(row: tuple[int, ...], period: Period, instrument: Instrument) -> Bar:
    tick, step = instrument.price_tick, instrument.size_step
    start_ns, open_, high, low, close, volume, trades, quote, bought, bought_quote = row
    return Bar(
        start_ns=start_ns,
        end_ns=period.next_start(start_ns),
        open=open_ * tick,
        high=high * tick,
        low=low * tick,
        close=close * tick,
        volume=volume * step,
        quote_volume=quote * tick * step,
        trades=trades,
        bought=bought * step,
        bought_quote=bought_quote * tick * step,
    )


def past_flows(bars: Bars) -> Flows:
    """Of the time before the market opened only the bars are known: its trades are taken to have
    been at the mean of open, high, low and close, and half of the size to have been bought."""
    quote = bars.volume * ((bars.open + bars.high + bars.low + bars.close) // 4)
    return Flows(bars, quote, bars.volume // 2, quote // 2)


def join_flows(parts: list[Flows]) -> Flows:
    """Of several spans of time, in their order."""
    columns = zip(*(part.bars for part in parts), strict=True)
    bars = Bars(*(np.concatenate(column) for column in columns))
    quote, bought, bought_quote = (
        np.concatenate([part[nth] for part in parts]) for nth in (1, 2, 3)
    )
    return Flows(bars, quote, bought, bought_quote)
