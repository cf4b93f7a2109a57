"""Market data connections over real sockets, with a venue that says what it is told to."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import trio

from brokers.binance import halts, streams
from brokers.binance.market import MOST_REBUILDS
from brokers.net.rest import Throttled
from engine.errors import BrokerUnavailable, UnknownSymbol
from engine.messages import Book, Trade
from tests.support.binance_line import (
    Line,
    Reader,
    ScriptedBinance,
    aggregate,
    open_line,
    read,
    told,
    until,
)
from tests.support.venue_messages import (
    binance_agg_trade,
    binance_depth,
    binance_frame,
    binance_ticker,
)
from tests.venues.wire.messages import Response

BTC, ETH = "btcusdt.spot.binance", "ethusdt.spot.binance"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delays that a venue is owed, and nobody here."""
    monkeypatch.setattr(streams, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(streams, "LONGEST_DELAY_S", 0.02)
    monkeypatch.setattr(streams, "LINGER_S", 0.02)


def trade_ids(reader: Reader) -> list[int]:
    return [int(tick.trade_id) for tick in reader.ticks if isinstance(tick, Trade)]


async def joined(venue: ScriptedBinance, reader: Reader) -> Line:
    """The line of a market that is there: its book has come."""
    await until(lambda: "book" in reader.kinds(), "the book")
    await until(lambda: venue.lines, "the line")
    return venue.lines[-1]


# -- one market -------------------------------------------------------------------------------


async def test_a_quote_comes_first_and_then_book_top_and_trades() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        line = await joined(venue, reader)
        line.send(binance_ticker(11, "99.5", "1", "101", "5"))
        line.send(binance_agg_trade(5, 101, 103))
        await until(lambda: "trade" in reader.kinds())

    assert reader.before_quote == 0
    quote = reader.quote
    assert quote is not None
    assert (quote.last, quote.bid, quote.ask) == (100.0, 99.0, 101.0)
    assert (quote.day_open, quote.day_volume) == (90.0, 1234.5)
    assert reader.kinds() == ["book", "bid", "ask", "bid", "trade"]


async def test_what_was_traded_between_the_quote_and_the_stream_is_not_lost() -> None:
    venue = ScriptedBinance()
    venue.trades = [aggregate(7, 99, 100), aggregate(8, 101, 104)]
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await until(lambda: trade_ids(reader))

    assert trade_ids(reader) == [8]


async def test_a_market_without_a_price_of_now_has_the_last_close() -> None:
    venue = ScriptedBinance()
    quiet = venue._ticker_of("BTCUSDT") | {"lastPrice": "0.00000000", "lastId": -1}
    venue.answers["ticker/24hr"] = lambda params: told(quiet if "symbol" in params else [])
    row: list[Any] = [1_699_920_000_000, "1", "2", "1", "1.5", "10", 1_700_006_399_999, "1", 1]
    venue.answers["klines"] = lambda params: told([row])
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        assert reader.quote is not None
        assert reader.quote.last == 1.5

        venue.answers["klines"] = lambda params: told([])
        with pytest.raises(BrokerUnavailable, match="has not been traded"):
            await broker.stream(ETH, lambda fqme, ticks: None)


async def test_a_market_that_is_not_listed_is_unknown() -> None:
    async with open_line(ScriptedBinance()) as (broker, _):
        with pytest.raises(UnknownSymbol):
            await broker.stream("nosuchthing.spot.binance", lambda fqme, ticks: None)


async def test_a_second_reader_is_told_the_book_that_is_there() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        first = await read(nursery, broker, BTC)
        line = await joined(venue, first)
        second = await read(nursery, broker, BTC)
        await until(lambda: "book" in second.kinds())
        line.send(binance_agg_trade(5, 101, 101))
        await until(lambda: trade_ids(first) and trade_ids(second))

        assert second.kinds() == ["book", "bid", "ask", "trade"]
        assert len(line.requests) == 1
        first.scope.cancel()
        line.send(binance_agg_trade(6, 102, 102))
        await until(lambda: trade_ids(second) == [5, 6])
        assert trade_ids(first) == [5]


async def test_a_reader_that_fails_ends_alone() -> None:
    venue = ScriptedBinance()

    def fail(fqme: str, ticks: object) -> None:
        raise RuntimeError("a reader's own fault")

    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        line = await joined(venue, reader)
        with pytest.raises(RuntimeError, match="a reader's own fault"):
            await broker.stream(BTC, fail)
        line.send(binance_agg_trade(5, 101, 101))
        await until(lambda: trade_ids(reader))

        assert venue.opened == 1


async def test_a_refused_subscription_ends_the_stream_with_the_venues_words() -> None:
    venue = ScriptedBinance()
    venue.grants = False
    async with open_line(venue) as (broker, nursery):
        caught: list[Exception] = []

        async def stream() -> None:
            try:
                await broker.stream(BTC, lambda fqme, ticks: None)
            except BrokerUnavailable as error:
                caught.append(error)

        nursery.start_soon(stream)
        await until(lambda: venue.lines and venue.lines[0].requests)
        line = venue.lines[0]
        line.send(json.dumps({"code": 2, "msg": "Too many", "id": line.requests[0]["id"]}).encode())
        await until(lambda: caught)

    assert "Too many" in str(caught[0])


# -- many markets -----------------------------------------------------------------------------


def many(count: int) -> ScriptedBinance:
    return ScriptedBinance(tuple(f"A{at}USDT" for at in range(count)))


def name(at: int) -> str:
    return f"a{at}usdt.spot.binance"


async def test_markets_fill_one_socket_before_another_is_opened() -> None:
    venue = many(5)
    async with open_line(venue, streams_per_socket=6) as (broker, nursery):
        readers = [await read(nursery, broker, name(at)) for at in range(5)]
        await until(lambda: len(venue.streams) == 15)
        await until(lambda: all("book" in reader.kinds() for reader in readers))

        assert [len(line.streams) for line in venue.lines] == [6, 6, 3]
        names = [status.name for status in broker.connections()]
        assert names == ["rest", "market data 1", "market data 2", "market data 3"]
        for line in venue.lines:
            for stream in [one for one in line.streams if one.endswith("@bookTicker")]:
                symbol = stream.partition("@")[0].upper()
                line.send(binance_ticker(11, "99.5", "1", "101", "5", symbol=symbol))
        await until(lambda: all(reader.kinds()[-1] == "bid" for reader in readers))


async def test_markets_that_are_opened_together_are_subscribed_in_few_messages() -> None:
    venue = many(60)
    async with open_line(venue) as (broker, nursery):
        for at in range(60):
            nursery.start_soon(broker.stream, name(at), lambda fqme, ticks: None)
        await until(lambda: len(venue.streams) == 180)

        (line,) = venue.lines
        messages = len(line.requests)
        assert messages < 15, "60 markets"
        assert all(len(request["params"]) <= 100 for request in line.requests)


async def test_a_market_that_is_left_is_unsubscribed_and_an_empty_socket_closed() -> None:
    venue = ScriptedBinance()
    async with open_line(venue, streams_per_socket=3) as (broker, nursery):
        first = await read(nursery, broker, BTC)
        second = await read(nursery, broker, ETH)
        await joined(venue, first)
        await joined(venue, second)
        assert len(venue.lines) == 2
        first.scope.cancel()
        await until(lambda: len(venue.lines) == 1)

        assert venue.streams == {"ethusdt@aggTrade", "ethusdt@bookTicker", "ethusdt@depth@100ms"}
        assert len(broker.connections()) == 2


async def test_one_market_of_several_is_unsubscribed() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        first = await read(nursery, broker, BTC)
        second = await read(nursery, broker, ETH)
        await joined(venue, first)
        await joined(venue, second)
        first.scope.cancel()
        await until(lambda: len(venue.streams) == 3)

        assert venue.lines[0].requests[-1]["method"] == "UNSUBSCRIBE"


# -- books ------------------------------------------------------------------------------------


async def test_a_gap_in_the_book_is_mended_with_another_snapshot() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        line = await joined(venue, reader)
        venue.snapshot = {"lastUpdateId": 20, "bids": [["98", "2"]], "asks": [["102", "2"]]}
        line.send(binance_depth(15, 16, [("97", "1")]))
        await until(lambda: "resync" in reader.kinds())
        line.send(binance_depth(21, 22, [("98.5", "1")]))
        await until(lambda: reader.kinds()[-1] == "bid")

        kinds = reader.kinds()
        assert kinds[3:] == ["gap", "resync", "book", "bid", "ask", "book", "bid"]
        whole = [tick for tick in reader.ticks if isinstance(tick, Book) and tick.is_snapshot]
        assert whole[-1].bids == ((98.0, 2.0),)


async def test_a_snapshot_from_before_the_stream_is_asked_for_again() -> None:
    venue = ScriptedBinance()
    venue.grants = False
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await until(lambda: venue.lines and venue.lines[0].requests)
        line = venue.lines[0]
        line.send(binance_depth(50, 51, [("97", "1")]))
        line.send(json.dumps({"result": None, "id": line.requests[0]["id"]}).encode())
        await until(lambda: venue.count("depth") >= 3)
        assert reader.kinds() == []
        venue.snapshot = {"lastUpdateId": 50, "bids": [["98", "2"]], "asks": [["102", "2"]]}
        await until(lambda: "book" in reader.kinds())

        (book,) = [tick for tick in reader.ticks if isinstance(tick, Book)]
        assert book.bids == ((98.0, 2.0), (97.0, 1.0))


async def test_a_book_that_cannot_be_built_is_told_unverified_and_tried_on() -> None:
    venue = ScriptedBinance()
    venue.answers["depth"] = lambda params: told({"code": -1001, "msg": "Internal error"}, 500)
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await until(lambda: "unverified" in reader.kinds())
        assert venue.count("depth") >= MOST_REBUILDS
        venue.lines[0].send(binance_ticker(11, "99.5", "1", "101", "5"))
        await until(lambda: "bid" in reader.kinds())
        del venue.answers["depth"]
        await until(lambda: "book" in reader.kinds())

        assert reader.kinds()[:3] == ["unverified", "bid", "ask"]
        assert Counter(reader.kinds())["unverified"] == 1


async def test_without_depth_only_the_top_is_asked_for() -> None:
    venue = ScriptedBinance()
    async with open_line(venue, has_depth=False) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await until(lambda: "ask" in reader.kinds())

        assert reader.kinds() == ["bid", "ask"]
        assert venue.params("depth") == [{"symbol": "BTCUSDT", "limit": "5"}]
        assert not broker.capabilities.has_depth
        assert venue.streams == {"btcusdt@aggTrade", "btcusdt@bookTicker"}


# -- breaks -----------------------------------------------------------------------------------


async def test_no_trade_is_lost_over_a_cut_that_the_venue_can_send_again() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        line = await joined(venue, reader)
        line.send(binance_agg_trade(1, 101, 101))
        await until(lambda: trade_ids(reader) == [1])
        venue.trades = [aggregate(at, 100 + at, 100 + at) for at in range(1, 1500)]
        venue.snapshot["lastUpdateId"] = 30
        line.socket.abort()
        await until(lambda: venue.opened == 2 and venue.lines)
        line = venue.lines[0]
        line.send(binance_agg_trade(1500, 1600, 1600))
        await until(lambda: 1500 in trade_ids(reader))
        await until(lambda: "resync" in reader.kinds())

    assert trade_ids(reader) == list(range(1, 1501))
    kinds = reader.kinds()
    assert kinds.index("stale") < kinds.index("resync")
    assert "gap" not in kinds
    stamps = [tick.recv_ns for tick in reader.ticks]
    assert stamps == sorted(stamps)


async def test_single_trades_are_had_again_by_their_own_ids() -> None:
    venue = ScriptedBinance()
    one = {"price": "100", "qty": "1", "time": 1_700_000_000_000, "isBuyerMaker": True}
    venue.answers["historicalTrades"] = lambda params: told(
        [one | {"id": at} for at in range(int(params["fromId"]), 104)]
    )
    async with open_line(venue, trades="trade", environment="live") as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await until(lambda: trade_ids(reader) == [101, 102, 103])

        assert venue.params("historicalTrades")[0]["fromId"] == "101"
        assert "btcusdt@trade" in venue.streams


async def test_a_socket_that_the_venue_is_about_to_close_is_replaced_without_a_break() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        old = await joined(venue, reader)
        old.send(binance_agg_trade(1, 101, 101))
        old.send(binance_frame("!serverShutdown", {"e": "serverShutdown", "E": 1}))
        await until(lambda: len(venue.lines) == 2)
        new = venue.lines[1]
        await until(lambda: len(new.streams) == 3)
        for at in range(2, 50):
            for line in (old, new):
                line.send(binance_agg_trade(at, 100 + at, 100 + at))
                line.send(binance_depth(at + 9, at + 9, [("99", str(at))]))
        await until(lambda: venue.lines == [new])
        new.send(binance_agg_trade(50, 150, 150))
        await until(lambda: 50 in trade_ids(reader))

    assert trade_ids(reader) == list(range(1, 51))
    assert not {"stale", "gap", "resync"} & set(reader.kinds())


async def test_a_socket_is_replaced_before_the_venue_ends_it() -> None:
    venue = ScriptedBinance()
    async with open_line(venue, lifetime_s=1) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await joined(venue, reader)
        await until(lambda: venue.opened == 2)

    assert "stale" not in reader.kinds()


async def test_every_market_of_a_lost_socket_is_told() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        readers = [await read(nursery, broker, fqme) for fqme in (BTC, ETH)]
        for reader in readers:
            await joined(venue, reader)
        venue.refuses_sockets = 1
        venue.lines[0].socket.abort()
        await until(lambda: all("stale" in reader.kinds() for reader in readers))
        await until(lambda: all("resync" in reader.kinds() for reader in readers))

        (status,) = [one for one in broker.connections() if one.name == "market data 1"]
        assert status.reconnects == 1


# -- throttling -------------------------------------------------------------------------------


async def test_throttling_is_waited_out_also_on_the_first_request() -> None:
    venue = ScriptedBinance()
    throttled = [told({"code": -1003, "msg": "Too many requests"}, 429, Retry_After="0")] * 2

    def ticker(params: dict[str, str]) -> Response:
        return throttled.pop() if throttled else told(venue._ticker(params))

    venue.answers["ticker/24hr"] = ticker
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)

    assert reader.quote is not None
    assert not throttled


