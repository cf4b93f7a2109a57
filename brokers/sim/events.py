"""What happens inside the exchange, as the lines of its log.

Prices are ticks, sizes are steps, sides are +1 and -1, times are nanoseconds UTC. The log of
a market is these structs in order, each as one line of JSON: the same seed and the same
commands at the same times give the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from brokers.sim.orders import NewOrder, SelfTrade

Refusal = Literal["new", "amend", "cancel"]


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


class Prevented(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="prevented"):
    """Two orders of one owner or trade group did not trade with each other.

    Those that end by it are `Removed` next; the others go on with that much less.
    """

    time_ns: int
    number: int
    """Of the prevented match, counted from 1 in each market."""
    price: int
    """Where they would have traded."""
    taker_id: int
    maker_id: int
    taker_prevented: int
    """Steps of the taker that will not trade because of this; 0 if it goes on as before."""
    maker_prevented: int
    mode: SelfTrade
    """What was done, which need not be what was asked for."""
    taker_side: int

    @property
    def is_transfer(self) -> bool:
        """What was prevented changes hands between two accounts, at this price, without a trade
        that anyone else sees."""
        return self.mode == "transfer"

    @property
    def transfer_id(self) -> str:
        """As `Executed.trade_id`, of another kind."""
        return f"{self.time_ns // 1_000_000}-t{self.number}"


class Refreshed(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="refreshed"):
    """An iceberg shows its next part, behind all others at its price."""

    time_ns: int
    order_id: int
    shown: int


class Elected(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="elected"):
    """A stop order was touched and is now a market or limit order."""

    time_ns: int
    order_id: int
    touched_price: int


Event = Entered | Refused | Executed | Changed | Removed | Elected | Prevented | Refreshed

_encoder = msgspec.json.Encoder()


def log_line(event: Event) -> bytes:
    """`event` as one line of the log, its line end included."""
    return _encoder.encode(event) + b"\n"
