from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.levels import BookSide, as_floats, check_levels, top_of

PRICES = st.integers(1, 30).map(Decimal)
SIZES = st.integers(0, 3).map(Decimal)
CHANGES = st.lists(st.tuples(PRICES, SIZES), max_size=60)


@given(changes=CHANGES, is_bid=st.booleans())
def test_a_side_holds_what_a_plain_dictionary_would(
    changes: list[tuple[Decimal, Decimal]], is_bid: bool
) -> None:
    side, model = BookSide(is_bid=is_bid), {}
    for price, size in changes:
        side.set(price, size)
        model[price] = size
    expected = sorted(((p, s) for p, s in model.items() if s), reverse=is_bid)

    assert expected == side.levels()
    assert (expected[0] if expected else None) == side.best()


@given(changes=CHANGES, is_bid=st.booleans(), depth=st.integers(1, 8))
def test_cutting_keeps_the_best_and_names_the_rest(
    changes: list[tuple[Decimal, Decimal]], is_bid: bool, depth: int
) -> None:
    side = BookSide(is_bid=is_bid)
    side.replace(dict(changes).items())
    before = side.levels()

    dropped = side.cut(depth)

    assert before[:depth] == side.levels()
    assert sorted(price for price, _ in before[depth:]) == sorted(dropped)
    assert len(side) == min(depth, len(before))


def test_a_level_is_the_same_however_its_zeros_are_written() -> None:
    side = BookSide(is_bid=True)
    side.set(Decimal("1.50"), Decimal(1))
    side.set(Decimal("1.5000"), Decimal(0))

    assert side.levels() == []


def test_the_top_of_an_empty_side_has_size_zero() -> None:
    bids, asks = BookSide(is_bid=True), BookSide(is_bid=False)
    bids.set(Decimal("1.5"), Decimal(2))

    assert top_of(bids, asks) == (1.5, 2.0, 0.0, 0.0)
    assert as_floats(bids.levels()) == ((1.5, 2.0),)


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-1", "0", "1E+999999999", "1E-999999999"])
def test_prices_that_no_venue_means_are_refused(price: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        check_levels([(Decimal(price), Decimal(1))])


@pytest.mark.parametrize("size", ["NaN", "-1", "1E+400"])
def test_sizes_that_no_venue_means_are_refused(size: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        check_levels([(Decimal(1), Decimal(size))])
