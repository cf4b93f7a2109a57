"""Round prices on linear and logarithmic scales, and round percents."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.bars import INSTRUMENT
from tui.paint.round_numbers import (
    price_step,
    round_log_prices,
    round_percents,
    round_prices,
    round_rows,
)
from tui.paint.scales import PriceScale
from tui.paint.scene import layout_of

CENT = Decimal("0.01")


@pytest.mark.parametrize(
    ("span", "most", "tick", "step"),
    [
        ("100", 10, "0.01", "10"),
        ("100", 9, "0.01", "20"),
        ("0.00100", 6, "0.00001", "0.0002"),
        ("3", 12, "0.25", "0.25"),
        ("3", 5, "0.25", "1"),
        ("0.5", 8, "0.25", "0.25"),
        ("30", 7, "5", "5"),
        ("1", 8, "0.03125", "0.25"),
        ("0.02", 8, "0.01", "0.01"),
        ("90000", 4, "0.1", "25000"),
    ],
)
def test_a_step_is_round_and_a_multiple_of_the_tick(
    span: str, most: int, tick: str, step: str
) -> None:
    assert price_step(Decimal(span), most, Decimal(tick)) == Decimal(step)


def test_a_tick_that_is_nowhere_round_is_counted_in_itself() -> None:
    assert price_step(Decimal("2"), 8, Decimal("0.0833333")) % Decimal("0.0833333") == 0


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(0.05, 1e5),
    most=st.integers(1, 20),
    tick=st.sampled_from(["0.01", "0.25", "0.5", "5", "0.00001"]),
)
def test_round_prices_are_in_the_range_on_the_tick_and_not_too_many(
    low: float, span: float, most: int, tick: str
) -> None:
    found = round_prices(low, low + span, most, Decimal(tick))

    assert len(found) <= most + 1
    assert list(found) == sorted(set(found))
    for price in found:
        assert price % Decimal(tick) == 0
        assert low <= float(price) <= low + span


def test_prices_below_zero_have_labels_too() -> None:
    assert round_prices(-1.0, 1.0, 4, Decimal("0.01")) == (
        Decimal("-1"), Decimal("-0.5"), Decimal(0), Decimal("0.5"), Decimal("1"),
    )  # fmt: skip


def _log(low: float, high: float, rows: int = 40, apart: int = 4) -> list[str]:
    return [f"{price:f}" for price in round_log_prices(low, high, rows, apart, CENT)]


def test_decades_are_labelled_by_ones_then_by_fives_and_twos() -> None:
    assert _log(1, 1e9, rows=20) == ["1", "100", "10000", "1000000", "100000000"]
    assert _log(1, 1000, rows=24) == ["1", "10", "100", "1000"]
    assert _log(1, 1000, rows=40) == ["1", "2", "5", "10", "20", "50", "100", "200", "500", "1000"]


def test_finer_prices_are_for_short_ranges() -> None:
    assert _log(5, 200, rows=30) == ["5", "10", "20", "50", "100", "200"]
    assert _log(10, 100, rows=40) == ["10", "20", "30", "50", "70", "100"]
    assert {"120", "150", "180", "200", "250"} <= set(_log(100, 250, rows=60))


@given(
    low=st.floats(0.01, 1e6),
    times=st.floats(2.0, 1e6),
    rows=st.integers(10, 80),
    apart=st.integers(3, 6),
)
def test_prices_on_a_logarithmic_scale_are_round_and_keep_their_distance(
    low: float, times: float, rows: int, apart: int
) -> None:
    scale = PriceScale(low, low * times, "log")
    found = round_log_prices(low, low * times, rows, apart, CENT)

    assert list(found) == sorted(set(found))
    assert all(low <= float(price) <= low * times and price % CENT == 0 for price in found)
    at = [scale.row(float(price), rows * 4) for price in found]
    assert all(above - below >= apart * 4 - 6 for below, above in pairwise(reversed(at)))


def test_percents_have_as_many_decimals_as_their_step_needs() -> None:
    assert round_percents(-0.02, 0.031, 5) == (
        (Decimal("-0.02"), "-2%"), (Decimal(0), "0%"), (Decimal("0.02"), "+2%"),
    )  # fmt: skip
    fine = [text for _, text in round_percents(0.001, 0.0043, 4)]
    assert fine == ["+0.1%", "+0.2%", "+0.3%", "+0.4%"]


def test_a_percent_axis_says_percents_of_its_base() -> None:
    layout = layout_of(80, 24, 8)
    rows = round_rows(layout, INSTRUMENT, PriceScale(95.0, 110.0, "percent", 100.0))

    assert [text for _, _, text in rows] == ["-5%", "0%", "+5%", "+10%"]
    zero = next(item for item in rows if item.text == "0%")
    assert zero.dot == PriceScale(95.0, 110.0).row(100.0, layout.dots_high)


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_round_prices_stand_in_their_rows_from_below_to_above(kind: str) -> None:
    layout = layout_of(80, 40, 8)
    prices = PriceScale(100.0, 1000.0, kind)  # type: ignore[arg-type]
    rows = round_rows(layout, INSTRUMENT, prices)

    assert [float(text) for _, _, text in rows] == sorted(float(text) for _, _, text in rows)
    for row, dot, text in rows:
        assert dot == prices.row(float(text), layout.dots_high)
        assert row == dot // 4
        assert 0 <= row < layout.plot_rows
        assert text == f"{float(text):.2f}"
    assert len(rows) >= 4


def test_a_logarithmic_range_that_is_short_has_even_prices() -> None:
    rows = round_rows(layout_of(80, 40, 8), INSTRUMENT, PriceScale(100.0, 150.0, "log"))
    prices = [float(text) for _, _, text in rows]

    assert len({round(above - below, 6) for below, above in pairwise(prices)}) == 1


def test_a_tall_axis_leaves_more_rows_between_its_prices_and_a_lean_one_most() -> None:
    tall, short = layout_of(80, 41, 6), layout_of(80, 29, 6)
    prices = PriceScale(100.0, 110.0)

    assert tall.plot_rows >= 24 > short.plot_rows
    for layout, apart in ((tall, 4), (short, 3)):
        rows = [row for row, _, _ in round_rows(layout, INSTRUMENT, prices)]
        assert min(a - b for a, b in pairwise(rows)) >= apart
    assert len(round_rows(tall, INSTRUMENT, prices, "lean")) < len(
        round_rows(tall, INSTRUMENT, prices)
    )
