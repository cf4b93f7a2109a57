"""Requests about an account, and what they cost.

By the WebSocket API and by REST they are the same: "functionally equivalent: they provide the same
features, accept the same parameters, return the same status and error codes" (CHANGELOG,
2022-12-15). Names, paths and weights of `web-socket-api` and `rest-api` in
https://github.com/binance/binance-spot-api-docs (read 2026-11).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Request(NamedTuple):
    """One kind of request."""

    name: str
    """Of the WebSocket API."""
    verb: str
    path: str
    """Of REST, as is `verb`."""
    weight: int
    """Of REQUEST_WEIGHT, which both count together, by address."""
    orders: int = 0
    """How much it adds to the count of orders, which is by account."""
    mutates: bool = False
    """Without an answer nobody knows whether something changed."""
    is_urgent: bool = False
    """It takes risk away: it may use what budgets keep back."""
    is_signed: bool = True


PLACE: Final = Request("order.place", "POST", "/api/v3/order", 1, 1, mutates=True)
TEST: Final = Request("order.test", "POST", "/api/v3/order/test", 1)
CANCEL: Final = Request("order.cancel", "DELETE", "/api/v3/order", 1, mutates=True, is_urgent=True)
REPLACE: Final = Request(
    "order.cancelReplace", "POST", "/api/v3/order/cancelReplace", 1, 1, mutates=True
)
AMEND: Final = Request(
    "order.amend.keepPriority", "PUT", "/api/v3/order/amend/keepPriority", 4, mutates=True
)
PLACE_OCO: Final = Request(
    "orderList.place.oco", "POST", "/api/v3/orderList/oco", 1, 2, mutates=True
)
STATUS: Final = Request("order.status", "GET", "/api/v3/order", 4)
OPEN_ORDERS: Final = Request("openOrders.status", "GET", "/api/v3/openOrders", 80)
"""Of all symbols; of one it costs 6."""
ALL_ORDERS: Final = Request("allOrders", "GET", "/api/v3/allOrders", 20)
TRADES: Final = Request("myTrades", "GET", "/api/v3/myTrades", 20)
ACCOUNT: Final = Request("account.status", "GET", "/api/v3/account", 20)
AGGREGATES: Final = Request("trades.aggregate", "GET", "/api/v3/aggTrades", 4, is_signed=False)
TIME: Final = Request("time", "GET", "/api/v3/time", 1, is_signed=False)
