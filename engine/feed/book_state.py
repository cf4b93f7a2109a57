"""Whether the order book of a market can be believed, as its stream tells it. Pure.

Who keeps a book checks it with what the venue gives for that (update ids that follow each other,
a checksum), and tells readers where it did not agree (`Break`). What `Book` ticks say counts from
the first whole book on, until a break; after `unverified` it does not count until `resync`.
"""

from __future__ import annotations

from typing import Literal

from engine.messages import Book, Break

BookState = Literal["", "syncing", "good", "unverified"]
"""As in `FeedStatus.book`."""

_VOID = ("stale", "gap", "seek")
"""Breaks after which a book has to be built anew."""

_BEGIN_ANEW = ("stale", "seek", "resync")
"""Breaks after which what was unverified may be proven again: by another stream, or by this one."""


def after_book(state: BookState, tick: Book) -> BookState:
    """The state after levels were told."""
    return "good" if tick.is_snapshot and state != "unverified" else state


def after_break(state: BookState, tick: Break) -> BookState:
    """The state after the stream said that something is not continuous."""
    if tick.reason == "unverified":
        return "unverified"
    if tick.reason == "resync":
        return "good"
    if state == "unverified" and tick.reason not in _BEGIN_ANEW:
        return state
    return "syncing" if state and tick.reason in _VOID else state
