"""Connections in words: which of them matters most, what each is doing, what a person is told.

Pure: ages are against the engine's clock at its last report, as the times of the states are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Final

from engine.clock import NANOS
from engine.messages import ConnectionState, ConnectionStatus
from engine.text import gist
from tui.orders.news import News
from tui.paint import format as text_of

Key = tuple[str, str]
"""Broker, and the name of one of its connections."""

WORST_FIRST: Final[tuple[ConnectionState, ...]] = (
    "banned", "backing_off", "connecting", "stale", "syncing", "live", "closed",
)  # fmt: skip

WORDS: Final[dict[ConnectionState, str]] = {
    "banned": "banned",
    "backing_off": "backing off",
    "connecting": "connecting",
    "stale": "stale",
    "syncing": "syncing",
    "live": "live",
    "closed": "not needed",
}

INKS: Final[dict[ConnectionState, str]] = {
    "banned": "error bold",
    "backing_off": "warning bold",
    "connecting": "warning",
    "stale": "stale bold",
    "syncing": "warning",
    "live": "up",
    "closed": "muted",
}

SETTLES_S = 3.0
"""A connection that is being made, or is catching up, is nothing amiss for so long."""


def by_key(connections: Iterable[ConnectionStatus]) -> dict[Key, ConnectionStatus]:
    """Each by its broker and name."""
    return {(one.broker, one.name): one for one in connections}


def age_s(one: ConnectionStatus, now_ns: int) -> float:
    """How long it has been in its state, seconds."""
    return max(0.0, (now_ns - one.since_ns) / NANOS)


def is_amiss(one: ConnectionStatus, now_ns: int) -> bool:
    """It is not what it should be, and not only for the moment."""
    if one.state in ("connecting", "syncing"):
        return age_s(one, now_ns) >= SETTLES_S or one.reconnects > 0
    return one.state in ("banned", "backing_off", "stale")


def worst(connections: Iterable[ConnectionStatus], broker: str) -> ConnectionStatus | None:
    """The connection of a broker that matters most now, if any is not live."""
    waiting = [one for one in connections if one.broker == broker and _place(one) < _LIVE]
    return min(waiting, key=lambda one: (_place(one), one.since_ns), default=None)


def state_words(one: ConnectionStatus, now_ns: int, zone: tzinfo | None) -> str:
    """What it is doing: `backing off 12s` (until the next attempt), `banned until 14:05`, else its
    state and for how long."""
    if one.state == "banned" and one.until_ns:
        return f"banned until {_until(one.until_ns, now_ns, zone)}"
    if one.state == "backing_off" and one.until_ns:
        return f"backing off {left_words(one.until_ns, now_ns)}"
    return f"{WORDS[one.state]} {in_seconds(age_s(one, now_ns))}"


def left_words(until_ns: int, now_ns: int) -> str:
    """The time that is left."""
    return in_seconds((until_ns - now_ns) / NANOS)


def until_words(one: ConnectionStatus, now_ns: int, zone: tzinfo | None) -> str:
    """Until when it is in its state; empty where that is not known."""
    return _until(one.until_ns, now_ns, zone) if one.until_ns else ""


def in_seconds(seconds: float) -> str:
    """A length of time: whole seconds, since statuses come once in one and tenths would only
    flicker, then its largest unit."""
    return f"{max(0, int(seconds))}s" if seconds < 60 else text_of.duration(seconds)


# -- what is told ---------------------------------------------------------------------------------


def told_of(
    before: Mapping[Key, ConnectionStatus], after: Iterable[ConnectionStatus], now_ns: int
) -> list[News]:
    """What a person is told when connections change. That one was lost and is back is for the log:
    the status line shows it. A ban, and whatever a person must know of one, is said aloud."""
    told: list[News] = []
    for one in after:
        was = before.get((one.broker, one.name))
        told += _change_told(one, was, now_ns)
        if one.note and (was is None or gist(was.note) != gist(one.note)):
            told.append(("warning", f"{title(one)}: {one.note}"))
    return told


def title(one: ConnectionStatus) -> str:
    """What it is called: `kraken market data 1`."""
    return f"{one.broker} {one.name}".rstrip()


def _change_told(one: ConnectionStatus, was: ConnectionStatus | None, now_ns: int) -> list[News]:
    state = was.state if was is not None else "closed"
    why = f": {one.reason}" if one.reason else ""
    if one.state == "banned" and (was is None or was.until_ns != one.until_ns):
        left = f" for {left_words(one.until_ns, now_ns)}" if one.until_ns else ""
        return [("warning", f"{title(one)} is banned by its venue{left}{why}")]
    if one.state == state:
        return []
    if one.state in ("backing_off", "stale") and state in ("live", "syncing"):
        word = "is silent" if one.state == "stale" else "was lost"
        return [("info", f"{title(one)} {word}{why}")]
    if one.state == "live" and one.reconnects and was is not None and was.state != "closed":
        return [("info", f"{title(one)} is live again")]
    return []


# -- inside ---------------------------------------------------------------------------------------


def _place(one: ConnectionStatus) -> int:
    return WORST_FIRST.index(one.state)


_LIVE = WORST_FIRST.index("live")


def _until(until_ns: int, now_ns: int, zone: tzinfo | None) -> str:
    """A time of day, with its date where that is not today's."""
    at, now = text_of.moment(until_ns, zone), text_of.moment(now_ns, zone)
    clock = f"{at:%H:%M}" if until_ns - now_ns >= 60 * NANOS else f"{at:%H:%M:%S}"
    return clock if at.date() == now.date() else f"{at.day} {at:%b} {clock}"
