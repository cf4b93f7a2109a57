"""What the words of a command line mean to a report."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from engine.errors import ConfigError, UsageError
from engine.locations import Locations, find_locations
from tests.support.records import DAY_NS, START_NS
from tui.commands.reports.asked import Asked, asked, check_account


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return find_locations({}, config=tmp_path, data_dir=tmp_path)


def test_nothing_asked_is_everything(places: Locations) -> None:
    what = asked(places)

    assert what == Asked(zone=UTC)
    assert what.wants("any", "thing.sim", 0)


def test_all_of_it_narrows(places: Locations) -> None:
    what = asked(
        places,
        account="sim",
        market="BTCUSDT.spot.sim",
        since="2026-01-05",
        until="2026-01-06",
        as_csv=True,
    )

    assert what.form == "csv"
    assert (what.since_ns, what.until_ns) == (START_NS, START_NS + DAY_NS)
    assert what.wants("sim", "btcusdt.spot.sim", START_NS)
    assert not what.wants("sim", "btcusdt.spot.sim", START_NS - 1)
    assert not what.wants("sim", "btcusdt.spot.sim", START_NS + DAY_NS)
    assert not what.wants("paper", "btcusdt.spot.sim", START_NS)
    assert not what.wants("sim", "ethusdt.spot.sim", START_NS)


def test_days_are_those_of_the_zone(places: Locations) -> None:
    what = asked(places, since="2026-01-05", zone="America/New_York")

    assert what.since_ns == START_NS + 5 * DAY_NS // 24


def test_the_zone_is_that_of_the_deck_unless_told(places: Locations) -> None:
    places.config_file.write_text('[deck]\ntimezone = "Asia/Tokyo"\n')

    assert str(asked(places).zone) == "Asia/Tokyo"
    assert str(asked(places, zone="utc").zone) == "UTC"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"as_json": True, "as_csv": True}, "two forms"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "not before"),
        ({"since": "whenever"}, "whenever"),
        ({"market": "nothing"}, "not a market name"),
    ],
)
def test_what_makes_no_sense_is_refused(
    places: Locations, words: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        asked(places, **words)  # type: ignore[arg-type]


def test_a_zone_that_is_none_is_refused(places: Locations) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        asked(places, zone="Middle/Earth")


def test_an_account_is_one_of_the_record_or_of_the_configuration(places: Locations) -> None:
    places.brokers_file.write_text('[accounts.mine]\nbroker = "sim"\n')

    for name in ("old", "mine", "paper", ""):
        check_account(Asked(account=name), {"old"}, places)
    with pytest.raises(UsageError, match="no account 'papre'") as caught:
        check_account(Asked(account="papre"), {"old"}, places)
    assert "paper" in caught.value.hint


def test_a_broken_configuration_does_not_hide_what_is_recorded(places: Locations) -> None:
    places.brokers_file.write_text("[nonsense")

    check_account(Asked(account="old"), {"old"}, places)
    with pytest.raises(UsageError, match="no account"):
        check_account(Asked(account="new"), {"old"}, places)
