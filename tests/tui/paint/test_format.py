"""Numbers and times as text."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from decimal import Decimal

import pytest

from tests.support.bars import INSTRUMENT, NANOS, START_NS
from tui.paint import format as fmt


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (64003.1, "64003.10"),
        (Decimal("64003.1"), "64003.10"),
        (0.005, "0.00"),
        (-0.001, "0.00"),
        (1e15, "1000000000000000.00"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_a_price_has_the_decimals_of_its_tick(value: float | None, text: str) -> None:
    assert fmt.price(value, INSTRUMENT) == text


def test_a_change_has_a_sign_unless_it_is_nothing() -> None:
    assert fmt.change(1.5, INSTRUMENT) == "+1.50"
    assert fmt.change(-1.5, INSTRUMENT) == "-1.50"
    assert fmt.change(-0.001, INSTRUMENT) == "0.00"


def test_plain_says_a_size_in_as_few_digits_as_it_needs() -> None:
    assert fmt.plain(Decimal("5E-1")) == "0.5"
    assert fmt.plain(Decimal("1E+3")) == "1000"
    assert fmt.plain(Decimal("10.500")) == "10.5"
    assert fmt.plain(0.00001) == "0.00001"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.42, "0.42"),
        (9.999, "10"),
        (99.96, "100"),
        (999.4, "999"),
        (999.6, "1k"),
        (12_345, "12.3k"),
        (3_210_000, "3.21M"),
        (-45_600, "-45.6k"),
        (0.00042, "0.0004"),
        (0.00000042, "4e-07"),
    ],
)
def test_compact_says_an_amount_in_three_digits(value: float, text: str) -> None:
    assert fmt.compact(value) == text


def test_profit_is_signed_and_grouped() -> None:
    assert fmt.pnl(Decimal("1204.1")) == "+1 204.10"
    assert fmt.pnl(-1_234_567.891) == "-1 234 567.89"
    assert fmt.pnl(0) == "0.00"


def test_a_notional_names_its_asset() -> None:
    assert fmt.notional(Decimal("12345.678"), "usdt") == "12 345.68 USDT"
    assert fmt.notional(0.00012, "btc") == "0.000120 BTC"
    assert fmt.notional(None, "usdt") == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0.0s"),
        (0.31, "0.3s"),
        (9.96, "9s"),
        (12, "12s"),
        (60, "1m"),
        (3600, "60m"),
        (7200, "2h"),
        (86_400, "1d"),
        (None, "–"),
    ],
)
def test_a_duration_is_said_in_its_largest_unit(seconds: float | None, text: str) -> None:
    assert fmt.duration(seconds) == text


@pytest.mark.parametrize("text", ["1s", "5s", "15s", "1m", "5m", "15m", "1h", "4h", "1d"])
def test_a_period_is_read_as_it_is_written(text: str) -> None:
    seconds = fmt.parse_period(text)

    assert seconds is not None
    assert fmt.period(seconds) == text


@pytest.mark.parametrize("text", ["", "m", "0m", "-1m", "1.5h", "１m", "5x", "1 m"])
def test_what_is_no_period_is_not_read_as_one(text: str) -> None:
    assert fmt.parse_period(text) is None


def test_a_moment_keeps_its_microseconds_and_takes_its_zone() -> None:
    at = fmt.moment(START_NS + 123_456_789, timezone(timedelta(hours=2)))

    assert at.isoformat() == "2023-11-15T00:13:00.123456+02:00"
    assert fmt.clock(START_NS) == "22:13:00"


def test_a_stamp_is_as_fine_as_its_period() -> None:
    assert fmt.stamp(START_NS, period_s=1) == "14 Nov 22:13:00"
    assert fmt.stamp(START_NS, period_s=300) == "14 Nov 22:13"
    assert fmt.stamp(START_NS, period_s=86_400) == "14 Nov 2023"


def test_a_zone_without_a_name_says_its_offset() -> None:
    assert fmt.zone_name(START_NS, UTC) == "UTC"
    assert fmt.zone_name(START_NS, timezone(timedelta(hours=5, minutes=45))) == "UTC+05:45"


def test_an_age_is_a_duration_in_nanoseconds() -> None:
    assert fmt.age(12 * NANOS) == "12s"
    assert fmt.age(None) == "–"
    assert fmt.milliseconds(3.2) == "3ms"
    assert fmt.milliseconds(1200) == "1.2s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (40, "40s"),
        (90, "1m30s"),
        (3600, "1h"),
        (3 * 3600 + 45 * 60 + 10, "3h45m"),
        (2 * 86_400, "2d"),
        (2 * 86_400 + 59, "2d"),
        (-(86_400 + 7200), "-1d2h"),
        (-0.2, "0s"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units_with_its_sign(seconds: float, text: str) -> None:
    assert fmt.span(seconds) == text


def test_a_bars_time_says_its_year_where_it_is_asked_for() -> None:
    time_ns = 1_700_000_000 * 10**9

    assert fmt.stamp(time_ns, period_s=60) == "14 Nov 22:13"
    assert fmt.stamp(time_ns, period_s=60, with_year=True) == "14 Nov 2023 22:13"
    assert fmt.stamp(time_ns, period_s=86_400) == "14 Nov 2023"
