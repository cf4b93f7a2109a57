"""What is known of orders, fills and positions: state, and how events move it.

Pure: no waiting, no sending. The router is the only one that calls what changes it.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from engine.accounting.positions import apply, fill_of
from engine.ems.days import Days
from engine.ems.orders import fold
from engine.ems.shape import LARGEST
from engine.errors import BadTransition
from engine.instruments import Instrument
from engine.messages import (
    Amended,
    Event,
    Fill,
    Filled,
    FillReport,
    Order,
    OrderEvent,
    OrderState,
    OrderUpdate,
    Position,
    PositionUpdate,
)


class FillKey(NamedTuple):
    """What makes an execution the same one, however often it is reported."""

    account: str
    fqme: str
    trade_id: str


class ConflictingFill(BadTransition):
    """A trade id came again with other values: nothing is changed by it."""

    def __init__(self, message: str, fill: Fill) -> None:
        super().__init__(message)
        self.fill = fill
        """As it came this time."""


class Blotter:
    """All orders, fills and positions of this run."""

    def __init__(self, days: Days | None = None) -> None:
        self.days = Days() if days is None else days
        """What accounts did since their day began."""
        self._orders: dict[str, Order] = {}
        self._working: dict[str, Order] = {}
        """Of `_orders` those that can still trade, in the same order: every check of a new order
        looks at all of them."""
        self._fills: dict[FillKey, Fill] = {}
        self._past_orders: set[str] = set()
        self._past_fills: dict[tuple[str, str], dict[str, int]] = {}
        """Of fills that were let go, by (account, fqme) and trade id: the hash of what must not
        change."""
        self._positions: dict[tuple[str, str], Position] = {}
        self._instruments: dict[str, Instrument] = {}
        self.orders = MappingProxyType(self._orders)
        self.fills = MappingProxyType(self._fills)
        self.positions = MappingProxyType(self._positions)
        """By (account, fqme)."""

    def add(self, order: Order) -> Event:
        """Take in a new order."""
        self._put(order)
        if not order.is_external:
            self.days.count(order)
        return OrderUpdate(order=order)

    def _put(self, order: Order) -> None:
        """An order as it is from here on."""
        order_id = order.order_id
        before = self._orders.get(order_id)
        self._orders[order_id] = order
        if not order.is_working:
            self._working.pop(order_id, None)
        elif before is None or order_id in self._working:
            self._working[order_id] = order
        else:  # it was done, and works again: at the place of its age
            self._working = {one.order_id: one for one in self._orders.values() if one.is_working}

    def is_known(self, order_id: str) -> bool:
        """There is, or once was, an order of this id."""
        return order_id in self._orders or order_id in self._past_orders

    def has_fill(self, account: str, fqme: str, trade_id: str) -> bool:
        """The fill is counted, also where it was let go since."""
        if FillKey(account, fqme, trade_id) in self._fills:
            return True
        return trade_id in self._past_fills.get((account, fqme), ())

    def conflict(self, fill: Fill) -> str:
        """How the fill differs from the one of its trade id that is counted; empty if it does
        not, or if none is."""
        named = f"trade {fill.trade_id} of {fill.account} in {fill.fqme} came again with"
        known = self._fills.get(FillKey(fill.account, fill.fqme, fill.trade_id))
        if known is not None:
            if _values(known) == _values(fill):
                return ""
            return f"{named} other values: {_said(known)}, now {_said(fill)}"
        past = self._past_fills.get((fill.account, fill.fqme), {}).get(fill.trade_id)
        if past is None or past == hash(_values(fill)):
            return ""
        return f"{named} other values than long ago: now {_said(fill)}"

    def trim(self, keep_done: int, parents: Collection[str] = ()) -> None:
        """Let go of all but the newest orders that are done: of them, and of their fills, only
        what tells them from new ones stays. Positions keep what they came to, and all orders of
        `parents` stay: algos that go on count them."""
        done = [
            order_id
            for order_id, order in self._orders.items()
            if not (order.is_working or order.parent_id in parents)
        ]
        dropped = set(done[: max(0, len(done) - keep_done)])
        if not dropped:
            return
        for order_id in dropped:
            del self._orders[order_id]
        self._past_orders |= dropped
        for key in [key for key, fill in self._fills.items() if fill.order_id in dropped]:
            past = self._past_fills.setdefault((key.account, key.fqme), {})
            past[key.trade_id] = hash(_values(self._fills.pop(key)))

    def keep_instrument(self, instrument: Instrument) -> bool:
        """Remember what a market is: its orders may outlive its feed. True if it is news."""
        is_news = self._instruments.get(instrument.fqme) != instrument
        self._instruments[instrument.fqme] = instrument
        return is_news

    def has_instrument(self, fqme: str) -> bool:
        return fqme in self._instruments

    def kept_instrument(self, fqme: str) -> Instrument | None:
        """The same, or None where no order ever passed."""
        return self._instruments.get(fqme)

    def instruments(self) -> tuple[Instrument, ...]:
        """All that were kept."""
        return tuple(self._instruments.values())

    def instrument(self, fqme: str) -> Instrument:
        """What a market was when an order in it passed the checks."""
        return self._instruments[fqme]

    def position(self, account: str, fqme: str) -> Position:
        """What the account holds in the market; a flat position if it never traded there."""
        held = self._positions.get((account, fqme))
        return Position(account=account, fqme=fqme) if held is None else held

    def working(self, *, account: str = "", fqme: str = "") -> tuple[Order, ...]:
        """Orders that can still trade, oldest first; an empty string means all."""
        return tuple(
            order
            for order in self._working.values()
            if account in ("", order.account) and fqme in ("", order.fqme)
        )

    def fold(self, event: OrderEvent, now_ns: int) -> list[Event]:
        """Move an order, and its position with it; returns what to tell. Nothing for a fill
        that is known already.

        Raises:
            ConflictingFill: the trade id is known with other values.
            BadTransition: the event cannot happen to the order as it is.
        """
        order = self._orders.get(event.order_id)
        if order is not None and isinstance(event, Filled):
            return self._fold_fill(order, event, now_ns)
        if isinstance(event, Amended) and not _is_sound(event):
            raise BadTransition(f"amend to {event.size} at {event.price}: order {event.order_id}")
        after = fold(order, event, now_ns)
        self._put(after)
        if after.state is OrderState.DENIED and not after.is_external:
            self.days.count(after, -1)
        return [OrderUpdate(order=after, event=event)]

    def _fold_fill(self, order: Order, event: Filled, now_ns: int) -> list[Event]:
        if not _is_sound(event):
            raise BadTransition(f"fill of {event.size} at {event.price}: order {order.order_id}")
        fill = fill_of(order, event, now_ns)
        if self.has_fill(fill.account, fill.fqme, fill.trade_id):
            if conflict := self.conflict(fill):
                raise ConflictingFill(conflict, fill)
            return []
        after = fold(order, event, now_ns)
        instrument = self._instruments.get(order.fqme)
        if instrument is None:
            raise BadTransition(f"fill of order {order.order_id}, which was never sent")
        before = self.position(order.account, order.fqme)
        position = apply(before, fill, instrument)
        self.days.trade(before, now_ns)
        self._put(after)
        self._fills[FillKey(order.account, order.fqme, event.trade_id)] = fill
        self._positions[order.account, order.fqme] = position
        return [
            OrderUpdate(order=after, event=event),
            FillReport(fill=fill),
            PositionUpdate(position=position),
        ]


def _values(fill: Fill) -> tuple[object, ...]:
    """What must be the same each time a trade id is reported; times may be told differently."""
    return (fill.order_id, fill.side, fill.price, fill.size, fill.fee, fill.fee_asset)


def _said(fill: Fill) -> str:
    return f"{fill.side} {fill.size} at {fill.price}, fee {fill.fee}, order {fill.order_id}"


def _is_sound(event: Filled | Amended) -> bool:
    """All numbers are ones that can be computed with; no venue should say anything else."""
    if isinstance(event, Filled):
        needed: tuple[object, ...] = (event.size, event.price, event.fee)
        others: tuple[object, ...] = ()
    else:
        needed = (event.size,)
        others = (event.price, event.stop_price, event.trigger_price)
    given = (*needed, *(number for number in others if number is not None))
    return all(map(_can_be_computed_with, given)) and event.size > 0


def _can_be_computed_with(number: object) -> bool:
    # Types are only promised: a broker's float must not bring the router down.
    return isinstance(number, Decimal) and number.is_finite() and abs(number) <= LARGEST
