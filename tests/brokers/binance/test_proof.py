from __future__ import annotations

from brokers.binance.proof import KEPT_TICKERS, KEPT_TOPS, TopProof
from brokers.statistics import BookStatistics

TOP = (99.0, 1.0, 101.0, 1.0)
OTHER = (99.0, 2.0, 101.0, 1.0)


def test_a_ticker_is_held_against_the_book_when_that_comes_to_its_id() -> None:
    books = BookStatistics()
    proof = TopProof(books)
    proof.tickers.append((5, OTHER))
    proof.tickers.append((7, TOP))

    assert proof.holds(6, TOP), "between two states nothing is compared"
    assert proof.holds(7, TOP)
    assert (books.checked, books.failed) == (1, 0)


def test_a_book_that_differs_does_not_hold() -> None:
    books = BookStatistics()
    proof = TopProof(books)
    proof.tickers.append((7, OTHER))

    assert not proof.holds(7, TOP)
    assert (books.checked, books.failed) == (1, 1)


def test_a_ticker_may_come_after_the_book() -> None:
    proof = TopProof(BookStatistics())
    proof.holds(7, TOP)

    assert proof.has_been_at(7)
    assert not proof.has_been_at(6)
    assert proof.is_right(7, TOP)
    assert not proof.is_right(7, OTHER)


def test_what_is_kept_is_bounded() -> None:
    proof = TopProof(BookStatistics())
    for at in range(KEPT_TICKERS + 100):
        proof.tickers.append((at + 10_000, TOP))
    for at in range(KEPT_TOPS + 100):
        proof.holds(at, TOP)

    assert len(proof.tickers) == KEPT_TICKERS
    assert sum(proof.has_been_at(at) for at in range(KEPT_TOPS + 100)) == KEPT_TOPS


def test_a_void_book_has_been_nowhere() -> None:
    proof = TopProof(BookStatistics())
    proof.holds(7, TOP)
    proof.tickers.append((8, TOP))
    proof.forget_book()

    assert not proof.has_been_at(7)
    assert len(proof.tickers) == 1
    proof.clear()
    assert not proof.tickers
