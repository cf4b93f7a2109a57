"""The broker against the test venue, over real sockets: markets."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import trio

from brokers.binance import halts, streams
from brokers.binance.broker import BinanceBroker, open_broker
from engine.broker import BrokerSettings
from engine.clock import NANOS, TrioClock
from engine.feed.sampler import Sampler
from engine.messages import Book, Break, Tick, Trade
from tests.check_broker import Harness, check_broker
from tests.support.binance_line import Reader, read, until
from tests.support.recordings import recording
from tests.venues.binance.venue import BinanceVenue, open_playback
from tests.venues.fault_proxy import FaultProxy

BTC = "btcusdt.spot.binance"
START_NS = 1_780_000_000 * NANOS


class FastClock(TrioClock):
    """A day of the market in less, so that nobody waits for it. Trio's own time is not touched."""

    speed = 10

    def now_ns(self) -> int:
        return START_NS + (super().now_ns() - START_NS) * self.speed

    async def sleep_until_ns(self, wall_ns: int) -> None:
        await trio.sleep(max(0.0, (wall_ns - self.now_ns()) / NANOS / self.speed))


class Rig:
    """A venue, what may come between, and a broker."""

    def __init__(self, venue: BinanceVenue, broker: BinanceBroker, proxy: FaultProxy) -> None:
        self.venue = venue
        self.broker = broker
        self.proxy = proxy

    def true_trades(self, symbol: str = "BTCUSDT") -> dict[int, float]:
        """Sizes of all aggregates of the venue, by id."""
        tape = self.venue.state.exchange.markets[symbol].tape
        first = tape.last_aggregates(1)[0].aggregate_id - 900
        return {one.aggregate_id: float(one.size) for one in tape.aggregates_since_id(first, 2000)}


@asynccontextmanager
async def open_rig(
    nursery: trio.Nursery,
    *,
    clock: TrioClock | None = None,
    venue: BinanceVenue | None = None,
    **options: Any,
) -> AsyncIterator[Rig]:
    """All of it at work; streams go through the proxy, REST does not."""
    clock = clock or TrioClock(START_NS)
    venue = venue or BinanceVenue(clock, seed=3)
    async with trio.open_nursery() as inner:
        port = await inner.start(venue.serve)
        proxy = FaultProxy(port)
        await inner.start(proxy.run)
        broker = open_broker(
            BrokerSettings(
                name="binance",
                clock=clock,
                options={
                    "rest_url": f"http://127.0.0.1:{port}",
                    "stream_url": f"ws://127.0.0.1:{proxy.port}",
                    "ws_api_url": f"ws://127.0.0.1:{port}/ws-api/v3",
                    **options,
                },
            )
        )
        await inner.start(broker.run)
        yield Rig(venue, broker, proxy)
        inner.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "FIRST_DELAY_S", 0.02)
    monkeypatch.setattr(streams, "LONGEST_DELAY_S", 0.05)


@pytest.mark.slow
async def test_keeps_every_promise_of_the_port_about_markets(nursery: trio.Nursery) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Harness]:
        clock = FastClock(START_NS)

        async def advance(seconds: float) -> None:
            await trio.sleep(seconds / clock.speed)

        async with open_rig(nursery, clock=clock) as rig:
            yield Harness(broker=rig.broker, fqme=BTC, advance=advance)

    await check_broker(make)


# -- what readers have is what the venue has ----------------------------------------------------


def trades_of(reader: Reader) -> list[Trade]:
    return [tick for tick in reader.ticks if isinstance(tick, Trade)]


def check_trades(reader: Reader, rig: Rig) -> None:
    """Each aggregate of the venue once, in order, from the first one that was given on."""
    given = [(int(tick.trade_id), tick.size) for tick in trades_of(reader)]
    true = rig.true_trades()
    assert len(given) > 3
    assert all(after[0] == before[0] + 1 for before, after in pairwise(given))
    assert all(true[trade_id] == size for trade_id, size in given)


class Shown:
    """The book as a reader of ticks has it; empty while it is void."""

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.crossed = 0

    def take(self, ticks: list[Tick]) -> Shown:
        for tick in ticks:
            if isinstance(tick, Break) and tick.reason in ("stale", "gap"):
                self.bids, self.asks = {}, {}
            if isinstance(tick, Book):
                if tick.is_snapshot:
                    self.bids, self.asks = {}, {}
                self.bids = changed(self.bids, tick.bids)
                self.asks = changed(self.asks, tick.asks)
                if self.bids and self.asks:
                    self.crossed += max(self.bids) >= min(self.asks)
        return self

    def best(self, count: int = 20) -> tuple[list[Any], list[Any]]:
        bids = sorted(self.bids.items(), reverse=True)[:count]
        return bids, sorted(self.asks.items())[:count]


def changed(side: dict[float, float], levels: Any) -> dict[float, float]:
    return {price: size for price, size in {**side, **dict(levels)}.items() if size}


