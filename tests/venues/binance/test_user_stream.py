"""What accounts are told of, in the letters of the venue."""

from __future__ import annotations

from typing import Any

from tests.venues.binance.asking import SYMBOL, Desk
from tests.venues.binance.user_stream import payloads
from tests.venues.exchange.stage import D

MARKET = {"type": "MARKET", "timeInForce": None, "price": None}


def told(desk: Desk) -> list[dict[str, Any]]:
    """Every message since the last call."""
    return [
        payload
        for _, event in desk.state.take_events()
        for payload in payloads(event, lambda ns: ns // 1_000_000, desk.clock.now_ns())
    ]


def reports(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Execution type and status of every report."""
    return [(one["x"], one["X"]) for one in messages if one["e"] == "executionReport"]


def test_a_new_order_is_told_with_all_its_terms() -> None:
    desk = Desk()
    answer = desk.place(newClientOrderId="mine", icebergQty="0.1", strategyId=3)
    report, position = told(desk)
    assert report == {
        "e": "executionReport",
        "E": desk.now_ms,
        "s": SYMBOL,
        "c": "mine",
        "S": "BUY",
        "o": "LIMIT",
        "f": "GTC",
        "q": "0.50000000",
        "p": "59000.00000000",
        "P": "0.00000000",
        "F": "0.10000000",
        "g": -1,
        "C": "",
        "x": "NEW",
        "X": "NEW",
        "r": "NONE",
        "i": answer["orderId"],
        "l": "0.00000000",
        "z": "0.00000000",
        "L": "0.00000000",
        "n": "0",
        "N": None,
        "T": desk.now_ms,
        "t": -1,
        "I": report["I"],
        "w": True,
        "m": False,
        "M": False,
        "O": desk.now_ms,
        "Z": "0.00000000",
        "Y": "0.00000000",
        "Q": "0.00000000",
        "W": desk.now_ms,
        "j": 3,
        "V": "EXPIRE_MAKER",
    }
    assert position["e"] == "outboundAccountPosition"
    assert {"a": "USDT", "f": "70500.00000000", "l": "29500.00000000"} in position["B"]


def test_a_trade_is_told_with_its_commission_and_the_sums_so_far() -> None:
    desk = Desk()
    desk.place(**MARKET, quantity="1.5")
    messages = told(desk)
    assert reports(messages) == [
        ("NEW", "NEW"),
        ("TRADE", "PARTIALLY_FILLED"),
        ("TRADE", "FILLED"),
    ]
    last = messages[-2]
    assert (last["l"], last["L"], last["z"]) == ("0.50000000", "60002.00000000", "1.50000000")
    assert (last["Y"], last["Z"]) == ("30001.00000000", "90002.00000000")
    assert (last["n"], last["N"], last["m"], last["w"]) == ("0.00050000", "BTC", False, False)
    assert last["t"] == desk.market.tape.last_id


def test_a_cancel_is_told_under_the_id_of_its_request() -> None:
    desk = Desk()
    desk.place(newClientOrderId="mine")
    desk.signed(
        "DELETE", "order", symbol=SYMBOL, origClientOrderId="mine", newClientOrderId="stop-it"
    )
    report = told(desk)[-2]
    assert (report["x"], report["X"]) == ("CANCELED", "CANCELED")
    assert (report["c"], report["C"]) == ("stop-it", "mine")


def test_an_amend_is_told_as_a_replacement() -> None:
    desk = Desk()
    desk.place(newClientOrderId="mine")
    asked = {"symbol": SYMBOL, "origClientOrderId": "mine", "newQty": "0.2"}
    desk.signed("PUT", "order/amend/keepPriority", **asked, newClientOrderId="less")
    report = told(desk)[-2]
    assert (report["x"], report["X"], report["q"]) == ("REPLACED", "NEW", "0.20000000")
    assert (report["c"], report["C"]) == ("less", "mine")


def test_what_is_left_of_an_order_that_cannot_rest_expires() -> None:
    desk = Desk()
    desk.place(timeInForce="IOC", price="60001", quantity="1.2")
    assert reports(told(desk)) == [
        ("NEW", "NEW"),
        ("TRADE", "PARTIALLY_FILLED"),
        ("EXPIRED", "EXPIRED"),
    ]


def test_own_orders_that_meet_are_told_once() -> None:
    desk = Desk()
    desk.place(price="60000.50", quantity="0.3")
    told(desk)
    desk.place(side="SELL", price="60000.50", quantity="0.2")
    messages = told(desk)
    assert reports(messages) == [("NEW", "NEW"), ("TRADE_PREVENTION", "EXPIRED_IN_MATCH")]
    prevented = messages[2]
    assert (prevented["A"], prevented["z"]) == ("0.30000000", "0.00000000")


def test_a_stop_is_told_when_it_comes_into_the_book() -> None:
    desk = Desk()
    desk.place(
        side="SELL", type="STOP_LOSS_LIMIT", stopPrice="59500", price="59400", quantity="0.5"
    )
    assert told(desk)[0]["w"] is False
    desk.market.take("sell", D(59_100), D(10))
    desk.market.print_trade(D(59_300), D("0.1"))
    (report,) = told(desk)
    assert (report["x"], report["X"], report["w"]) == ("NEW", "NEW", True)


def test_a_list_is_told_before_its_orders_and_after_their_end() -> None:
    desk = Desk()
    answer = desk.signed(
        "POST",
        "orderList/oco",
        symbol=SYMBOL,
        side="SELL",
        quantity="1",
        aboveType="LIMIT_MAKER",
        abovePrice="62000",
        belowType="STOP_LOSS",
        belowStopPrice="58000",
        listClientOrderId="pair",
    )
    kinds = [(one["e"], one.get("l")) for one in told(desk)]
    assert kinds[0] == ("listStatus", "EXEC_STARTED")
    assert [kind for kind, _ in kinds].count("executionReport") == 2
    desk.signed("DELETE", "orderList", symbol=SYMBOL, orderListId=answer["orderListId"])
    messages = told(desk)
    assert reports(messages) == [("CANCELED", "CANCELED")] * 2
    last = messages[-1]
    assert (last["e"], last["l"], last["L"], last["C"]) == (
        "listStatus",
        "ALL_DONE",
        "ALL_DONE",
        "pair",
    )
    assert {one["i"] for one in last["O"]} == {leg["orderId"] for leg in answer["orders"]}


def test_a_deposit_is_told_as_what_it_added() -> None:
    desk = Desk()
    desk.state.exchange.deposit(desk.account, "ETH", D("1.5"))
    update, position = told(desk)
    assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "ETH", "1.50000000")
    assert position["B"] == [{"a": "ETH", "f": "21.50000000", "l": "0.00000000"}]
