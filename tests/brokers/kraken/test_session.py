from __future__ import annotations

import gzip
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.kraken.book import checksum
from brokers.kraken.session import Session
from brokers.levels import Level
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
from tests.support.recordings import recording
from tests.support.venue_messages import kraken_book, kraken_trades

FQME = "btcusd.spot.kraken"
TIME_NS = 1_716_813_190_826_003_000
BIDS, ASKS = [("99.0", "5.00")], [("101.0", "5.00")]


def proof(bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> int:
    best: list[Level] = [(Decimal(price), Decimal(size)) for price, size in asks + bids]
    return checksum(best, 1, 2)


def synced() -> Session:
    session = Session()
    session.receive(kraken_book("snapshot", BIDS, ASKS, proof(BIDS, ASKS)), 1)
    return session


def test_a_book_begins_with_a_whole_one_and_goes_on_with_changes() -> None:
    session = Session()
    ticks = session.receive(kraken_book("snapshot", BIDS, ASKS, proof(BIDS, ASKS)), 1)
    better = [("100.0", "3.00")]
    changes = session.receive(kraken_book("update", better, [], proof(better + BIDS, ASKS)), 2)

    assert ticks == [
        Book(FQME, ((99.0, 5.0),), ((101.0, 5.0),), TIME_NS, 1, True),
        Bid(FQME, 99.0, 5.0, TIME_NS, 1),
        Ask(FQME, 101.0, 5.0, TIME_NS, 1),
    ]
    assert changes == [
        Book(FQME, ((100.0, 3.0),), (), TIME_NS, 2),
        Bid(FQME, 100.0, 3.0, TIME_NS, 2),
    ]
    book = session.statistics().books[FQME]
    assert (book.snapshots, book.updates, book.checked, book.failed) == (1, 1, 2, 0)


def test_a_wrong_checksum_voids_the_book_and_asks_for_it_anew() -> None:
    session = synced()
    (gap,) = session.receive(kraken_book("update", [("100.0", "3.00")], [], 12345), 2)

    assert isinstance(gap, Break)
    sent = [msgspec.json.decode(frame) for frame in session.data_to_send()]
    assert [frame["method"] for frame in sent] == ["unsubscribe", "subscribe"]
    assert sent[1]["params"] == {"channel": "book", "symbol": ["BTC/USD"], "depth": 10}
    assert session.receive(kraken_book("update", [], [], 1), 3) == []

    ticks = session.receive(kraken_book("snapshot", BIDS, ASKS, proof(BIDS, ASKS)), 4)

    assert [type(tick) for tick in ticks] == [Break, Book, Bid, Ask]
    assert [tick.reason for tick in ticks if isinstance(tick, Break)] == ["resync"]
    book = session.statistics().books[FQME]
    assert (book.checked, book.failed, book.gaps, book.skipped) == (3, 1, 1, 1)
    assert book.is_synced


def test_trades_before_the_stream_began_belong_to_history() -> None:
    session = Session()

    assert session.receive(kraken_trades("snapshot", (1, 10.0, 1.0), (2, 11.0, 1.0)), 1) == []
    (tick,) = session.receive(kraken_trades("update", (3, 12.0, 0.5)), 2)

    assert tick == Trade(FQME, 12.0, 0.5, "buy", TIME_NS, 2, "3")


def test_after_a_reconnect_the_snapshot_fills_what_was_missed() -> None:
    session = Session()
    session.receive(kraken_trades("update", (3, 12.0, 0.5)), 1)

    ticks = session.receive(
        kraken_trades("snapshot", (2, 11.0, 1.0), (3, 12.0, 0.5), (4, 13.0, 1.0)), 2
    )

    assert [tick.trade_id for tick in ticks if isinstance(tick, Trade)] == ["4"]
    assert session.statistics().trades[FQME].gaps == 0


def test_a_snapshot_of_trades_may_have_the_newest_first() -> None:
    session = Session()
    session.receive(kraken_trades("update", (3, 12.0, 0.5)), 1)
    ticks = session.receive(kraken_trades("snapshot", (5, 13.0, 1.0), (4, 12.5, 1.0)), 2)

    assert [tick.trade_id for tick in ticks if isinstance(tick, Trade)] == ["4", "5"]


def test_missing_trades_are_told() -> None:
    session = Session()
    session.receive(kraken_trades("update", (3, 12.0, 0.5)), 1)
    ticks = session.receive(kraken_trades("update", (6, 12.0, 0.5)), 1)

    assert [type(tick) for tick in ticks] == [Break, Trade]


def test_what_a_break_voids_is_told_again() -> None:
    session = synced()
    session.receive(kraken_trades("update", (3, 12.0, 0.5)), 1)
    ticks = session.receive(kraken_trades("update", (6, 12.0, 0.5)), 2)

    assert [type(tick) for tick in ticks] == [Break, Book, Bid, Ask, Trade]


def test_the_ticker_gives_the_top_only_where_there_is_no_book() -> None:
    ticker = (
        b'{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":98,"bid_qty":1,'
        b'"ask":102,"ask_qty":1,"last":99,"volume":5}]}'
    )
    without, with_book = Session(), synced()

    assert [type(tick) for tick in without.receive(ticker, 5)] == [Bid, Ask]
    assert with_book.receive(ticker, 5) == []


def test_the_instrument_channel_declares_precision_and_steps() -> None:
    message = (
        b'{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[{"symbol":'
        b'"BTC/USD","base":"BTC","quote":"USD","price_precision":1,"qty_precision":2,'
        b'"price_increment":0.1,"qty_increment":0.01,"qty_min":0.05,"cost_min":0.5}]}}'
    )
    session = Session()
    session.receive(message, 1)
    whole = [("99", "5")]
    session.receive(kraken_book("snapshot", whole, [], proof(BIDS, [])), 2)

    assert session.statistics().books[FQME].failed == 0
    market = session.instruments()[FQME]
    assert (market.price_tick, market.size_step) == (Decimal("0.1"), Decimal("0.01"))
    assert (market.min_size, market.min_notional) == (Decimal("0.05"), Decimal("0.5"))


def pair_status(status: str) -> bytes:
    return (
        b'{"channel":"instrument","type":"update","data":{"pairs":[{"symbol":"BTC/USD","base":'
        b'"BTC","quote":"USD","price_precision":1,"qty_precision":2,"price_increment":0.1,'
        b'"qty_increment":0.01,"status":"%s"}]}}' % status.encode()
    )


def system_status(status: str) -> bytes:
    return b'{"channel":"status","type":"update","data":[{"system":"%s"}]}' % status.encode()


def reasons(ticks: list[Tick]) -> list[str]:
    return [tick.reason if isinstance(tick, Break) else type(tick).__name__ for tick in ticks]


def test_a_pair_or_an_exchange_that_does_not_match_is_halted_until_both_do() -> None:
    session = synced()
    said = [
        session.receive(pair_status("online"), 2),
        session.receive(pair_status("cancel_only"), 3),
        session.receive(system_status("maintenance"), 4),
        session.receive(pair_status("limit_only"), 5),
        session.receive(system_status("online"), 6),
    ]

    assert said == [[], [Break(FQME, "halt", 3, 3)], [], [], [Break(FQME, "resume", 6, 6)]]
    better = [("100.0", "3.00")]
    after = session.receive(kraken_book("update", better, [], proof(better + BIDS, ASKS)), 7)
    assert reasons(after) == ["Book", "Bid", "Ask"]


def test_a_market_that_begins_while_the_exchange_is_halted_is_so_from_its_first_tick() -> None:
    session = Session()
    assert session.receive(system_status("post_only"), 1) == []
    first = session.receive(kraken_book("snapshot", BIDS, ASKS, proof(BIDS, ASKS)), 2)

    assert reasons(first) == ["halt", "Book", "Bid", "Ask"]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"null",
        b"{}",
        b'{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD"}]}',
        b"[" * 100_000,
        b'{"channel":"book","data":' * 20_000,
        kraken_book("snapshot", [("1e999999999999", "1")], [], 1),
        kraken_book("snapshot", [("-1", "1")], [], 1),
        kraken_book("snapshot", [("NaN", "1")], [], 1),
        kraken_book("snapshot", [], [], 1, symbol="\\u001b[2J"),
        kraken_trades("update", (1, -1.0, 1.0)),
    ],
)
def test_a_malformed_frame_is_counted_and_left_out(frame: bytes) -> None:
    session = Session()

    assert session.receive(frame, 1) == []
    assert session.statistics().malformed == 1
    assert session.statistics().messages == {}


