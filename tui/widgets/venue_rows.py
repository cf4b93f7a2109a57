"""What stands in the tab of venues: every connection of every broker, those amiss first.

Under a connection stands why it is as it is, and what a person must know of it, in as many rows
as that needs: it is not cut where a terminal is narrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from textwrap import wrap

from engine.messages import ConnectionStatus
from tui.paint import format as text_of
from tui.state import DeckState
from tui.venues.connections import (
    INKS,
    WORDS,
    WORST_FIRST,
    age_s,
    in_seconds,
    is_amiss,
    until_words,
)
from tui.widgets.lines import Span
from tui.widgets.table import Column, Row

VENUE_COLUMNS = (
    Column("venue"),
    Column("connection"),
    Column("state"),
    Column("for", "right"),
    Column("until", rank=1),
    Column("used", "right", rank=2),
    Column("trip", "right", rank=3),
    Column("again", "right", rank=4),
    Column("clock", "right", rank=5),
    Column("malformed", "right", rank=6),
    Column("messages", "right", rank=7),
    Column("", is_flexible=True, rank=8),
)
"""`used`: share of the venue's limit; `trip`: there and back; `again`: times it was connected
again; `clock`: the venue's less ours."""

_BLANK = tuple(Span("") for _ in VENUE_COLUMNS)

WRAPPED_AT = 70
"""Characters of a reason or a note in a row."""

NEARLY = 0.8
"""Share of a budget from which on it is said to be nearly used up."""

LATE_MS = 1_000.0
"""A clock that is so far off makes signed requests fail at some venues."""


def venue_rows(state: DeckState, zone: tzinfo | None) -> list[Row]:
    """Brokers with something amiss first; the connections of each, the worst first."""
    groups: dict[str, list[ConnectionStatus]] = {}
    for one in state.connections.values():
        groups.setdefault(one.broker, []).append(one)
    now_ns = state.now_ns
    order = sorted(groups, key=lambda name: not any(is_amiss(o, now_ns) for o in groups[name]))
    rows: list[Row] = []
    for name in order:
        for one in sorted(groups[name], key=lambda one: WORST_FIRST.index(one.state)):
            rows += _of_connection(one, now_ns, zone)
    return rows


def count_amiss(state: DeckState) -> int:
    """How many connections are not as they should be: what the tab counts beside its name."""
    return sum(is_amiss(one, state.now_ns) for one in state.connections.values())


def _of_connection(one: ConnectionStatus, now_ns: int, zone: tzinfo | None) -> Iterator[Row]:
    ink = INKS[one.state]
    used = one.budget_used
    yield Row(
        (
            Span(one.broker),
            Span(one.name),
            Span(WORDS[one.state], ink),
            Span(in_seconds(age_s(one, now_ns)), "muted"),
            Span(until_words(one, now_ns, zone), ink),
            Span("" if used is None else f"{used:.0%}", _used_ink(used)),
            Span(_ms(one.round_trip_ms), "muted"),
            Span(str(one.reconnects or ""), "text"),
            Span(_ms(one.clock_offset_ms, signed=True), _clock_ink(one.clock_offset_ms)),
            Span(str(one.malformed or ""), "warning"),
            Span(text_of.compact(one.messages) if one.messages else "", "muted"),
            Span(""),
        )
    )
    if one.reason and one.state != "live":
        yield from _said(one.reason, "text" if is_amiss(one, now_ns) else "muted")
    if one.note:
        yield from _said(f"! {one.note}", "warning")


def _said(text: str, ink: str) -> Iterator[Row]:
    for line in wrap(text, WRAPPED_AT):
        yield Row(_BLANK, whole=Span(f"      {line}", ink))


def _ms(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return ""
    return f"{value:+.0f}ms" if signed else f"{value:.0f}ms"


def _used_ink(used: float | None) -> str:
    # All of it used is no fault: requests wait for room.
    return "muted" if used is None or used < NEARLY else "warning"


def _clock_ink(offset_ms: float | None) -> str:
    return "warning" if offset_ms is not None and abs(offset_ms) >= LATE_MS else "muted"
