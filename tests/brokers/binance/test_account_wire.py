"""The venue's own examples of what it says of orders and accounts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from brokers.binance import account_wire as wire

D = Decimal
CANCELED: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "origClientOrderId": "4d96324ff9d44481926157",
    "orderId": 12569099453,
    "orderListId": -1,
    "clientOrderId": "91fe37ce9e69c90d6358c0",
    "transactTime": 1684804350068,
    "price": "23416.10000000",
    "origQty": "0.00847000",
    "executedQty": "0.00001000",
    "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "0.23416100",
    "status": "CANCELED",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "SELL",
    "stopPrice": "0.00000000",
    "trailingDelta": 0,
    "icebergQty": "0.00000000",
    "strategyId": 37463720,
    "strategyType": 1000000,
    "selfTradePreventionMode": "NONE",
}


def test_the_cancel_of_an_order_is_of_that_order() -> None:
    (reply,) = wire.decode_canceled(json.dumps(CANCELED).encode())

    assert reply.original_client_order_id == "4d96324ff9d44481926157"
    assert (reply.size, reply.executed) == (D("0.00847"), D("0.00001"))
    assert (reply.strategy_id, reply.strategy_type) == (37463720, 1000000)


def test_the_cancel_of_one_of_a_list_is_of_all_its_orders() -> None:
    answer = {
        "orderListId": 19431,
        "contingencyType": "OCO",
        "listStatusType": "ALL_DONE",
        "orders": [],
        "orderReports": [CANCELED, {**CANCELED, "orderId": 12569099454}],
    }
    replies = wire.decode_canceled(json.dumps(answer).encode())

    assert [reply.order_id for reply in replies] == [12569099453, 12569099454]


def test_the_whole_size_is_what_may_trade() -> None:
    amended = {"symbol": "A", "orderId": 1, "clientOrderId": "x", "qty": "6", "executedQty": "1"}
    prevented = {**CANCELED, "preventedQuantity": "0.00100000"}

    assert wire.decode_order(json.dumps(amended).encode()).whole_size == 6
    assert wire.decode_order(json.dumps(prevented).encode()).whole_size == D("0.00747")


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (wire.decode_order, {"orderId": 1}),
        (wire.decode_orders, {}),
        (wire.decode_trades, [{"symbol": "A"}]),
        (wire.decode_account, {"balances": [{"asset": "A", "free": "x", "locked": "0"}]}),
        (wire.decode_canceled, {}),
    ],
)
def test_what_is_not_an_answer_is_no_answer(decode: Any, body: Any) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(json.dumps(body).encode())
