"""Matching of paper orders against the ticks of one market. Pure: no clock, no waiting.

A resting order fills when the market shows that it must have: a trade through its price fills
all of it; a trade at its price fills it once the size that stood ahead is gone; a quote of the
other side at or through its price fills as much as that quote shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction

from brokers.averages import AveragePrice
from brokers.paper.models import ZERO, Queue, Slippage
from brokers.paper.orders import Working
from brokers.paper.view import MarketView
from engine.instruments import Instrument
from engine.messages import Ask, Bid, Book, Break, Side, Tick, Trade

FillOrder = Callable[[Working, Decimal, Decimal, bool], None]
"""`fill(order, price, size, is_maker)`: the order traded; `left` is already less."""

EndOrder = Callable[[Working, str], None]
"""`end(order, reason)`: the rest of the order is over."""

NOTHING_TO_REDUCE = "there is nothing to reduce"


class PaperMarket:
    """The orders of one market, and what its ticks do to them."""

    def __init__(
        self,
        instrument: Instrument,
        *,
        queue: Queue,
        slippage: Slippage,
        on_fill: FillOrder,
        on_end: EndOrder,
        on_cancel: EndOrder | None = None,
    ) -> None:
        self.instrument = instrument
        self.view = MarketView(instrument)
        self._average = AveragePrice(instrument.average_minutes)
        self._queue = queue
        self._slippage = slippage
        self._on_fill = on_fill
        self._on_end = on_end
        self._on_cancel = on_cancel or on_end
        self._resting: dict[str, Working] = {}
        """In the order of their priority: whoever goes to the back is put in anew."""
        self._stops: dict[str, Working] = {}
        self._unpriced: dict[str, Working] = {}
        """Market orders that came before any price was known."""
        self._timed: dict[str, Working] = {}
        self._over: set[str] = set()
        """Groups of which one traded or ended."""

    # -- requests ---------------------------------------------------------------------------------

    def would_take(self, order: Working) -> bool:
        """A limit order that would trade at once."""
        levels = self.view.to_take(order.side)
        if not levels or order.price is None:
            return False
        sign = 1 if order.side == "buy" else -1
        return (order.price - levels[0][0]) * sign >= 0

    def add(self, order: Working) -> None:
        """A new order: it trades, rests, sleeps or ends."""
        if order.expires_ns:
            self._timed[order.order_id] = order
        self._follow(order)
        if order.sleeps and not self._is_touched(order):
            self._stops[order.order_id] = order
            return
        order.wake(self.instrument.price_tick)
        self._start(order)

    def is_over(self, group: str) -> bool:
        """One of this group has traded or ended: no other may come."""
        return group in self._over

    def cancel(self, order_id: str) -> Working | None:
        """Take an order out for good; None if it does not work here."""
        order = self.remove(order_id)
        if order is not None:
            self._timed.pop(order_id, None)
            self._end_group(order)
        return order

    def expire(self, now_ns: int) -> None:
        """End the orders whose time has come by `now_ns`, the earliest first."""
        due = [order for order in self._timed.values() if order.expires_ns <= now_ns]
        for order in sorted(due, key=lambda order: order.expires_ns):
            if self.remove(order.order_id) is not None:
                self._end(order, "its time is over")

    def remove(self, order_id: str) -> Working | None:
        """Take an order out; None if it does not work here."""
        for orders in (self._resting, self._stops, self._unpriced):
            if order_id in orders:
                return orders.pop(order_id)
        return None

    def find(self, order_id: str) -> Working | None:
        for orders in (self._resting, self._stops, self._unpriced):
            if order_id in orders:
                return orders[order_id]
        return None

    def amend(self, order: Working, price: Decimal | None, left: Decimal) -> None:
        """Other terms. The place in the queue is kept only if nothing but the size shrinks."""
        if order.order_id in self._resting and (price != order.price or left > order.left):
            self.remove(order.order_id)
            order.price, order.left = price, left
            self.add(order)
            return
        order.price, order.left = price, left

    # -- the market -------------------------------------------------------------------------------

    def on_tick(self, tick: Tick) -> None:
        """What the market did, in order."""
        match tick:
            case Trade():
                self.view.on_trade(tick)
                self._count(tick)
                if self._resting:
                    price = self.instrument.round_price(tick.price)
                    self._on_trade(price, self.instrument.nearest_size(tick.size))
                self._wake()
            case Bid():
                self.view.bids.on_touch(tick)
                self._look("buy")
                self._on_quote("sell")
            case Ask():
                self.view.asks.on_touch(tick)
                self._look("sell")
                self._on_quote("buy")
            case Book():
                self.view.on_book(tick)
                for side in ("buy", "sell"):
                    self._look(side)
                    self._on_quote(side)
            case Break():
                self.view.on_break(tick)
                self._average = AveragePrice(self.instrument.average_minutes)
                for order in self._resting.values():
                    order.shown = None

    def average_price(self, now_ns: int) -> Decimal | None:
        """Of the trades of the instrument's `average_minutes`, or the last one; None before it."""
        average = self._average.at(now_ns)
        if average is None:
            return self.view.last
        digits = self.instrument.price_decimals + 8
        return Decimal(round(average * 10**digits)).scaleb(-digits)

    def _count(self, tick: Trade) -> None:
        if self.instrument.average_minutes:
            price = self.instrument.round_price(tick.price)
            size = self.instrument.nearest_size(tick.size)
            self._average.on_trade(tick.recv_ns, Fraction(price), Fraction(size))

    def _on_trade(self, price: Decimal, size: Decimal) -> None:
        at_price: list[Working] = []
        for order in list(self._resting.values()):
            assert order.price is not None
            if not self._rests(order):
                continue  # what traded before it here ended it
            beyond = (order.price - price) * order.sign
            if beyond > 0:
                self._fill_resting(order, order.room)
            elif beyond == 0:
                at_price.append(order)
        self._share(at_price, size)

    def _share(self, orders: Iterable[Working], size: Decimal) -> None:
        """A trade of `size` at the price of these orders, first in priority first."""
        ours = ZERO
        for order in orders:
            ahead = order.ahead or ZERO
            if order.ahead is None:
                # Nothing was seen of the level: whatever traded here was ahead.
                continue
            order.ahead = max(ahead - size, ZERO)
            order.traded += size
            reached = size - ahead - ours
            if reached > 0 and self._rests(order):
                part = min(reached, order.room)
                ours += part
                self._fill_resting(order, part)

    def _on_quote(self, side: Side) -> None:
        """The other side moved: it may now be at or through resting orders of `side`."""
        if self._unpriced:
            self._start_unpriced()
        if not self._resting:
            return
        other = self.view.asks if side == "buy" else self.view.bids
        best = other.best_price()
        if best is None:
            return
        for order in list(self._resting.values()):
            assert order.price is not None
            if order.side != side or (order.price - best) * order.sign < 0:
                continue
            if not self._rests(order):
                continue
            part = min(order.room, other.available())
            if part > 0:
                other.take(best, part)
                self._fill_resting(order, part)

    def _look(self, side: Side) -> None:
        """Own side moved: see what is still ahead of the orders that rest there."""
        for order in self._resting.values():
            if order.side == side:
                self._look_at(order)

    def _look_at(self, order: Working) -> None:
        shown = self.view.side(order.side).at(order.at)
        if shown is None or (shown == order.shown and not order.traded):
            return
        size = self.instrument.nearest_size(shown)
        if order.ahead is None:
            order.ahead = self._queue.at_entry(size)
        elif order.shown is not None:
            before = self.instrument.nearest_size(order.shown)
            order.ahead = self._queue.after_change(order.ahead, before, size, order.traded)
        else:
            order.ahead = min(order.ahead, size)
        order.shown, order.traded = shown, ZERO

    # -- orders -----------------------------------------------------------------------------------

    def _start(self, order: Working) -> None:
        """An order that is awake: take what there is, then rest, wait or end."""
        if order.room <= 0:
            self._end(order, NOTHING_TO_REDUCE)
            return
        levels = self.view.to_take(order.side)
        if order.price is None and not levels:
            self._unpriced[order.order_id] = order
            return
        fills = self._slippage.take(order.side, order.room, order.price, levels, self.instrument)
        if order.time_in_force == "fok" and sum(size for _, size in fills) < order.left:
            self._end(order, "it could not be filled at once")
            return
        other = self.view.asks if order.side == "buy" else self.view.bids
        for price, size in fills:
            other.take(price, size)
            order.left -= size
            self._fill(order, price, size, False)
        if order.left <= 0:
            return
        if order.room <= 0:
            self._end(order, NOTHING_TO_REDUCE)
            return
        if order.time_in_force == "ioc" or order.price is None:
            self._end(order, "the rest could not be filled at once")
            return
        self._resting[order.order_id] = order
        order.at = self.view.side(order.side).ticks(order.price)
        order.ahead = order.shown = None
        order.traded = ZERO
        self._look_at(order)

    def _fill_resting(self, order: Working, size: Decimal) -> None:
        assert order.price is not None
        order.left -= size
        if order.left <= 0:
            self._resting.pop(order.order_id)
        self._fill(order, order.price, size, True)

    def _rests(self, order: Working) -> bool:
        return self._resting.get(order.order_id) is order

    def _fill(self, order: Working, price: Decimal, size: Decimal, is_maker: bool) -> None:
        """It traded: tell it, and end what must not trade after that."""
        if order.left <= 0:
            self._timed.pop(order.order_id, None)
        self._on_fill(order, price, size, is_maker)
        self._end_group(order)
        for other in list(self._resting.values()):
            if other.room <= 0 and self._rests(other):
                del self._resting[other.order_id]
                self._end(other, NOTHING_TO_REDUCE)

    def _end(self, order: Working, reason: str) -> None:
        self._timed.pop(order.order_id, None)
        self._on_end(order, reason)
        self._end_group(order)

    def _end_group(self, order: Working) -> None:
        """`order` traded or ended: the others that are linked to it are over."""
        if not order.group or order.group in self._over:
            return
        self._over.add(order.group)
        linked = [
            other
            for orders in (self._resting, self._stops, self._unpriced)
            for other in orders.values()
            if other.group == order.group and other is not order
        ]
        for other in linked:
            self.remove(other.order_id)
            self._timed.pop(other.order_id, None)
            self._on_cancel(other, "another of its group traded or ended")

    def _follow(self, order: Working) -> None:
        """Move the stop of a trailing order with the market, only ever towards it. The distance
        is rounded up to whole ticks: it is never nearer than was asked for."""
        last = self.view.last
        if order.trail is None or last is None:
            return
        if order.best_price is not None and (last - order.best_price) * order.sign >= 0:
            return
        order.best_price = last
        away = order.trail if order.trail_unit == "price" else abs(last) * order.trail / 100
        stop = last + away * order.sign
        order.stop_price = self.instrument.round_price(stop, "up" if order.sign > 0 else "down")

    def _wake(self) -> None:
        """The last price moved: start stops that it touched, and orders that lacked a price."""
        if self._unpriced:
            self._start_unpriced()
        if not self._stops:
            return
        for order in self._stops.values():
            self._follow(order)
        touched = [order for order in self._stops.values() if self._is_touched(order)]
        for order in touched:
            if self._stops.pop(order.order_id, None) is not None:  # else linked to one of them
                order.wake(self.instrument.price_tick)
                self._start(order)

    def _start_unpriced(self) -> None:
        waiting, self._unpriced = self._unpriced, {}
        for order in waiting.values():
            self._start(order)

    def _is_touched(self, order: Working) -> bool:
        if self.view.last is None or order.stop_price is None:
            return False
        beyond = (self.view.last - order.stop_price) * order.sign
        return beyond <= 0 if order.takes_profit else beyond >= 0
