"""Orders, trades, books, bars and statistics in the venue's JSON.

`t` everywhere turns nanoseconds into the unit of times that the caller asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from tests.venues.binance.numbers import rounded, told
from tests.venues.exchange.bars import Bar
from tests.venues.exchange.market import Best, DayStats, Level, SpotMarket
from tests.venues.exchange.orders import ZERO, Execution, OrderRecord
from tests.venues.exchange.tape import Aggregate, PublicTrade

Times = Callable[[int], int]

STATUSES: Final = {
    "pending": "PENDING_NEW",
    "new": "NEW",
    "partially_filled": "PARTIALLY_FILLED",
    "filled": "FILLED",
    "canceled": "CANCELED",
    "expired": "EXPIRED",
}


def status_of(order: OrderRecord) -> str:
    if order.status == "expired" and order.extra.get("cause") == "self_trade":
        return "EXPIRED_IN_MATCH"
    return STATUSES[order.status]


def self_trade_of(order: OrderRecord) -> str:
    return order.self_trade.upper()


def _price(value: Decimal | None) -> str:
    return told(value if value is not None else ZERO)


def order_state(order: OrderRecord, t: Times) -> dict[str, Any]:
    """As queries and lists of orders have it."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.extra.get("list_id", -1),
        "clientOrderId": order.client_id,
        "price": _price(order.price),
        "origQty": told(order.size),
        "executedQty": told(order.filled),
        "cummulativeQuoteQty": told(order.cost),
        "status": status_of(order),
        "timeInForce": order.extra["tif"],
        "type": order.extra["type"],
        "side": order.side.upper(),
        "stopPrice": _price(order.stop_price),
        "icebergQty": _price(order.shown),
        "time": t(order.created_ns),
        "updateTime": t(order.updated_ns),
        "isWorking": bool(order.working_ns),
        "workingTime": t(order.working_ns) if order.working_ns else -1,
        "origQuoteOrderQty": told(order.extra.get("quote_size", ZERO)),
        "selfTradePreventionMode": self_trade_of(order),
        **_conditional(order, t),
    }


def _conditional(order: OrderRecord, t: Times) -> dict[str, Any]:
    """Fields that are there only if they say something."""
    found: dict[str, Any] = {}
    for name in ("strategyId", "strategyType", "trailingDelta"):
        if name in order.extra:
            found[name] = order.extra[name]
    if "trailingDelta" in order.extra:
        found["trailingTime"] = t(order.created_ns)
    if order.prevented_match_id:
        found["preventedMatchId"] = order.prevented_match_id
        found["preventedQuantity"] = told(order.prevented)
    return found


def placed(order: OrderRecord, kind: str, t: Times) -> dict[str, Any]:
    """The answer to a new order: `ACK`, `RESULT` or `FULL`."""
    ack = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.extra.get("list_id", -1),
        "clientOrderId": order.client_id,
        "transactTime": t(order.created_ns),
    }
    if kind == "ACK":
        return ack
    result = {
        **ack,
        "price": _price(order.price),
        "origQty": told(order.size),
        "executedQty": told(order.filled),
        "origQuoteOrderQty": told(order.extra.get("quote_size", ZERO)),
        "cummulativeQuoteQty": told(order.cost),
        "status": status_of(order),
        "timeInForce": order.extra["tif"],
        "type": order.extra["type"],
        "side": order.side.upper(),
        "workingTime": t(order.working_ns) if order.working_ns else -1,
        "selfTradePreventionMode": self_trade_of(order),
        **({"stopPrice": told(order.stop_price)} if order.stop_price is not None else {}),
        **({"icebergQty": told(order.shown)} if order.shown is not None else {}),
        **_conditional(order, t),
    }
    if kind == "RESULT":
        return result
    return {**result, "fills": [_fill(execution) for execution in order.executions]}


def _fill(execution: Execution) -> dict[str, Any]:
    return {
        "price": told(execution.price),
        "qty": told(execution.size),
        "commission": told(execution.commission),
        "commissionAsset": execution.commission_asset,
        "tradeId": execution.trade_id,
    }