def test_levels_pushed_out_of_the_depth_are_removed_for_readers() -> None:
    bids = [(f"{90 + at}.0", "1.00") for at in range(10)]
    session = Session()
    session.receive(kraken_book("snapshot", bids, [], proof(bids[::-1], [])), 1)
    better = [("100.0", "1.00")]
    ticks = session.receive(kraken_book("update", better, [], proof(better + bids[:0:-1], [])), 2)

    assert ticks[0] == Book(FQME, ((100.0, 1.0), (90.0, 0.0)), (), TIME_NS, 2)


@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.integers(90, 109), st.integers(0, 3)), min_size=1, max_size=60
    )
)
def test_a_reader_of_book_ticks_has_the_sessions_book(steps: list[tuple[bool, int, int]]) -> None:
    """More levels than the subscribed depth: those pushed out are removed for the reader too."""
    session = Session()
    session.receive(
        b'{"channel":"instrument","type":"snapshot","data":{"pairs":[{"symbol":"BTC/USD",'
        b'"base":"BTC","quote":"USD","price_precision":0,"qty_precision":0,'
        b'"price_increment":1,"qty_increment":1}]}}',
        1,
    )
    venue: dict[int, int] = {}
    ticks: list[Tick] = session.receive(kraken_book("snapshot", [], [], 0), 1)
    book: dict[float, float] = {}
    for _, price, size in steps:
        venue[price] = size
        venue = {price: size for price, size in venue.items() if size}
        venue = dict(sorted(venue.items(), reverse=True)[:10])
        best = [(Decimal(price), Decimal(size)) for price, size in venue.items()]
        change = [(str(price), str(size))]
        ticks += session.receive(kraken_book("update", change, [], checksum(best, 0, 0)), 1)
    for tick in ticks:
        if isinstance(tick, Book):
            for price, size in tick.bids:
                book[price] = size
                if not size:
                    del book[price]

    assert {float(price): float(size) for price, size in venue.items()} == book
    assert session.statistics().books[FQME].failed == 0


def test_every_checksum_of_the_recording_verifies() -> None:
    session = Session()
    path = recording("kraken/krakensdk_ws2_book10_BTCUSD_first251.ndjson.gz")
    with gzip.open(path) as lines:
        for line in lines:
            session.receive(line, 1)

    book = session.statistics().books[FQME]
    assert (book.checked, book.failed, book.gaps) == (251, 0, 0)
    assert session.statistics().malformed == 0


def test_messages_of_every_kind_are_counted_by_their_type() -> None:
    session = Session()
    with gzip.open(recording("kraken/kasync_ws2_messages.ndjson.gz")) as lines:
        for line in lines:
            session.receive(line, 1)

    messages = session.statistics().messages
    assert (messages["heartbeat"], messages["executions update"], messages["subscribe"]) == (
        1,
        4,
        9,
    )
    assert session.statistics().malformed == 0
