"""Trades of the past, from REST: for bars that the venue keeps no longer, and for holes in streams.

https://docs.kraken.com/api/docs/rest-api/get-recent-trades (read 2026-11): up to 1000 trades from
`since` on, a time in nanoseconds, oldest first; there is no way to ask backwards. `since` 0 begins
with the first trade of the pair.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from math import inf
from typing import Final

from brokers.kraken import rest_wire
from brokers.kraken.holes import Missing
from brokers.kraken.market import Traded
from brokers.kraken.public import ATTEMPTS, PublicApi
from engine.messages import Side

PAGE: Final = 1000
"""Trades in one answer at most."""

SLACK_NS: Final = 1_000_000
"""The WebSocket gives times in microseconds, REST finer ones: asked from a little earlier, nothing
is left out; ids tell what is known already."""

URGENT_ATTEMPTS: Final = 2
"""Times that a page for a stream is asked for while the venue fails: newer trades wait for it."""

MOST_PAGES: Final = 30
"""Answers that a hole in a stream may take to fill; a longer one stays a gap."""


class PastTrades:
    """See the module."""

    def __init__(self, api: PublicApi) -> None:
        self._api = api
        self._first_ns: dict[str, int | None] = {}

    async def between(self, pair: str, start_ns: int, end_ns: int) -> list[Traded]:
        """All trades in `start_ns <= time < end_ns`, in order."""
        found: list[Traded] = []
        async with aclosing(self._from(pair, start_ns, is_urgent=False)) as pages:
            async for page in pages:
                found += [trade for trade in page if start_ns <= trade.time_ns < end_ns]
                if page[-1].time_ns >= end_ns:
                    break
        return found

    async def missing(self, pair: str, wanted: Missing) -> tuple[list[Traded], bool]:
        """Trades that a stream lacks, and whether these are all of them."""
        found: list[Traded] = []
        count = 0
        async with aclosing(self._from(pair, wanted.after_ns, is_urgent=True)) as pages:
            async for page in pages:
                found += [trade for trade in page if trade.trade_id > wanted.after_id]
                if page[-1].trade_id >= wanted.before_id - 1:
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
    ) -> AsyncGenerator[list[Traded], None]:
        """Pages from a time on, none empty, each trade once, up to the newest."""
        newest_id = -1
        since_ns = max(0, since_ns - SLACK_NS)
        while True:
            page = await self._page(pair, since_ns, count=PAGE, is_urgent=is_urgent)
            fresh = [trade for trade in page if trade.trade_id > newest_id]
            if fresh:
                newest_id = fresh[-1].trade_id
                yield fresh
            if len(page) < PAGE:
                return
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
