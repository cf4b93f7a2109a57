"""Market streams: what is told on each, and when."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.clock import NANOS
from tests.venues.binance.asking import Desk, limit_order
from tests.venues.binance.numbers import MICROSECOND, MILLISECOND
from tests.venues.binance.streams import TICK_NS, Hub
from tests.venues.exchange.stage import D


class Reader:
    """Keeps what it is told."""

    def __init__(self, unit: int = MILLISECOND, is_combined: bool = False) -> None:
        self.unit = unit
        self.is_combined = is_combined
        self.heard: list[Any] = []

    def put(self, text: bytes) -> None:
        self.heard.append(json.loads(text))


class Room:
    """A quiet Binance with one who listens."""

    def __init__(self, *names: str, **options: Any) -> None:
        self.desk = Desk()
        self.market = self.desk.market
        self.hub = Hub(self.desk.state.exchange.markets.values(), self.desk.state.faults)
        self.reader = Reader(**options)
        for name in names:
            self.hub.subscribe(name, self.reader)

    def tick(self, times: int = 1) -> list[Any]:
        """Let so many tenths of a second pass; what was heard since the last call."""
        for _ in range(times):
            self.desk.clock.ns += TICK_NS
            self.desk.state.exchange.advance()
            self.hub.flush()
            self.hub.tick(self.desk.clock.ns)
        return self.take()

    def take(self) -> list[Any]:
        self.hub.flush()
        heard = list(self.reader.heard)
        self.reader.heard.clear()
        return heard


def test_a_trade_is_told_at_once() -> None:
    room = Room("btcusdt@trade")
    room.market.take("buy", D(60_001), D("0.2"))
    (trade,) = room.take()
    assert trade == {
        "e": "trade",
        "E": room.desk.now_ms,
        "s": "BTCUSDT",
        "t": room.market.tape.last_id,
        "p": "60001.00000000",
        "q": "0.20000000",
        "T": room.desk.now_ms,
        "m": False,
        "M": True,
    }


def test_fills_of_one_taker_at_one_price_are_one_aggregate() -> None:
    room = Room("btcusdt@aggTrade")
    room.market.place("buy", D(59_999), D(1))
    room.market.take("sell", D(59_998), D("2.5"))
    first, second = room.take()
    assert (first["q"], first["l"] - first["f"], first["m"]) == ("2.00000000", 1, True)
    assert (second["q"], second["p"], second["a"]) == (
        "0.50000000",
        "59998.00000000",
        first["a"] + 1,
    )


def test_the_best_prices_are_told_when_they_change() -> None:
    room = Room("btcusdt@bookTicker")
    room.market.place("buy", D(59_000), D(1))
    first = room.take()
    room.market.place("buy", D(58_000), D(1))
    assert room.take() == []
    room.market.place("buy", D(59_999), D("0.5"))
    (change,) = room.take()
    assert len(first) == 1
    assert (change["b"], change["B"], change["u"]) == (
        "59999.00000000",
        "1.50000000",
        room.market.update_id,
    )


def test_book_changes_are_told_together_and_join_without_gap() -> None:
    room = Room("btcusdt@depth@100ms")
    before = room.market.update_id
    number = room.market.place("buy", D("59998.50"), D(1))
    room.market.place("sell", D("60000.50"), D(2))
    (first,) = room.tick()
    assert (first["U"], first["u"]) == (before + 1, before + 2)
    assert (first["b"], first["a"]) == (
        [["59998.50000000", "1.00000000"]],
        [["60000.50000000", "2.00000000"]],
    )
    assert room.tick() == []
    room.market.drop(number)
    (second,) = room.tick()
    assert second["U"] == first["u"] + 1
    assert second["b"] == [["59998.50000000", "0.00000000"]]


def test_slower_streams_tell_once_a_second() -> None:
    room = Room("btcusdt@depth", "btcusdt@depth5", "btcusdt@depth5@100ms")
    room.market.place("buy", D("59998.50"), D(1))
    heard = room.tick(10)
    diffs = [one for one in heard if one.get("e") == "depthUpdate"]
    tops = [one for one in heard if "lastUpdateId" in one]
    assert len(diffs) == 1
    assert len(tops) == 11
    assert len(tops[0]["bids"]) == 5
    assert tops[-1]["lastUpdateId"] == room.market.update_id


def test_a_local_book_kept_by_the_published_procedure_is_the_venues_book() -> None:
    room = Room("btcusdt@depth@100ms")
    room.market.place("buy", D("59990.50"), D(1))
    room.tick()
    snapshot = room.desk.get("depth", symbol="BTCUSDT", limit=5000)
    bids = dict(snapshot["bids"])
    last = snapshot["lastUpdateId"]
    for step in range(20):
        room.market.place("buy", D(59_000) + step, D("0.1"))
        room.market.take("sell", D(59_000), D("0.3"))
        for diff in room.tick(2):
            if diff["u"] <= last:
                continue
            assert diff["U"] <= last + 1
            bids.update(map(tuple, diff["b"]))
            last = diff["u"]
    kept = {price: size for price, size in bids.items() if D(size)}
    assert kept == dict(room.desk.get("depth", symbol="BTCUSDT", limit=5000)["bids"])


def test_a_bar_is_told_while_it_changes_and_once_when_it_is_over() -> None:
    room = Room("btcusdt@kline_1m")
    room.tick()
    room.market.take("buy", D(60_001), D("0.2"))
    told = room.tick(40)
    assert [one["k"]["x"] for one in told] == [False]
    assert (told[0]["k"]["h"], told[0]["k"]["v"]) == ("60001.00000000", "0.20100000")
    rest = room.tick(600)
    assert [one["k"]["x"] for one in rest] == [True]
    bar = rest[0]["k"]
    assert (bar["T"] - bar["t"], bar["n"], bar["L"] - bar["f"] + 1) == (59_999, 2, 2)


def test_bars_of_a_second_come_every_second_that_traded() -> None:
    room = Room("btcusdt@kline_1s")
    room.tick(5)
    room.market.take("buy", D(60_001), D("0.2"))
    told = room.tick(15)
    assert (told[0]["k"]["x"], told[0]["k"]["n"]) == (True, 2)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("btcusdt@miniTicker", "24hrMiniTicker"),
        ("btcusdt@ticker", "24hrTicker"),
        ("btcusdt@ticker_4h", "4hTicker"),
        ("btcusdt@avgPrice", "avgPrice"),
    ],
)
def test_statistics_are_told_every_second(name: str, kind: str) -> None:
    room = Room(name)
    told = room.tick(20)
    assert [one["e"] for one in told] == [kind, kind]
    assert told[0].get("c", told[0].get("w")) == "60000.00000000"


def test_statistics_of_all_markets_tell_those_that_traded() -> None:
    room = Room("!miniTicker@arr")
    room.tick(10)
    room.market.take("buy", D(60_001), D("0.1"))
    heard = room.tick(10)
    assert [[one["s"] for one in group] for group in heard] == [["BTCUSDT"]]
    assert room.tick(10) == []


def test_a_combined_stream_names_each_message() -> None:
    room = Room("btcusdt@trade", is_combined=True, unit=MICROSECOND)
    room.market.take("buy", D(60_001), D("0.2"))
    (told,) = room.take()
    assert told["stream"] == "btcusdt@trade"
    assert told["data"]["T"] == room.desk.clock.now_ns() // MICROSECOND


def test_who_unsubscribed_hears_no_more() -> None:
    room = Room("btcusdt@trade")
    room.hub.unsubscribe("btcusdt@trade", room.reader)
    room.market.take("buy", D(60_001), D("0.2"))
    assert room.take() == []
    assert not room.hub.has("btcusdt@trade")


def test_an_accounts_order_is_seen_by_all() -> None:
    room = Room("btcusdt@depth@100ms")
    room.desk.signed("POST", "order", **limit_order(price="59998.50", quantity="0.7"))
    (diff,) = room.tick()
    assert diff["b"] == [["59998.50000000", "0.70000000"]]


# -- switches --------------------------------------------------------------------------------------


def test_updates_may_be_left_out_so_that_a_gap_is_seen() -> None:
    room = Room("btcusdt@depth@100ms")
    room.desk.state.faults.skip_updates = 1
    room.market.place("buy", D("59998.50"), D(1))
    assert room.tick() == []
    missed = room.market.update_id
    room.market.place("buy", D("59998.40"), D(1))
    (diff,) = room.tick()
    assert diff["U"] == missed + 1


def test_streams_may_fall_silent_or_talk_nonsense() -> None:
    room = Room("btcusdt@trade")
    room.desk.state.faults.silent_streams = True
    room.market.take("buy", D(60_001), D("0.1"))
    assert room.take() == []
    room.desk.state.faults.silent_streams = False
    room.desk.state.faults.corrupt_updates = 1
    for _ in range(2):
        room.market.take("buy", D(60_001), D("0.1"))
    nonsense, trade = room.take()
    assert nonsense["s"] == 7
    assert trade["q"] == "0.10000000"


def test_time_is_told_by_the_tick_not_by_the_hour() -> None:
    room = Room("btcusdt@depth@100ms")
    room.market.place("buy", D("59998.50"), D(1))
    (diff,) = room.tick()
    assert diff["E"] * MILLISECOND % TICK_NS == 0
    assert diff["E"] * MILLISECOND > room.desk.clock.now_ns() - NANOS
