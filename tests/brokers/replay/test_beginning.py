from __future__ import annotations

from brokers.replay.beginning import PRELUDE_NS, Beginning
from brokers.replay.player import Item
from brokers.replay.tape import Played
from tests.support.tapes import at, book, quote, trade

A, B = "a.spot.replay", "b.spot.replay"


def scan(*messages: Played, fqmes: tuple[str, ...] = (A, B)) -> tuple[int, int]:
    """Where the playback would begin, and how many messages were looked at for that."""
    beginning = Beginning(fqmes, at(0))
    for count, message in enumerate(messages, 1):
        if beginning.take(Item(*message)):
            return beginning.at_ns, count
    return beginning.at_ns, len(messages)


def test_it_begins_when_the_last_market_has_traded_for_the_first_time() -> None:
    messages = (trade(A, 1, 5), trade(A, 2, 5), trade(B, 3, 5), trade(B, 4, 5), trade(A, 5, 5))

    assert scan(*messages) == (at(3), 3)


def test_a_market_that_does_not_trade_in_time_begins_with_both_sides() -> None:
    late_s = PRELUDE_NS / 1e9 + 1
    messages = (
        trade(A, 1, 5),
        quote(B, 2, 5, 0, size=0),
        quote(B, 3, 5, 6),
        quote(B, 4, 5, 6),
        trade(B, late_s, 5),
    )

    assert scan(*messages) == (at(3), 5)


def test_a_trade_counts_even_if_both_sides_were_known_before() -> None:
    assert scan(quote(A, 1, 5, 6), trade(A, 4, 5), fqmes=(A,)) == (at(4), 2)


def test_a_market_without_any_price_is_not_waited_for() -> None:
    assert scan(trade(A, 1, 5), book(B, 2, [(1, 1)], [(2, 1)])) == (at(1), 2)


def test_without_any_price_it_begins_with_the_recording() -> None:
    assert scan(book(A, 2, [(1, 1)], []), fqmes=(A,)) == (at(0), 1)
    assert scan(fqmes=()) == (at(0), 0)
