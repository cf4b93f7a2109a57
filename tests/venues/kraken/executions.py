"""Orders and trades as the `executions` channel of WebSocket v2 tells them.

https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/executions (read 2026-11), and
messages of January 2026 in public recordings, which have less on updates than the page lists: what
did not change is left out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.venues.kraken.amounts import number, rfc3339
from tests.venues.kraken.records import ZERO, OrderRecord, OwnTrade
from tests.venues.kraken.terms import LIMITED, TRAILING, TRIGGERED

Told = dict[str, Any]

ORDER_STATUS = {"closed": "filled", "canceled": "canceled", "expired": "expired"}


def pending(record: OrderRecord, *, exec_type: str = "pending_new") -> Told:
    """Everything of an order: what is told first, and in snapshots."""
    terms, pair = record.terms, record.pair
    told: Told = {
        "order_id": record.order_id,
        "symbol": pair.symbol,
        "order_qty": number(record.volume, record.pair.size_places),
        "cum_cost": number(record.cost, pair.cost_places),
        "time_in_force": terms.time_in_force,
        "exec_type": exec_type,
        "side": terms.side,
        "order_type": terms.order_type,
        **_names(record),
        **_prices(record),
        "order_status": status(record) if exec_type != "pending_new" else "pending_new",
        "fee_usd_equiv": number(record.fee, pair.cost_places),
        "fee_ccy_pref": terms.fee_flag,
        "timestamp": rfc3339(record.opened_ns),
    }
    if terms.is_cash:
        told["cash_order_qty"] = number(terms.volume, pair.cost_places)
    if terms.post_only:
        told["post_only"] = True
    if terms.no_mpp:
        told["no_mpp"] = True
    if terms.start_ns:
        told["effective_time"] = rfc3339(terms.start_ns)
    if terms.expire_ns:
        told["expire_time"] = rfc3339(terms.expire_ns)
    if record.display is not None:
        told["display_qty"] = number(record.display, record.pair.size_places)
        remain = min(record.display, record.remaining)
        told["display_qty_remain"] = number(remain, record.pair.size_places)
    if record.parent_id:
        told["ord_ref_id"] = record.parent_id
    if terms.sender_sub_id:
        told["sender_sub_id"] = terms.sender_sub_id
    if terms.close is not None:
        told["contingent"] = _contingent(record)
    return told


def resting(record: OrderRecord) -> Told:
    """An open order, as a snapshot has it."""
    told = pending(record, exec_type="new" if record.status == "open" else "pending_new")
    told |= _sums(record)
    if record.was_amended:
        told["amended"] = True
    return told


def opened(record: OrderRecord, time_ns: int) -> Told:
    return {
        "timestamp": rfc3339(time_ns),
        "order_status": status(record),
        "exec_type": "new",
        **_names(record),
        "order_id": record.order_id,
    }


def traded(record: OrderRecord, trade: OwnTrade, sums: tuple[Decimal, Decimal]) -> Told:
    """`sums` are volume and cost filled so far, this trade included."""
    pair, (volume, cost) = record.pair, sums
    return {
        "order_id": record.order_id,
        **_names(record),
        "exec_id": trade.trade_id,
        "exec_type": "trade",
        "trade_id": trade.number,
        "symbol": pair.symbol,
        "side": trade.side,
        "last_qty": number(trade.volume, pair.size_places),
        "last_price": number(trade.price, pair.price_places),
        "liquidity_ind": "m" if trade.is_maker else "t",
        "cost": number(trade.cost, pair.cost_places),
        "order_status": "partially_filled",
        "order_type": trade.order_type,
        "timestamp": rfc3339(trade.time_ns),
        "cum_qty": number(volume, pair.size_places),
        "cum_cost": number(cost, pair.cost_places),
        "avg_price": number(cost / volume, pair.price_places),
        "fee_usd_equiv": number(trade.fee, pair.cost_places),
        "fees": [fee(trade)],
    }


def past_trade(trade: OwnTrade, record: OrderRecord) -> Told:
    """A trade as a snapshot has it."""
    pair = trade.pair
    return {
        "order_id": trade.order_id,
        **_names(record),
        "exec_id": trade.trade_id,
        "exec_type": "trade",
        "trade_id": trade.number,
        "symbol": pair.symbol,
        "side": trade.side,
        "last_qty": number(trade.volume, pair.size_places),
        "last_price": number(trade.price, pair.price_places),
        "liquidity_ind": "m" if trade.is_maker else "t",
        "cost": number(trade.cost, pair.cost_places),
        "order_status": "filled",
        "order_type": trade.order_type,
        "timestamp": rfc3339(trade.time_ns),
        "fee_usd_equiv": number(trade.fee, pair.cost_places),
        "fees": [fee(trade)],
    }


def ended(record: OrderRecord) -> Told:
    """`filled`, `canceled` or `expired`."""
    how = ORDER_STATUS[record.status]
    told: Told = {
        "timestamp": rfc3339(record.closed_ns),
        "order_status": how,
        "exec_type": how,
        **_sums(record),
        **_names(record),
    }
    if record.reason:
        told["cancel_reason"] = told["reason"] = record.reason
    return told | {"order_id": record.order_id}


def amended(record: OrderRecord, time_ns: int, *, reason: str, exec_type: str = "amended") -> Told:
    told: Told = {
        "timestamp": rfc3339(time_ns),
        "exec_type": exec_type,
        "order_status": status(record),
        "cum_qty": number(record.filled, record.pair.size_places),
        "reason": reason,
        "amended": True,
        "order_qty": number(record.volume, record.pair.size_places),
        **_prices(record, with_stop=False),
        **_names(record),
        "order_id": record.order_id,
    }
    if record.display is not None:
        told["display_qty"] = number(record.display, record.pair.size_places)
    return told


def changed_status(record: OrderRecord, time_ns: int) -> Told:
    """A stop was triggered, or moved with the market."""
    return {
        "timestamp": rfc3339(time_ns),
        "exec_type": "status",
        "order_status": status(record),
        **_names(record),
        **_prices(record),
        "order_id": record.order_id,
    }


def status(record: OrderRecord) -> str:
    """`order_status` of an order now."""
    if record.is_over:
        return ORDER_STATUS[record.status]
    if record.status == "pending":
        return "pending_new"
    return "partially_filled" if record.filled else "new"


def fee(trade: OwnTrade) -> Told:
    return {"asset": trade.fee_asset, "qty": number(trade.fee, trade.pair.cost_places)}


def _names(record: OrderRecord) -> Told:
    """Those that the client gave."""
    terms = record.terms
    if terms.cl_ord_id:
        return {"cl_ord_id": terms.cl_ord_id}
    return {"order_userref": terms.userref or 0}


def _sums(record: OrderRecord) -> Told:
    pair = record.pair
    return {
        "cum_qty": number(record.filled, record.pair.size_places),
        "cum_cost": number(record.cost, pair.cost_places),
        "fee_usd_equiv": number(record.fee, pair.cost_places),
        "avg_price": number(record.average, pair.price_places),
    }


def _prices(record: OrderRecord, *, with_stop: bool = True) -> Told:
    terms, pair = record.terms, record.pair
    told: Told = {}
    if terms.order_type in TRIGGERED:
        told["triggers"] = _triggers(record)
    if terms.order_type in LIMITED and record.limit is not None:
        told["limit_price_type"] = "static"
        told["limit_price"] = number(record.limit, pair.price_places)
    if with_stop:
        told["stop_price"] = number(record.trigger or ZERO, pair.price_places)
    return told


def _triggers(record: OrderRecord) -> Told:
    terms, pair = record.terms, record.pair
    assert terms.trigger is not None
    places = 4 if terms.trigger.unit == "pct" else pair.price_places
    is_moving = terms.order_type in TRAILING
    told: Told = {
        "reference": terms.reference,
        "price": number(
            terms.trigger.value if is_moving else record.trigger or ZERO,
            places if is_moving else pair.price_places,
        ),
        "price_type": terms.trigger.unit if is_moving else "static",
        "status": "triggered" if record.is_triggered else "untriggered",
    }
    if record.trigger is not None:
        told["actual_price"] = number(record.trigger, pair.price_places)
    return told


def _contingent(record: OrderRecord) -> Told:
    close, pair = record.terms.close, record.pair
    assert close is not None
    told: Told = {"order_type": close.order_type}
    if close.trigger is not None:
        told["trigger_price"] = number(close.trigger.value, pair.price_places)
        told["trigger_price_type"] = close.trigger.unit
    if close.limit is not None:
        told["limit_price"] = number(close.limit.value, pair.price_places)
        told["limit_price_type"] = close.limit.unit
    return told
