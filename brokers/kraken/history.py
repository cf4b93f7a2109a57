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

import msgspec
import trio

from brokers.kraken import rest_wire
from brokers.kraken.bars import bars_of, empty, part, read_bars
from brokers.kraken.market import Traded
from brokers.kraken.past import LAG_NS, PAGE, PastTrades
from brokers.kraken.public import PublicApi
from brokers.statistics import FAULTS
from engine.broker import HistoryPage
from engine.clock import NANOS
from engine.errors import BrokerUnavailable, NotSupported
from engine.feed.bars import resample
from engine.messages import Columns
from engine.text import safe

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

MINUTE_NS: Final = 60 * NANOS

YOUNG_NS: Final = 4 * NANOS
"""What ended no longer ago than this may be left out once more: nobody takes it for final yet
(`engine.feed.history.SKEW_NS`), and it is not worth an answer of its own."""

TELLING_NS: Final = 600 * NANOS
"""A shorter time does not tell how much is traded of a market."""

MOST_WINDOWS: Final = 64

FEW: Final = 100
"""Bars that may be made of shorter ones that are there."""

REACH: Final = 700
"""Bars back that an answer of OHLC has for sure."""

FULL_ROWS: Final = 720
LEAST_ROWS: Final = 600
"""An answer with fewer rows has all bars that there are. "Up to 720" it says, and some have had a
few less: between the two the first trade tells."""

FIRST_ID: Final = 1
"""Of the first trade of each pair."""

WIDER: Final = 16
"""Where nothing traded, a range so many times longer is looked at."""