async def test_a_ban_is_told_at_once_and_obeyed() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, _):
        await broker.instrument(BTC)
        banned = told({"code": -1003, "msg": "banned"}, 418, Retry_After="3600")
        venue.answers["ticker/24hr"] = lambda params: banned
        with pytest.raises(Throttled):
            await broker.stream(BTC, lambda fqme, ticks: None)
        for _ in range(3):
            with pytest.raises(Throttled):
                await broker.stream(BTC, lambda fqme, ticks: None)

        assert venue.count("24hr") == 2, "that of the list, and one for the stream"
        assert broker.connections()[0].state == "banned"


# -- halts ------------------------------------------------------------------------------------


@pytest.fixture
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halts, "PERIOD_S", 0.02)
    monkeypatch.setattr(halts, "SETTLE_S", 0.0)


@pytest.mark.usefixtures("_look_often")
@pytest.mark.parametrize("status", ["HALT", "BREAK"])
async def test_a_halt_is_told_and_its_end(status: str) -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        other = await read(nursery, broker, ETH)
        await joined(venue, reader)
        venue.statuses["BTCUSDT"] = status
        await until(lambda: "halt" in reader.kinds())
        venue.statuses["BTCUSDT"] = "TRADING"
        await until(lambda: "resume" in reader.kinds())

        assert "halt" not in other.kinds()
        assert Counter(reader.kinds())["halt"] == 1


