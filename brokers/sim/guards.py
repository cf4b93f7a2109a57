"""What binds orders of one owner to each other: the position they reduce, the group they share.

In steps and order numbers, like the matching engine that asks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from brokers.sim.book import PriceLevel
from brokers.sim.orders import NewOrder, WorkingOrder

NOTHING_TO_REDUCE: Final = "there is nothing to reduce"
GROUP_OVER: Final = "another of its group traded or ended"

Group = tuple[str, str]
"""Owner and link."""


class Guards:
    """Positions of one market by owner, the reduce-only orders that rest, and linked groups."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self._reducing: dict[str, dict[int, WorkingOrder]] = {}
        """Resting reduce-only orders by owner; those that wait for a stop are not among them."""
        self._groups: dict[Group, list[int]] = {}
        self._over: set[Group] = set()

    def fault(self, new: NewOrder) -> str:
        """Why `new` cannot be taken; empty if it can."""
        is_live = new.stop_price is None and not (new.trail or new.trail_ppm)
        if new.reduce_only and is_live and self.positions.get(new.owner, 0) * new.side >= 0:
            return NOTHING_TO_REDUCE
        if new.link and (new.owner, new.link) in self._over:
            return "its group is over"
        return ""

    def room(self, order: WorkingOrder) -> int:
        """How much of `order` may trade now."""
        return _room(order, self.positions)

    def enter(self, order: WorkingOrder) -> None:
        if order.link:
            self._groups.setdefault((order.owner, order.link), []).append(order.order_id)

    def rest(self, order: WorkingOrder) -> None:
        if order.reduce_only and order.stop_price is None:
            self._reducing.setdefault(order.owner, {})[order.order_id] = order

    def leave(self, order: WorkingOrder) -> None:
        if order.reduce_only and order.owner in self._reducing:
            self._reducing[order.owner].pop(order.order_id, None)

    def trade(self, order: WorkingOrder, size: int) -> None:
        """`size` of `order` traded."""
        if order.owner:
            self.positions[order.owner] = self.positions.get(order.owner, 0) + size * order.side

    def spent(self, owner: str) -> list[WorkingOrder]:
        """Resting orders of `owner` that have nothing left to reduce."""
        return [order for order in self._reducing.get(owner, {}).values() if not self.room(order)]

    def end_group(self, order: WorkingOrder) -> list[int]:
        """The group of `order` is over; the numbers of its other orders, once."""
        group = (order.owner, order.link)
        if not order.link or group in self._over:
            return []
        self._over.add(group)
        return [number for number in self._groups.pop(group, ()) if number != order.order_id]

    def can_fill(self, taker: WorkingOrder, opposite: Iterable[PriceLevel]) -> bool:
        """Whether all of `taker` would trade now with `opposite`, whose levels come best first."""
        foresight = Foresight(taker, self.positions)
        for level in opposite:
            if taker.price is not None and (level.price - taker.price) * taker.side > 0:
                return False
            for maker in level.orders.values():
                if taker.self_trade == "none" or not taker.is_own(maker):
                    foresight.trade(maker)
                elif taker.self_trade != "expire_maker":
                    return False
                if not foresight.wanted:
                    return True
        return False


class Foresight:
    """Trades that are only thought of: what is left of the taker, positions, groups."""

    def __init__(self, taker: WorkingOrder, positions: Mapping[str, int]) -> None:
        self._taker = taker
        self._positions = dict(positions)
        self._over = {(taker.owner, taker.link)} if taker.link else set()
        self.wanted = taker.left

    def trade(self, maker: WorkingOrder) -> None:
        group = (maker.owner, maker.link)
        if maker.link and group in self._over:
            return
        taker = self._taker
        size = min(
            self.wanted,
            self.wanted if not taker.reduce_only else _reducible(taker, self._positions),
            _room(maker, self._positions),
        )
        if not size:
            return
        if maker.link:
            self._over.add(group)
        for order in (taker, maker):
            if order.owner:
                self._positions[order.owner] = (
                    self._positions.get(order.owner, 0) + size * order.side
                )
        self.wanted -= size


def _room(order: WorkingOrder, positions: Mapping[str, int]) -> int:
    return min(order.left, _reducible(order, positions)) if order.reduce_only else order.left


def _reducible(order: WorkingOrder, positions: Mapping[str, int]) -> int:
    return max(0, -positions.get(order.owner, 0) * order.side)
