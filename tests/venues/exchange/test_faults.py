"""The switches of a test venue, and what follows from each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venues.exchange.faults import Faults


def test_nothing_is_wrong_at_first() -> None:
    faults = Faults()
    assert (faults.before("submit"), faults.after("submit")) == ("go", "go")
    assert faults.arranged(["a", "b"]) == ["a", "b"]
    assert not faults.takes("skip_updates")


@pytest.mark.parametrize(
    ("switch", "before", "after"),
    [
        ({"drop_before_ack": True}, "hangup", "go"),
        ({"drop_after_ack": True}, "go", "hangup"),
        ({"mute": True}, "go", "mute"),
        ({"unknown": True}, "go", "unknown"),
        ({"fail_status": 503}, "fail", "go"),
        ({"fail_after_status": 500}, "go", "fail"),
        ({"throttle_s": 2}, "throttle", "go"),
        ({"ban_s": 2.5}, "ban", "go"),
    ],
)
def test_a_switch_breaks_requests_of_its_kinds_only(
    switch: dict[str, Any], before: str, after: str
) -> None:
    faults = Faults()
    faults.set({"hits": "submit,amend", **switch})
    assert (faults.before("amend"), faults.after("amend")) == (before, after)
    assert (faults.before("query"), faults.after("query")) == ("go", "go")


def test_all_hits_every_kind_and_a_count_ends_it() -> None:
    faults = Faults()
    faults.set({"hits": "all", "mute": True, "times": 2})
    assert [faults.after("public") for _ in range(3)] == ["mute", "mute", "go"]
    assert faults.hit == 2


def test_events_are_doubled_turned_round_or_lost() -> None:
    faults = Faults(duplicate=True, reorder=True)
    assert faults.arranged("ab") == ["b", "b", "a", "a"]
    faults.set({"mute_events": True})
    assert faults.arranged("ab") == []


def test_a_counter_hits_so_many_messages() -> None:
    faults = Faults(skip_updates=2)
    assert [faults.takes("skip_updates") for _ in range(3)] == [True, True, False]


def test_what_is_no_switch_or_no_value_of_it_is_refused() -> None:
    faults = Faults()
    for bad in ({"mut": True}, {"mute": 1}, {"delay_s": "1"}, {"times": True}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            faults.set(bad)


def test_everything_can_be_turned_off_at_once() -> None:
    faults = Faults(mute=True, delay_s=3.0, hit=4)
    faults.clear()
    assert faults == Faults()
