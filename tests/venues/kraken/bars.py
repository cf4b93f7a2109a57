"""Bars and trades of a pair as REST and the market channels tell them.

https://docs.kraken.com/api-reference/market-data/get-ohlc-data: up to 720, the last of them still
open; times are starts. Bars without trades repeat the close before, with 0 of everything else
(REST); the channel has none of them. Bars are counted from 1970, so that weeks begin on Thursdays.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tests.venues.exchange.bars import Bar, Period
from tests.venues.exchange.tape import PublicTrade
from tests.venues.kraken.amounts import epoch, number, rfc3339, text
from tests.venues.kraken.pairs import Pair

INTERVALS: Final = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
"""Minutes."""
MOST_BARS: Final = 720
MOST_TRADES: Final = 1000
SNAPSHOT_TRADES: Final = 50

Told = dict[str, Any]


def period(interval: int) -> Period:
    return Period(interval * 60)


def rest_price(price: Decimal, pair: Pair) -> str:
    """Trades, books and tickers of REST have five decimals at least."""
    return text(price, max(5, pair.price_places))


def rest_bar(bar: Bar, pair: Pair) -> list[Any]:
    """As `OHLC` has it."""
    vwap = bar.average if bar.trades else Decimal(0)
    prices = (bar.open, bar.high, bar.low, bar.close, vwap)
    return [
        bar.start_ns // 10**9,
        *(text(price, pair.price_places) for price in prices),
        text(bar.volume, 8),
        bar.trades,
    ]


def socket_bar(bar: Bar, pair: Pair, interval: int) -> Told:
    """As the `ohlc` channel has it."""
    names = ("open", "high", "low", "close")
    prices = {name: number(getattr(bar, name), pair.price_places) for name in names}
    return {
        "symbol": pair.symbol,
        **prices,
        "trades": bar.trades,
        "volume": number(bar.volume, pair.size_places),
        "vwap": number(bar.average, pair.price_places),
        "interval_begin": rfc3339(bar.start_ns, 9),
        "interval": interval,
        "timestamp": rfc3339(bar.end_ns),
    }


def side(trade: PublicTrade) -> str:
    """Of the taker."""
    return "sell" if trade.is_buyer_maker else "buy"


def rest_trade(trade: PublicTrade, pair: Pair) -> list[Any]:
    """As `Trades` has it."""
    return [
        rest_price(trade.price, pair),
        text(trade.size, 8),
        epoch(trade.time_ns, 9),
        side(trade)[0],
        "m" if trade.is_market else "l",
        "",
        trade.trade_id,
    ]


def socket_trade(trade: PublicTrade, pair: Pair) -> Told:
    """As the `trade` channel has it."""
    return {
        "symbol": pair.symbol,
        "side": side(trade),
        "price": number(trade.price, pair.price_places),
        "qty": number(trade.size, pair.size_places),
        "ord_type": "market" if trade.is_market else "limit",
        "trade_id": trade.trade_id,
        "timestamp": rfc3339(trade.time_ns),
    }
