"""The control of a test venue: switches and truth, in process and over the wire."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest
import trio

from tests.venues.exchange.control import PATH, Control, Controller
from tests.venues.exchange.faults import Faults
from tests.venues.exchange.stage import SYMBOL, Stage, order
from tests.venues.wire.messages import Request, Response
from tests.venues.wire.server import serve


def make() -> tuple[Stage, Faults, Controller]:
    stage, faults = Stage(), Faults()
    words = {"twice": lambda asked: 2 * asked["number"]}
    return stage, faults, Controller(stage.exchange, faults, words)


def test_switches_are_turned_and_cleared() -> None:
    _, faults, control = make()
    control.do("switch", switches={"mute": True})
    assert faults.mute
    control.do("clear")
    assert not faults.mute


def test_the_truth_is_told_with_money_as_text() -> None:
    stage, _, control = make()
    record = stage.exchange.submit(stage.account, order(client_id="mine", price="60000.50"))
    control.do("fill", account="me", client_id="mine", size="0.2")
    told = control.do("truth")["accounts"]["me"]
    (one,) = told["orders"]
    assert (one["order_id"], one["client_id"]) == (record.order_id, "mine")
    assert (one["size"], one["filled"], one["status"]) == ("0.5", "0.20000", "partially_filled")
    assert told["executions"][0]["commission"] == "0.00020000"
    assert msgspec.json.decode(msgspec.json.encode(told)) == told


def test_others_orders_are_placed_taken_and_dropped() -> None:
    stage, _, control = make()
    number = control.do("place", symbol=SYMBOL, side="buy", price="60000.5", size="1")
    assert stage.market.best().bid == record_price("60000.5")
    control.do("drop", symbol=SYMBOL, number=number)
    control.do("take", symbol=SYMBOL, side="sell", price="59998", size="1.5")
    assert stage.market.bids(1) == [(59_998, record_price("0.5"))]
    control.do("print", symbol=SYMBOL, price="59999.5", size="0.1")
    assert stage.market.last_price == record_price("59999.5")


def record_price(text: str) -> object:
    return type(Stage().market.last_price)(text)


def test_orders_from_elsewhere_are_submitted_and_cancelled() -> None:
    stage, _, control = make()
    control.do(
        "submit",
        account="me",
        symbol=SYMBOL,
        side="buy",
        size="0.5",
        price="59000",
        client_id="away",
    )
    record = stage.account.by_client_id("away")
    assert record is not None
    assert record.is_open
    control.do("cancel", account="me", client_id="away")
    control.do("forge_fill", account="me", client_id="away", size="0.1")
    assert (record.status, str(record.filled)) == ("canceled", "0.1")
    control.do("deposit", account="me", asset="ETH", amount="-3")
    assert stage.held("ETH")[0] == -3


def test_what_cannot_be_done_is_said() -> None:
    _, _, control = make()
    for body in (
        b"no json",
        b'{"do": "dance"}',
        b'{"do": "place"}',
        b'{"do": "switch", "switches": {"mut": true}}',
        b'{"do": "fill", "account": "me", "client_id": "none", "size": "1"}',
        b'{"do": "take", "symbol": "BTCUSDT", "side": "buy", "price": "x", "size": "1"}',
    ):
        answer = control.answer(Request(method="POST", path=PATH, body=body))
        assert answer.status == 400
        assert b"error" in answer.body


async def test_the_other_end_asks_over_the_wire() -> None:
    _, faults, control = make()

    async def answer(request: Request) -> Response:
        return control.answer(request)

    def work(port: int) -> None:
        other = Control(port)
        other.switch(duplicate=True)
        assert other.truth()["faults"]["duplicate"] is True
        assert other.do("twice", number=21) == 42
        with pytest.raises(ValueError, match="no word of the control"):
            other.do("dance")
        other.close()

    async with trio.open_nursery() as nursery:
        port = await nursery.start(partial(serve, on_request=answer))
        await trio.to_thread.run_sync(work, port)
        nursery.cancel_scope.cancel()
    assert faults.duplicate
