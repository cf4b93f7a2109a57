"""Trades in their order, whatever the stream and the venue's answers leave out."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from brokers.binance import trades
from brokers.binance.trades import MOST_MISSING, MOST_REPEATED, MOST_TRIES, Placed, TradeSequence
from engine.messages import Trade


def one(trade_id: int, first: int | None = None, last: int | None = None) -> Placed:
    first = trade_id if first is None else first
    return Placed(trade_id, first, first if last is None else last, tick(trade_id))


def tick(trade_id: int) -> Trade:
    return Trade("x.spot.binance", 1.0, 1.0, "buy", trade_id, trade_id, str(trade_id))


def ids(ticks: Iterable[Trade]) -> list[int]:
    return [int(trade.trade_id) for trade in ticks]


def begun(last_id: int = 10) -> TradeSequence:
    """Readers know of single trades up to `last_id`, and single trades come."""
    sequence = TradeSequence()
    sequence.begin(last_id, is_single=True)
    return sequence


def test_the_trade_after_the_quote_is_the_next() -> None:
    sequence = begun(10)

    assert [sequence.place(one(at)) for at in (10, 11, 11, 12)] == [
        "repeated",
        "next",
        "repeated",
        "next",
    ]
    assert not sequence.is_wanted


def test_what_comes_after_a_jump_is_held_until_those_between_are_there() -> None:
    sequence = begun(10)
    assert [sequence.place(one(at)) for at in (13, 14)] == ["held", "held"]
    assert (sequence.is_wanted, sequence.next_id) == (True, 11)

    given = sequence.resent([one(11), one(12), one(13)], is_full=False)

    assert ids(given) == [11, 12, 13, 14]
    assert not sequence.is_wanted
    assert sequence.place(one(15)) == "next"


def test_an_answer_that_does_not_reach_what_is_held_is_followed_by_another_request() -> None:
    sequence = begun(10)
    sequence.place(one(15))

    assert ids(sequence.resent([one(11), one(12)], is_full=True)) == [11, 12]
    assert (sequence.is_wanted, sequence.next_id, sequence.tries) == (True, 13, 0)
    assert ids(sequence.resent([one(13), one(14)], is_full=False)) == [13, 14, 15]
    assert not sequence.is_wanted


def test_without_anyone_to_ask_a_jump_is_a_gap() -> None:
    sequence = TradeSequence()

    assert [sequence.place(one(at)) for at in (5, 8, 9)] == ["next", "missed", "next"]


def test_trades_that_the_venue_does_not_have_are_given_up_after_some_tries() -> None:
    sequence = begun(10)
    sequence.place(one(13))
    for _ in range(MOST_TRIES):
        assert not sequence.is_lost
        sequence.resent([], is_full=False)

    assert sequence.is_lost
    assert ids(sequence.give_up()) == [13]
    assert sequence.place(one(14)) == "next"
    assert not sequence.is_wanted


def test_a_hole_in_the_venues_own_answer_ends_it() -> None:
    sequence = begun(10)
    sequence.place(one(20))

    assert ids(sequence.resent([one(11), one(14)], is_full=False)) == [11]
    assert sequence.next_id == 12


def test_more_missing_trades_than_are_asked_for_are_a_gap() -> None:
    sequence = begun(10)

    assert sequence.place(one(12 + MOST_MISSING)) == "missed"
    assert sequence.place(one(13 + MOST_MISSING)) == "next"


def test_what_is_held_is_bounded() -> None:
    sequence = begun(10)
    for at in range(trades.MOST_HELD + 1):
        sequence.place(one(12 + at))

    assert sequence.is_lost
    assert len(sequence.give_up()) == trades.MOST_HELD + 1
    assert not sequence.is_wanted


def test_after_a_break_newer_trades_are_asked_for_even_if_none_come() -> None:
    sequence = begun(10)
    sequence.place(one(11))
    sequence.look_for_newer()
    assert (sequence.is_wanted, sequence.next_id) == (True, 12)

    assert ids(sequence.resent([one(12), one(13)], is_full=False)) == [12, 13]
    assert not sequence.is_wanted
    assert sequence.place(one(14)) == "next"


def test_nothing_is_asked_for_where_no_trade_is_known() -> None:
    sequence = TradeSequence()
    sequence.begin(-1, is_single=False)
    sequence.look_for_newer()

    assert not sequence.is_wanted
    assert sequence.place(one(7)) == "next"


def test_the_first_aggregate_is_told_by_the_single_trades_in_it() -> None:
    sequence = TradeSequence()
    sequence.begin(100, is_single=False)

    assert sequence.place(one(7, 98, 100)) == "repeated"
    assert sequence.place(one(8, 101, 103)) == "next"
    assert sequence.place(one(9, 104, 104)) == "next"


def test_aggregates_between_the_quote_and_the_stream_are_asked_for() -> None:
    sequence = TradeSequence()
    sequence.begin(100, is_single=False)
    assert sequence.place(one(9, 105, 106)) == "held"
    assert (sequence.is_wanted, sequence.next_id) == (True, -1)

    newest = [one(7, 99, 100), one(8, 101, 104), one(9, 105, 106)]

    assert ids(sequence.resent(newest, is_full=False)) == [8, 9]
    assert sequence.next_id == 10


def test_a_venue_that_counts_anew_is_followed() -> None:
    sequence = begun(10**9)
    places = [sequence.place(one(at)) for at in range(MOST_REPEATED + 1)]

    assert places[:2] == ["repeated", "repeated"]
    assert places[-2:] == ["missed", "next"]


@given(
    lost=st.sets(st.integers(0, 39)),
    pages=st.integers(1, 7),
    is_twice=st.booleans(),
)
def test_each_trade_is_given_once_and_in_order(lost: set[int], pages: int, is_twice: bool) -> None:
    """Whatever a stream leaves out or repeats, and however small the venue's answers are."""
    sequence = begun(-1)
    sequence.next_id = 0
    given: list[int] = []
    for at in [at for at in range(40) if at not in lost] + [40]:
        places = [sequence.place(one(at)) for _ in range(1 + is_twice)]
        given += [at] * places.count("next")
        while sequence.is_wanted:
            start = sequence.next_id
            page = [one(known) for known in range(start, min(start + pages, at + 1))]
            given += ids(sequence.resent(page, is_full=len(page) == pages))

    assert given == list(range(41))
