"""The frames of combined streams, read without looking at them twice.

Most of what a market data connection carries are frames of the same few streams, thousands a
second. So once a stream was seen, its frames are known by their first bytes, and decoded whole,
in one go, by who reads that stream.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from brokers.binance import wire
from brokers.binance.market import Market
from engine.messages import Tick
from engine.text import safe

ReadFrame = Callable[[bytes, int], list[Tick]]
"""Takes a frame of one stream of one market, and when it was received. Raises `FAULTS`."""


class Route:
    """One stream of one market, and how many of its frames were read."""

    __slots__ = ("count", "kind", "read")

    def __init__(self, kind: str, read: ReadFrame) -> None:
        self.kind = kind
        self.read = read
        self.count = 0


def key_of(stream: str) -> bytes:
    """What all frames of `stream` begin with, up to the end of its name. Of a frame it is
    `frame[: frame.find(b'"', 11, 96)]`; of any other message some bytes without meaning."""
    return b'{"stream":"' + stream.encode()


def route(market: Market, kind: str) -> Route | None:
    """Who reads the stream of `kind`, as in `depth` of `btcusdt@depth@100ms`; None for those that
    are not read this way."""
    make = _READERS.get(kind)
    return None if make is None else Route(_EVENT.get(kind, kind), make(market))


def _trades(market: Market) -> ReadFrame:
    decode, symbol, on_trade = wire.decode_trade_frame, market.symbol, market.on_trade

    def read(frame: bytes, recv_ns: int) -> list[Tick]:
        trade = decode(frame).data
        if trade.symbol != symbol:
            raise _misplaced(trade.symbol, symbol)
        return on_trade(trade, recv_ns)

    return read


def _agg_trades(market: Market) -> ReadFrame:
    decode, symbol, on_trade = wire.decode_agg_trade_frame, market.symbol, market.on_agg_trade

    def read(frame: bytes, recv_ns: int) -> list[Tick]:
        trade = decode(frame).data
        if trade.symbol != symbol:
            raise _misplaced(trade.symbol, symbol)
        return on_trade(trade, recv_ns)

    return read


def _tickers(market: Market) -> ReadFrame:
    decode, symbol, on_ticker = wire.decode_book_ticker_frame, market.symbol, market.on_ticker

    def read(frame: bytes, recv_ns: int) -> list[Tick]:
        ticker = decode(frame).data
        if ticker.symbol != symbol:
            raise _misplaced(ticker.symbol, symbol)
        return on_ticker(ticker, recv_ns)

    return read


def _depth(market: Market) -> ReadFrame:
    decode, symbol, on_depth = wire.decode_depth_frame, market.symbol, market.on_depth

    def read(frame: bytes, recv_ns: int) -> list[Tick]:
        update = decode(frame).data
        if update.symbol != symbol:
            raise _misplaced(update.symbol, symbol)
        return on_depth(update, recv_ns)

    return read


def _misplaced(symbol: str, expected: str) -> ValueError:
    return ValueError(f"{safe(symbol, 40)} in a stream of {expected}")


_READERS: Final[dict[str, Callable[[Market], ReadFrame]]] = {
    "trade": _trades,
    "aggTrade": _agg_trades,
    "bookTicker": _tickers,
    "depth": _depth,
}
_EVENT: Final = {"depth": "depthUpdate"}
"""Name of the event, where that is another than the stream's."""
