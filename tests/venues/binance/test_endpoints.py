"""The table of requests, and that nothing which is sent to one of them is more than refused."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.binance.asking import Desk, limit_order, sign
from tests.venues.binance.endpoints import BY_METHOD, BY_ROUTE, ENDPOINTS, Endpoint
from tests.venues.binance.limits import LimitRules
from tests.venues.binance.listings import default_listings

VALUES = st.sampled_from(
    [
        "BTCUSDT", "NOSUCH", "", "0", "1", "-1", "500", "5000", "0.5", "59000", "1e9", "NaN",
        "9999999999999999999", "99999999999999999999.9", "1785000000000", "1785000000000000",
        "BUY", "LIMIT", "MARKET", "GTC", "1m", "1M", "4h", "true", "[]", '["BTCUSDT"]', "\u00e9",
        "STOP_ON_FAILURE", "LIMIT_MAKER", "STOP_LOSS", "null", "-9223372036854775809",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "symbol", "symbols", "limit", "fromId", "startTime", "endTime", "interval", "timeZone",
        "windowSize", "type", "side", "timeInForce", "quantity", "quoteOrderQty", "price",
        "stopPrice", "trailingDelta", "icebergQty", "newClientOrderId", "orderId", "newQty",
        "origClientOrderId", "recvWindow", "cancelReplaceMode", "orderListId", "permissions",
        "aboveType", "belowType", "abovePrice", "belowStopPrice", "listenKey", "unheardOf",
    ]
)  # fmt: skip


def test_every_request_has_one_name_and_one_route() -> None:
    assert len(BY_ROUTE) == sum(one.rest is not None for one in ENDPOINTS)
    assert len(BY_METHOD) == sum(bool(one.method) for one in ENDPOINTS)


def test_what_changes_something_needs_the_right_to_trade() -> None:
    for one in ENDPOINTS:
        if one.kind in ("submit", "cancel", "amend"):
            assert one.security == "trade", one.rest
        if one.kind == "query":
            assert one.security in ("read", "trade"), one.rest


@cache
def _desk() -> Desk:
    """One for every example: what was asked before must make no difference."""
    many = LimitRules(weight_1m=10**9, orders_10s=10**6, orders_1d=10**6)
    return Desk(limits=many, listings=default_listings()[:1])


@settings(max_examples=400)
@given(st.sampled_from(ENDPOINTS), st.dictionaries(NAMES, VALUES, max_size=8), st.booleans())
def test_whatever_is_asked_is_answered(
    endpoint: Endpoint, params: dict[str, Any], has_order: bool
) -> None:
    desk = _desk()
    sent = {**(limit_order() if has_order else {}), **params}
    assert endpoint.rest is not None
    method, path = endpoint.rest
    query = urlencode({"timestamp": desk.now_ms, **sent} if endpoint.security != "none" else sent)
    answer = desk.request(method, path, f"{query}&signature={sign(query)}")
    assert answer.status in (200, 400, 401, 409)
    if endpoint.method:
        said = desk.ask_signed(desk.session(), endpoint.method, **sent)
        assert said["status"] in (200, 400, 401, 409)
