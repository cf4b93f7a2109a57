"""What one connection is to carry, what it was asked for, and what it has said yes to.

Each pair needs three channels. They are asked for in batches: one request takes a list of pairs,
and is answered for each of them (https://docs.kraken.com/api/docs/websocket-v2/trade, read
2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from brokers.kraken import wire

CHANNELS: Final = ("trade", "ticker", "book")
"""In the order in which they are asked for: after a cut, trades that were missed come first."""

BATCH: Final = 100
"""Pairs in one request."""

RETRY_NS: Final = 5_000_000_000
"""Pause after the venue refused a request for a reason that may pass: too many, too fast."""

_UNKNOWN: Final = ("not supported", "not found", "unknown")
"""In refusals that say that there is no such pair: `Currency pair not supported XBT/USD`."""


class Request(NamedTuple):
    """A message to the venue."""

    method: str
    channel: str
    symbols: tuple[str, ...]


class Refused(NamedTuple):
    """The venue will not stream a pair."""

    fqme: str
    reason: str
    is_unknown: bool
    """It says that there is no such pair."""


class Subscriptions:
    """See the module."""

    def __init__(self) -> None:
        self.wanted: dict[str, None] = {}
        self._to_ask: dict[str, None] = {}
        self._to_leave: dict[str, None] = {}
        self._again: dict[tuple[str, str], int] = {}
        """What was refused, and when it is asked for again."""
        self._asked: dict[int, Request] = {}
        self._open: set[tuple[str, str]] = set()
        """(channel, pair) that the venue has said yes to."""

    def want(self, symbol: str) -> None:
        # One that is being left is left all the same: it begins anew only with what comes first.
        self.wanted[symbol] = None
        self._to_ask[symbol] = None

    def leave(self, symbol: str) -> None:
        self.wanted.pop(symbol, None)
        if self._to_ask.pop(symbol, None) is None or self._has_asked(symbol):
            self._to_leave[symbol] = None
        self._forget(symbol)

    def begin(self) -> None:
        """A new connection: it knows of nothing."""
        self._to_ask = dict(self.wanted)
        self._to_leave.clear()
        self._again.clear()
        self._asked.clear()
        self._open.clear()

    def requests(self) -> Iterator[Request]:
        """What to ask the venue for now; each is told to `note` once it has a number."""
        leaving, self._to_leave = tuple(self._to_leave), {}
        asking, self._to_ask = tuple(self._to_ask), {}
        for method, symbols in (("unsubscribe", leaving), ("subscribe", asking)):
            for start in range(0, len(symbols), BATCH):
                for channel in CHANNELS:
                    yield Request(method, channel, symbols[start : start + BATCH])

    @property
    def has_requests(self) -> bool:
        return bool(self._to_ask or self._to_leave)

    @property
    def has_refused(self) -> bool:
        """Something waits to be asked for again."""
        return bool(self._again)

    def due(self, now_ns: int) -> Iterator[Request]:
        """What was refused, and may be asked for again."""
        for key in [key for key, due_ns in self._again.items() if due_ns <= now_ns]:
            del self._again[key]
            yield Request("subscribe", key[0], (key[1],))

    def note(self, number: int, request: Request) -> None:
        """`request` went out under this number."""
        if request.method == "subscribe":
            self._asked[number] = request

    def answered(self, answer: wire.Answer, now_ns: int) -> str | None:
        """Take an answer to `subscribe`. Returns the pair that the venue says it does not have."""
        request = self._asked.get(answer.req_id)
        channel = answer.result.channel or (request.channel if request else "")
        symbol = answer.result.symbol or answer.symbol
        if not symbol and request is not None and len(request.symbols) == 1:
            symbol = request.symbols[0]
        if symbol not in self.wanted or channel not in CHANNELS:
            return None
        if answer.success or "already subscribed" in answer.error.lower():
            self._open.add((channel, symbol))
            return None
        if any(word in answer.error.lower() for word in _UNKNOWN):
            self.wanted.pop(symbol)
            self._forget(symbol)
            return symbol
        self._again[channel, symbol] = now_ns + RETRY_NS
        return None

    @property
    def is_complete(self) -> bool:
        """The venue has said yes to everything."""
        if self._to_ask or self._again:
            return False
        return len(self._open) == len(self.wanted) * len(CHANNELS)

    def _has_asked(self, symbol: str) -> bool:
        return any((channel, symbol) in self._open for channel in CHANNELS)

    def _forget(self, symbol: str) -> None:
        for channel in CHANNELS:
            self._open.discard((channel, symbol))
            self._again.pop((channel, symbol), None)
