"""The embedded exchange as the feed shows it: history and live bars as one series."""

from __future__ import annotations

import numpy as np
import trio

from brokers.sim.broker import SimBroker, open_broker
from engine.broker import Broker, BrokerSettings
from engine.clock import NANOS, TrioClock
from engine.feed.bars import Series, resample
from engine.feed.bus import Bus
from engine.feed.feed import Feed, FeedHub, open_feed
from engine.feed.sampler import Sampler
from engine.services import open_services

START_NS = 1_795_226_417_250_000_000
BTC = "btcusdt.spot.sim"
ROW = ("open", "high", "low", "close", "volume", "trades")


async def read_for(feed: Feed, seconds: float) -> None:
    with trio.move_on_after(seconds):
        while True:
            await feed.receive()


async def check_series(broker: SimBroker, series: Series) -> None:
    """The closed bars of `series` are what the exchange says, across the seam."""
    base_s = 1 if series.period_s < 60 else 60
    end_ns = int(series.time_ns[-1])
    first_ns = int(series.time_ns[max(0, len(series) - 200)])
    page = await broker.history(BTC, base_s, end_ns, (end_ns - first_ns) // (base_s * NANOS))
    wanted = resample(page.columns, series.period_s)
    shown = series.columns(series.index_at(first_ns), series.index_at(end_ns))
    for name in ROW:
        assert np.allclose(getattr(shown, name), getattr(wanted, name), rtol=1e-9, atol=0), (
            f"{name} of {series.period_s} s"
        )


async def test_shows_past_and_present_as_one_at_every_period(autojump_clock: object) -> None:
    clock = TrioClock(START_NS)
    broker = open_broker(BrokerSettings(name="sim", clock=clock))

    async def get_broker(name: str) -> Broker:
        return broker

    async with open_services(clock) as services:
        await services.start("sim", broker.run)
        bus, sampler = Bus(), Sampler()
        hub = FeedHub(services=services, bus=bus, sampler=sampler, get_broker=get_broker)
        bus.add_tap(hub.on_ticks)
        bus.add_tap(sampler.on_ticks)
        await services.start("sampler", sampler.run)
        async with open_feed(hub, [BTC], throttle_hz=15) as feed:
            flume = feed.flumes[BTC]
            assert flume.quote.last > 0
            series = [await flume.open_series(period, 300) for period in (1, 15, 60, 300, 3600)]
            await read_for(feed, 130.0)
            for one in series:
                assert len(one) >= 300
                await check_series(broker, one)
