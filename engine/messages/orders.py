"""Orders, fills, positions and alerts: what is so, after all that happened."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

from engine.messages.base import (
    AlertReference,
    Message,
    OrderType,
    Reference,
    Route,
    Side,
    TimeInForce,
    TrailUnit,
)


class OrderState(StrEnum):
    """Where an order is. `staged` exists in the deck only."""

    STAGED = "staged"
    PENDING = "pending"
    """On its way: given to the venue, not yet acknowledged."""
    OPEN = "open"
    PARTIAL = "partial"
    DARK = "dark"
    """Held in the EMS; no venue has seen it."""
    TRIGGERED = "triggered"
    """Its trigger was touched; being sent."""
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    """The venue said no."""
    DENIED = "denied"
    """We said no."""
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """We do not know; its exposure stays reserved until there is evidence."""


WORKING = frozenset(
    {
        OrderState.PENDING,
        OrderState.OPEN,
        OrderState.PARTIAL,
        OrderState.DARK,
        OrderState.TRIGGERED,
        OrderState.UNKNOWN,
    }
)
"""States in which an order can still trade."""

DONE = frozenset(
    {
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.REJECTED,
        OrderState.DENIED,
        OrderState.EXPIRED,
    }
)
"""States from which only a late fill moves an order."""


class Order(Message, frozen=True):
    """An order as the router knows it, after all events so far."""

    order_id: str
    """Ours, made when the order was staged; also the client order id at the venue."""
    account: str
    fqme: str
    side: Side
    order_type: OrderType
    size: Decimal
    price: Decimal | None = None
    """Limit price; None for market and stop orders."""
    stop_price: Decimal | None = None
    """Where a stop or stop-limit order starts to work, at the venue."""
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    route: Route = "live"
    trigger_price: Decimal | None = None
    """Where a dark order is sent."""
    trigger_direction: Literal["up", "down", ""] = ""
    """Of a dark order that is held: from where its trigger is touched."""
    reduce_only: bool = False
    """It only ever makes a position smaller: never larger, never of the other side."""
    expires_ns: int = 0
    """When a `gtd` order ends, in the market's time; 0 for all others."""
    trail: Decimal | None = None
    """How far behind the best price since it began the stop of a trailing order stays."""
    trail_unit: TrailUnit = "price"
    """`trail` is a difference of prices, or a percentage of the best price."""
    limit_offset: Decimal | None = None
    """How far beyond its stop a trailing stop-limit order is willing to trade."""
    reference: Reference = "last"
    """What a trigger that is held here is held against."""
    parent_id: str = ""
    """Of the algo that it is a child of."""
    link_group: str = ""
    """Orders of one group at a venue that links them: the first to trade or to end, other than
    by its own amend, cancels the rest (one cancels the other)."""
    shown: Decimal | None = None
    """Of an iceberg at a venue that takes those: the most that its book sees at a time."""
    state: OrderState = OrderState.PENDING
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    """Of the fills so far, exact; None without fills, and where some were made elsewhere at prices
    that are not known."""
    traded: Decimal = Decimal(0)
    """Sum of price times size of the fills so far."""
    fees: Decimal = Decimal(0)
    """Sum of fees in `fee_asset`; fees in other assets are on the fills."""
    fee_asset: str = ""
    """Of those that fees were paid in, the first by name."""
    venue_order_id: str = ""
    awaiting: Literal["", "amend", "cancel"] = ""
    """What was asked of the venue and is not yet answered."""
    terms_ns: int = 0
    """The venue's time of the newest amend that it confirmed; 0 if it says none."""
    asked_size: Decimal | None = None
    """The size that an amend asks for, until it is answered: the venue may have it already."""
    reason: str = ""
    """Why it was denied, rejected, canceled or is unknown."""
    accepts_stale: bool = False
    """A person wants it though the market is stale."""
    is_external: bool = False
    """Made elsewhere: the venue has it, and nobody here asked for it."""
    created_ns: int = 0
    updated_ns: int = 0

    @property
    def remaining(self) -> Decimal:
        return self.size - self.filled

    @property
    def largest_size(self) -> Decimal:
        """As large as it may be at the venue, an amend that is under way included."""
        return self.size if self.asked_size is None else max(self.size, self.asked_size)

    @property
    def exposed(self) -> Decimal:
        """The most that it can still trade."""
        most = self.largest_size - self.filled
        return most if self.is_working and most > 0 else Decimal(0)

    @property
    def is_working(self) -> bool:
        return self.state in WORKING

    @property
    def held_at(self) -> Literal["", "engine", "venue"]:
        """Where it waits: here, where it depends on this host and this feed; at the venue, or on
        its way there; or nowhere any more."""
        if not self.is_working:
            return ""
        return "engine" if self.state is OrderState.DARK else "venue"


class Fill(Message, frozen=True):
    """One execution. Unique by (venue, account, instrument, trade id)."""

    order_id: str
    account: str
    fqme: str
    trade_id: str
    side: Side
    price: Decimal
    size: Decimal
    fee: Decimal = Decimal(0)
    fee_asset: str = ""
    liquidity: Literal["maker", "taker", ""] = ""
    venue_ns: int = 0
    recv_ns: int = 0


class Position(Message, frozen=True):
    """What an account holds in a market: a fold over its fills."""

    account: str
    fqme: str
    size: Decimal = Decimal(0)
    """Negative is short."""
    average_price: Decimal | None = None
    """Average cost of what is held; None when flat."""
    realised: Decimal = Decimal(0)
    """Profit of closed parts, in the instrument's settlement asset, before fees."""
    fees: Decimal = Decimal(0)
    """Fees paid in the settlement asset."""
    fees_in_other: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Fees paid in other assets, by asset; never converted silently."""
    entry_fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Of all these fees, by asset, those for opening what is still held: the share of a part
    that is closed goes with it. Empty when flat."""
    updated_ns: int = 0


class Alert(Message, frozen=True):
    """A price at which to call the user."""

    alert_id: str
    fqme: str
    price: Decimal
    note: str = ""
    state: Literal["armed", "triggered", "canceled"] = "armed"
    reference: AlertReference = "last"
    """Which price of the market is held against `price`."""
    direction: Literal["up", "down", ""] = ""
    """`up` calls when the market is at or above `price`, `down` at or below. Set by where
    the market stands when the alert is set; empty until it is known."""
    created_ns: int = 0
    triggered_ns: int = 0
    triggered_price: float | None = None
