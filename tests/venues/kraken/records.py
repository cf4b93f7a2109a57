"""What the venue knows of an order, its trades and its amends, for as long as it runs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal

import msgspec

from tests.venues.kraken.pairs import Pair
from tests.venues.kraken.terms import LIMITED, TRAILING, TRIGGERED, Terms

ZERO: Final = Decimal(0)

Status = Literal["pending", "open", "closed", "canceled", "expired"]


class OwnTrade(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of an order of an account."""

    trade_id: str
    number: int
    """Of the market's trade, as public trades have it."""
    order_id: str
    pair: Pair
    side: Literal["buy", "sell"]
    order_type: str
    price: Decimal
    volume: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    """By its v2 name."""
    is_maker: bool
    time_ns: int
    ledgers: tuple[str, ...] = ()


class Amend(msgspec.Struct, frozen=True, kw_only=True):
    """What an order was, from some time on."""

    amend_id: str
    kind: Literal["original", "user", "restated"]
    volume: Decimal
    remaining: Decimal
    limit: Decimal | None
    trigger: Decimal | None
    display: Decimal | None
    time_ns: int


class OrderRecord:
    """An order as the venue keeps it, from when it was taken."""

    def __init__(self, order_id: str, account: str, terms: Terms, time_ns: int) -> None:
        self.order_id = order_id
        self.account = account
        self.terms = terms
        self.status: Status = "pending"
        self.opened_ns = time_ns
        self.changed_ns = time_ns
        """When it was made or last amended: what rate limits go by."""
        self.closed_ns = 0
        self.volume = terms.volume
        self.limit: Decimal | None = None
        self.trigger: Decimal | None = None
        self.display = terms.display
        self.filled = ZERO
        self.cost = ZERO
        self.fee = ZERO
        self.reason = ""
        self.is_triggered = False
        self.was_amended = False
        self.parent_id = ""
        """Of the order whose fill made this one."""
        self.trades: list[OwnTrade] = []
        self.amends: list[Amend] = []

    @property
    def pair(self) -> Pair:
        return self.terms.pair

    @property
    def is_over(self) -> bool:
        return self.status not in ("pending", "open")

    @property
    def remaining(self) -> Decimal:
        return self.volume - self.filled

    @property
    def average(self) -> Decimal:
        """Price of what is filled; 0 if nothing is."""
        return self.cost / self.filled if self.filled else ZERO

    @property
    def is_limited(self) -> bool:
        return self.terms.order_type in LIMITED

    @property
    def waits_for_trigger(self) -> bool:
        return self.terms.order_type in TRIGGERED and not self.is_triggered

    @property
    def trails(self) -> bool:
        return self.terms.order_type in TRAILING

    def take(self, trade: OwnTrade) -> None:
        """Count an execution."""
        self.trades.append(trade)
        self.filled += trade.volume
        self.cost += trade.cost
        self.fee += trade.fee

    def end(self, status: Status, reason: str, time_ns: int) -> None:
        self.status, self.reason, self.closed_ns = status, reason, time_ns


class Records:
    """Every order and trade of every account."""

    def __init__(self) -> None:
        self._orders: dict[str, OrderRecord] = {}
        self._trades: dict[str, tuple[str, OwnTrade]] = {}
        """Trade and its account by trade id."""

    def add(self, record: OrderRecord) -> None:
        self._orders[record.order_id] = record

    def add_trade(self, record: OrderRecord, trade: OwnTrade) -> None:
        record.take(trade)
        self._trades[trade.trade_id] = (record.account, trade)

    def order(self, account: str, order_id: str) -> OrderRecord | None:
        record = self._orders.get(order_id)
        return record if record is not None and record.account == account else None

    def ids(self, account: str) -> list[str]:
        """Of every order, oldest first."""
        return [order.order_id for order in self.orders(account)]

    def orders(self, account: str) -> Iterator[OrderRecord]:
        """Oldest first."""
        return (order for order in self._orders.values() if order.account == account)

    def working(self, account: str) -> list[OrderRecord]:
        """Orders that are pending or open."""
        return [order for order in self.orders(account) if not order.is_over]

    def remove(self, record: OrderRecord) -> None:
        """It was refused after all: there never was such an order."""
        self._orders.pop(record.order_id, None)

    def scheduled(self) -> list[OrderRecord]:
        """Orders that wait for their time."""
        return [order for order in self._orders.values() if order.status == "pending"]

    def trailing(self, symbol: str) -> list[OrderRecord]:
        """Orders of a pair whose stops move with the market."""
        return [
            order
            for order in self._orders.values()
            if order.status == "open"
            and order.trails
            and order.waits_for_trigger
            and order.pair.symbol == symbol
        ]

    def by_id(self, order_id: str) -> OrderRecord | None:
        """Of any account."""
        return self._orders.get(order_id)

    def find(self, account: str, name: str) -> list[OrderRecord]:
        """Working orders by order id, cl_ord_id or userref."""
        if (record := self.order(account, name)) is not None:
            return [] if record.is_over else [record]
        return [
            order
            for order in self.working(account)
            if order.terms.cl_ord_id == name or str(order.terms.userref) == name
        ]

    def trades(self, account: str) -> list[OwnTrade]:
        """Oldest first."""
        return [trade for owner, trade in self._trades.values() if owner == account]

    def trade(self, account: str, trade_id: str) -> OwnTrade | None:
        owner, trade = self._trades.get(trade_id, ("", None))
        return trade if owner == account else None
