"""Orders of a test exchange: what is asked for, the record that is kept, and what is told of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from brokers.sim.orders import Kind, SelfTrade, TimeInForce

Side = Literal["buy", "sell"]
Status = Literal["pending", "new", "partially_filled", "filled", "canceled", "expired"]
Happened = Literal["new", "triggered", "trade", "prevented", "amended", "canceled", "expired"]

ENDED: Final = frozenset({"filled", "canceled", "expired"})
ZERO: Final = Decimal(0)


class NewSpotOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an account asks for. Prices in quote units, sizes in base units, both on the grid."""

    symbol: str
    side: Side
    kind: Kind = "limit"
    size: Decimal
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = "gtc"
    client_id: str = ""
    post_only: bool = False
    self_trade: SelfTrade = "none"
    expires_ns: int = 0
    trail_ppm: int = 0
    """Of a trailing stop, in millionths of the price."""
    trail: Decimal | None = None
    """The same in quote units."""
    limit_offset: Decimal | None = None
    shown: Decimal | None = None
    """Of an iceberg: what the book sees of it at a time."""
    link: str = ""
    """Orders of one account and link share what they lock; the first to trade or to end cancels
    the others."""
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    """The venue's own terms, kept with the record."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a trade, as its account sees it."""

    trade_id: int
    order_id: int
    symbol: str
    side: Side
    price: Decimal
    size: Decimal
    commission: Decimal
    commission_asset: str
    is_maker: bool
    time_ns: int
    client_id: str = ""

    @property
    def cost(self) -> Decimal:
        return self.price * self.size


class OrderRecord(msgspec.Struct, kw_only=True):
    """An order, from when it was taken on; it can be asked for after it is done."""

    order_id: int
    account: str
    symbol: str
    client_id: str
    side: Side
    kind: Kind
    size: Decimal
    """All of it that may ever trade; less of it after an amend."""
    price: Decimal | None
    stop_price: Decimal | None
    time_in_force: TimeInForce
    post_only: bool
    self_trade: SelfTrade
    expires_ns: int
    shown: Decimal | None
    link: str
    created_ns: int
    updated_ns: int
    working_ns: int = 0
    """Since when it is in the book, or trades; 0 while it waits for its stop."""
    status: Status = "new"
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    """What was paid or got for what is filled, without commission."""
    fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    prevented: Decimal = ZERO
    """What self-trade prevention took off it."""
    prevented_match_id: int = 0
    reason: str = ""
    """Why it ended, in the words of the matching engine."""
    executions: list[Execution] = msgspec.field(default_factory=list)
    amends: list[Amend] = msgspec.field(default_factory=list)
    is_triggered: bool = False
    number: int = 0
    """In the matching engine of its market."""
    extra: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def left(self) -> Decimal:
        return self.size - self.filled - self.prevented

    @property
    def is_open(self) -> bool:
        return self.status not in ENDED

    @property
    def waits_for_stop(self) -> bool:
        return self.stop_price is not None and not self.is_triggered

    @property
    def average_price(self) -> Decimal:
        return self.cost / self.filled if self.filled else ZERO


class Amend(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an order."""

    time_ns: int
    execution_id: int
    old_client_id: str
    new_client_id: str
    old_size: Decimal
    new_size: Decimal
    old_price: Decimal | None = None
    new_price: Decimal | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to an order of an account."""

    happened: Happened
    order: OrderRecord
    """As it was right after; a copy."""
    execution_id: int
    """Counts everything that happens to orders, over all markets."""
    time_ns: int
    execution: Execution | None = None
    request_client_id: str = ""
    """Of a cancel or amend: the id that the request gave itself."""
    previous_client_id: str = ""
    balances: dict[str, tuple[Decimal, Decimal]] = msgspec.field(default_factory=dict)
    """Free and locked of every asset that changed by it."""


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit, or a withdrawal if the amount is negative."""

    asset: str
    amount: Decimal
    free: Decimal
    locked: Decimal
    time_ns: int


AccountEvent = Report | Transfer


class Refusal(Exception):
    """A request was refused; nothing changed.

    `kind` is one of: `balance` (not enough free), `unknown_order`, `duplicate_client_id`,
    `would_take` (post-only), `would_trigger` (its stop is already reached), `no_liquidity`,
    `size_filled` (an amend to no more than what traded), `off_grid`, `terms` (all else; the
    text says what).
    """

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(text or kind)
        self.kind = kind
