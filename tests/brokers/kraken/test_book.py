"""The published checksum, and the book that it proves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.kraken.book import LocalBook, checksum
from brokers.kraken.wire import BookData, BookLevel
from brokers.levels import Level

# https://docs.kraken.com/api/docs/guides/spot-ws-book-v2, the worked example.
ASKS = (
    "45285.2/0.00100000 45286.4/1.54571953 45286.6/1.54571109 45289.6/1.54560911"
    " 45290.2/0.15890660 45291.8/1.54553491 45294.7/0.04454749 45296.1/0.35380000"
    " 45297.5/0.09945542 45299.5/0.18772827"
)
BIDS = (
    "45283.5/0.10000000 45283.4/1.54582015 45282.1/0.10000000 45281.0/0.10000000"
    " 45280.3/1.54592586 45279.0/0.07990000 45277.6/0.03310103 45277.5/0.30000000"
    " 45277.3/1.54602737 45276.6/0.15445238"
)
PUBLISHED = 3310070434
# https://docs.kraken.com/api/docs/guides/spot-ws-book-v1: the same sum over other numbers.
ASKS_V1 = [f"0.0{price}/0.00000500" for price in range(5005, 5055, 5)]
BIDS_V1 = [f"0.0{price}/0.00000500" for price in range(5000, 4945, -5) if price != 4985]
PUBLISHED_V1 = 974947235


def levels(text: str) -> list[Level]:
    pairs = (level.split("/") for level in text.split())
    return [(Decimal(price), Decimal(size)) for price, size in pairs]


def data(bids: list[Level], asks: list[Level], wanted: int) -> BookData:
    def as_wire(side: list[Level]) -> list[BookLevel]:
        return [BookLevel(price, size) for price, size in side]

    return BookData("BTC/USD", as_wire(bids), as_wire(asks), wanted)


def without_zeros(side: list[Level]) -> list[Level]:
    return [(price.normalize(), size.normalize()) for price, size in side]


def test_the_published_checksum_comes_out() -> None:
    assert checksum(levels(ASKS) + levels(BIDS), 1, 8) == PUBLISHED


def test_the_checksum_published_for_version_1_comes_out() -> None:
    assert checksum(levels(" ".join(ASKS_V1 + BIDS_V1)), 5, 8) == PUBLISHED_V1


def test_a_snapshot_is_proved_in_the_precision_that_it_shows() -> None:
    book = LocalBook()

    assert book.snapshot(data(levels(BIDS), levels(ASKS), PUBLISHED)) == "applied"
    assert book.is_synced
    assert book.top() == (45283.5, 0.1, 45285.2, 0.001)


def test_a_precision_that_lost_zeros_hide_is_found_by_the_checksum() -> None:
    """Sizes of at most two decimals are seen, where the pair has eight."""
    bids = [(Decimal(10), Decimal("0.5"))]
    asks = [(Decimal(11), Decimal("0.25"))]
    book = LocalBook()

    assert book.snapshot(data(bids, asks, checksum(asks + bids, 1, 8))) == "applied"
    assert (book.precision.price, book.precision.size) == (1, 8)


def test_a_declared_precision_is_not_guessed_at() -> None:
    book = LocalBook()
    book.precision.declare(2, 8)

    assert book.snapshot(data(levels(BIDS), levels(ASKS), PUBLISHED)) == "failed"

    book = LocalBook()
    book.precision.declare(1, 8)
    stripped = data(without_zeros(levels(BIDS)), without_zeros(levels(ASKS)), PUBLISHED)

    assert book.snapshot(stripped) == "applied"


@pytest.mark.parametrize("decimals", [(-1, 8), (1, 99)])
def test_a_precision_that_no_pair_has_is_refused(decimals: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        LocalBook().precision.declare(*decimals)


def test_a_wrong_checksum_voids_the_book_until_a_snapshot() -> None:
    book = LocalBook()
    book.snapshot(data(levels(BIDS), levels(ASKS), PUBLISHED))
    change = data([], [(Decimal("45285.2"), Decimal("0.5"))], 1)

    assert book.update(change) == "failed"
    assert book.update(change) == "no book"
    assert book.snapshot(data(levels(BIDS), levels(ASKS), PUBLISHED)) == "applied"


def test_levels_beyond_the_subscribed_depth_are_cut_and_named() -> None:
    book = LocalBook()
    book.snapshot(data(levels(BIDS), levels(ASKS), PUBLISHED))
    asks = [(Decimal("45285.1"), Decimal("1.00000000")), *levels(ASKS)][:10]
    wanted = checksum(asks + levels(BIDS), 1, 8)

    assert book.update(data([], asks[:1], wanted)) == "applied"
    assert book.cut_asks == [Decimal("45299.5")]
    assert len(book.asks) == 10


def test_the_depth_of_a_snapshot_is_one_that_can_be_subscribed_to() -> None:
    bids = [(Decimal(100 - at), Decimal(1)) for at in range(14)]
    book = LocalBook()

    assert book.snapshot(data(bids, [], checksum(bids[:10], 0, 0))) == "applied"
    assert book.depth == 25


def test_an_update_before_any_snapshot_is_not_applied() -> None:
    assert LocalBook().update(data(levels(BIDS), [], 1)) == "no book"
