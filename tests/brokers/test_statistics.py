"""The counters of sessions: the same words for every venue."""

from __future__ import annotations

import msgspec
import pytest

from brokers.binance.session import Session as BinanceSession
from brokers.kraken.session import Session as KrakenSession
from brokers.statistics import (
    MOST_BREAKS,
    MOST_TYPES,
    BookStatistics,
    SessionStatistics,
    Tally,
    TradeStatistics,
)


@pytest.mark.parametrize("kind", [BookStatistics, TradeStatistics])
def test_nothing_is_counted_and_nothing_is_trusted_at_first(kind: type) -> None:
    assert not any(getattr(kind(), name) for name in kind.__struct_fields__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [BookStatistics, TradeStatistics, SessionStatistics])
def test_counters_are_named_and_never_taken_by_their_place(kind: type) -> None:
    with pytest.raises(TypeError):
        kind(1)


def test_counters_are_written_and_read_as_json() -> None:
    statistics = SessionStatistics(
        messages={"trade": 3},
        malformed=1,
        first_malformed="not JSON",
        books={"btcusdt.spot.binance": BookStatistics(updates=5, is_synced=True)},
        trades={"btcusdt.spot.binance": TradeStatistics(received=3)},
        proof="checksums",
    )
    written = msgspec.json.encode(statistics)

    assert msgspec.json.decode(written, type=SessionStatistics) == statistics
    assert b'"updates":5' in written


@pytest.mark.parametrize("kind", [BinanceSession, KrakenSession])
def test_every_venue_counts_what_it_cannot_read_and_says_what_was_wrong_first(
    kind: type[BinanceSession] | type[KrakenSession],
) -> None:
    session = kind()
    session.receive(b"no JSON", 1)
    first = session.statistics().first_malformed
    session.receive(b"[1", 2)
    statistics = session.statistics()

    assert (statistics.malformed, statistics.books, statistics.trades) == (2, {}, {})
    assert statistics.first_malformed == first != ""
    assert statistics.proof


class Known:
    """A market as a session keeps it."""

    def __init__(self, fqme: str, *, has_book: bool, has_trades: bool) -> None:
        self.fqme = fqme
        self.books = BookStatistics(updates=3)
        self.trades = TradeStatistics(received=2)
        self.has_book = has_book
        self.has_trades = has_trades
        self.is_synced = True


def test_a_tally_counts_types_and_keeps_the_first_fault() -> None:
    tally = Tally()
    for kind in ("trade", "trade", "book"):
        tally.count(kind)
    tally.count_fault(ValueError("first\x1b[2J"))
    tally.count_fault(ValueError("second"))

    told = tally.statistics((), "nothing")

    assert {"trade": 2, "book": 1} == told.messages
    assert (2, "first\ufffd[2J") == (told.malformed, told.first_malformed)


def test_types_that_a_stream_makes_up_are_counted_together_from_some_number_on() -> None:
    tally = Tally()
    for number in range(MOST_TYPES + 50):
        tally.count_named(f"made up {number}\x07")

    told = tally.statistics((), "").messages

    assert MOST_TYPES + 1 == len(told)
    assert 50 == told["other"]
    assert not any("\x07" in kind for kind in told)


def test_only_markets_with_a_book_or_trades_are_told_of() -> None:
    markets = [
        Known("a.x", has_book=True, has_trades=False),
        Known("b.x", has_book=False, has_trades=True),
    ]

    told = Tally().statistics(markets, "proof")

    assert (["a.x"], ["b.x"], "proof") == (list(told.books), list(told.trades), told.proof)
    assert told.books["a.x"].is_synced


def test_what_is_told_does_not_change_with_what_is_counted_later() -> None:
    market = Known("a.x", has_book=True, has_trades=True)
    tally = Tally()
    told = tally.statistics([market], "")

    market.books.updates += 1
    tally.count("trade")

    assert (3, {}) == (told.books["a.x"].updates, told.messages)


def test_gaps_are_counted_on_when_they_are_breaks_no_more() -> None:
    trades = TradeStatistics()
    told = [trades.count_gap() for _ in range(MOST_BREAKS + 5)]

    assert told == [True] * MOST_BREAKS + [False] * 5
    assert trades.gaps == MOST_BREAKS + 5
