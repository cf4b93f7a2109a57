"""What the broker answers besides streams: details, search, history, how its connections are."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from brokers.binance import broker as module
from brokers.binance.broker import capabilities, open_broker
from brokers.binance.options import BinanceOptions
from engine.broker import BrokerSettings, Networked, Renames
from engine.clock import NANOS, SystemClock, wall_ns
from engine.errors import BrokerUnavailable, NotSupported, UnknownSymbol
from engine.messages import AccountInfo, Playback
from tests.support.binance_line import ScriptedBinance, open_line, read, told, until
from tests.venues.wire.messages import Hangup, Response

BTC = "btcusdt.spot.binance"
HOUR_NS = 3600 * NANOS


def klines(params: dict[str, str]) -> Response:
    """Every minute up to `endTime`."""
    last = int(params["endTime"]) // 60_000
    rows: list[list[Any]] = [
        [at * 60_000, "1.0", "2.0", "0.5", "1.5", "3", at * 60_000 + 59_999, "4", 2]
        for at in range(last - int(params["limit"]) + 1, last + 1)
    ]
    return told(rows)


async def test_details_come_from_the_venues_list() -> None:
    async with open_line(ScriptedBinance()) as (broker, _):
        instrument = await broker.instrument(BTC)
        assert (instrument.symbol, instrument.price_tick) == ("BTCUSDT", Decimal("0.01"))
        assert await broker.canonical("BTC-USDT.spot.binance") == BTC
        with pytest.raises(UnknownSymbol):
            await broker.instrument("nosuchthing.spot.binance")
        assert isinstance(broker, Networked)
        assert isinstance(broker, Renames)


async def test_a_search_finds_by_symbol_and_asset_what_is_traded_most_first() -> None:
    venue = ScriptedBinance()
    venue.answers["ticker/24hr"] = lambda params: told(
        [
            {"symbol": "BTCUSDT", "lastPrice": "1", "quoteVolume": "5"},
            {"symbol": "ETHUSDT", "lastPrice": "1", "quoteVolume": "7"},
        ]
    )
    async with open_line(venue) as (broker, _):
        everything = await broker.search("", 10)
        assert [match.volume for match in everything] == [7.0, 5.0]
        assert (await broker.search("btc", 10))[0].fqme == BTC
        assert len(await broker.search("usdt", 1)) == 1
        assert venue.count("exchangeInfo") == 1


async def test_a_list_without_volumes_is_better_than_none() -> None:
    venue = ScriptedBinance()
    venue.answers["ticker/24hr"] = lambda params: told({"code": -1000, "msg": "no"}, 500)
    async with open_line(venue) as (broker, _):
        assert len(await broker.search("", 10)) == 2


async def test_the_list_is_kept_for_the_next_start_apart_for_each_venue(tmp_path: Path) -> None:
    def opened(**options: Any) -> module.BinanceBroker:
        return open_broker(
            BrokerSettings(name="binance", clock=SystemClock(), options=options, data_dir=tmp_path)
        )

    venue = ScriptedBinance()
    async with open_line(venue) as (_, nursery):
        url = f"http://127.0.0.1:{venue.port}"
        first = opened(rest_url=url)
        await nursery.start(first.run)
        await first.instrument(BTC)
        asked = venue.count("exchangeInfo")

        again = opened(rest_url=url)
        await nursery.start(again.run)
        assert (await again.instrument(BTC)).symbol == "BTCUSDT"
        assert (await again.search("btc", 5))[0].fqme == BTC
        assert venue.count("exchangeInfo") == asked

        other = opened(rest_url=f"http://localhost:{venue.port}")
        await nursery.start(other.run)
        await other.instrument(BTC)
        assert venue.count("exchangeInfo") == asked + 1


async def test_history_comes_in_pages_of_closed_bars_newest_first() -> None:
    venue = ScriptedBinance()
    venue.answers["klines"] = klines
    async with open_line(venue) as (broker, _):
        now_ns = broker.now_ns()
        page = await broker.history(BTC, 60, now_ns, 10)
        first_ns = int(page.columns.time_ns[0])
        older = await broker.history(BTC, 60, first_ns, 10)

        assert len(page.columns) == 10
        assert page.columns.time_ns[-1] + 60 * NANOS <= now_ns
        assert page.has_more
        assert older.columns.time_ns[-1] == first_ns - 60 * NANOS
        assert venue.params("klines")[1] == {
            "symbol": "BTCUSDT",
            "interval": "1m",
            "endTime": str(first_ns // 1_000_000 - 1),
            "limit": "10",
        }


async def test_a_period_that_the_venue_does_not_have_is_not_supported() -> None:
    async with open_line(ScriptedBinance()) as (broker, _):
        with pytest.raises(NotSupported):
            await broker.history(BTC, 7, broker.now_ns(), 10)
        assert 7 not in broker.native_periods(BTC)


async def test_a_bar_that_the_venues_clock_has_open_is_open() -> None:
    venue = ScriptedBinance()
    venue.answers["klines"] = klines
    behind_ns = 90 * NANOS
    venue.answers["time"] = lambda params: told(
        {"serverTime": (wall_ns() - behind_ns) // 1_000_000}
    )
    async with open_line(venue) as (broker, _):
        await broker.history(BTC, 60, broker.now_ns(), 1)
        await until(lambda: broker.connections()[0].clock_offset_ms is not None)
        now_ns = broker.now_ns()
        page = await broker.history(BTC, 60, now_ns, 10)

        assert int(page.columns.time_ns[-1]) + 60 * NANOS <= now_ns - behind_ns + NANOS


async def test_history_waits_for_throttling_to_end() -> None:
    venue = ScriptedBinance()
    throttled = [told({"code": -1003, "msg": "slow down"}, 429, Retry_After="0")] * 3
    venue.answers["klines"] = lambda params: throttled.pop() if throttled else klines(params)
    async with open_line(venue) as (broker, _):
        page = await broker.history(BTC, 60, broker.now_ns(), 5)

    assert len(page.columns) == 5


async def test_history_leaves_room_for_what_is_live() -> None:
    venue = ScriptedBinance()
    venue.answers["klines"] = klines
    async with open_line(venue, history_share=0.05) as (broker, nursery):
        done = 0

        async def load() -> None:
            nonlocal done
            await broker.history(BTC, 60, broker.now_ns() - done * HOUR_NS, 10)
            done += 1

        for _ in range(200):
            nursery.start_soon(load)
        await until(lambda: done == 150, "what 5% of the weight allows")
        reader = await read(nursery, broker, BTC)
        await until(lambda: "book" in reader.kinds())

        assert venue.count("klines") == 150


@pytest.mark.parametrize(
    "answer",
    [
        Hangup(),
        Response(status=502, body=b"<html>"),
        Response(status=403, body=b"<html>blocked</html>"),
        Response(body=b"<html>"),
        Response(body=b'{"symbols": 7}'),
        Response(body=b"[" * 100_000),
        told({"code": -1000, "msg": "\x1b[2J"}, 400),
    ],
)
async def test_whatever_the_venue_answers_only_errors_of_brokers_leave(answer: Any) -> None:
    venue = ScriptedBinance()
    venue.answers["exchangeInfo"] = lambda params: answer
    async with open_line(venue) as (broker, _):
        with pytest.raises(BrokerUnavailable) as caught:
            await broker.instrument(BTC)
        assert "\x1b" not in str(caught.value)
        with pytest.raises(BrokerUnavailable):
            await broker.search("btc", 5)


async def test_a_venue_that_cannot_be_reached_is_told() -> None:
    async with open_line(ScriptedBinance(), rest_url="http://127.0.0.1:9") as (broker, _):
        with pytest.raises(BrokerUnavailable, match="cannot be reached"):
            await broker.instrument(BTC)
        assert broker.connections()[0].reason == "it cannot be reached"


async def test_connections_tell_budget_and_clock() -> None:
    venue = ScriptedBinance()
    venue.answers["time"] = lambda params: told({"serverTime": 1_700_000_000_000})
    async with open_line(venue) as (broker, nursery):
        await read(nursery, broker, BTC)
        await until(lambda: broker.connections()[0].clock_offset_ms is not None)

        rest = broker.connections()[0]
        assert rest.name == "rest"
        assert 0 < (rest.budget_used or 0) < 1
        assert rest.clock_offset_ms is not None
        assert rest.clock_offset_ms < -1e6, "its clock is in 2023"


async def test_nothing_is_asked_before_somebody_wants_to_know() -> None:
    venue = ScriptedBinance()
    async with open_line(venue) as (broker, _):
        await trio.testing.wait_all_tasks_blocked(0.05)

        assert venue.asked == []
        assert broker.connections()[0].state == "closed"


async def test_data_only_takes_no_orders() -> None:
    async with open_line(ScriptedBinance()) as (broker, _):
        assert not broker.capabilities.can_trade
        with pytest.raises(NotSupported):
            broker.open_client(AccountInfo(name="main", broker="binance"), print)
        with pytest.raises(NotSupported):
            broker.play(Playback(broker="binance", action="pause"))
        assert broker.playback() is None


def test_what_can_be_done_follows_from_the_options() -> None:
    assert capabilities(BinanceOptions()).can_trade
    assert capabilities(BinanceOptions()).has_depth
    assert not capabilities(BinanceOptions(has_depth=False)).has_depth
    assert not capabilities(BinanceOptions(environment="data")).order_types
