"""Balances of spot accounts: nothing is lent, what open orders may take is locked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.instruments import Instrument
from tests.venues.exchange.orders import ZERO, AccountEvent, Execution, OrderRecord, Refusal


@dataclass
class Balance:
    free: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.free + self.locked


@dataclass
class SpotAccount:
    """An account, with every order and trade that it ever had. `listeners` must not wait."""

    name: str
    balances: dict[str, Balance] = field(default_factory=dict)
    orders: dict[int, OrderRecord] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    listeners: list[Callable[[AccountEvent], None]] = field(default_factory=list)
    submits: dict[str, int] = field(default_factory=dict)
    """How often each client id was asked to be placed, whatever came of it."""
    settings: dict[str, object] = field(default_factory=dict)
    """The venue's own: permissions, fee settings."""
    _reserved: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    """Asset and amount locked by each group of orders."""

    def balance(self, asset: str) -> Balance:
        return self.balances.setdefault(asset, Balance())

    def open_orders(self, symbol: str | None = None) -> list[OrderRecord]:
        """Oldest first."""
        return [
            order
            for order in self.orders.values()
            if order.is_open and symbol in (None, order.symbol)
        ]

    def by_client_id(self, client_id: str, symbol: str | None = None) -> OrderRecord | None:
        """The newest of that id; an open one before one that is done."""
        found = [
            order
            for order in self.orders.values()
            if order.client_id == client_id and symbol in (None, order.symbol)
        ]
        return max(found, key=lambda order: (order.is_open, order.order_id), default=None)

    # -- money -------------------------------------------------------------------------------

    def check(self, asset: str, need: Decimal, group: str = "") -> None:
        """Raises `Refusal` if `need`, less what `group` has locked, is not free."""
        held = self._reserved.get(group, (asset, ZERO))[1] if group else ZERO
        if need - held > self.balance(asset).free:
            raise Refusal("balance", f"not enough {asset}")

    def reserve(self, group: str, asset: str, need: Decimal) -> None:
        """Have `group` lock exactly `need`."""
        held = self._reserved.pop(group, (asset, ZERO))[1]
        balance = self.balance(asset)
        balance.locked += need - held
        balance.free -= need - held
        if need:
            self._reserved[group] = (asset, need)

    def settle(self, execution: Execution, instrument: Instrument) -> None:
        """Exchange base for quote, and pay the commission."""
        sign = 1 if execution.side == "buy" else -1
        self.balance(instrument.base).free += sign * execution.size
        self.balance(instrument.quote).free -= sign * execution.cost
        self.balance(execution.commission_asset).free -= execution.commission

    def snapshot(self, assets: Mapping[str, object]) -> dict[str, tuple[Decimal, Decimal]]:
        """Free and locked of each asset named."""
        found = ((asset, self.balance(asset)) for asset in assets)
        return {asset: (balance.free, balance.locked) for asset, balance in found}


def group_of(order: OrderRecord) -> str:
    """What the order shares its locked balance with."""
    return f"link {order.link}" if order.link else f"order {order.order_id}"


def need_of(order: OrderRecord, instrument: Instrument) -> tuple[str, Decimal]:
    """Asset and amount that an open order keeps locked.

    A buy without limit that waits for its stop locks what it costs at that stop.
    """
    if order.side == "sell":
        return instrument.base, order.left
    price = order.price if order.price is not None else order.stop_price
    return instrument.quote, order.left * (price or ZERO)
