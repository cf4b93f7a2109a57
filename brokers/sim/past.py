"""Pages of history: the reference path before a market opened here, what traded since after."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import trio

from brokers.sim.exchange import Exchange
from brokers.sim.history import History, fill_bars
from brokers.sim.market import DAY_NS, SECONDS_HORIZON_NS, bars_to_columns, past_bars
from engine.broker import HistoryPage
from engine.clock import NANOS
from engine.feed.bars import concat, resample
from engine.messages import Columns

PERIODS: Final = (1, 60, 3600, 86_400)
"""Seconds. Hours and days are minutes, resampled."""

MINUTES_HORIZON_NS: Final = 730 * DAY_NS
"""How far back the listings go, but for bars of a second."""

_CHUNK_NS: Final = 30 * DAY_NS
"""Made at once; others get their turn in between."""


async def read_page(
    exchange: Exchange, fqme: str, period_s: int, end_ns: int, limit: int, now_ns: int
) -> HistoryPage:
    """Up to `limit` closed bars that start before `end_ns`, as the port has it."""
    first_ns, start_ns, stop_ns = page_range(period_s, end_ns, limit, now_ns)
    base_s = min(period_s, 60)
    if exchange.is_open(fqme):
        exchange.market(fqme, now_ns)  # all of a closed bar has happened
    parts: list[Columns] = []
    for chunk_ns in range(start_ns, stop_ns, _CHUNK_NS):
        chunk_end_ns = min(chunk_ns + _CHUNK_NS, stop_ns)
        parts.append(_columns(exchange, fqme, chunk_ns, chunk_end_ns, base_s, now_ns))
        await trio.lowlevel.checkpoint()
    columns = concat([resample(part, period_s) for part in parts])
    return HistoryPage(columns=columns, has_more=first_ns < start_ns)


def page_range(period_s: int, end_ns: int, limit: int, now_ns: int) -> tuple[int, int, int]:
    """Start of the oldest bar that there is, and the span of those that are asked for."""
    period_ns = period_s * NANOS
    oldest_ns = now_ns - (SECONDS_HORIZON_NS if period_s == 1 else MINUTES_HORIZON_NS)
    grid_ns = NANOS if period_s == 1 else DAY_NS
    first_ns = -(-oldest_ns // grid_ns) * grid_ns
    stop_ns = min(-(-end_ns // period_ns), now_ns // period_ns) * period_ns
    start_ns = max(first_ns, stop_ns - max(0, limit) * period_ns)
    return first_ns, start_ns, max(start_ns, stop_ns)


def _columns(
    exchange: Exchange, fqme: str, start_ns: int, end_ns: int, base_s: int, now_ns: int
) -> Columns:
    if exchange.is_open(fqme):
        return exchange.market(fqme, now_ns).columns(start_ns, end_ns, base_s)
    return _past_columns(exchange.history(fqme), start_ns, end_ns, base_s)


def _past_columns(history: History, start_ns: int, end_ns: int, period_s: int) -> Columns:
    bars = past_bars(history, start_ns, end_ns, period_s)
    filled = fill_bars(bars, start_ns, end_ns, period_s, history.last_before(start_ns))
    instrument = history.listing.instrument
    return bars_to_columns(filled, Fraction(instrument.price_tick), Fraction(instrument.size_step))
