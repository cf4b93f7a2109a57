from __future__ import annotations

import gzip

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.binance.session import Session
from brokers.statistics import MOST_BREAKS, MOST_TYPES, BookStatistics
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
from tests.support.recordings import recording
from tests.support.venue_messages import (
    START_MS,
    binance_agg_trade,
    binance_depth,
    binance_frame,
    binance_snapshot,
    binance_ticker,
    binance_trade,
)

FQME = "btcusdt.spot.binance"
BIDS, ASKS = [("99", "5")], [("101", "5")]


def synced(last: int = 10) -> Session:
    session = Session()
    session.receive(binance_depth(last, last, [("98", "1")]), 1)
    session.receive_snapshot("BTCUSDT", binance_snapshot(last, BIDS, ASKS), 2)
    return session


def book_of(session: Session) -> BookStatistics:
    return session.statistics().books[FQME]


def test_a_trade_carries_both_times_and_the_side_of_the_taker() -> None:
    session = Session()
    ticks = session.receive(binance_trade(7, "61837.63", "0.02", buyer_is_maker=True), 42)

    expected = Trade(FQME, 61837.63, 0.02, "sell", START_MS * 1_000_000, 42, "7", 1)
    assert [expected] == ticks


def test_an_aggregate_trade_counts_the_trades_in_it() -> None:
    (tick,) = Session().receive(binance_agg_trade(1, 10, 14), 42)

    assert isinstance(tick, Trade)
    assert tick.count == 5


def test_a_market_whose_trades_come_twice_is_counted_once() -> None:
    session = Session()
    first = session.receive(binance_trade(1), 1)
    second = session.receive(binance_agg_trade(1, 1, 1), 2)

    assert (len(first), len(second)) == (1, 0)
    assert session.statistics().trades[FQME].repeated == 1


def test_trades_that_came_before_are_left_out_and_missing_ones_are_told() -> None:
    session = Session()
    session.receive(binance_trade(5), 1)

    assert session.receive(binance_trade(5), 2) == []
    ticks = session.receive(binance_trade(8), 3)

    assert [type(tick) for tick in ticks] == [Break, Trade]
    assert session.statistics().trades[FQME].gaps == 1


def test_what_a_break_voids_is_told_again() -> None:
    session = synced(10)
    session.receive(binance_trade(1), 3)
    ticks = session.receive(binance_trade(3), 4)

    assert [type(tick) for tick in ticks] == [Break, Book, Bid, Ask, Trade]
    assert ticks[1:4] == [
        Book(FQME, ((99.0, 5.0),), ((101.0, 5.0),), 4, 4, True),
        Bid(FQME, 99.0, 5.0, START_MS * 1_000_000, 4),
        Ask(FQME, 101.0, 5.0, START_MS * 1_000_000, 4),
    ]


def test_ids_that_hardly_ever_follow_each_other_are_no_breaks() -> None:
    session = Session()
    ticks = [tick for at in range(3000) for tick in session.receive(binance_trade(at * 2), at)]

    assert sum(isinstance(tick, Trade) for tick in ticks) == 3000
    assert sum(isinstance(tick, Break) for tick in ticks) == MOST_BREAKS
    assert session.statistics().trades[FQME].gaps == 2999


def test_a_book_begins_with_a_whole_one_and_goes_on_with_changes() -> None:
    session = Session()
    assert session.receive(binance_depth(10, 11, [("98", "1")]), 1) == []
    assert session.snapshots_wanted() == ["BTCUSDT"]

    ticks = session.receive_snapshot("BTCUSDT", binance_snapshot(10, BIDS, ASKS), 2)
    changes = session.receive(binance_depth(12, 12, [("100", "3")]), 3)

    assert [type(tick) for tick in ticks] == [Book, Bid, Ask]
    assert isinstance(ticks[0], Book)
    assert ticks[0].is_snapshot
    assert ticks[0].bids == ((99.0, 5.0), (98.0, 1.0))
    assert [type(tick) for tick in changes] == [Book, Bid]
    assert session.snapshots_wanted() == []
    assert (book_of(session).snapshots, book_of(session).updates) == (1, 2)


