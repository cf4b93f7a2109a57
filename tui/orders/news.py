"""What a person is told when an order changes: in words, and how loudly."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from engine.messages import AccountUpdate, Order, OrderState, OrderUpdate, RequestRefused

_LOUD: dict[OrderState, tuple[Literal["warning", "error"], str]] = {
    OrderState.REJECTED: ("error", "rejected by the venue"),
    OrderState.DENIED: ("error", "denied"),
    OrderState.EXPIRED: ("warning", "expired"),
    OrderState.UNKNOWN: ("error", "is UNKNOWN"),
}
"""States whose entering a person must not miss."""


def told_of(order: Order) -> tuple[Literal["info", "warning", "error"], str] | None:
    """What a person is told when an order enters its state; None where that says nothing."""
    what = f"{order.side} {order.size:f} {order.fqme}"
    if order.state in _LOUD:
        level, verb = _LOUD[order.state]
        return level, f"{what} {verb}: {order.reason or 'no reason given'}"
    if order.state is OrderState.FILLED:
        verb = "bought" if order.side == "buy" else "sold"
        at = "" if order.average_price is None else f" at {_short(order.average_price)}"
        return "info", f"{verb} {order.size:f} {order.fqme}{at}"
    if order.state is OrderState.PARTIAL:
        return "info", f"{what}: {order.filled:f} filled so far"
    if order.state is OrderState.CANCELED:
        return "info", f"{what} canceled"
    if order.state is OrderState.TRIGGERED:
        return "info", f"{what} triggered"
    return None


def refusal_of(update: OrderUpdate) -> tuple[Literal["warning"], str] | None:
    """What a person is told of an amend or a cancel that did not come about; None for one that
    does not matter any more, and for everything else."""
    order, event = update.order, update.event
    if not isinstance(event, RequestRefused) or not order.is_working:
        return None
    what = f"{order.side} {order.size:f} {order.fqme}"
    return "warning", f"{what}: {event.request} refused: {event.reason or 'no reason given'}"


def standing_of(update: AccountUpdate, before: AccountUpdate | None) -> list[str]:
    """What a person is told of an account: that it is in doubt, and numbers that differ, both."""
    told = []
    if update.reason and (before is None or before.reason != update.reason):
        told.append(f"account {update.account}: {update.reason}")
    known = () if before is None else before.disagreements
    return told + [
        f"account {update.account}: {apart.what} of {apart.name} is {apart.ours:f} here "
        f"and {apart.theirs:f} at the venue"
        for apart in update.disagreements
        if apart not in known
    ]


def _short(price: Decimal) -> str:
    """An average in as many digits as prices of its size have, for a sentence."""
    return f"{price:.8g}" if abs(price) < 10**8 else f"{price:.0f}"