@pytest.mark.usefixtures("_look_often")
async def test_a_halt_is_told_again_after_the_stream_broke() -> None:
    venue = ScriptedBinance()
    venue.statuses["BTCUSDT"] = "HALT"
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await joined(venue, reader)
        await until(lambda: "halt" in reader.kinds())
        venue.lines[0].socket.abort()
        await until(lambda: Counter(reader.kinds())["halt"] == 2)

        kinds = reader.kinds()
        assert kinds.index("stale") > kinds.index("halt")


@pytest.mark.usefixtures("_look_often")
async def test_a_market_that_is_listed_no_more_is_halted() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, nursery):
        reader = await read(nursery, broker, BTC)
        await joined(venue, reader)
        whole = venue._info

        def info(params: dict[str, str]) -> Response:
            if "symbols" in params:
                return told({"code": -1121, "msg": "Invalid symbol."}, 400)
            return told(whole({}) | {"symbols": whole({})["symbols"][1:]})

        venue.answers["exchangeInfo"] = info
        await until(lambda: "halt" in reader.kinds())


# -- delays -----------------------------------------------------------------------------------


def test_what_did_not_help_is_asked_again_later_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "FIRST_DELAY_S", 0.5)
    monkeypatch.setattr(streams, "LONGEST_DELAY_S", 60.0)

    assert [streams.delay_s(tries) for tries in (0, 1, 2, 3, 8, 100)] == [0, 0.5, 1, 2, 60, 60]


async def test_nothing_is_watched_after_the_broker_ended() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, _):
        pool = broker._pool
    with (
        pytest.raises(BrokerUnavailable),
        pool.watch(BTC, "BTCUSDT", lambda fqme, ticks: None, last_trade_id=-1),
    ):
        await trio.sleep_forever()
