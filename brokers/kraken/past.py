"""Trades of the past, from REST: for bars that the venue keeps no longer, and for holes in streams.

https://docs.kraken.com/api/docs/rest-api/get-recent-trades (read 2026-11): up to 1000 trades from
`since` on, a time in nanoseconds, oldest first; there is no way to ask backwards. `since` 0 begins
with the first trade of the pair.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from math import inf
from typing import Final

import trio

from brokers.kraken import rest_wire
from brokers.kraken.holes import Missing
from brokers.kraken.market import Traded
from brokers.kraken.public import ATTEMPTS, PublicApi
from engine.clock import NANOS
from engine.messages import Side

PAGE: Final = 1000
"""Trades in one answer at most."""

SLACK_NS: Final = 1_000_000
"""The WebSocket gives times in microseconds, REST finer ones: asked from a little earlier, nothing
is left out; ids tell what is known already."""

URGENT_ATTEMPTS: Final = 2
"""Times that a page for a stream is asked for while the venue fails: newer trades wait for it."""

LAG_NS: Final = 2 * NANOS
"""How far REST may be behind: what is older is all there."""

MOST_KEPT: Final = 50_000
"""Trades of one pair that are kept."""

MOST_RUNS: Final = 32
"""Pairs of which trades are kept."""

MOST_PAGES: Final = 30
"""Answers that a hole in a stream may take to fill; a longer one stays a gap."""


class _Run:
    """The newest trades of one pair that were asked for, all of them between two times."""

    def __init__(self, start_ns: int) -> None:
        self.start_ns = start_ns
        self.end_ns = start_ns
        self.trades: list[Traded] = []

    def take(self, page: list[Traded], end_ns: int) -> None:
        """`page` has all trades up to `end_ns` that are not here yet."""
        newest_id = self.trades[-1].trade_id if self.trades else -1
        self.trades += [trade for trade in page if trade.trade_id > newest_id]
        self.end_ns = max(self.end_ns, end_ns)
        if len(self.trades) > MOST_KEPT:
            del self.trades[: len(self.trades) - MOST_KEPT // 2]
            self.start_ns = self.trades[0].time_ns + 1  # of that moment there may have been others


class PastTrades:
    """See the module."""

    def __init__(self, api: PublicApi, now_ns: Callable[[], int]) -> None:
        """
        Args:
            now_ns: reads the venue's time.
        """
        self._api = api
        self._now_ns = now_ns
        self._first_ns: dict[str, int | None] = {}
        self._runs: dict[str, _Run] = {}
        self._locks: dict[str, trio.Lock] = {}

    async def between(self, pair: str, start_ns: int, end_ns: int) -> list[Traded]:
        """All trades in `start_ns <= time < end_ns`, in order. What lies at most `LAG_NS` back may
        lack some; those of the newest run are kept, so that who asks piece by piece waits once."""
        async with self._locks.setdefault(pair, trio.Lock()):
            run = self._runs.get(pair)
            if run is None or not run.start_ns <= start_ns <= run.end_ns:
                run = _Run(start_ns)
            if end_ns > run.end_ns:
                await self._extend(pair, run, end_ns)
            known = self._runs.get(pair)
            if known is None or run.end_ns >= known.end_ns:
                self._runs.pop(pair, None)
                self._runs[pair] = run
                if len(self._runs) > MOST_RUNS:
                    del self._runs[next(iter(self._runs))]
            return [trade for trade in run.trades if start_ns <= trade.time_ns < end_ns]

    def newest_before(self, pair: str, time_ns: int) -> int | None:
        """When the newest trade before `time_ns` was, of those that are kept."""
        run = self._runs.get(pair)
        if run is None:
            return None
        at = bisect_left(run.trades, time_ns, key=lambda trade: trade.time_ns)
        return run.trades[at - 1].time_ns if at else None

    def kept_until(self, pair: str, start_ns: int) -> int:
        """Up to when all trades from `start_ns` on are kept; `start_ns` where none are."""
        run = self._runs.get(pair)
        is_kept = run is not None and run.start_ns <= start_ns <= run.end_ns
        return run.end_ns if run is not None and is_kept else start_ns

    async def _extend(self, pair: str, run: _Run, end_ns: int) -> None:
        """Fetch on from the end of `run` up to `end_ns`."""
        asked_ns = self._now_ns()
        async with aclosing(self._from(pair, run.end_ns, is_urgent=False)) as pages:
            async for page, is_last in pages:
                # After the last one there are no others, but for those that come there late.
                run.take(page, asked_ns - LAG_NS if is_last else page[-1].time_ns)
                if run.end_ns >= end_ns:
                    return

    async def missing(self, pair: str, wanted: Missing) -> tuple[list[Traded], bool]:
        """Trades that a stream lacks, and whether these are all of them."""
        found: list[Traded] = []
        count = 0
        async with aclosing(self._from(pair, wanted.after_ns, is_urgent=True)) as pages:
            async for page, _ in pages:
                found += [trade for trade in page if trade.trade_id > wanted.after_id]
                if found and found[-1].trade_id >= wanted.before_id - 1:
                    return found, True
                count += 1
                if count >= MOST_PAGES:
                    return found, False
        # The venue has no more, though its stream is further on: REST lags behind.
        return found, False

    async def first_ns(self, pair: str) -> int | None:
        """When the first trade of the pair was; None where there is none."""
        if pair not in self._first_ns:
            page = await self._page(pair, 0, count=1, is_urgent=False)
            self._first_ns[pair] = page[0].time_ns if page else None
            if not page:
                return self._first_ns.pop(pair)
        return self._first_ns[pair]

    async def _from(
        self, pair: str, since_ns: int, *, is_urgent: bool
    ) -> AsyncGenerator[tuple[list[Traded], bool], None]:
        """Pages from a time on, each trade once, and whether it is the last: only that may be
        empty."""
        newest_id = -1
        since_ns = max(0, since_ns - SLACK_NS)
        while True:
            page = await self._page(pair, since_ns, count=PAGE, is_urgent=is_urgent)
            fresh = [trade for trade in page if trade.trade_id > newest_id]
            is_last = len(page) < PAGE
            if fresh or is_last:
                yield fresh, is_last
            if is_last:
                return
            newest_id = page[-1].trade_id
            # From before the last one on: others of the same moment may not have fitted in.
            behind_ns = page[-1].time_ns - 1
            since_ns = behind_ns if behind_ns > since_ns else page[-1].time_ns

    async def _page(self, pair: str, since_ns: int, *, count: int, is_urgent: bool) -> list[Traded]:
        rows, _ = await self._api.ask(
            "Trades",
            _read,
            pair=pair,
            since=since_ns,
            count=count,
            is_urgent=is_urgent,
            attempts=URGENT_ATTEMPTS if is_urgent else ATTEMPTS,
        )
        return rows


def _read(result: bytes) -> tuple[list[Traded], str]:
    rows, last = rest_wire.rows_of(result)
    trades = []
    for price, size, time_s, side, _, _, trade_id in rest_wire.decode_trades(rows):
        at, amount = float(price), float(size)
        if not (0 < at < inf and 0 <= amount < inf and 0 < time_s < 10**11):
            raise ValueError(f"trade of {amount} at {at}")
        taker: Side = "buy" if side == "b" else "sell"
        trades.append(Traded(trade_id, at, amount, taker, rest_wire.nanos(time_s)))
    trades.sort(key=lambda trade: trade.trade_id)
    return trades, last
