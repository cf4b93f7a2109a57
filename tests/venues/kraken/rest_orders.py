"""Orders, trades and amends as REST tells them.

https://docs.kraken.com/api-reference/account-data, read 2026-11.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.clock import NANOS
from tests.venues.kraken.amounts import epoch, text
from tests.venues.kraken.pairs import Pair
from tests.venues.kraken.records import ZERO, Amend, OrderRecord, OwnTrade
from tests.venues.kraken.terms import LIMITED, TRAILING, TRIGGERED, Close, PriceTerm, Terms

Told = dict[str, Any]


def said_price(term: PriceTerm | None, pair: Pair) -> str:
    """As an order's description repeats it: `37500.0`, `+5.0000%`, `-10.0`."""
    if term is None:
        return "0"
    sign = "" if term.unit == "static" or term.value < 0 else ("+" if term.is_signed else "#")
    if term.unit == "pct":
        return f"{sign}{text(term.value, 4)}%"
    return sign + text(term.value, pair.price_places)


def order_sentence(terms: Terms) -> str:
    """`buy 1.25000000 XBTUSD @ stop loss 37500.0 -> limit 37510.0`."""
    size = text(terms.volume, terms.pair.size_places)
    start = f"{terms.side} {size} {terms.pair.altname} @ "
    return start + _how(terms.order_type, terms.limit, terms.trigger, terms.pair)


def close_sentence(close: Close | None, pair: Pair) -> str:
    if close is None:
        return ""
    return f"close position @ {_how(close.order_type, close.limit, close.trigger, pair)}"


def _how(kind: str, limit: PriceTerm | None, trigger: PriceTerm | None, pair: Pair) -> str:
    if kind == "market":
        return kind
    if kind not in TRIGGERED:
        return f"{kind} {said_price(limit, pair)}"
    words = kind.removesuffix("-limit").replace("-", " ")
    tail = f" -> limit {said_price(limit, pair)}" if kind in LIMITED else ""
    return f"{words} {said_price(trigger, pair)}{tail}"


def description(record: OrderRecord) -> Told:
    """Prices in it are those of the last amend."""
    terms, pair = record.terms, record.pair
    limit = _now(terms.limit, record.limit)
    trigger = terms.trigger if record.trails else _now(terms.trigger, record.trigger)
    is_triggered = terms.order_type in TRIGGERED
    first, second = (trigger, limit) if is_triggered else (limit, None)
    size = text(record.volume, pair.size_places)
    how = _how(terms.order_type, limit, trigger, pair)
    return {
        "pair": pair.altname,
        "type": terms.side,
        "ordertype": terms.order_type,
        "price": said_price(first, pair),
        "price2": said_price(second, pair),
        "leverage": "none",
        "order": f"{terms.side} {size} {pair.altname} @ {how}",
        "close": close_sentence(terms.close, pair),
    }


def _now(term: PriceTerm | None, price: Decimal | None) -> PriceTerm | None:
    """What was asked for, at the price that it is now."""
    is_price = term is not None and term.unit == "static" and price is not None
    return PriceTerm(price) if is_price and price is not None else term


def order(record: OrderRecord, *, with_trades: bool = False) -> Told:
    """As `OpenOrders`, `ClosedOrders` and `QueryOrders` have it."""
    terms, pair = record.terms, record.pair
    is_trailing = terms.order_type in TRAILING
    shows_limit = is_trailing or record.is_triggered
    told: Told = {
        "refid": record.parent_id or None,
        "userref": terms.userref or 0,
        "status": record.status,
        "opentm": epoch(record.opened_ns),
        "starttm": epoch(terms.start_ns) if terms.start_ns else 0,
        "expiretm": epoch(terms.expire_ns) if terms.expire_ns else 0,
        "descr": description(record),
        "vol": text(record.volume, pair.size_places),
        "vol_exec": text(record.filled, pair.size_places),
        "cost": text(record.cost, pair.cost_places),
        "fee": text(record.fee, pair.cost_places),
        "price": text(record.average, pair.cost_places),
        "stopprice": text(record.trigger or ZERO, pair.cost_places),
        "limitprice": text((record.limit if shows_limit else None) or ZERO, pair.cost_places),
        "misc": "stopped" if record.is_triggered else "",
        "oflags": terms.flags,
    }
    if terms.cl_ord_id:
        told["cl_ord_id"] = terms.cl_ord_id
        del told["userref"]
    if record.was_amended:
        told["amended"] = True
    if record.display is not None:
        told["display_volume"] = text(record.display, pair.size_places)
        told["display_volume_remain"] = text(
            min(record.display, record.remaining), pair.size_places
        )
    if terms.order_type in TRIGGERED:
        told["trigger"] = terms.reference
    if record.is_over:
        told["closetm"] = epoch(record.closed_ns)
        told["reason"] = record.reason or None
    if with_trades and record.trades:
        told["trades"] = [trade.trade_id for trade in record.trades]
    return told


def trade(own: OwnTrade, *, with_ledgers: bool = False) -> Told:
    """As `TradesHistory` and `QueryTrades` have it."""
    pair = own.pair
    told: Told = {
        "ordertxid": own.order_id,
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": pair.key,
        "aclass": "currency",
        "time": epoch(own.time_ns),
        "type": own.side,
        "ordertype": own.order_type,
        "price": text(own.price, pair.cost_places),
        "cost": text(own.cost, pair.cost_places),
        "fee": text(own.fee, pair.cost_places),
        "vol": text(own.volume, pair.size_places),
        "margin": text(ZERO, pair.cost_places),
        "leverage": "0",
        "misc": "",
        "trade_id": own.number,
        "maker": own.is_maker,
    }
    if with_ledgers:
        told["ledgers"] = list(own.ledgers)
    return told


def amend(made: Amend, pair: Pair) -> Told:
    """As `OrderAmends` has it."""
    told: Told = {
        "amend_id": made.amend_id,
        "amend_type": made.kind,
        "order_qty": text(made.volume, pair.size_places),
        "remaining_qty": text(made.remaining, pair.size_places),
        "timestamp": made.time_ns,
    }
    if made.limit is not None:
        told["limit_price"] = text(made.limit, pair.price_places)
    if made.trigger is not None:
        told["trigger_price"] = text(made.trigger, pair.price_places)
    if made.display is not None:
        told["display_qty"] = text(made.display, pair.size_places)
    return told


def seconds(time_ns: int) -> int:
    return time_ns // NANOS
