"""What a venue session counts of itself, in the same words for every venue."""

from __future__ import annotations

import msgspec


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
