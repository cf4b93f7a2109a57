from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.feed.frames import MOST_BOOKS, MOST_BREAKS, MOST_TRADES, FrameBuilder, merge_books
from engine.messages import Ask, Bid, Book, Break, Frame, Tick, Trade

FQME = "aaa.spot.truth"


def built(ticks: Sequence[Tick]) -> Frame | None:
    builder = FrameBuilder(FQME)
    if ticks:
        builder.add(ticks)
    return builder.take()


def bid(price: float) -> Bid:
    return Bid(FQME, price, 1.0)


def ask(price: float) -> Ask:
    return Ask(FQME, price, 1.0)


def trade(at_ns: int) -> Trade:
    return Trade(FQME, 1.0, 1.0, "", at_ns, at_ns)


def test_ticks_are_grouped_by_type_with_the_newest_last() -> None:
    frame = built([bid(1.0), trade(1), ask(2.0), bid(1.5), trade(2), ask(2.5), bid(1.75)])

    assert frame is not None
    assert {"trade": [trade(1), trade(2)], "bid": [bid(1.75)], "ask": [ask(2.5)]} == frame.ticks
    assert 3 == frame.conflated


def test_nothing_makes_no_frame() -> None:
    assert built([]) is None


def test_a_frame_taken_leaves_nothing_for_the_next() -> None:
    builder = FrameBuilder(FQME)
    builder.add([bid(1.0), trade(1)])
    first = builder.take()
    builder.add([ask(2.0)])

    assert builder.take() == Frame(fqme=FQME, ticks={"ask": [ask(2.0)]})
    assert first is not None
    assert [trade(1)] == first.ticks["trade"]


def test_trades_and_breaks_are_urgent_and_quotes_are_not() -> None:
    builder = FrameBuilder(FQME)
    builder.add([bid(1.0), ask(2.0), Book(FQME, (), ())])
    assert not builder.is_urgent
    builder.add([Break(FQME, "stale")])
    assert builder.is_urgent
    builder.take()
    assert not builder.is_urgent
    builder.add([trade(1)])
    assert builder.is_urgent


def test_a_stalled_reader_keeps_the_newest_trades_and_is_told_what_it_lost() -> None:
    builder = FrameBuilder(FQME)
    count = MOST_TRADES * 3
    for at_ns in range(1, count + 1):
        builder.add([trade(at_ns)])
    dropped = builder.dropped
    frame = builder.take()

    assert frame is not None
    kept = frame.ticks["trade"]
    assert MOST_TRADES // 2 <= len(kept) <= MOST_TRADES
    assert trade(count) == kept[-1]
    assert count == dropped + len(kept)
    assert [Break(FQME, "overrun", dropped, dropped)] == frame.ticks["break"]


def test_stale_is_forgotten_once_ticks_go_on() -> None:
    over = built([Break(FQME, "stale"), Break(FQME, "gap"), bid(1.0)])
    holds = built([bid(1.0), Break(FQME, "stale")])

    assert over is not None
    assert [Break(FQME, "gap")] == over.ticks["break"]
    assert holds is not None
    assert [Break(FQME, "stale")] == holds.ticks["break"]


def test_a_frame_of_nothing_but_a_stale_that_is_over_has_the_tick_that_ended_it() -> None:
    frame = built([Break(FQME, "stale"), bid(1.0)])

    assert frame == Frame(fqme=FQME, ticks={"bid": [bid(1.0)]})


def test_what_came_before_a_seek_is_not_shown_after_it() -> None:
    seek = Break(FQME, "seek", 5)

    frame = built([bid(1.0), trade(1), ask(9.0), seek, bid(2.0)])

    assert frame == Frame(fqme=FQME, ticks={"bid": [bid(2.0)], "break": [seek]})


def test_breaks_are_bounded() -> None:
    frame = built([Break(FQME, "gap", at_ns) for at_ns in range(MOST_BREAKS * 3)])

    assert frame is not None
    assert MOST_BREAKS == len(frame.ticks["break"])
    assert Break(FQME, "gap", MOST_BREAKS * 3 - 1) == frame.ticks["break"][-1]


# -- books ---------------------------------------------------------------------------------------

Levels = tuple[tuple[float, float], ...]

levels = st.lists(
    st.tuples(st.integers(1, 8).map(float), st.integers(0, 3).map(float)), max_size=5
).map(tuple)
books = st.lists(st.builds(Book, st.just(FQME), levels, levels, is_snapshot=st.booleans()))


def applied(changes: Sequence[Book], base: dict[str, dict[float, float]]) -> object:
    """What a book is after `changes`, by the definition."""
    sides = {name: dict(side) for name, side in base.items()}
    for change in changes:
        if change.is_snapshot:
            sides = {"bids": {}, "asks": {}}
        for name, side in sides.items():
            for price, size in getattr(change, name):
                side.pop(price, None)
                if size:
                    side[price] = size
    return sides


@given(books.filter(bool), levels, levels)
def test_a_merged_change_does_to_any_book_what_the_changes_do(
    changes: list[Book],
    bids: tuple[tuple[float, float], ...],
    asks: tuple[tuple[float, float], ...],
) -> None:
    base = {"bids": {p: s for p, s in bids if s}, "asks": {p: s for p, s in asks if s}}

    assert applied(changes, base) == applied([merge_books(changes)], base)


@given(books)
def test_a_frame_has_one_change_of_the_book_with_the_effect_of_all(changes: list[Book]) -> None:
    frame = built(changes)

    if frame is not None:
        assert 1 == len(frame.ticks["book"])
        (merged,) = frame.ticks["book"]
        assert isinstance(merged, Book)
        empty: dict[str, dict[float, float]] = {"bids": {}, "asks": {}}
        assert applied(changes, empty) == applied([merged], empty)


def test_a_merged_change_has_the_times_of_the_last() -> None:
    merged = merge_books([Book(FQME, (), (), 1, 2), Book(FQME, (), (), 3, 4)])

    assert (3, 4) == (merged.venue_ns, merged.recv_ns)


def test_changes_that_wait_for_a_stalled_reader_are_bounded() -> None:
    builder = FrameBuilder(FQME)
    for count in range(MOST_BOOKS * 10):
        builder.add([Book(FQME, ((float(count % 7), float(count)),), ())])

    assert len(builder._books) < MOST_BOOKS
    frame = builder.take()
    assert frame is not None
    (book,) = frame.ticks["book"]
    assert isinstance(book, Book)
    assert dict(book.bids) == {float(count % 7): float(count) for count in range(MOST_BOOKS * 10)}
