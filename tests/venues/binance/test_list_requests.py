"""Order lists: pairs of which one ends the other, and orders that wait for another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venues.binance.asking import SYMBOL, Desk
from tests.venues.binance.order_lists import ListChange
from tests.venues.exchange.stage import D

OCO = {
    "symbol": SYMBOL,
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "62000",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "58000",
    "belowPrice": "57000",
    "belowTimeInForce": "GTC",
}
WORKING = {
    "symbol": SYMBOL,
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "59000",
    "workingQuantity": "0.5",
    "workingTimeInForce": "GTC",
    "pendingSide": "SELL",
    "pendingQuantity": "0.4",
}


def statuses(desk: Desk) -> list[str]:
    return [order.status for order in desk.account.orders.values()]


def test_a_pair_is_placed_and_told_as_one_list() -> None:
    desk = Desk()
    answer = desk.signed("POST", "orderList/oco", **OCO, listClientOrderId="pair")
    assert (answer["contingencyType"], answer["listOrderStatus"]) == ("OCO", "EXECUTING")
    assert [one["type"] for one in answer["orderReports"]] == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]
    assert {one["orderListId"] for one in answer["orderReports"]} == {answer["orderListId"]}
    assert desk.account.snapshot({"BTC": None}) == {"BTC": (1, 1)}
    assert desk.signed("GET", "orderList", origClientOrderId="pair")["orders"] == answer["orders"]
    assert len(desk.signed("GET", "openOrderList")) == 1


def test_a_fill_of_one_leg_ends_the_other_and_the_list() -> None:
    desk = Desk()
    answer = desk.signed("POST", "orderList/oco", **OCO)
    limit = desk.account.orders[answer["orderReports"][1]["orderId"]]
    desk.state.exchange.fill(limit, D(1))
    desk.state.take_events()
    assert statuses(desk) == ["canceled", "filled"]
    told = desk.signed("GET", "orderList", orderListId=answer["orderListId"])
    assert told["listOrderStatus"] == "ALL_DONE"
    assert desk.signed("GET", "openOrderList") == []
    assert len(desk.signed("GET", "allOrderList")) == 1


def test_cancelling_a_leg_cancels_the_list() -> None:
    desk = Desk()
    answer = desk.signed("POST", "orderList/oco", **OCO)
    order_id = answer["orderReports"][0]["orderId"]
    canceled = desk.signed("DELETE", "order", symbol=SYMBOL, orderId=order_id)
    assert canceled["listOrderStatus"] == "ALL_DONE"
    assert [one["status"] for one in canceled["orderReports"]] == ["CANCELED"] * 2
    assert desk.account.snapshot({"BTC": None}) == {"BTC": (2, 0)}


def test_a_list_is_cancelled_by_its_own_name() -> None:
    desk = Desk()
    desk.signed("POST", "orderList/oco", **OCO, listClientOrderId="pair")
    desk.signed("DELETE", "orderList", symbol=SYMBOL, listClientOrderId="pair")
    assert statuses(desk) == ["canceled"] * 2
    gone = desk.error("DELETE", "orderList", symbol=SYMBOL, listClientOrderId="pair")
    assert gone == (-2011, "Unknown order sent.")
    assert desk.error("GET", "orderList", orderListId=99)[0] == -2018


def test_the_older_request_places_the_same_pair() -> None:
    desk = Desk()
    answer = desk.signed(
        "POST",
        "order/oco",
        symbol=SYMBOL,
        side="SELL",
        quantity="1",
        price="62000",
        stopPrice="58000",
        stopLimitPrice="57000",
        stopLimitTimeInForce="GTC",
        limitClientOrderId="profit",
        stopClientOrderId="stop",
    )
    reports = {one["clientOrderId"]: one for one in answer["orderReports"]}
    assert reports["profit"]["type"] == "LIMIT_MAKER"
    assert (reports["stop"]["type"], reports["stop"]["stopPrice"]) == (
        "STOP_LOSS_LIMIT",
        "58000.00000000",
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aboveType": "LIMIT"}, -1158),
        ({"aboveType": "STOP_LOSS_LIMIT", "aboveStopPrice": "62000"}, -1197),
        ({"belowType": "TAKE_PROFIT_LIMIT"}, -1199),
        ({"abovePrice": "59000"}, -2010),
        ({"belowStopPrice": "60500"}, -2010),
        ({"side": "BUY"}, -1165),
        ({"quantity": "3"}, -2010),
        ({"abovePrice": None}, -1102),
    ],
)
def test_a_pair_that_cannot_be_leaves_nothing_behind(changed: dict[str, Any], code: int) -> None:
    desk = Desk()
    sent = {**OCO, **changed}
    if changed.get("aboveType") in ("LIMIT", "STOP_LOSS_LIMIT"):
        sent["aboveTimeInForce"] = "GTC"
    sent = {name: value for name, value in sent.items() if value is not None}
    assert desk.error("POST", "orderList/oco", **sent)[0] == code
    assert desk.account.orders == {}
    assert desk.state.take_events() == []
    assert desk.account.snapshot({"BTC": None}) == {"BTC": (2, 0)}


def test_a_pending_order_comes_when_the_working_one_is_filled() -> None:
    desk = Desk()
    pending = {"pendingType": "LIMIT", "pendingPrice": "61000", "pendingTimeInForce": "GTC"}
    answer = desk.signed("POST", "orderList/oto", **WORKING, **pending)
    assert [one["status"] for one in answer["orderReports"]] == ["NEW", "PENDING_NEW"]
    assert [one["status"] for one in desk.signed("GET", "openOrders")] == ["NEW"]
    desk.state.exchange.fill(desk.account.orders[answer["orderReports"][0]["orderId"]], D("0.5"))
    desk.state.take_events()
    assert statuses(desk) == ["filled", "new"]


def test_a_pending_order_ends_with_the_working_one() -> None:
    desk = Desk()
    pending = {"pendingType": "MARKET"}
    answer = desk.signed("POST", "orderList/oto", **WORKING, **pending)
    desk.signed("DELETE", "order", symbol=SYMBOL, orderId=answer["orderReports"][0]["orderId"])
    assert statuses(desk) == ["canceled", "canceled"]


def test_a_pending_pair_comes_linked() -> None:
    desk = Desk()
    pair = {
        "pendingAboveType": "LIMIT_MAKER",
        "pendingAbovePrice": "62000",
        "pendingBelowType": "STOP_LOSS",
        "pendingBelowStopPrice": "58000",
    }
    answer = desk.signed("POST", "orderList/otoco", **WORKING, **pair)
    working, *pending = (desk.account.orders[one["orderId"]] for one in answer["orderReports"])
    desk.state.exchange.fill(working, D("0.5"))
    desk.state.take_events()
    assert [order.status for order in pending] == ["new", "new"]
    profit = next(order for order in pending if order.price is not None)
    desk.state.exchange.fill(profit, D("0.4"))
    happened = [event for _, event in desk.state.take_events()]
    assert sorted(order.status for order in pending) == ["canceled", "filled"]
    assert [event.is_done for event in happened if isinstance(event, ListChange)] == [True]
