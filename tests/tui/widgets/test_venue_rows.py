"""What the tab of venues says: every connection, its state and age, and why it is so."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from engine.messages import ConnectionStatus, EngineStatus
from tests.support.scripted_link import NANOS, NOW_NS
from tui.state import DeckState
from tui.widgets.table import Row, layout
from tui.widgets.venue_rows import VENUE_COLUMNS, count_amiss, venue_rows


def connection(
    name: str, state: Any = "live", *, broker: str = "far", **fields: Any
) -> ConnectionStatus:
    since_ns = fields.pop("since_ns", NOW_NS - 90 * NANOS)
    return ConnectionStatus(broker=broker, name=name, state=state, since_ns=since_ns, **fields)


def rows_of(*connections: ConnectionStatus) -> list[Row]:
    state = DeckState()
    state.fold(EngineStatus(now_ns=NOW_NS, connections=connections))
    return venue_rows(state, UTC)


def texts(*connections: ConnectionStatus) -> list[str]:
    return [
        row.whole.text.strip()
        if row.whole is not None
        else " ".join(cell.text for cell in row.cells if cell.text)
        for row in rows_of(*connections)
    ]


def drawn(width: int, *connections: ConnectionStatus) -> list[str]:
    lines = layout(VENUE_COLUMNS, rows_of(*connections), width)
    return ["".join(span.text for span in line.spans) for line in lines]


RICH = connection(
    "market data 1",
    "backing_off",
    until_ns=NOW_NS + 12 * NANOS,
    reason="the venue closed the connection: 1008 policy violation",
    reconnects=3,
    messages=1_234_567,
    malformed=2,
    round_trip_ms=23.4,
    clock_offset_ms=-1234.0,
    budget_used=0.85,
)


def test_a_connection_says_all_that_is_known_of_it():
    assert texts(RICH) == [
        "far market data 1 backing off 1m 14:00:12 85% 23ms 3 -1234ms 2 1.23M",
        "the venue closed the connection: 1008 policy violation",
    ]


def test_what_is_not_known_or_nothing_is_left_blank():
    assert texts(connection("rest")) == ["far rest live 1m"]


def test_inks_say_what_is_amiss():
    inks = [cell.ink for cell in rows_of(RICH)[0].cells]

    assert inks[2] == inks[4] == "warning bold"
    assert inks[5] == inks[8] == inks[9] == "warning"
    assert [rows_of(connection("rest", budget_used=0.5))[0].cells[5].ink] == ["muted"]


def test_brokers_with_something_amiss_come_first_and_of_each_the_worst():
    told = texts(
        connection("rest", broker="near"),
        connection("rest"),
        connection("account main", "stale"),
        connection("market data 1", "banned"),
    )

    assert told == [
        "far market data 1 banned 1m",
        "far account main stale 1m",
        "far rest live 1m",
        "near rest live 1m",
    ]


def test_why_a_connection_was_down_is_not_told_of_one_that_is_live():
    assert texts(connection("rest", reason="it was reset")) == ["far rest live 1m"]


def test_a_note_is_there_whatever_the_state():
    assert texts(connection("rest", note="the key may withdraw"))[1] == "! the key may withdraw"


def test_long_reasons_are_wrapped_and_nothing_is_cut_on_a_small_terminal():
    why = "the venue says that " + "too many requests came from this address " * 5
    shown = "\n".join(
        drawn(80, connection("account of the family", "banned", reason=why, note=why))
    )

    assert "…" not in shown
    assert "account of the family" in shown
    assert shown.replace("\n", " ").count("requests") == 10


def test_a_small_terminal_shows_what_matters_and_a_large_one_all():
    small, large = drawn(60, RICH), drawn(160, RICH)

    assert small[0].split() == ["venue", "connection", "state", "for", "until", "used"]
    assert large[0].split() == [
        "venue", "connection", "state", "for", "until", "used", "trip", "again", "clock",
        "malformed", "messages",
    ]  # fmt: skip


def test_the_tab_counts_what_is_amiss():
    state = DeckState()
    told = (
        RICH,
        connection("rest", "banned"),
        connection("account main", "connecting", since_ns=NOW_NS),
        connection("market data 2", "closed"),
    )
    state.fold(EngineStatus(now_ns=NOW_NS, connections=told))

    assert count_amiss(state) == 2
