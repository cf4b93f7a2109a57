"""What moves an order: from brokers and the EMS to the router."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from engine.messages.base import Message, OrderType


class Accepted(Message, frozen=True):
    """The venue has the order."""

    order_id: str
    venue_order_id: str = ""
    venue_ns: int = 0


class Rejected(Message, frozen=True):
    """The venue said no: the order does not exist there."""

    order_id: str
    reason: str
    venue_ns: int = 0


class Denied(Message, frozen=True):
    """We said no: nothing left the machine."""

    order_id: str
    check: str
    reason: str
    limit: str = ""
    value: str = ""


class Filled(Message, frozen=True):
    """The venue reports an execution of the order."""

    order_id: str
    trade_id: str
    price: Decimal
    size: Decimal
    fee: Decimal = Decimal(0)
    fee_asset: str = ""
    liquidity: Literal["maker", "taker", ""] = ""
    venue_ns: int = 0


class Canceled(Message, frozen=True):
    """The rest of the order will not trade."""

    order_id: str
    reason: str = ""
    venue_ns: int = 0


class Expired(Message, frozen=True):
    """The venue ended the order by its own terms (IOC or FOK rest, end of day)."""

    order_id: str
    reason: str = ""
    venue_ns: int = 0


class AmendRequested(Message, frozen=True):
    """An amend was asked of the venue, or of the dark book."""

    order_id: str
    price: Decimal | None
    size: Decimal


class Amended(Message, frozen=True):
    """The order now has this price and size."""

    order_id: str
    price: Decimal | None
    size: Decimal
    stop_price: Decimal | None = None
    trigger_price: Decimal | None = None
    venue_ns: int = 0


class CancelRequested(Message, frozen=True):
    """A cancel was asked of the venue, or of the dark book."""

    order_id: str


class RequestRefused(Message, frozen=True):
    """An amend or a cancel was refused; the order stands as it did."""

    order_id: str
    request: Literal["amend", "cancel"]
    reason: str
    venue_ns: int = 0
    check: str = ""
    """Of ours, if we refused it; empty when the venue did."""
    limit: str = ""
    value: str = ""


class Held(Message, frozen=True):
    """The dark book holds the order."""

    order_id: str
    as_type: OrderType | None = None
    """What it is sent as once its stop is touched, where its venue does not take its own type:
    it becomes a dark order of this type, and its stop price the trigger."""
    direction: Literal["up", "down", ""] = ""
    """From where its trigger is touched; on record, for the market may have passed it by when
    the engine comes back."""


class Triggered(Message, frozen=True):
    """The trigger of a dark order was touched; it is about to be sent."""

    order_id: str
    touched_price: float
    price: Decimal | None
    """Limit price it is sent with; None for a market order."""
    venue_ns: int = 0


class Lost(Message, frozen=True):
    """No answer to a request that may have reached the venue."""

    order_id: str
    reason: str


class Reopened(Message, frozen=True):
    """The venue has the order among those that work, though it had been taken for done."""

    order_id: str
    reason: str
    venue_ns: int = 0


OrderEvent = (
    Accepted
    | Rejected
    | Denied
    | Filled
    | Canceled
    | Expired
    | AmendRequested
    | Amended
    | CancelRequested
    | RequestRefused
    | Held
    | Triggered
    | Lost
    | Reopened
)
