"""The venue's filters, each by its name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venues.binance.asking import Desk
from tests.venues.binance.listings import SymbolRules
from tests.venues.exchange.stage import D

MARKET = {"type": "MARKET", "timeInForce": None, "price": None}


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ({"price": "59000.001"}, "PRICE_FILTER"),
        ({"price": "1000000.01"}, "PRICE_FILTER"),
        ({"quantity": "0.000001"}, "LOT_SIZE"),
        ({"quantity": "9000.00001"}, "LOT_SIZE"),
        ({**MARKET, "quantity": "98"}, "MARKET_LOT_SIZE"),
        ({"price": "11999.99", "quantity": "1"}, "PERCENT_PRICE_BY_SIDE"),
        ({"price": "300000.01", "quantity": "0.1"}, "PERCENT_PRICE_BY_SIDE"),
        ({"quantity": "0.00008"}, "NOTIONAL"),
        ({"quantity": "153", "price": "59000"}, "NOTIONAL"),
        ({**MARKET, "quantity": "0.00008"}, "NOTIONAL"),
        ({"icebergQty": "0.04999"}, "ICEBERG_PARTS"),
        (
            {
                "type": "STOP_LOSS",
                "timeInForce": None,
                "price": None,
                "side": "SELL",
                "trailingDelta": "2001",
            },
            "TRAILING_DELTA",
        ),
    ],
)
def test_an_order_that_fails_a_filter_hears_its_name(terms: dict[str, Any], name: str) -> None:
    desk = Desk()
    assert desk.place_error(**terms) == (-1013, f"Filter failure: {name}")
    assert desk.account.orders == {}


@pytest.mark.parametrize(
    "terms",
    [
        {"price": "12000", "quantity": "1"},
        {"price": "300000", "quantity": "0.1"},
        {"quantity": "0.00009"},
        {"icebergQty": "0.05"},
    ],
)
def test_what_is_just_within_passes(terms: dict[str, Any]) -> None:
    assert Desk().place(**terms)["orderId"]


def test_numbers_of_open_orders_are_bounded() -> None:
    desk = Desk(rules={"BTCUSDT": SymbolRules(max_orders=3, max_algo_orders=1)})
    stop = {"type": "STOP_LOSS_LIMIT", "stopPrice": "61000", "price": "61500", "quantity": "0.01"}
    desk.place(**stop)
    assert desk.place_error(**stop) == (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    desk.place(quantity="0.01")
    desk.place(quantity="0.01")
    assert desk.place_error(quantity="0.01") == (-1013, "Filter failure: MAX_NUM_ORDERS")


def test_a_position_may_be_bounded() -> None:
    desk = Desk(rules={"BTCUSDT": SymbolRules(max_position=D(3))})
    desk.place(quantity="0.6")
    assert desk.place_error(quantity="0.5") == (-1013, "Filter failure: MAX_POSITION")
    desk.place(quantity="0.4")


def test_a_market_that_does_not_trade_takes_no_orders() -> None:
    desk = Desk(rules={"BTCUSDT": SymbolRules(status="HALT")})
    assert desk.place_error() == (-1013, "Market is closed.")
