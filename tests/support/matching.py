"""A matching engine with a clock, orders in few words, and what its events say."""

from __future__ import annotations

from typing import Any

from brokers.sim.events import Entered, Event, Executed, Refused, Removed
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

    def depth(self, side: int) -> list[tuple[int, int, int]]:
        """Levels best first, as the public sees them: price, number of orders, size."""
        return [(lv.price, len(lv.orders), lv.size) for lv in self.engine.side(side)]

    def prevented(self, number: int) -> int:
        """What self-trade prevention took off an order that works."""
        order = self.engine.order(number)
        assert order is not None
        return order.prevented


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
