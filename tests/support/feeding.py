"""A whole feed on a scripted venue, for tests: services, bus, sampler and hub, wired as the engine
wires them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from engine.broker import Broker
from engine.clock import TrioClock
from engine.feed.bus import Bus
from engine.feed.feed import FeedHub
from engine.feed.sampler import Sampler
from engine.messages import Trade
from engine.services import ServiceManager, open_services
from tests.support.market_truth import START_NS, TruthBroker


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
