"""Our orders as requests of Kraken's WebSocket v2: `add_order`, `amend_order`, `cancel_order`.

By https://docs.kraken.com/api/docs/websocket-v2/add_order, .../amend_order, .../cancel_order and
https://docs.kraken.com/api/docs/guides/spot-amends (read 2026-11). Numbers are JSON numbers, and
are written out in full: none is rounded on the way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from brokers.kraken.order_names import name_of
from engine.clock import NANOS
from engine.messages import Order, OrderType

Params = dict[str, Any]
"""Of a request; the token is added where it is sent."""

VENUE_TYPES: Final[dict[OrderType, str]] = {
    "limit": "limit",
    "market": "market",
    "stop": "stop-loss",
    "stop_limit": "stop-loss-limit",
    "take_profit": "take-profit",
    "take_profit_limit": "take-profit-limit",
    "trailing_stop": "trailing-stop",
    "trailing_stop_limit": "trailing-stop-limit",
}

_TRAILING: Final = ("trailing_stop", "trailing_stop_limit")
_LIMITED: Final = ("limit", "stop_limit", "take_profit_limit", "trailing_stop_limit")

MOST_PARTS: Final = 15
"""An iceberg shows at least this part of its size."""

DEADLINE_NS: Final = 5 * NANOS
"""After so long the venue's engine refuses what arrives late (it takes from 0.5 s to 60 s, and
5 s where nothing is said)."""


def unfit(order: Order) -> str:
    """Why the venue has no such order, where our flags cannot say it; empty if it has."""
    if order.reduce_only:
        return "reduce_only is for margin positions, and this account trades without margin"
    if order.shown is not None and order.order_type != "limit":
        return f"only limit orders show a part of themselves, and this is a {order.order_type}"
    if order.shown is not None and order.shown * MOST_PARTS < order.size:
        return f"display_qty: an iceberg shows at least 1/{MOST_PARTS} of its size"
    if order.time_in_force == "ioc" and order.order_type not in ("limit", "market"):
        return f"a {order.order_type} order waits, and cannot be immediate-or-cancel"
    return ""


def add_params(order: Order, symbol: str, deadline_ns: int) -> Params:
    """`add_order` of this order.

    Args:
        symbol: of v2, `BTC/USD`.
        deadline_ns: by the venue's clock; 0 leaves it to the venue.
    """
    params: Params = {
        "order_type": _venue_type(order),
        "side": order.side,
        "order_qty": number(order.size),
        "symbol": symbol,
        "cl_ord_id": name_of(order.order_id),
        # Else fees of sales are taken in base, and the history states them in quote.
        "fee_preference": "quote",
    }
    params |= _price_params(order) | _term_params(order)
    return _with_deadline(params, deadline_ns)


def amend_params(order: Order, price: Decimal | None, size: Decimal, deadline_ns: int) -> Params:
    """`amend_order` to this limit price and total size. What stays is not named, so that the order
    keeps its place in the queue where it can."""
    params = _named(order) | {"order_qty": number(size)}
    if price is not None and price != order.price:
        params["limit_price"] = number(price)
        if order.post_only:
            params["post_only"] = True
    return _with_deadline(params, deadline_ns)


def cancel_params(order: Order) -> Params:
    """`cancel_order` of this order."""
    return {field: [value] for field, value in _named(order).items()}


def _named(order: Order) -> Params:
    """How the venue finds an order: by its own id where that is known, which no other order ever
    has; ours is unique among the open ones only."""
    if order.venue_order_id:
        return {"order_id": order.venue_order_id}
    if order.is_external:
        return {"order_id": order.order_id}
    return {"cl_ord_id": name_of(order.order_id)}


def _venue_type(order: Order) -> str:
    is_iceberg = order.shown is not None and order.shown < order.size
    return "iceberg" if is_iceberg else VENUE_TYPES[order.order_type]


def _price_params(order: Order) -> Params:
    params: Params = {}
    if order.order_type in _TRAILING:
        unit = "pct" if order.trail_unit == "percent" else "quote"
        params["triggers"] = _triggers(order.trail, unit)
        if order.limit_offset is not None:
            # From the stop towards where it is willing to trade: below it for a sale.
            offset = order.limit_offset if order.side == "buy" else -order.limit_offset
            params |= {"limit_price": number(offset), "limit_price_type": "quote"}
        return params
    if order.stop_price is not None:
        params["triggers"] = _triggers(order.stop_price, "static")
    if order.price is not None and order.order_type in _LIMITED:
        params |= {"limit_price": number(order.price), "limit_price_type": "static"}
    return params


def _triggers(price: Decimal | None, unit: str) -> Params:
    assert price is not None, "an order that waits for a price has one"
    return {"reference": "last", "price": number(price), "price_type": unit}


def _term_params(order: Order) -> Params:
    params: Params = {}
    if order.order_type != "market":
        params["time_in_force"] = order.time_in_force
    if order.time_in_force == "gtd":
        params["expire_time"] = time_text(order.expires_ns)
    if order.post_only:
        params["post_only"] = True
    if order.shown is not None and order.shown < order.size:
        params["display_qty"] = number(order.shown)
    return params


def _with_deadline(params: Params, deadline_ns: int) -> Params:
    return params | ({"deadline": time_text(deadline_ns)} if deadline_ns else {})


def number(value: Decimal) -> msgspec.Raw:
    """Every digit of `value` as a JSON number, without an exponent."""
    return msgspec.Raw(f"{value:f}".encode())


def time_text(wall_ns: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    millis = wall_ns // 1_000_000
    whole = datetime.fromtimestamp(millis // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03}Z"
