"""Order lists: OCO, OTO and OTOCO, and what becomes of them.

The legs of an OCO are linked in the matching engine. What is pending on another order is held
here, and placed when that one is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.orders import OrderRecord, Refusal

if TYPE_CHECKING:
    from tests.venues.binance.state import BinanceState, Times

Contingency = Literal["OCO", "OTO"]
FIRST_LIST_ID = 1_001


@dataclass
class OrderList:
    """One list of orders; `orders` in the order in which the venue tells them."""

    list_id: int
    account: str
    symbol: str
    client_id: str
    contingency: Contingency
    created_ns: int
    orders: list[OrderRecord] = field(default_factory=list)
    pending: list[OrderRecord] = field(default_factory=list)
    """Not placed before the first of `orders` is filled."""
    rejects: str = "NONE"
    status: str = "EXEC_STARTED"
    """`listStatusType`; `ALL_DONE` at its end."""

    @property
    def is_open(self) -> bool:
        return any(order.is_open for order in self.orders)


@dataclass(frozen=True)
class ListChange:
    """A list began, or ended."""

    order_list: OrderList
    time_ns: int
    is_done: bool


class OrderLists:
    def __init__(self) -> None:
        self.by_id: dict[int, OrderList] = {}

    def open(
        self,
        account: SpotAccount,
        symbol: str,
        client_id: str,
        contingency: Contingency,
        now_ns: int,
    ) -> OrderList:
        list_id = FIRST_LIST_ID + len(self.by_id)
        made = OrderList(list_id, account.name, symbol, client_id, contingency, now_ns)
        self.by_id[list_id] = made
        return made

    def forget(self, made: OrderList) -> None:
        """It was refused. Its number is used up."""
        made.status = "REJECT"

    def of(self, account: SpotAccount) -> list[OrderList]:
        """Every list of an account that was taken, oldest first."""
        return [
            one
            for one in self.by_id.values()
            if one.account == account.name and one.status != "REJECT"
        ]

    def find(self, account: SpotAccount, list_id: int | None, client_id: str) -> OrderList | None:
        for one in reversed(self.of(account)):
            if one.list_id == list_id or (list_id is None and one.client_id == client_id):
                return one
        return None

    def follow(self, state: BinanceState) -> None:
        """Place or drop what is pending, and end lists that are over."""
        for one in self.by_id.values():
            if one.status != "EXEC_STARTED":
                continue
            if one.pending:
                self._trigger(one, state)
            if not one.is_open:
                one.status = "ALL_DONE"
                account = state.exchange.accounts[one.account]
                state.events.append((account, ListChange(one, state.clock.now_ns(), True)))

    @staticmethod
    def _trigger(one: OrderList, state: BinanceState) -> None:
        working = one.orders[0]
        if working.is_open:
            return
        pending, one.pending = one.pending, []
        for order in pending:
            if working.status != "filled":
                state.exchange.drop_held(order)
                continue
            try:
                state.exchange.release(order)
            except Refusal:
                continue


def list_state(one: OrderList, t: Times) -> dict[str, Any]:
    """As answers tell a list."""
    return {
        "orderListId": one.list_id,
        "contingencyType": one.contingency,
        "listStatusType": "ALL_DONE" if one.status == "ALL_DONE" else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if one.status == "ALL_DONE" else "EXECUTING",
        "listClientOrderId": one.client_id,
        "transactionTime": t(one.created_ns),
        "symbol": one.symbol,
        "orders": legs(one.orders),
    }


def legs(orders: Sequence[OrderRecord]) -> list[dict[str, Any]]:
    return [
        {"symbol": order.symbol, "orderId": order.order_id, "clientOrderId": order.client_id}
        for order in orders
    ]