def test_a_gap_voids_the_book_until_a_new_snapshot() -> None:
    session = synced(10)
    (gap,) = session.receive(binance_depth(15, 16, [("99", "6")]), 3)
    assert isinstance(gap, Break)
    assert gap.reason == "gap"
    assert session.snapshots_wanted() == ["BTCUSDT"]
    assert not book_of(session).is_synced

    ticks = session.receive_snapshot("BTCUSDT", binance_snapshot(15, BIDS, ASKS), 4)

    assert [type(tick) for tick in ticks] == [Break, Book, Bid, Ask]
    assert [tick.reason for tick in ticks if isinstance(tick, Break)] == ["resync"]
    assert book_of(session).is_synced
    assert book_of(session).gaps == 1


def test_a_snapshot_without_symbol_goes_to_the_market_that_waits_for_its_id() -> None:
    session = Session()
    session.receive(binance_depth(10, 12, symbol="BTCUSDT"), 1)
    session.receive(binance_depth(900, 905, symbol="ETHUSDT"), 1)

    session.receive(binance_snapshot(901, BIDS, ASKS), 2)

    books = session.statistics().books
    assert [books["ethusdt.spot.binance"].is_synced, books[FQME].is_synced] == [True, False]


def test_a_snapshot_that_fits_no_market_is_malformed() -> None:
    session = Session()
    session.receive(binance_snapshot(901, BIDS, ASKS), 2)

    assert session.statistics().malformed == 1


@pytest.mark.parametrize("is_ticker_first", [True, False])
def test_the_book_is_compared_with_the_ticker_of_its_update_id(is_ticker_first: bool) -> None:
    session = synced(10)
    frames = [binance_ticker(11, "100", "3", "101", "5"), binance_depth(11, 11, [("100", "3")])]
    for frame in frames if is_ticker_first else reversed(frames):
        session.receive(frame, 3)

    assert (book_of(session).checked, book_of(session).failed) == (1, 0)


def test_a_book_that_differs_from_the_ticker_is_told() -> None:
    session = synced(10)
    session.receive(binance_ticker(11, "100", "4", "101", "5"), 3)
    session.receive(binance_depth(11, 11, [("100", "3")]), 3)

    assert (book_of(session).checked, book_of(session).failed) == (1, 1)


def test_tickers_between_two_states_of_the_book_are_not_compared() -> None:
    session = synced(10)
    session.receive(binance_ticker(11, "100", "4", "101", "5"), 3)
    session.receive(binance_depth(11, 12, [("100", "3")]), 3)

    assert book_of(session).checked == 0


def test_an_older_top_never_replaces_a_newer_one() -> None:
    session = synced(10)
    session.receive(binance_ticker(15, "100", "3", "101", "5"), 3)

    ticks = session.receive(binance_depth(11, 12, [("99.5", "3")]), 4)

    assert [type(tick) for tick in ticks] == [Book]


def test_only_the_sides_that_changed_are_given_on() -> None:
    session = Session()
    session.receive(binance_ticker(1, "100", "3", "101", "5"), 3)
    ticks = session.receive(binance_ticker(2, "100", "3", "101", "6"), 4)

    assert ticks == [Ask(FQME, 101.0, 6.0, 4, 4)]


def test_messages_of_single_streams_are_read_as_well() -> None:
    combined, single = Session(), Session()
    frames = [
        binance_depth(10, 10, [("98", "1")]),
        binance_trade(5),
        binance_ticker(11, "100", "3", "101", "5"),
    ]
    data = [msgspec.json.encode(msgspec.json.decode(frame)["data"]) for frame in frames]

    expected = [combined.receive(frame, 1) for frame in frames]
    assert expected == [single.receive(frame, 1) for frame in data]
    assert single.statistics().messages == {"depthUpdate": 1, "trade": 1, "bookTicker": 1}


