"""Binance spot: the messages of the market streams, and their units.

Read 2026-11 from https://developers.binance.com/docs/binance-spot-api-docs:
`web-socket-streams`, `rest-api/market-data-endpoints`, `rest-api/general-endpoints`.

Prices and sizes are decimal strings, read into floats as they are decoded, and refused there where
no venue could mean them. Times are milliseconds, or microseconds where the connection asked for
`timeUnit=MICROSECOND`: `time_ns` tells them apart.
"""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Price = Annotated[float, Meta(ge=1e-15, lt=1e15)]
"""Of a level or a trade. From 1e15 on float64 could not hold its decimals. Any two prices below
that differ as floats where they differ by a tick: the venue writes at most 8 decimals, and no
market has 2**53 ticks between 0 and its highest price."""

PriceOrNone = Annotated[float, Meta(ge=0, lt=1e15)]
"""0 where there is none: the top of a side that is empty."""

Size = Annotated[float, Meta(ge=0, lt=1e15)]

Levels = tuple[tuple[Price, Size], ...]

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


class Trade(msgspec.Struct, gc=False):
    """`<symbol>@trade`."""

    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="t")
    """Counts up by one in each market."""
    price: Price = msgspec.field(name="p")
    size: Size = msgspec.field(name="q")
    time: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")
    """Then the taker sold."""


class AggTrade(msgspec.Struct, gc=False):
    """`<symbol>@aggTrade`: fills of one taker order at one price."""

    symbol: str = msgspec.field(name="s")
    trade_id: int = msgspec.field(name="a")
    """Of the aggregate; counts up by one in each market."""
    price: Price = msgspec.field(name="p")
    size: Size = msgspec.field(name="q")
    first_id: int = msgspec.field(name="f")
    """Of the trades in it."""
    last_id: int = msgspec.field(name="l")
    time: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")


class BookTicker(msgspec.Struct, gc=False):
    """`<symbol>@bookTicker`: top of book at an update id; it carries no time."""

    update_id: int = msgspec.field(name="u")
    symbol: str = msgspec.field(name="s")
    bid: PriceOrNone = msgspec.field(name="b")
    bid_size: Size = msgspec.field(name="B")
    ask: PriceOrNone = msgspec.field(name="a")
    ask_size: Size = msgspec.field(name="A")


class DepthUpdate(msgspec.Struct):
    """`<symbol>@depth`: changes of the book between two update ids, both included."""

    symbol: str = msgspec.field(name="s")
    time: int = msgspec.field(name="E")
    first_id: int = msgspec.field(name="U")
    last_id: int = msgspec.field(name="u")
    bids: Levels = msgspec.field(name="b")
    asks: Levels = msgspec.field(name="a")


class DepthSnapshot(msgspec.Struct):
    """`GET /api/v3/depth`, and `<symbol>@depth<levels>`."""

    last_update_id: int = msgspec.field(name="lastUpdateId")
    bids: Levels
    asks: Levels


class TradeFrame(msgspec.Struct, gc=False):
    """A frame of a combined stream, as are the next three."""

    data: Trade


class AggTradeFrame(msgspec.Struct, gc=False):
    data: AggTrade


class BookTickerFrame(msgspec.Struct, gc=False):
    data: BookTicker


class DepthFrame(msgspec.Struct):
    data: DepthUpdate


class Reply(msgspec.Struct):
    """An answer to SUBSCRIBE and the like; `code` and `msg` where it was refused."""

    id: int | None = None
    code: int | None = None
    msg: str = ""
    error: RefusedRequest | None = None


class RefusedRequest(msgspec.Struct):
    code: int | None = None
    msg: str = ""


class RestTrade(msgspec.Struct, gc=False):
    """One of `GET /api/v3/historicalTrades`, or `trades`."""

    trade_id: int = msgspec.field(name="id")
    price: Price
    size: Size = msgspec.field(name="qty")
    time: int
    buyer_is_maker: bool = msgspec.field(name="isBuyerMaker")


class RestAggTrade(msgspec.Struct, gc=False):
    """One of `GET /api/v3/aggTrades`."""

    trade_id: int = msgspec.field(name="a")
    price: Price = msgspec.field(name="p")
    size: Size = msgspec.field(name="q")
    first_id: int = msgspec.field(name="f")
    last_id: int = msgspec.field(name="l")
    time: int = msgspec.field(name="T")
    buyer_is_maker: bool = msgspec.field(name="m")


class Ticker24h(msgspec.Struct):
    """`GET /api/v3/ticker/24hr`: of the last 24 hours. MINI has no quotes and no sizes."""

    symbol: str
    last: PriceOrNone = msgspec.field(name="lastPrice")
    last_size: Size = msgspec.field(name="lastQty", default=0.0)
    bid: PriceOrNone = msgspec.field(name="bidPrice", default=0.0)
    bid_size: Size = msgspec.field(name="bidQty", default=0.0)
    ask: PriceOrNone = msgspec.field(name="askPrice", default=0.0)
    ask_size: Size = msgspec.field(name="askQty", default=0.0)
    open: PriceOrNone = msgspec.field(name="openPrice", default=0.0)
    volume: Annotated[float, Meta(ge=0)] = 0.0
    """In base units."""
    quote_volume: Annotated[float, Meta(ge=0)] = msgspec.field(name="quoteVolume", default=0.0)
    close_time: int = msgspec.field(name="closeTime", default=0)
    last_id: int = msgspec.field(name="lastId", default=-1)
    """Of the newest trade; -1 where there was none."""


