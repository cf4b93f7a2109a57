"""One side of a book, and the digits that are kept of it, against the plain way to make them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.kraken.digits import MOST_KNOWN, Numbers, checksum
from brokers.kraken.side import CHECKED_LEVELS, Side
from brokers.kraken.wire import BookLevel

PRICE_DECIMALS, SIZE_DECIMALS = 2, 5

prices = st.integers(1, 400)
sizes = st.integers(0, 10**9)


def as_text(steps: int, decimals: int, form: int) -> bytes:
    """A number as the venue, or some recorder, writes it."""
    number = Decimal(steps).scaleb(-decimals)
    match form:
        case 0:
            return f"{number:.{decimals}f}".encode()
        case 1:
            return f"{number.normalize():f}".encode()
        case 2:
            return f"{number.normalize():e}".encode() if steps else b"0"
        case _:
            return b'"' + f"{number:f}".encode() + b'"'


def level(price: int, size: int, form: int = 0) -> BookLevel:
    return BookLevel(
        msgspec.Raw(as_text(price, PRICE_DECIMALS, form)),
        msgspec.Raw(as_text(size, SIZE_DECIMALS, form)),
    )


def declared() -> Numbers:
    numbers = Numbers()
    numbers.precision.declare(PRICE_DECIMALS, SIZE_DECIMALS)
    return numbers


def plain_checksum(held: dict[int, int], *, is_bid: bool) -> int:
    best = sorted(held.items(), reverse=is_bid)[:CHECKED_LEVELS]
    levels = [
        (Decimal(price).scaleb(-PRICE_DECIMALS), Decimal(size).scaleb(-SIZE_DECIMALS))
        for price, size in best
    ]
    return checksum(levels, PRICE_DECIMALS, SIZE_DECIMALS)


@given(
    is_bid=st.booleans(),
    steps=st.lists(
        st.lists(st.tuples(prices, sizes, st.integers(0, 3)), min_size=1, max_size=5), max_size=40
    ),
)
def test_the_checksum_is_that_of_the_levels_however_they_are_written(
    is_bid: bool, steps: list[list[tuple[int, int, int]]]
) -> None:
    numbers, side = declared(), Side(is_bid=is_bid)
    held: dict[int, int] = {}
    for changes in steps:
        side.apply(numbers.parse([level(*change) for change in changes]), 25)
        for price, size, _ in changes:
            held[price] = size
            held = {price: size for price, size in held.items() if size}
        held = dict(sorted(held.items(), reverse=is_bid)[:25])

        assert side.checksum() == plain_checksum(held, is_bid=is_bid)
        best = next(iter(held.items()), (0, 0))
        assert side.top == (best[0] / 10**PRICE_DECIMALS, best[1] / 10**SIZE_DECIMALS)
        assert len(side) == len(held)


def test_numbers_that_are_read_once_are_read_anew_in_another_precision() -> None:
    numbers = declared()
    (before,) = numbers.parse([level(150, 1_00000)])
    numbers.precision.declare(3, 0)
    (after,) = numbers.parse([level(150, 1_00000)])

    assert (before[2], after[2]) == (b"150100000", b"15001")


def test_no_more_numbers_are_remembered_than_a_bound() -> None:
    numbers = declared()
    for at in range(MOST_KNOWN + 10):
        numbers.parse([level(1, at)])

    assert len(numbers._sizes) < 100


def test_decimals_that_are_seen_are_never_forgotten() -> None:
    numbers = Numbers()
    numbers.parse([level(150, 5, 1)])
    numbers.parse([level(100, 500_000, 1)])

    assert (numbers.precision.price, numbers.precision.size) == (1, 5)


@pytest.mark.parametrize("raw", [b"", b"-", b"1_0 ", b"-1", b"[1]", b'"', b'""', b"Infinity"])
def test_what_is_no_number_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        declared().parse([BookLevel(msgspec.Raw(raw), msgspec.Raw(b"1"))])
