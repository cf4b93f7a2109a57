"""The matching engine: its rules, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from brokers.sim.events import Changed, Elected, Entered, Executed, Refreshed, Removed
from brokers.sim.matching import MatchingEngine
from brokers.sim.orders import BUY, SELL, NewOrder
from tests.support.matching import Desk, ends, number_of, refusal, trades

# -- price and time ---------------------------------------------------------------------------


def test_takes_the_best_price_first_and_there_the_oldest_order() -> None:
    desk = Desk()
    worse = number_of(desk.sell(5, 102))
    first = number_of(desk.sell(5, 101))
    second = number_of(desk.sell(5, 101))

    events = desk.buy(12, 102)

    assert trades(events) == [(101, 5, first), (101, 5, second), (102, 2, worse)]
    assert desk.book(SELL) == [(102, [(worse, 3)])]
    assert desk.book(BUY) == []


def test_rests_with_what_its_limit_leaves_over() -> None:
    desk = Desk()
    desk.sell(5, 101)
    desk.sell(5, 103)

    number = number_of(desk.buy(8, 102))

    assert desk.book(BUY) == [(102, [(number, 3)])]
    assert desk.engine.last_price == 101


def test_ends_a_market_order_when_nothing_is_left_to_take() -> None:
    desk = Desk()
    desk.buy(4, 99)

    events = desk.sell(10)

    assert trades(events) == [(99, 4, 1)]
    assert ends(events) == [(2, "expired", 6)]
    assert desk.book(BUY) == desk.book(SELL) == []


def test_ends_the_rest_of_an_immediate_or_cancel_order() -> None:
    desk = Desk()
    desk.sell(4, 101)

    events = desk.buy(10, 101, time_in_force="ioc")

    assert trades(events) == [(101, 4, 1)]
    assert ends(events) == [(2, "expired", 6)]


@pytest.mark.parametrize(("size", "is_filled"), [(9, True), (10, False)])
def test_fills_a_fill_or_kill_order_whole_or_not_at_all(size: int, is_filled: bool) -> None:
    desk = Desk()
    desk.sell(4, 101)
    desk.sell(5, 102)
    desk.sell(5, 103)

    events = desk.buy(size, 102, time_in_force="fok")

    assert sum(traded for _, traded, _ in trades(events)) == (size if is_filled else 0)
    assert ends(events) == ([] if is_filled else [(4, "expired", size)])


def test_refuses_a_post_only_order_at_the_price_that_would_take() -> None:
    desk = Desk()
    desk.sell(4, 101)

    assert refusal(desk.buy(1, 101, post_only=True)) == "post-only order would take"
    number = number_of(desk.buy(1, 100, post_only=True))
    assert desk.book(BUY) == [(100, [(number, 1)])]


@pytest.mark.parametrize(
    "order",
    [
        NewOrder("", BUY, 0, "limit", 100),
        NewOrder("", 0, 1, "limit", 100),
        NewOrder("", BUY, 1, "limit"),
        NewOrder("", BUY, 1, "market", 100),
        NewOrder("", BUY, 1, "stop"),
        NewOrder("", BUY, 1, "limit", 100, stop_price=99),
        NewOrder("", BUY, 1, "market", post_only=True),
        NewOrder("", BUY, 1, "limit", 100, time_in_force="ioc", post_only=True),
    ],
)
def test_refuses_orders_that_contradict_themselves(order: NewOrder) -> None:
    assert refusal(MatchingEngine().submit(order, 1))


# -- amend and cancel -------------------------------------------------------------------------


def test_keeps_the_place_in_the_queue_when_the_size_shrinks() -> None:
    desk = Desk()
    first, second = number_of(desk.buy(5, 99)), number_of(desk.buy(5, 99))

    (changed,) = desk.amend(first, None, 3)

    assert changed == Changed(desk.time_ns, first, 3, 99, None, True)
    assert desk.book(BUY) == [(99, [(first, 3), (second, 5)])]


@pytest.mark.parametrize(("price", "size"), [(None, 6), (99, 6)])
def test_loses_the_place_in_the_queue_when_the_size_grows(price: int | None, size: int) -> None:
    desk = Desk()
    first, second = number_of(desk.buy(5, 99)), number_of(desk.buy(5, 99))

    desk.amend(first, price, size)

    assert desk.book(BUY) == [(99, [(second, 5), (first, 6)])]


def test_loses_the_place_when_the_price_moves_away_and_back() -> None:
    desk = Desk()
    first, second = number_of(desk.buy(5, 99)), number_of(desk.buy(5, 99))

    desk.amend(first, 98, 5)
    desk.amend(first, 99, 5)

    assert desk.book(BUY) == [(99, [(second, 5), (first, 5)])]


def test_trades_when_an_amend_moves_it_through_the_market() -> None:
    desk = Desk()
    ask, bid = number_of(desk.sell(5, 101)), number_of(desk.buy(8, 99))

    events = desk.amend(bid, 101, 8)

    assert trades(events) == [(101, 5, ask)]
    assert desk.book(BUY) == [(101, [(bid, 3)])]


def test_counts_the_filled_part_in_an_amended_size() -> None:
    desk = Desk()
    bid = number_of(desk.buy(10, 99))
    desk.sell(4, 99)

    assert refusal(desk.amend(bid, None, 4)) == "size is not above what is filled"
    desk.amend(bid, None, 7)

    assert desk.book(BUY) == [(99, [(bid, 3)])]


def test_leaves_a_post_only_order_where_it_is_when_its_amend_would_take() -> None:
    desk = Desk()
    desk.sell(5, 101)
    bid = number_of(desk.buy(5, 99, post_only=True))

    assert refusal(desk.amend(bid, 101, 5)) == "post-only order would take"
    assert desk.book(BUY) == [(99, [(bid, 5)])]


def test_refuses_requests_for_orders_that_do_not_work() -> None:
    desk = Desk()
    bid = number_of(desk.buy(5, 99))
    desk.sell(5, 99)

    assert refusal(desk.cancel(bid)) == "the order is not working"
    assert refusal(desk.amend(bid, 98, 5)) == "the order is not working"
    assert refusal(desk.cancel(77)) == "the order is not working"


def test_numbers_levels_that_changed_until_they_are_taken_note_of() -> None:
    desk = Desk()
    desk.buy(5, 99)
    desk.buy(5, 98)
    desk.sell(7, 98)

    assert list(desk.engine.bids.changed) == [99, 98]
    assert [desk.engine.bids.size_at(price) for price in (99, 98)] == [0, 3]


# -- stops ------------------------------------------------------------------------------------


def test_elects_a_stop_by_the_trade_that_reaches_it() -> None:
    desk = Desk(last_price=100)
    desk.sell(5, 101)
    desk.sell(5, 103)
    stop = number_of(desk.buy(2, kind="stop", stop_price=101))
    assert [order.order_id for order in desk.engine.stops(BUY).best.orders.values()] == [stop]

    events = desk.buy(1, 101)

    assert Elected(desk.time_ns, stop, 101) in events
    assert trades(events) == [(101, 1, 1), (101, 2, 1)]
    assert desk.engine.stops(BUY).best is None


def test_elects_stops_one_after_the_other_as_they_push_the_price() -> None:
    desk = Desk(last_price=100)
    for price in (99, 98, 97):
        desk.buy(1, price)
    far = number_of(desk.sell(1, kind="stop", stop_price=98))
    near = number_of(desk.sell(1, kind="stop", stop_price=99))

    events = desk.sell(1)

    assert [e.order_id for e in events if isinstance(e, Elected)] == [near, far]
    assert [price for price, _, _ in trades(events)] == [99, 98, 97]


def test_lets_an_elected_stop_limit_rest_at_its_limit() -> None:
    desk = Desk(last_price=100)
    desk.sell(1, 101)
    desk.sell(9, 104)
    stop = number_of(desk.buy(3, 102, kind="stop_limit", stop_price=101))

    desk.buy(1)

    assert desk.book(BUY) == [(102, [(stop, 3)])]


def test_elects_a_stop_at_once_that_comes_too_late() -> None:
    desk = Desk(last_price=100)
    desk.buy(5, 95)

    events = desk.sell(2, kind="stop", stop_price=101)

    assert [type(event) for event in events] == [Entered, Elected, Executed]


def test_moves_and_cancels_a_waiting_stop() -> None:
    desk = Desk(last_price=100)
    desk.sell(5, 105)
    stop = number_of(desk.buy(2, kind="stop", stop_price=110))

    (changed,) = desk.amend(stop, 107, 2)
    assert changed == Changed(desk.time_ns, stop, 2, None, 107, False)
    assert desk.engine.touch(106, desk.time_ns) == []
    assert ends(desk.cancel(stop)) == [(stop, "canceled", 2)]
    assert desk.engine.touch(110, desk.time_ns) == []


# -- stops that trail, profits that are taken, positions that are only reduced ----------------


def test_a_take_profit_order_is_elected_from_the_other_side_than_a_stop() -> None:
    desk = Desk(100)
    desk.buy(5, 104)
    profit = number_of(desk.sell(2, kind="take_profit", stop_price=103))
    events = desk.sell(1, 104)

    assert trades(events) == [(104, 1, 1), (104, 2, 1)]
    assert [e.order_id for e in events if isinstance(e, Elected)] == [profit]


def test_a_trailing_stop_follows_the_market_up_and_never_down() -> None:
    desk = Desk(100)
    stop = number_of(desk.sell(2, kind="trailing_stop", trail=3))
    at = []
    for price in (101, 105, 103, 104):
        desk.engine.touch(price, 1)
        order = desk.engine.order(stop)
        at.append(order and order.stop_price)
    events = desk.engine.touch(102, 1)

    assert at == [98, 102, 102, 102]
    assert [type(event) for event in events] == [Elected, Removed]


def test_a_trail_in_percent_is_rounded_away_from_the_market() -> None:
    desk = Desk(1003)
    sale = number_of(desk.sell(1, kind="trailing_stop", trail_ppm=10_000))
    buy = number_of(desk.buy(1, kind="trailing_stop", trail_ppm=10_000))

    # One percent of 1003 is 10.03 ticks.
    assert [order.stop_price for order in desk.engine.orders()] == [992, 1014]
    assert (sale, buy) == (1, 2)


def test_a_trailing_stop_limit_order_trades_no_further_than_its_offset() -> None:
    desk = Desk(100)
    stop = number_of(desk.sell(2, kind="trailing_stop_limit", trail=2, limit_offset=1))
    desk.engine.touch(98, 1)

    assert desk.book(SELL) == [(97, [(stop, 2)])]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"kind": "trailing_stop"}, "trailing orders, and only they, need one trail"),
        ({"kind": "market", "trail": 1}, "trailing orders, and only they, need one trail"),
        (
            {"kind": "trailing_stop", "trail": 1, "trail_ppm": 1},
            "trailing orders, and only they, need one trail",
        ),
        ({"kind": "trailing_stop", "trail": -1}, "a trail is a distance less than the price"),
        (
            {"kind": "trailing_stop", "trail": 1, "limit_offset": 1},
            "only a trailing stop-limit order has a limit offset",
        ),
        (
            {"kind": "market", "time_in_force": "gtd"},
            "gtd orders, and only they, need a time to end at",
        ),
        ({"kind": "market", "expires_ns": 9}, "gtd orders, and only they, need a time to end at"),
        ({"kind": "market", "reduce_only": True}, "there is nothing to reduce"),
    ],
)
def test_refuses_terms_that_do_not_fit(terms: dict[str, Any], reason: str) -> None:
    assert refusal(Desk(100).sell(1, None, "me", **terms)) == reason


def test_there_is_nothing_to_trail_before_a_first_trade() -> None:
    assert (
        refusal(Desk().sell(1, kind="trailing_stop", trail=1)) == "there is no price to trail yet"
    )


def test_several_reduce_only_orders_together_close_a_position_and_no_more() -> None:
    desk = Desk()
    desk.sell(5, 100)
    desk.buy(5, 100, "me")
    near = number_of(desk.sell(4, 101, "me", reduce_only=True))
    far = number_of(desk.sell(4, 102, "me", reduce_only=True))
    other = number_of(desk.sell(4, 103, "me", reduce_only=True))

    events = desk.buy(9, 103)

    assert trades(events) == [(101, 4, near), (102, 1, far)]
    assert ends(events) == [(far, "expired", 3), (other, "expired", 4)]
    assert desk.engine.position("me") == 0


def test_a_reduce_only_order_that_takes_stops_at_a_flat_position() -> None:
    desk = Desk()
    desk.sell(2, 100)
    desk.buy(2, 100, "me")
    desk.buy(9, 99)

    events = desk.sell(5, None, "me", reduce_only=True)

    assert [(price, size) for price, size, _ in trades(events)] == [(99, 2)]
    assert [(cause, left) for _, cause, left in ends(events)] == [("expired", 3)]


def test_an_order_good_till_a_date_ends_at_it() -> None:
    desk = Desk()
    number = number_of(desk.buy(2, 99, time_in_force="gtd", expires_ns=50))

    assert desk.engine.next_expiry_ns == 50
    assert desk.engine.expire(49) == []
    assert desk.engine.expire(60) == [Removed(50, number, 2, "expired", "its time is over")]
    assert desk.engine.next_expiry_ns is None


def test_the_first_of_a_group_to_trade_cancels_the_others() -> None:
    desk = Desk(100)
    profit = number_of(desk.sell(5, 105, "me", link="g"))
    stop = number_of(desk.sell(5, None, "me", kind="stop", stop_price=95, link="g"))

    events = desk.buy(2, 105)

    assert trades(events) == [(105, 2, profit)]
    assert ends(events) == [(stop, "canceled", 5)]
    assert refusal(desk.sell(5, 106, "me", link="g")) == "its group is over"
    assert trades(desk.buy(3, 105)) == [(105, 3, profit)]


# -- icebergs -----------------------------------------------------------------------------------


def test_an_iceberg_shows_its_next_part_behind_the_others() -> None:
    desk = Desk()
    iceberg = number_of(desk.sell(10, 101, shown=4))
    other = number_of(desk.sell(3, 101))
    assert desk.depth(SELL) == [(101, 2, 7)]

    events = desk.buy(9, 101)

    assert trades(events) == [(101, 4, iceberg), (101, 3, other), (101, 2, iceberg)]
    assert [e.shown for e in events if isinstance(e, Refreshed)] == [4]
    assert desk.depth(SELL) == [(101, 1, 2)]
    assert desk.book(SELL) == [(101, [(iceberg, 4)])]


def test_a_taker_reaches_what_is_hidden_before_a_worse_price() -> None:
    desk = Desk()
    iceberg = number_of(desk.sell(10, 101, shown=1))
    desk.sell(1, 102)

    assert trades(desk.buy(10, 102)) == [(101, 1, iceberg)] * 10


def test_what_is_hidden_counts_for_a_fill_or_kill_order() -> None:
    desk = Desk()
    desk.sell(10, 101, shown=1)

    killed, filled = (desk.buy(size, 101, time_in_force="fok") for size in (11, 10))

    assert trades(killed) == []
    assert sum(size for _, size, _ in trades(filled)) == 10


def test_an_iceberg_gives_up_what_is_hidden_first_and_keeps_its_place() -> None:
    desk = Desk()
    iceberg, other = number_of(desk.buy(10, 99, shown=4)), number_of(desk.buy(5, 99))

    desk.amend(iceberg, None, 5)
    assert desk.depth(BUY) == [(99, 2, 9)]
    desk.amend(iceberg, None, 3)

    assert desk.depth(BUY) == [(99, 2, 8)]
    assert desk.book(BUY) == [(99, [(iceberg, 3), (other, 5)])]


def test_an_iceberg_that_grows_goes_to_the_back_with_what_is_left_of_its_part() -> None:
    desk = Desk()
    iceberg, other = number_of(desk.buy(10, 99, shown=4)), number_of(desk.buy(5, 99))
    desk.sell(1, 99)

    desk.amend(iceberg, None, 12)

    assert desk.book(BUY) == [(99, [(other, 5), (iceberg, 11)])]
    assert desk.depth(BUY) == [(99, 2, 5 + 3)]


def test_a_canceled_iceberg_takes_what_is_hidden_with_it() -> None:
    desk = Desk()
    iceberg = number_of(desk.buy(10, 99, shown=4))

    assert ends(desk.cancel(iceberg)) == [(iceberg, "canceled", 10)]
    assert desk.depth(BUY) == []


@pytest.mark.parametrize(
    "terms",
    [
        {"time_in_force": "ioc"},
        {"time_in_force": "fok"},
        {"kind": "stop", "stop_price": 90},
        {"kind": "market"},
    ],
)
def test_only_what_rests_can_be_an_iceberg(terms: dict[str, Any]) -> None:
    price = None if "kind" in terms else 99
    reason = refusal(Desk(100).buy(10, price, shown=4, **terms))
    assert reason == "only an order that can rest can be an iceberg"
    assert refusal(Desk().buy(10, 99, shown=-1)) == "an iceberg shows a part of itself"
