"""Time zones by the names that people write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import ConfigError
from tui.zones import zone_of


def test_two_names_are_our_own():
    assert zone_of("utc") is UTC
    assert zone_of("local") is None


@pytest.mark.parametrize("name", ["America/New_York", "america/new_york"])
def test_a_name_of_the_iana_is_that_zone(name: str):
    zone = zone_of(name)

    assert datetime(2026, 11, 21, tzinfo=zone).utcoffset().total_seconds() == -5 * 3600  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "a\x1bb", "America"])
def test_no_zone_is_told_clearly(name: str):
    with pytest.raises(ConfigError, match="no time zone named"):
        zone_of(name)


def test_a_slip_of_the_finger_is_told_the_nearest_name():
    with pytest.raises(ConfigError) as raised:
        zone_of("America/New_Yrok")

    assert "America/New_York" in raised.value.hint
