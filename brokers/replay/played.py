"""Bars of what a playback has played: its history."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

import numpy as np

from engine.broker import HistoryPage
from engine.feed.bars import empty_columns
from engine.messages import Columns

MAX_BARS = 250_000
"""Bars kept of one period, some 18 MB; half as many again before the oldest are dropped."""


class PlayedBars:
    """The bars of one market and period, made of its trades as they are played.

    Only periods with trades are stored; a page fills the others in as the sampler does: they
    repeat the close, with volume 0. Where the recording itself has a gap there are no bars.
    """

    def __init__(self, period_s: int) -> None:
        self.period_ns = period_s * 1_000_000_000
        self._time = array("q")
        self._open = array("d")
        self._high = array("d")
        self._low = array("d")
        self._close = array("d")
        self._volume = array("d")
        self._trades = array("d")
        self._first_ns = array("q")
        """Venue's time of the first trade of each bar."""
        self._last_ns = array("q")
        self._gaps: set[int] = set()
        """Starts of bars after which nothing is known until the next one."""

    def __len__(self) -> int:
        return len(self._time)

    def add(self, venue_ns: int, price: float, size: float, count: int) -> None:
        """Put a trade into the bar of its time, as the sampler does: the open is the earliest
        trade by the venue's time, the close the latest one."""
        start = venue_ns - venue_ns % self.period_ns
        times = self._time
        at = len(times) - 1
        if at < 0 or start > times[at]:
            self._insert(at + 1, start, venue_ns, price, size, count)
            return
        if start < times[at]:
            at = bisect_left(times, start)
            if times[at] != start:
                self._insert(at, start, venue_ns, price, size, count)
                return
        if price > self._high[at]:
            self._high[at] = price
        elif price < self._low[at]:
            self._low[at] = price
        if venue_ns >= self._last_ns[at]:
            self._close[at], self._last_ns[at] = price, venue_ns
        elif venue_ns < self._first_ns[at]:
            self._open[at], self._first_ns[at] = price, venue_ns
        self._volume[at] += size
        self._trades[at] += count

    def lose(self) -> None:
        """What comes next comes after a gap in the recording."""
        if self._time:
            self._gaps.add(self._time[-1])

    def page(self, end_ns: int, now_ns: int, limit: int) -> HistoryPage:
        """Up to `limit` bars that start before `end_ns` and are over at `now_ns`."""
        period = self.period_ns
        over = now_ns - now_ns % period - period
        last = min(over, end_ns - 1 - (end_ns - 1) % period)
        if not self._time or limit <= 0 or last < self._time[0]:
            return HistoryPage(columns=empty_columns(), has_more=False)
        last = self._known(last)
        first = max(self._time[0], last - (limit - 1) * period)
        grid = np.arange(first, last + 1, period, dtype=np.int64)
        return HistoryPage(columns=self._on_grid(grid), has_more=first > self._time[0])

    def _known(self, start_ns: int) -> int:
        """The last bar up to `start_ns` that does not lie in a gap."""
        before = self._time[bisect_right(self._time, start_ns) - 1]
        return before if before in self._gaps else start_ns

    def since(self, start_ns: int) -> tuple[float | None, float]:
        """The price at `start_ns`, or the first one after it, and the volume since then.

        Exact to one period. The price is None if nothing has traded.
        """
        if not self._time:
            return None, 0.0
        at = bisect_left(self._time, start_ns)
        price = self._open[0] if at == 0 else self._close[at - 1]
        return price, sum(self._volume[at:])

    def clear(self) -> None:
        """Forget everything: the recording is played anew."""
        for column in self._columns():
            del column[:]
        self._gaps.clear()

    def _on_grid(self, grid: np.ndarray) -> Columns:
        # The views end with this call: an array that is looked at cannot grow.
        times = np.frombuffer(self._time, np.int64)
        at = np.searchsorted(times, grid, "right") - 1
        if self._gaps:
            known = (times[at] == grid) | ~np.isin(times[at], list(self._gaps))
            grid, at = grid[known], at[known]
        has_trades = times[at] == grid
        close = np.frombuffer(self._close)[at]
        return Columns(
            time_ns=grid,
            open=np.where(has_trades, np.frombuffer(self._open)[at], close),
            high=np.where(has_trades, np.frombuffer(self._high)[at], close),
            low=np.where(has_trades, np.frombuffer(self._low)[at], close),
            close=close,
            volume=np.where(has_trades, np.frombuffer(self._volume)[at], 0.0),
            trades=np.where(has_trades, np.frombuffer(self._trades)[at], 0.0),
        )

    def _insert(
        self, at: int, start: int, venue_ns: int, price: float, size: float, count: int
    ) -> None:
        self._time.insert(at, start)
        for prices in (self._open, self._high, self._low, self._close):
            prices.insert(at, price)
        self._volume.insert(at, size)
        self._trades.insert(at, count)
        self._first_ns.insert(at, venue_ns)
        self._last_ns.insert(at, venue_ns)
        if len(self._time) > MAX_BARS * 3 // 2:
            for column in self._columns():
                del column[: len(column) - MAX_BARS]

    def _columns(self) -> tuple[array[int] | array[float], ...]:
        prices = (self._open, self._high, self._low, self._close)
        times = (self._time, self._first_ns, self._last_ns)
        return (*times, *prices, self._volume, self._trades)
