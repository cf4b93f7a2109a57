"""What happens inside the exchange, as the lines of its log.

Prices are ticks, sizes are steps, sides are +1 and -1, times are nanoseconds UTC. The log of
a market is these structs in order, each as one line of JSON: the same seed and the same
commands at the same times give the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from brokers.sim.book import Kind, SelfTrade, TimeInForce

Refusal = Literal["new", "amend", "cancel"]


class NewOrder(msgspec.Struct, frozen=True, gc=False):
    """What the matching engine is asked to do with a new order."""

    owner: str
    """Account; empty for the order flow."""
    side: int
    size: int
    kind: Kind = "limit"
    price: int | None = None
    """Limit; for limit and stop-limit orders."""
    stop_price: int | None = None
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    self_trade: SelfTrade = "none"
    """What is done where this order would take one of the same owner."""
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


class Entered(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="entered"):
    """The exchange took an order and gave it a number."""

    time_ns: int
    order_id: int
    order: NewOrder


class Refused(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="refused"):
    """A request was refused; nothing changed."""

    time_ns: int
    request: Refusal
    order_id: int
    """0 where the order got no number."""
    reason: str


class Executed(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="executed"):
    """Two orders traded, at the resting one's price."""

    time_ns: int
    number: int
    """Of the trade, counted from 1 in each market."""
    price: int
    size: int
    taker_id: int
    maker_id: int
    taker_side: int

    @property
    def trade_id(self) -> str:
        """The number, and its time in milliseconds: an exchange that is started again counts
        from 1 again, and its trades must not be taken for those of before."""
        return f"{self.time_ns // 1_000_000}-{self.number}"


class Changed(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="changed"):
    """An order was amended."""

    time_ns: int
    order_id: int
    size: int
    price: int | None
    stop_price: int | None
    kept_priority: bool


class Removed(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="removed"):
    """What was left of an order will not trade."""

    time_ns: int
    order_id: int
    left: int
    cause: Literal["canceled", "expired", "self_trade"]
    reason: str


class Elected(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="elected"):
    """A stop order was touched and is now a market or limit order."""

    time_ns: int
    order_id: int
    touched_price: int


Event = Entered | Refused | Executed | Changed | Removed | Elected

_encoder = msgspec.json.Encoder()


def log_line(event: Event) -> bytes:
    """`event` as one line of the log, its line end included."""
    return _encoder.encode(event) + b"\n"
