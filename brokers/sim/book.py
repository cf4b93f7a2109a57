"""One side of an order book: price levels, and in each the orders by time of arrival.

Resting limit orders and waiting stop orders are kept by the same structure. Of an iceberg a level
counts what is shown.

Costs, for n levels: the best level, and adding to, taking from or removing a level that exists
O(1), amortised: the place of a level that is gone is kept until it would be the best one, or
until half of all places are such. A new level is a bisection O(log n) plus a `memmove` of the
references between it and the best price. Books trade near the best price, so that move is of a
few words; at the far end of 100,000 levels it is some ten microseconds.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Iterator

from brokers.sim.orders import WorkingOrder


class PriceLevel:
    """The orders at one price, first come first."""

    __slots__ = ("orders", "price", "size")

    def __init__(self, price: int) -> None:
        self.price = price
        self.size = 0
        """Sum of what the book sees of the orders."""
        # Not a dict: its first item after many removals at the front is found by a scan.
        self.orders: OrderedDict[int, WorkingOrder] = OrderedDict()

    @property
    def first(self) -> WorkingOrder:
        return next(iter(self.orders.values()))


class BookSide:
    """Price levels from worst to best.

    `sign` is +1 where the highest price is best (bids, sell stops), -1 where the lowest is
    (asks, buy stops).
    """

    __slots__ = ("_gone", "_keys", "_levels", "changed", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self._keys: list[int] = []  # price x sign, ascending: the best one is the last
        self._gone: set[int] = set()
        """Of these keys, those without a level."""
        self._levels: dict[int, PriceLevel] = {}
        self.changed: dict[int, None] = {}
        """Prices whose size changed since this was last cleared, in order of first change."""

    def __len__(self) -> int:
        return len(self._levels)

    @property
    def best(self) -> PriceLevel | None:
        return self._levels[self._keys[-1] * self.sign] if self._keys else None

    def __iter__(self) -> Iterator[PriceLevel]:
        """Levels from best to worst. The side must not change meanwhile."""
        for key in reversed(self._keys):
            if key not in self._gone:
                yield self._levels[key * self.sign]

    def size_at(self, price: int) -> int:
        level = self._levels.get(price)
        return level.size if level else 0

    def orders_at(self, price: int) -> list[WorkingOrder]:
        """Orders at `price`, the next to trade first."""
        level = self._levels.get(price)
        return list(level.orders.values()) if level else []

    def add(self, order: WorkingOrder, price: int) -> None:
        """Queue `order` behind all others at `price`."""
        level = self._levels.get(price)
        if level is None:
            level = self._levels[price] = PriceLevel(price)
            key = price * self.sign
            if key in self._gone:
                self._gone.discard(key)
            else:
                insort(self._keys, key)
        level.orders[order.order_id] = order
        level.size += order.left - order.hidden
        self.changed[price] = None

    def reduce(self, price: int, size: int) -> None:
        """`size` less is seen of an order at `price` that stays."""
        self._levels[price].size -= size
        self.changed[price] = None

    def remove(self, order: WorkingOrder, price: int) -> None:
        """Take out an order, with what is left of it."""
        level = self._levels[price]
        del level.orders[order.order_id]
        level.size -= order.left - order.hidden
        self.changed[price] = None
        if not level.orders:
            del self._levels[price]
            self._forget(price * self.sign)

    def _forget(self, key: int) -> None:
        """There is no level at `key` any more. The last key is always that of a level."""
        keys, gone = self._keys, self._gone
        if key != keys[-1]:
            gone.add(key)
            if len(gone) * 2 > len(keys):
                self._keys = [kept for kept in keys if kept not in gone]
                gone.clear()
            return
        keys.pop()
        while keys and keys[-1] in gone:
            gone.discard(keys.pop())
