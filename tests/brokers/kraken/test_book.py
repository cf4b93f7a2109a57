"""The published checksum, and the book that it proves."""

from __future__ import annotations

from decimal import Decimal

import msgspec
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


def as_text(number: Decimal) -> msgspec.Raw:
    return msgspec.Raw(str(number).encode())


def data(bids: list[Level], asks: list[Level], wanted: int) -> BookData:
    def as_wire(side: list[Level]) -> list[BookLevel]:
        return [BookLevel(as_text(price), as_text(size)) for price, size in side]

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
    assert book.ask_changes == ((45285.1, 1.0), (45299.5, 0.0))
    assert len(book.asks) == 10


def test_the_depth_of_a_snapshot_is_one_that_can_be_subscribed_to() -> None:
    bids = [(Decimal(100 - at), Decimal(1)) for at in range(14)]
    book = LocalBook()

    assert book.snapshot(data(bids, [], checksum(bids[:10], 0, 0))) == "applied"
    assert book.depth == 25


def test_an_update_before_any_snapshot_is_not_applied() -> None:
    assert LocalBook().update(data(levels(BIDS), [], 1)) == "no book"


def test_numbers_with_an_exponent_or_in_quotes_have_the_same_digits() -> None:
    bids = [BookLevel(msgspec.Raw(b"4.52835e4"), msgspec.Raw(b"1E-1"))]
    asks = [BookLevel(msgspec.Raw(b'"45285.2"'), msgspec.Raw(b'"0.00100000"'))]
    wanted = checksum(levels("45285.2/0.001 45283.5/0.1"), 1, 8)
    book = LocalBook()
    book.precision.declare(1, 8)

    assert book.snapshot(BookData("BTC/USD", bids, asks, wanted)) == "applied"
    assert book.top() == (45283.5, 0.1, 45285.2, 0.001)


@pytest.mark.parametrize(
    ("price", "size"),
    [
        (b"1e999999999", b"1"),
        (b'"1e999999999"', b"1"),
        (b"0." + b"1" * 60, b"1"),
        (b"1", b"-1"),
        (b"0", b"1"),
        (b"null", b"1"),
        (b"{}", b"1"),
        (b'"nan"', b"1"),
    ],
)
def test_a_level_that_no_venue_could_mean_changes_nothing(price: bytes, size: bytes) -> None:
    book = LocalBook()
    book.snapshot(data(levels(BIDS), levels(ASKS), PUBLISHED))
    level = BookLevel(msgspec.Raw(price), msgspec.Raw(size))

    with pytest.raises(ValueError, match=r".+"):
        book.update(BookData("BTC/USD", [level], [], 1))
    assert book.checksum() == PUBLISHED


def test_a_precision_that_comes_late_is_taken_for_the_levels_that_are_there() -> None:
    stripped = data(without_zeros(levels(BIDS)), without_zeros(levels(ASKS)), PUBLISHED)
    book = LocalBook()
    book.snapshot(data(levels("9/5"), levels("10/5"), 1))
    book.snapshot(stripped)
    book.precision.declare(1, 8)

    assert book.checksum() == PUBLISHED


def test_a_crossed_book_is_not_good_whatever_its_checksum() -> None:
    bids, asks = levels("11/1"), levels("10/1")
    book = LocalBook()

    assert book.snapshot(data(bids, asks, checksum(asks + bids, 0, 0))) == "crossed"
    assert not book.is_synced


def test_a_book_that_is_trusted_goes_on_after_a_failure_until_it_is_proved_again() -> None:
    book = LocalBook()
    book.snapshot(data(levels(BIDS), levels(ASKS), 1))
    nothing = data([], [], PUBLISHED)

    assert book.update(nothing) == "no book"
    assert book.update(data([], [], 1), is_trusting=True) == "failed"
    assert book.update(nothing, is_trusting=True) == "applied"
    assert book.is_synced
