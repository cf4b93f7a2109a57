"""The matching engine under any sequence of commands: a machine folds its events and holds it to
its rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from brokers.sim.events import (
    Changed,
    Elected,
    Entered,
    Event,
    Executed,
    Prevented,
    Refreshed,
    Refused,
    Removed,
)
from brokers.sim.matching import MatchingEngine
from brokers.sim.orders import BUY, SELL, NewOrder
from tests.support.matching import number_of, refusal


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
    seen: int = 0
    """Of what is left, what the book shows; of an order that rests."""

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

    def show(self) -> int:
        """What the book shows of it, now that it rests."""
        if not self.seen:
            used = (self.size - self.left) % self.new.shown if self.new.shown else 0
            self.seen = min(self.left, self.new.shown - used) if self.new.shown else self.left
        return self.seen


def are_own(one: Known, other: Known) -> bool:
    """Whether a trade between the two would be one of an owner, or a trade group, with itself."""
    a, b = one.new, other.new
    return bool(a.owner) and (a.owner == b.owner or a.group == b.group != "")


PRICES = st.integers(95, 105)
SIZES = st.integers(1, 12)
OWNERS = st.sampled_from(["", "ann", "bob", "cat"])
SIDES = st.sampled_from([BUY, SELL])
MODES = st.sampled_from(
    ["none", "expire_taker", "expire_maker", "expire_both", "decrement", "transfer"]
)
GROUPS = {"ann": "club", "bob": "club", "cat": "", "": ""}
"""Trade group by owner."""


class MatchingMachine(RuleBasedStateMachine):
    """Folds the engine's events into what must rest, and holds the engine to it."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = MatchingEngine(100)
        self.known: dict[int, Known] = {}
        self.time_ns = 0
        self.ranks = 0
        self.last_price = 100
        self.positions = {"ann": 0, "bob": 0, "cat": 0}
        self.over: set[tuple[str, str]] = set()

    @rule(
        side=SIDES,
        size=SIZES,
        price=PRICES,
        owner=OWNERS,
        term=st.sampled_from(["gtc", "gtc", "gtc", "ioc", "fok"]),
        post_only=st.booleans(),
        mode=MODES,
        shown=st.integers(0, 5),
    )
    def limit(
        self,
        side: int,
        size: int,
        price: int,
        owner: str,
        term: Any,
        post_only: bool,
        mode: Any,
        shown: int,
    ) -> None:
        post_only, shown = post_only and term == "gtc", shown if term == "gtc" else 0
        new = NewOrder(owner, side, size, "limit", price, None, term, post_only, mode)
        self.submit(replace(new, shown=shown))

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
        owner=st.sampled_from(["ann", "bob", "cat"]),
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
        owner=st.sampled_from(["ann", "bob", "cat"]),
        link=st.sampled_from(["one", "two", "three"]),
        mode=MODES,
    )
    def linked(
        self, side: int, size: int, price: int, stop: int | None, owner: str, link: str, mode: Any
    ) -> None:
        kind: Any = "limit" if stop is None else "stop_limit"
        new = NewOrder(owner, side, size, kind, price, stop, self_trade=mode, link=link)
        if (owner, link) in self.over:
            assert refusal(self.engine.submit(new, self.tick())) == "its group is over"
        else:
            self.submit(new)

    @rule(data=st.data(), size=SIZES, mode=MODES, is_mate=st.booleans(), is_linked=st.booleans())
    def meet_own(
        self, data: st.DataObject, size: int, mode: Any, is_mate: bool, is_linked: bool
    ) -> None:
        """An order that takes one of its own side of the fence: of the same owner or group."""
        owned = [order for side in (BUY, SELL) for _, order in self.resting(side)]
        owned = [order for order in owned if order.new.owner]
        if not owned:
            return
        maker = data.draw(st.sampled_from(owned)).new
        mates = {"ann": "bob", "bob": "ann"}
        owner = mates.get(maker.owner, maker.owner) if is_mate else maker.owner
        link = maker.link if is_linked and (owner, maker.link) not in self.over else ""
        price = 95 if maker.side == BUY else 105
        self.submit(NewOrder(owner, -maker.side, size, "limit", price, self_trade=mode, link=link))

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
        new = replace(new, group=GROUPS[new.owner])
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
                    order.stop_price, order.rank, order.seen = None, self.rank(), 0
                case Executed():
                    self.fold_trade(event)
                case Prevented():
                    self.fold_prevented(event)
                case Refreshed():
                    order = self.known[event.order_id]
                    assert order.seen == 0 < order.left
                    assert event.shown == min(order.left, order.new.shown)
                    order.seen, order.rank = event.shown, self.rank()
                case Changed():
                    order = self.known[event.order_id]
                    order.left += event.size - order.size
                    order.size, order.price = event.size, event.price
                    order.stop_price = event.stop_price
                    order.seen = min(order.seen, order.left)
                    if not event.kept_priority:
                        order.rank, order.seen = self.rank(), 0
                case Removed():
                    order = self.known.pop(event.order_id)
                    assert event.left == order.left
                    assert event.left or event.cause == "self_trade"
                    self.end_group(order.new)
                    if event.reason == "its time is over":
                        assert event.time_ns == order.new.expires_ns

    def fold_trade(self, trade: Executed) -> None:
        taker, maker = self.meet(trade)
        if are_own(taker, maker):
            assert taker.new.self_trade == "none"
        assert trade.size <= maker.show(), "traded more than was shown"
        maker.seen -= trade.size
        for number, order in ((trade.taker_id, taker), (trade.maker_id, maker)):
            assert 0 < trade.size <= order.left
            order.left -= trade.size
            if not order.left:
                del self.known[number]
        self.last_price = trade.price
        self.follow()
        self.move(taker, maker, trade.size)

    def meet(self, event: Executed | Prevented) -> tuple[Known, Known]:
        """Taker and maker of what is or would be a trade, which must be due."""
        taker, maker = self.known[event.taker_id], self.known[event.maker_id]
        assert event.taker_side == taker.side == -maker.side
        assert maker is self.best(maker.side, without=event.taker_id), "not the next in the queue"
        assert event.price == maker.price
        if taker.price is not None:
            assert (event.price - taker.price) * taker.side <= 0, "traded beyond its limit"
        return taker, maker

    def fold_prevented(self, event: Prevented) -> None:
        taker, maker = self.meet(event)
        assert are_own(taker, maker)
        asked, is_one = taker.new.self_trade, taker.new.owner == maker.new.owner
        agreed = maker.new.self_trade == "transfer" and not is_one
        done = asked if asked != "transfer" or agreed else "decrement"
        assert event.mode == done != "none"
        taken = (event.taker_prevented, event.maker_prevented)
        if done in ("decrement", "transfer"):
            assert taken[0] == taken[1] > 0
            assert taken[1] <= min(taker.left, maker.show())
            maker.seen -= taken[1]
        else:
            assert taken[0] == (0 if done == "expire_maker" else taker.left)
            assert taken[1] == (0 if done == "expire_taker" else maker.left)
        for order, size in zip((taker, maker), taken, strict=True):
            if done == "transfer":
                order.left -= size
            elif done == "decrement" and size < order.left:
                order.left -= size
                order.size -= size
        if done == "transfer":
            self.move(taker, maker, taken[0])

    def move(self, taker: Known, maker: Known, size: int) -> None:
        """`size` changed hands."""
        before = dict(self.positions)
        for order in (taker, maker):
            owner = order.new.owner
            self.end_group(order.new)
            if owner:
                self.positions[owner] += size * order.side
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
                shown = [self.known[order.order_id].show() for order in level.orders.values()]
                assert level.size == sum(shown)
                assert min(shown) > 0, "an order rests that nobody sees"
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
