"""The matching engine of one market: price-time priority, in integer ticks and steps.

Pure: commands and a time go in, events come out; no clock, no randomness, no floats.

Rules, where venues differ:

* A trade is at the resting order's price.
* Market orders, and what is left of IOC orders, never rest: the rest expires.
* FOK trades all of its size at once or expires whole. Own orders that self-trade prevention
  would keep it from do not count as liquidity; what is hidden of icebergs does.
* A post-only order that would take is refused, not moved. So is an amend that makes it take.
* An amend keeps its place in the queue only if the price stays and the size does not grow.
* Stop orders are elected by the last trade: buys at or above, sells at or below the stop
  price; take-profit orders the other way round. One whose stop price is already reached when
  it comes is elected at once, for a protective stop that arrives late must not leave its owner
  without protection.
* Elected stops run after the order that touched them is done, nearest stop price first.
* A trailing stop follows the best last price since it came, by ticks or by a share of that
  price, and only ever towards the market. It cannot come before a first trade.
* A reduce-only order is refused where there is nothing to reduce, trades no more than the
  position it meets, and what rests of it expires when the position is gone. Venues differ in
  what they do with too large a size (refuse, cut, cancel); what none of them lets happen, more
  of a position or one of the other side, does not here. One that waits for its stop is asked
  when it is elected.
* A gtd order expires at its time, before whatever else happens then.
* Of linked orders the first to trade, even a part, or to end cancels the others, as in an OCO of
  Binance (https://github.com/binance/binance-spot-api-docs, rest-api.md, "New order list - OCO");
  one that comes after that is refused.
* An iceberg shows at most so much of itself; once that traded it shows the next part, behind all
  others at its price. Its hidden part trades only after all that is shown there. What it takes when
  it comes is counted against the first part, as on Xetra. Less of it takes from what is hidden
  first, and keeps its place.
* Self-trade prevention acts by the taker's mode, between orders of one owner or of one trade
  group, as published in
  https://github.com/binance/binance-spot-api-docs/blob/master/faqs/stp_faq.md: `transfer` needs
  it of both orders and two accounts, and is `decrement` else. What is transferred is no trade: no
  stop is touched by it and no price told, but positions change, groups end, and what only reduces
  is held to it. What was taken off an order that goes on is no part of its size any more. Of an
  iceberg no more is taken at a time than it shows.
"""

from __future__ import annotations

from collections.abc import Iterable

from brokers.sim.book import BookSide
from brokers.sim.checks import NOT_WORKING, REST, amend_fault, new_fault
from brokers.sim.events import (
    Changed,
    Elected,
    Entered,
    Event,
    Executed,
    Prevented,
    Refreshed,
    Refusal,
    Refused,
    Removed,
)
from brokers.sim.guards import GROUP_OVER, NOTHING_TO_REDUCE
from brokers.sim.orders import BUY, SELL, NewOrder, SelfTrade, WorkingOrder, prevention
from brokers.sim.stops import is_touched
from brokers.sim.working import WorkingOrders


