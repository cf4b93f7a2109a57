"""What a contract pays, linear and inverse."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.accounting.payoff import flow, gain, level, mean_price, price_at, worth
from engine.instruments import Instrument
from tests.support.fills import CONTRACT, INVERSE, LINEAR, MARKETS

D = Decimal
CLOSE = D("1e-15")
"""What is computed in two ways may differ by less than this: the sums of a test have 28 digits."""

market = st.sampled_from(MARKETS)
price = st.decimals("0.01", "99999.99", places=2)
size = st.decimals("-1000", "1000", places=3)
part = st.decimals("0.001", "1000", places=3)


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [(LINEAR, D(20)), (CONTRACT, D(1000)), (INVERSE, D("0.05"))],
    ids=["linear", "contract", "inverse"],
)
def test_two_bought_at_100_and_sold_elsewhere(instrument: Instrument, expected: Decimal) -> None:
    # 2 * 10 quote; 2 * 50 units * 10; 2 * 10 dollars * (1/100 - 1/exit) in base.
    exit_price = D(110) if instrument is not INVERSE else D("133.3333333333333333333333333333")

    assert abs(gain(D(2), D(100), exit_price, instrument) - expected) < CLOSE
    assert abs(gain(D(-2), D(100), exit_price, instrument) + expected) < CLOSE


def test_an_inverse_contract_that_doubles_pays_half_of_its_base() -> None:
    """Bybit's own form: contracts * (1/entry - 1/exit)."""
    assert gain(D(1000), D(5000), D(10_000), INVERSE) == D(1)
    assert worth(D(1000), D(5000), INVERSE) == D(2)


def test_a_linear_price_may_be_zero_or_less_and_an_inverse_one_may_not() -> None:
    assert level(D("-37.63"), LINEAR) == D("-37.63")
    for bad in (D(0), D(-1)):
        with pytest.raises(ValueError, match="is inverse and cannot trade at"):
            level(bad, INVERSE)


def test_the_average_of_an_inverse_contract_is_harmonic() -> None:
    """BitMEX, "How to calculate entry price": contracts over the sum of their values in base."""
    assert mean_price((D(1), D(100)), (D(1), D(300)), LINEAR) == D(200)
    assert mean_price((D(1), D(100)), (D(1), D(300)), INVERSE) == D(150)


@given(market, price)
def test_a_price_is_that_of_its_level(instrument: Instrument, at: Decimal) -> None:
    assert abs(price_at(level(at, instrument), instrument) - at) < CLOSE


@given(market, size, price, price)
def test_the_flows_of_a_round_trip_sum_to_its_gain(
    instrument: Instrument, held: Decimal, entry: Decimal, exit_price: Decimal
) -> None:
    there_and_back = flow(held, entry, instrument) + flow(-held, exit_price, instrument)

    assert abs(there_and_back - gain(held, entry, exit_price, instrument)) < CLOSE


@given(market, size, price, price)
def test_one_side_gains_what_the_other_loses(
    instrument: Instrument, held: Decimal, entry: Decimal, exit_price: Decimal
) -> None:
    ours = gain(held, entry, exit_price, instrument)

    assert ours == gain(-held, entry, exit_price, instrument).copy_negate()
    assert ours == gain(held, exit_price, entry, instrument).copy_negate()


@given(market, part, price, price)
def test_a_purchase_gains_where_the_price_rose_and_nowhere_else(
    instrument: Instrument, held: Decimal, entry: Decimal, exit_price: Decimal
) -> None:
    ours = gain(held, entry, exit_price, instrument)

    assert (ours > 0) is (exit_price > entry)
    assert (ours == 0) is (exit_price == entry)


@given(market, part, price, part, price, price)
def test_what_is_held_at_its_average_gains_what_its_parts_do(
    instrument: Instrument,
    one: Decimal,
    one_price: Decimal,
    other: Decimal,
    other_price: Decimal,
    exit_price: Decimal,
) -> None:
    average = mean_price((one, one_price), (other, other_price), instrument)
    parts = gain(one, one_price, exit_price, instrument)
    parts += gain(other, other_price, exit_price, instrument)

    assert min(one_price, other_price) - CLOSE <= average <= max(one_price, other_price) + CLOSE
    assert abs(gain(one + other, average, exit_price, instrument) - parts) < CLOSE


@given(market, size, price)
def test_a_sale_brings_what_a_purchase_costs_and_both_are_its_worth(
    instrument: Instrument, traded: Decimal, at: Decimal
) -> None:
    assume(traded)
    paid = flow(traded, at, instrument)

    assert paid == flow(-traded, at, instrument).copy_negate()
    assert abs(abs(paid) - abs(worth(traded, at, instrument))) < CLOSE
    assert (worth(traded, at, instrument) > 0) is (traded > 0)
