"""The broker over real sockets, before the test venue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import numpy as np
import trio

from brokers.kraken.bars import bars_of
from brokers.kraken.broker import open_broker
from brokers.kraken.market import Traded
from engine.broker import Broker, BrokerSettings, Networked, Renames
from engine.clock import NANOS, SystemClock
from engine.feed.bars import Series
from engine.feed.bus import Bus
from engine.feed.feed import FeedHub, open_feed
from engine.feed.sampler import Sampler
from engine.messages import COLUMN_NAMES, Ask, Bid, Book, Tick, Trade
from engine.services import open_services
from tests.brokers.kraken.market_rig import FQME, SYMBOL, FastClock, Rig, open_rig, until
from tests.check_broker import Harness, check_broker
from tests.venues.kraken.pairs import PAIRS

SPEED = 10.0
"""How fast the markets go."""


@asynccontextmanager
async def harness() -> AsyncIterator[Harness]:
    """A venue in which much is traded."""
    clock = FastClock(SPEED)
    async with open_rig(clock=clock, is_quiet=False) as rig, trio.open_nursery() as nursery:

        async def advance(seconds: float) -> None:
            await trio.sleep(seconds / SPEED)

        async def trade() -> None:
            prices = ("52000.1", "52000.2")
            for at in range(10_000):
                rig.print(prices[at % 2])
                await trio.sleep(0.01)

        nursery.start_soon(trade)
        yield Harness(broker=rig.broker, fqme=FQME, advance=advance, patience_s=30 * SPEED)
        nursery.cancel_scope.cancel()


async def test_keeps_every_promise_of_the_port_about_markets() -> None:
    await check_broker(harness)


async def test_a_market_opens_by_each_of_its_names() -> None:
    async with open_rig() as rig:
        names = ("xbtusd", "xxbtzusd", "btcusd", "xbt-usd")
        found = [await rig.broker.canonical(f"{name}.spot.kraken") for name in names]
        watched = await rig.watch("xbtusd.spot.kraken")

        assert found == [FQME] * 4
        assert watched.quote.fqme == FQME
        assert await rig.broker.canonical("nosuch.spot.kraken") == "nosuch.spot.kraken"


async def test_search_finds_a_market_by_each_of_its_names() -> None:
    async with open_rig() as rig:
        for text in ("XBT", "XXBTZUSD", "XBTUSD", "xbt/usd", "BTC/USD", "bitcoin", "dollar"):
            found = [match.fqme for match in await rig.broker.search(text, 10)]
            assert FQME in found, text


async def test_a_stream_begins_with_a_quote_and_a_proved_book() -> None:
    async with open_rig() as rig:
        rig.ladder()
        watched = await rig.watch()
        await rig.live()
        await until(lambda: watched.of(Book))
        rig.print("51999.9", "0.5", "sell")
        await until(lambda: watched.of(Trade))

        (trade,) = watched.of(Trade)
        assert (trade.price, trade.size, trade.side) == (51999.9, 0.5, "sell")
        assert watched.quote.last > 0
        assert watched.quote.day_volume
        bids, asks = watched.of(Bid), watched.of(Ask)
        assert bids[-1].price < asks[-1].price
        book = watched.of(Book)[0]
        assert book.is_snapshot
        assert len(book.bids) == len(book.asks) == 25
        assert watched.breaks == []


async def test_many_markets_share_one_socket() -> None:
    async with open_rig(pairs=PAIRS) as rig:
        pairs = [pair.symbol for pair in rig.running.venue.listing.pairs]
        fqmes = [f"{symbol.replace('/', '').lower()}.spot.kraken" for symbol in pairs]
        async with trio.open_nursery() as nursery:
            for fqme in fqmes:
                nursery.start_soon(rig.watch, fqme)
        await rig.live()

        assert rig.proxy.connections == 1
        statuses = [one.name for one in rig.broker.connections()]
        assert statuses == ["rest", "market data 1"]


async def test_more_markets_than_a_socket_takes_open_another() -> None:
    async with open_rig(options={"pairs_per_socket": 1}) as rig:
        await rig.watch()
        await rig.watch("ethusd.spot.kraken")

        assert [one.name for one in rig.broker.connections()] == [
            "rest",
            "market data 1",
            "market data 2",
        ]


async def test_a_second_reader_begins_with_the_book_that_is_there() -> None:
    async with open_rig() as rig:
        first = await rig.watch()
        await rig.live()
        rig.print("52000.1")
        await until(lambda: first.of(Trade))
        second = await rig.watch()

        assert second.quote.last == 52000.1
        assert second.of(Book)[0].is_snapshot
        assert rig.proxy.connections == 1
        rig.print("52000.2")
        await until(lambda: second.of(Trade))
        assert len(first.of(Trade)) == 2


async def test_a_reader_that_fails_ends_its_own_stream_only() -> None:
    async with open_rig() as rig:
        other = await rig.watch()
        failed: list[BaseException] = []

        async def read(*, task_status: trio.TaskStatus[object]) -> None:
            try:
                await rig.broker.stream(FQME, lambda fqme, ticks: 1 / 0, task_status=task_status)  # type: ignore[arg-type, func-returns-value]
            except ZeroDivisionError as error:
                failed.append(error)

        await rig.nursery.start(read)
        rig.print("52000.1")
        await until(lambda: failed)
        await until(lambda: other.of(Trade))


async def test_what_it_knows_is_told_as_a_networked_broker_with_other_names() -> None:
    broker = open_broker(BrokerSettings(name="kraken", clock=SystemClock()))

    assert isinstance(broker, Networked)
    assert isinstance(broker, Renames)
    assert [one.state for one in broker.connections()] == ["closed"]


async def test_an_instrument_has_steps_limits_and_fees_of_the_lowest_tier() -> None:
    async with open_rig() as rig:
        instrument = await rig.broker.instrument(FQME)
        pair = rig.running.venue.listing.by_symbol[SYMBOL]

        assert instrument.symbol == SYMBOL
        assert instrument.price_tick == pair.tick
        assert instrument.min_size == pair.order_min
        assert instrument.min_notional == pair.cost_min
        assert (str(instrument.maker_fee), str(instrument.taker_fee)) == ("0.0025", "0.004")


async def test_bars_sampled_of_live_trades_are_the_venues_own() -> None:
    clock = FastClock(40.0)
    async with open_rig(clock=clock, is_quiet=False) as rig:
        sampler = Sampler()
        series = sampler.register(FQME, 60, rig.broker.now_ns)

        def sink(fqme: str, ticks: Sequence[Tick]) -> None:
            sampler.on_ticks(fqme, ticks)

        began_ns = clock.now_ns()
        await rig.nursery.start(partial(rig.broker.stream, FQME, sink))
        await rig.live()
        minute_ns = 60 * NANOS
        first_ns = clock.now_ns() // minute_ns * minute_ns + minute_ns
        last_ns = first_ns + 3 * minute_ns
        await clock.sleep_until_ns(last_ns + 6 * NANOS)
        page = await rig.broker.history(FQME, 60, last_ns, 3)

        assert first_ns - began_ns < 3 * minute_ns
        venues = page.columns
        assert list(venues.time_ns) == [first_ns, first_ns + minute_ns, first_ns + 2 * minute_ns]
        at = series.index_at(first_ns)
        ours = series.columns(at, at + 3)
        assert ours.trades.sum() > 0
        for name in COLUMN_NAMES:
            assert np.allclose(getattr(ours, name), getattr(venues, name), rtol=1e-12), name


async def test_the_feed_shows_past_and_present_as_one() -> None:
    """As a chart has it: no bar is missing, doubled or short of a trade across the beginning of
    the stream and a cut."""
    clock = FastClock(20.0)
    async with open_rig(clock=clock, is_quiet=False) as rig, open_services(clock) as services:
        bus, sampler = Bus(), Sampler()

        async def get_broker(name: str) -> Broker:
            return rig.broker

        hub = FeedHub(services=services, bus=bus, sampler=sampler, get_broker=get_broker)
        bus.add_tap(hub.on_ticks)
        bus.add_tap(sampler.on_ticks)
        await services.start("sampler", sampler.run)
        async with open_feed(hub, ["xbtusd.spot.kraken"], throttle_hz=15) as feed:
            flume = feed.flumes[FQME]
            series = [await flume.open_series(period_s, 200) for period_s in (1, 60, 300)]
            await clock.sleep_until_ns(clock.now_ns() + 60 * NANOS)
            rig.running.venue.controller.do("disconnect")
            await clock.sleep_until_ns(clock.now_ns() + 30 * NANOS)
            await rig.live()
            await clock.sleep_until_ns(clock.now_ns() + 60 * NANOS)
            for one in series:
                await until(partial(is_whole, rig, one))
                assert len(one) >= 200


def is_whole(rig: Rig, series: Series) -> bool:
    """The newest closed bars are those of all trades at the venue."""
    end_ns = int(series.time_ns[-1]) - 20 * NANOS
    trades = [
        Traded(one.trade_id, float(one.price), float(one.size), "buy", one.time_ns)
        for one in rig.market.tape.last(20_000)
    ]
    wanted = bars_of(trades, series.period_s, end_ns, 120)
    at = series.index_at(int(wanted.time_ns[0]))
    shown = series.columns(at, at + len(wanted))
    return all(
        np.allclose(getattr(shown, name), getattr(wanted, name), rtol=1e-9, atol=1e-9)
        for name in COLUMN_NAMES
    )
