"""Kraken spot, public REST: the answers, and their units.

Read 2026-11 from https://docs.kraken.com/api/docs/rest-api: `get-tradable-asset-pairs`,
`get-ticker-information`, `get-ohlc-data`, `get-recent-trades`, `get-server-time`.

Every answer is HTTP 200 with `error`, a list of texts, and `result`. Prices and volumes are text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from engine.clock import NANOS


class Answer(msgspec.Struct):
    """Any answer."""

    error: list[str] = []
    result: msgspec.Raw = msgspec.Raw(b"null")


class AssetPair(msgspec.Struct):
    """One pair of AssetPairs."""

    altname: str
    """`XBTUSD`."""
    base: str
    """`XXBT`."""
    quote: str
    pair_decimals: int
    """Decimals of a price."""
    lot_decimals: int
    """Decimals of a size."""
    wsname: str = ""
    """`XBT/USD`; none of pairs that are not of the public book."""
    tick_size: Decimal | None = None
    """Smallest step of a price; older answers have none, and 10 to the minus `pair_decimals` is
    meant."""
    ordermin: Decimal = Decimal(0)
    """Least size of an order, in `base`."""
    costmin: Decimal = Decimal(0)
    """Least price x size of an order, in `quote`."""
    fees: list[tuple[Decimal, Decimal]] = []
    """(traded in 30 days in USD, fee in percent), lowest first; those of takers."""
    fees_maker: list[tuple[Decimal, Decimal]] = []
    status: str = "online"


class Ticker(msgspec.Struct):
    """One pair of Ticker. Each list: [price, whole lots, lots], [price, lots], or [today, 24 h]."""

    a: list[str] = []
    b: list[str] = []
    c: list[str] = []
    """Last trade."""
    v: list[str] = []
    """Volume, in base."""
    p: list[str] = []
    """Average price weighted by volume."""
    o: str = "0"
    """Price at 00:00 UTC."""


Bar = tuple[float, str, str, str, str, str, str, int]
"""Start of the period in seconds UTC, open, high, low, close, average, volume, trades."""

Trade = tuple[str, str, Decimal, str, str, str, int]
"""Price, volume, time in seconds UTC, `b` or `s` of the taker, order type, misc, trade id."""


class ServerTime(msgspec.Struct):
    unixtime: int
    """Seconds UTC, rounded down."""


decode_answer: Final = msgspec.json.Decoder(Answer).decode
decode_pairs: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""What is of one pair, by its name, so that one that makes no sense does not spoil the others."""
decode_pair: Final = msgspec.json.Decoder(AssetPair).decode
decode_ticker: Final = msgspec.json.Decoder(Ticker).decode
decode_bars: Final = msgspec.json.Decoder(list[Bar]).decode
decode_trades: Final = msgspec.json.Decoder(list[Trade]).decode
decode_time: Final = msgspec.json.Decoder(ServerTime).decode


def nanos(seconds: Decimal) -> int:
    """A time of `Trade`, which has up to nine decimals, in nanoseconds UTC."""
    return int(seconds * NANOS)


def rows_of(result: bytes | msgspec.Raw) -> tuple[msgspec.Raw, str]:
    """The rows of OHLC or Trades, which stand under whatever the pair is called there, and `last`.

    Raises:
        msgspec.MsgspecError, ValueError: there are none.
    """
    named = decode_pairs(result)
    last = bytes(named.pop("last", msgspec.Raw(b""))).strip(b'"').decode()
    if len(named) != 1:
        raise ValueError(f"rows of {len(named)} pairs, where those of one were asked for")
    return next(iter(named.values())), last
