"""Orders of the venue: placed, looked up, cancelled, replaced, amended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.venues.binance.asking import SYMBOL, Desk, limit_order
from tests.venues.exchange.stage import D

MARKET = {"type": "MARKET", "timeInForce": None, "price": None}
MAKER = {"type": "LIMIT_MAKER", "timeInForce": None}
STOP = {"type": "STOP_LOSS_LIMIT", "side": "SELL", "stopPrice": "59000", "price": "58000"}


def test_a_market_order_tells_its_fills_with_their_commission() -> None:
    answer = Desk().place(**MARKET, quantity="1.5")
    assert (answer["status"], answer["cummulativeQuoteQty"]) == ("FILLED", "90002.00000000")
    assert [(fill["price"], fill["qty"], fill["commission"]) for fill in answer["fills"]] == [
        ("60001.00000000", "1.00000000", "0.00100000"),
        ("60002.00000000", "0.50000000", "0.00050000"),
    ]
    assert {fill["commissionAsset"] for fill in answer["fills"]} == {"BTC"}


def test_commission_is_paid_in_bnb_where_an_account_has_it_so() -> None:
    desk = Desk()
    desk.account.settings["bnb_fees"] = True
    desk.state.exchange.markets["BNBUSDT"].print_trade(D(600), D("0.001"))
    (fill,) = desk.place(**MARKET, quantity="1")["fills"]
    # 60001 x 0.1% x 75% = 45.00075 USDT
    assert (fill["commission"], fill["commissionAsset"]) == ("0.07500125", "BNB")
    assert desk.account.balance("BTC").free == 3


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ({"quantity": "2"}, "Account has insufficient balance for requested action."),
        ({**MARKET, "quantity": "1.7"}, "Account has insufficient balance for requested action."),
        (
            {**MAKER, "price": "60001", "quantity": "0.1"},
            "Order would immediately match and take.",
        ),
        ({**STOP, "stopPrice": "60000"}, "Order would trigger immediately."),
        (
            {**STOP, "type": "TAKE_PROFIT_LIMIT", "stopPrice": "60000"},
            "Order would trigger immediately.",
        ),
        ({**STOP, "side": "BUY", "stopPrice": "60000"}, "Order would trigger immediately."),
    ],
)
def test_what_the_matching_engine_refuses_is_told_in_the_venues_words(
    terms: dict[str, Any], text: str
) -> None:
    desk = Desk()
    assert desk.place_error(**terms) == (-2010, text)
    assert desk.account.open_orders() == []


def test_a_client_id_may_come_again_only_when_its_order_is_done() -> None:
    desk = Desk()
    first = desk.place(newClientOrderId="mine")
    assert desk.place_error(newClientOrderId="mine") == (-2010, "Duplicate order sent.")
    desk.signed("DELETE", "order", symbol=SYMBOL, origClientOrderId="mine")
    second = desk.place(newClientOrderId="mine")
    assert second["orderId"] > first["orderId"]
    told = desk.signed("GET", "order", symbol=SYMBOL, origClientOrderId="mine")
    assert told["orderId"] == second["orderId"]


def test_a_market_order_into_nothing_expires() -> None:
    desk = Desk()
    desk.market.take("buy", D(70_000), D(10))
    answer = desk.place(**MARKET, quantity="0.1")
    assert (answer["status"], answer["executedQty"], answer["fills"]) == (
        "EXPIRED",
        "0.00000000",
        [],
    )
    code, text = desk.place_error(**{**MARKET, "quantity": None, "quoteOrderQty": "100"})
    assert (code, text) == (-2010, "Order book liquidity is less than symbol minimum quantity.")


def test_an_order_is_told_in_every_state() -> None:
    desk = Desk()
    order_id = desk.place(**STOP, quantity="1")["orderId"]

    def told() -> Any:
        return desk.signed("GET", "order", symbol=SYMBOL, orderId=order_id)

    assert (told()["status"], told()["isWorking"], told()["workingTime"]) == ("NEW", False, -1)
    assert told()["stopPrice"] == "59000.00000000"
    desk.market.take("sell", D(58_500), D(10))
    desk.market.print_trade(D(58_900), D("0.1"))
    assert (told()["status"], told()["isWorking"]) == ("NEW", True)
    desk.state.exchange.fill(desk.account.orders[order_id], D("0.4"))
    assert (told()["status"], told()["executedQty"]) == ("PARTIALLY_FILLED", "0.40000000")
    desk.signed("DELETE", "order", symbol=SYMBOL, orderId=order_id)
    assert told()["status"] == "CANCELED"


def test_own_orders_that_meet_expire_in_match() -> None:
    desk = Desk()
    resting = desk.place(price="60000.50", quantity="0.3")
    taker = desk.place(side="SELL", price="60000.50", quantity="0.2")
    assert taker["selfTradePreventionMode"] == "EXPIRE_MAKER"
    told = desk.signed("GET", "order", symbol=SYMBOL, orderId=resting["orderId"])
    assert (told["status"], told["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.30000000")


# -- cancels ---------------------------------------------------------------------------------------


def test_a_cancel_tells_both_ids() -> None:
    desk = Desk()
    desk.place(newClientOrderId="mine")
    answer = desk.signed(
        "DELETE", "order", symbol=SYMBOL, origClientOrderId="mine", newClientOrderId="stop-it"
    )
    assert (answer["origClientOrderId"], answer["clientOrderId"]) == ("mine", "stop-it")
    assert answer["status"] == "CANCELED"
    again = desk.error("DELETE", "order", symbol=SYMBOL, origClientOrderId="mine")
    assert again == (-2011, "Unknown order sent.")


def test_a_cancel_must_say_what_it_means() -> None:
    desk = Desk()
    order_id = desk.place(newClientOrderId="mine")["orderId"]
    assert desk.error("DELETE", "order", symbol=SYMBOL)[0] == -1102
    other = {"symbol": SYMBOL, "orderId": order_id, "origClientOrderId": "other"}
    assert desk.error("DELETE", "order", **other)[0] == -2039
    assert desk.error("DELETE", "order", symbol="ETHUSDT", orderId=order_id)[0] == -2011


def test_a_cancel_may_be_for_orders_of_one_state_only() -> None:
    desk = Desk()
    order_id = desk.place(price="60000.50")["orderId"]
    asked = {"symbol": SYMBOL, "orderId": order_id}
    code, text = desk.error("DELETE", "order", **asked, cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert (code, text) == (-2011, "Order was not canceled due to cancel restrictions.")
    assert desk.error("DELETE", "order", **asked, cancelRestrictions="NEVER")[0] == -1145
    assert desk.signed("DELETE", "order", **asked, cancelRestrictions="ONLY_NEW")


def test_all_orders_of_a_symbol_are_cancelled_at_once() -> None:
    desk = Desk()
    desk.place(quantity="0.1")
    desk.place(**STOP, quantity="0.1")
    desk.place(symbol="ETHUSDT", quantity="1", price="3000")
    answers = desk.signed("DELETE", "openOrders", symbol=SYMBOL)
    assert [one["status"] for one in answers] == ["CANCELED"] * 2
    assert [order.symbol for order in desk.account.open_orders()] == ["ETHUSDT"]
    assert desk.error("DELETE", "openOrders", symbol=SYMBOL) == (-2011, "Unknown order sent.")


# -- cancel-replace --------------------------------------------------------------------------------


def replace(desk: Desk, **params: Any) -> tuple[int, Any]:
    """Status and body."""
    sent = {**limit_order(), "cancelReplaceMode": "STOP_ON_FAILURE", **params}
    answer = desk.try_signed("POST", "order/cancelReplace", **sent)
    return answer.status, json.loads(answer.body)


def test_an_order_is_replaced_by_another() -> None:
    desk = Desk()
    old = desk.place(newClientOrderId="old")
    status, body = replace(
        desk, cancelOrderId=old["orderId"], newClientOrderId="new", price="58000"
    )
    assert (status, body["cancelResult"], body["newOrderResult"]) == (200, "SUCCESS", "SUCCESS")
    assert body["cancelResponse"]["origClientOrderId"] == "old"
    assert body["newOrderResponse"]["clientOrderId"] == "new"
    assert [order.client_id for order in desk.account.open_orders()] == ["new"]


def test_nothing_is_placed_where_the_cancel_failed_and_that_is_asked_for() -> None:
    desk = Desk()
    status, body = replace(desk, cancelOrderId=1)
    assert (status, body["code"], body["msg"]) == (400, -2022, "Order cancel-replace failed.")
    assert body["data"] == {
        "cancelResult": "FAILURE",
        "newOrderResult": "NOT_ATTEMPTED",
        "cancelResponse": {"code": -2011, "msg": "Unknown order sent."},
        "newOrderResponse": None,
    }
    assert desk.account.open_orders() == []


def test_half_a_replacement_is_told_as_such() -> None:
    desk = Desk()
    status, body = replace(desk, cancelOrderId=1, cancelReplaceMode="ALLOW_FAILURE")
    assert (status, body["code"]) == (409, -2021)
    assert body["data"]["newOrderResult"] == "SUCCESS"
    old = desk.account.open_orders()[0]
    status, body = replace(desk, cancelOrderId=old.order_id, quantity="9")
    assert (status, body["code"]) == (409, -2021)
    assert (body["data"]["cancelResult"], body["data"]["newOrderResult"]) == ("SUCCESS", "FAILURE")
    assert body["data"]["newOrderResponse"]["code"] == -2010
    assert desk.account.open_orders() == []
    status, body = replace(desk, cancelOrderId=1, cancelReplaceMode="ALLOW_FAILURE", quantity="9")
    assert (status, body["code"]) == (400, -2022)


def test_filters_are_asked_before_anything_is_cancelled() -> None:
    desk = Desk()
    old = desk.place()
    status, body = replace(desk, cancelOrderId=old["orderId"], price="59000.001")
    assert (status, body["msg"]) == (400, "Filter failure: PRICE_FILTER")
    assert [order.order_id for order in desk.account.open_orders()] == [old["orderId"]]


# -- amends ----------------------------------------------------------------------------------------


def test_an_amend_keeps_the_place_of_an_order() -> None:
    desk = Desk()
    order_id = desk.place(newClientOrderId="mine", price="59999")["orderId"]
    desk.market.place("buy", D(59_999), D(1))
    answer = desk.signed(
        "PUT",
        "order/amend/keepPriority",
        symbol=SYMBOL,
        orderId=order_id,
        newQty="0.2",
        newClientOrderId="less",
    )
    amended = answer["amendedOrder"]
    assert (amended["origClientOrderId"], amended["clientOrderId"]) == ("mine", "less")
    assert (amended["qty"], amended["status"]) == ("0.20000000", "NEW")
    queue = desk.market.sim.engine.bids.orders_at(5_999_900)
    assert [one.owner for one in queue] == ["", "demo", ""]
    (told,) = desk.signed("GET", "order/amendments", symbol=SYMBOL, orderId=order_id)
    assert (told["origQty"], told["newQty"]) == ("0.50000000", "0.20000000")
    assert told["executionId"] == answer["executionId"]


@pytest.mark.parametrize(
    ("size", "code", "text"),
    [
        ("0.6", -2038, "Order amend (quantity increase) is not supported."),
        ("0.5", -2038, "The requested action would change no state; rejecting."),
        ("0.1", -2038, None),
        ("0.300001", -1013, "Filter failure: LOT_SIZE"),
    ],
)
def test_an_amend_that_cannot_be_is_refused(size: str, code: int, text: str | None) -> None:
    desk = Desk()
    record = desk.account.orders[desk.place(price="60000.50")["orderId"]]
    desk.state.exchange.fill(record, D("0.2"))
    asked = {"symbol": SYMBOL, "orderId": record.order_id, "newQty": size}
    found, told = desk.error("PUT", "order/amend/keepPriority", **asked)
    assert found == code
    assert text in (None, told)
    assert record.size == D("0.5")


# -- lies ------------------------------------------------------------------------------------------


def test_a_venue_that_denies_knowing_an_order_still_has_it() -> None:
    desk = Desk()
    order_id = desk.place()["orderId"]
    desk.state.faults.deny_knowing = True
    assert desk.error("GET", "order", symbol=SYMBOL, orderId=order_id)[0] == -2013
    assert desk.signed("GET", "openOrders") == []
    assert desk.signed("GET", "allOrders", symbol=SYMBOL) == []
    assert desk.account.orders[order_id].is_open


def test_orders_are_filled_as_they_come_where_that_is_switched_on() -> None:
    desk = Desk()
    desk.state.faults.fill = "0.2"
    assert desk.place()["executedQty"] == "0.20000000"
    desk.state.faults.fill = "all"
    assert desk.place()["status"] == "FILLED"


def test_a_fill_may_come_after_a_cancel() -> None:
    desk = Desk()
    desk.state.faults.fill_after_cancel = "0.1"
    order_id = desk.place()["orderId"]
    desk.signed("DELETE", "order", symbol=SYMBOL, orderId=order_id)
    (trade,) = desk.signed("GET", "myTrades", symbol=SYMBOL)
    assert (trade["orderId"], trade["qty"]) == (order_id, "0.10000000")
