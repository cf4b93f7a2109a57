"""Orders of the exchange, in integer ticks and steps: as they are asked for, and as they work.

Prices are integer ticks and sizes integer steps, so that nothing is ever rounded.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

BUY: Final = 1
SELL: Final = -1

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
SelfTrade = Literal["none", "expire_taker", "expire_maker", "expire_both", "decrement", "transfer"]

_TAKES_PROFIT = frozenset({"take_profit", "take_profit_limit"})


class NewOrder(msgspec.Struct, frozen=True, gc=False):
    """What the matching engine is asked to do with a new order."""

    owner: str
    """Account; empty for the order flow, which never trades against itself knowingly."""
    side: int
    size: int
    kind: Kind = "limit"
    price: int | None = None
    """Limit; for limit and stop-limit orders."""
    stop_price: int | None = None
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    self_trade: SelfTrade = "none"
    """What is done where this order would take one of the same owner or trade group."""
    reduce_only: bool = False
    expires_ns: int = 0
    """When a gtd order ends."""
    trail: int = 0
    """Ticks between a trailing stop and the best price since it began."""
    trail_ppm: int = 0
    """The same in millionths of that price."""
    limit_offset: int = 0
    """Ticks by which a trailing stop-limit order trades beyond its stop."""
    link: str = ""
    """Orders of one owner and link: the first to trade or to end cancels the others."""
    group: str = ""
    """Trade group: accounts of one are kept from trading with each other like one account."""
    shown: int = 0
    """Of an iceberg: the most that the book sees of it at a time; 0 shows all."""


class WorkingOrder:
    """An order inside the matching engine."""

    __slots__ = (
        "best_price",
        "expires_ns",
        "group",
        "hidden",
        "kind",
        "left",
        "limit_offset",
        "link",
        "order_id",
        "owner",
        "post_only",
        "prevented",
        "price",
        "reduce_only",
        "self_trade",
        "shown",
        "side",
        "size",
        "stop_price",
        "time_in_force",
        "trail",
        "trail_ppm",
    )

    def __init__(self, order_id: int, new: NewOrder) -> None:
        self.order_id = order_id
        self.owner = new.owner
        self.side = new.side
        self.kind = new.kind
        self.size = new.size
        """All of it that may ever trade, in steps: the filled part included, what self-trade
        prevention took off it not."""
        self.left = new.size
        """Steps not yet traded."""
        self.hidden = 0
        """Of those left, what the book does not see."""
        self.prevented = 0
        """Steps that self-trade prevention took off it while it went on working."""
        self.price = new.price
        """Limit in ticks; None takes any price."""
        self.stop_price = new.stop_price
        self.time_in_force = new.time_in_force
        self.post_only = new.post_only
        self.self_trade: SelfTrade = new.self_trade
        self.reduce_only = new.reduce_only
        self.expires_ns = new.expires_ns
        self.trail = new.trail
        """Ticks that its stop stays behind the best price; 0 if by `trail_ppm`, or not at all."""
        self.trail_ppm = new.trail_ppm
        """The same in millionths of the best price."""
        self.limit_offset = new.limit_offset
        self.link = new.link
        self.group = new.group
        self.shown = new.shown
        self.best_price: int | None = None
        """The best price since it began to trail."""

    @property
    def filled(self) -> int:
        return self.size - self.left

    @property
    def visible(self) -> int:
        """What the book sees of what is left."""
        return self.left - self.hidden

    @property
    def direction(self) -> int:
        """+1 where its stop is touched from below, -1 from above."""
        return -self.side if self.kind in _TAKES_PROFIT else self.side

    @property
    def trails(self) -> bool:
        return bool(self.trail or self.trail_ppm)

    def is_own(self, other: WorkingOrder) -> bool:
        """Whether a trade with `other` would be a self-trade: of one account, or of accounts of
        one trade group."""
        if not self.owner:
            return False
        return other.owner == self.owner or bool(self.group and other.group == self.group)

    def display(self, used: int = 0) -> None:
        """Show the next part of what is left, less `used` of that part; all of it unless it is an
        iceberg."""
        self.hidden = max(0, self.left - self.shown + used) if self.shown else 0

    def shrink(self, by: int) -> int:
        """Take `by` off what is left of it; returns how much less of it the book sees. What is
        hidden is given up first, so that its place in the queue is worth as much as before."""
        unseen = min(by, self.hidden)
        self.hidden -= unseen
        self.left -= by
        self.size -= by
        return by - unseen

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


def prevention(taker: WorkingOrder, maker: WorkingOrder) -> SelfTrade:
    """How a trade of the two, which would be one of an owner with itself, is kept from happening:
    as the taker asks; `transfer` takes two that ask for it, of two accounts."""
    if taker.self_trade != "transfer":
        return taker.self_trade
    is_agreed = maker.self_trade == "transfer" and maker.owner != taker.owner
    return "transfer" if is_agreed else "decrement"