def canceled(order: OrderRecord, request_client_id: str, t: Times) -> dict[str, Any]:
    """The answer to a cancel: the id that the order had is `origClientOrderId` then."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_id,
        "orderId": order.order_id,
        "orderListId": order.extra.get("list_id", -1),
        "clientOrderId": request_client_id,
        "transactTime": t(order.updated_ns),
        "price": _price(order.price),
        "origQty": told(order.size),
        "executedQty": told(order.filled),
        "origQuoteOrderQty": told(order.extra.get("quote_size", ZERO)),
        "cummulativeQuoteQty": told(order.cost),
        "status": status_of(order),
        "timeInForce": order.extra["tif"],
        "type": order.extra["type"],
        "side": order.side.upper(),
        "selfTradePreventionMode": self_trade_of(order),
        **({"stopPrice": told(order.stop_price)} if order.stop_price is not None else {}),
        **({"icebergQty": told(order.shown)} if order.shown is not None else {}),
        **_conditional(order, t),
    }


def amended(order: OrderRecord, t: Times) -> dict[str, Any]:
    """The order within the answer to an amend."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.extra.get("list_id", -1),
        "origClientOrderId": order.amends[-1].old_client_id,
        "clientOrderId": order.client_id,
        "price": _price(order.price),
        "qty": told(order.size),
        "executedQty": told(order.filled),
        "preventedQty": told(order.prevented),
        "quoteOrderQty": told(order.extra.get("quote_size", ZERO)),
        "cumulativeQuoteQty": told(order.cost),
        "status": status_of(order),
        "timeInForce": order.extra["tif"],
        "type": order.extra["type"],
        "side": order.side.upper(),
        "workingTime": t(order.working_ns),
        "selfTradePreventionMode": self_trade_of(order),
    }


def own_trade(execution: Execution, list_id: int, t: Times) -> dict[str, Any]:
    return {
        "symbol": execution.symbol,
        "id": execution.trade_id,
        "orderId": execution.order_id,
        "orderListId": list_id,
        "price": told(execution.price),
        "qty": told(execution.size),
        "quoteQty": told(execution.cost),
        "commission": told(execution.commission),
        "commissionAsset": execution.commission_asset,
        "time": t(execution.time_ns),
        "isBuyer": execution.side == "buy",
        "isMaker": execution.is_maker,
        "isBestMatch": True,
    }


# -- markets -----------------------------------------------------------------------------------


def levels(found: Iterable[Level]) -> list[list[str]]:
    return [[told(price), told(size)] for price, size in found]


def public_trade(trade: PublicTrade, t: Times) -> dict[str, Any]:
    return {
        "id": trade.trade_id,
        "price": told(trade.price),
        "qty": told(trade.size),
        "quoteQty": told(trade.cost),
        "time": t(trade.time_ns),
        "isBuyerMaker": trade.is_buyer_maker,
        "isBestMatch": True,
    }


def aggregate(trade: Aggregate, t: Times) -> dict[str, Any]:
    return {
        "a": trade.aggregate_id,
        "p": told(trade.price),
        "q": told(trade.size),
        "f": trade.first_id,
        "l": trade.last_id,
        "T": t(trade.time_ns),
        "m": trade.is_buyer_maker,
        "M": True,
    }


def kline(bar: Bar, t: Times) -> list[Any]:
    return [
        t(bar.start_ns),
        told(bar.open),
        told(bar.high),
        told(bar.low),
        told(bar.close),
        told(bar.volume),
        t(bar.end_ns) - 1,
        told(bar.quote_volume),
        bar.trades,
        told(bar.bought),
        told(bar.bought_quote),
        "0",
    ]


def book_ticker(symbol: str, best: Best) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "bidPrice": _price(best.bid),
        "bidQty": told(best.bid_size),
        "askPrice": _price(best.ask),
        "askQty": told(best.ask_size),
    }


def mini_stats(symbol: str, stats: DayStats, t: Times) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "openPrice": told(stats.open),
        "highPrice": told(stats.high),
        "lowPrice": told(stats.low),
        "lastPrice": told(stats.last),
        "volume": told(stats.volume),
        "quoteVolume": told(stats.quote_volume),
        "openTime": t(stats.start_ns),
        "closeTime": t(stats.end_ns),
        "firstId": stats.first_id,
        "lastId": stats.last_id,
        "count": stats.trades,
    }


def window_stats(symbol: str, stats: DayStats, t: Times) -> dict[str, Any]:
    """Of a window that a caller chose."""
    return {
        "symbol": symbol,
        "priceChange": told(stats.change),
        "priceChangePercent": rounded(stats.change_percent, 3),
        "weightedAvgPrice": told(stats.average),
        **{name: value for name, value in mini_stats(symbol, stats, t).items() if name != "symbol"},
    }


def day_stats(market: SpotMarket, stats: DayStats, t: Times) -> dict[str, Any]:
    """Of the last 24 hours."""
    best = market.best()
    window = window_stats(market.symbol, stats, t)
    head = ("symbol", "priceChange", "priceChangePercent", "weightedAvgPrice")
    return {
        **{name: window[name] for name in head},
        "prevClosePrice": told(stats.before),
        "lastPrice": told(stats.last),
        "lastQty": told(stats.last_size),
        "bidPrice": _price(best.bid),
        "bidQty": told(best.bid_size),
        "askPrice": _price(best.ask),
        "askQty": told(best.ask_size),
        **{name: value for name, value in window.items() if name not in (*head, "lastPrice")},
    }
