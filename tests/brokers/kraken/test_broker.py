"""The broker over real sockets, before the test venue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from brokers.kraken.broker import open_broker
from engine.broker import BrokerSettings, Networked, Renames
from engine.clock import SystemClock
from engine.messages import Ask, Bid, Book, Trade
from tests.brokers.kraken.market_rig import FQME, SYMBOL, open_rig, until
from tests.check_broker import Harness, check_broker


@asynccontextmanager
async def harness() -> AsyncIterator[Harness]:
    """A venue in which much is traded."""
    async with open_rig(is_quiet=False) as rig, trio.open_nursery() as nursery:

        async def trade() -> None:
            prices = ("52000.1", "52000.2")
            for at in range(10_000):
                rig.print(prices[at % 2])
                await trio.sleep(0.01)

        nursery.start_soon(trade)
        yield Harness(broker=rig.broker, fqme=FQME)
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
        rig.print("52000.1", "0.5", "sell")
        await until(lambda: watched.of(Trade))

        (trade,) = watched.of(Trade)
        assert (trade.price, trade.size, trade.side) == (52000.1, 0.5, "sell")
        assert watched.quote.last > 0
        assert watched.quote.day_volume
        bids, asks = watched.of(Bid), watched.of(Ask)
        assert bids[-1].price < asks[-1].price
        book = watched.of(Book)[0]
        assert book.is_snapshot
        assert len(book.bids) == len(book.asks) == 25
        assert watched.breaks == []


async def test_many_markets_share_one_socket_and_few_requests() -> None:
    async with open_rig() as rig:
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
