"""The matching engine: rules one by one, published scenarios, and a machine of random commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from brokers.sim.events import Changed, Elected, Entered, Event, Executed, Refused, Removed
from brokers.sim.matching import MatchingEngine
from brokers.sim.orders import BUY, SELL, NewOrder


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
    best: int | None = None
    """Of a trailing order: the best price since it came."""

    @property
    def direction(self) -> int:
        return -self.side if self.new.kind.startswith("take_profit") else self.side

    def follow(self, price: int) -> None:
        new = self.new
        if self.stop_price is None and self.best is not None:
            return
        if new.trail or new.trail_ppm:
            nearest = min if self.side == BUY else max
            self.best = price if self.best is None else nearest(self.best, price)
            away = new.trail or -(-self.best * new.trail_ppm // 1_000_000)
            self.stop_price = self.best + away * self.side

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
        self.positions = {"ann": 0, "bob": 0}
        self.over: set[tuple[str, str]] = set()

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

    @rule(
        side=SIDES,
        size=SIZES,
        price=st.none() | PRICES,
        owner=st.sampled_from(["ann", "bob"]),
        term=st.sampled_from(["gtc", "gtc", "ioc", "fok"]),
        stop=st.none() | PRICES,
        mode=MODES,
    )
    def reduce(
        self, side: int, size: int, price: int | None, owner: str, term: Any, stop: Any, mode: Any
    ) -> None:
        kinds: Any = (("market", "limit"), ("stop", "stop_limit"))
        kind = kinds[stop is not None][price is not None]
        new = NewOrder(owner, side, size, kind, price, stop, term, False, mode, reduce_only=True)
        if stop is None and self.positions[owner] * side >= 0:
            assert refusal(self.engine.submit(new, self.tick())) == "there is nothing to reduce"
        else:
            self.submit(new)

    @rule(side=SIDES, size=SIZES, stop=PRICES, price=st.none() | PRICES, owner=OWNERS, mode=MODES)
    def take_profit(
        self, side: int, size: int, stop: int, price: int | None, owner: str, mode: Any
    ) -> None:
        kind: Any = "take_profit" if price is None else "take_profit_limit"
        self.submit(NewOrder(owner, side, size, kind, price, stop, "gtc", False, mode))

    @rule(
        side=SIDES,
        size=SIZES,
        trail=st.integers(1, 4),
        in_ppm=st.booleans(),
        offset=st.none() | st.integers(0, 2),
        owner=OWNERS,
        mode=MODES,
    )
    def trail(
        self,
        side: int,
        size: int,
        trail: int,
        in_ppm: bool,
        offset: int | None,
        owner: str,
        mode: Any,
    ) -> None:
        new = NewOrder(
            owner,
            side,
            size,
            "trailing_stop" if offset is None else "trailing_stop_limit",
            self_trade=mode,
            trail=0 if in_ppm else trail,
            trail_ppm=trail * 7_000 if in_ppm else 0,
            limit_offset=offset or 0,
        )
        self.submit(new)

    @rule(side=SIDES, size=SIZES, price=PRICES, owner=OWNERS, after=st.integers(1, 9))
    def good_till(self, side: int, size: int, price: int, owner: str, after: int) -> None:
        until = self.time_ns + after
        self.submit(
            NewOrder(owner, side, size, "limit", price, time_in_force="gtd", expires_ns=until)
        )

    @rule(
        side=SIDES,
        size=SIZES,
        price=PRICES,
        stop=st.none() | PRICES,
        owner=st.sampled_from(["ann", "bob"]),
        link=st.sampled_from(["one", "two", "three"]),
    )
    def linked(
        self, side: int, size: int, price: int, stop: int | None, owner: str, link: str
    ) -> None:
        kind: Any = "limit" if stop is None else "stop_limit"
        new = NewOrder(owner, side, size, kind, price, stop, link=link)
        if (owner, link) in self.over:
            assert refusal(self.engine.submit(new, self.tick())) == "its group is over"
        else:
            self.submit(new)

    @rule(data=st.data(), price=st.none() | PRICES, size=SIZES)
    def amend(self, data: st.DataObject, price: int | None, size: int) -> None:
        number = data.draw(st.sampled_from([*sorted(self.known), 10_000]))
        before = self.known.get(number)
        events = self.engine.amend(number, price, size, self.tick())
        if isinstance(events[0], Refused):
            assert len(events) == 1
            assert (
                before is None
                or size <= before.size - before.left
                or before.new.post_only
                or (before.best is not None and before.stop_price is not None)
            ), "refused without a reason"
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
        first, *others = self.engine.cancel(number, self.tick())
        assert isinstance(first, Removed) == (number in self.known)
        assert all(isinstance(other, Removed) for other in others)
        if isinstance(first, Removed):
            self.fold([first, *others])

    @rule(price=PRICES)
    def touch(self, price: int) -> None:
        self.last_price = price
        self.follow()
        self.fold(self.engine.touch(price, self.tick()))

    def follow(self) -> None:
        for order in self.known.values():
            order.follow(self.last_price)

    @rule()
    def expire(self) -> None:
        now_ns = self.tick()
        events = self.engine.expire(now_ns)
        assert all(isinstance(event, Removed) for event in events)
        self.fold(events)
        for order in self.known.values():
            assert not 0 < order.new.expires_ns <= now_ns, "an order outlived its time"

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
        if new.time_in_force in ("ioc", "fok") and new.stop_price is None:
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
                    order = self.known[event.order_id] = Known(
                        new, new.size, new.size, new.price, new.stop_price, self.rank()
                    )
                    order.follow(self.last_price)
                case Elected():
                    order = self.known[event.order_id]
                    assert (event.touched_price - order.stop_price) * order.direction >= 0
                    if order.new.kind == "trailing_stop_limit":
                        offset = order.new.limit_offset
                        order.price = max(1, order.stop_price + offset * order.side)
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
                    self.end_group(order.new)
                    if event.reason == "its time is over":
                        assert event.time_ns == order.new.expires_ns

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
        self.follow()
        before = dict(self.positions)
        for order in (taker, maker):
            owner = order.new.owner
            self.end_group(order.new)
            if owner:
                self.positions[owner] += trade.size * order.side
        for order in (taker, maker):
            if order.new.reduce_only and taker.new.owner != maker.new.owner:
                held, left = before[order.new.owner], self.positions[order.new.owner]
                assert held * order.side < 0, "a reduce-only order opened a position"
                assert abs(left) < abs(held), "it did not reduce the position"
                assert left * held >= 0, "it flipped the position"

    def end_group(self, new: NewOrder) -> None:
        if new.link:
            self.over.add((new.owner, new.link))

    @invariant()
    def knows_who_holds_what(self) -> None:
        for owner, size in self.positions.items():
            assert self.engine.position(owner) == size

    @invariant()
    def leaves_nothing_that_cannot_reduce(self) -> None:
        for order in self.known.values():
            if order.new.reduce_only and order.stop_price is None:
                assert self.positions[order.new.owner] * order.side < 0

    @invariant()
    def trails_as_far_behind_as_was_asked_for(self) -> None:
        for number, order in self.known.items():
            working = self.engine.order(number)
            assert working is not None
            assert working.stop_price == order.stop_price

    @invariant()
    def leaves_of_a_group_that_traded_only_who_traded(self) -> None:
        groups: dict[tuple[str, str], list[Known]] = {}
        for order in self.known.values():
            if order.new.link and (order.new.owner, order.new.link) in self.over:
                groups.setdefault((order.new.owner, order.new.link), []).append(order)
        for left in groups.values():
            assert len([order for order in left if order.left == order.size]) == 0
            assert len(left) <= 2, "only two that traded with each other can both be left"

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
                assert (self.last_price - order.stop_price) * order.direction < 0


MatchingMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, derandomize=True
)
test_keeps_its_rules_under_any_commands = MatchingMachine.TestCase
