"""The market, from a broker to everyone: ticks, the present quote, bars."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from engine.messages.base import Message

#
# Both times are in the market's time (`Broker.now_ns`): wall time at a venue, the tape's time
# in a playback. An age is therefore always `broker.now_ns() - recv_ns`.


class Trade(msgspec.Struct, frozen=True, tag_field="kind", tag="trade", gc=False):
    """Something traded."""

    fqme: str
    price: float
    size: float
    side: Literal["buy", "sell", ""] = ""
    """The side that took liquidity; empty where the venue does not say."""
    venue_ns: int = 0
    recv_ns: int = 0
    trade_id: str = ""
    count: int = 1
    """Trades in it: more than one where the venue aggregates."""


class Bid(msgspec.Struct, frozen=True, tag_field="kind", tag="bid", gc=False):
    """The best bid. A size of 0 says that there is none."""

    fqme: str
    price: float
    size: float
    venue_ns: int = 0
    recv_ns: int = 0


class Ask(msgspec.Struct, frozen=True, tag_field="kind", tag="ask", gc=False):
    """The best ask. A size of 0 says that there is none."""

    fqme: str
    price: float
    size: float
    venue_ns: int = 0
    recv_ns: int = 0


class Book(msgspec.Struct, frozen=True, tag_field="kind", tag="book", gc=False):
    """A change of the L2 book: levels as (price, size), size 0 removes the level."""

    fqme: str
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    venue_ns: int = 0
    recv_ns: int = 0
    is_snapshot: bool = False
    """The levels are the whole book; what was known before is void."""


class Break(msgspec.Struct, frozen=True, tag_field="kind", tag="break", gc=False):
    """The stream is not continuous here: what lies between is not known."""

    fqme: str
    reason: Literal[
        "stale", "gap", "resync", "seek", "overrun", "end", "halt", "resume", "unverified"
    ]
    """`stale`: no data until further ticks; `gap`: something was missed; `resync`: the book
    was built anew; `seek`: a playback moved to `venue_ns`, later bars are void; `overrun`:
    this reader was too slow; `end`: no more data will come; `halt`: the venue does not trade the
    market, until it says `resume` or the stream breaks: one that begins anew says it again;
    `unverified`: the book failed the venue's proof as often as it was built anew; what `Book` ticks
    say from here on is no proof of anything, until `resync`, and no `Bid` or `Ask` is taken from
    it."""
    venue_ns: int = 0
    recv_ns: int = 0


Tick = Trade | Bid | Ask | Book | Break
TickType = Literal["trade", "bid", "ask", "book", "break"]
TICK_TYPE: dict[type, TickType] = {
    Trade: "trade",
    Bid: "bid",
    Ask: "ask",
    Book: "book",
    Break: "break",
}
"""The name under which a frame groups a tick."""


class Quote(Message, frozen=True):
    """The present of a market: what is known of it at `venue_ns`. NaN is never used: a value
    that is not known is None."""

    fqme: str
    last: float
    """Price of the last trade."""
    last_size: float = 0.0
    bid: float | None = None
    bid_size: float = 0.0
    ask: float | None = None
    ask_size: float = 0.0
    day_open: float | None = None
    """What change is measured against: price 24 h ago, or the session's open."""
    day_volume: float | None = None
    """Volume since then, in base units."""
    venue_ns: int = 0
    recv_ns: int = 0


class Columns(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bars as columns, one entry per bar, oldest first; all of one length.

    `time_ns` (int64) is the start of the bar's period, nanoseconds UTC; the others are float64.
    """

    time_ns: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    trades: np.ndarray
    """Number of trades; 0 where the source does not say."""

    def __len__(self) -> int:
        return len(self.time_ns)


COLUMN_NAMES = ("time_ns", "open", "high", "low", "close", "volume", "trades")