def test_partial_depth_is_a_whole_book_each_time() -> None:
    data = msgspec.json.decode(binance_snapshot(5, BIDS, ASKS))
    ticks = Session().receive(binance_frame("btcusdt@depth5@100ms", data), 1)

    assert [type(tick) for tick in ticks] == [Book, Bid, Ask]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[1, 2]",
        b"{}",
        b'{"hello": "world"}',
        b"[" * 100_000,
        b'{"stream":"a@trade","data":' * 20_000,
        binance_trade(1, "NaN"),
        binance_trade(1, "1", "Infinity"),
        binance_trade(1, "-1"),
        binance_trade(1, "1e999"),
        binance_trade(1, time_ms=10**17),
        binance_trade(1, symbol="\x1b[2J"),
        binance_trade(1, symbol="１２３"),
        binance_trade(1, symbol=""),
        binance_depth(1, 2, [("NaN", "1")]),
        binance_depth(1, 2, [("1E+999999999999", "1")]),
        binance_depth(5, 2),
        binance_ticker(1, "NaN", "1", "1", "1"),
        binance_agg_trade(1, 5, 2),
        binance_frame("btcusdt@trade", {"s": "BTCUSDT"}),
    ],
)
def test_a_malformed_frame_is_counted_and_left_out(frame: bytes) -> None:
    session = Session()

    assert session.receive(frame, 1) == []
    assert session.statistics().malformed == 1
    assert session.statistics().first_malformed
    assert session.statistics().messages == {}


def test_messages_of_other_kinds_are_counted_by_their_type() -> None:
    session = Session()
    session.receive(binance_frame("btcusdt@kline_1m", {"e": "kline", "s": "BTCUSDT"}), 1)
    session.receive(binance_frame("aListenKey", {"e": "executionReport"}), 1)
    session.receive(b'{"result":null,"id":1}', 1)

    assert session.statistics().messages == {"kline": 1, "executionReport": 1, "reply": 1}
    assert session.statistics().malformed == 0


def test_types_that_no_venue_has_do_not_fill_the_memory() -> None:
    session = Session()
    for at in range(MOST_TYPES + 50):
        session.receive(binance_frame("x", {"e": f"type{at}"}), 1)

    assert len(session.statistics().messages) <= MOST_TYPES + 1
    assert session.statistics().messages["other"] == 50


def test_subscriptions_are_sent_once() -> None:
    session = Session()
    session.subscribe(["btcusdt@trade"])
    sent = session.data_to_send()
    session.unsubscribe(["btcusdt@trade"])
    sent += session.data_to_send()

    frames = [msgspec.json.decode(frame) for frame in sent]
    assert [frame["method"] for frame in frames] == ["SUBSCRIBE", "UNSUBSCRIBE"]
    assert [frame["id"] for frame in frames] == [1, 2]
    assert session.data_to_send() == []


@given(
    steps=st.lists(
        st.tuples(
            st.integers(-1, 2),
            st.lists(st.tuples(st.integers(90, 99), st.integers(0, 3)), max_size=3),
        ),
        max_size=40,
    )
)
def test_a_reader_of_book_ticks_has_the_sessions_book(
    steps: list[tuple[int, list[tuple[int, int]]]],
) -> None:
    """Whatever the updates: overlapping, repeated, missed and followed by a new snapshot."""
    session, book, last = synced(10), {99.0: 5.0, 98.0: 1.0}, 10
    session.receive(binance_depth(11, 11, [("98", "1")]), 1)
    last = 11
    for jump, bids in steps:
        first = last + 1 + jump
        frame = binance_depth(first, first + 1, [(str(p), str(s)) for p, s in bids])
        ticks: list[Tick] = session.receive(frame, 1)
        if session.snapshots_wanted():
            snapshot = binance_snapshot(first + 1, BIDS, ASKS)
            ticks += session.receive_snapshot("BTCUSDT", snapshot, 1)
        last = max(last, first + 1)
        for tick in ticks:
            if isinstance(tick, Book):
                if tick.is_snapshot:
                    book = {}
                for price, size in tick.bids:
                    book[price] = size
                book = {price: size for price, size in book.items() if size}
            if isinstance(tick, Bid) and tick.size:
                assert max(book) == tick.price


def test_the_recorded_book_has_no_gap_and_equals_every_ticker() -> None:
    session = Session()
    with gzip.open(recording("binance/hftb_spot_btcusdt_20240808.ndjson.gz")) as lines:
        for line in lines:
            stamp, _, frame = line.partition(b" ")
            session.receive(frame, int(stamp))

    statistics = session.statistics()
    assert statistics.malformed == 0
    assert sum(statistics.messages.values()) == 41_249
    book = statistics.books[FQME]
    assert (book.snapshots, book.gaps) == (1, 0)
    assert (book.checked, book.failed) == (564, 0)
    assert statistics.trades[FQME].gaps == 0