def true_book(rig: Rig, count: int = 20) -> tuple[list[Any], list[Any]]:
    market = rig.venue.state.exchange.markets["BTCUSDT"]
    sides = market.bids(count), market.asks(count)
    bids, asks = ([(float(price), float(size)) for price, size in side] for side in sides)
    return bids, asks


async def test_the_book_is_the_venues_book(nursery: trio.Nursery) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS)) as rig:
        reader = await read(nursery, rig.broker, BTC)
        shown, seen = Shown(), 0
        matches = 0

        def is_same() -> bool:
            nonlocal seen, matches
            shown.take(reader.ticks[seen:])
            seen = len(reader.ticks)
            matches += shown.best() == true_book(rig)
            return matches >= 20

        await until(is_same, "the same book")
        reader.scope.cancel()

    assert shown.crossed == 0
    assert not {"gap", "stale", "unverified"} & set(reader.kinds())


@pytest.mark.slow
async def test_bars_sampled_of_live_trades_are_the_venues_klines(nursery: trio.Nursery) -> None:
    clock = FastClock(START_NS)
    async with open_rig(nursery, clock=clock) as rig:
        sampler = Sampler()
        series = {period: sampler.register(BTC, period, clock.now_ns) for period in (1, 60)}
        reader = await read(nursery, rig.broker, BTC)
        assert reader.quote is not None
        sampler.seed(BTC, reader.quote.last)
        seen = 0

        def take() -> int:
            nonlocal seen
            sampler.on_ticks(BTC, reader.ticks[seen:])
            seen = len(reader.ticks)
            sampler.step()
            return len(series[60])

        await until(lambda: take() >= 3, "three minutes")
        for period, found in series.items():
            page = await rig.broker.history(BTC, period, clock.now_ns(), 150)
            compare(found.columns(), page.columns)
        reader.scope.cancel()


def compare(sampled: Any, klines: Any) -> None:
    """All bars that both have, but the first sampled one, whose beginning was not seen."""
    times = np.intersect1d(sampled.time_ns[1:-1], klines.time_ns)
    assert len(times)
    for name in ("open", "high", "low", "close", "trades"):
        ours, theirs = picked(sampled, name, times), picked(klines, name, times)
        assert np.array_equal(ours, theirs), name
    # Sizes are summed up in another order than the venue's decimals.
    ours, theirs = picked(sampled, "volume", times), picked(klines, "volume", times)
    assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-9)
    assert theirs.any()


def picked(columns: Any, name: str, times: np.ndarray) -> np.ndarray:
    return getattr(columns, name)[np.isin(columns.time_ns, times)]


# -- what breaks --------------------------------------------------------------------------------


async def test_no_trade_is_lost_where_connections_are_cut_again_and_again(
    nursery: trio.Nursery,
) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS)) as rig:
        reader = await read(nursery, rig.broker, BTC)
        for cuts in range(1, 4):
            before = len(trades_of(reader))
            await until(lambda before=before: len(trades_of(reader)) > before)
            rig.proxy.faults.cut_after["down"] = 500
            await until(lambda cuts=cuts: Counter(reader.kinds())["stale"] == cuts, "the cut")
            await until(lambda cuts=cuts: Counter(reader.kinds())["resync"] == cuts, "the book")
        check_trades(reader, rig)
        reader.scope.cancel()

    assert "gap" not in reader.kinds()
    assert Shown().take(reader.ticks).crossed == 0


async def test_a_stalled_connection_is_given_up_and_nothing_is_lost(
    nursery: trio.Nursery,
) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS), quiet_s=1.0) as rig:
        reader = await read(nursery, rig.broker, BTC)
        await until(lambda: len(trades_of(reader)) > 2)
        rig.proxy.faults.stalled.add("down")
        await until(lambda: "stale" in reader.kinds(), "silence noticed")
        rig.proxy.faults.stalled.clear()
        rig.proxy.faults.go_on()
        await until(lambda: "resync" in reader.kinds(), "live again")
        before = len(trades_of(reader))
        await until(lambda: len(trades_of(reader)) > before)
        check_trades(reader, rig)
        reader.scope.cancel()


async def test_a_venue_that_shuts_down_is_left_in_time(nursery: trio.Nursery) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS)) as rig:
        reader = await read(nursery, rig.broker, BTC)
        await until(lambda: len(trades_of(reader)) > 2 and "book" in reader.kinds())
        rig.venue.control.do("shutdown", which="streams", after_s=6)
        connections = rig.proxy.connections
        await until(lambda: rig.proxy.connections > connections, "another socket")
        before = len(trades_of(reader))
        await until(lambda: len(trades_of(reader)) > before + 30)
        check_trades(reader, rig)
        reader.scope.cancel()

    assert not {"stale", "gap", "resync"} & set(reader.kinds())


