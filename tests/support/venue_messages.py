"""Messages in the shapes that venues send them, as small as they can be."""

from __future__ import annotations

import json
from collections.abc import Iterable

START_MS = 1_700_000_000_000

Levels = Iterable[tuple[str, str]]


def binance_frame(stream: str, data: dict[str, object]) -> bytes:
    return json.dumps({"stream": stream, "data": data}).encode()


def binance_depth(
    first: int, last: int, bids: Levels = (), asks: Levels = (), *, symbol: str = "BTCUSDT"
) -> bytes:
    data = {
        "e": "depthUpdate",
        "E": START_MS + last,
        "s": symbol,
        "U": first,
        "u": last,
        "b": list(bids),
        "a": list(asks),
    }
    return binance_frame(f"{symbol.lower()}@depth@100ms", data)


def binance_snapshot(last: int, bids: Levels, asks: Levels) -> bytes:
    return json.dumps({"lastUpdateId": last, "bids": list(bids), "asks": list(asks)}).encode()


def binance_ticker(
    update_id: int, bid: str, bid_size: str, ask: str, ask_size: str, *, symbol: str = "BTCUSDT"
) -> bytes:
    data = {"u": update_id, "s": symbol, "b": bid, "B": bid_size, "a": ask, "A": ask_size}
    return binance_frame(f"{symbol.lower()}@bookTicker", data)


def binance_trade(
    trade_id: int,
    price: str = "100.0",
    size: str = "1.0",
    *,
    symbol: str = "BTCUSDT",
    time_ms: int = START_MS,
    buyer_is_maker: bool = False,
) -> bytes:
    data = {
        "e": "trade",
        "E": time_ms,
        "s": symbol,
        "t": trade_id,
        "p": price,
        "q": size,
        "T": time_ms,
        "m": buyer_is_maker,
    }
    return binance_frame(f"{symbol.lower()}@trade", data)


def binance_agg_trade(
    trade_id: int, first: int, last: int, price: str = "100.0", size: str = "1.0"
) -> bytes:
    data = {
        "e": "aggTrade",
        "E": START_MS,
        "s": "BTCUSDT",
        "a": trade_id,
        "p": price,
        "q": size,
        "f": first,
        "l": last,
        "T": START_MS,
        "m": True,
    }
    return binance_frame("btcusdt@aggTrade", data)


def kraken_book(
    kind: str, bids: Levels, asks: Levels, checksum: int, *, symbol: str = "BTC/USD"
) -> bytes:
    """Numbers are written as they are given: their trailing zeros count."""
    sides = [
        ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in side)
        for side in (bids, asks)
    ]
    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{symbol}",'
        f'"bids":[{sides[0]}],"asks":[{sides[1]}],"checksum":{checksum},'
        f'"timestamp":"2024-05-27T12:33:10.826003Z"}}]}}'
    ).encode()


def kraken_trades(kind: str, *trades: tuple[int, float, float]) -> bytes:
    """Trades as (id, price, size)."""
    data = [
        {
            "symbol": "BTC/USD",
            "side": "buy",
            "price": price,
            "qty": size,
            "ord_type": "limit",
            "trade_id": trade_id,
            "timestamp": "2024-05-27T12:33:10.826003Z",
        }
        for trade_id, price, size in trades
    ]
    return json.dumps({"channel": "trade", "type": kind, "data": data}).encode()
