"""Bars of the past, in pages: the venue's own, and before these, bars made of trades.

OHLC has the last 720 bars of a period and no older ones
(https://docs.kraken.com/api/docs/rest-api/get-ohlc-data, read 2026-11). Trades go back to the
beginning of each market, but forwards only and 1000 at a time: bars are made of them where one
bar takes no more than one answer, which at the venue's pace is a second.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

import trio

from brokers.kraken import rest_wire
from brokers.kraken.bars import bars_of, empty, part, read_bars
from brokers.kraken.market import Traded
from brokers.kraken.past import PAGE, PastTrades
from brokers.kraken.public import PublicApi
from engine.broker import HistoryPage
from engine.clock import NANOS
from engine.errors import NotSupported
from engine.messages import Columns

OHLC_PERIODS: Final = (60, 300, 900, 1800, 3600, 14_400, 86_400, 604_800)
"""Seconds; OHLC also has bars of 15 days, whose grid is not documented."""

PERIODS: Final = (1, *OHLC_PERIODS)
"""What is served: bars of a second are always made of trades."""

ANSWERS: Final = 8
"""Answers that one page of bars made of trades is to take, as far as can be told before."""

MOST_TRADES_A_BAR: Final = PAGE
"""Bars with more trades are not made of them."""

LOOKED_AT: Final = 100
"""Bars by which it is told how many trades older ones have."""

MOST_WINDOWS: Final = 64

WIDER: Final = 16
"""Where nothing traded, a range so many times longer is looked at."""


class _Window(NamedTuple):
    """The closed bars of one answer of OHLC."""

    bars: Columns
    end_ns: int
    """Where they end: what is asked before this, they answer."""


class BarHistory:
    """See the module."""

    def __init__(self, api: PublicApi, past: PastTrades, now_ns: Callable[[], int]) -> None:
        """
        Args:
            now_ns: reads the venue's time.
        """
        self._api = api
        self._past = past
        self._now_ns = now_ns
        self._windows: OrderedDict[tuple[str, int], _Window] = OrderedDict()
        self._locks: dict[tuple[str, int], trio.Lock] = {}
        self._trades_per_s: dict[str, float] = {}

    async def page(self, pair: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        """As `engine.broker.Broker.history`; `pair` as REST calls it.

        Raises:
            NotSupported: not one of `PERIODS`.
        """
        if period_s not in PERIODS:
            raise NotSupported(f"kraken has no bars of {period_s} s")
        period_ns = period_s * NANOS
        now_ns = self._now_ns()
        closed_ns = now_ns - now_ns % period_ns
        end_ns = min(-(-end_ns // period_ns) * period_ns, closed_ns)
        if limit < 1 or end_ns <= 0:
            return HistoryPage(columns=empty(), has_more=False)
        async with self._locks.setdefault((pair, period_s), trio.Lock()):
            if period_s in OHLC_PERIODS:
                window = await self._window(pair, period_s, end_ns)
                count = int(window.bars.time_ns.searchsorted(end_ns))
                if count:
                    bars = part(window.bars, max(0, count - limit), count)
                    is_oldest = count <= limit
                    has_more = not is_oldest or await self._has_older(pair, period_s, bars)
                    return HistoryPage(columns=bars, has_more=has_more)
            return await self._of_trades(pair, period_s, end_ns, limit)

    # -- the venue's own bars ----------------------------------------------------------------------

    async def _window(self, pair: str, period_s: int, end_ns: int) -> _Window:
        """Bars of OHLC that reach up to `end_ns`."""
        key = (pair, period_s)
        known = self._windows.get(key)
        if known is not None and end_ns <= known.end_ns:
            self._windows.move_to_end(key)
            return known
        rows, _ = await self._api.ask("OHLC", rest_wire.rows_of, pair=pair, interval=period_s // 60)
        bars = read_bars(rest_wire.decode_bars(rows), period_s, self._now_ns())
        newest_ns = int(bars.time_ns[-1]) + period_s * NANOS if len(bars) else 0
        window = self._windows[key] = _Window(bars, newest_ns)
        if len(self._windows) > MOST_WINDOWS:
            self._windows.popitem(last=False)
        self._note_density(pair, period_s, bars)
        return window

    async def _has_older(self, pair: str, period_s: int, bars: Columns) -> bool:
        """Bars before the first of these can be had."""
        if self._trades_in(pair, period_s) > MOST_TRADES_A_BAR:
            return False
        first_ns = await self._past.first_ns(pair)
        return first_ns is not None and first_ns < int(bars.time_ns[0])

    # -- bars of trades --------------------------------------------------------------------------

    async def _of_trades(self, pair: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        first_ns = await self._past.first_ns(pair)
        if first_ns is None or first_ns >= end_ns:
            return HistoryPage(columns=empty(), has_more=False)
        if self._trades_in(pair, period_s) > MOST_TRADES_A_BAR:
            return HistoryPage(columns=empty(), has_more=False)
        trades = await self._newest(pair, period_s, first_ns, end_ns, limit)
        if not trades:
            return HistoryPage(columns=empty(), has_more=False)
        bars = bars_of(trades, period_s, end_ns, limit)
        has_more = await self._has_older(pair, period_s, bars)
        return HistoryPage(columns=bars, has_more=has_more)

    async def _newest(
        self, pair: str, period_s: int, first_ns: int, end_ns: int, limit: int
    ) -> list[Traded]:
        """All trades of some range of whole bars that ends at `end_ns`; it has some."""
        period_ns = period_s * NANOS
        first_ns -= first_ns % period_ns
        count = self._bars_in(pair, period_s, limit)
        stop_ns = end_ns
        while stop_ns > first_ns:
            start_ns = max(stop_ns - count * period_ns, first_ns)
            trades = await self._past.between(pair, start_ns, stop_ns)
            self._trades_per_s[pair] = len(trades) * NANOS / (stop_ns - start_ns)
            if trades:
                return trades
            # Nothing traded in it: what is before it tells the close that it repeats.
            stop_ns, count = start_ns, count * WIDER
        return []

    def _bars_in(self, pair: str, period_s: int, limit: int) -> int:
        """Bars that some answers of Trades are enough for."""
        a_bar = self._trades_in(pair, period_s)
        return max(1, min(limit, int(ANSWERS * PAGE / a_bar) if a_bar else limit))

    # -- how much is traded ------------------------------------------------------------------------

    def _trades_in(self, pair: str, period_s: int) -> float:
        """Trades in a bar, as far as is known."""
        return self._trades_per_s.get(pair, 0.0) * period_s

    def _note_density(self, pair: str, period_s: int, bars: Columns) -> None:
        if len(bars):
            self._trades_per_s[pair] = float(bars.trades[:LOOKED_AT].mean()) / period_s
