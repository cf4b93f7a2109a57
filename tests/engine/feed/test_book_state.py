from __future__ import annotations

from typing import get_args

import pytest

from engine.feed.book_state import BookState, after_book, after_break
from engine.messages import Book, Break

FQME = "btcusdt.spot.test"
WHOLE = Book(FQME, ((1.0, 1.0),), ((2.0, 1.0),), is_snapshot=True)
CHANGE = Book(FQME, ((1.0, 2.0),), ())
STATES: tuple[BookState, ...] = get_args(BookState)


def broken(reason: str) -> Break:
    return Break(FQME, reason)  # type: ignore[arg-type]


def after(state: BookState, *ticks: Book | str) -> BookState:
    for tick in ticks:
        if isinstance(tick, Book):
            state = after_book(state, tick)
        else:
            state = after_break(state, broken(tick))
    return state


@pytest.mark.parametrize(
    ("ticks", "wanted"),
    [
        ((WHOLE,), "good"),
        ((CHANGE,), "syncing"),
        ((WHOLE, CHANGE), "good"),
        ((WHOLE, "gap"), "syncing"),
        ((WHOLE, "gap", CHANGE), "syncing"),
        ((WHOLE, "gap", WHOLE), "good"),
        ((WHOLE, "gap", "resync", WHOLE), "good"),
        ((WHOLE, "stale"), "syncing"),
        ((WHOLE, "seek"), "syncing"),
        ((WHOLE, "halt", "resume"), "good"),
        ((WHOLE, "overrun"), "good"),
        ((WHOLE, "unverified"), "unverified"),
    ],
)
def test_a_book_is_good_from_its_first_whole_one_until_a_break(
    ticks: tuple[Book | str, ...], wanted: str
) -> None:
    assert wanted == after("syncing", *ticks)


@pytest.mark.parametrize("tick", [WHOLE, CHANGE, "gap", "halt", "resume", "overrun", "end"])
def test_an_unverified_book_stays_so_whatever_is_told_of_it(tick: Book | str) -> None:
    assert "unverified" == after("unverified", tick)


@pytest.mark.parametrize(
    ("ticks", "wanted"),
    [(("resync",), "good"), (("stale",), "syncing"), (("seek",), "syncing")],
)
def test_an_unverified_book_is_proven_again_by_a_resync_or_another_stream(
    ticks: tuple[str, ...], wanted: str
) -> None:
    assert wanted == after("unverified", *ticks)
    assert "good" == after("unverified", *ticks, WHOLE)


@pytest.mark.parametrize("reason", ["gap", "stale", "seek", "halt", "resume", "overrun", "end"])
def test_a_market_without_a_book_is_not_said_to_wait_for_one(reason: str) -> None:
    assert "" == after("", reason)
    assert "" == after("", CHANGE)
