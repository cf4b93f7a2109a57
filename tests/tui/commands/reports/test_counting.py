"""What reports of positions and profits begin with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.errors import DataError, UsageError
from engine.locations import Locations, find_locations
from tests.support.records import BTC, ROUND_TRIP, entries_of, fill_of, write_journal
from tui.commands.reports.asked import Asked
from tui.commands.reports.counting import (
    Terms,
    assets_of,
    counted,
    plain_fill,
    plain_market,
    prices_of,
)


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return find_locations({}, config=tmp_path, data_dir=tmp_path)


def test_fills_count_in_the_order_of_their_times(places: Locations) -> None:
    write_journal(places.data_dir, entries_of(ROUND_TRIP[::-1]))

    assert counted(places, Asked(), Terms()).fills == list(ROUND_TRIP)


def test_assets_are_one_however_a_venue_spells_them(places: Locations) -> None:
    loud = replace(BTC, base="BTC", quote="USDT")
    fills = [fill_of(1, "buy", "1", "100", "1", "USDT"), fill_of(2, "buy", "1", "1", "1", "usdt")]
    write_journal(places.data_dir, entries_of(fills, [loud]))
    data = counted(places, Asked(), Terms(currency="UsdT"))

    assert data.currency == "usdt"
    assert assets_of(data.fills, data.instruments) == {"usdt"}
    assert plain_market(loud) == BTC
    assert plain_fill(fills[0]).fee_asset == "usdt"


def test_a_currency_is_an_asset_whether_it_was_traded_or_not(places: Locations) -> None:
    write_journal(places.data_dir, entries_of(ROUND_TRIP))

    assert counted(places, Asked(), Terms(currency=" EUR ")).currency == "eur"
    with pytest.raises(UsageError, match="is no asset"):
        counted(places, Asked(), Terms(currency="many dollars"))


def test_a_market_of_which_nothing_is_known_is_not_guessed(places: Locations) -> None:
    write_journal(places.data_dir, entries_of(ROUND_TRIP, []))

    with pytest.raises(DataError, match="does not say what btcusdt"):
        counted(places, Asked(), Terms())


def test_a_given_price_beats_ones_own_fills(places: Locations) -> None:
    write_journal(places.data_dir, entries_of(ROUND_TRIP))
    terms = Terms("fills", {BTC.fqme: Decimal(7)})
    data = counted(places, Asked(), terms)
    prices = prices_of(data, terms, places, times_ns={})

    assert prices.at(BTC.fqme, data.now_ns) == 7
    assert prices.at(BTC.fqme, ROUND_TRIP[2].venue_ns) == 130
