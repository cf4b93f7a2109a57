"""What binds orders of one owner: positions that are reduced, groups of which one is enough."""

from __future__ import annotations

from brokers.sim.book import BookSide
from brokers.sim.guards import GROUP_OVER, NOTHING_TO_REDUCE, Guards
from brokers.sim.orders import BUY, SELL, NewOrder, WorkingOrder


def order(number: int, side: int, size: int, **terms: object) -> WorkingOrder:
    return WorkingOrder(number, NewOrder("me", side, size, "limit", 100, **terms))


def test_an_order_that_only_reduces_has_the_room_of_the_position() -> None:
    guards = Guards()
    exit_order = order(1, SELL, 5, reduce_only=True)
    assert guards.room(exit_order) == 0
    assert guards.fault(NewOrder("me", SELL, 5, reduce_only=True)) == NOTHING_TO_REDUCE
    guards.trade(order(2, BUY, 3), 3)

    assert guards.room(exit_order) == 3
    assert guards.room(order(3, BUY, 5, reduce_only=True)) == 0
    assert guards.fault(NewOrder("me", SELL, 5, reduce_only=True)) == ""


def test_what_rests_and_has_nothing_left_to_reduce_is_named() -> None:
    guards = Guards()
    guards.trade(order(1, BUY, 3), 3)
    resting = order(2, SELL, 5, reduce_only=True)
    guards.rest(resting)
    assert guards.spent("me") == []
    guards.trade(order(3, SELL, 3), 3)

    assert guards.spent("me") == [resting]
    guards.leave(resting)
    assert guards.spent("me") == []


def test_a_group_is_over_once_and_takes_no_more() -> None:
    guards = Guards()
    first, second = order(1, BUY, 1, link="g"), order(2, BUY, 1, link="g")
    for one in (first, second):
        guards.enter(one)

    assert guards.end_group(first) == [2]
    assert guards.end_group(second) == []
    assert guards.fault(NewOrder("me", BUY, 1, "limit", 100, link="g")) == "its group is over"
    assert guards.fault(NewOrder("you", BUY, 1, "limit", 100, link="g")) == ""
    assert GROUP_OVER


def test_foresight_counts_a_linked_pair_once_and_changes_nothing() -> None:
    guards, asks = Guards(), BookSide(-1)
    for number in (1, 2):
        asks.add(order(number, SELL, 3, link="g"), 100)
    asks.add(WorkingOrder(3, NewOrder("", SELL, 2, "limit", 101)), 101)
    taker = WorkingOrder(9, NewOrder("you", BUY, 5, "limit", 101))

    assert guards.can_fill(taker, asks)
    taker.left = 6
    assert not guards.can_fill(taker, asks)
    assert guards.positions == {}
