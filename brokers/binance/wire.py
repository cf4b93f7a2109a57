"""Binance spot: the messages of the market streams, and their units.

Read 2026-11 from https://developers.binance.com/docs/binance-spot-api-docs:
`web-socket-streams`, `rest-api/market-data-endpoints`, `rest-api/general-endpoints`.

Prices and sizes are decimal strings. Times are milliseconds, or microseconds where the
connection asked for `timeUnit=MICROSECOND`: `time_ns` tells them apart.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec

from brokers.levels import Level

EMPTY = msgspec.Raw(b"")

MICROSECONDS_FROM = 10**14
"""As milliseconds this is the year 5138, as microseconds 1973."""

LATEST_NS = 2**63 - 1
"""Times are int64 wherever they are kept as columns."""


class Envelope(msgspec.Struct):
    """Any message: enough of it to tell what it is."""

    stream: str = ""
    """Name of the stream, in a combined-stream frame only."""
    data: msgspec.Raw = EMPTY
    event: str = msgspec.field(name="e", default="")
    last_update_id: int | None = msgspec.field(name="lastUpdateId", default=None)
    update_id: Any = msgspec.field(name="u", default=None)
    symbol: Any = msgspec.field(name="s", default=None)
    result: Any = msgspec.UNSET
    error: Any = msgspec.UNSET
    code: Any = msgspec.UNSET


class EventName(msgspec.Struct):
    event: str = msgspec.field(name="e", default="")


class Trade(msgspec.Struct):
    """`<symbol>@trade`."""

    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    """Counts up by one in each market."""
    price: str = msgspec.field(name="p")
    size: str = msgspec.field(name="q")
    time: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")
    """Then the taker sold."""


class AggTrade(msgspec.Struct):
    """`<symbol>@aggTrade`: fills of one taker order at one price."""

    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="a")
    """Of the aggregate; counts up by one in each market."""
    price: str = msgspec.field(name="p")
    size: str = msgspec.field(name="q")
    first_id: int = msgspec.field(name="f")
    """Of the trades in it."""
    last_id: int = msgspec.field(name="l")
    time: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")


class BookTicker(msgspec.Struct):
    """`<symbol>@bookTicker`: top of book at an update id; it carries no time."""

    update_id: int = msgspec.field(name="u")
    symbol: str = msgspec.field(name="s")
    bid: str = msgspec.field(name="b")
    bid_size: str = msgspec.field(name="B")
    ask: str = msgspec.field(name="a")
    ask_size: str = msgspec.field(name="A")


class DepthUpdate(msgspec.Struct):
    """`<symbol>@depth`: changes of the book between two update ids, both included."""

    symbol: str = msgspec.field(name="s")
    time: int = msgspec.field(name="E")
    first_id: int = msgspec.field(name="U")
    last_id: int = msgspec.field(name="u")
    bids: list[Level] = msgspec.field(name="b")
    asks: list[Level] = msgspec.field(name="a")


class DepthSnapshot(msgspec.Struct):
    """`GET /api/v3/depth`, and `<symbol>@depth<levels>`."""

    last_update_id: int = msgspec.field(name="lastUpdateId")
    bids: list[Level]
    asks: list[Level]


class Filter(msgspec.Struct):
    """One of a symbol's filters; others than those named here have none of these fields."""

    filter_type: str = msgspec.field(name="filterType")
    min_price: Decimal | None = msgspec.field(name="minPrice", default=None)
    max_price: Decimal | None = msgspec.field(name="maxPrice", default=None)
    tick_size: Decimal | None = msgspec.field(name="tickSize", default=None)
    min_qty: Decimal | None = msgspec.field(name="minQty", default=None)
    max_qty: Decimal | None = msgspec.field(name="maxQty", default=None)
    step_size: Decimal | None = msgspec.field(name="stepSize", default=None)
    min_notional: Decimal | None = msgspec.field(name="minNotional", default=None)
    max_notional: Decimal | None = msgspec.field(name="maxNotional", default=None)
    apply_to_market: bool = msgspec.field(name="applyToMarket", default=True)
    apply_min_to_market: bool = msgspec.field(name="applyMinToMarket", default=True)
    apply_max_to_market: bool = msgspec.field(name="applyMaxToMarket", default=True)
    bid_multiplier_up: Decimal | None = msgspec.field(name="bidMultiplierUp", default=None)
    bid_multiplier_down: Decimal | None = msgspec.field(name="bidMultiplierDown", default=None)
    ask_multiplier_up: Decimal | None = msgspec.field(name="askMultiplierUp", default=None)
    ask_multiplier_down: Decimal | None = msgspec.field(name="askMultiplierDown", default=None)
    multiplier_up: Decimal | None = msgspec.field(name="multiplierUp", default=None)
    multiplier_down: Decimal | None = msgspec.field(name="multiplierDown", default=None)
    average_minutes: int = msgspec.field(name="avgPriceMins", default=0)


class SymbolInfo(msgspec.Struct):
    """One symbol of `GET /api/v3/exchangeInfo`."""

    symbol: str
    base_asset: str = msgspec.field(name="baseAsset")
    quote_asset: str = msgspec.field(name="quoteAsset")
    filters: list[Filter] = []


class ExchangeInfo(msgspec.Struct):
    """`GET /api/v3/exchangeInfo`."""

    symbols: list[SymbolInfo]


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_event_name = msgspec.json.Decoder(EventName).decode
decode_trade = msgspec.json.Decoder(Trade).decode
decode_agg_trade = msgspec.json.Decoder(AggTrade).decode
decode_book_ticker = msgspec.json.Decoder(BookTicker).decode
decode_depth_update = msgspec.json.Decoder(DepthUpdate).decode
decode_depth_snapshot = msgspec.json.Decoder(DepthSnapshot).decode
decode_exchange_info = msgspec.json.Decoder(ExchangeInfo).decode


def time_ns(value: int) -> int:
    """A time of the venue in nanoseconds UTC.

    Raises:
        ValueError: no time that could be meant.
    """
    nanos = value * (1_000 if value >= MICROSECONDS_FROM else 1_000_000)
    if not 0 <= nanos <= LATEST_NS:
        raise ValueError(f"time {value} is out of range")
    return nanos


_TIME = re.compile(rb'"[ET]" ?: ?(\d{10,18})\b')


def message_time_ns(data: bytes) -> int | None:
    """When the venue sent this message, as far as it says; None where it does not."""
    found = _TIME.search(data, 0, 4096)
    try:
        return time_ns(int(found.group(1))) if found else None
    except ValueError:
        return None
