"""Public REST of a venue that answers as a test tells it, behind the real REST client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
import trio

from brokers.kraken.public import PublicApi
from brokers.net.bans import Bans
from brokers.net.rest import Rest
from engine.clock import NANOS, TrioClock

START_NS = 1_795_262_400 * NANOS
PAIR = "XBTUSD"

Params = dict[str, str]
Answer = Callable[[Params], Any]
"""The `result` for these parameters; or a list of errors, or a whole response."""


class PublicVenue(httpx2.AsyncBaseTransport):
    """Answers each method by a function of its parameters, after what was put before that."""

    def __init__(self, **methods: Answer) -> None:
        self.methods = methods
        self.before: list[Any] = []
        """What the next requests get instead."""
        self.asked: list[tuple[str, Params]] = []
        self.asked_s: list[float] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        method = request.url.path.rsplit("/", 1)[-1]
        params = dict(request.url.params)
        self.asked.append((method, params))
        self.asked_s.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        answer = self.before.pop(0) if self.before else self.methods[method](params)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx2.Response):
            return answer
        told = {"error": answer} if isinstance(answer, list) else {"error": [], "result": answer}
        return httpx2.Response(200, content=msgspec.json.encode(told))

    def count(self, method: str) -> int:
        return sum(asked == method for asked, _ in self.asked)


@asynccontextmanager
async def open_api(venue: PublicVenue, *, per_s: float = 1.0) -> AsyncIterator[PublicApi]:
    clock = TrioClock(START_NS)
    rest = Rest(
        broker="kraken",
        base_url="https://api.kraken.com",
        clock=clock,
        bans=Bans(None, clock),
        transport=venue,
    )
    async with rest.opened():
        yield PublicApi(rest, clock=clock, per_s=per_s)


class TradesThere:
    """Trades of one pair as the venue keeps them: (id, seconds UTC, price, size)."""

    def __init__(self, trades: Sequence[tuple[int, float, float, float]], most: int = 1000) -> None:
        self.trades = list(trades)
        self.most = most

    def __call__(self, params: Params) -> Any:
        since_ns = int(params.get("since", 0))
        most = min(self.most, int(params.get("count", 1000)))
        now_s = START_NS / NANOS + trio.current_time()
        rows = [row for row in self.trades if row[1] <= now_s and round(row[1] * NANOS) > since_ns]
        rows = rows[:most]
        last = round(rows[-1][1] * NANOS) if rows else since_ns
        return {
            "XXBTZUSD": [
                [str(price), str(size), msgspec.Raw(f"{at:.6f}".encode()), "b", "l", "", trade_id]
                for trade_id, at, price, size in rows
            ],
            "last": str(last),
        }
