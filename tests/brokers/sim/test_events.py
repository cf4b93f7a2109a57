"""The log of the exchange: one line of JSON for each event, which can be read again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.sim.events import (
    Changed,
    Elected,
    Entered,
    Event,
    Executed,
    Refused,
    Removed,
    log_line,
)
from brokers.sim.orders import NewOrder

NEW = NewOrder("me", 1, 5, "stop_limit", 100, 101, "ioc", False, "expire_maker")

EVENTS: list[Event] = [
    Entered(1, 2, NEW),
    Refused(1, "amend", 0, 'it said "no"\n\x1b[2J'),
    Executed(1, 2, 100, 5, 7, 6, -1),
    Changed(1, 2, 5, None, 101, True),
    Removed(1, 2, 3, "self_trade", ""),
    Elected(1, 2, 100),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_line_is_read_again_as_the_event_that_it_was_written_of(event: Event) -> None:
    line = log_line(event)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert b"\x1b" not in line
    assert msgspec.json.decode(line, type=Event) == event


def test_a_line_says_what_happened_first_and_then_when() -> None:
    assert log_line(Elected(3, 2, 100)) == (
        b'{"kind":"elected","time_ns":3,"order_id":2,"touched_price":100}\n'
    )


def test_events_of_different_kinds_are_never_taken_for_each_other() -> None:
    kinds = [msgspec.json.decode(log_line(event))["kind"] for event in EVENTS]

    assert kinds == ["entered", "refused", "executed", "changed", "removed", "elected"]


def test_an_order_of_the_crowd_is_a_limit_order_that_rests_unless_it_says_otherwise() -> None:
    order = NewOrder("", -1, 3)

    assert (order.kind, order.time_in_force) == ("limit", "gtc")
    assert (order.price, order.stop_price, order.post_only) == (None, None, False)
    assert order.self_trade == "none"


whole = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.builds(Executed, whole, whole, whole, whole, whole, whole, whole), max_size=8))
def test_a_log_has_as_many_lines_as_events_and_keeps_every_number(events: list[Executed]) -> None:
    log = b"".join(map(log_line, events))

    assert [msgspec.json.decode(line, type=Event) for line in log.splitlines()] == events
