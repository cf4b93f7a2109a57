"""Every order of one market that rests or waits, and where it is kept."""

from __future__ import annotations

import heapq

from brokers.sim.book import BookSide
from brokers.sim.guards import Guards
from brokers.sim.orders import BUY, SELL, WorkingOrder
from brokers.sim.stops import Stops


class WorkingOrders:
    """Both sides of the book, the stops, the times at which orders end, and what binds orders to
    each other. Keeps these in step; decides nothing."""

    def __init__(self) -> None:
        self.sides = {BUY: BookSide(+1), SELL: BookSide(-1)}
        self.stops = Stops()
        self.guards = Guards()
        self.orders: dict[int, WorkingOrder] = {}
        self._expiries: list[tuple[int, int]] = []

    @property
    def next_to_expire(self) -> WorkingOrder | None:
        """The gtd order that ends first."""
        while self._expiries and self._expiries[0][1] not in self.orders:
            heapq.heappop(self._expiries)
        return self.orders[self._expiries[0][1]] if self._expiries else None

    def best_against(self, side: int) -> int | None:
        """Best price in ticks of what an order of `side` trades with."""
        best = self.sides[-side].best if side in self.sides else None
        return None if best is None else best.price

    def rest(self, order: WorkingOrder) -> None:
        """Put a limit order into the book, behind all others at its price."""
        assert order.price is not None
        order.display(order.filled % order.shown if order.shown else 0)
        self.sides[order.side].add(order, order.price)
        self._keep(order)

    def wait(self, order: WorkingOrder) -> None:
        """Let an order wait for its stop."""
        self.stops.add(order)
        self._keep(order)

    def drop(self, order: WorkingOrder) -> None:
        """Take an order out, with what is left of it."""
        if order.stop_price is not None:
            self.stops.remove(order)
        else:
            assert order.price is not None  # only limit orders rest
            self.sides[order.side].remove(order, order.price)
        self._forget(order)

    def reduce(self, order: WorkingOrder, size: int) -> None:
        """Take `size`, of what the book sees, off a resting order; and the order out with it if
        nothing is left."""
        assert order.price is not None
        side = self.sides[order.side]
        if size == order.left:
            side.remove(order, order.price)
            self._forget(order)
        else:
            side.reduce(order.price, size)
        order.left -= size

    def shrink(self, order: WorkingOrder, size: int) -> None:
        """Give an order a smaller total size; it keeps its place."""
        seen = order.shrink(order.size - size)
        if order.stop_price is not None:
            self.stops.reduce(order, seen)
        else:
            assert order.price is not None
            self.sides[order.side].reduce(order.price, seen)

    def refresh(self, order: WorkingOrder) -> bool:
        """Let an iceberg of which nothing is seen any more show its next part, behind all others
        at its price. Whether it did."""
        if not order.left or order.visible:
            return False
        assert order.price is not None
        side = self.sides[order.side]
        side.remove(order, order.price)
        order.display()
        side.add(order, order.price)
        return True

    def _keep(self, order: WorkingOrder) -> None:
        self.orders[order.order_id] = order
        if order.expires_ns:
            heapq.heappush(self._expiries, (order.expires_ns, order.order_id))
        self.guards.rest(order)

    def _forget(self, order: WorkingOrder) -> None:
        del self.orders[order.order_id]
        self.guards.leave(order)
