"""What connections are subscribed to, and how they ask for it.

https://docs.kraken.com/exchange/api-reference/spot-websocket-v2, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from tests.venues.kraken.bars import INTERVALS
from tests.venues.kraken.book_view import DEPTHS
from tests.venues.kraken.errors import (
    ALREADY_SUBSCRIBED,
    BAD_DEPTH,
    BAD_INTERVAL,
    NOT_SUBSCRIBED,
    Refused,
    missing,
    unsupported_pair,
)
from tests.venues.kraken.pairs import Listing
from tests.venues.kraken.socket_terms import flag, text, whole

MARKET_CHANNELS: Final = frozenset({"ticker", "book", "trade", "ohlc"})
PRIVATE_CHANNELS: Final = frozenset({"executions", "balances"})
TRIGGERS: Final = ("trades", "bbo")

WARNINGS: Final = {
    "executions": [
        "cancel_reason is deprecated, use reason",
        "stop_price is deprecated, use triggers.price",
        "trigger is deprecated use triggers.reference",
        "triggered_price is deprecated use triggers.last_price",
    ],
    "ohlc": ["timestamp is deprecated, use interval_begin"],
    "instrument": ["tick_size is deprecated, use price_increment"],
}

Told = dict[str, Any]


class Key(NamedTuple):
    """One stream of messages."""

    channel: str
    name: str = ""
    """The pair's symbol, or the account."""
    variant: str = ""
    """Depth, interval or what triggers it."""


class Wish(NamedTuple):
    """One subscription, as it is asked for."""

    key: Key
    result: Told
    """What the acknowledgement says."""
    has_snapshot: bool


class Reader(Protocol):
    """Who gets messages."""

    def put(self, message: bytes) -> None: ...


class Subscriptions:
    """Who reads what, in the order they came."""

    def __init__(self) -> None:
        self._readers: dict[Key, dict[Reader, None]] = {}

    def add(self, key: Key, reader: Reader) -> None:
        """Raises `Refused` if it is there; of one channel and pair there is one at a time."""
        for other, readers in self._readers.items():
            if other[:2] == key[:2] and reader in readers and key.channel != "ohlc":
                raise Refused(ALREADY_SUBSCRIBED)
        readers = self._readers.setdefault(key, {})
        if reader in readers:
            raise Refused(ALREADY_SUBSCRIBED)
        readers[reader] = None

    def remove(self, key: Key, reader: Reader) -> None:
        """Raises `Refused` if it is not there."""
        readers = self._readers.get(key, {})
        if reader not in readers:
            raise Refused(NOT_SUBSCRIBED)
        del readers[reader]
        if not readers:
            del self._readers[key]

    def close(self, reader: Reader) -> None:
        """It reads nothing any more."""
        for key in [key for key, readers in self._readers.items() if reader in readers]:
            self.remove(key, reader)

    def readers(self, key: Key) -> Sequence[Reader]:
        return list(self._readers.get(key, ()))

    def keys(self, channel: str, name: str = "") -> list[Key]:
        """Of a channel and pair, that somebody reads."""
        return [key for key in self._readers if key[:2] == (channel, name)]

    def reads(self, reader: Reader) -> bool:
        """Whether it reads anything."""
        return any(reader in readers for readers in self._readers.values())


def wishes(params: Mapping[str, Any], listing: Listing) -> list[Wish | tuple[str, Refused]]:
    """What a request for a public channel asks for, pair by pair; a pair that cannot be had comes
    as its name and the refusal. Raises `Refused` for the whole."""
    channel = text(params, "channel")
    has_snapshot = "snapshot" not in params or flag(params, "snapshot")
    if channel == "instrument":
        return [Wish(Key(channel), _result(channel, has_snapshot), has_snapshot)]
    if channel not in MARKET_CHANNELS:
        raise Refused("Channel not supported" if channel else "Channel(s) not found")
    variant, extra = _variant(channel, params)
    asked: list[Wish | tuple[str, Refused]] = []
    for symbol in symbols(params):
        if symbol not in listing.by_symbol:
            asked.append((symbol, unsupported_pair(symbol)))
            continue
        result = _result(channel, has_snapshot) | extra | {"symbol": symbol}
        asked.append(Wish(Key(channel, symbol, variant), result, has_snapshot))
    return asked


def symbols(params: Mapping[str, Any]) -> list[str]:
    """Raises `Refused`."""
    given = params.get("symbol")
    if given is None:
        raise missing("symbol")
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Refused("Symbol field must be an array")
    if not given:
        raise missing("symbol")
    return given


def _variant(channel: str, params: Mapping[str, Any]) -> tuple[str, Told]:
    match channel:
        case "book":
            depth = whole(params, "depth")
            depth = 10 if depth is None else depth
            if depth not in DEPTHS:
                raise Refused(BAD_DEPTH)
            return str(depth), {"depth": depth}
        case "ohlc":
            interval = whole(params, "interval")
            interval = 1 if interval is None else interval
            if interval not in INTERVALS:
                raise Refused(BAD_INTERVAL)
            return str(interval), {"interval": interval}
        case "ticker":
            trigger = text(params, "event_trigger") or "trades"
            if trigger not in TRIGGERS:
                raise Refused("Event trigger not supported")
            return trigger, {"event_trigger": trigger}
        case _:
            return "", {}


def _result(channel: str, has_snapshot: bool) -> Told:
    result: Told = {"channel": channel, "snapshot": has_snapshot}
    if channel in WARNINGS:
        result["warnings"] = WARNINGS[channel]
    return result
