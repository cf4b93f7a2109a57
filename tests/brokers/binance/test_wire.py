from __future__ import annotations

import pytest

from brokers.binance.wire import message_time_ns, time_ns


def test_milliseconds_and_microseconds_are_told_apart_by_their_size() -> None:
    assert time_ns(1_735_689_600_123) == 1_735_689_600_123_000_000
    assert time_ns(1_735_689_600_123_456) == 1_735_689_600_123_456_000


@pytest.mark.parametrize("value", [-1, 10**19])
def test_times_that_no_venue_means_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        time_ns(value)


def test_a_message_tells_when_it_was_sent() -> None:
    assert message_time_ns(b'{"e":"trade","E":1735689600123,"s":"X"}') == 1_735_689_600_123_000_000
    assert message_time_ns(b'{"u":1,"s":"X","b":"1"}') is None