async def test_missed_book_updates_void_the_book_until_it_is_built_anew(
    nursery: trio.Nursery,
) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS)) as rig:
        reader = await read(nursery, rig.broker, BTC)
        await until(lambda: "book" in reader.kinds())
        rig.venue.control.do("switch", switches={"skip_updates": 1})
        await until(lambda: "gap" in reader.kinds(), "the gap")
        await until(lambda: reader.kinds()[-200:].count("resync"), "another book")
        shown = Shown().take(reader.ticks)

        def is_same() -> bool:
            return Shown().take(reader.ticks).best() == true_book(rig)

        await until(is_same, "the same book")
        reader.scope.cancel()

    assert shown.crossed == 0


async def test_messages_that_make_no_sense_are_counted_and_left_out(
    nursery: trio.Nursery,
) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS)) as rig:
        reader = await read(nursery, rig.broker, BTC)
        await until(lambda: "book" in reader.kinds() and "trade" in reader.kinds())
        rig.venue.control.do("switch", switches={"corrupt_updates": 5})
        status = lambda: next(one for one in rig.broker.connections() if "market" in one.name)  # noqa: E731
        await until(lambda: status().malformed == 5, "five of them")
        before = len(trades_of(reader))
        await until(lambda: len(trades_of(reader)) > before + 5)
        check_trades(reader, rig)
        assert status().reconnects == 0
        reader.scope.cancel()


async def test_a_halt_of_the_venue_is_told(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halts, "PERIOD_S", 0.1)
    monkeypatch.setattr(halts, "SETTLE_S", 0.0)
    async with open_rig(nursery) as rig:
        reader = await read(nursery, rig.broker, BTC)
        rig.venue.control.do("listing", symbol="BTCUSDT", status="BREAK")
        await until(lambda: "halt" in reader.kinds())
        rig.venue.control.do("listing", symbol="BTCUSDT", status="TRADING")
        await until(lambda: "resume" in reader.kinds())
        reader.scope.cancel()


async def test_a_ban_stops_all_requests_and_the_streams_go_on(nursery: trio.Nursery) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS)) as rig:
        reader = await read(nursery, rig.broker, BTC)
        await until(lambda: "book" in reader.kinds())
        rig.venue.control.do("ban", seconds=3600, client="127.0.0.1")
        with trio.move_on_after(0.2) as waiting:
            await rig.broker.history(BTC, 60, rig.broker.now_ns(), 10)
        assert waiting.cancelled_caught, "it waits for the end of the ban"
        rest = rig.broker.connections()[0]
        assert rest.state == "banned"
        assert rest.until_ns > rig.broker.now_ns()
        before = len(trades_of(reader))
        await until(lambda: len(trades_of(reader)) > before)
        reader.scope.cancel()


async def test_all_markets_of_the_venue_over_several_sockets(nursery: trio.Nursery) -> None:
    clock = FastClock(START_NS)
    async with open_rig(nursery, clock=clock, streams_per_socket=6) as rig:
        fqmes = [match.fqme for match in await rig.broker.search("", 100)]
        readers = [await read(nursery, rig.broker, fqme) for fqme in fqmes]
        for reader in readers:
            await until(lambda reader=reader: {"book", "bid", "ask"} <= set(reader.kinds()))
        sockets = [one for one in rig.broker.connections() if "market" in one.name]
        assert len(sockets) == len(fqmes) // 2
        await until(lambda: all(one.state == "live" for one in rig.broker.connections()))
        for reader in readers:
            reader.scope.cancel()


async def test_single_trades_come_each_by_itself(nursery: trio.Nursery) -> None:
    async with open_rig(nursery, clock=FastClock(START_NS), trades="trade") as rig:
        reader = await read(nursery, rig.broker, BTC)
        await until(lambda: len(trades_of(reader)) > 5)
        rig.proxy.faults.cut_after["down"] = 300
        await until(lambda: "resync" in reader.kinds())
        before = len(trades_of(reader))
        await until(lambda: len(trades_of(reader)) > before + 5)
        ids = [int(tick.trade_id) for tick in trades_of(reader)]
        reader.scope.cancel()

    assert ids == list(range(ids[0], ids[-1] + 1))


@pytest.mark.slow
async def test_a_recording_over_the_wire_is_read_without_a_gap(nursery: trio.Nursery) -> None:
    path = recording("binance/hftb_spot_btcusdt_20240808.ndjson.gz")
    clock = TrioClock(START_NS)
    venue = open_playback(clock, path, 0)
    async with open_rig(nursery, clock=clock, venue=venue, trades="trade") as rig:
        reader = await read(nursery, rig.broker, BTC)
        # All of the recording but its snapshot, and the answer to SUBSCRIBE.
        await until(lambda: rig.broker.connections()[-1].messages == 41_249, "the end")
        await until(lambda: "book" in reader.kinds())
        malformed = rig.broker.connections()[-1].malformed
        reader.scope.cancel()

    assert malformed == 0
    assert not {"gap", "stale", "resync", "unverified"} & set(reader.kinds())
    ids = [int(tick.trade_id) for tick in trades_of(reader)]
    assert ids == list(range(ids[0], ids[0] + 9757))
