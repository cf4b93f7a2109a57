"""Every request that is served: its names, weight, security, and who answers it.

Weights read 2026-11 in `rest-api.md` and `web-socket-api.md` of
https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from tests.venues.binance import account_requests as account
from tests.venues.binance import list_requests as lists
from tests.venues.binance import market_data as market
from tests.venues.binance import orders
from tests.venues.binance.market_data import symbols_weight
from tests.venues.binance.state import Call, Handler
from tests.venues.exchange.faults import RequestKind

Security = Literal["none", "key", "read", "trade"]
"""`key` needs a key, `read` and `trade` a signature besides."""


class Endpoint(msgspec.Struct, frozen=True):
    handler: Handler
    rest: tuple[str, str] | None
    """Method and path."""
    method: str = ""
    """Of the WebSocket API; empty where it is not there."""
    weight: int | Callable[[Call], int] = 1
    security: Security = "none"
    kind: RequestKind = "public"
    """Which faults hit it."""

    def weight_of(self, call: Call) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(call)


def _by_symbol(one: int, every: int) -> Callable[[Call], int]:
    return lambda call: one if call.params.has("symbol") else every


def _by_order(one: int, many: int) -> Callable[[Call], int]:
    return lambda call: one if call.params.has("orderId") else many


_V3: Final = "/api/v3"


def _get(path: str, handler: Handler, *rest: object) -> Endpoint:
    return Endpoint(handler, ("GET", _V3 + path), *rest)  # type: ignore[arg-type]


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    _get("/ping", market.ping, "ping", 1),
    _get("/time", market.time, "time", 1),
    _get("/exchangeInfo", market.exchange_info, "exchangeInfo", 20),
    _get("/depth", market.depth, "depth", market.depth_weight),
    _get("/trades", market.trades_recent, "trades.recent", 25),
    _get("/historicalTrades", market.trades_historical, "trades.historical", 25),
    _get("/aggTrades", market.trades_aggregate, "trades.aggregate", 4),
    _get("/klines", market.klines, "klines", 2),
    _get("/uiKlines", market.klines, "uiKlines", 2),
    _get("/avgPrice", market.average_price, "avgPrice", 2),
    _get("/ticker/24hr", market.ticker_day, "ticker.24hr", symbols_weight(2, 40, 80)),
    _get(
        "/ticker/tradingDay",
        market.ticker_trading_day,
        "ticker.tradingDay",
        symbols_weight(4, 80, 200),
    ),
    _get("/ticker/price", market.ticker_price, "ticker.price", symbols_weight(2, 4, 4)),
    _get("/ticker/bookTicker", market.ticker_book, "ticker.book", symbols_weight(2, 4, 4)),
    _get("/ticker", market.ticker_window, "ticker", symbols_weight(4, 80, 200)),
    # Orders.
    Endpoint(orders.order_place, ("POST", f"{_V3}/order"), "order.place", 1, "trade", "submit"),
    Endpoint(orders.order_test, ("POST", f"{_V3}/order/test"), "order.test", 1, "trade", "query"),
    Endpoint(orders.order_status, ("GET", f"{_V3}/order"), "order.status", 4, "read", "query"),
    Endpoint(orders.order_cancel, ("DELETE", f"{_V3}/order"), "order.cancel", 1, "trade", "cancel"),
    Endpoint(
        orders.order_cancel_replace,
        ("POST", f"{_V3}/order/cancelReplace"),
        "order.cancelReplace",
        1,
        "trade",
        "submit",
    ),
    Endpoint(
        orders.order_amend,
        ("PUT", f"{_V3}/order/amend/keepPriority"),
        "order.amend.keepPriority",
        4,
        "trade",
        "amend",
    ),
    Endpoint(
        orders.open_orders_status,
        ("GET", f"{_V3}/openOrders"),
        "openOrders.status",
        _by_symbol(6, 80),
        "read",
        "query",
    ),
    Endpoint(
        orders.open_orders_cancel,
        ("DELETE", f"{_V3}/openOrders"),
        "openOrders.cancelAll",
        1,
        "trade",
        "cancel",
    ),
    # Order lists.
    Endpoint(
        lists.place_oco,
        ("POST", f"{_V3}/orderList/oco"),
        "orderList.place.oco",
        1,
        "trade",
        "submit",
    ),
    Endpoint(
        lists.place_oto,
        ("POST", f"{_V3}/orderList/oto"),
        "orderList.place.oto",
        1,
        "trade",
        "submit",
    ),
    Endpoint(
        lists.place_otoco,
        ("POST", f"{_V3}/orderList/otoco"),
        "orderList.place.otoco",
        1,
        "trade",
        "submit",
    ),
    Endpoint(
        lists.place_old_oco, ("POST", f"{_V3}/order/oco"), "orderList.place", 1, "trade", "submit"
    ),
    Endpoint(
        lists.list_status, ("GET", f"{_V3}/orderList"), "orderList.status", 4, "read", "query"
    ),
    Endpoint(
        lists.list_cancel, ("DELETE", f"{_V3}/orderList"), "orderList.cancel", 1, "trade", "cancel"
    ),
    Endpoint(
        lists.open_lists,
        ("GET", f"{_V3}/openOrderList"),
        "openOrderLists.status",
        6,
        "read",
        "query",
    ),
    Endpoint(lists.all_lists, ("GET", f"{_V3}/allOrderList"), "allOrderLists", 20, "read", "query"),
    # Accounts.
    Endpoint(
        account.account_status, ("GET", f"{_V3}/account"), "account.status", 20, "read", "account"
    ),
    Endpoint(account.all_orders, ("GET", f"{_V3}/allOrders"), "allOrders", 20, "read", "query"),
    Endpoint(
        account.my_trades,
        ("GET", f"{_V3}/myTrades"),
        "myTrades",
        _by_order(5, 20),
        "read",
        "query",
    ),
    Endpoint(
        account.order_counts,
        ("GET", f"{_V3}/rateLimit/order"),
        "account.rateLimits.orders",
        40,
        "read",
        "account",
    ),
    Endpoint(
        account.commission,
        ("GET", f"{_V3}/account/commission"),
        "account.commission",
        20,
        "read",
        "account",
    ),
    Endpoint(
        account.amendments,
        ("GET", f"{_V3}/order/amendments"),
        "order.amendments",
        4,
        "read",
        "query",
    ),
    Endpoint(
        account.listen_key_start,
        ("POST", f"{_V3}/userDataStream"),
        "userDataStream.start",
        2,
        "key",
        "account",
    ),
    Endpoint(
        account.listen_key_ping,
        ("PUT", f"{_V3}/userDataStream"),
        "userDataStream.ping",
        2,
        "key",
        "account",
    ),
    Endpoint(
        account.listen_key_stop,
        ("DELETE", f"{_V3}/userDataStream"),
        "userDataStream.stop",
        2,
        "key",
        "account",
    ),
    # What is not spot's own, as far as clients ask for it when they load markets.
    Endpoint(
        account.all_coins,
        ("GET", "/sapi/v1/capital/config/getall"),
        "",
        10,
        "read",
        "account",
    ),
    Endpoint(
        account.key_restrictions,
        ("GET", "/sapi/v1/account/apiRestrictions"),
        "",
        1,
        "read",
        "account",
    ),
    Endpoint(account.trade_fee, ("GET", "/sapi/v1/asset/tradeFee"), "", 1, "read", "account"),
    Endpoint(account.wallet_account, ("GET", "/sapi/v1/account/status"), "", 1, "read", "account"),
    Endpoint(account.system_status, ("GET", "/sapi/v1/system/status")),
    Endpoint(account.no_symbols, ("GET", "/fapi/v1/exchangeInfo")),
    Endpoint(account.no_symbols, ("GET", "/dapi/v1/exchangeInfo")),
    Endpoint(account.no_symbols, ("GET", "/eapi/v1/exchangeInfo")),
    Endpoint(account.nothing, ("GET", "/sapi/v1/margin/allPairs"), "", 1, "key"),
    Endpoint(account.nothing, ("GET", "/sapi/v1/margin/isolated/allPairs"), "", 1, "key"),
)

BY_ROUTE: Final = {one.rest: one for one in ENDPOINTS if one.rest is not None}
BY_METHOD: Final = {one.method: one for one in ENDPOINTS if one.method}
PATHS: Final = frozenset(one.rest[1] for one in ENDPOINTS if one.rest is not None)
