"""Our orders as the venue's requests, and the venue's orders as ours. Pure.

"Place new order" and "Place new Order list - OCO" of `web-socket-api` in
https://github.com/binance/binance-spot-api-docs, `faqs/trailing-stop-faq`, `enums` (read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from brokers.binance.account_wire import ZERO, OrderReply
from brokers.binance.signing import Value
from brokers.binance.wire import time_ns
from engine.ems.orders import EXACT
from engine.errors import OrderRejected
from engine.messages import Order, OrderState, OrderType, Side, TimeInForce

REPLACES: Final = 1_784_001
"""`strategyType` of an order of ours that goes on with what is left of another; its `strategyId` is
the venue's id of that one."""

_TYPES: Final[dict[OrderType, str]] = {
    "limit": "LIMIT",
    "market": "MARKET",
    "stop": "STOP_LOSS",
    "stop_limit": "STOP_LOSS_LIMIT",
    "take_profit": "TAKE_PROFIT",
    "take_profit_limit": "TAKE_PROFIT_LIMIT",
    "trailing_stop": "STOP_LOSS",
}
_ORDER_TYPES: Final[dict[str, OrderType]] = {
    "LIMIT": "limit",
    "LIMIT_MAKER": "limit",
    "MARKET": "market",
    "STOP_LOSS": "stop",
    "STOP_LOSS_LIMIT": "stop_limit",
    "TAKE_PROFIT": "take_profit",
    "TAKE_PROFIT_LIMIT": "take_profit_limit",
}
_TERMS: Final[dict[str, TimeInForce]] = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok"}

_STATES: Final[dict[str, OrderState]] = {
    "NEW": OrderState.OPEN,
    "PENDING_NEW": OrderState.OPEN,
    "PARTIALLY_FILLED": OrderState.PARTIAL,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELED,
    "PENDING_CANCEL": OrderState.OPEN,
    "REJECTED": OrderState.REJECTED,
    "EXPIRED": OrderState.EXPIRED,
    "EXPIRED_IN_MATCH": OrderState.EXPIRED,
}

BASIS_POINTS: Final = 100
"""Of a percent, as `trailingDelta` counts."""


def number(value: Decimal) -> str:
    """As the venue takes it: no exponent."""
    return f"{value:f}"


def place(order: Order, symbol: str, client: str, size: Decimal) -> dict[str, Value]:
    """Parameters of a new order for `size` of what `order` says.

    Raises:
        OrderRejected: the venue has no such order.
    """
    kind = "LIMIT_MAKER" if order.post_only else _TYPES.get(order.order_type)
    if kind is None:
        raise OrderRejected(f"the venue takes no {order.order_type} orders")
    params: dict[str, Value] = {
        "symbol": symbol,
        "side": order.side.upper(),
        "type": kind,
        "quantity": number(size),
        "newClientOrderId": client,
        "newOrderRespType": "FULL",
    }
    return params | _terms(order, kind, size)


def _terms(order: Order, kind: str, size: Decimal, prefix: str = "") -> dict[str, Value]:
    """Prices and terms of an order, or of one leg of a list."""
    terms: dict[str, Value] = {}
    if order.price is not None:
        terms["price"] = number(order.price)
    if order.stop_price is not None:
        terms["stopPrice"] = number(order.stop_price)
    if order.trail is not None:
        terms["trailingDelta"] = trailing_delta(order)
    if kind in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
        terms["timeInForce"] = order.time_in_force.upper()
    if order.shown is not None and order.shown < size:
        terms["icebergQty"] = number(order.shown)
    if not prefix:
        return terms
    return {prefix + name[0].upper() + name[1:]: value for name, value in terms.items()}


def trailing_delta(order: Order) -> int:
    """The distance of a trailing order, in hundredths of a percent.

    Raises:
        OrderRejected: the venue cannot trail by that.
    """
    assert order.trail is not None
    delta = order.trail * BASIS_POINTS
    if order.trail_unit != "percent" or delta != delta.to_integral_value():
        raise OrderRejected(
            f"TRAILING_DELTA: the venue trails by whole hundredths of a percent, not by "
            f"{number(order.trail)} {order.trail_unit}"
        )
    return int(delta)


