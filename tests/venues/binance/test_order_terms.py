"""What a new order must say and must not, by its type."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venues.binance.asking import Desk, limit_order

STOP = {"type": "STOP_LOSS_LIMIT", "stopPrice": "61000", "price": "61500"}
MARKET = {"type": "MARKET", "timeInForce": None, "price": None}
NEEDED = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
UNWANTED = "Parameter '{}' sent when not required."


@pytest.mark.parametrize(
    ("terms", "code", "text"),
    [
        ({"symbol": None}, -1102, NEEDED.format("symbol")),
        ({"side": None}, -1102, NEEDED.format("side")),
        ({"type": None}, -1102, NEEDED.format("type")),
        ({"quantity": None}, -1102, NEEDED.format("quantity")),
        ({"price": None}, -1102, NEEDED.format("price")),
        ({"timeInForce": None}, -1102, NEEDED.format("timeInForce")),
        ({"side": "HOLD"}, -1117, "Invalid side."),
        ({"type": "GUESS"}, -1116, "Invalid orderType."),
        ({"timeInForce": "DAY"}, -1115, "Invalid timeInForce."),
        ({"symbol": "NOSUCH"}, -1121, "Invalid symbol."),
        ({"stopPrice": "61000"}, -1106, UNWANTED.format("stopPrice")),
        ({**MARKET, "price": "1"}, -1106, UNWANTED.format("price")),
        (
            {**MARKET, "timeInForce": "IOC"},
            -1106,
            "Parameter 'timeInForce' sent when not required.",
        ),
        ({**MARKET, "quantity": None}, -1102, NEEDED.format("quantity")),
        ({**MARKET, "quoteOrderQty": "10"}, -1128, "Combination of optional parameters invalid."),
        (
            {**STOP, "stopPrice": None},
            -1102,
            "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!",
        ),
        ({"quantity": "-1"}, -1100, None),
        ({"price": "0.123456789"}, -1111, "Parameter 'price' has too much precision."),
        ({"newClientOrderId": "a b"}, -1100, None),
        ({"strategyType": "7"}, -1134, None),
        ({"selfTradePreventionMode": "MAYBE"}, -1130, None),
        ({"newOrderRespType": "LONG"}, -1130, None),
        ({"icebergQty": "0.1", "timeInForce": "IOC"}, -2010, "Unsupported order combination"),
        ({"unheardOf": "1"}, -1104, None),
    ],
)
def test_a_malformed_order_is_refused_in_the_venues_words(
    terms: dict[str, Any], code: int, text: str | None
) -> None:
    desk = Desk()
    found, told = desk.place_error(**terms)
    assert found == code
    assert text in (None, told)
    assert desk.account.orders == {}


@pytest.mark.parametrize(
    ("kind", "terms", "keys"),
    [
        ("ACK", {}, {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}),
        ("RESULT", {}, {"status", "executedQty", "workingTime", "selfTradePreventionMode"}),
        ("FULL", {}, {"fills"}),
    ],
)
def test_an_answer_tells_as_much_as_is_asked_for(
    kind: str, terms: dict[str, Any], keys: set[str]
) -> None:
    answer = Desk().place(newOrderRespType=kind, **terms)
    assert keys <= set(answer)
    assert ("fills" in answer) is (kind == "FULL")
    assert ("status" in answer) is (kind != "ACK")


@pytest.mark.parametrize(
    ("terms", "is_full"),
    [({}, True), ({**MARKET, "quantity": "0.1"}, True), (STOP, False)],
)
def test_limit_and_market_orders_are_answered_in_full_by_themselves(
    terms: dict[str, Any], is_full: bool
) -> None:
    assert ("fills" in Desk().place(**terms)) is is_full


def test_a_market_order_may_say_what_it_costs() -> None:
    answer = Desk().place(**{**MARKET, "quantity": None, "quoteOrderQty": "1000"})
    assert answer["executedQty"] == "0.01666000"
    assert answer["origQuoteOrderQty"] == "1000.00000000"
    assert float(answer["cummulativeQuoteQty"]) <= 1000


def test_what_was_said_of_strategy_and_iceberg_is_told_again() -> None:
    desk = Desk()
    answer = desk.place(strategyId="7", strategyType="1000001", icebergQty="0.1")
    told = desk.signed("GET", "order", symbol="BTCUSDT", orderId=answer["orderId"])
    assert (told["strategyId"], told["strategyType"], told["icebergQty"]) == (
        7,
        1_000_001,
        "0.10000000",
    )
    assert desk.market.sim.engine.bids.size_at(5_900_000) == 10_000


def test_a_test_order_is_checked_and_not_placed() -> None:
    desk = Desk()
    assert desk.signed("POST", "order/test", **limit_order()) == {}
    rates = desk.signed("POST", "order/test", **limit_order(), computeCommissionRates="true")
    assert rates["standardCommissionForOrder"]["taker"] == "0.00100000"
    bad = desk.error("POST", "order/test", **limit_order(price="59000.001"))
    assert bad == (-1013, "Filter failure: PRICE_FILTER")
    assert desk.account.orders == {}
