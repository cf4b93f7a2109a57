"""Requests that need no key, over real sockets: what each answer of the venue means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from brokers.binance.limits import Limits
from brokers.binance.public import PublicApi, RequestRefused
from brokers.net.bans import Bans
from brokers.net.offset import ClockOffset
from brokers.net.rest import Rest, Throttled
from engine.clock import SystemClock, wall_ns
from engine.errors import BrokerUnavailable, UnknownSymbol
from tests.support.binance_line import ScriptedBinance, aggregate, told
from tests.venues.wire.messages import Response
from tests.venues.wire.server import serve


class Rig:
    def __init__(self, api: PublicApi, limits: Limits, offset: ClockOffset) -> None:
        self.api = api
        self.limits = limits
        self.offset = offset


@asynccontextmanager
async def open_rig(venue: ScriptedBinance) -> AsyncIterator[Rig]:
    clock = SystemClock()
    limits, offset = Limits(), ClockOffset()
    async with trio.open_nursery() as nursery:
        port = await nursery.start(partial(serve, on_request=venue.answer))
        rest = Rest(
            broker="binance",
            base_url=f"http://127.0.0.1:{port}",
            clock=clock,
            bans=Bans(None, clock),
            on_reply=limits.on_reply,
        )
        async with rest.opened():
            yield Rig(PublicApi(rest, limits, offset, clock), limits, offset)
        nursery.cancel_scope.cancel()


def answering(path: str, response: Response) -> ScriptedBinance:
    venue = ScriptedBinance()
    venue.answers[path] = lambda params: response
    return venue


async def test_each_request_costs_what_the_venue_says() -> None:
    venue = ScriptedBinance()
    async with open_rig(venue) as rig:
        spent = []
        for ask in (
            rig.api.exchange_info,
            rig.api.tickers,
            partial(rig.api.ticker, "BTCUSDT"),
            partial(rig.api.depth, "BTCUSDT", 5000),
            partial(rig.api.agg_trades, "BTCUSDT", None),
            partial(rig.api.klines, "BTCUSDT", "1m", 0, 10),
            rig.api.look_at_clock,
        ):
            before = rig.limits.weight.used
            await ask()  # type: ignore[operator]  # each is called in its own way
            spent.append(rig.limits.weight.used - before)

        assert spent == [20, 80, 2, 250, 4, 2, 1]
        assert rig.limits.history.used == 2
        assert rig.limits.raw.used == 7


async def test_trades_are_asked_for_from_an_id_on() -> None:
    venue = ScriptedBinance()
    venue.trades = [aggregate(at, at, at) for at in range(5)]
    async with open_rig(venue) as rig:
        await rig.api.agg_trades("BTCUSDT", 3)

    assert venue.params("aggTrades") == [{"symbol": "BTCUSDT", "limit": "1000", "fromId": "3"}]


async def test_a_symbol_that_is_not_listed_is_unknown() -> None:
    venue = answering("depth", told({"code": -1121, "msg": "Invalid symbol."}, 400))
    async with open_rig(venue) as rig:
        with pytest.raises(UnknownSymbol):
            await rig.api.depth("NOSUCH", 5)


async def test_a_refusal_is_told_from_what_may_work_later() -> None:
    venue = answering("depth", told({"code": -1100, "msg": "Illegal characters"}, 400))
    async with open_rig(venue) as rig:
        with pytest.raises(RequestRefused, match="Illegal characters"):
            await rig.api.depth("BTCUSDT", 5)
        venue.answers["depth"] = lambda params: told({"code": -1001, "msg": "Internal"}, 400)
        with pytest.raises(BrokerUnavailable) as caught:
            await rig.api.depth("BTCUSDT", 5)
        assert not isinstance(caught.value, RequestRefused)


async def test_who_waits_for_a_market_is_told_of_a_long_pause_and_waits_out_a_short_one() -> None:
    venue = ScriptedBinance()
    answers = [told({}, 429, Retry_After="300"), told({}, 429, Retry_After="0")]
    venue.answers["ticker/24hr"] = lambda params: (
        answers.pop() if answers else told(venue._ticker(params))
    )
    async with open_rig(venue) as rig:
        with pytest.raises(Throttled) as caught:
            await rig.api.ticker("BTCUSDT")
        assert caught.value.until_ns > wall_ns()

    assert venue.count("24hr") == 2, "the short one was waited out, the long one told"


async def test_the_venues_clock_is_followed_when_it_is_set() -> None:
    venue = ScriptedBinance()
    async with open_rig(venue) as rig:
        await rig.api.look_at_clock()
        assert abs(rig.offset.offset_ms or 1e9) < 5_000
        ahead_ms = 3_600_000
        venue.answers["time"] = lambda params: told(
            {"serverTime": wall_ns() // 1_000_000 + ahead_ms}
        )
        await rig.api.look_at_clock()

        assert abs((rig.offset.offset_ms or 0) - ahead_ms) < 5_000


@pytest.mark.parametrize("body", [{"serverTime": 10**18}, {"serverTime": -1}, {"time": 1}])
async def test_a_time_that_is_none_is_no_sample(body: dict[str, int]) -> None:
    async with open_rig(answering("time", told(body))) as rig:
        with pytest.raises(BrokerUnavailable):
            await rig.api.look_at_clock()
        assert rig.offset.best is None
