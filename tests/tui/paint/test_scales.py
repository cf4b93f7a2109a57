"""Prices to rows of dots and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.paint.scales import OUTSIDE, PriceScale, ScaleKind, usable

COUNTS = st.integers(2, 400)
KINDS = st.sampled_from(["linear", "log", "percent"])


@st.composite
def scales(draw: st.DrawFn) -> PriceScale:
    low = draw(st.floats(1e-6, 1e6))
    return PriceScale(low, low * draw(st.floats(1.0001, 1000)), draw(KINDS), low)


def test_the_highest_price_is_in_the_first_row_and_the_lowest_in_the_last() -> None:
    rows = PriceScale(100.0, 110.0).rows(np.array([110.0, 105.0, 100.0]), 11)

    assert rows.tolist() == [0, 5, 10]


def test_equal_shares_are_equal_heights_on_a_logarithmic_scale() -> None:
    rows = PriceScale(1.0, 16.0, "log").rows(np.array([16.0, 8.0, 4.0, 2.0, 1.0]), 9)

    assert rows.tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_what_is_outside_is_outside_and_no_further_than_a_line_can_be_led(kind: ScaleKind) -> None:
    scale = PriceScale(100.0, 110.0, kind)

    rows = scale.rows(np.array([1e300, 111.0, 99.0, -1e300]), 11)

    assert rows[0] == -OUTSIDE
    assert rows[1] == -1
    assert rows[2] >= 11
    assert rows[3] == 11 + OUTSIDE


@given(scales(), COUNTS, st.floats(-1, 2))
def test_one_price_is_in_the_row_that_it_has_among_many(
    scale: PriceScale, count: int, share: float
) -> None:
    price = scale.low + share * (scale.high - scale.low)

    (row,) = scale.rows(np.array([price]), count)

    # Halves may be rounded either way by the two ways of taking a logarithm.
    assert abs(scale.row(price, count) - row) <= (1 if scale.is_log else 0)


@given(scales(), COUNTS, st.data())
def test_the_price_of_a_row_is_in_that_row(
    scale: PriceScale, count: int, data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, count - 1))

    price = scale.price(row, count)

    assert scale.row(price, count) == row
    assert scale.low * (1 - 1e-9) <= price <= scale.high * (1 + 1e-9)


@given(scales(), COUNTS, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_higher_price_is_never_in_a_lower_row(
    scale: PriceScale, count: int, shares: list[float]
) -> None:
    prices = scale.low + np.sort(np.array(shares)) * (scale.high - scale.low)

    assert (np.diff(scale.rows(prices, count)) <= 0).all()


def test_a_logarithm_takes_no_harm_from_prices_that_have_none() -> None:
    scale = PriceScale(1.0, 16.0, "log")

    rows = scale.rows(np.array([0.0, -5.0]), 9)

    assert rows.tolist() == [9 + OUTSIDE] * 2
    assert scale.row(-5.0, 9) == 9 + OUTSIDE


def test_the_share_is_measured_from_the_base() -> None:
    assert math.isclose(PriceScale(1.0, 2.0, "percent", 200.0).share(203.0), 0.015)
    assert PriceScale(1.0, 2.0, "percent", 200.0).share(200.0) == 0


@pytest.mark.parametrize(
    ("kind", "low", "base", "expected"),
    [
        ("linear", -5.0, None, "linear"),
        ("log", 0.01, None, "log"),
        ("log", 0.0, None, "linear"),
        ("log", -5.0, None, "linear"),
        ("percent", 1.0, 2.0, "percent"),
        ("percent", 1.0, None, "linear"),
        ("percent", 1.0, 0.0, "linear"),
        ("percent", -3.0, -2.0, "linear"),
    ],
)
def test_a_scale_that_cannot_be_drawn_is_linear(
    kind: ScaleKind, low: float, base: float | None, expected: ScaleKind
) -> None:
    assert usable(kind, low, base) == expected
