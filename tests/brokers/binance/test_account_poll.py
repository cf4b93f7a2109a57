"""What became of orders while no events came."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from brokers.binance.account_history import AccountHistory
from brokers.binance.account_poll import poll
from brokers.binance.account_wire import OrderReply
from brokers.binance.order_table import OrderTable
from engine.messages import Accepted, Amended, Canceled, Expired, Fill, Filled
from tests.brokers.binance.test_order_table import order, reply

D = Decimal


class Venue:
    """What it would say, set by hand."""

    def __init__(self) -> None:
        self.open: list[OrderReply] = []
        self.ended: dict[int, OrderReply] = {}
        self.fills: dict[int, list[Fill]] = {}
        self.asked: list[tuple[str, int]] = []

    async def open_replies(self) -> list[OrderReply]:
        return self.open

    async def reply(self, symbol: str, venue_id: int) -> OrderReply | None:
        self.asked.append(("order", venue_id))
        return self.ended.get(venue_id)

    async def fills_of(self, symbol: str, venue_id: int, order_id: str) -> list[Fill]:
        self.asked.append(("fills", venue_id))
        return self.fills.get(venue_id, [])


def fill(trade_id: int, size: str) -> Fill:
    return Fill(
        order_id="o1",
        account="main",
        fqme="btcusdt.spot.binance",
        trade_id=str(trade_id),
        side="buy",
        price=D("99.5"),
        size=D(size),
    )


async def look(venue: Venue, table: OrderTable) -> list[Any]:
    return list(await poll(table, cast(AccountHistory, venue)))


def placed() -> tuple[Venue, OrderTable]:
    """One order that works, as far as is known."""
    table = OrderTable()
    table.send(order(), "BTCUSDT")
    table.placed("o1", reply())
    return Venue(), table


async def test_nothing_new_is_nothing_to_tell_and_asks_for_no_fills() -> None:
    venue, table = placed()
    venue.open = [reply()]

    assert await look(venue, table) == []
    assert venue.asked == []


async def test_fills_of_an_order_that_works_are_told_once() -> None:
    venue, table = placed()
    venue.open = [reply(executedQty="4", status="PARTIALLY_FILLED")]
    venue.fills[1] = [fill(7, "4")]
    first, second = await look(venue, table), await look(venue, table)

    assert [(type(event), event.size) for event in first] == [(Filled, D(4))]
    assert second == []
    assert venue.asked == [("fills", 1)]


async def test_fills_come_before_the_end_that_follows_them() -> None:
    venue, table = placed()
    venue.ended[1] = reply(executedQty="4", status="EXPIRED")
    venue.fills[1] = [fill(7, "4")]

    assert [type(event) for event in await look(venue, table)] == [Filled, Expired]
    assert await look(venue, table) == []


async def test_an_order_that_was_canceled_is_told_so() -> None:
    venue, table = placed()
    venue.ended[1] = reply(status="CANCELED", clientOrderId="x")

    assert [type(event) for event in await look(venue, table)] == [Canceled]


async def test_an_order_that_was_replaced_is_told_as_an_amend() -> None:
    venue, table = placed()
    venue.open = [reply(orderId=2, price="101")]

    assert [type(event) for event in await look(venue, table)] == [Amended]


async def test_an_order_made_elsewhere_is_told_of() -> None:
    venue, table = Venue(), OrderTable()
    venue.open = [reply(clientOrderId="web_1")]
    (event,) = await look(venue, table)

    assert isinstance(event, Accepted)
    assert event.order_id == ":web_1"


async def test_an_order_that_the_venue_never_confirmed_is_left_to_the_engine() -> None:
    venue, table = Venue(), OrderTable()
    table.send(order(), "BTCUSDT")

    assert await look(venue, table) == []
    assert venue.asked == []
