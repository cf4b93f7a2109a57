"""Orders of ours as requests, and orders of the venue as ours."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from brokers.binance.account_wire import ZERO, OrderReply, decode_order
from brokers.binance.orders import as_order, oco, place
from engine.errors import OrderRejected
from engine.messages import Order

D = Decimal


def order(**fields: Any) -> Order:
    terms: dict[str, Any] = {
        "order_id": "o1",
        "account": "main",
        "fqme": "btcusdt.spot.binance",
        "side": "buy",
        "order_type": "limit",
        "size": D("0.5"),
        **fields,
    }
    return Order(**terms)


def asked(**fields: Any) -> dict[str, Any]:
    params = dict(place(order(**fields), "BTCUSDT", "o1", fields.get("size", D("0.5"))))
    for name in ("symbol", "newClientOrderId", "newOrderRespType", "quantity", "side"):
        del params[name]
    return params


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"price": D(100)}, {"type": "LIMIT", "price": "100", "timeInForce": "GTC"}),
        (
            {"price": D(100), "time_in_force": "ioc"},
            {"type": "LIMIT", "price": "100", "timeInForce": "IOC"},
        ),
        ({"price": D(100), "post_only": True}, {"type": "LIMIT_MAKER", "price": "100"}),
        (
            {"price": D(100), "shown": D("0.1")},
            {"type": "LIMIT", "price": "100", "timeInForce": "GTC", "icebergQty": "0.1"},
        ),
        (
            {"price": D(100), "shown": D("0.5")},
            {"type": "LIMIT", "price": "100", "timeInForce": "GTC"},
        ),
        ({"order_type": "market"}, {"type": "MARKET"}),
        (
            {"order_type": "stop", "stop_price": D("99.50")},
            {"type": "STOP_LOSS", "stopPrice": "99.50"},
        ),
        (
            {"order_type": "stop_limit", "stop_price": D(99), "price": D(98)},
            {"type": "STOP_LOSS_LIMIT", "stopPrice": "99", "price": "98", "timeInForce": "GTC"},
        ),
        (
            {"order_type": "take_profit", "stop_price": D(99)},
            {"type": "TAKE_PROFIT", "stopPrice": "99"},
        ),
        (
            {"order_type": "take_profit_limit", "stop_price": D(99), "price": D(98)},
            {"type": "TAKE_PROFIT_LIMIT", "stopPrice": "99", "price": "98", "timeInForce": "GTC"},
        ),
        (
            {"order_type": "trailing_stop", "trail": D("1.25"), "trail_unit": "percent"},
            {"type": "STOP_LOSS", "trailingDelta": 125},
        ),
    ],
)
def test_each_kind_of_order_is_asked_for_in_the_venues_words(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert asked(**fields) == expected


def test_numbers_have_no_exponent_and_lose_no_digit() -> None:
    params = place(order(price=D("1E+3"), size=D("1E-8")), "BTCUSDT", "o1", D("1E-8"))

    assert (params["price"], params["quantity"]) == ("1000", "0.00000001")


@pytest.mark.parametrize(
    "fields",
    [
        {"order_type": "trailing_stop", "trail": D(5)},
        {"order_type": "trailing_stop", "trail": D("0.005"), "trail_unit": "percent"},
        {"order_type": "trailing_stop_limit", "trail": D(1), "trail_unit": "percent"},
    ],
)
def test_a_trail_that_the_venue_does_not_have_is_not_sent(fields: dict[str, Any]) -> None:
    with pytest.raises(OrderRejected):
        asked(**fields)


LIMIT: dict[str, Any] = {"order_id": "limit", "price": D(105), "side": "sell", "link_group": "g"}
STOP: dict[str, Any] = {
    "order_id": "stop",
    "order_type": "stop",
    "stop_price": D(95),
    "side": "sell",
    "link_group": "g",
}


@pytest.mark.parametrize("stop_first", [True, False])
def test_a_sale_that_is_linked_has_its_limit_above_and_its_stop_below(stop_first: bool) -> None:
    pair = (order(**STOP), order(**LIMIT)) if stop_first else (order(**LIMIT), order(**STOP))
    clients = (pair[0].order_id, pair[1].order_id)

    assert oco(pair, "BTCUSDT", clients) == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "quantity": "0.5",
        "newOrderRespType": "FULL",
        "aboveType": "LIMIT_MAKER",
        "aboveClientOrderId": "limit",
        "abovePrice": "105",
        "belowType": "STOP_LOSS",
        "belowClientOrderId": "stop",
        "belowStopPrice": "95",
    }


def test_a_purchase_that_is_linked_is_the_other_way_round() -> None:
    stop = {
        "side": "buy",
        "order_type": "stop_limit",
        "stop_price": D(105),
        "price": D(106),
    }
    pair = (order(**LIMIT | {"side": "buy", "price": D(95)}), order(**STOP | stop))
    params = oco(pair, "BTCUSDT", ("limit", "stop"))

    assert (params["aboveType"], params["abovePrice"]) == ("STOP_LOSS_LIMIT", "106")
    assert (params["aboveStopPrice"], params["aboveTimeInForce"]) == ("105", "GTC")
    assert (params["belowType"], params["belowPrice"]) == ("LIMIT_MAKER", "95")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LIMIT, LIMIT),
        (STOP, {**STOP, "order_type": "stop_limit", "price": D(94)}),
        (LIMIT, {**STOP, "size": D(1)}),
        (LIMIT, {**STOP, "side": "buy"}),
        (LIMIT, {**STOP, "fqme": "ethusdt.spot.binance"}),
        (LIMIT, {**STOP, "order_type": "market", "stop_price": None}),
    ],
)
def test_what_the_venue_does_not_link_is_not_sent(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    with pytest.raises(OrderRejected, match="links"):
        oco((order(**one), order(**other)), "BTCUSDT", ("a", "b"))


def reply(**fields: Any) -> OrderReply:
    said: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "orderId": 28,
        "clientOrderId": "o1",
        "price": "100.00",
        "origQty": "0.50000000",
        "executedQty": "0.20000000",
        "cummulativeQuoteQty": "19.80000000",
        "status": "PARTIALLY_FILLED",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "SELL",
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": 1660801715639,
        "updateTime": 1660801717945,
        **fields,
    }
    return decode_order(json.dumps(said).encode())


def read(*, before: Decimal = ZERO, **fields: Any) -> Order:
    return as_order(
        reply(**fields), order_id="o1", account="main", fqme="btcusdt.spot.binance", before=before
    )


def test_an_order_of_the_venue_is_read_with_what_it_traded() -> None:
    found = read()

    assert (found.side, found.order_type, found.price) == ("sell", "limit", D(100))
    assert (found.size, found.filled, found.state) == (D("0.5"), D("0.2"), "partial")
    assert (found.traded, found.average_price) == (D("19.8"), D(99))
    assert (found.venue_order_id, found.created_ns) == ("28", 1660801715639 * 10**6)
    assert (found.stop_price, found.shown, found.link_group) == (None, None, "")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("NEW", "partial"),  # it has traded
        ("FILLED", "filled"),
        ("CANCELED", "canceled"),
        ("REJECTED", "rejected"),
        ("EXPIRED", "expired"),
        ("EXPIRED_IN_MATCH", "expired"),
        ("SOMETHING_NEW", "unknown"),
    ],
)
def test_each_status_is_a_state(status: str, state: str) -> None:
    assert read(status=status).state == state


def test_the_size_of_an_order_includes_what_the_ones_before_it_traded() -> None:
    found = read(before=D("0.3"), executedQty="0", cummulativeQuoteQty="0", status="NEW")

    assert (found.size, found.filled, found.state) == (D("0.8"), D("0.3"), "partial")
    assert found.average_price is None  # at which prices, only the fills say


def test_what_self_trade_prevention_took_is_not_of_the_size() -> None:
    assert read(preventedQuantity="0.1").size == D("0.4")


def test_a_trailing_stop_is_read_as_one() -> None:
    found = read(type="STOP_LOSS", trailingDelta=125, stopPrice="95", price="0.00", status="NEW")

    assert (found.order_type, found.trail, found.trail_unit) == (
        "trailing_stop",
        D("1.25"),
        "percent",
    )
    assert (found.price, found.stop_price) == (None, None)


def test_orders_of_one_list_are_linked() -> None:
    assert read(orderListId=7, type="LIMIT_MAKER").link_group == "list-7"
    assert read(type="LIMIT_MAKER").post_only


def test_a_value_that_the_venue_forgot_is_no_average() -> None:
    assert read(cummulativeQuoteQty="-1").average_price is None