def oco(pair: tuple[Order, Order], symbol: str, clients: tuple[str, str]) -> dict[str, Value]:
    """Parameters of an OCO list of two orders, one of them a limit order and the other a stop.

    Raises:
        OrderRejected: they do not make an OCO of the venue.
    """
    one, other = pair
    size = one.size
    if (one.side, one.fqme, size) != (other.side, other.fqme, other.size):
        raise OrderRejected("the venue links orders of one market, side and size only")
    legs = {_leg(order): (order, client) for order, client in zip(pair, clients, strict=True)}
    if len(legs) != 2:
        raise OrderRejected("the venue links a limit order with a stop, and nothing else")
    params: dict[str, Value] = {
        "symbol": symbol,
        "side": one.side.upper(),
        "quantity": number(size),
        "newOrderRespType": "FULL",
    }
    for prefix in ("above", "below"):
        order, client = legs[prefix]
        # In a list a limit order only rests: it must not trade as it is placed.
        kind = "LIMIT_MAKER" if order.order_type == "limit" else _TYPES[order.order_type]
        params |= {f"{prefix}Type": kind, f"{prefix}ClientOrderId": client}
        params |= _terms(order, kind, size, prefix)
    return params


def _leg(order: Order) -> str:
    """Whether it lies above the market or below."""
    is_sale = order.side == "sell"
    if order.order_type in ("limit", "take_profit", "take_profit_limit"):
        return "above" if is_sale else "below"
    if order.order_type in ("stop", "stop_limit"):
        return "below" if is_sale else "above"
    raise OrderRejected(f"the venue links no {order.order_type} orders")


def as_order(
    reply: OrderReply, *, order_id: str, account: str, fqme: str, before: Decimal = ZERO
) -> Order:
    """An order of the venue as one of ours.

    Args:
        before: executed of the orders that it goes on with; its size is theirs too.
    """
    state = _STATES.get(reply.status, OrderState.UNKNOWN)
    filled = before + reply.executed
    if filled and state is OrderState.OPEN:
        state = OrderState.PARTIAL
    order_type = _ORDER_TYPES.get(reply.type, "limit")
    is_trailing = bool(reply.trailing_delta)
    if is_trailing and order_type == "stop":
        order_type = "trailing_stop"
    is_known = reply.executed_quote >= 0 and not before
    traded = reply.executed_quote if is_known else ZERO
    created_ns = time_ns(reply.time or reply.transact_time)
    return Order(
        order_id=order_id,
        account=account,
        fqme=fqme,
        side=as_side(reply.side),
        order_type=order_type,
        size=before + reply.whole_size,
        price=reply.price or None,
        stop_price=None if is_trailing else reply.stop_price or None,
        time_in_force=_TERMS.get(reply.time_in_force, "gtc"),
        post_only=reply.type == "LIMIT_MAKER",
        trail=Decimal(reply.trailing_delta) / BASIS_POINTS if is_trailing else None,
        trail_unit="percent" if is_trailing else "price",
        shown=reply.shown or None,
        link_group="" if reply.order_list_id < 0 else f"list-{reply.order_list_id}",
        state=state,
        filled=filled,
        traded=traded,
        average_price=EXACT.divide(traded, filled) if traded and filled else None,
        venue_order_id=str(reply.order_id),
        reason=ended_by(reply.status),
        created_ns=created_ns,
        updated_ns=time_ns(reply.update_time or reply.transact_time) or created_ns,
    )


def as_side(text: str) -> Side:
    return "buy" if text == "BUY" else "sell"


def ended_by(status: str) -> str:
    """Why an order ended that the venue, not its owner, ended; empty for all others."""
    if status == "EXPIRED_IN_MATCH":
        return "it would have traded with an order of its own account (self-trade prevention)"
    return "ended by the venue by the order's own terms" if status == "EXPIRED" else ""
