"""Ranges of prices: stretched about their middle, shifted, and moved along when locked."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.charts import price_view
from tui.paint.scales import PriceScale, ScaleKind

ROWS = 96
TICK = 0.01
EXACT = settings(deadline=None, derandomize=True)

lows = st.floats(1, 1e5)
heights = st.floats(0.5, 1e4)
kinds = st.sampled_from(["linear", "log", "percent"])
ranges = st.builds(
    lambda low, height, kind: PriceScale(low, low + height, kind), lows, heights, kinds
)


def as_kind(prices: PriceScale, kind: ScaleKind) -> PriceScale:
    """A range that was made, on the scale that it was made for."""
    return prices._replace(kind=kind)


def middle(prices: PriceScale) -> float:
    return prices.price((ROWS - 1) / 2, ROWS)


@EXACT
@given(ranges, st.floats(0.5, 2))
def test_stretching_keeps_the_price_in_the_middle(prices: PriceScale, factor: float) -> None:
    wider = as_kind(price_view.stretched(prices, factor, TICK), prices.kind)

    assert middle(wider) == pytest.approx(middle(prices), rel=1e-6)


@EXACT
@given(ranges, st.floats(1.05, 2))
def test_stretching_and_back_returns(prices: PriceScale, factor: float) -> None:
    wider = as_kind(price_view.stretched(prices, factor, TICK), prices.kind)
    again = price_view.stretched(wider, 1 / factor, TICK)

    assert again.low == pytest.approx(prices.low, rel=1e-6, abs=1e-6)
    assert again.high == pytest.approx(prices.high, rel=1e-6, abs=1e-6)


@EXACT
@given(ranges, st.floats(-3, 3))
def test_shifting_moves_every_price_by_the_same_number_of_rows(
    prices: PriceScale, share: float
) -> None:
    moved = as_kind(price_view.shifted(prices, share), prices.kind)
    for row in (0.0, 10.0, 95.0):
        there = moved.price(row + share * (ROWS - 1), ROWS)
        assert there == pytest.approx(prices.price(row, ROWS), rel=1e-6, abs=1e-6)


@EXACT
@given(ranges, st.floats(1, 2e5))
def test_a_locked_range_has_the_last_price_in_it_and_keeps_its_height(
    prices: PriceScale, last: float
) -> None:
    held = as_kind(price_view.held(prices, last), prices.kind)

    assert held.low <= last <= held.high
    if prices.kind == "log":
        assert math.log(held.high / held.low) == pytest.approx(math.log(prices.high / prices.low))
    else:
        assert held.high - held.low == pytest.approx(prices.high - prices.low, rel=1e-6)
    assert price_view.held(held, last) is held


def test_a_locked_range_stays_until_the_last_price_leaves_it_and_then_goes_on_inside() -> None:
    prices = PriceScale(100.0, 200.0)

    assert price_view.held(prices, 100.0) is prices
    assert price_view.held(prices, 200.0) is prices
    assert price_view.held(prices, 201.0) == PriceScale(126.0, 226.0)
    assert price_view.held(prices, 99.0) == PriceScale(74.0, 174.0)


def test_no_range_gets_narrower_than_some_ticks_or_wider_than_can_be() -> None:
    for kind in ("linear", "log"):
        narrow = price_view.stretched(PriceScale(100.0, 101.0, kind), 1e-9, TICK)
        assert narrow.high - narrow.low == pytest.approx(price_view.LEAST_TICKS * TICK)

        wide = PriceScale(100.0, 101.0, kind)
        for _ in range(100):
            wide = price_view.stretched(wide, 1e9, TICK)._replace(kind=kind)
        assert math.isfinite(wide.high - wide.low)


def test_below_zero_there_is_no_logarithm_to_hold() -> None:
    prices = PriceScale(1.0, 2.0, "log")

    assert price_view.held(prices, -3.0) is prices
    assert price_view.shifted(PriceScale(-1.0, 1.0, "log"), 0.5) == PriceScale(0.0, 2.0)
