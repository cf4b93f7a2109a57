"""What all messages have in common: their base, and the words that several use."""

from __future__ import annotations

from typing import Literal

import msgspec

Side = Literal["buy", "sell"]
OrderType = Literal[
    "limit",
    "market",
    "stop",
    "stop_limit",
    "take_profit",
    "take_profit_limit",
    "trailing_stop",
    "trailing_stop_limit",
]
TimeInForce = Literal["gtc", "gtd", "ioc", "fok"]
TradingState = Literal["active", "reducing", "halted"]
"""`reducing` takes only what makes a position smaller; `halted` only cancels."""
TrailUnit = Literal["price", "percent"]
Reference = Literal["last", "touch", "mid"]
"""What is held against a trigger: the last trade; `touch`, the price that the order would meet,
which is the ask for a buy and the bid for a sale; or the middle of bid and ask."""
AlertReference = Literal["last", "bid", "ask", "mid"]
Route = Literal["live", "dark"]
"""`live` goes to the account's venue at once; `dark` is held here until its trigger."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower, gc=False):
    """Base of all messages."""
