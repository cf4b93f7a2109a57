"""The published procedure, rule by rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brokers.binance.book import BUFFERED, LocalBook, Side
from brokers.binance.wire import DepthSnapshot, DepthUpdate


def update(first: int, last: int, price: float = 100.0, size: float = 1.0) -> DepthUpdate:
    return DepthUpdate("BTCUSDT", 0, first, last, ((price, size),), ())


def snapshot(last: int) -> DepthSnapshot:
    return DepthSnapshot(last, ((99.0, 5.0),), ((101.0, 5.0),))


def synced(last: int = 10) -> LocalBook:
    book = LocalBook()
    assert book.snapshot(snapshot(last))
    return book


def test_events_before_the_snapshot_are_buffered_and_then_applied() -> None:
    book = LocalBook()
    assert [book.update(update(8, 9)), book.update(update(10, 12))] == ["buffered"] * 2

    assert book.snapshot(snapshot(10))
    outcomes = [outcome for outcome, _ in book.catch_up()]

    assert outcomes == ["old", "applied"]
    assert book.update_id == 12
    assert book.top() == (100.0, 1.0, 101.0, 5.0)


def test_a_snapshot_older_than_the_first_buffered_event_is_of_no_use() -> None:
    book = LocalBook()
    book.update(update(20, 21))

    assert not book.snapshot(snapshot(18))
    assert not book.is_synced
    assert book.is_waiting


def test_a_snapshot_that_ends_right_before_the_first_event_joins_it() -> None:
    book = LocalBook()
    book.update(update(20, 21))

    assert book.snapshot(snapshot(19))
    assert [outcome for outcome, _ in book.catch_up()] == ["applied"]


def test_an_event_that_the_book_has_already_is_old() -> None:
    book = synced(10)

    assert book.update(update(8, 10, size=7.0)) == "old"
    assert book.top()[0] == 99.0


def test_an_event_that_overlaps_the_book_is_applied() -> None:
    assert synced(10).update(update(8, 11)) == "applied"


def test_a_missed_event_voids_the_book_and_begins_a_new_buffer() -> None:
    book = synced(10)

    assert book.update(update(12, 13)) == "gap"
    assert not book.is_synced
    assert book.update(update(14, 15)) == "buffered"
    assert book.snapshot(snapshot(13))
    assert [outcome for outcome, _ in book.catch_up()] == ["old", "applied"]


def test_a_gap_within_the_buffer_keeps_what_follows_it() -> None:
    book = LocalBook()
    for event in (update(10, 11), update(13, 14), update(15, 16)):
        book.update(event)

    assert book.snapshot(snapshot(10))
    assert [outcome for outcome, _ in book.catch_up()] == ["applied", "gap"]
    assert book.snapshot(snapshot(14))
    assert [outcome for outcome, _ in book.catch_up()] == ["old", "applied"]


def test_a_size_of_zero_removes_a_level_even_one_that_is_not_there() -> None:
    book = synced(10)
    book.update(update(11, 11, price=99.0, size=0.0))
    book.update(update(12, 12, price=98.0, size=0.0))

    assert book.bids.levels() == ()


def test_without_a_snapshot_the_buffer_does_not_grow_for_ever() -> None:
    book = LocalBook()
    for at in range(BUFFERED + 100):
        book.update(update(at, at))

    assert not book.snapshot(snapshot(5))
    assert book.snapshot(snapshot(BUFFERED + 50))


def test_a_book_that_is_crossed_is_void() -> None:
    book = synced(10)

    assert book.update(update(11, 11, price=101.0)) == "crossed"
    assert not book.is_synced


def test_a_best_level_beyond_a_cut_snapshot_voids_the_book() -> None:
    book = LocalBook()
    two = ((99.0, 5.0), (98.0, 5.0))
    assert book.snapshot(DepthSnapshot(10, two, ((101.0, 5.0),)), most_levels=2)

    assert book.update(update(11, 11, price=99.0, size=0.0)) == "applied"
    assert book.update(update(12, 12, price=98.0, size=0.0)) == "beyond"
    assert not book.is_synced


def test_a_side_that_was_sent_whole_may_go_anywhere() -> None:
    book = LocalBook()
    assert book.snapshot(snapshot(10), most_levels=2)

    assert book.update(update(11, 11, price=99.0, size=0.0)) == "applied"
    assert book.top() == (0.0, 0.0, 101.0, 5.0)


def test_a_broken_stream_leaves_nothing_in_the_buffer() -> None:
    book = synced(10)
    book.update(update(15, 16))
    book.void(drops_events=True)

    assert not book.is_waiting


@given(
    changes=st.lists(
        st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=8), max_size=30
    ),
    is_bid=st.booleans(),
)
def test_a_side_is_what_was_set_last_at_each_price(
    changes: list[list[tuple[int, int]]], is_bid: bool
) -> None:
    side, known = Side(is_bid=is_bid), dict[float, float]()
    for levels in changes:
        side.apply(tuple((price / 2, float(size)) for price, size in levels))
        known.update({price / 2: float(size) for price, size in levels})
        known = {price: size for price, size in known.items() if size}
        expected = tuple(sorted(known.items(), reverse=is_bid))
        assert side.levels() == expected
        assert side.best() == (expected[0] if expected else (0.0, 0.0))
        assert side.levels(3) == expected[:3]
        assert len(side) == len(expected)
