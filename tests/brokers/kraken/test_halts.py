"""What is said of pairs that the venue does not match."""

from __future__ import annotations

import pytest

from brokers.kraken.halts import UNMATCHED, Halts

PAIRS = ["BTC/USD", "ETH/USD"]


def test_a_pair_is_halted_by_itself_or_with_the_exchange_and_each_is_said_once() -> None:
    halts = Halts()
    halts.on_pair("BTC/USD", "cancel_only")
    alone = halts.news_of(PAIRS)
    halts.on_exchange("maintenance")
    all_of_them = halts.news_of(PAIRS)
    halts.on_exchange("online")
    left = halts.news_of(PAIRS)

    assert alone == [("BTC/USD", True)]
    assert all_of_them == [("ETH/USD", True)]
    assert left == [("ETH/USD", False)]
    assert halts.news_of(PAIRS) == []


@pytest.mark.parametrize("status", sorted(UNMATCHED))
def test_a_status_in_which_nothing_is_matched_halts(status: str) -> None:
    halts = Halts()
    halts.on_pair("BTC/USD", status)

    assert halts.news_of(["BTC/USD"]) == [("BTC/USD", True)]


@pytest.mark.parametrize("status", ["online", "limit_only", "reduce_only", "what they say next"])
def test_other_words_halt_nothing(status: str) -> None:
    halts = Halts()
    halts.on_exchange(status)
    halts.on_pair("BTC/USD", status)

    assert halts.news_of(["BTC/USD"]) == []
