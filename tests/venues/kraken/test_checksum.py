"""The checksum of a book, by what the venue published and what was recorded of it."""

from __future__ import annotations

import gzip
from decimal import Decimal

import msgspec

from tests.support.recordings import recording
from tests.venues.kraken.book_view import Book
from tests.venues.kraken.checksum import Level, checksum
from tests.venues.kraken.pairs import LISTED

NAME = "kraken/krakensdk_ws2_book10_BTCUSD_first251.ndjson.gz"

ASKS = (
    *("45285.2/0.00100000", "45286.4/1.54571953", "45286.6/1.54571109", "45289.6/1.54560911"),
    *("45290.2/0.15890660", "45291.8/1.54553491", "45294.7/0.04454749", "45296.1/0.35380000"),
    *("45297.5/0.09945542", "45299.5/0.18772827"),
)
BIDS = (
    *("45283.5/0.10000000", "45283.4/1.54582015", "45282.1/0.10000000", "45281.0/0.10000000"),
    *("45280.3/1.54592586", "45279.0/0.07990000", "45277.6/0.03310103", "45277.5/0.30000000"),
    *("45277.3/1.54602737", "45276.6/0.15445238"),
)


def levels(told: tuple[str, ...]) -> list[Level]:
    return [(Decimal(price), Decimal(size)) for price, size in (one.split("/") for one in told)]


def test_the_published_example_sums_to_what_is_published() -> None:
    assert checksum(levels(ASKS), levels(BIDS), 1, 8) == 3310070434


def test_only_the_best_ten_levels_of_each_side_count() -> None:
    more = [(Decimal(50_000), Decimal(1))]
    assert checksum(levels(ASKS) + more, levels(BIDS) + more, 1, 8) == 3310070434


def test_a_recorded_book_sums_up_after_every_message() -> None:
    decode = msgspec.json.Decoder(float_hook=Decimal).decode
    book, checked = None, 0
    for line in gzip.decompress(recording(NAME).read_bytes()).splitlines():
        message = decode(line)
        (part,) = message["data"]
        bids, asks = (
            [(level["price"], level["qty"]) for level in part[side]] for side in ("bids", "asks")
        )
        if book is None:
            book = Book(LISTED.by_symbol["BTC/USD"], bids, asks)
        else:
            book.apply(bids, asks)
        book.bids.cut(10)
        book.asks.cut(10)
        assert book.view(10).checksum() == part["checksum"]
        book.drop_view(10)
        checked += 1
    assert checked == 251
