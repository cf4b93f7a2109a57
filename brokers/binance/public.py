"""Requests that need no key: `GET /api/v3/...`, within the venue's weights.

`rest-api` of https://developers.binance.com/docs/binance-spot-api-docs, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from brokers.binance import limits as weights
from brokers.binance import wire
from brokers.binance.errors import read_refusal
from brokers.binance.limits import Limits
from brokers.binance.trades import PAGE
from brokers.net.offset import ClockOffset
from brokers.net.rest import Cost, Reply, Rest, Throttled
from brokers.statistics import FAULTS
from engine.clock import NANOS, Clock
from engine.errors import BrokerUnavailable, UnknownSymbol
from engine.text import safe

T = TypeVar("T")

INVALID_SYMBOL = -1121

OK = 200


class RequestRefused(BrokerUnavailable):
    """The venue said no, and will say it again."""


DRIFT_NS = NANOS // 4
"""More than clocks that nobody sets drift apart between samples that are compared."""


PATIENCE_NS = 20 * NANOS
"""How long somebody who wants to see a market waits until the venue may be asked again; after
that it is better to be told. What goes on in the background waits for ever."""


class PublicApi:
    """Everything here raises `BrokerUnavailable` where there is no answer, `Throttled` among it;
    and `UnknownSymbol`."""

    def __init__(self, rest: Rest, limits: Limits, offset: ClockOffset, clock: Clock) -> None:
        self._rest = rest
        self._limits = limits
        self._offset = offset
        self._clock = clock

    # -- for somebody who waits -----------------------------------------------------------------

    async def exchange_info(self, symbols: Sequence[str] = ()) -> wire.ExchangeInfo:
        """Symbols with their filters and their status; of all, where none is named."""
        params = {"showPermissionSets": "false"}
        if symbols:
            params["symbols"] = msgspec.json.encode(symbols).decode()
        reply = await self._call_patiently("exchangeInfo", params, weights.EXCHANGE_INFO)
        info = _decoded("exchangeInfo", reply, wire.read_exchange_info)
        self._limits.take_over(info.rate_limits)
        return info

    async def tickers(self) -> list[wire.Ticker24h]:
        """The last 24 hours of all markets."""
        params = {"type": "MINI"}
        reply = await self._call_patiently("ticker/24hr", params, weights.ALL_TICKERS)
        return _decoded("ticker/24hr", reply, wire.decode_tickers)

    async def ticker(self, symbol: str) -> tuple[wire.Ticker24h, int]:
        """The last 24 hours of one market, with its newest trade and its quotes; and when that was
        received."""
        reply = await self._call_patiently("ticker/24hr", {"symbol": symbol}, weights.TICKER)
        return _decoded("ticker/24hr", reply, wire.decode_ticker), reply.recv_ns

    # -- in the background ----------------------------------------------------------------------

    async def klines(self, symbol: str, interval: str, end_ms: int, limit: int) -> list[wire.Kline]:
        """Up to `limit` (1000 at most) klines that open at or before `end_ms`, oldest first, at
        the pace that history is allowed."""
        params = {
            "symbol": symbol,
            "interval": interval,
            "endTime": str(end_ms),
            "limit": str(limit),
        }
        share = (self._limits.history, float(weights.KLINES))
        reply = await self._call("klines", params, weights.KLINES, budgets=(share,))
        return _decoded("klines", reply, wire.decode_klines)

    async def depth(self, symbol: str, levels: int) -> Reply:
        """A whole book; the body is for `Session.answer`."""
        params = {"symbol": symbol, "limit": str(levels)}
        return await self._call("depth", params, weights.depth_weight(levels))

    async def agg_trades(self, symbol: str, from_id: int | None) -> Reply:
        """Aggregate trades from an id on, or the newest ones; the body is for `Session.answer`."""
        return await self._call("aggTrades", _from(symbol, from_id), weights.AGG_TRADES)

    async def old_trades(self, symbol: str, from_id: int | None) -> Reply:
        """As `agg_trades`, of single trades."""
        return await self._call("historicalTrades", _from(symbol, from_id), weights.OLD_TRADES)

    async def look_at_clock(self) -> None:
        """Take one more sample of the venue's clock."""
        reply = await self._call("time", {}, weights.TIME)
        time = _decoded("time", reply, wire.decode_server_time)
        try:
            venue_ns = wire.time_ns(time.server_time)
        except ValueError as error:
            raise BrokerUnavailable(f"the venue's clock: {error}") from None
        known, middle_ns = self._offset.best, (reply.sent_ns + reply.recv_ns) // 2
        if known is not None:
            off_ns = abs(venue_ns - middle_ns - known.offset_ns)
            round_trips_ns = reply.recv_ns - reply.sent_ns + known.round_trip_ns
            if off_ns > round_trips_ns // 2 + DRIFT_NS:
                self._offset.clear()  # both cannot be true: one of the clocks was set
        self._offset.add(reply.sent_ns, venue_ns, reply.recv_ns)

    async def _call_patiently(self, path: str, params: dict[str, str], weight: int) -> Reply:
        while True:
            try:
                return await self._call(path, params, weight, waits=False)
            except Throttled as error:
                if error.until_ns > self._clock.now_ns() + PATIENCE_NS:
                    raise
                await self._clock.sleep_until_ns(error.until_ns)

    async def _call(
        self,
        path: str,
        params: dict[str, str],
        weight: int,
        *,
        budgets: Sequence[Cost] = (),
        waits: bool = True,
    ) -> Reply:
        costs = (*budgets, (self._limits.raw, 1.0), (self._limits.weight, float(weight)))
        reply = await self._rest.call(
            "GET", f"/api/v3/{path}", query=urlencode(params), budgets=costs, waits=waits
        )
        if reply.status != OK:
            raise _refused(path, params.get("symbol", ""), reply)
        return reply


def _from(symbol: str, from_id: int | None) -> dict[str, str]:
    params = {"symbol": symbol, "limit": str(PAGE)}
    return params if from_id is None else {**params, "fromId": str(from_id)}


def _decoded(path: str, reply: Reply, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(reply.body)
    except FAULTS as error:
        raise BrokerUnavailable(
            f"{path}: not what the venue documents: {safe(error, 200)}"
        ) from None


def _refused(path: str, symbol: str, reply: Reply) -> BrokerUnavailable | UnknownSymbol:
    refusal = read_refusal(reply.status, reply.body)
    if refusal.code == INVALID_SYMBOL:
        return UnknownSymbol(f"the venue does not list {safe(symbol, 40)}")
    if refusal.is_unknown or refusal.is_throttled:
        return BrokerUnavailable(f"{path}: {refusal.reason}")
    return RequestRefused(f"{path}: {refusal.reason}")
