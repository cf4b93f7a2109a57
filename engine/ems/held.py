"""Dark orders, and stops that are held for their venue: held, moved, touched, ended by time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.ems.blotter import Blotter
from engine.ems.changes import Changes
from engine.ems.dark import DarkBook, Direction, Touch, Trail, source_of, standing
from engine.ems.gate import Gate, Markets
from engine.ems.lanes import Request
from engine.ems.outcome import Decisions
from engine.messages import Amended, Denied, Expired, Held, Order, OrderState, OrderType, Triggered

PASSING: Final = frozenset({"hours", "quote", "stale_quote", "max_orders_per_second"})
"""Checks that fail for a while: what is touched then waits for a later price, as in a halt. A stop
that was denied because a market is not open yet would protect nothing when it opens."""


class HeldOrders:
    """What waits here for the market. The dark book says when something is touched."""

    def __init__(
        self,
        *,
        decided: Decisions,
        changes: Changes,
        blotter: Blotter,
        markets: Markets,
        dark: DarkBook,
        gate: Gate,
        refuse: Callable[[Order], Denied | None],
        through_ticks: int,
    ) -> None:
        """
        Args:
            refuse: why the order may not be sent as things stand.
        """
        self._decided = decided
        self._apply = changes.apply
        self._keep_instrument = changes.keep_instrument
        self._blotter = blotter
        self._markets = markets
        self._dark = dark
        self._gate = gate
        self._refuse = refuse
        self._through_ticks = through_ticks
        self._timed: set[str] = set()
        """Ids of held orders that end at a time."""
        self._moving: set[str] = set()
        """Markets in which triggers trailed since `on_time`."""

    @property
    def needs_time(self) -> bool:
        """`on_time` has something to do, or will have."""
        return bool(self._timed or self._moving)

    def begin(self, order: Order, as_type: OrderType | None) -> None:
        """Hold a new order; a stop becomes the dark order that stands for it."""
        direction = self._direction(order)
        self._apply(Held(order_id=order.order_id, as_type=as_type, direction=direction))
        self.hold(self._blotter.orders[order.order_id])

    def hold(self, order: Order) -> None:
        """Have the dark book watch for the order's trigger."""
        source = source_of(order)
        trail = None if order.trail is None else Trail(order.trail, order.trail_unit)
        self._dark.hold(
            "order",
            order.order_id,
            order.fqme,
            order.trigger_price,
            standing(self._markets.quote_of(order.fqme), source),
            source=source,
            direction=order.trigger_direction,
            trail=trail,
        )
        if order.expires_ns:
            self._timed.add(order.order_id)
        self._move_trigger(order, self._dark.price(order.order_id))

    def amend(self, order: Order, wanted: Order) -> None:
        """Hold an order with other terms."""
        self._apply(
            Amended(
                order_id=order.order_id,
                price=None,
                size=wanted.size,
                trigger_price=wanted.trigger_price,
            )
        )
        self._dark.release(order.order_id)
        if order.trail is None:
            direction = self._direction(self._blotter.orders[order.order_id])
            self._apply(Held(order_id=order.order_id, direction=direction))
        self.hold(self._blotter.orders[order.order_id])

    def is_held(self, order_id: str) -> bool:
        """Its trigger was not touched yet."""
        return order_id in self._dark

    def release(self, order_id: str) -> None:
        self._dark.release(order_id)

    def on_moved(self, fqme: str) -> None:
        """Triggers trailed the market; told with the next `on_time`, not at every tick."""
        self._moving.add(fqme)

    def on_time(self) -> None:
        """Tell where trailing triggers are, end what has expired."""
        moving, self._moving = self._moving, set()
        for fqme in moving:
            for order_id, price in self._dark.take_moved(fqme).items():
                order = self._blotter.orders.get(order_id)
                if order is not None and order.state is OrderState.DARK:
                    self._move_trigger(order, price)
        for order_id in tuple(self._timed):
            order = self._blotter.orders[order_id]
            if order.state is not OrderState.DARK:
                self._timed.discard(order_id)
            elif self._is_over(order):
                self._dark.release(order_id)
                self._expire(order)

    def end_if_over(self, order: Order) -> bool:
        """Expire a touched order whose time is over; true if it was."""
        if not self._is_over(order):
            return False
        self._expire(order)
        return True

    def send(self, order_id: str, touch: Touch) -> None:
        """Send an order that was touched, through the market as it is now."""
        order = self._blotter.orders[order_id]
        if order.state is not OrderState.DARK:
            return  # canceled while its account logged in
        self._keep_instrument(order.fqme)
        self._move_trigger(order, touch.trigger)
        order = self._blotter.orders[order.order_id]
        price = self._gate.price_through(order, touch.price, self._through_ticks)
        size = self._gate.size_to_close(order) if order.reduce_only else order.size
        refusal = self._refuse(replace(order, state=OrderState.TRIGGERED, price=price, size=size))
        if refusal is not None and refusal.check in PASSING:
            self.hold(replace(order, trigger_direction=_side_of(order, touch)))
            return
        if size != order.size:
            self._apply(Amended(order_id=order_id, price=None, size=size))
        self._apply(
            Triggered(
                order_id=order.order_id,
                touched_price=touch.price,
                price=price,
                venue_ns=touch.venue_ns,
            )
        )
        if refusal is not None:
            self._apply(refusal)
        else:
            self._decided.ask(Request(kind="submit", order_id=order.order_id))

    def _direction(self, order: Order) -> Direction:
        """From where an order that is to be held will be touched: said by its type, or by where
        the market stands."""
        up_by_type = {"buy": True, "sell": False}[order.side]
        if order.order_type.startswith("take_profit"):
            return "down" if up_by_type else "up"
        if order.order_type not in ("limit", "market") or order.trail is not None:
            return "up" if up_by_type else "down"
        at = standing(self._markets.quote_of(order.fqme), source_of(order))
        if at is None or order.trigger_price is None:
            return ""
        return "up" if order.trigger_price >= Decimal(repr(at)) else "down"

    def _move_trigger(self, order: Order, price: Decimal | None) -> None:
        """A trigger that trails is somewhere else now."""
        if price is not None and price != order.trigger_price:
            moved = Amended(order_id=order.order_id, price=None, size=order.size)
            self._apply(replace(moved, trigger_price=price))

    def _is_over(self, order: Order) -> bool:
        return 0 < order.expires_ns <= self._decided.now_ns(order.fqme)

    def _expire(self, order: Order) -> None:
        self._timed.discard(order.order_id)
        self._apply(Expired(order_id=order.order_id, reason="its time is over"))


def _side_of(order: Order, touch: Touch) -> Direction:
    """From where the trigger was touched."""
    if order.trigger_direction or order.trigger_price is None:
        return order.trigger_direction
    return "up" if Decimal(repr(touch.price)) >= order.trigger_price else "down"
