"""Requests about markets, which everybody may make.

Read 2026-11: "Market Data endpoints" of `rest-api.md` in
https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from engine.clock import NANOS
from tests.venues.binance import errors, render
from tests.venues.binance.errors import VenueError
from tests.venues.binance.listings import symbol_info
from tests.venues.binance.numbers import MILLISECOND, told
from tests.venues.binance.state import Call
from tests.venues.exchange.bars import DAY_S, MONTH, WEEK_FROM_MONDAY, Period
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.tape import BARS_BACK_NS

PERIODS: Final[dict[str, Period]] = {
    "1s": Period(1),
    "1m": Period(60),
    "3m": Period(180),
    "5m": Period(300),
    "15m": Period(900),
    "30m": Period(1800),
    "1h": Period(3600),
    "2h": Period(7200),
    "4h": Period(14_400),
    "6h": Period(21_600),
    "8h": Period(28_800),
    "12h": Period(43_200),
    "1d": Period(DAY_S),
    "3d": Period(3 * DAY_S),
    "1w": WEEK_FROM_MONDAY,
    "1M": MONTH,
}
_WINDOW: Final = re.compile(r"([1-9][0-9]?)([mhd])")
_HOUR_NS: Final = 3600 * NANOS


def ping(call: Call) -> Any:
    return {}


def time(call: Call) -> Any:
    return {"serverTime": call.t(call.now_ns)}


def exchange_info(call: Call) -> Any:
    params, state = call.params, call.state
    one, many = params.symbol(), params.symbols()
    permissions, status = params.raw("permissions"), params.text("symbolStatus")
    params.flag("showPermissionSets", True)
    if sum(value is not None for value in (one, many, permissions)) > 1:
        raise errors.bad_combination()
    if status is not None and (one or many):
        raise errors.bad_combination()
    if status is not None and status not in ("TRADING", "HALT", "BREAK"):
        raise VenueError(-1122, "Invalid symbolStatus.")
    wanted = list(state.exchange.markets) if one is None and many is None else many or [str(one)]
    if permissions is not None and "SPOT" not in str(permissions):
        wanted = []
    found = [symbol_info(state.market(symbol).instrument, state.rules[symbol]) for symbol in wanted]
    return {
        "timezone": "UTC",
        "serverTime": call.t(call.now_ns),
        "rateLimits": state.limits.rules.listed(),
        "exchangeFilters": [],
        "symbols": [one for one in found if status in (None, one["status"])],
    }


def depth(call: Call) -> Any:
    market = call.market()
    limit = call.params.limit(100, 5000)
    call.params.text("symbolStatus")
    return {
        "lastUpdateId": market.update_id,
        "bids": render.levels(market.bids(limit)),
        "asks": render.levels(market.asks(limit)),
    }


def depth_weight(call: Call) -> int:
    """By the number of levels that are asked for."""
    try:
        limit = int(call.params.raw("limit") or 100)
    except (TypeError, ValueError):
        return 5
    for most, weight in ((100, 5), (500, 25), (1000, 50)):
        if limit <= most:
            return weight
    return 250


def trades_recent(call: Call) -> Any:
    market = call.market()
    found = market.tape.last(call.params.limit(500, 1000))
    return [render.public_trade(trade, call.t) for trade in found]


def trades_historical(call: Call) -> Any:
    market = call.market()
    limit, from_id = call.params.limit(500, 1000), call.params.number("fromId")
    tape = market.tape
    found = tape.last(limit) if from_id is None else tape.since_id(from_id, limit)
    return [render.public_trade(trade, call.t) for trade in found]


def trades_aggregate(call: Call) -> Any:
    market = call.market()
    limit, from_id = call.params.limit(500, 1000), call.params.number("fromId")
    start_ns, end_ns = call.time_param("startTime"), call.time_param("endTime")
    if from_id is not None and (start_ns is not None or end_ns is not None):
        raise errors.bad_combination()
    tape = market.tape
    if from_id is not None:
        found = tape.aggregates_since_id(from_id, limit)
    elif start_ns is None and end_ns is None:
        found = tape.last_aggregates(limit)
    else:
        until_ns = market.latest_ns(call.now_ns) + 1 if end_ns is None else end_ns + MILLISECOND
        if start_ns is None:
            start_ns = until_ns - _HOUR_NS
        found = tape.aggregates_between(start_ns, until_ns, limit)
    return [render.aggregate(trade, call.t) for trade in found]


def klines(call: Call) -> Any:
    params, market = call.params, call.market()
    interval = params.mandatory("interval")
    if interval not in PERIODS:
        raise VenueError(-1120, "Invalid interval.")
    start_ns, end_ns = call.time_param("startTime"), call.time_param("endTime")
    limit, zone = params.limit(500, 1000), params.text("timeZone")
    period = _shifted(PERIODS[interval], zone)
    now_ns = market.latest_ns(call.now_ns)
    end_ns = now_ns if end_ns is None else min(end_ns, now_ns)
    oldest_ns = now_ns - BARS_BACK_NS
    if start_ns is None:
        start_ns = period.start(end_ns)
        for _ in range(limit - 1):
            start_ns = period.start(start_ns - 1)
            if start_ns < oldest_ns:
                break
    else:
        # Bars from far behind: no more of them than are asked for.
        start_ns = max(start_ns, oldest_ns)
        end_ns = min(end_ns, start_ns + (limit + 1) * _longest_ns(period))
    bars = market.bars(period, start_ns, end_ns + 1, now_ns)
    return [render.kline(bar, call.t) for bar in bars[:limit]]


def _longest_ns(period: Period) -> int:
    return (32 * DAY_S if period.is_month else period.seconds) * NANOS


def _shifted(period: Period, zone: str | None) -> Period:
    """`period` with bars that begin by the clock of another time zone."""
    if zone is None or period.is_month:
        return period
    found = re.fullmatch(r"([+-]?)(\d{1,2})(?::(\d{2}))?", zone)
    if not found or int(found[2]) > 14:
        raise errors.bad_data("timeZone")
    seconds = int(found[2]) * 3600 + int(found[3] or 0) * 60
    return Period(period.seconds, period.offset_s + (seconds if found[1] == "-" else -seconds))


def average_price(call: Call) -> Any:
    market = call.market()
    last = market.tape.last(1)
    return {
        "mins": market.instrument.average_minutes,
        "price": told(market.average_price()),
        "closeTime": call.t(last[0].time_ns if last else call.now_ns),
    }


# -- tickers -----------------------------------------------------------------------------------


def _per_symbol(call: Call, tell: Callable[[SpotMarket], Any], *, needs_one: bool = False) -> Any:
    """What `tell` says of one symbol, or a list for several or all."""
    one, many = call.params.symbol(), call.params.symbols()
    call.params.text("symbolStatus")
    if one is not None and many is not None:
        raise errors.bad_combination()
    if one is not None:
        return tell(call.state.market(one))
    if many is None:
        if needs_one:
            raise errors.missing_either("symbol", "symbols")
        many = list(call.state.exchange.markets)
    return [tell(call.state.market(symbol)) for symbol in many]


def ticker_day(call: Call) -> Any:
    is_mini = _ticker_type(call) == "MINI"

    def tell(market: SpotMarket) -> Any:
        stats = market.stats(market.latest_ns(call.now_ns))
        if is_mini:
            return render.mini_stats(market.symbol, stats, call.t)
        return render.day_stats(market, stats, call.t)

    return _per_symbol(call, tell)


def _ticker_type(call: Call) -> str | None:
    bad = VenueError(-1139, "Invalid ticker type.")
    return call.params.choice("type", ("FULL", "MINI"), bad)


def ticker_window(call: Call) -> Any:
    is_mini = _ticker_type(call) == "MINI"
    window = call.params.text("windowSize") or "1d"
    found = _WINDOW.fullmatch(window)
    most = {"m": 59, "h": 23, "d": 7}
    if not found or int(found[1]) > most[found[2]]:
        raise errors.bad_data("windowSize")
    span_s = int(found[1]) * {"m": 60, "h": 3600, "d": DAY_S}[found[2]]
    return _window(call, span_s, is_mini)


def ticker_trading_day(call: Call) -> Any:
    is_mini = _ticker_type(call) == "MINI"
    call.params.text("timeZone")
    since_s = call.now_ns // NANOS % DAY_S // 60 * 60
    return _window(call, since_s, is_mini)


def _window(call: Call, span_s: int, is_mini: bool) -> Any:
    shape = render.mini_stats if is_mini else render.window_stats

    def tell(market: SpotMarket) -> Any:
        return shape(market.symbol, market.stats(market.latest_ns(call.now_ns), span_s), call.t)

    return _per_symbol(call, tell, needs_one=True)


def ticker_price(call: Call) -> Any:
    return _per_symbol(
        call, lambda market: {"symbol": market.symbol, "price": told(market.last_price)}
    )


def ticker_book(call: Call) -> Any:
    return _per_symbol(call, lambda market: render.book_ticker(market.symbol, market.best()))


def symbols_weight(one: int, few: int, every: int) -> Callable[[Call], int]:
    """Weight by how many symbols are asked for: one, up to twenty, all."""

    def weight(call: Call) -> int:
        if call.params.has("symbol"):
            return one
        return few if call.params.has("symbols") else every

    return weight
