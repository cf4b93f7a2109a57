"""Inks and texts that the tables of the deck share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from decimal import Decimal

from engine.messages import OrderState
from tui.paint import format as text_of
from tui.state import DeckState

STATE_INKS: dict[OrderState, str] = {
    OrderState.STAGED: "staged",
    OrderState.PENDING: "unacked",
    OrderState.OPEN: "working",
    OrderState.PARTIAL: "working",
    OrderState.DARK: "dark",
    OrderState.TRIGGERED: "triggered",
    OrderState.FILLED: "own",
    OrderState.UNKNOWN: "unknown bold",
    OrderState.REJECTED: "error",
    OrderState.DENIED: "error",
}
"""Inks of the states that are not muted."""

Numbers = Callable[[str], int]
"""The number that the user calls an order by."""


def money_ink(value: Decimal) -> str:
    """Ink of an amount of profit."""
    return "muted" if not value else "up" if value > 0 else "down"


def side_ink(side: str, is_working: bool = True) -> str:
    """Ink of a side."""
    return "muted" if not is_working else "up" if side == "buy" else "down"


def time_text(time_ns: int, zone: tzinfo | None) -> str:
    """The time of day; empty where it is not known."""
    return text_of.clock(time_ns, zone) if time_ns else ""


def price_text(state: DeckState, fqme: str, price: Decimal | float | None) -> str:
    """A price in the digits of its market, if that is open."""
    market = state.markets.get(fqme)
    return text_of.price(price, market.instrument) if market else text_of.plain(price)


def size_text(state: DeckState, fqme: str, size: Decimal) -> str:
    """A size in the digits of its market, if that is open."""
    market = state.markets.get(fqme)
    return text_of.size(size, market.instrument) if market else text_of.plain(size)