class MatchingEngine:
    """Order book, waiting stops, and the procedure that matches."""

    def __init__(self, last_price: int | None = None) -> None:
        self.last_price = last_price
        """Of the last trade, in ticks; None before the first."""
        self._working = WorkingOrders()
        self.bids, self.asks = self._working.sides[BUY], self._working.sides[SELL]
        self._stops, self._guards = self._working.stops, self._working.guards
        self._last_order_id = 0
        self._last_trade = 0
        self._last_prevented = 0
        self._events: list[Event] = []

    # -- what is known ---------------------------------------------------------------------

    def order(self, order_id: int) -> WorkingOrder | None:
        """A resting order or waiting stop; None once it is done."""
        return self._working.orders.get(order_id)

    def orders(self) -> Iterable[WorkingOrder]:
        """Every order that rests or waits, oldest number first unless amended."""
        return self._working.orders.values()

    def side(self, side: int) -> BookSide:
        """`BUY` gives the bids, `SELL` the asks."""
        return self._working.sides[side]

    def stops(self, side: int) -> BookSide:
        """Waiting orders that a rising (`BUY`) or falling (`SELL`) market touches, nearest to
        the market first."""
        return self._stops.side(side)

    def position(self, owner: str) -> int:
        """Steps that `owner` bought here less those sold."""
        return self._guards.positions.get(owner, 0)

    @property
    def next_expiry_ns(self) -> int | None:
        """When the next gtd order ends."""
        order = self._working.next_to_expire
        return None if order is None else order.expires_ns

    # -- commands --------------------------------------------------------------------------

    def submit(self, new: NewOrder, time_ns: int, *, elects_stops: bool = True) -> list[Event]:
        """Take a new order. The first event is `Entered` with its number, or `Refused`.

        Without `elects_stops` its trades touch no stop yet; the next command's do.
        """
        fault = new_fault(new, self.last_price, self._working.best_against(new.side))
        if fault := fault or self._guards.fault(new):
            self._refuse(time_ns, "new", 0, fault)
            return self._take_events()
        self._last_order_id += 1
        order = WorkingOrder(self._last_order_id, new)
        if order.trails:
            assert self.last_price is not None  # refused above
            order.follow(self.last_price)
        self._guards.enter(order)
        self._events.append(Entered(time_ns, order.order_id, new))
        if order.stop_price is not None and not is_touched(order, self.last_price):
            self._working.wait(order)
        else:
            if order.stop_price is not None:
                self._elect(order, time_ns)
            self._work(order, time_ns)
            if elects_stops:
                self._elect_stops(time_ns)
        return self._take_events()

    def cancel(self, order_id: int, time_ns: int) -> list[Event]:
        """Remove what is left of an order. The first event is `Removed` or `Refused`."""
        order = self._working.orders.get(order_id)
        if order is None:
            self._refuse(time_ns, "cancel", order_id, NOT_WORKING)
        else:
            self._working.drop(order)
            self._events.append(Removed(time_ns, order_id, order.left, "canceled", ""))
            self._cancel_linked(order, time_ns)
        return self._take_events()

    def expire(self, time_ns: int) -> list[Event]:
        """End every gtd order whose time has come, the earliest first."""
        while (order := self._working.next_to_expire) and order.expires_ns <= time_ns:
            self._working.drop(order)
            self._end(order, order.expires_ns, "its time is over")
        return self._take_events()

    def amend(self, order_id: int, price: int | None, size: int, time_ns: int) -> list[Event]:
        """Give an order another price and total size, the filled part included.

        `price` is the limit price, or the stop price of an order that has no limit; None
        leaves it. The first event is `Changed` or `Refused`.
        """
        order = self._working.orders.get(order_id)
        opposite = None if order is None else self._working.best_against(order.side)
        if fault := amend_fault(order, price, size, opposite):
            self._refuse(time_ns, "amend", order_id, fault)
        elif order is not None:
            self._change(order, price, size, time_ns)
            self._elect_stops(time_ns)
        return self._take_events()

    def touch(self, price: int, time_ns: int) -> list[Event]:
        """The market was at `price` without a trade here: elect the stops that it touches."""
        self.last_price = price
        self._elect_stops(time_ns)
        return self._take_events()

    # -- trading ---------------------------------------------------------------------------

    def _work(self, order: WorkingOrder, time_ns: int) -> None:
        """Trade `order` as far as it goes, then let it rest or expire."""
        if order.reduce_only and not self._guards.room(order):
            self._end(order, time_ns, NOTHING_TO_REDUCE)
            return
        opposite = self._working.sides[-order.side]
        if order.time_in_force == "fok" and not self._guards.can_fill(order, opposite):
            self._end(order, time_ns, "cannot be filled at once")
            return
        if not self._match(order, time_ns) or not order.left:
            return
        if order.price is None:
            self._end(order, time_ns, "no liquidity")
        elif order.time_in_force not in REST:
            self._end(order, time_ns, "immediate or cancel")
        else:
            self._working.rest(order)

    def _match(self, taker: WorkingOrder, time_ns: int) -> bool:
        """Trade `taker` against the other side. False if it was ended on the way."""
        opposite = self._working.sides[-taker.side]
        while taker.left and (level := opposite.best) is not None:
            if taker.price is not None and (level.price - taker.price) * taker.side > 0:
                break
            maker = level.first
            if taker.self_trade != "none" and taker.is_own(maker):
                if not self._prevent(taker, maker, level.price, time_ns):
                    return False
            else:
                self._trade(taker, maker, level.price, time_ns)
            if taker.left and taker.reduce_only and not self._guards.room(taker):
                self._end(taker, time_ns, NOTHING_TO_REDUCE)
                return False
        return True

    def _trade(self, taker: WorkingOrder, maker: WorkingOrder, price: int, time_ns: int) -> None:
        size = self._room_between(taker, maker)
        self._working.reduce(maker, size)
        taker.left -= size
        self.last_price = price
        if self._stops:
            self._stops.follow(price)
        self._last_trade += 1
        self._events.append(
            Executed(
                time_ns, self._last_trade, price, size, taker.order_id, maker.order_id, taker.side
            )
        )
        self._refresh(maker, time_ns)
        self._move_positions(taker, maker, size, time_ns)

    def _room_between(self, taker: WorkingOrder, maker: WorkingOrder) -> int:
        """The most that the two may trade now, of what the book sees."""
        most = min(taker.left, maker.left - maker.hidden)
        if taker.reduce_only or maker.reduce_only:
            most = min(most, self._guards.room(taker), self._guards.room(maker))
        return most

    def _refresh(self, maker: WorkingOrder, time_ns: int) -> None:
        if self._working.refresh(maker):
            self._events.append(Refreshed(time_ns, maker.order_id, maker.visible))

    def _move_positions(
        self, taker: WorkingOrder, maker: WorkingOrder, size: int, time_ns: int
    ) -> None:
        """`size` went from one owner to the other: end what must not trade after that."""
        self._guards.trade(taker, size)
        self._guards.trade(maker, size)
        for order in (taker, maker):
            self._cancel_linked(order, time_ns)
            for other in self._guards.spent(order.owner):
                if other is not taker:
                    self._working.drop(other)
                    self._end(other, time_ns, NOTHING_TO_REDUCE)

    # -- self-trade prevention -------------------------------------------------------------

    def _prevent(self, taker: WorkingOrder, maker: WorkingOrder, price: int, time_ns: int) -> bool:
        """Keep two orders from trading with each other. Whether the taker goes on."""
        mode = prevention(taker, maker)
        shared = self._room_between(taker, maker) if mode == "transfer" else 0
        if mode == "decrement":
            shared = min(taker.left, maker.visible)
        self._last_prevented += 1
        self._events.append(
            Prevented(
                time_ns,
                self._last_prevented,
                price,
                taker.order_id,
                maker.order_id,
                taker.left if mode in ("expire_taker", "expire_both") else shared,
                maker.left if mode in ("expire_maker", "expire_both") else shared,
                mode,
                taker.side,
            )
        )
        if mode == "transfer":
            goes_on = self._transfer(taker, maker, shared, time_ns)
        elif mode == "decrement":
            goes_on = self._decrement(taker, maker, shared, time_ns)
        else:
            goes_on = self._expire(taker, maker, mode, time_ns)
        is_linked = taker.link and (taker.owner, taker.link) == (maker.owner, maker.link)
        if goes_on and is_linked and maker.order_id not in self._working.orders:
            self._events.append(
                Removed(time_ns, taker.order_id, taker.left, "canceled", GROUP_OVER)
            )
            return False
        return goes_on

    def _expire(
        self, taker: WorkingOrder, maker: WorkingOrder, mode: SelfTrade, time_ns: int
    ) -> bool:
        """End one of the two, or both. Whether the taker goes on."""
        if mode in ("expire_maker", "expire_both"):
            self._working.drop(maker)
            self._end_self_trade(maker, time_ns)
        if mode in ("expire_taker", "expire_both"):
            self._end_self_trade(taker, time_ns)
            return False
        return True

    def _decrement(self, taker: WorkingOrder, maker: WorkingOrder, size: int, time_ns: int) -> bool:
        """Take `size` off both; what has nothing left ends. Whether the taker goes on."""
        if size == maker.left:
            self._working.drop(maker)
            self._end_self_trade(maker, time_ns)
        else:
            self._working.reduce(maker, size)
            maker.size -= size
            maker.prevented += size
            self._refresh(maker, time_ns)
        if size == taker.left:
            self._end_self_trade(taker, time_ns)
            return False
        taker.left -= size
        taker.size -= size
        taker.prevented += size
        return True

    def _transfer(self, taker: WorkingOrder, maker: WorkingOrder, size: int, time_ns: int) -> bool:
        """Let `size` change hands without a trade; what has nothing left ends. Whether the taker
        goes on."""
        self._working.reduce(maker, size)
        taker.left -= size
        for order in (maker, taker):
            order.prevented += size
            if not order.left:
                self._end_self_trade(order, time_ns)
        self._refresh(maker, time_ns)
        self._move_positions(taker, maker, size, time_ns)
        return bool(taker.left)

    def _end_self_trade(self, order: WorkingOrder, time_ns: int) -> None:
        self._events.append(
            Removed(time_ns, order.order_id, order.left, "self_trade", "self-trade prevention")
        )
        self._cancel_linked(order, time_ns)

    # -- amends, stops, ends ---------------------------------------------------------------

    def _change(self, order: WorkingOrder, price: int | None, size: int, time_ns: int) -> None:
        """Amend a working order; it may trade, or be elected, by its new price."""
        is_waiting = order.stop_price is not None
        moves_stop = is_waiting and order.price is None
        before = order.stop_price if moves_stop else order.price
        new_price = before if price is None else price
        keeps = new_price == before and size <= order.size
        if keeps:
            self._working.shrink(order, size)
        else:
            self._working.drop(order)
            order.left += size - order.size
            order.size, order.hidden = size, 0
            if moves_stop:
                order.stop_price = new_price
            else:
                order.price = new_price
        self._events.append(
            Changed(time_ns, order.order_id, size, order.price, order.stop_price, keeps)
        )
        if not keeps and is_waiting:
            self._working.wait(order)
        elif not keeps:
            self._work(order, time_ns)

    def _elect_stops(self, time_ns: int) -> None:
        """Run every stop that the last trade touches, and those that these touch in turn."""
        while self._stops and self.last_price is not None:
            self._stops.follow(self.last_price)
            order = self._stops.touched(self.last_price)
            if order is None:
                return
            self._working.drop(order)
            self._elect(order, time_ns)
            self._work(order, time_ns)

    def _elect(self, order: WorkingOrder, time_ns: int) -> None:
        order.elect()
        assert self.last_price is not None  # nothing is touched before a first trade
        self._events.append(Elected(time_ns, order.order_id, self.last_price))

    def _end(self, order: WorkingOrder, time_ns: int, reason: str) -> None:
        """What is left of it expires."""
        self._events.append(Removed(time_ns, order.order_id, order.left, "expired", reason))
        self._cancel_linked(order, time_ns)

    def _cancel_linked(self, order: WorkingOrder, time_ns: int) -> None:
        """`order` traded or ended: the others of its group are over."""
        for number in self._guards.end_group(order):
            other = self._working.orders.get(number)
            if other is not None:
                self._working.drop(other)
                self._events.append(Removed(time_ns, number, other.left, "canceled", GROUP_OVER))

    def _refuse(self, time_ns: int, request: Refusal, order_id: int, reason: str) -> None:
        self._events.append(Refused(time_ns, request, order_id, reason))

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events
