"""Kraken spot, websocket API v2: the messages of the market channels, and their units.

Read 2026-11 from https://docs.kraken.com/api/docs/websocket-v2: `book`, `trade`, `ticker`,
`instrument`, `status`, `heartbeat`, `subscribe`, `ping`.

Prices and sizes are JSON numbers whose trailing zeros count for the checksum of the book, so
those of levels are kept as the text itself. Times are RFC 3339 text in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

import msgspec

from engine.clock import NANOS

EMPTY = msgspec.Raw(b"")


class Envelope(msgspec.Struct):
    """Any message: enough of it to tell what it is."""

    channel: str = ""
    type: str = ""
    """`snapshot` or `update`."""
    data: msgspec.Raw = EMPTY
    method: str = ""
    """Of an answer to a request."""
    error: Any = msgspec.UNSET


class Subscribed(msgspec.Struct):
    """What a subscription is of."""

    channel: str = ""
    symbol: str = ""
    depth: int = 0


class Answer(msgspec.Struct):
    """Answer to `subscribe` or `unsubscribe`: one for each symbol that was asked for."""

    method: str
    success: bool = False
    req_id: int = 0
    symbol: str = ""
    """Of one that failed."""
    error: str = ""
    time_in: str = ""
    """When the venue received the request."""
    result: Subscribed = msgspec.field(default_factory=Subscribed)


class BookLevel(msgspec.Struct):
    """Numbers as the text that they are on the wire: its digits are what the checksum is of."""

    price: msgspec.Raw
    qty: msgspec.Raw
    """Size at that price; 0 removes the level."""


class BookData(msgspec.Struct):
    """`book` channel: the whole of it, or its changes."""

    symbol: str
    bids: list[BookLevel]
    asks: list[BookLevel]
    checksum: int
    """CRC32 of the best ten levels of both sides, after this message."""
    timestamp: str = ""
    """Older recordings have none on the snapshot."""


class TradeData(msgspec.Struct):
    """`trade` channel."""

    symbol: str
    side: Literal["buy", "sell"]
    """Of the taker."""
    price: float
    qty: float
    trade_id: int
    """Counts up by one in each book."""
    timestamp: str


class TickerData(msgspec.Struct):
    """`ticker` channel: top of book and statistics of the last 24 hours."""

    symbol: str
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float
    last: float
    volume: float
    change: float = 0.0
    """`last` minus the price 24 hours ago."""
    timestamp: str = ""


class Pair(msgspec.Struct):
    """One pair of the `instrument` channel."""

    symbol: str
    base: str
    quote: str
    price_precision: int
    """Decimals of a price, in messages and in the checksum."""
    qty_precision: int
    price_increment: Decimal
    qty_increment: Decimal
    qty_min: Decimal = Decimal(0)
    cost_min: Decimal = Decimal(0)
    """Least price x size of an order, in `quote`."""
    status: str = "online"


class SystemStatus(msgspec.Struct):
    """`status` channel: of the trading engine."""

    system: str = "online"


class InstrumentData(msgspec.Struct):
    """`instrument` channel."""

    pairs: list[Pair] = []


class BookMessage(msgspec.Struct, tag_field="channel", tag="book"):
    data: list[BookData]
    type: str = ""


class TradeMessage(msgspec.Struct, tag_field="channel", tag="trade"):
    data: list[TradeData]
    type: str = ""


class TickerMessage(msgspec.Struct, tag_field="channel", tag="ticker"):
    data: list[TickerData]
    type: str = ""


class InstrumentMessage(msgspec.Struct, tag_field="channel", tag="instrument"):
    data: InstrumentData
    type: str = ""


class StatusMessage(msgspec.Struct, tag_field="channel", tag="status"):
    data: list[SystemStatus]
    type: str = ""


class Heartbeat(msgspec.Struct, tag_field="channel", tag="heartbeat"):
    type: str = ""


MarketMessage = (
    BookMessage | TradeMessage | TickerMessage | InstrumentMessage | StatusMessage | Heartbeat
)
"""What is read of this channel's messages in one pass."""

CHANNELS = frozenset({"book", "trade", "ticker", "instrument", "status", "heartbeat"})
"""Those of `MarketMessage`."""

decode_market = msgspec.json.Decoder(MarketMessage).decode
decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_answer = msgspec.json.Decoder(Answer).decode

_TIME = re.compile(rb'"timestamp" ?: ?"([^"]{19,40})"')


@lru_cache(maxsize=64)
def _second_ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NANOS


def time_ns(text: str) -> int:
    """A time of the venue, `2024-05-27T12:33:10.826003Z`, in nanoseconds UTC.

    Raises:
        ValueError: not such a time.
    """
    if text[10:11] != "T" or text[-1:] != "Z":
        raise ValueError(f"{text[:40]!r} is not a time in UTC")
    nanos = _second_ns(text[:19])
    fraction = text[20:-1]
    if fraction or text[19] != "Z":
        nanos += int((fraction + "000000000")[:9])
    if nanos < 0:
        raise ValueError(f"{text[:40]!r} is before 1970")
    return nanos


def message_time_ns(data: bytes) -> int | None:
    """When the venue sent this message, as far as it says; None where it does not.

    A message of several trades was sent at the time of the last of them.
    """
    found = _TIME.findall(data[-4096:])
    try:
        return time_ns(found[-1].decode()) if found else None
    except ValueError:
        return None