class ServerTime(msgspec.Struct):
    """`GET /api/v3/time`."""

    server_time: int = msgspec.field(name="serverTime")


class Failure(msgspec.Struct):
    """The body of an answer that is none: https://developers.binance.com, `errors`."""

    code: int = 0
    msg: str = ""


class Kline(msgspec.Struct, array_like=True, gc=False):
    """One of `GET /api/v3/klines`: an array, of which more follows."""

    open_time: int
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Size
    close_time: int
    """Of its last millisecond."""
    quote_volume: Any
    trades: int


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
    limit: int = 0
    """Of parts of an iceberg."""
    max_orders: int = msgspec.field(name="maxNumOrders", default=0)
    max_stops: int = msgspec.field(name="maxNumAlgoOrders", default=0)
    max_icebergs: int = msgspec.field(name="maxNumIcebergOrders", default=0)
    min_trail_above: int = msgspec.field(name="minTrailingAboveDelta", default=0)
    """Hundredths of a percent, as are the other three."""
    max_trail_above: int = msgspec.field(name="maxTrailingAboveDelta", default=0)
    min_trail_below: int = msgspec.field(name="minTrailingBelowDelta", default=0)
    max_trail_below: int = msgspec.field(name="maxTrailingBelowDelta", default=0)


class SymbolInfo(msgspec.Struct):
    """One symbol of `GET /api/v3/exchangeInfo`."""

    symbol: str
    base_asset: str = msgspec.field(name="baseAsset")
    quote_asset: str = msgspec.field(name="quoteAsset")
    filters: list[Filter] = []
    status: str = "TRADING"
    """`TRADING`, `HALT`, `BREAK`; older ones are `END_OF_DAY` and the like."""


class RateLimit(msgspec.Struct):
    """One of the limits of `exchangeInfo`: `limit` in `interval_num` intervals."""

    kind: str = msgspec.field(name="rateLimitType")
    interval: str
    interval_num: int = msgspec.field(name="intervalNum")
    limit: int


class ExchangeInfo(msgspec.Struct):
    """`GET /api/v3/exchangeInfo`."""

    symbols: list[SymbolInfo]
    rate_limits: list[RateLimit] = msgspec.field(name="rateLimits", default=[])


class _RawExchangeInfo(msgspec.Struct):
    """The same, symbol by symbol."""

    symbols: list[msgspec.Raw]
    rate_limits: msgspec.Raw = msgspec.field(name="rateLimits", default=EMPTY)


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_event_name = msgspec.json.Decoder(EventName).decode
decode_reply = msgspec.json.Decoder(Reply).decode
decode_failure = msgspec.json.Decoder(Failure).decode
decode_exchange_info = msgspec.json.Decoder(ExchangeInfo).decode
_decode_raw_exchange_info = msgspec.json.Decoder(_RawExchangeInfo).decode
_decode_symbol = msgspec.json.Decoder(SymbolInfo).decode
decode_server_time = msgspec.json.Decoder(ServerTime).decode

# Not strict: so that numbers are read out of their strings while these are decoded.
decode_trade = msgspec.json.Decoder(Trade, strict=False).decode
decode_agg_trade = msgspec.json.Decoder(AggTrade, strict=False).decode
decode_book_ticker = msgspec.json.Decoder(BookTicker, strict=False).decode
decode_depth_update = msgspec.json.Decoder(DepthUpdate, strict=False).decode
decode_depth_snapshot = msgspec.json.Decoder(DepthSnapshot, strict=False).decode
decode_trade_frame = msgspec.json.Decoder(TradeFrame, strict=False).decode
decode_agg_trade_frame = msgspec.json.Decoder(AggTradeFrame, strict=False).decode
decode_book_ticker_frame = msgspec.json.Decoder(BookTickerFrame, strict=False).decode
decode_depth_frame = msgspec.json.Decoder(DepthFrame, strict=False).decode
decode_rest_trades = msgspec.json.Decoder(list[RestTrade], strict=False).decode
decode_rest_agg_trades = msgspec.json.Decoder(list[RestAggTrade], strict=False).decode
decode_ticker = msgspec.json.Decoder(Ticker24h, strict=False).decode
decode_tickers = msgspec.json.Decoder(list[Ticker24h], strict=False).decode
decode_klines = msgspec.json.Decoder(list[Kline], strict=False).decode


def read_exchange_info(data: bytes) -> ExchangeInfo:
    """As `decode_exchange_info`, without the symbols and limits that are not what is documented:
    one of them is no reason to know none of the others.

    Raises:
        msgspec.MsgspecError: it is no list at all.
    """
    try:
        return decode_exchange_info(data)
    except msgspec.ValidationError:
        raw = _decode_raw_exchange_info(data)
    symbols = []
    for one in raw.symbols:
        with suppress(msgspec.MsgspecError, ArithmeticError, ValueError):
            symbols.append(_decode_symbol(one))
    limits: list[RateLimit] = []
    with suppress(msgspec.MsgspecError):
        limits = msgspec.json.decode(raw.rate_limits or b"[]", type=list[RateLimit])
    return ExchangeInfo(symbols, limits)


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
