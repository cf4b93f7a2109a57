"""Messages of the market streams, in the letters of the venue.

Read 2026-11: `web-socket-streams.md` of https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from typing import Any

from tests.venues.binance import render
from tests.venues.binance.numbers import rounded, told
from tests.venues.binance.render import Times
from tests.venues.exchange.bars import Bar
from tests.venues.exchange.market import Best, DayStats, SpotMarket
from tests.venues.exchange.tape import Aggregate, PublicTrade

Payload = dict[str, Any] | list[Any]


def book_ticker(symbol: str, best: Best) -> Payload:
    ticker = render.book_ticker(symbol, best)
    names = {"bidPrice": "b", "bidQty": "B", "askPrice": "a", "askQty": "A"}
    found = {short: ticker[name] for name, short in names.items()}
    return {"u": best.update_id, "s": symbol, **found}


def trade(symbol: str, trade: PublicTrade, t: Times) -> Payload:
    return {
        "e": "trade",
        "E": t(trade.time_ns),
        "s": symbol,
        "t": trade.trade_id,
        "p": told(trade.price),
        "q": told(trade.size),
        "T": t(trade.time_ns),
        "m": trade.is_buyer_maker,
        "M": True,
    }


def aggregate(symbol: str, one: Aggregate, t: Times) -> Payload:
    told_of = render.aggregate(one, t)
    return {"e": "aggTrade", "E": t(one.time_ns), "s": symbol, **told_of}


def kline(
    symbol: str, interval: str, bar: Bar, ids: tuple[int, int], is_closed: bool, t: Times
) -> dict[str, Any]:
    return {
        "t": t(bar.start_ns),
        "T": t(bar.end_ns) - 1,
        "s": symbol,
        "i": interval,
        "f": ids[0],
        "L": ids[1],
        "o": told(bar.open),
        "c": told(bar.close),
        "h": told(bar.high),
        "l": told(bar.low),
        "v": told(bar.volume),
        "n": bar.trades,
        "x": is_closed,
        "q": told(bar.quote_volume),
        "V": told(bar.bought),
        "Q": told(bar.bought_quote),
        "B": "0",
    }


def mini(symbol: str, stats: DayStats, now_ns: int, t: Times) -> Payload:
    return {
        "e": "24hrMiniTicker",
        "E": t(now_ns),
        "s": symbol,
        "c": told(stats.last),
        "o": told(stats.open),
        "h": told(stats.high),
        "l": told(stats.low),
        "v": told(stats.volume),
        "q": told(stats.quote_volume),
    }


def ticker(symbol: str, stats: DayStats, best: Best, now_ns: int, t: Times) -> Payload:
    quotes = render.book_ticker(symbol, best)
    return {
        "e": "24hrTicker",
        "E": t(now_ns),
        "s": symbol,
        "p": told(stats.change),
        "P": rounded(stats.change_percent, 3),
        "w": told(stats.average),
        "x": told(stats.before),
        "c": told(stats.last),
        "Q": told(stats.last_size),
        "b": quotes["bidPrice"],
        "B": quotes["bidQty"],
        "a": quotes["askPrice"],
        "A": quotes["askQty"],
        **_tail(stats, t),
    }


def window(symbol: str, window: str, stats: DayStats, now_ns: int, t: Times) -> Payload:
    return {
        "e": f"{window}Ticker",
        "E": t(now_ns),
        "s": symbol,
        "p": told(stats.change),
        "P": rounded(stats.change_percent, 3),
        "w": told(stats.average),
        "c": told(stats.last),
        **_tail(stats, t),
    }


def _tail(stats: DayStats, t: Times) -> dict[str, Any]:
    return {
        "o": told(stats.open),
        "h": told(stats.high),
        "l": told(stats.low),
        "v": told(stats.volume),
        "q": told(stats.quote_volume),
        "O": t(stats.start_ns),
        "C": t(stats.end_ns),
        "F": stats.first_id,
        "L": stats.last_id,
        "n": stats.trades,
    }


def average(market: SpotMarket, now_ns: int, t: Times) -> Payload:
    last = market.tape.last(1)
    return {
        "e": "avgPrice",
        "E": t(now_ns),
        "s": market.symbol,
        "i": f"{market.instrument.average_minutes}m",
        "w": told(market.average_price()),
        "T": t(last[0].time_ns if last else now_ns),
    }
