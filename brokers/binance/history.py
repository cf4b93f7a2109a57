"""Klines as pages of bars.

`GET /api/v3/klines`, read 2026-11: oldest first, times are the start of the period, UTC. The last
one is still open. A minute without trades is a kline of volume 0 at the price before; a minute in
which the market was down is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from brokers.binance import wire
from engine.broker import HistoryPage
from engine.clock import NANOS
from engine.errors import BrokerUnavailable
from engine.messages import Columns

INTERVALS: Final = {
    1: "1s",
    60: "1m",
    180: "3m",
    300: "5m",
    900: "15m",
    1800: "30m",
    3600: "1h",
    7200: "2h",
    14_400: "4h",
    21_600: "6h",
    28_800: "8h",
    43_200: "12h",
    86_400: "1d",
}
"""By period in seconds. Left out are `3d`, `1w` and `1M`, which do not start at multiples of their
length since 1970."""

PAGE: Final = 1000
"""Most klines of one answer."""

MILLIS: Final = 1_000_000


def page_limit(period_s: int, end_ns: int, now_ns: int, limit: int) -> int:
    """Klines to ask for, to have `limit` closed ones among them."""
    is_open_in_it = end_ns > now_ns - period_s * NANOS
    return max(1, min(PAGE, limit + is_open_in_it))


def last_open_ms(end_ns: int) -> int:
    """`endTime` for klines that open before `end_ns`."""
    return max(0, -(-end_ns // MILLIS) - 1)


def history_page(
    klines: Sequence[wire.Kline], period_s: int, end_ns: int, now_ns: int, limit: int, asked: int
) -> HistoryPage:
    """The newest `limit` closed bars of an answer.

    Args:
        now_ns: what is closed by then is closed.
        asked: how many klines were asked for; where as many came there are older ones.

    Raises:
        BrokerUnavailable: they are not what the venue documents.
    """
    period_ns = period_s * NANOS
    try:
        times = [wire.time_ns(kline.open_time) for kline in klines]
    except ValueError as error:
        raise BrokerUnavailable(f"klines: {error}") from None
    is_out_of_order = any(before >= after for before, after in pairwise(times))
    if is_out_of_order or any(time_ns % period_ns for time_ns in times):
        raise BrokerUnavailable(f"klines of {period_s} s are not in order")
    last_ns = min(end_ns - 1, now_ns - period_ns)
    kept = [(t, k) for t, k in zip(times, klines, strict=True) if t <= last_ns]
    kept = kept[max(0, len(kept) - limit) :]
    columns = Columns(
        time_ns=np.array([time_ns for time_ns, _ in kept], np.int64),
        open=_column([kline.open for _, kline in kept]),
        high=_column([kline.high for _, kline in kept]),
        low=_column([kline.low for _, kline in kept]),
        close=_column([kline.close for _, kline in kept]),
        volume=_column([kline.volume for _, kline in kept]),
        trades=_column([kline.trades for _, kline in kept]),
    )
    return HistoryPage(columns=columns, has_more=len(klines) >= asked and len(kept) > 0)


def _column(values: Sequence[float]) -> np.ndarray:
    return np.array(values, np.float64)