class _Window(NamedTuple):
    """The closed bars of one answer of OHLC."""

    bars: Columns
    end_ns: int
    """Where they end: what is asked before this, they answer."""
    rows: int
    """Rows of that answer."""


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
        known_ns = self._now_ns() - (0 if period_s in OHLC_PERIODS else LAG_NS)
        closed_ns = known_ns - known_ns % period_ns
        end_ns = min(-(-end_ns // period_ns) * period_ns, closed_ns)
        if limit < 1 or end_ns <= 0:
            return HistoryPage(columns=empty(), has_more=False)
        if period_s in OHLC_PERIODS:
            page = await self._of_windows(pair, period_s, end_ns, limit)
            if page is not None:
                return page
        return await self._of_trades(pair, period_s, end_ns, limit)

    # -- the venue's own bars ----------------------------------------------------------------------

    async def _of_windows(
        self, pair: str, period_s: int, end_ns: int, limit: int
    ) -> HistoryPage | None:
        """A page of bars that the venue still has; None where it has none of them."""
        start_ns = end_ns - limit * period_s * NANOS
        base_s = self._base(pair, period_s, start_ns, end_ns) if limit <= FEW else period_s
        window = await self._window(pair, base_s, end_ns)
        if base_s != period_s and not (len(window.bars) and window.bars.time_ns[0] <= start_ns):
            window, base_s = await self._window(pair, period_s, end_ns), period_s
        first, count = (int(at) for at in window.bars.time_ns.searchsorted((start_ns, end_ns)))
        if not count:
            return None
        bars = part(window.bars, first, count)
        has_more = first > 0 or await self._goes_back(pair, period_s, window)
        return HistoryPage(columns=resample(bars, period_s), has_more=has_more)

    def _base(self, pair: str, period_s: int, start_ns: int, end_ns: int) -> int:
        """The period whose bars some bars are made of: one that is there already, or else the
        shortest that reaches back so far. Charts of one market begin with parts of bars of many
        periods: few answers do for all of these."""
        shorter = [base_s for base_s in OHLC_PERIODS if period_s % base_s == 0]
        for base_s in shorter:
            known = self._windows.get((pair, base_s))
            if known and end_ns <= known.end_ns and start_ns >= int(known.bars.time_ns[0]):
                return base_s
        age_s = (self._now_ns() - start_ns) // NANOS
        return next((base_s for base_s in shorter if age_s <= REACH * base_s), period_s)

    async def _window(self, pair: str, period_s: int, end_ns: int) -> _Window:
        """Bars of OHLC that reach up to `end_ns`."""
        key = (pair, period_s)
        async with self._locks.setdefault(key, trio.Lock()):
            known = self._windows.get(key)
            if known is not None and end_ns <= known.end_ns:
                self._windows.move_to_end(key)
                return known
            raw, _ = await self._api.ask(
                "OHLC", rest_wire.rows_of, pair=pair, interval=period_s // 60
            )
            window = self._windows[key] = self._read_window(raw, period_s)
            if len(self._windows) > MOST_WINDOWS:
                self._windows.popitem(last=False)
            if len(window.bars):
                a_bar = float(window.bars.trades[:LOOKED_AT].mean())
                self._trades_per_s[pair] = a_bar / period_s
            return window

    def _read_window(self, raw: msgspec.Raw, period_s: int) -> _Window:
        try:
            rows = rest_wire.decode_bars(raw)
            bars = read_bars(rows, period_s, self._now_ns())
        except FAULTS as error:
            raise BrokerUnavailable(f"kraken: OHLC: {safe(error, 120)}") from error
        newest_ns = int(bars.time_ns[-1]) + period_s * NANOS if len(bars) else 0
        return _Window(bars, newest_ns, len(rows))

    async def _goes_back(self, pair: str, period_s: int, window: _Window) -> bool:
        """Bars before the first of this answer can be had."""
        if self._trades_in(pair, period_s) > MOST_TRADES_A_BAR or window.rows < LEAST_ROWS:
            return False
        if window.rows >= FULL_ROWS:
            return True
        first_ns = await self._past.first_ns(pair)
        return first_ns is not None and first_ns < int(window.bars.time_ns[0])

    # -- bars of trades --------------------------------------------------------------------------

    async def _of_trades(self, pair: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        if self._trades_in(pair, period_s) > MOST_TRADES_A_BAR:
            return HistoryPage(columns=empty(), has_more=False)
        start_ns = end_ns - limit * period_s * NANOS
        if limit <= FEW:
            # They tell when something was traded before; and whoever asks for a part of a minute
            # asks for the minutes too.
            await self._window(pair, OHLC_PERIODS[0], end_ns - end_ns % MINUTE_NS)
            kept_ns = self._past.kept_until(pair, start_ns)
            is_young = end_ns > self._now_ns() - YOUNG_NS and end_ns - kept_ns <= YOUNG_NS
            if start_ns < kept_ns < end_ns and is_young:
                end_ns = kept_ns - kept_ns % (period_s * NANOS)  # the rest is asked for again
        trades = await self._newest(pair, period_s, end_ns, limit)
        if not trades:
            return HistoryPage(columns=empty(), has_more=False)
        bars = bars_of(trades, period_s, end_ns, limit)
        bars = part(bars, int(bars.time_ns.searchsorted(start_ns)), None)
        is_oldest = trades[0].trade_id <= FIRST_ID and trades[0].time_ns >= int(bars.time_ns[0])
        has_more = not is_oldest and self._trades_in(pair, period_s) <= MOST_TRADES_A_BAR
        return HistoryPage(columns=bars, has_more=has_more)

    async def _newest(self, pair: str, period_s: int, end_ns: int, limit: int) -> list[Traded]:
        """All trades of some range of whole bars that ends at `end_ns`, and what was traded before
        it as far as that is known; none where the market is younger."""
        period_ns = period_s * NANOS
        count = self._bars_in(pair, period_s, limit)
        if limit <= FEW and (traded_ns := self._traded_before(pair, end_ns - count * period_ns)):
            count = -(-(end_ns - traded_ns) // period_ns)
        stop_ns, first_ns = end_ns, 0
        while stop_ns > first_ns:
            start_ns = max(stop_ns - count * period_ns, first_ns)
            trades = await self._past.between(pair, start_ns, stop_ns)
            if stop_ns - start_ns >= TELLING_NS:
                self._trades_per_s[pair] = len(trades) * NANOS / (stop_ns - start_ns)
            if trades:
                return trades
            # Nothing traded in it: what is before it tells the close that it repeats.
            stop_ns, count = start_ns, count * WIDER
            if (traded_ns := self._traded_before(pair, stop_ns)) is not None:
                count = max(1, -(-(stop_ns - traded_ns) // period_ns))
                continue
            began_ns = await self._past.first_ns(pair)
            if began_ns is None:
                return []
            first_ns = began_ns - began_ns % period_ns
        return []

    def _traded_before(self, pair: str, time_ns: int) -> int | None:
        """When something was traded before a time, or when the bar began in which it was: the
        newest that is known."""
        kept_ns = self._past.newest_before(pair, time_ns)
        starts = [] if kept_ns is None else [kept_ns]
        for (of_pair, _), window in self._windows.items():
            if of_pair == pair:
                is_before = (window.bars.trades > 0) & (window.bars.time_ns < time_ns)
                if is_before.any():
                    starts.append(int(window.bars.time_ns[is_before][-1]))
        return max(starts, default=None)

    def _bars_in(self, pair: str, period_s: int, limit: int) -> int:
        """Bars that some answers of Trades are enough for."""
        a_bar = self._trades_in(pair, period_s)
        return max(1, min(limit, int(ANSWERS * PAGE / a_bar) if a_bar else limit))

    # -- how much is traded ------------------------------------------------------------------------

    def _trades_in(self, pair: str, period_s: int) -> float:
        """Trades in a bar, as far as is known."""
        return self._trades_per_s.get(pair, 0.0) * period_s
