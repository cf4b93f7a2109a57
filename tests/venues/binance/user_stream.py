"""What accounts are told of: `executionReport`, `outboundAccountPosition`, `balanceUpdate`,
`listStatus`.

Read 2026-11: `user-data-stream.md` of https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from tests.venues.binance.numbers import told
from tests.venues.binance.order_lists import ListChange
from tests.venues.binance.render import Times, self_trade_of, status_of
from tests.venues.exchange.orders import ZERO, AccountEvent, Report, Transfer

_EXECUTION_TYPES: Final = {
    "new": "NEW",
    "triggered": "NEW",
    "trade": "TRADE",
    "prevented": "TRADE_PREVENTION",
    "amended": "REPLACED",
    "canceled": "CANCELED",
    "expired": "EXPIRED",
}


def payloads(event: AccountEvent | ListChange, t: Times, now_ns: int) -> list[dict[str, Any]]:
    """The messages that tell one event, in their order."""
    match event:
        case Transfer():
            told_of = {event.asset: (event.free, event.locked)}
            return [_balance_update(event, t), _position(told_of, event.time_ns, t, now_ns)]
        case ListChange():
            return [_list_status(event, t, now_ns)]
    if event.happened == "prevented" and event.order.left <= 0:
        return []  # it ends by this, and is told then
    report = _execution_report(event, t, now_ns)
    if event.happened == "triggered":
        return [report]
    return [report, _position(event.balances, event.time_ns, t, now_ns)]


def _balance_update(event: Transfer, t: Times) -> dict[str, Any]:
    return {
        "e": "balanceUpdate",
        "E": t(event.time_ns),
        "a": event.asset,
        "d": told(event.amount),
        "T": t(event.time_ns),
    }


def _position(
    balances: Mapping[str, tuple[Decimal, Decimal]], time_ns: int, t: Times, now_ns: int
) -> dict[str, Any]:
    return {
        "e": "outboundAccountPosition",
        "E": t(now_ns),
        "u": t(time_ns),
        "B": [
            {"a": asset, "f": told(free), "l": told(locked)}
            for asset, (free, locked) in balances.items()
        ],
    }


def _list_status(event: ListChange, t: Times, now_ns: int) -> dict[str, Any]:
    one = event.order_list
    return {
        "e": "listStatus",
        "E": t(now_ns),
        "s": one.symbol,
        "g": one.list_id,
        "c": one.contingency,
        "l": "ALL_DONE" if event.is_done else "EXEC_STARTED",
        "L": "ALL_DONE" if event.is_done else "EXECUTING",
        "r": "NONE",
        "C": one.client_id,
        "T": t(event.time_ns),
        "O": [{"s": each.symbol, "i": each.order_id, "c": each.client_id} for each in one.orders],
    }


def _execution_report(event: Report, t: Times, now_ns: int) -> dict[str, Any]:
    order, execution = event.order, event.execution
    execution_type = _EXECUTION_TYPES[event.happened]
    if event.happened == "expired" and order.extra.get("cause") == "self_trade":
        execution_type = "TRADE_PREVENTION"
    client_id, original = order.client_id, ""
    if event.happened == "canceled":
        client_id = event.request_client_id or order.client_id
        original = order.client_id
    elif event.happened == "amended":
        original = event.previous_client_id
    return {
        "e": "executionReport",
        "E": t(now_ns),
        "s": order.symbol,
        "c": client_id,
        "S": order.side.upper(),
        "o": order.extra["type"],
        "f": order.extra["tif"],
        "q": told(order.size),
        "p": told(order.price if order.price is not None else ZERO),
        "P": told(order.stop_price if order.stop_price is not None else ZERO),
        "F": told(order.shown if order.shown is not None else ZERO),
        "g": order.extra.get("list_id", -1),
        "C": original,
        "x": execution_type,
        "X": status_of(order),
        "r": "NONE",
        "i": order.order_id,
        "l": told(execution.size if execution else ZERO),
        "z": told(order.filled),
        "L": told(execution.price if execution else ZERO),
        "n": told(execution.commission) if execution else "0",
        "N": execution.commission_asset if execution else None,
        "T": t(event.time_ns),
        "t": execution.trade_id if execution else -1,
        "I": event.execution_id,
        "w": order.is_open and bool(order.working_ns),
        "m": execution.is_maker if execution else False,
        "M": execution is not None,
        "O": t(order.created_ns),
        "Z": told(order.cost),
        "Y": told(execution.cost if execution else ZERO),
        "Q": told(order.extra.get("quote_size", ZERO)),
        **_sometimes(event, t),
        "V": self_trade_of(order),
    }


def _sometimes(event: Report, t: Times) -> dict[str, Any]:
    """Fields that are there only where they say something."""
    order = event.order
    found: dict[str, Any] = {}
    if "trailingDelta" in order.extra:
        found["d"] = order.extra["trailingDelta"]
        found["D"] = t(order.created_ns)
    if order.working_ns:
        found["W"] = t(order.working_ns)
    if "strategyId" in order.extra:
        found["j"] = order.extra["strategyId"]
    if "strategyType" in order.extra:
        found["J"] = order.extra["strategyType"]
    if order.prevented:
        found["v"] = order.prevented_match_id
        found["A"] = told(order.prevented)
    return found
