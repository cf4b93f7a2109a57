from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.replay.market import Depth, Market
from engine.errors import NotSupported
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
from tests.support.tapes import at, instrument

BTC = "btcusdt.spot.replay"


def market_after(*ticks: Tick) -> Market:
    market = Market(instrument(BTC))
    for tick in ticks:
        market.take(tick)
    return market


def bid(price: float, size: float = 1.0, seconds: float = 0) -> Bid:
    return Bid(BTC, price, size, at(seconds), at(seconds))


def ask(price: float, size: float = 1.0, seconds: float = 0) -> Ask:
    return Ask(BTC, price, size, at(seconds), at(seconds))


def trade(price: float, size: float = 1.0, seconds: float = 0) -> Trade:
    return Trade(BTC, price, size, "buy", at(seconds), at(seconds))


def test_a_market_has_a_price_once_it_traded_or_is_quoted_on_both_sides() -> None:
    assert not market_after().has_price
    assert not market_after(bid(99)).has_price
    assert not market_after(bid(99), ask(101, size=0)).has_price
    assert market_after(bid(99), ask(101)).has_price
    assert market_after(trade(100)).has_price


def test_without_a_price_there_is_no_quote() -> None:
    with pytest.raises(LookupError, match="no price"):
        market_after(bid(99)).quote(at(0))


def test_a_side_that_nobody_quotes_is_not_known() -> None:
    quote = market_after(trade(100), bid(99), bid(0, size=0), ask(101)).quote(at(0))

    assert (quote.bid, quote.bid_size, quote.ask) == (None, 0, 101)


def test_a_quote_is_as_old_as_what_is_newest_in_it() -> None:
    quote = market_after(trade(100, seconds=1), bid(99, seconds=5), ask(101, seconds=3)).quote(
        at(60)
    )

    assert (quote.venue_ns, quote.recv_ns) == (at(5), at(5))


def test_what_holds_is_restated_in_the_order_in_which_it_became_known() -> None:
    book = Book(BTC, ((99.0, 1.0),), (), at(4), at(4), True)
    market = market_after(ask(101, seconds=1), trade(100, 7, seconds=3), book, bid(99, seconds=6))

    assert market.restated() == [ask(101, seconds=1), book, bid(99, seconds=6)]
    assert market.restated(with_last=True) == [
        ask(101, seconds=1),
        Trade(BTC, 100, 0, "", at(3), at(3), "", 0),
        book,
        bid(99, seconds=6),
    ]
    assert market_after().restated(with_last=True) == []


def test_restating_changes_no_bar() -> None:
    market = market_after(trade(100, 7))
    before = market.history(1, at(9), at(9), 9).columns

    for tick in market.restated(with_last=True):
        market.take(tick)

    after = market.history(1, at(9), at(9), 9).columns
    assert after.volume.tolist() == before.volume.tolist()
    assert after.trades.tolist() == before.trades.tolist()


def test_a_market_that_is_forgotten_is_as_new() -> None:
    market = market_after(trade(100), bid(99), Book(BTC, ((1, 1),), (), 1, 1, True))
    market.forget()

    assert not market.has_price
    assert market.restated(with_last=True) == []
    assert len(market.history(1, at(9), at(9), 9).columns) == 0


def test_periods_are_those_of_trades_or_of_the_tapes_own_bars() -> None:
    assert Market(instrument(BTC)).periods_s == (1, 60)
    assert Market(instrument(BTC), 300).periods_s == (300,)
    with pytest.raises(NotSupported, match="no bars of 7 s"):
        Market(instrument(BTC)).history(7, at(1), at(1), 1)


def test_breaks_other_than_a_gap_leave_the_book() -> None:
    book = Book(BTC, ((99.0, 1.0),), (), at(4), at(4), True)

    assert market_after(book, Break(BTC, "stale")).restated() == [book]
    assert market_after(book, Break(BTC, "gap")).restated() == []


def test_an_unverified_book_is_not_restated_until_it_was_built_anew() -> None:
    book = Book(BTC, ((99.0, 1.0),), (), at(4), at(4), True)
    doubted = (book, Break(BTC, "unverified"))

    assert market_after(*doubted).restated() == []
    assert market_after(*doubted, book, Break(BTC, "gap"), book).restated() == []
    assert market_after(*doubted, Break(BTC, "resync"), book).restated() == [book]


levels = st.lists(st.tuples(st.integers(1, 8).map(float), st.integers(0, 3).map(float)), max_size=4)


@given(st.lists(st.tuples(levels, levels, st.booleans()), max_size=12))
def test_a_snapshot_is_all_changes_since_the_last_one(
    changes: Sequence[tuple[list[tuple[float, float]], list[tuple[float, float]], bool]],
) -> None:
    depth = Depth()
    bids: dict[float, float] = {}
    asks: dict[float, float] = {}
    is_known = False
    for bid_changes, ask_changes, is_snapshot in changes:
        depth.apply(Book(BTC, tuple(bid_changes), tuple(ask_changes), 1, 1, is_snapshot))
        is_known = is_known or is_snapshot
        if is_snapshot:
            bids, asks = {}, {}
        bids |= dict(bid_changes)
        asks |= dict(ask_changes)

    snapshot = depth.snapshot()

    assert (snapshot is not None) == is_known
    if snapshot is not None:
        assert snapshot.is_snapshot
        assert dict(snapshot.bids) == {price: size for price, size in bids.items() if size}
        assert dict(snapshot.asks) == {price: size for price, size in asks.items() if size}
        assert [price for price, _ in snapshot.bids] == sorted(dict(snapshot.bids), reverse=True)
        assert [price for price, _ in snapshot.asks] == sorted(dict(snapshot.asks))
