"""What a venue session counts of itself, in the same words for every venue."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Protocol

import msgspec

from engine.text import safe

FAULTS = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""What reading a message that is not what it should be can raise."""

MOST_TYPES = 200
"""Types of message counted apart; the rest are counted together."""

MOST_MARKETS = 20_000
"""More markets than any venue lists; from there on a stream is taken for damage."""

MOST_BREAKS = 1000
"""Times that missing trades of one market are told as a break; later ones are only counted."""


class BookStatistics(msgspec.Struct, kw_only=True):
    """How the copy of one order book was kept."""

    snapshots: int = 0
    """Whole books taken over."""
    updates: int = 0
    """Changes applied."""
    skipped: int = 0
    """Changes left out: older than the snapshot, or there was no book to change."""
    gaps: int = 0
    """Times that changes were missed, and the book was void until the next snapshot."""
    checked: int = 0
    """Times that the venue's own proof was made; see `SessionStatistics.proof`."""
    failed: int = 0
    """Of those, the times that it failed."""
    is_synced: bool = False
    """The book can be trusted now."""


class TradeStatistics(msgspec.Struct, kw_only=True):
    """How the trades of one market came."""

    received: int = 0
    """Given on as ticks."""
    repeated: int = 0
    """Left out: had been received before, or came twice as another kind of message."""
    gaps: int = 0
    """Times that the venue's trade ids jumped: some are missing."""

    def count_gap(self) -> bool:
        """Some are missing. True where that is to be told as a break: where ids hardly ever follow
        each other they mean something else, and tell no breaks."""
        self.gaps += 1
        return self.gaps <= MOST_BREAKS


class SessionStatistics(msgspec.Struct, kw_only=True):
    """What came in over one connection."""

    messages: dict[str, int]
    """By type, as the venue names them."""
    malformed: int
    """Not what the venue's documentation says; left out."""
    first_malformed: str
    """What was wrong with the first of them."""
    books: dict[str, BookStatistics]
    """By fqme; markets without any message about a book are left out."""
    trades: dict[str, TradeStatistics]
    """By fqme; markets without trades are left out."""
    proof: str
    """What `BookStatistics.checked` counts at this venue, in words."""


class Market(Protocol):
    """What a session keeps of one market, as far as it is counted."""

    fqme: str
    books: BookStatistics
    trades: TradeStatistics
    has_book: bool

    @property
    def is_synced(self) -> bool: ...

    @property
    def has_trades(self) -> bool: ...


class Tally:
    """Counts what came in over one connection, bounded whatever comes."""

    def __init__(self) -> None:
        self._messages: dict[str, int] = {}
        self._malformed = 0
        self._first_malformed = ""

    def count(self, kind: str) -> None:
        """One message of a type that this module named, or that was made `safe`."""
        if len(self._messages) >= MOST_TYPES and kind not in self._messages:
            kind = "other"
        self._messages[kind] = self._messages.get(kind, 0) + 1

    def count_named(self, name: str) -> None:
        """One message of a type that the venue named."""
        self.count(safe(name, 40))

    def count_fault(self, error: Exception) -> None:
        """One message that is not what the venue documents."""
        self._malformed += 1
        self._first_malformed = self._first_malformed or safe(error, 200)

    @property
    def malformed(self) -> int:
        """Messages that are not what the venue documents."""
        return self._malformed

    def statistics(self, markets: Iterable[Market], proof: str) -> SessionStatistics:
        """A snapshot of all counts."""
        known = list(markets)
        for market in known:
            market.books.is_synced = market.is_synced
        return SessionStatistics(
            messages=dict(self._messages),
            malformed=self._malformed,
            first_malformed=self._first_malformed,
            books={market.fqme: copy(market.books) for market in known if market.has_book},
            trades={market.fqme: copy(market.trades) for market in known if market.has_trades},
            proof=proof,
        )
