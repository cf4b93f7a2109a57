"""Orders that wait for their stop: by the price that touches them; some trail the market."""

from __future__ import annotations

from brokers.sim.book import BookSide
from brokers.sim.orders import BUY, SELL, WorkingOrder


class Stops:
    """Waiting orders of one market, those that a rising and those that a falling price touches."""

    def __init__(self) -> None:
        self._sides = {BUY: BookSide(-1), SELL: BookSide(+1)}
        self._trailing: dict[int, WorkingOrder] = {}

    def __len__(self) -> int:
        """Prices at which something waits."""
        return len(self._sides[BUY]) + len(self._sides[SELL])

    def side(self, direction: int) -> BookSide:
        """Those that a rising (`BUY`) or falling (`SELL`) market touches, nearest first."""
        return self._sides[direction]

    def add(self, order: WorkingOrder) -> None:
        assert order.stop_price is not None
        self._put(order, order.stop_price)
        if order.trails:
            self._trailing[order.order_id] = order

    def remove(self, order: WorkingOrder) -> None:
        assert order.stop_price is not None
        self._take(order, order.stop_price)
        self._trailing.pop(order.order_id, None)

    def reduce(self, order: WorkingOrder, size: int) -> None:
        """`size` less is left of an order that goes on waiting."""
        assert order.stop_price is not None
        side = self._sides[order.direction]
        side.reduce(order.stop_price, size)
        side.changed.clear()

    def follow(self, last_price: int) -> None:
        """Move trailing stops with the last trade. Costs as many steps as there are of them."""
        for order in self._trailing.values():
            before = order.stop_price
            assert before is not None
            if order.follow(last_price):
                assert order.stop_price is not None
                self._take(order, before)
                self._put(order, order.stop_price)

    def touched(self, last_price: int) -> WorkingOrder | None:
        """The next order that `last_price` touches, if there is any; it stays where it is."""
        for side in self._sides.values():
            nearest = side.best
            if nearest is not None and is_touched(nearest.first, last_price):
                return nearest.first
        return None

    # Which stops changed is told to nobody: what is waiting is the exchange's secret.

    def _put(self, order: WorkingOrder, price: int) -> None:
        side = self._sides[order.direction]
        side.add(order, price)
        side.changed.clear()

    def _take(self, order: WorkingOrder, price: int) -> None:
        side = self._sides[order.direction]
        side.remove(order, price)
        side.changed.clear()


def is_touched(order: WorkingOrder, last_price: int | None) -> bool:
    """Whether the last trade has reached the stop of `order`."""
    stop = order.stop_price
    return (
        last_price is not None and stop is not None and (last_price - stop) * order.direction >= 0
    )
