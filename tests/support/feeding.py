"""A whole feed on a scripted venue, for tests: services, bus, sampler and hub, wired as the engine
wires them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from engine.broker import Broker
from engine.clock import NANOS, TrioClock
from engine.feed.bus import Bus
from engine.feed.feed import Feed, FeedHub
from engine.feed.sampler import Sampler
from engine.messages import FeedStatus, Trade
from engine.services import ServiceManager, open_services
from tests.support.market_truth import FQME, START_NS, TruthBroker, random_trades

OTHER = "bbb.spot.truth"


class Feeding:
    """The parts of a running feed."""

    def __init__(self, services: ServiceManager, broker: TruthBroker, clock: TrioClock) -> None:
        self.services = services
        self.broker = broker
        self.clock = clock
        self.bus = Bus()
        self.sampler = Sampler()
        self.hub = FeedHub(
            services=services, bus=self.bus, sampler=self.sampler, get_broker=self.get_broker
        )
        self.bus.add_tap(self.hub.on_ticks)
        self.bus.add_tap(self.sampler.on_ticks)
        self.asked_brokers: list[str] = []

    async def get_broker(self, name: str) -> Broker:
        self.asked_brokers.append(name)
        await trio.lowlevel.checkpoint()
        return self.broker  # type: ignore[return-value]  # it has no account to log in to


@asynccontextmanager
async def open_feeding(
    trades: Mapping[str, Sequence[Trade]], *, start_ns: int = START_NS, **options: Any
) -> AsyncIterator[Feeding]:
    """A feed on a `TruthBroker` of these trades and options; its time starts at `start_ns`."""
    clock = TrioClock(start_ns)
    clock.now_ns()  # its zero is now
    async with open_services(clock) as services:
        feeding = Feeding(services, TruthBroker(clock, trades, **options), clock)
        await services.start("sampler", feeding.sampler.run)
        yield feeding


def markets(every_s: float = 2.0) -> dict[str, list[Trade]]:
    """Two markets that trade every so many seconds, from a minute ago on."""
    return {
        fqme: random_trades(seed, START_NS - 60 * NANOS, START_NS + 600 * NANOS, every_s, fqme)
        for seed, fqme in enumerate((FQME, OTHER))
    }


def status_of(feeding: Feeding, fqme: str = FQME) -> FeedStatus | None:
    """How a market's stream is; None while it is not open."""
    return next((one for one in feeding.hub.statuses() if one.fqme == fqme), None)


async def breaks_until(feed: Feed, seconds: float) -> list[str]:
    """Reasons of the breaks that come within this time."""
    reasons: list[str] = []
    with trio.move_on_after(seconds):
        while True:
            frame = await feed.receive()
            reasons += [tick.reason for tick in frame.ticks.get("break", ())]  # type: ignore[union-attr]
    return reasons
