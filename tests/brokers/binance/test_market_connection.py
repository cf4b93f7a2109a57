"""A session as a connection of a broker: what it asks for, and what it tells when things break."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count

import msgspec
import pytest

from brokers.binance.market import GOOD_NS, MOST_HELD_NS, MOST_REBUILDS
from brokers.binance.session import Session
from brokers.binance.trades import MOST_TRIES
from brokers.binance.wanted import Request
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
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
BIDS, ASKS = [("99", "5"), ("98", "1")], [("101", "5"), ("102", "1")]


class Owner:
    def __init__(self) -> None:
        self.due = self.renewals = self.losses = 0
        self.refusals: list[tuple[str, str]] = []

    def requests_due(self) -> None:
        self.due += 1

    def renewal_due(self) -> None:
        self.renewals += 1

    def connection_lost(self) -> None:
        self.losses += 1

    def refused(self, symbol: str, why: str) -> None:
        self.refusals.append((symbol, why))


class Rig:
    """A session that is told by hand what the venue says."""

    def __init__(self, *, has_depth: bool = True, last_trade_id: int = 100) -> None:
        self.owner = Owner()
        self.session = Session(owner=self.owner)
        self.session.watch(
            "BTCUSDT", trade_type="aggTrade", has_depth=has_depth, last_trade_id=last_trade_id
        )
        self._now = count(1)
        self.connect()

    def connect(self) -> None:
        """A socket opens, and the venue grants all."""
        self.session.opened(self.now)
        self.grant()

    def grant(self) -> list[dict[str, object]]:
        frames = [msgspec.json.decode(frame) for frame in self.session.data_to_send()]
        for frame in frames:
            self.take(json.dumps({"result": None, "id": frame["id"]}).encode())
        return frames

    @property
    def now(self) -> int:
        return next(self._now)

    def take(self, frame: bytes) -> list[Tick]:
        return self.session.receive(frame, self.now)

    def request(self, kind: str) -> Request:
        (found,) = [one for one in self.session.take_requests() if one.kind == kind]
        return found

    def sync(self, last: int = 10) -> list[Tick]:
        request = self.request("book")
        return self.answer(request, binance_snapshot(last, BIDS, ASKS))

    def answer(self, request: Request, body: bytes, levels: int | None = None) -> list[Tick]:
        return self.session.answer(request, body, self.now, most_levels=levels)


def kinds(ticks: Sequence[Tick]) -> list[str]:
    return [
        tick.reason if isinstance(tick, Break) else type(tick).__name__.lower() for tick in ticks
    ]


def rest_trades(*trades: tuple[int, int, int]) -> bytes:
    """Aggregates as (id, first, last)."""
    return json.dumps(
        [
            {"a": at, "p": "100.0", "q": "1.0", "f": first, "l": last, "T": START_MS, "m": True}
            for at, first, last in trades
        ]
    ).encode()


def trade_ids(ticks: Sequence[Tick]) -> list[str]:
    return [tick.trade_id for tick in ticks if isinstance(tick, Trade)]


# -- subscriptions ----------------------------------------------------------------------------


def test_markets_are_subscribed_together_and_live_once_all_is_granted() -> None:
    session = Session(owner=Owner())
    for symbol in ("BTCUSDT", "ETHUSDT"):
        session.watch(symbol, trade_type="trade", has_depth=True, last_trade_id=-1)
    session.opened(1)
    assert not session.is_live

    (frame,) = [msgspec.json.decode(frame) for frame in session.data_to_send()]
    assert frame["method"] == "SUBSCRIBE"
    assert frame["params"] == [
        *("btcusdt@trade", "btcusdt@bookTicker", "btcusdt@depth@100ms"),
        *("ethusdt@trade", "ethusdt@bookTicker", "ethusdt@depth@100ms"),
    ]
    assert not session.is_live
    session.receive(json.dumps({"result": None, "id": frame["id"]}).encode(), 2)
    assert session.is_live


def test_many_streams_go_out_in_parts() -> None:
    session = Session(owner=Owner())
    for at in range(150):
        session.watch(f"A{at}", trade_type="trade", has_depth=False, last_trade_id=-1)
    session.opened(1)

    sizes = [len(msgspec.json.decode(frame)["params"]) for frame in session.data_to_send()]
    assert sizes == [100, 100, 100]


def test_a_market_that_is_watched_again_at_once_is_not_asked_for_twice() -> None:
    rig = Rig()
    rig.session.unwatch("BTCUSDT")
    rig.session.watch("BTCUSDT", trade_type="aggTrade", has_depth=True, last_trade_id=100)

    assert rig.session.data_to_send() == []
    assert rig.session.is_live
    assert {request.kind for request in rig.session.take_requests()} == {"book", "aggTrade"}


def test_a_market_that_is_watched_no_more_gives_no_ticks() -> None:
    rig = Rig()
    rig.session.unwatch("BTCUSDT")

    assert rig.take(binance_trade(1)) == []
    assert rig.take(binance_ticker(1, "1", "1", "2", "1")) == []
    assert [frame["method"] for frame in rig.grant()] == ["UNSUBSCRIBE"]
    assert rig.session.malformed == 0


@pytest.mark.parametrize(
    "fields", [{"code": 2, "msg": "Invalid request"}, {"error": {"code": 2, "msg": "no \x1b such"}}]
)
def test_a_refused_subscription_is_told_with_its_reason(fields: dict[str, object]) -> None:
    owner = Owner()
    session = Session(owner=owner)
    session.watch("BTCUSDT", trade_type="trade", has_depth=False, last_trade_id=-1)
    session.opened(1)
    (frame,) = session.data_to_send()
    session.receive(json.dumps({"id": msgspec.json.decode(frame)["id"], **fields}).encode(), 2)

    assert {symbol for symbol, _ in owner.refusals} == {"BTCUSDT"}
    assert all(why and why.isprintable() for _, why in owner.refusals)


def test_another_socket_is_asked_for_everything_and_the_old_one_still_read() -> None:
    rig = Rig()
    rig.take(binance_agg_trade(1, 101, 101))
    rig.session.opened(rig.now)
    assert not rig.session.is_live
    assert trade_ids(rig.take(binance_agg_trade(2, 102, 102))) == ["2"]
    (frame,) = rig.grant()

    assert frame["method"] == "SUBSCRIBE"
    assert rig.session.is_live
    assert rig.take(binance_agg_trade(2, 102, 102)) == []
    assert trade_ids(rig.take(binance_agg_trade(3, 103, 103))) == ["3"]


@pytest.mark.parametrize("event", ["serverShutdown", "eventStreamTerminated"])
def test_the_announced_end_of_a_connection_asks_for_another(event: str) -> None:
    rig = Rig()
    rig.take(binance_frame(f"!{event}", {"e": event, "E": START_MS}))
    rig.take(json.dumps({"e": event, "E": START_MS}).encode())

    assert rig.owner.renewals == 2
    assert rig.session.malformed == 0


# -- trades -----------------------------------------------------------------------------------


def test_trades_between_the_quote_and_the_stream_are_asked_for_and_come_first() -> None:
    rig = Rig(last_trade_id=100)
    request = rig.request("aggTrade")
    assert request.from_id is None
    assert rig.take(binance_agg_trade(9, 105, 105)) == []

    ticks = rig.answer(request, rest_trades((7, 99, 100), (8, 101, 104), (9, 105, 105)))

    assert trade_ids(ticks) == ["8", "9"]
    received = [tick.recv_ns for tick in ticks]
    assert received == sorted(received)


def test_a_jump_of_ids_is_filled_by_the_venue_without_a_break() -> None:
    rig = Rig()
    rig.answer(rig.request("aggTrade"), rest_trades())
    rig.take(binance_agg_trade(1, 101, 101))
    assert rig.take(binance_agg_trade(4, 104, 104)) == []
    request = rig.request("aggTrade")
    assert request.from_id == 2

    ticks = rig.answer(request, rest_trades((2, 102, 102), (3, 103, 103), (4, 104, 104)))

    assert kinds(ticks) == ["trade"] * 3
    assert trade_ids(ticks) == ["2", "3", "4"]
    assert rig.session.statistics().trades[FQME].gaps == 0


def test_quotes_go_on_while_trades_are_held() -> None:
    rig = Rig()
    rig.take(binance_agg_trade(1, 101, 101))
    rig.take(binance_agg_trade(4, 104, 104))

    assert kinds(rig.take(binance_ticker(1, "99", "1", "101", "1"))) == ["bid", "ask"]


def test_trades_that_cannot_be_had_are_a_gap_before_those_that_were_held() -> None:
    rig = Rig(has_depth=False)
    rig.answer(rig.request("aggTrade"), rest_trades())
    rig.take(binance_agg_trade(1, 101, 101))
    rig.take(binance_ticker(1, "99", "1", "101", "1"))
    rig.take(binance_agg_trade(4, 104, 104))
    ticks: list[Tick] = []
    for tries in range(MOST_TRIES):
        request = rig.request("aggTrade")
        assert request.tries == tries
        ticks += rig.session.not_answered(request, rig.now)

    assert kinds(ticks) == ["gap", "bid", "ask", "trade"]
    assert rig.session.statistics().trades[FQME].gaps == 1
    assert kinds(rig.take(binance_agg_trade(5, 105, 105))) == ["trade"]


def test_trades_that_the_venue_refuses_are_a_gap_at_once() -> None:
    rig = Rig(has_depth=False)
    rig.answer(rig.request("aggTrade"), rest_trades())
    rig.take(binance_agg_trade(1, 101, 101))
    rig.take(binance_agg_trade(4, 104, 104))

    ticks = rig.session.not_answered(rig.request("aggTrade"), rig.now, is_final=True)
    assert kinds(ticks) == ["gap", "trade"]


def test_trades_are_not_held_for_long_whatever_the_venue_does() -> None:
    rig = Rig(has_depth=False)
    rig.answer(rig.request("aggTrade"), rest_trades())
    rig.take(binance_agg_trade(1, 101, 101))
    assert rig.take(binance_agg_trade(4, 104, 104)) == []

    ticks = rig.session.receive(binance_agg_trade(5, 105, 105), rig.now + MOST_HELD_NS + 1)
    assert kinds(ticks) == ["gap", "trade", "trade"]
    assert trade_ids(ticks) == ["4", "5"]


def test_trades_are_held_on_while_those_before_them_come() -> None:
    rig = Rig(has_depth=False)
    rig.answer(rig.request("aggTrade"), rest_trades())
    rig.take(binance_agg_trade(1, 101, 101))
    rig.take(binance_agg_trade(5, 105, 105))
    later_ns = rig.now + MOST_HELD_NS
    rig.session.answer(rig.request("aggTrade"), rest_trades((2, 102, 102)), later_ns)

    assert rig.session.receive(binance_agg_trade(6, 106, 106), later_ns + MOST_HELD_NS // 2) == []


def test_after_a_lost_connection_missed_trades_come_before_new_ones() -> None:
    rig = Rig()
    rig.answer(rig.request("aggTrade"), rest_trades())
    rig.take(binance_agg_trade(1, 101, 101))
    assert kinds(rig.session.lost(rig.now)) == ["stale"]
    assert rig.owner.losses == 1
    rig.connect()
    assert rig.take(binance_agg_trade(3, 103, 103)) == []
    request = rig.request("aggTrade")
    assert request.from_id == 2

    assert trade_ids(rig.answer(request, rest_trades((2, 102, 102)))) == ["2", "3"]


def test_missed_trades_of_a_market_that_stays_quiet_are_asked_for_too() -> None:
    rig = Rig()
    rig.answer(rig.request("aggTrade"), rest_trades())
    rig.take(binance_agg_trade(1, 101, 101))
    rig.session.lost(rig.now)
    rig.connect()

    assert trade_ids(rig.answer(rig.request("aggTrade"), rest_trades((2, 102, 102)))) == ["2"]
    assert rig.session.take_requests() == [], "no more trades are asked for"


def test_an_answer_of_an_earlier_connection_is_of_no_use() -> None:
    rig = Rig()
    request = rig.request("book")
    rig.session.lost(rig.now)
    rig.connect()

    assert rig.answer(request, binance_snapshot(10, BIDS, ASKS)) == []
    assert not rig.session.statistics().books
    assert kinds(rig.sync()) == ["book", "bid", "ask"]


def test_an_answer_that_cannot_be_read_counts_as_none() -> None:
    rig = Rig()
    request = rig.request("aggTrade")

    assert rig.answer(request, b'[{"a":1}]') == []
    assert rig.session.malformed == 1
    assert rig.request("aggTrade").tries == 1


# -- books ------------------------------------------------------------------------------------


def test_a_book_is_asked_for_as_soon_as_its_stream_is_granted() -> None:
    rig = Rig()

    assert kinds(rig.sync(10)) == ["book", "bid", "ask"]
    assert kinds(rig.take(binance_depth(11, 12, [("100", "3")]))) == ["book", "bid"]


def test_a_market_without_book_is_asked_for_its_top_once() -> None:
    rig = Rig(has_depth=False)
    request = rig.request("top")

    assert kinds(rig.answer(request, binance_snapshot(10, BIDS, ASKS))) == ["bid", "ask"]
    assert [one.kind for one in rig.session.take_requests() if one.kind == "top"] == []


def test_a_snapshot_that_is_too_old_is_asked_for_again_later() -> None:
    rig = Rig()
    rig.take(binance_depth(20, 21, [("98", "1")]))

    assert rig.sync(10) == []
    assert rig.request("book").tries == 1


def test_a_crossed_book_is_void_and_asked_for_again() -> None:
    rig = Rig()
    rig.sync(10)
    ticks = rig.take(binance_depth(11, 11, [("101.5", "3")]))

    assert kinds(ticks) == ["gap"]
    assert not rig.session.statistics().books[FQME].is_synced
    assert kinds(rig.sync(12)) == ["resync", "book", "bid", "ask"]


def test_a_book_that_differs_from_the_ticker_is_void_and_its_top_stays() -> None:
    rig = Rig()
    rig.sync(10)
    rig.take(binance_ticker(11, "99.5", "1", "101", "5"))
    ticks = rig.take(binance_depth(11, 11, [("99.6", "3")]))

    assert kinds(ticks) == ["gap", "bid", "ask"]
    assert isinstance(ticks[1], Bid)
    assert ticks[1].price == 99.5
    assert rig.session.statistics().books[FQME].failed == 1
    assert rig.request("book").tries == 1


def test_a_ticker_that_comes_after_its_book_is_held_against_it_too() -> None:
    rig = Rig()
    rig.sync(10)
    rig.take(binance_depth(11, 11, [("99.6", "3")]))

    assert kinds(rig.take(binance_ticker(11, "99.5", "1", "101", "5")))[0] == "gap"


def test_a_best_level_beyond_what_the_snapshot_had_is_not_trusted() -> None:
    rig = Rig()
    rig.answer(rig.request("book"), binance_snapshot(10, BIDS, ASKS), levels=2)
    rig.take(binance_depth(11, 11, [("97", "1")]))
    assert rig.session.statistics().books[FQME].is_synced

    ticks = rig.take(binance_depth(12, 12, [("99", "0"), ("98", "0")]))

    assert kinds(ticks) == ["gap"]
    assert rig.request("book").kind == "book"


def test_a_whole_snapshot_has_no_beyond() -> None:
    rig = Rig()
    rig.answer(rig.request("book"), binance_snapshot(10, BIDS, ASKS), levels=5)

    ticks = rig.take(binance_depth(12, 12, [("99", "0"), ("98", "0"), ("97", "1")]))
    assert kinds(ticks) == ["gap"], "an update was missed"
    rig.sync(12)
    ticks = rig.take(binance_depth(13, 13, [("99", "0"), ("98", "0"), ("97", "1")]))
    assert kinds(ticks) == ["book", "bid"]


def test_a_book_that_fails_again_and_again_is_told_unverified_and_tried_on() -> None:
    rig = Rig()
    told: list[str] = []
    for at in range(MOST_REBUILDS + 2):
        last = 10 + 10 * at
        request = rig.request("book")
        assert request.tries == at
        told += kinds(rig.answer(request, binance_snapshot(last, BIDS, ASKS)))
        told += kinds(rig.take(binance_depth(last + 1, last + 1, [("105", "3")])))

    assert told.count("unverified") == 1
    assert told.index("unverified") > told.index("gap")
    assert kinds(rig.sync(500)) == ["resync", "book", "bid", "ask"]


def test_a_book_that_cannot_be_asked_for_is_told_unverified_too() -> None:
    rig = Rig()
    told: list[str] = []
    for _ in range(MOST_REBUILDS):
        told += kinds(rig.session.not_answered(rig.request("book"), rig.now))

    assert told == ["unverified"]


def test_faults_of_a_book_that_was_good_for_a_while_are_counted_anew() -> None:
    rig = Rig()
    rig.sync(10)
    rig.take(binance_depth(11, 11, [("105", "3")]))
    rig.sync(12)
    later_ns = rig.now + GOOD_NS + 1
    rig.session.receive(binance_depth(13, 13, [("98.5", "3")]), later_ns)
    rig.session.receive(binance_depth(14, 14, [("105", "3")]), later_ns)

    assert rig.request("book").tries == 1


def test_a_lost_connection_voids_the_book_until_a_new_snapshot() -> None:
    rig = Rig()
    rig.sync(10)
    rig.session.lost(rig.now)
    rig.connect()
    assert rig.take(binance_depth(30, 31, [("98.5", "3")])) == []

    ticks = rig.sync(30)

    assert kinds(ticks) == ["resync", "book", "bid", "ask"]
    assert isinstance(ticks[1], Book)
    assert (98.5, 3.0) in ticks[1].bids


def test_a_top_is_given_again_after_a_lost_connection_even_if_it_is_the_same() -> None:
    rig = Rig(has_depth=False)
    rig.take(binance_ticker(11, "99.5", "1", "101", "5"))
    rig.session.lost(rig.now)
    rig.connect()

    assert kinds(rig.take(binance_ticker(11, "99.5", "1", "101", "5"))) == ["bid", "ask"]


def test_tickers_of_two_sockets_are_given_once() -> None:
    rig = Rig(has_depth=False)
    frames = [binance_ticker(at, f"{99 + at / 10}", "1", "110", "5") for at in range(1, 4)]

    given = [len(rig.take(frame)) for frame in (*frames, *frames, frames[0])]
    assert given == [2, 1, 1, 0, 0, 0, 0]


def test_a_crossed_ticker_is_not_given_on() -> None:
    rig = Rig(has_depth=False)

    assert rig.take(binance_ticker(1, "101", "1", "100", "5")) == []
    assert rig.session.malformed == 1


def test_a_side_that_is_empty_has_no_size() -> None:
    rig = Rig(has_depth=False)
    ticks = rig.take(binance_ticker(1, "101", "1", "0.00000000", "0.00000000"))

    assert [(type(tick), tick.size) for tick in ticks if isinstance(tick, Bid | Ask)] == [
        (Bid, 1.0),
        (Ask, 0.0),
    ]


def test_one_more_reader_is_told_the_book_and_the_top() -> None:
    rig = Rig()
    rig.sync(10)
    rig.take(binance_ticker(11, "99.5", "1", "101", "5"))

    ticks = rig.session.whole("BTCUSDT", rig.now)
    assert kinds(ticks) == ["book", "bid", "ask"]
    assert isinstance(ticks[1], Bid)
    assert ticks[1].price == 99.5
