"""The matching engine: rules one by one, published scenarios, and a machine of random commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from brokers.sim.book import BUY, SELL
from brokers.sim.events import (
    Changed,
    Elected,
    Entered,
    Event,
    Executed,
    NewOrder,
    Refused,
    Removed,
)
from brokers.sim.matching import MatchingEngine


class Desk:
    """An engine with a clock that ticks by one, and orders in few words."""

    def __init__(self, last_price: int | None = None) -> None:
        self.engine = MatchingEngine(last_price)
        self.time_ns = 0

    def _now(self) -> int:
        self.time_ns += 1
        return self.time_ns

    def send(
        self, side: int, size: int, price: int | None = None, owner: str = "", **terms: Any
    ) -> list[Event]:
        kind = terms.pop("kind", "market" if price is None else "limit")
        new = NewOrder(owner=owner, side=side, size=size, kind=kind, price=price, **terms)
        return self.engine.submit(new, self._now())

    def buy(
        self, size: int, price: int | None = None, owner: str = "", **terms: Any
    ) -> list[Event]:
        return self.send(BUY, size, price, owner, **terms)

    def sell(
        self, size: int, price: int | None = None, owner: str = "", **terms: Any
    ) -> list[Event]:
        return self.send(SELL, size, price, owner, **terms)

    def amend(self, number: int, price: int | None, size: int) -> list[Event]:
        return self.engine.amend(number, price, size, self._now())

    def cancel(self, number: int) -> list[Event]:
        return self.engine.cancel(number, self._now())

    def book(self, side: int) -> list[tuple[int, list[tuple[int, int]]]]:
        """Levels best first: price, and (number, size left) of its orders, next first."""
        return [
            (level.price, [(order.order_id, order.left) for order in level.orders.values()])
            for level in self.engine.side(side)
        ]


def number_of(events: list[Event]) -> int:
    entered = events[0]
    assert isinstance(entered, Entered), entered
    return entered.order_id


def trades(events: list[Event]) -> list[tuple[int, int, int]]:
    """(price, size, maker's number) of each trade."""
    return [(e.price, e.size, e.maker_id) for e in events if isinstance(e, Executed)]


def ends(events: list[Event]) -> list[tuple[int, str, int]]:
    """(number, cause, size left) of each order that was removed."""
    return [(e.order_id, e.cause, e.left) for e in events if isinstance(e, Removed)]


def refusal(events: list[Event]) -> str:
    (refused,) = events
    assert isinstance(refused, Refused)
    return refused.reason


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


# -- self-trade prevention ----------------------------------------------------------------------
#
# Scenarios A to F of https://github.com/binance/binance-spot-api-docs/blob/master/faqs/stp_faq.md
# (modes DECREMENT and TRANSFER of its G and H are not offered here). Prices are in tenths.

THREE_BIDS = [(12, 12, "none"), (13, 11, "none"), (81, 10, "none")]


@pytest.mark.parametrize(
    ("makers", "taker", "wanted_trades", "wanted_ends", "wanted_bids", "wanted_asks"),
    [
        pytest.param([(10, 10, "none")], (10, 10, "none"), [(10, 10, 1)], [], [], [], id="A none"),
        pytest.param(
            THREE_BIDS,
            (30, 10, "expire_maker"),
            [],
            [(1, "self_trade", 12), (2, "self_trade", 13), (3, "self_trade", 81)],
            [],
            [(10, [(4, 30)])],
            id="B makers expire, taker rests",
        ),
        pytest.param(
            THREE_BIDS,
            (30, 10, "expire_taker"),
            [],
            [(4, "self_trade", 30)],
            [(12, [(1, 12)]), (11, [(2, 13)]), (10, [(3, 81)])],
            [],
            id="C taker expires",
        ),
        pytest.param(
            [(10, 10, "none")],
            (30, 10, "expire_both"),
            [],
            [(1, "self_trade", 10), (2, "self_trade", 30)],
            [],
            [],
            id="D both expire",
        ),
        pytest.param(
            [(10, 10, "expire_maker")],
            (10, 10, "expire_taker"),
            [],
            [(2, "self_trade", 10)],
            [(10, [(1, 10)])],
            [],
            id="E the taker's mode counts",
        ),
        pytest.param(
            [(10, 10, "none")],
            (10, None, "expire_maker"),
            [],
            [(1, "self_trade", 10), (2, "expired", 10)],
            [],
            [],
            id="F a market order is left without liquidity",
        ),
    ],
)
def test_prevents_self_trades_as_published(
    makers: list[tuple[int, int, Any]],
    taker: tuple[int, int | None, Any],
    wanted_trades: list[Any],
    wanted_ends: list[Any],
    wanted_bids: list[Any],
    wanted_asks: list[Any],
) -> None:
    desk = Desk()
    for size, price, mode in makers:
        desk.buy(size, price, "me", self_trade=mode)

    size, price, mode = taker
    events = desk.sell(size, price, "me", self_trade=mode)

    assert trades(events) == wanted_trades
    assert ends(events) == wanted_ends
    assert desk.book(BUY) == wanted_bids
    assert desk.book(SELL) == wanted_asks


def test_trades_with_others_before_it_meets_itself() -> None:
    desk = Desk()
    other = number_of(desk.buy(3, 100, "other"))
    desk.buy(3, 99, "me")

    events = desk.sell(9, 99, "me", self_trade="expire_taker")

    assert trades(events) == [(100, 3, other)]
    assert ends(events) == [(3, "self_trade", 6)]


@pytest.mark.parametrize("mode", ["expire_taker", "expire_both"])
def test_kills_a_fill_or_kill_order_that_meets_itself_first(mode: Any) -> None:
    desk = Desk()
    own = number_of(desk.buy(3, 100, "me"))
    desk.buy(9, 99, "other")

    events = desk.sell(5, 99, "me", time_in_force="fok", self_trade=mode)

    assert trades(events) == []
    assert ends(events) == [(3, "expired", 5)]
    assert desk.book(BUY)[0] == (100, [(own, 3)])


def test_does_not_count_own_orders_as_liquidity_of_a_fill_or_kill_order() -> None:
    desk = Desk()
    desk.buy(3, 100, "me")
    other = number_of(desk.buy(4, 99, "other"))

    killed = desk.sell(5, 99, "me", time_in_force="fok", self_trade="expire_maker")
    filled = desk.sell(4, 99, "me", time_in_force="fok", self_trade="expire_maker")

    assert trades(killed) == []
    assert trades(filled) == [(99, 4, other)]


# -- everything at once -------------------------------------------------------------------------


@dataclass
class Known:
    """What the events so far say of an order."""

    new: NewOrder
    size: int
    left: int
    price: int | None
    stop_price: int | None
    rank: int
    """Grows with each arrival: lower trades first at one price."""

    @property
    def side(self) -> int:
        return self.new.side


PRICES = st.integers(95, 105)
SIZES = st.integers(1, 12)
OWNERS = st.sampled_from(["", "ann", "bob"])
SIDES = st.sampled_from([BUY, SELL])
MODES = st.sampled_from(["none", "expire_taker", "expire_maker", "expire_both"])


class MatchingMachine(RuleBasedStateMachine):
    """Folds the engine's events into what must rest, and holds the engine to it."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = MatchingEngine(100)
        self.known: dict[int, Known] = {}
        self.time_ns = 0
        self.ranks = 0
        self.last_price = 100

    @rule(
        side=SIDES,
        size=SIZES,
        price=PRICES,
        owner=OWNERS,
        term=st.sampled_from(["gtc", "gtc", "gtc", "ioc", "fok"]),
        post_only=st.booleans(),
        mode=MODES,
    )
    def limit(
        self, side: int, size: int, price: int, owner: str, term: Any, post_only: bool, mode: Any
    ) -> None:
        post_only = post_only and term == "gtc"
        self.submit(NewOrder(owner, side, size, "limit", price, None, term, post_only, mode))

    @rule(side=SIDES, size=SIZES, owner=OWNERS, term=st.sampled_from(["gtc", "fok"]), mode=MODES)
    def market(self, side: int, size: int, owner: str, term: Any, mode: Any) -> None:
        self.submit(NewOrder(owner, side, size, "market", None, None, term, False, mode))

    @rule(
        side=SIDES,
        size=SIZES,
        stop=PRICES,
        price=st.none() | PRICES,
        owner=OWNERS,
        term=st.sampled_from(["gtc", "gtc", "fok"]),
        mode=MODES,
    )
    def stop(
        self, side: int, size: int, stop: int, price: int | None, owner: str, term: Any, mode: Any
    ) -> None:
        kind: Any = "stop" if price is None else "stop_limit"
        self.submit(NewOrder(owner, side, size, kind, price, stop, term, False, mode))

    @rule(data=st.data(), price=st.none() | PRICES, size=SIZES)
    def amend(self, data: st.DataObject, price: int | None, size: int) -> None:
        number = data.draw(st.sampled_from([*sorted(self.known), 10_000]))
        before = self.known.get(number)
        events = self.engine.amend(number, price, size, self.tick())
        if isinstance(events[0], Refused):
            assert len(events) == 1
            assert before is None or size <= before.size - before.left or before.new.post_only, (
                "refused without a reason"
            )
            return
        assert before is not None
        changed = events[0]
        assert isinstance(changed, Changed)
        old = before.stop_price if before.price is None else before.price
        stays = price is None or price == old
        assert changed.kept_priority == (stays and size <= before.size)
        assert before.left + size - before.size > 0
        self.fold(events)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([*sorted(self.known), 10_000]))
        (event,) = self.engine.cancel(number, self.tick())
        assert isinstance(event, Removed) == (number in self.known)
        if isinstance(event, Removed):
            self.fold([event])

    @rule(price=PRICES)
    def touch(self, price: int) -> None:
        self.last_price = price
        self.fold(self.engine.touch(price, self.tick()))

    def tick(self) -> int:
        self.time_ns += 1
        return self.time_ns

    def rank(self) -> int:
        self.ranks += 1
        return self.ranks

    def submit(self, new: NewOrder) -> None:
        would_take = self.would_take(new)
        events = self.engine.submit(new, self.tick())
        if new.post_only and would_take:
            assert refusal(events) == "post-only order would take"
            return
        number = number_of(events)
        takes = [e for e in events if isinstance(e, Executed) and e.taker_id == number]
        assert not (new.post_only and takes), "a post-only order took"
        self.fold(events)
        if new.time_in_force == "fok" and number not in self.known:
            assert sum(trade.size for trade in takes) in (0, new.size), "part of a FOK traded"
        if new.time_in_force != "gtc" and new.stop_price is None:
            assert number not in self.known, "an immediate order rests"

    def would_take(self, new: NewOrder) -> bool:
        best = self.best(-new.side)
        return (
            best is not None and new.price is not None and (best.price - new.price) * new.side <= 0
        )

    def resting(self, side: int) -> list[tuple[int, Known]]:
        """What rests on a side by the events, next to trade first."""
        orders = [
            (number, order)
            for number, order in self.known.items()
            if order.side == side and order.stop_price is None and order.price is not None
        ]
        return sorted(orders, key=lambda item: (-side * item[1].price, item[1].rank))

    def best(self, side: int, without: int = 0) -> Known | None:
        orders = [order for number, order in self.resting(side) if number != without]
        return orders[0] if orders else None

    def fold(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Entered():
                    new = event.order
                    self.known[event.order_id] = Known(
                        new, new.size, new.size, new.price, new.stop_price, self.rank()
                    )
                case Elected():
                    order = self.known[event.order_id]
                    assert (event.touched_price - order.stop_price) * order.side >= 0
                    order.stop_price, order.rank = None, self.rank()
                case Executed():
                    self.fold_trade(event)
                case Changed():
                    order = self.known[event.order_id]
                    order.left += event.size - order.size
                    order.size, order.price = event.size, event.price
                    order.stop_price = event.stop_price
                    if not event.kept_priority:
                        order.rank = self.rank()
                case Removed():
                    order = self.known.pop(event.order_id)
                    assert event.left == order.left > 0

    def fold_trade(self, trade: Executed) -> None:
        taker, maker = self.known[trade.taker_id], self.known[trade.maker_id]
        assert trade.taker_side == taker.side == -maker.side
        assert maker is self.best(maker.side, without=trade.taker_id), "not the next in the queue"
        assert trade.price == maker.price
        if taker.price is not None:
            assert (trade.price - taker.price) * taker.side <= 0, "traded beyond its limit"
        if taker.new.owner and taker.new.owner == maker.new.owner:
            assert taker.new.self_trade == "none"
        for number, order in ((trade.taker_id, taker), (trade.maker_id, maker)):
            assert 0 < trade.size <= order.left
            order.left -= trade.size
            if not order.left:
                del self.known[number]
        self.last_price = trade.price

    @invariant()
    def rests_what_the_events_say(self) -> None:
        for side in (BUY, SELL):
            book = [
                (order.order_id, level.price, order.left)
                for level in self.engine.side(side)
                for order in level.orders.values()
            ]
            assert book == [(n, order.price, order.left) for n, order in self.resting(side)]
            for level in self.engine.side(side):
                assert level.size == sum(order.left for order in level.orders.values()) > 0
        assert {order.order_id for order in self.engine.orders()} == set(self.known)

    @invariant()
    def is_never_crossed(self) -> None:
        bid, ask = self.best(BUY), self.best(SELL)
        assert bid is None or ask is None or bid.price < ask.price

    @invariant()
    def leaves_no_touched_stop_waiting(self) -> None:
        assert self.engine.last_price == self.last_price
        for order in self.known.values():
            if order.stop_price is not None:
                assert (self.last_price - order.stop_price) * order.side < 0


MatchingMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, derandomize=True
)
test_keeps_its_rules_under_any_commands = MatchingMachine.TestCase
