"""What is known of orders, fills and positions: state, and how events move it.

Pure: no waiting, no sending. The router is the only one that calls what changes it.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from engine.accounting.positions import apply, fill_of
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


class Blotter:
    """All orders, fills and positions of this run."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._fills: dict[FillKey, Fill] = {}
        self._positions: dict[tuple[str, str], Position] = {}
        self._instruments: dict[str, Instrument] = {}
        self.orders = MappingProxyType(self._orders)
        self.fills = MappingProxyType(self._fills)
        self.positions = MappingProxyType(self._positions)
        """By (account, fqme)."""

    def add(self, order: Order) -> Event:
        """Take in a new order."""
        self._orders[order.order_id] = order
        return OrderUpdate(order=order)

    def keep_instrument(self, instrument: Instrument) -> None:
        """Remember what a market is: its orders may outlive its feed."""
        self._instruments[instrument.fqme] = instrument

    def kept_instrument(self, fqme: str) -> Instrument | None:
        """The same, or None where no order ever passed."""
        return self._instruments.get(fqme)

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
            for order in self._orders.values()
            if order.is_working and account in ("", order.account) and fqme in ("", order.fqme)
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
        after = self._orders[event.order_id] = fold(order, event, now_ns)
        return [OrderUpdate(order=after, event=event)]

    def _fold_fill(self, order: Order, event: Filled, now_ns: int) -> list[Event]:
        if not _is_sound(event):
            raise BadTransition(f"fill of {event.size} at {event.price}: order {order.order_id}")
        fill = fill_of(order, event, now_ns)
        key = FillKey(order.account, order.fqme, event.trade_id)
        known = self._fills.get(key)
        if known is not None:
            if _values(known) != _values(fill):
                raise ConflictingFill(
                    f"trade {event.trade_id} of {order.account} in {order.fqme} came again with "
                    f"other values: {_said(known)}, now {_said(fill)}"
                )
            return []
        after = fold(order, event, now_ns)
        instrument = self._instruments.get(order.fqme)
        if instrument is None:
            raise BadTransition(f"fill of order {order.order_id}, which was never sent")
        position = apply(self.position(order.account, order.fqme), fill, instrument)
        self._orders[order.order_id] = after
        self._fills[key] = fill
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
