"""Numbers and times on the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.venues.kraken.amounts import (
    cut,
    encode,
    epoch,
    fixed,
    number,
    parse_amount,
    parse_rfc3339,
    rfc1123,
    rfc3339,
    text,
)

TIME_NS = 1_716_033_950_293_682_999


def test_json_numbers_keep_their_trailing_zeros() -> None:
    assert encode({"qty": number(Decimal("0.001"), 8)}) == b'{"qty":0.00100000}'
    assert encode(number(Decimal("1E-8"), 8)) == b"0.00000001"


def test_text_has_the_decimals_it_is_asked_for_and_no_exponent() -> None:
    assert text(Decimal("1E+3"), 2) == "1000.00"
    assert text(Decimal("2.5"), 0) == "3"


def test_rounding_is_half_away_from_zero_and_cutting_towards_it() -> None:
    assert fixed(Decimal("-0.125"), 2) == Decimal("-0.13")
    assert cut(Decimal("-0.129"), 2) == Decimal("-0.12")


def test_times_are_cut_not_rounded() -> None:
    assert rfc3339(TIME_NS) == "2024-05-18T12:05:50.293682Z"
    assert rfc3339(TIME_NS, 9) == "2024-05-18T12:05:50.293682999Z"
    assert rfc3339(TIME_NS, 0) == "2024-05-18T12:05:50Z"
    assert bytes(epoch(TIME_NS)) == b"1716033950.293682"
    assert rfc1123(1_688_669_448 * 10**9) == "Thu, 06 Jul 23 18:50:48 +0000"


def test_a_time_is_read_to_the_microsecond() -> None:
    assert parse_rfc3339("2024-05-18T12:05:50.293682Z") == TIME_NS - 999


@pytest.mark.parametrize("bad", ["", "soon", "2024-05-18T12:05:50"])
def test_what_is_no_time_with_a_zone_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"time|isoformat"):
        parse_rfc3339(bad)


@pytest.mark.parametrize("bad", ["", " 1", "1_000", "nan", "Infinity", "1e99", "0x1", "1,5"])
def test_what_is_no_plain_amount_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        parse_amount(bad)


def test_an_amount_is_exact() -> None:
    assert str(parse_amount("0.10000000")) == "0.10000000"
