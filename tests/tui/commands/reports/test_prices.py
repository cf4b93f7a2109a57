"""What markets cost, and what is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.accounting.conversion import Rate
from engine.errors import UsageError
from tests.support.records import BTC, DAY_NS, ETHBTC, HOUR_NS, ROUND_TRIP, START_NS
from tui.commands.reports.prices import (
    LONGEST_PAUSE_NS,
    Prices,
    of_fills,
    parse_marks,
    parse_source,
)

NOW = START_NS + 30 * DAY_NS
FQME = BTC.fqme


def test_a_price_counts_until_the_next_one_is_known() -> None:
    prices = Prices(NOW)
    prices.add(FQME, START_NS + HOUR_NS, Decimal(2))
    prices.add(FQME, START_NS, Decimal(1))

    assert prices.at(FQME, START_NS - 1) is None
    assert prices.at(FQME, START_NS) == 1
    assert prices.at(FQME, START_NS + HOUR_NS - 1) == 1
    assert prices.at(FQME, START_NS + DAY_NS) == 2
    assert prices.at("other.sim", START_NS) is None


def test_an_old_price_is_not_the_present_one() -> None:
    prices = Prices(NOW)
    prices.add(FQME, START_NS, Decimal(1))

    assert prices.at(FQME, START_NS + LONGEST_PAUSE_NS) == 1
    assert prices.at(FQME, START_NS + LONGEST_PAUSE_NS + 1) is None


def test_what_is_to_come_has_the_price_of_now() -> None:
    prices = Prices(NOW)
    prices.add(FQME, NOW, Decimal(3))

    assert prices.at(FQME, NOW + 20 * DAY_NS) == 3


def test_a_price_that_a_person_gives_is_that_of_now_alone() -> None:
    prices = Prices(NOW)
    prices.add(FQME, NOW - DAY_NS, Decimal(3))
    prices.give(FQME, Decimal(9))

    assert prices.at(FQME, NOW) == 9
    assert prices.at(FQME, NOW + 1) == 9
    assert prices.at(FQME, NOW - 1) == 3


def test_ones_own_fills_count_however_old_they_are() -> None:
    prices = of_fills(ROUND_TRIP, NOW)

    assert prices.at(FQME, NOW) == 130
    assert prices.at(FQME, ROUND_TRIP[1].venue_ns) == 110


def test_assets_are_converted_at_the_prices_of_that_time() -> None:
    prices = Prices(NOW)
    prices.instruments[ETHBTC.fqme] = ETHBTC
    prices.add(FQME, START_NS, Decimal(100))
    prices.add(ETHBTC.fqme, START_NS, Decimal("0.5"))

    rate = prices.markets_at({FQME: BTC}, START_NS).rate("eth", "usdt")
    assert isinstance(rate, Rate)
    assert rate.value == 50
    assert not isinstance(prices.markets_at({FQME: BTC}, START_NS - 1).rate("eth", "usdt"), Rate)


def test_prices_as_people_write_them() -> None:
    assert parse_marks(["BTCUSDT.spot.sim= 64000.5", "a.b=-1"]) == {
        FQME: Decimal("64000.5"),
        "a.b": Decimal(-1),
    }
    assert parse_source("fills") == "fills"


@pytest.mark.parametrize("text", ["", "a.b", "a.b=", "a.b=nan", "a.b=1e400", "a.b=1=2", "=1"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_marks([text])


def test_sources_are_named_where_one_is_not() -> None:
    with pytest.raises(UsageError) as caught:
        parse_source("guess")
    assert "market fills none" in caught.value.hint
