"""Order types of the paper venue that wait, trail, reduce, expire or cancel each other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from brokers.paper.models import PaperOptions
from brokers.paper.venue import PaperVenue
from engine.messages import (
    Accepted,
    Ask,
    Bid,
    Canceled,
    Expired,
    Filled,
    Order,
    OrderEvent,
    Rejected,
    Tick,
    Trade,
)
from tests.support.venue import FQME, INSTRUMENT, START_NS

S = 1_000_000_000


class Floor:
    """A venue without delay, with one market, and what it said of each order."""

    def __init__(self) -> None:
        self.venue = PaperVenue(PaperOptions(delay_ms=0, jitter_ms=0, report_delay_ms=0))
        self.venue.open_market(INSTRUMENT)
        self.now_ns = START_NS
        self.said: dict[str, list[OrderEvent]] = {}
        self.at(100)

    def tell(self, *ticks: Tick) -> None:
        stamped = [replace(tick, venue_ns=self.now_ns, recv_ns=self.now_ns) for tick in ticks]
        for said in self.venue.on_ticks(FQME, stamped):
            self.said.setdefault(said.event.order_id, []).append(said.event)

    def at(self, price: float) -> None:
        """The market trades there, quoted one to each side."""
        self.now_ns += S
        bid, ask = Bid(FQME, price - 1, 50.0), Ask(FQME, price + 1, 50.0)
        self.tell(*((ask, bid) if price >= 100 else (bid, ask)), Trade(FQME, float(price), 0.5))

    def send(self, order_id: str, side: str, size: str = "1", **terms: Any) -> None:
        fields = {"account": "a", "fqme": FQME, "order_type": "market", "side": side, **terms}
        order = Order(order_id=order_id, size=Decimal(size), **fields)
        self.venue.submit(order, self.now_ns)
        for said in self.venue.advance(FQME, self.now_ns):
            self.said.setdefault(said.event.order_id, []).append(said.event)

    def kinds(self, order_id: str) -> list[type]:
        return [type(event) for event in self.said.get(order_id, [])]

    def position(self) -> Decimal:
        return sum((held.size for held in self.venue.positions("a")), Decimal(0))


def limit(price: float, **terms: Any) -> dict[str, Any]:
    return {"order_type": "limit", "price": Decimal(str(price)), **terms}


def test_a_take_profit_sale_waits_below_its_stop_and_trades_above() -> None:
    floor = Floor()
    floor.send("o", "sell", order_type="take_profit", stop_price=Decimal(105))
    floor.at(104)
    before = floor.kinds("o")
    floor.at(105)

    assert before == [Accepted]
    assert floor.kinds("o") == [Accepted, Filled]


@pytest.mark.parametrize(("unit", "trail"), [("price", "4"), ("percent", "3.7")])
def test_a_trailing_stop_ratchets_with_the_market(unit: str, trail: str) -> None:
    floor = Floor()
    floor.send("o", "sell", order_type="trailing_stop", trail=Decimal(trail), trail_unit=unit)
    for price in (103, 108, 106, 104.01):  # 3.7 % of 108 is 3.996, in whole ticks 4.00
        floor.at(price)
    before = floor.kinds("o")
    floor.at(104)

    assert before == [Accepted]
    assert floor.kinds("o") == [Accepted, Filled]


def test_a_trailing_stop_limit_order_rests_no_further_than_its_offset() -> None:
    floor = Floor()
    floor.send(
        "o", "buy", order_type="trailing_stop_limit", trail=Decimal(2), limit_offset=Decimal(0)
    )
    floor.at(95)
    floor.at(97)

    assert floor.kinds("o") == [Accepted]  # at 97, asked for at 98
    floor.tell(Ask(FQME, 97.0, 5.0))
    assert floor.kinds("o") == [Accepted, Filled]


def test_an_order_good_till_a_date_ends_with_the_first_tick_after_it() -> None:
    floor = Floor()
    until = floor.now_ns + 3 * S
    floor.send("o", "buy", **limit(90, time_in_force="gtd", expires_ns=until))
    floor.at(100)
    floor.at(100)
    before = floor.kinds("o")
    floor.at(80)  # it would have traded here

    assert before == [Accepted]
    assert floor.kinds("o") == [Accepted, Expired]


def test_a_market_order_that_reduces_closes_no_more_than_is_held() -> None:
    floor = Floor()
    floor.send("none", "sell", reduce_only=True)
    floor.send("in", "buy", "2")
    floor.send("out", "sell", "5", reduce_only=True)

    assert floor.kinds("none") == [Rejected]
    assert floor.kinds("out") == [Accepted, Filled, Expired]
    assert floor.position() == 0


def test_the_first_of_a_group_to_trade_cancels_the_others() -> None:
    floor = Floor()
    floor.send("profit", "sell", **limit(105, link_group="g"))
    floor.send("stop", "sell", order_type="stop", stop_price=Decimal(95), link_group="g")
    floor.at(106)
    floor.send("late", "sell", **limit(105, link_group="g"))

    assert floor.kinds("profit") == [Accepted, Filled]
    assert floor.kinds("stop") == [Accepted, Canceled]
    assert floor.kinds("late") == [Rejected]


def test_a_group_is_over_when_one_of_it_is_canceled() -> None:
    floor = Floor()
    floor.send("one", "sell", **limit(105, link_group="g"))
    floor.send("two", "sell", **limit(106, link_group="g"))
    order = next(order for order in floor.venue.open_orders("a") if order.order_id == "one")
    floor.venue.cancel(order, floor.now_ns)
    floor.at(100)

    assert floor.kinds("one") == [Accepted, Canceled]
    assert floor.kinds("two") == [Accepted, Canceled]


ORDERS = st.tuples(
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 4),
    st.sampled_from([None, 96, 98, 100, 102, 104]),
    st.booleans(),
)
STEPS = st.lists(ORDERS | st.sampled_from([95, 98, 100, 102, 105]), max_size=25)


@given(steps=STEPS)
def test_reduce_only_orders_never_open_or_flip_a_position(steps: list[Any]) -> None:
    floor = Floor()
    reducing: set[str] = set()
    for number, step in enumerate(steps):
        before = {order_id: len(events) for order_id, events in floor.said.items()}
        held = floor.position()
        if isinstance(step, int):
            floor.at(step)
        else:
            side, size, price, reduces = step
            terms = {} if price is None else limit(price)
            if reduces:
                reducing.add(str(number))
            floor.send(str(number), side, str(size), reduce_only=reduces, **terms)
        for fill in sorted(new_fills(floor, before), key=lambda fill: fill[0]):
            _, order_id, change = fill
            if order_id in reducing:
                assert held * change < 0, "it opened a position"
                assert (held + change) * held >= 0, "it flipped the position"
            held += change
        assert held == floor.position()


def new_fills(floor: Floor, before: dict[str, int]) -> list[tuple[int, str, Decimal]]:
    """(place among all fills, order, signed size) of what traded in this step."""
    order = [(fill.order_id, fill.trade_id) for fill in floor.venue.fills("a", 0)]
    sides = {fill.order_id: fill.side for fill in floor.venue.fills("a", 0)}
    return [
        (
            order.index((order_id, event.trade_id)),
            order_id,
            event.size if sides[order_id] == "buy" else -event.size,
        )
        for order_id, events in floor.said.items()
        for event in events[before.get(order_id, 0) :]
        if isinstance(event, Filled)
    ]
