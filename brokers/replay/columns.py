"""What the columns of a CSV file mean: by its header, or by the shape of its numbers.

Without a header these are known:

==========================================================  ================================
columns                                                     written by
==========================================================  ================================
id, price, qty, first, last, time, maker[, best]            Binance dumps, aggTrades
id, price, qty, quote qty, time, maker[, best]              Binance dumps, trades
time, o, h, l, c, volume, close time, ..., count, ...       Binance dumps, klines (12 columns)
time, o, h, l, c[, volume[, count]]                         Kraken OHLCVT and many others
time, price, size[, side]                                   Kraken trades and many others
==========================================================  ================================

The Binance columns: https://github.com/binance/binance-public-data (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from brokers.replay.framing import epoch_ns

Kind = Literal["trades", "bars"]


class Layout(NamedTuple):
    """Where each value stands in a row; -1 where there is none."""

    kind: Kind
    time: int
    price: int = -1
    size: int = -1
    side: int = -1
    """Side of the taker, as a word."""
    buyer_is_maker: int = -1
    trade_id: int = -1
    first_id: int = -1
    """First and last of the trades that one row stands for."""
    last_id: int = -1
    open: int = -1
    high: int = -1
    low: int = -1
    close: int = -1
    volume: int = -1
    trades: int = -1
    """Number of trades in a bar."""
    close_time: int = -1
    is_binance_spot: bool = False
    """It is a dump of Binance's spot markets, so the market can be called by its venue. Dumps of
    its futures have the same columns under a header."""


_NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "open_time", "timestamp", "transact_time", "time", "datetime", "date", "ts", "unix",
        "unix_timestamp", "epoch", "local_timestamp", "trade_time", "created_at", "start",
    ),
    "price": ("price", "p", "rate", "trade_price", "last"),
    "size": ("amount", "qty", "quantity", "size", "volume", "vol", "q", "trade_size"),
    "side": ("side", "taker_side", "direction", "type"),
    "buyer_is_maker": ("is_buyer_maker", "buyer_is_maker", "buyer_maker", "m"),
    "trade_id": ("id", "trade_id", "agg_trade_id", "tid", "tradeid", "aggtradeid"),
    "first_id": ("first_trade_id", "first_id"),
    "last_id": ("last_trade_id", "last_id"),
    "open": ("open", "o", "open_price", "first"),
    "high": ("high", "h", "high_price", "max"),
    "low": ("low", "l", "low_price", "min"),
    "close": ("close", "c", "close_price", "last"),
    "volume": ("volume", "vol", "v", "base_volume", "volume_base", "amount", "volume_btc"),
    "trades": (
        "trades", "count", "trade_count", "tradecount", "num_trades", "number_of_trades",
        "numberoftrades", "barcount", "n_trades", "n",
    ),
    "close_time": ("close_time", "closetime"),
}  # fmt: skip
"""Names in headers, the likeliest first; in lower case, with `_` for all that is no letter."""

_BAR_FIELDS = ("open", "high", "low", "close")
_WORD = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_FLAGS = frozenset({"true", "false"})

MILLISECONDS_OF_A_DAY = 86_400_000


def is_header(row: Sequence[str]) -> bool:
    """No field of it is a number, and one at least is a word."""
    return any(field.strip() for field in row) and not any(
        is_number(field) or is_time(field) for field in row
    )


def layout_by_header(row: Sequence[str]) -> Layout | None:
    """The columns as the header names them; None where they make neither trades nor bars."""
    names = [_WORD.sub("_", field.strip().lower()).strip("_") for field in row]
    found: dict[str, Any] = {key: _first(names, known) for key, known in _NAMES.items()}
    if found["volume"] < 0:
        # `Volume USDT`, `volume_from`: the first of them is that of the base asset.
        found["volume"] = next((at for at, name in enumerate(names) if "volume" in name), -1)
    if found["time"] < 0:
        return None
    if all(found[key] >= 0 for key in _BAR_FIELDS):
        keys = ("time", *_BAR_FIELDS, "volume", "trades", "close_time")
        return Layout("bars", **{key: found[key] for key in keys})
    if found["price"] >= 0 and found["size"] >= 0:
        keys = (
            "time", "price", "size", "side", "buyer_is_maker", "trade_id", "first_id", "last_id",
        )  # fmt: skip
        return Layout("trades", **{key: found[key] for key in keys})
    return None


def layout_by_shape(rows: Sequence[Sequence[str]]) -> Layout | None:
    """The columns as the numbers in these rows let us guess them."""
    row = rows[0]
    width = len(row)
    flags = [field.strip().lower() in _FLAGS for field in row]
    if width in (7, 8) and flags[6] and is_time(row[5]):
        return Layout(
            "trades",
            5,
            1,
            2,
            trade_id=0,
            first_id=3,
            last_id=4,
            buyer_is_maker=6,
            is_binance_spot=True,
        )
    if width in (6, 7) and flags[5] and is_time(row[4]):
        return Layout("trades", 4, 1, 2, trade_id=0, buyer_is_maker=5, is_binance_spot=True)
    if not is_time(row[0]):
        return None
    if width >= 5 and all(_is_bar(row) for row in rows):
        is_dump = width == 12 and is_time(row[6])
        return Layout(
            "bars",
            0,
            open=1,
            high=2,
            low=3,
            close=4,
            volume=5 if width > 5 else -1,
            trades=8 if is_dump else 6 if width == 7 else -1,
            close_time=6 if is_dump else -1,
            is_binance_spot=is_dump,
        )
    if width in (3, 4) and is_number(row[1]) and is_number(row[2]):
        return Layout("trades", 0, 1, 2, side=3 if width == 4 else -1)
    return None


def is_since_midnight(times: Sequence[str]) -> bool:
    """Times are milliseconds since midnight, as LEAN writes them: no day is told.

    As seconds since 1970 they would all be before October 1972, when nothing of this was
    recorded.
    """
    return all(text.strip().isdecimal() and int(text) < MILLISECONDS_OF_A_DAY for text in times)


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def is_time(text: str) -> bool:
    """It can be read as a time from 1972 on."""
    try:
        return time_ns(text) > MILLISECONDS_OF_A_DAY * 10**9
    except ValueError:
        return False


def time_ns(text: str) -> int:
    """A time as files write it, in nanoseconds UTC: since 1970 in any unit, or ISO 8601.

    Without an offset it is taken for UTC.

    Raises:
        ValueError: no time from 1970 to 2100.
    """
    if text.isdecimal():
        return epoch_ns(text)
    text = text.strip().strip('"')
    if _NUMBER.fullmatch(text):
        return epoch_ns(f"{float(text):.6f}" if "e" in text.lower() else text)
    moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return epoch_ns(str((since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _first(names: Sequence[str], known: Sequence[str]) -> int:
    return next((names.index(name) for name in known if name in names), -1)


def _is_bar(row: Sequence[str]) -> bool:
    if len(row) < 5 or not all(is_number(field) for field in row[1:5]):
        return False
    open_, high, low, close = (float(field) for field in row[1:5])
    return low <= min(open_, close) and max(open_, close) <= high
