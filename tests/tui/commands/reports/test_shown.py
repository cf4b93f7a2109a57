"""Numbers and times of reports as text."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.support.records import BTC, START_NS
from tui.commands.reports.shown import (
    amounts,
    average_of,
    derived,
    in_zone,
    moment_of,
    money,
    number,
    price_of,
    size_of,
    tone_of,
)


def test_times_say_their_zone() -> None:
    assert moment_of(START_NS, UTC) == "2026-01-05 00:00:00"
    assert moment_of(START_NS, ZoneInfo("Asia/Tokyo")) == "2026-01-05 09:00:00"
    assert moment_of(0, UTC) == "–"
    assert (in_zone("time", UTC), in_zone("time", None)) == ("time UTC", "time local")
    assert in_zone("time", ZoneInfo("Asia/Tokyo")) == "time Asia/Tokyo"


def test_prices_and_sizes_have_the_decimals_of_their_market() -> None:
    assert price_of(Decimal("1.5"), BTC) == "1.50"
    assert price_of(Decimal("1.500"), None) == "1.5"
    assert price_of(None, BTC) == ""
    assert size_of(Decimal(1), BTC) == "1.00000"


def test_an_average_between_two_ticks_has_more() -> None:
    assert average_of(Decimal("1.5"), BTC) == "1.50"
    assert average_of(Decimal(10) / 3, BTC) == "3.3333"
    assert average_of(None, BTC) == ""


def test_money_is_in_hundredths_where_it_is_counted_so() -> None:
    assert money(Decimal("1234.5"), "USDT", signed=True) == "+1 234.50"
    assert money(Decimal("0.1"), "btc") == "0.10000000"
    assert money(None, "usdt") == "–"
    assert amounts({"bnb": Decimal("0.10"), "btc": Decimal(0)}) == "0.1 BNB"


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (Decimal(1) / 3, "0.333333333333333333"),
        (Decimal("-7.51727599999999999999999999999999467"), "-7.517276"),
        (Decimal("100"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00"), "0"),
    ],
)
def test_a_quotient_has_no_noise(value: Decimal, given: str) -> None:
    assert str(derived(value)) == given
    assert derived(None) is None


def test_a_number_is_as_long_as_it_must_be() -> None:
    assert number(Decimal("0.123456789")) == "0.12345679"
    assert number(Decimal("2.50")) == "2.5"
    assert number(Decimal("2.5"), 2) == "2.50"
    assert number(None) == "–"


def test_gains_and_losses_have_their_tones() -> None:
    tones = [tone_of(value) for value in (Decimal(1), Decimal(-1), Decimal(0), None)]

    assert tones == ["up", "down", "", "dim"]
