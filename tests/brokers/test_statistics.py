"""The counters of sessions: the same words for every venue."""

from __future__ import annotations

import msgspec
import pytest

from brokers.binance.session import Session as BinanceSession
from brokers.kraken.session import Session as KrakenSession
from brokers.statistics import BookStatistics, SessionStatistics, TradeStatistics


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
