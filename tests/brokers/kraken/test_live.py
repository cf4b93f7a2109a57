"""The session that speaks to the venue: subscriptions, cuts, holes, books that fail."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from brokers.kraken.digits import checksum
from brokers.kraken.holes import MOST_HELD, Missing
from brokers.kraken.live import INNOCENT_HOLES, ClockSample, Event, LiveSession
from brokers.kraken.market import RESYNCS, SLOW_RETRY_NS, STEADY_NS, Traded
from brokers.kraken.subscriptions import RETRY_NS, Refused
from engine.clock import NANOS
from engine.messages import Ask, Bid, Book, Break, Quote, Trade
from tests.support.venue_messages import Levels, kraken_book, kraken_trades

SYMBOL, FQME = "BTC/USD", "btcusd.spot.kraken"
BIDS, ASKS = [("99.0", "5.00")], [("101.0", "5.00")]


def proof(bids: Levels, asks: Levels) -> int:
    best = [(Decimal(price), Decimal(size)) for price, size in [*asks, *bids]]
    return checksum(best, 1, 2)


def whole(bids: Levels = BIDS, asks: Levels = ASKS) -> bytes:
    return kraken_book("snapshot", bids, asks, proof(bids, asks))


WRONG = kraken_book("snapshot", BIDS, ASKS, 1)


def ticker(kind: str = "snapshot", *, last: float = 100.0) -> bytes:
    data = (
        f'"symbol":"BTC/USD","bid":99.0,"bid_qty":5.0,"ask":101.0,"ask_qty":5.0,"last":{last},'
        '"volume":7.5,"change":4.0,"timestamp":"2024-05-27T12:33:10.826003Z"'
    )
    return f'{{"channel":"ticker","type":"{kind}","data":[{{{data}}}]}}'.encode()


def sent(session: LiveSession) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame) for frame in session.data_to_send()]


def answer(request: dict[str, Any], symbol: str = SYMBOL, error: str = "") -> bytes:
    """What the venue says to one pair of a request."""
    channel = request["params"]["channel"]
    told: dict[str, Any] = {"method": request["method"], "req_id": request["req_id"]}
    told |= {"time_in": "2024-05-27T12:33:10.826003Z", "success": not error}
    if error:
        told |= {"error": error, "symbol": symbol}
    else:
        told["result"] = {"channel": channel, "snapshot": True}
        if channel != "instrument":
            told["result"]["symbol"] = symbol
        if channel == "book":
            told["result"]["depth"] = request["params"].get("depth", 10)
    return msgspec.json.encode(told)


def opened(*symbols: str) -> LiveSession:
    """A session that has asked for these pairs, and was told yes."""
    session = LiveSession(depth=10)
    for symbol in symbols or (SYMBOL,):
        session.watch(symbol)
    session.opened(1)
    for request in sent(session):
        for symbol in request["params"].get("symbol", [""]):
            session.receive(answer(request, symbol), 2)
    return session


def live() -> LiveSession:
    session = opened()
    session.receive(kraken_trades("snapshot", (1, 99.0, 1.0), (2, 100.0, 1.0)), 3)
    session.receive(ticker(), 3)
    session.receive(whole(), 3)
    return session


def reasons(events: Sequence[Event]) -> list[str]:
    return [one.reason if isinstance(one, Break) else type(one).__name__ for one in events]


def ids(events: Sequence[Event]) -> list[str]:
    return [one.trade_id for one in events if isinstance(one, Trade)]


def missing(events: Sequence[Event]) -> Missing:
    (found,) = (one for one in events if isinstance(one, Missing))
    return found


# -- subscriptions ------------------------------------------------------------------------------


def test_each_pair_is_asked_for_in_three_channels_in_one_request_each() -> None:
    session = LiveSession(depth=25)
    session.watch("BTC/USD")
    session.watch("ETH/USD")

    assert session.data_to_send() == []
    session.opened(1)
    instrument, trade, tickers, book = sent(session)
    pairs = ["BTC/USD", "ETH/USD"]
    assert instrument["params"]["channel"] == "instrument"
    assert trade["params"] == {"channel": "trade", "symbol": pairs, "snapshot": True}
    assert tickers["params"] == {
        "channel": "ticker",
        "symbol": pairs,
        "snapshot": True,
        "event_trigger": "bbo",
    }
    assert book["params"] == {"channel": "book", "symbol": pairs, "snapshot": True, "depth": 25}
    assert session.data_to_send() == []


def test_it_is_live_once_every_channel_is_there_and_every_book_whole() -> None:
    session = opened()
    assert not session.is_live
    session.receive(whole(), 3)

    assert session.is_live
    session.watch("ETH/USD")
    assert not session.is_live


def test_a_pair_that_is_left_is_unsubscribed_and_heard_of_no_more() -> None:
    session = live()
    session.leave(SYMBOL)

    requests = sent(session)
    assert [one["method"] for one in requests] == ["unsubscribe"] * 3
    assert session.is_live
    assert session.lost(9) == []


def test_a_pair_that_is_read_again_begins_anew() -> None:
    """What came before is in history: nothing is filled from long ago."""
    session = live()
    session.leave(SYMBOL)
    session.watch(SYMBOL)
    methods = [one["method"] for one in sent(session)]
    late = session.receive(kraken_trades("snapshot", (900, 99.0, 1.0), (901, 100.0, 1.0)), 9)

    assert methods == ["unsubscribe"] * 3 + ["subscribe"] * 3
    assert late == []
    assert ids(session.receive(kraken_trades("update", (902, 101.0, 1.0)), 9)) == ["902"]


def test_a_pair_that_the_venue_does_not_have_is_refused_by_name() -> None:
    session = LiveSession(depth=10)
    session.watch("NO/SUCH")
    session.opened(1)
    _, trade, *_ = sent(session)
    events = session.receive(
        answer(trade, "NO/SUCH", error="Currency pair not supported NO/SUCH"), 2
    )

    assert events == [
        Refused("nosuch.spot.kraken", "Currency pair not supported NO/SUCH", is_unknown=True)
    ]
    assert session.is_live


def test_what_was_refused_for_another_reason_is_asked_for_again_later() -> None:
    session = LiveSession(depth=10)
    session.watch(SYMBOL)
    session.opened(1)
    _, trade, *_ = sent(session)
    session.receive(answer(trade, error="Exceeded msg rate"), 2)
    session.receive(b'{"channel":"heartbeat"}', 2 + RETRY_NS - 1)
    assert session.data_to_send() == []
    session.receive(b'{"channel":"heartbeat"}', 2 + RETRY_NS)

    (again,) = sent(session)
    assert again["params"] == trade["params"]
    assert not session.is_live


def test_what_was_subscribed_already_counts_as_such() -> None:
    session = LiveSession(depth=10)
    session.watch(SYMBOL)
    session.opened(1)
    for request in sent(session)[1:]:
        session.receive(answer(request, error="Already subscribed"), 2)
    session.receive(whole(), 3)

    assert session.is_live


def test_the_first_answer_tells_the_venues_clock() -> None:
    session = LiveSession(depth=10)
    session.opened(5)
    (instrument,) = sent(session)

    assert session.receive(answer(instrument, ""), 9) == [
        ClockSample(5, 1_716_813_190_826_003_000, 9)
    ]


# -- quotes -------------------------------------------------------------------------------------


def test_a_ticker_snapshot_is_a_first_quote() -> None:
    session = opened()
    quote, *ticks = session.receive(ticker(), 3)

    assert quote == Quote(
        fqme=FQME,
        last=100.0,
        bid=99.0,
        bid_size=5.0,
        ask=101.0,
        ask_size=5.0,
        day_open=96.0,
        day_volume=7.5,
        venue_ns=1_716_813_190_826_003_000,
        recv_ns=3,
    )
    assert [type(tick) for tick in ticks] == [Bid, Ask]


def test_a_pair_that_was_never_traded_has_no_quote() -> None:
    session = opened()

    assert not [one for one in session.receive(ticker(last=0.0), 3) if isinstance(one, Quote)]


def test_one_more_reader_is_told_what_is_there() -> None:
    session = live()
    session.receive(kraken_trades("update", (3, 100.5, 2.0)), 4)
    quote, ticks = session.present(SYMBOL, 5)

    assert quote is not None
    assert (quote.last, quote.last_size, quote.bid, quote.ask) == (100.5, 2.0, 99.0, 101.0)
    assert [type(tick) for tick in ticks] == [Book, Bid, Ask]


def test_one_more_reader_is_told_of_a_halt_and_of_a_book_that_failed() -> None:
    session = live()
    session.receive(b'{"channel":"status","type":"update","data":[{"system":"post_only"}]}', 4)
    for at in range(RESYNCS + 1):
        session.receive(WRONG, 5 + at)
    _, ticks = session.present(SYMBOL, 99)

    assert reasons(ticks)[:2] == ["halt", "unverified"]


# -- cuts and holes -----------------------------------------------------------------------------


def test_a_cut_is_told_once_and_the_book_begins_anew_after_it() -> None:
    session = live()

    assert session.lost(10) == [Break(FQME, "stale", 10, 10)]
    assert session.lost(11) == []
    assert not session.is_live
    session.opened(12)
    assert [one["params"]["channel"] for one in sent(session)] == [
        "instrument",
        "trade",
        "ticker",
        "book",
    ]
    update = kraken_book("update", [("100.0", "3.00")], [], 1)
    assert session.receive(update, 13) == []
    assert reasons(session.receive(whole(), 14)) == ["resync", "Book", "Bid", "Ask"]


def test_a_halt_is_said_again_after_a_cut() -> None:
    halt = b'{"channel":"status","type":"update","data":[{"system":"cancel_only"}]}'
    session = live()
    assert reasons(session.receive(halt, 4)) == ["halt"]
    assert session.receive(halt, 5) == []
    session.lost(6)
    session.opened(7)

    assert reasons(session.receive(halt, 8)) == ["halt"]


def test_trades_of_the_snapshot_fill_a_small_hole_at_once() -> None:
    session = live()
    session.lost(10)
    session.opened(11)
    events = session.receive(
        kraken_trades("snapshot", (2, 100.0, 1.0), (3, 101.0, 1.0), (4, 102.0, 1.0)), 12
    )

    assert ids(events) == ["3", "4"]
    assert reasons(events) == ["Trade", "Trade"]


def test_trades_behind_a_large_hole_are_held_until_it_is_filled() -> None:
    session = live()
    session.lost(10)
    session.opened(11)
    first = session.receive(kraken_trades("snapshot", (5, 105.0, 1.0), (6, 106.0, 1.0)), 12)
    wanted = missing(first)
    later = session.receive(kraken_trades("update", (7, 107.0, 1.0)), 13)
    again = session.receive(kraken_trades("update", (7, 107.0, 1.0)), 13)
    fetched = [Traded(at, 100.0 + at, 1.0, "buy", at) for at in (1, 2, 3, 4, 5)]
    filled = session.filled(wanted, fetched, is_whole=True, now_ns=20)

    assert wanted == Missing(FQME, SYMBOL, 2, 1_716_813_190_826_003_000, 5)
    assert (ids(first), list(later), list(again)) == ([], [], [])
    assert ids(filled) == ["3", "4", "5", "6", "7"]
    assert reasons(filled) == ["Trade"] * 5
    assert all(tick.recv_ns == 20 for tick in filled)
    assert ids(session.receive(kraken_trades("update", (8, 1.0, 1.0)), 21)) == ["8"]


def test_what_cannot_be_filled_is_a_gap_before_what_was_held() -> None:
    session = live()
    wanted = missing(session.receive(kraken_trades("update", (9, 105.0, 1.0)), 12))
    fetched = [Traded(3, 103.0, 1.0, "sell", 5)]
    events = session.filled(wanted, fetched, is_whole=False, now_ns=20)

    assert reasons(events) == ["Trade", "gap", "Book", "Bid", "Ask", "Trade"]
    assert ids(events) == ["3", "9"]


def test_more_than_can_be_held_is_a_gap_and_a_late_answer_changes_nothing() -> None:
    session = live()
    wanted = missing(session.receive(kraken_trades("update", (9, 105.0, 1.0)), 12))
    events: Sequence[Event] = []
    for at in range(10, 10 + MOST_HELD - 1):
        assert not events
        events = session.receive(kraken_trades("update", (at, 105.0, 1.0)), 13)

    assert reasons(events)[0] == "gap"
    assert len(ids(events)) == MOST_HELD
    assert session.filled(wanted, [Traded(3, 1.0, 1.0, "buy", 1)], is_whole=True, now_ns=14) == []


def test_an_answer_to_an_older_hole_does_not_fill_a_newer_one() -> None:
    session = live()
    old = missing(session.receive(kraken_trades("update", (9, 105.0, 1.0)), 12))
    session.filled(old, [], is_whole=False, now_ns=13)
    new = missing(session.receive(kraken_trades("update", (20, 105.0, 1.0)), 14))

    assert session.filled(old, [], is_whole=True, now_ns=15) == []
    assert ids(session.filled(new, [], is_whole=True, now_ns=16)) == ["20"]


def test_ids_that_the_venue_leaves_out_are_no_loss_and_not_asked_for_for_ever() -> None:
    session = live()
    asked, told, number = 0, 0, 2
    for _ in range(INNOCENT_HOLES + 5):
        number += 2
        events = session.receive(kraken_trades("update", (number, 105.0, 1.0)), 12)
        for one in [one for one in events if isinstance(one, Missing)]:
            asked += 1
            events = session.filled(one, [], is_whole=True, now_ns=13)
        told += len(ids(events))
        assert "gap" not in reasons(events)

    assert asked == INNOCENT_HOLES
    assert told == INNOCENT_HOLES + 5


# -- books that fail ----------------------------------------------------------------------------


def resubscribed(session: LiveSession) -> bool:
    requests = sent(session)
    methods = [one["method"] for one in requests]
    assert methods in ([], ["unsubscribe", "subscribe"])
    assert all(one["params"]["channel"] == "book" for one in requests)
    return bool(requests)


def test_a_book_is_built_anew_some_times_ever_later_and_then_shown_as_unverified() -> None:
    session = opened()
    now_ns, waited = 10, []
    for _ in range(RESYNCS):
        assert reasons(session.receive(WRONG, now_ns)) == ["gap"]
        began_ns = now_ns
        while not resubscribed(session):
            now_ns += NANOS
            session.receive(b'{"channel":"heartbeat"}', now_ns)
        waited.append((now_ns - began_ns) // NANOS)
    last = session.receive(WRONG, now_ns)

    assert waited == [0, 1, 2, 4, 8]
    assert reasons(last) == ["unverified", "Book"]
    assert not resubscribed(session)
    assert session.is_live


def test_an_unverified_book_goes_on_without_its_top_and_is_good_once_it_is_proved() -> None:
    session = opened()
    for at in range(RESYNCS + 1):
        session.receive(WRONG, 10 + at)
    session.data_to_send()
    unproved = session.receive(kraken_book("update", [("99.5", "1.00")], [], 1), 30)
    tops = session.receive(ticker("update"), 31)
    bids = [("99.5", "1.00"), *BIDS]
    proved = session.receive(kraken_book("update", [], [], proof(bids, ASKS)), 32)

    assert reasons(unproved) == ["Book"]
    assert reasons(tops) == ["Bid", "Ask"]
    assert reasons(proved) == ["resync", "Book", "Bid", "Ask"]
    assert session.statistics().books[FQME].is_synced


def test_an_unverified_book_is_built_anew_now_and_then() -> None:
    session = opened()
    for at in range(RESYNCS + 1):
        session.receive(WRONG, 10 + at)
    session.data_to_send()
    session.receive(b'{"channel":"heartbeat"}', 20 + SLOW_RETRY_NS)

    assert resubscribed(session)
    assert reasons(session.receive(WRONG, 21 + SLOW_RETRY_NS)) == ["Book"]
    session.receive(b'{"channel":"heartbeat"}', 30 + 2 * SLOW_RETRY_NS)
    assert resubscribed(session)
    assert reasons(session.receive(whole(), 31 + 2 * SLOW_RETRY_NS))[0] == "resync"


def test_failures_that_lie_far_apart_do_not_add_up() -> None:
    session = opened()
    now_ns = 10
    for _ in range(3 * RESYNCS):
        assert reasons(session.receive(WRONG, now_ns)) == ["gap"]
        session.receive(whole(), now_ns)
        now_ns += STEADY_NS

    assert session.statistics().books[FQME].gaps == 3 * RESYNCS


def test_a_new_connection_has_all_its_attempts() -> None:
    session = opened()
    for at in range(RESYNCS + 1):
        session.receive(WRONG, 10 + at)
    session.lost(20)
    session.opened(21)

    assert reasons(session.receive(WRONG, 22)) == ["gap"]


def test_a_crossed_book_is_built_anew_whatever_its_checksum() -> None:
    session = live()
    crossed = [("102.0", "1.00"), *BIDS]
    events = session.receive(kraken_book("update", crossed[:1], [], proof(crossed, ASKS)), 9)

    assert reasons(events) == ["gap"]
    assert resubscribed(session)
    assert session.statistics().books[FQME].failed == 0
