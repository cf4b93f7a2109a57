"""Algos: orders that make orders, and the terms they are set to."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from engine.messages.base import Message, Side


class BracketTerms(Message, frozen=True, tag="bracket"):
    """An entry, and from what it fills a stop and targets, of which one cancels the other."""

    side: Side
    """Of the entry."""
    size: Decimal
    stop_price: Decimal
    """Where the position is given up."""
    targets: tuple[tuple[Decimal, Decimal], ...]
    """(price, size) of each, nearest first; the sizes add up to `size`."""
    price: Decimal | None = None
    """Limit of the entry; None enters at the market."""


class OcoTerms(Message, frozen=True, tag="oco"):
    """A limit order and a stop of one side and size: what the one trades the other does not."""

    side: Side
    size: Decimal
    price: Decimal
    stop_price: Decimal
    reduce_only: bool = False


class OtoTerms(Message, frozen=True, tag="oto"):
    """An order, and another that is sent for what the first one filled, once it is done."""

    side: Side
    size: Decimal
    price: Decimal
    then_side: Side
    then_price: Decimal
    """Limit of the second."""


class IcebergTerms(Message, frozen=True, tag="iceberg"):
    """A limit order of which the book sees only `shown` at a time."""

    side: Side
    size: Decimal
    price: Decimal
    shown: Decimal


class ScaleTerms(Message, frozen=True, tag="scale"):
    """`count` limit orders from `first_price` to `last_price`, both included."""

    side: Side
    size: Decimal
    """Of all together."""
    count: int
    first_price: Decimal
    last_price: Decimal
    shape: Literal["flat", "rising", "falling"] = "flat"
    """How sizes go from the first to the last: all the same, 1 : 2 : ... : n, or the reverse."""
    reduce_only: bool = False


class TwapTerms(Message, frozen=True, tag="twap"):
    """`count` equal parts, one each `interval_s`; what a part did not fill goes to the next."""

    side: Side
    size: Decimal
    count: int
    interval_s: float
    price: Decimal | None = None
    """No part trades beyond it; None sends market orders."""
    reduce_only: bool = False


class ChaseTerms(Message, frozen=True, tag="chase"):
    """A limit order that follows the best price of its own side, never beyond `limit_price`."""

    side: Side
    size: Decimal
    limit_price: Decimal
    """The dearest a buy follows to, the cheapest a sale does."""
    offset_ticks: int = 0
    """How far behind the best price it stays."""
    every_s: float = 0.5
    """Least time between two amends."""
    most_moves: int = 1000
    """Amends after which it stays where it is."""
    post_only: bool = False
    reduce_only: bool = False


AlgoTerms = BracketTerms | OcoTerms | OtoTerms | IcebergTerms | ScaleTerms | TwapTerms | ChaseTerms

AlgoStatus = Literal["running", "paused", "canceling", "done", "canceled", "failed"]


class Algo(Message, frozen=True):
    """An algo as it stands. Together with its orders this is all that it goes on from."""

    algo_id: str
    account: str
    fqme: str
    terms: AlgoTerms
    status: AlgoStatus = "running"
    reason: str = ""
    is_native: bool = False
    """Its orders are linked by the venue; else what links them is held here, and depends on
    this host and this feed."""
    placed: int = 0
    """Orders it has made so far; the next one is named by this number."""
    stopped: tuple[str, ...] = ()
    """Ids of its orders that a pause canceled: what they left open is to be traded still."""
    will_be: Literal["canceled", "failed"] = "canceled"
    """What it becomes once nothing of it works any more, while it is `canceling`."""
    touched: bool = False
    """The stop that is held here was reached: what is left leaves at the market."""
    moves: int = 0
    """Amends it has made."""
    next_ns: int = 0
    """When it acts again by itself, in the market's time; 0 waits for an event."""
    filled: Decimal = Decimal(0)
    """Of what it set out to trade; exits of a bracket are not counted."""
    created_ns: int = 0
    updated_ns: int = 0

    @property
    def is_ended(self) -> bool:
        return self.status in ("done", "canceled", "failed")
