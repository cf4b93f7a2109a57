"""The dead man's switch."""

from __future__ import annotations

import pytest

from tests.venues.kraken.deadman import Switches
from tests.venues.kraken.errors import Refused

S = 10**9


def test_it_goes_off_once_at_its_time() -> None:
    switches = Switches()
    told = switches.set("a", 60, 0)
    assert told == {"currentTime": "1970-01-01T00:00:00Z", "triggerTime": "1970-01-01T00:01:00Z"}
    assert switches.take_due(59 * S) == []
    assert switches.take_due(60 * S) == ["a"]
    assert switches.take_due(61 * S) == []


def test_it_is_put_off_by_being_set_again_and_stopped_by_zero() -> None:
    switches = Switches()
    switches.set("a", 60, 0)
    switches.set("a", 60, 30 * S)
    assert switches.take_due(60 * S) == []
    assert switches.set("a", 0, 60 * S)["triggerTime"] == "0"
    assert switches.due_ns("a") == 0
    assert switches.take_due(1000 * S) == []


@pytest.mark.parametrize("timeout_s", [-1, 86_401])
def test_a_time_out_of_range_is_refused(timeout_s: int) -> None:
    with pytest.raises(Refused, match="EGeneral:Invalid arguments:timeout"):
        Switches().set("a", timeout_s, 0)
