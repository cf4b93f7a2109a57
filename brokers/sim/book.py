"""One side of an order book: price levels, and in each the orders by time of arrival.

Prices are integer ticks and sizes integer steps here, so that nothing is ever rounded. Resting
limit orders and waiting stop orders are kept by the same structure.

Costs, for n levels: the best level O(1); adding to, taking from or removing a level that
exists O(1); a new level, or a level gone, a bisection O(log n) plus a `memmove` of the
references between it and the best price. Books trade near the best price, so that move is
of a few words; at the far end of 100,000 levels it is some ten microseconds.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal

BUY = 1
SELL = -1

Kind = Literal[
    "limit",
    "market",
    "stop",
    "stop_limit",
    "take_profit",
    "take_profit_limit",
    "trailing_stop",
    "trailing_stop_limit",
]
TimeInForce = Literal["gtc", "gtd", "ioc", "fok"]
SelfTrade = Literal["none", "expire_taker", "expire_maker", "expire_both"]


_TAKES_PROFIT = frozenset({"take_profit", "take_profit_limit"})


class WorkingOrder:
    """An order inside the matching engine."""

    __slots__ = (
        "best_price",
        "expires_ns",
        "kind",
        "left",
        "limit_offset",
        "link",
        "order_id",
        "owner",
        "post_only",
        "price",
        "reduce_only",
        "self_trade",
        "side",
        "size",
        "stop_price",
        "time_in_force",
        "trail",
        "trail_ppm",
    )

    def __init__(
        self,
        order_id: int,
        owner: str,
        side: int,
        kind: Kind,
        size: int,
        price: int | None,
        stop_price: int | None,
        time_in_force: TimeInForce,
        post_only: bool,
        self_trade: SelfTrade,
        reduce_only: bool = False,
        expires_ns: int = 0,
        trail: int = 0,
        trail_ppm: int = 0,
        limit_offset: int = 0,
        link: str = "",
    ) -> None:
        self.order_id = order_id
        self.owner = owner
        """Account; empty for the order flow, which never trades against itself knowingly."""
        self.side = side
        self.kind = kind
        self.size = size
        """All of it in steps, the filled part included."""
        self.left = size
        """Steps not yet traded."""
        self.price = price
        """Limit in ticks; None takes any price."""
        self.stop_price = stop_price
        self.time_in_force = time_in_force
        self.post_only = post_only
        self.self_trade = self_trade
        self.reduce_only = reduce_only
        self.expires_ns = expires_ns
        self.trail = trail
        """Ticks that its stop stays behind the best price; 0 if by `trail_ppm`, or not at all."""
        self.trail_ppm = trail_ppm
        """The same in millionths of the best price."""
        self.limit_offset = limit_offset
        self.link = link
        self.best_price: int | None = None
        """The best price since it began to trail."""

    @property
    def filled(self) -> int:
        return self.size - self.left

    @property
    def direction(self) -> int:
        """+1 where its stop is touched from below, -1 from above."""
        return -self.side if self.kind in _TAKES_PROFIT else self.side

    @property
    def trails(self) -> bool:
        return bool(self.trail or self.trail_ppm)

    def follow(self, price: int) -> bool:
        """Move the stop of a trailing order with the market; whether it moved.

        The distance is rounded up to whole ticks: the stop is never nearer than was asked for.
        """
        if self.best_price is not None and (price - self.best_price) * self.side >= 0:
            return False
        self.best_price = price
        distance = self.trail or -(-abs(price) * self.trail_ppm // 1_000_000)
        stop = price + distance * self.side
        if stop == self.stop_price:
            return False
        self.stop_price = stop
        return True

    def elect(self) -> None:
        """Its stop is touched: it is a market or limit order from now on."""
        if self.kind == "trailing_stop_limit" and self.stop_price is not None:
            self.price = max(1, self.stop_price + self.limit_offset * self.side)
        self.stop_price = None


class PriceLevel:
    """The orders at one price, first come first."""

    __slots__ = ("orders", "price", "size")

    def __init__(self, price: int) -> None:
        self.price = price
        self.size = 0
        """Sum of what is left of the orders."""
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

    __slots__ = ("_keys", "_levels", "changed", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self._keys: list[int] = []  # price x sign, ascending: the best one is the last
        self._levels: dict[int, PriceLevel] = {}
        self.changed: dict[int, None] = {}
        """Prices whose size changed since this was last cleared, in order of first change."""

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def best(self) -> PriceLevel | None:
        return self._levels[self._keys[-1] * self.sign] if self._keys else None

    def __iter__(self) -> Iterator[PriceLevel]:
        """Levels from best to worst. The side must not change meanwhile."""
        for key in reversed(self._keys):
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
            insort(self._keys, price * self.sign)
        level.orders[order.order_id] = order
        level.size += order.left
        self.changed[price] = None

    def reduce(self, price: int, size: int) -> None:
        """`size` less is left of an order at `price` that stays."""
        self._levels[price].size -= size
        self.changed[price] = None

    def remove(self, order: WorkingOrder, price: int) -> None:
        """Take out an order, with what is left of it."""
        level = self._levels[price]
        del level.orders[order.order_id]
        level.size -= order.left
        self.changed[price] = None
        if not level.orders:
            del self._levels[price]
            if self._keys[-1] == price * self.sign:
                self._keys.pop()
            else:
                del self._keys[bisect_left(self._keys, price * self.sign)]
