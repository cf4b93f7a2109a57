"""The matching engine of one market: price-time priority, in integer ticks and steps.

Pure: commands and a time go in, events come out; no clock, no randomness, no floats.

Rules, where venues differ:

* A trade is at the resting order's price.
* Market orders, and what is left of IOC orders, never rest: the rest expires.
* FOK trades all of its size at once or expires whole. Own orders that self-trade prevention
  would keep it from do not count as liquidity.
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
* Self-trade prevention acts by the taker's mode, between orders of one owner, as published in
  https://github.com/binance/binance-spot-api-docs/blob/master/faqs/stp_faq.md.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from brokers.sim.book import BUY, SELL, BookSide, SelfTrade, WorkingOrder
from brokers.sim.events import (
    Changed,
    Elected,
    Entered,
    Event,
    Executed,
    NewOrder,
    Refusal,
    Refused,
    Removed,
)
from brokers.sim.guards import Guards

_HAVE_LIMITS = ("limit", "stop_limit", "take_profit_limit")
_HAVE_STOPS = ("stop", "stop_limit", "take_profit", "take_profit_limit")
_REST = ("gtc", "gtd")

NOTHING_TO_REDUCE = "there is nothing to reduce"


class MatchingEngine:
    """Order book, waiting stops, and the procedure that matches."""

    def __init__(self, last_price: int | None = None) -> None:
        self.bids = BookSide(+1)
        self.asks = BookSide(-1)
        self.last_price = last_price
        """Of the last trade, in ticks; None before the first."""
        self._sides = {BUY: self.bids, SELL: self.asks}
        self._stops = {BUY: BookSide(-1), SELL: BookSide(+1)}
        self._orders: dict[int, WorkingOrder] = {}
        self._trailing: dict[int, WorkingOrder] = {}
        self._expiries: list[tuple[int, int]] = []
        self._guards = Guards()
        self._last_order_id = 0
        self._last_trade = 0
        self._events: list[Event] = []

    # -- what is known ---------------------------------------------------------------------

    def order(self, order_id: int) -> WorkingOrder | None:
        """A resting order or waiting stop; None once it is done."""
        return self._orders.get(order_id)

    def orders(self) -> Iterable[WorkingOrder]:
        """Every order that rests or waits, oldest number first unless amended."""
        return self._orders.values()

    def side(self, side: int) -> BookSide:
        """`BUY` gives the bids, `SELL` the asks."""
        return self._sides[side]

    def stops(self, side: int) -> BookSide:
        """Waiting orders that a rising (`BUY`) or falling (`SELL`) market touches, nearest to
        the market first."""
        return self._stops[side]

    def position(self, owner: str) -> int:
        """Steps that `owner` bought here less those sold."""
        return self._guards.positions.get(owner, 0)

    @property
    def next_expiry_ns(self) -> int | None:
        """When the next gtd order ends."""
        while self._expiries and self._expiries[0][1] not in self._orders:
            heapq.heappop(self._expiries)
        return self._expiries[0][0] if self._expiries else None

    # -- commands --------------------------------------------------------------------------

    def submit(self, new: NewOrder, time_ns: int, *, elects_stops: bool = True) -> list[Event]:
        """Take a new order. The first event is `Entered` with its number, or `Refused`.

        Without `elects_stops` its trades touch no stop yet; the next command's do.
        """
        if fault := self._fault(new):
            self._refuse(time_ns, "new", 0, fault)
            return self._take_events()
        self._last_order_id += 1
        order = WorkingOrder(
            self._last_order_id,
            new.owner,
            new.side,
            new.kind,
            new.size,
            new.price,
            new.stop_price,
            new.time_in_force,
            new.post_only,
            new.self_trade,
            new.reduce_only,
            new.expires_ns,
            new.trail,
            new.trail_ppm,
            new.limit_offset,
            new.link,
        )
        if order.trails:
            assert self.last_price is not None  # refused above
            order.follow(self.last_price)
        self._guards.enter(order)
        self._events.append(Entered(time_ns, order.order_id, new))
        if order.stop_price is not None and not self._is_touched(order):
            self._wait(order)
        else:
            if order.stop_price is not None:
                self._elect(order, time_ns)
            self._work(order, time_ns)
            if elects_stops:
                self._elect_stops(time_ns)
        return self._take_events()

    def cancel(self, order_id: int, time_ns: int) -> list[Event]:
        """Remove what is left of an order. One event: `Removed` or `Refused`."""
        order = self._orders.get(order_id)
        if order is None:
            self._refuse(time_ns, "cancel", order_id, "the order is not working")
        else:
            self._drop(order)
            self._events.append(Removed(time_ns, order_id, order.left, "canceled", ""))
            self._cancel_linked(order, time_ns)
        return self._take_events()

    def expire(self, time_ns: int) -> list[Event]:
        """End every gtd order whose time has come, the earliest first."""
        while (due_ns := self.next_expiry_ns) is not None and due_ns <= time_ns:
            order = self._orders[self._expiries[0][1]]
            self._drop(order)
            self._end(order, due_ns, "its time is over")
        return self._take_events()

    def amend(self, order_id: int, price: int | None, size: int, time_ns: int) -> list[Event]:
        """Give an order another price and total size, the filled part included.

        `price` is the limit price, or the stop price of an order that has no limit; None
        leaves it. The first event is `Changed` or `Refused`.
        """
        order = self._orders.get(order_id)
        if fault := self._amend_fault(order, price, size):
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

    # -- checks ----------------------------------------------------------------------------

    def _fault(self, new: NewOrder) -> str:
        """Why `new` cannot be taken; empty if it can."""
        if new.size <= 0:
            return "size must be positive"
        if new.side not in (BUY, SELL):
            return "side must be buy or sell"
        if (new.kind in _HAVE_LIMITS) != (new.price is not None):
            return "limit orders, and only they, need a price"
        if (new.kind in _HAVE_STOPS) != (new.stop_price is not None):
            return "stop orders, and only they, need a stop price"
        if new.post_only and (new.kind != "limit" or new.time_in_force not in _REST):
            return "only a good-till-cancelled limit order can be post-only"
        if new.post_only and self._would_take(new.side, new.price):
            return "post-only order would take"
        return self._trail_fault(new) or self._guards.fault(new)

    def _trail_fault(self, new: NewOrder) -> str:
        trails = new.kind in ("trailing_stop", "trailing_stop_limit")
        if min(new.trail, new.trail_ppm, new.limit_offset) < 0 or new.trail_ppm >= 1_000_000:
            return "a trail is a distance less than the price"
        if trails != bool(new.trail) ^ bool(new.trail_ppm):
            return "trailing orders, and only they, need one trail"
        if new.limit_offset and new.kind != "trailing_stop_limit":
            return "only a trailing stop-limit order has a limit offset"
        if trails and self.last_price is None:
            return "there is no price to trail yet"
        return ""

    def _amend_fault(self, order: WorkingOrder | None, price: int | None, size: int) -> str:
        if order is None:
            return "the order is not working"
        if size <= order.filled:
            return "size is not above what is filled"
        if order.trails and order.stop_price is not None and price is not None:
            return "the stop of a trailing order is moved by the market"
        if order.post_only and price is not None and self._would_take(order.side, price):
            return "post-only order would take"
        return ""

    def _would_take(self, side: int, price: int | None) -> bool:
        best = self._sides[-side].best
        return best is not None and (price is None or (best.price - price) * side <= 0)

    def _is_touched(self, order: WorkingOrder) -> bool:
        last, stop = self.last_price, order.stop_price
        return last is not None and stop is not None and (last - stop) * order.direction >= 0

    # -- doing -----------------------------------------------------------------------------

    def _work(self, order: WorkingOrder, time_ns: int) -> None:
        """Trade `order` as far as it goes, then let it rest or expire."""
        if order.reduce_only and not self._guards.room(order):
            self._end(order, time_ns, NOTHING_TO_REDUCE)
            return
        if order.time_in_force == "fok" and not self._can_fill(order):
            self._end(order, time_ns, "cannot be filled at once")
            return
        if not self._match(order, time_ns) or not order.left:
            return
        if order.price is None:
            self._end(order, time_ns, "no liquidity")
        elif order.time_in_force not in _REST:
            self._end(order, time_ns, "immediate or cancel")
        else:
            self._sides[order.side].add(order, order.price)
            self._keep(order)

    def _match(self, taker: WorkingOrder, time_ns: int) -> bool:
        """Trade `taker` against the other side. False if it was ended on the way."""
        opposite = self._sides[-taker.side]
        while taker.left and (level := opposite.best) is not None:
            if taker.price is not None and (level.price - taker.price) * taker.side > 0:
                break
            maker = level.first
            if taker.self_trade != "none" and taker.owner and maker.owner == taker.owner:
                if not self._prevent(taker, maker, taker.self_trade, time_ns):
                    return False
                continue
            self._trade(taker, maker, level.price, opposite, time_ns)
            if taker.left and taker.reduce_only and not self._guards.room(taker):
                self._end(taker, time_ns, NOTHING_TO_REDUCE)
                return False
        return True

    def _trade(
        self, taker: WorkingOrder, maker: WorkingOrder, price: int, side: BookSide, time_ns: int
    ) -> None:
        size = min(self._guards.room(taker), self._guards.room(maker))
        if size == maker.left:
            side.remove(maker, price)
            self._forget(maker)
        else:
            side.reduce(price, size)
        taker.left -= size
        maker.left -= size
        self.last_price = price
        self._follow()
        self._last_trade += 1
        self._events.append(
            Executed(
                time_ns, self._last_trade, price, size, taker.order_id, maker.order_id, taker.side
            )
        )
        self._guards.trade(taker, size)
        self._guards.trade(maker, size)
        for order in (taker, maker):
            self._cancel_linked(order, time_ns)
            for other in self._guards.spent(order.owner):
                if other is not taker:
                    self._drop(other)
                    self._end(other, time_ns, NOTHING_TO_REDUCE)

    def _prevent(
        self, taker: WorkingOrder, maker: WorkingOrder, mode: SelfTrade, time_ns: int
    ) -> bool:
        """Expire what `mode` says. Whether the taker goes on."""
        if mode in ("expire_maker", "expire_both"):
            self._drop(maker)
            self._end_self_trade(maker, time_ns)
        if mode in ("expire_taker", "expire_both"):
            self._end_self_trade(taker, time_ns)
            return False
        return True

    def _can_fill(self, order: WorkingOrder) -> bool:
        """Whether all of `order` would trade now."""
        foresight = self._guards.foresee(order)
        for level in self._sides[-order.side]:
            if order.price is not None and (level.price - order.price) * order.side > 0:
                return False
            for maker in level.orders.values():
                is_own = bool(order.owner) and maker.owner == order.owner
                if not is_own or order.self_trade == "none":
                    foresight.trade(maker)
                elif order.self_trade != "expire_maker":
                    return False
                if not foresight.wanted:
                    return True
        return False

    def _change(self, order: WorkingOrder, price: int | None, size: int, time_ns: int) -> None:
        """Amend a working order; it may trade, or be elected, by its new price."""
        is_waiting = order.stop_price is not None
        moves_stop = is_waiting and order.price is None
        before = order.stop_price if moves_stop else order.price
        new_price = before if price is None else price
        keeps = new_price == before and size <= order.size
        if keeps:
            side, at = self._place(order)
            side.reduce(at, order.size - size)
            order.left -= order.size - size
            order.size = size
        else:
            self._drop(order)
            order.left += size - order.size
            order.size = size
            if moves_stop:
                order.stop_price = new_price
            else:
                order.price = new_price
        self._events.append(
            Changed(time_ns, order.order_id, size, order.price, order.stop_price, keeps)
        )
        if not keeps and is_waiting:
            self._wait(order)
        elif not keeps:
            self._work(order, time_ns)

    def _elect_stops(self, time_ns: int) -> None:
        """Run every stop that the last trade touches, and those that these touch in turn."""
        while True:
            self._follow()
            for side in (BUY, SELL):
                nearest = self._stops[side].best
                if nearest is not None and self._is_touched(nearest.first):
                    order = nearest.first
                    break
            else:
                return
            self._drop(order)
            self._elect(order, time_ns)
            self._work(order, time_ns)

    def _follow(self) -> None:
        """Move trailing stops with the last trade. Costs as many steps as there are of them."""
        if self.last_price is None:
            return
        for order in self._trailing.values():
            before = order.stop_price
            assert before is not None
            if order.follow(self.last_price):
                assert order.stop_price is not None
                waiting = self._stops[order.direction]
                waiting.remove(order, before)
                waiting.add(order, order.stop_price)

    def _elect(self, order: WorkingOrder, time_ns: int) -> None:
        order.elect()
        assert self.last_price is not None  # nothing is touched before a first trade
        self._events.append(Elected(time_ns, order.order_id, self.last_price))

    def _wait(self, order: WorkingOrder) -> None:
        assert order.stop_price is not None
        self._stops[order.direction].add(order, order.stop_price)
        self._keep(order)
        if order.trails:
            self._trailing[order.order_id] = order

    def _keep(self, order: WorkingOrder) -> None:
        self._orders[order.order_id] = order
        if order.expires_ns:
            heapq.heappush(self._expiries, (order.expires_ns, order.order_id))
        self._guards.rest(order)

    def _place(self, order: WorkingOrder) -> tuple[BookSide, int]:
        """Where a working order is kept, and at which price."""
        if order.stop_price is not None:
            return self._stops[order.direction], order.stop_price
        assert order.price is not None  # only limit orders rest
        return self._sides[order.side], order.price

    def _drop(self, order: WorkingOrder) -> None:
        side, price = self._place(order)
        side.remove(order, price)
        self._forget(order)

    def _forget(self, order: WorkingOrder) -> None:
        del self._orders[order.order_id]
        self._trailing.pop(order.order_id, None)
        self._guards.leave(order)

    def _end(self, order: WorkingOrder, time_ns: int, reason: str) -> None:
        """What is left of it expires."""
        self._events.append(Removed(time_ns, order.order_id, order.left, "expired", reason))
        self._cancel_linked(order, time_ns)

    def _end_self_trade(self, order: WorkingOrder, time_ns: int) -> None:
        self._events.append(
            Removed(time_ns, order.order_id, order.left, "self_trade", "self-trade prevention")
        )
        self._cancel_linked(order, time_ns)

    def _cancel_linked(self, order: WorkingOrder, time_ns: int) -> None:
        """`order` traded or ended: the others of its group are over."""
        for number in self._guards.end_group(order):
            other = self._orders.get(number)
            if other is not None:
                self._drop(other)
                reason = "another of its group traded or ended"
                self._events.append(Removed(time_ns, number, other.left, "canceled", reason))

    def _refuse(self, time_ns: int, request: Refusal, order_id: int, reason: str) -> None:
        self._events.append(Refused(time_ns, request, order_id, reason))

    def _take_events(self) -> list[Event]:
        # Nobody asks which stops changed: what is waiting is the exchange's secret.
        self._stops[BUY].changed.clear()
        self._stops[SELL].changed.clear()
        events, self._events = self._events, []
        return events
