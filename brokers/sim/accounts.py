"""What the exchange knows of an account: its orders, fills, positions and money."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final

from msgspec.structs import replace

from brokers.sim.instruments import Listing
from engine.accounting import positions
from engine.broker import Report
from engine.messages import (
    Fill,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Position,
)

ZERO: Final = Decimal(0)


class WorkingEntry:
    """A working order of an account, and its number in the matching engine."""

    __slots__ = ("fqme", "number", "order")

    def __init__(self, order: Order, number: int) -> None:
        self.order = order
        self.fqme = order.fqme
        self.number = number


class SimAccount:
    """One account. It trades on margin: nothing is refused for want of money."""

    def __init__(self, name: str, cash: dict[str, Decimal]) -> None:
        self.name = name
        self.working: dict[str, WorkingEntry] = {}
        self.fills: list[Fill] = []
        self.positions: dict[str, Position] = {}
        self.balances = dict(cash)
        self.reports: list[Report] = []
        """Of every client that is logged in now."""
        self._used: set[str] = set()

    def is_used(self, order_id: str) -> bool:
        """Whether this id was ever accepted: one id is one order."""
        return order_id in self._used

    def report(self, event: OrderEvent) -> None:
        """Tell whoever is logged in."""
        for report in tuple(self.reports):
            report(event)

    def enter(self, order: Order, number: int, time_ns: int) -> None:
        self._used.add(order.order_id)
        taken = replace(
            order,
            account=self.name,
            state=OrderState.OPEN,
            venue_order_id=str(number),
            updated_ns=time_ns,
        )
        self.working[order.order_id] = WorkingEntry(taken, number)

    def fill(self, event: Filled, order: Order, listing: Listing) -> None:
        """Book an execution: order, position and money."""
        fill = positions.fill_of(order, event, event.venue_ns)
        self.fills.append(fill)
        before = self.positions.get(order.fqme, Position(account=self.name, fqme=order.fqme))
        after = positions.apply(before, fill, listing.instrument)
        self.positions[order.fqme] = after
        self._pay(fill, after.realised - before.realised, listing)
        self._advance(order, event)

    def _pay(self, fill: Fill, realised: Decimal, listing: Listing) -> None:
        instrument = listing.instrument
        self._book(fill.fee_asset, -fill.fee)
        if not listing.is_delivered:
            self._book(instrument.settle, realised)
            return
        size = positions.signed(fill.side, fill.size)
        self._book(instrument.base, size)
        self._book(instrument.quote, -instrument.notional(fill.price, size))

    def _book(self, asset: str, change: Decimal) -> None:
        self.balances[asset] = self.balances.get(asset, ZERO) + change

    def _advance(self, order: Order, event: Filled) -> None:
        filled = order.filled + event.size
        if filled >= order.size:
            self.working.pop(order.order_id, None)
            return
        with localcontext(positions.EXACT):
            cost = (order.average_price or ZERO) * order.filled + event.price * event.size
            average = cost / filled
        self.working[order.order_id].order = replace(
            order,
            state=OrderState.PARTIAL,
            filled=filled,
            average_price=average,
            fees=order.fees + event.fee,
            fee_asset=event.fee_asset,
            updated_ns=event.venue_ns,
        )
