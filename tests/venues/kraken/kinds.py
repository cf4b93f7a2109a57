"""Which kind of request each method is, for the switches of `tests.venues.exchange.faults`."""

from __future__ import annotations

from typing import Final

from tests.venues.exchange.faults import RequestKind

_KINDS: Final[dict[str, RequestKind]] = {
    **dict.fromkeys(("AddOrder", "AddOrderBatch", "add_order", "batch_add"), "submit"),
    **dict.fromkeys(("AmendOrder", "EditOrder", "amend_order", "edit_order"), "amend"),
    **dict.fromkeys(("CancelOrder", "CancelOrderBatch", "CancelAll", "cancel_order"), "cancel"),
    **dict.fromkeys(("batch_cancel", "cancel_all"), "cancel"),
    **dict.fromkeys(("OpenOrders", "ClosedOrders", "QueryOrders", "OrderAmends"), "query"),
    **dict.fromkeys(("TradesHistory", "QueryTrades", "Ledgers", "QueryLedgers"), "query"),
}


def rest_kind(method: str) -> RequestKind:
    """Of a private method, for the switches."""
    return _KINDS.get(method, "account")


def socket_kind(method: str) -> RequestKind:
    """Of a method of the private WebSocket."""
    return _KINDS.get(method, "account")
