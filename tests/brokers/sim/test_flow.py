"""The crowd: who quotes, who takes, who waits, and that its steps are its own."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.sim.events import Entered, Event, Executed, Refused, Removed, log_line
from brokers.sim.flow import Flow
from brokers.sim.history import MINUTE_NS, History
from brokers.sim.instruments import LISTINGS, Listing
from brokers.sim.matching import MatchingEngine
from brokers.sim.orders import BUY, SELL, NewOrder
from engine.clock import NANOS

START_NS = 1_795_226_417 * NANOS
BTC = LISTINGS[0]

each_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.fqme)


class Street:
    """A crowd with its matching engine, its book open."""

    def __init__(self, listing: Listing = BTC, seed: int = 7, last: int | None = None) -> None:
        self.history = History(listing, seed)
        self.last = self.history.last_before(START_NS) if last is None else last
        self.engine = MatchingEngine(self.last)
        self.flow = Flow(self.history, self.engine, seed, START_NS, self.last)
        self.now_ns = START_NS
        self.events: list[Event] = self.flow.open_book(START_NS)

    def go(self, seconds: float) -> list[Event]:
        """What the crowd does in that time."""
        self.now_ns += round(seconds * NANOS)
        done: list[Event] = []
        while self.flow.next_ns <= self.now_ns:
            done += self.flow.step()
        self.events += done
        return done

    def best(self, side: int) -> int:
        level = self.engine.side(side).best
        assert level is not None
        return level.price

    def path(self, time_ns: int) -> float:
        """Fair value of the path alone, at a full second."""
        minute, within = divmod(time_ns, MINUTE_NS)
        return float(self.history.reference(minute)[1][within // NANOS])


# -- the book ----------------------------------------------------------------------------------


@each_listing
def test_a_book_that_opens_has_two_sides_around_the_last_price(listing: Listing) -> None:
    street = Street(listing)
    wide = 3.0 * (2.0 * listing.half_spread + listing.level_gap) + 2

    assert street.best(BUY) < street.best(SELL)
    assert abs(street.best(BUY) - street.last) <= wide
    assert abs(street.best(SELL) - street.last) <= wide
    assert {type(event) for event in street.events} <= {Entered}
    assert len(street.events) >= listing.makers * 9


@each_listing
def test_the_quotes_of_a_maker_lead_away_from_the_market_ever_further(listing: Listing) -> None:
    street = Street(listing)
    prices = [
        event.order.price * event.order.side
        for event in street.events
        if isinstance(event, Entered) and event.order.price is not None
    ]
    for maker in range(listing.makers):
        for side in (0, 1):
            start = (2 * maker + side) * 9
            steps = [before - after for before, after in pairwise(prices[start : start + 9])]
            assert min(steps) >= 1
            assert steps[-1] > steps[0]


@each_listing
def test_whatever_happens_there_are_quotes_on_both_sides_and_they_never_cross(
    listing: Listing,
) -> None:
    street = Street(listing)
    empty = 0
    for _ in range(600):
        street.go(0.5)
        bids, asks = street.engine.bids.best, street.engine.asks.best
        if bids is None or asks is None:
            empty += 1
        else:
            assert bids.price < asks.price
            assert bids.price >= 1

    assert empty == 0


@each_listing
def test_what_the_crowd_asks_for_is_never_refused_as_nonsense(listing: Listing) -> None:
    street = Street(listing)
    street.go(300.0)
    refused = [event for event in street.events if isinstance(event, Refused)]
    orders = [event.order for event in street.events if isinstance(event, Entered)]

    assert [event.reason for event in refused if event.request != "new"] == []
    assert all(order.size >= 1 and order.owner == "" for order in orders)
    assert all(order.price is not None and order.price >= 1 for order in orders)
    assert {order.time_in_force for order in orders} == {"gtc", "ioc"}
    assert all(order.post_only == (order.time_in_force == "gtc") for order in orders)


def test_a_price_near_zero_still_has_a_market() -> None:
    street = Street(last=2)
    street.go(20.0)

    assert street.flow.fair(street.now_ns) >= 2.0
    assert street.best(SELL) > 1


# -- time --------------------------------------------------------------------------------------


def test_actions_come_in_order_and_each_at_a_time_of_its_own_agent() -> None:
    street = Street()
    times: list[int] = []
    for _ in range(2000):
        times.append(street.flow.next_ns)
        street.flow.step()

    assert all(before <= after for before, after in pairwise(times))
    assert times[0] > START_NS


@settings(max_examples=10)
@given(st.lists(st.floats(0.01, 20.0), min_size=1, max_size=20))
def test_it_makes_no_difference_in_which_steps_time_goes_on(steps: list[float]) -> None:
    whole, parts = Street(), Street()
    for step in steps:
        parts.go(step)
    whole.now_ns = parts.now_ns
    whole.go(0.0)

    assert list(map(log_line, whole.events)) == list(map(log_line, parts.events))


def test_another_seed_makes_another_crowd() -> None:
    first, second = Street(seed=7), Street(seed=8)

    assert [json.loads(log_line(event)) for event in first.go(10.0)] != [
        json.loads(log_line(event)) for event in second.go(10.0)
    ]


def test_after_an_absence_nothing_of_before_is_done_and_everyone_is_still_there() -> None:
    street = Street()
    street.go(30.0)
    later_ns = street.now_ns + 3600 * NANOS
    street.flow.restart(later_ns)

    assert street.flow.next_ns > later_ns
    street.now_ns = later_ns
    done = street.go(120.0)
    assert {event.time_ns > later_ns for event in done} == {True}
    assert any(isinstance(event, Executed) for event in done), "takers come again"
    assert sum(isinstance(event, Entered) for event in done) > 50, "makers quote again"


# -- fair value --------------------------------------------------------------------------------


def test_a_seated_market_stands_at_its_last_price_and_goes_back_to_the_path() -> None:
    street = Street()
    away = 500
    street.flow.seat(START_NS, round(street.path(START_NS)) + away)
    off = [
        street.flow.fair(START_NS + after * NANOS) - street.path(START_NS + after * NANOS)
        for after in (0, 90, 900)
    ]

    assert off[0] == pytest.approx(away, abs=1)
    assert off[1] == pytest.approx(away * 0.368, abs=2)
    assert abs(off[2]) < 1


def test_fair_value_goes_in_a_line_from_second_to_second_over_the_end_of_a_minute() -> None:
    street = Street()
    street.flow.seat(START_NS, round(street.path(START_NS)))
    minute_ns = (START_NS // MINUTE_NS + 20) * MINUTE_NS
    for second_ns in (minute_ns - NANOS, minute_ns):
        low, high = street.path(second_ns), street.path(second_ns + NANOS)
        if second_ns < minute_ns:
            high = float(street.history.reference(second_ns // MINUTE_NS)[1][60])
        middle = street.flow.fair(second_ns + NANOS // 2)
        assert middle == pytest.approx((low + high) / 2, abs=0.01)


def test_takers_move_the_price_the_way_they_trade() -> None:
    """Over some minutes, the market is off its path in the direction of what was taken."""
    bought, off = 0, 0.0
    for seed in range(6):
        street = Street(seed=seed)
        street.flow.seat(START_NS, round(street.path(START_NS)))
        done = street.go(60.0)
        taken = sum(each.taker_side for each in done if isinstance(each, Executed))
        shift = street.flow.fair(street.now_ns) - street.path(street.now_ns)
        bought += abs(taken)
        off += shift * taken

    assert bought > 0
    assert off > 0


# -- accounts beside the crowd -----------------------------------------------------------------


def test_a_crowd_that_leaves_takes_its_orders_along_and_leaves_those_of_accounts() -> None:
    street = Street()
    (entered,) = street.engine.submit(NewOrder("me", BUY, 5, "limit", 10), START_NS)
    assert isinstance(entered, Entered)
    resting = {order.order_id for order in street.engine.orders()} - {entered.order_id}
    events = street.flow.leave(START_NS + 1)

    assert {event.order_id for event in events if isinstance(event, Removed)} == resting
    assert [order.order_id for order in street.engine.orders()] == [entered.order_id]


def test_a_crowd_that_left_has_nothing_left_to_cancel() -> None:
    street = Street()
    street.flow.leave(START_NS)
    done = street.go(30.0)

    assert street.flow.leave(street.now_ns)
    assert street.flow.leave(street.now_ns) == []
    assert not [event for event in done if isinstance(event, Refused) and event.request != "new"]


def test_a_crowd_that_left_comes_back_when_its_makers_look_again() -> None:
    street = Street()
    street.flow.leave(START_NS)
    assert street.engine.bids.best is None
    street.go(60.0)

    assert street.best(BUY) < street.best(SELL)


def test_an_order_of_an_account_far_through_fair_value_does_not_stop_the_crowd() -> None:
    street = Street()
    price = street.best(SELL) + 5000
    street.engine.submit(NewOrder("me", BUY, 10**12, "limit", price), START_NS)
    done = street.go(60.0)

    assert street.best(BUY) == price
    sales = [each for each in done if isinstance(each, Executed) and each.taker_side == SELL]
    assert sales, "nobody sells to who pays far too much"
    assert street.best(SELL) > price
