"""Where orders are kept: in step with each other, whatever happens to them."""

from __future__ import annotations

from brokers.sim.orders import BUY, SELL, NewOrder, WorkingOrder
from brokers.sim.working import WorkingOrders


def limit(number: int, side: int, size: int, price: int, shown: int = 0) -> WorkingOrder:
    return WorkingOrder(number, NewOrder("me", side, size, "limit", price, shown=shown))


def test_what_is_reduced_to_nothing_is_gone_everywhere() -> None:
    working = WorkingOrders()
    order = limit(1, BUY, 5, 100)
    working.rest(order)
    working.reduce(order, 2)
    assert (order.left, working.sides[BUY].size_at(100)) == (3, 3)
    working.reduce(order, 3)

    assert not working.orders
    assert working.sides[BUY].best is None
    assert working.best_against(SELL) is None


def test_an_iceberg_shows_its_next_part_only_when_nothing_of_it_is_seen() -> None:
    working = WorkingOrders()
    iceberg, other = limit(1, SELL, 5, 100, shown=2), limit(2, SELL, 5, 100)
    working.rest(iceberg)
    working.rest(other)
    working.reduce(iceberg, 1)
    assert not working.refresh(iceberg)
    working.reduce(iceberg, 1)
    assert working.refresh(iceberg)

    assert [order.order_id for order in working.sides[SELL].orders_at(100)] == [2, 1]
    assert (iceberg.visible, iceberg.left, working.sides[SELL].size_at(100)) == (2, 3, 7)


def test_the_next_to_expire_is_one_that_still_works() -> None:
    working = WorkingOrders()
    for number, until in ((1, 30), (2, 10), (3, 20)):
        new = NewOrder("", BUY, 1, "limit", 90 + number, time_in_force="gtd", expires_ns=until)
        working.rest(WorkingOrder(number, new))
    working.drop(working.orders[2])

    first = working.next_to_expire
    assert first is not None
    assert first.order_id == 3


def test_a_stop_waits_beside_the_book_and_may_shrink_there() -> None:
    working = WorkingOrders()
    stop = WorkingOrder(1, NewOrder("", BUY, 5, "stop", None, 105))
    working.wait(stop)
    working.shrink(stop, 2)

    assert working.sides[BUY].best is None
    assert working.stops.side(BUY).size_at(105) == stop.left == 2
