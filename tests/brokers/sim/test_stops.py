"""Orders that wait for their stop: who is touched next, and who trails."""

from __future__ import annotations

from typing import Any

from brokers.sim.orders import BUY, SELL, NewOrder, WorkingOrder
from brokers.sim.stops import Stops, is_touched


def waiting(stops: Stops, number: int, side: int, stop: int | None = None, **terms: Any) -> None:
    kind = terms.pop("kind", "stop" if stop is not None else "trailing_stop")
    order = WorkingOrder(number, NewOrder("", side, 1, kind, None, stop, **terms))
    if order.trails:
        order.follow(100)
    stops.add(order)


def touched(stops: Stops, price: int) -> int | None:
    order = stops.touched(price)
    return None if order is None else order.order_id


def test_the_nearest_stop_is_touched_first_and_of_equals_the_oldest() -> None:
    stops = Stops()
    waiting(stops, 1, BUY, 105)
    waiting(stops, 2, BUY, 103)
    waiting(stops, 3, BUY, 103)

    assert touched(stops, 102) is None
    assert touched(stops, 110) == 2
    order = stops.touched(110)
    assert order is not None
    stops.remove(order)
    assert touched(stops, 110) == 3
    assert len(stops) == 2, "prices"


def test_a_profit_is_taken_from_the_other_side_than_a_stop() -> None:
    stops = Stops()
    waiting(stops, 1, SELL, 105, kind="take_profit")
    waiting(stops, 2, SELL, 95)

    assert (touched(stops, 100), touched(stops, 105), touched(stops, 95)) == (None, 1, 2)


def test_trails_follow_the_market_only_towards_it() -> None:
    stops = Stops()
    waiting(stops, 1, SELL, trail=3)
    waiting(stops, 2, BUY, trail=3)
    for price in (104, 102):
        stops.follow(price)

    assert [level.price for level in stops.side(SELL)] == [101]
    assert [level.price for level in stops.side(BUY)] == [103]
    assert (touched(stops, 102), touched(stops, 101)) == (None, 1)


def test_what_waits_is_nobodys_business() -> None:
    stops = Stops()
    waiting(stops, 1, SELL, trail=3)
    stops.follow(105)

    assert not stops.side(SELL).changed
    assert not stops.side(BUY).changed


def test_nothing_is_touched_before_a_first_trade() -> None:
    order = WorkingOrder(1, NewOrder("", BUY, 1, "stop", None, 100))

    assert not is_touched(order, None)
    assert is_touched(order, 100)
