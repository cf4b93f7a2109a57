"""The embedded exchange behind the port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from brokers.sim.broker import open_broker
from engine.broker import BrokerSettings
from engine.clock import TrioClock
from engine.messages import AccountInfo
from tests.check_broker import Harness, check_broker

START_NS = 1_795_226_417_250_000_000
ACCOUNT = AccountInfo(name="sim", broker="sim", serves=("sim",))


@asynccontextmanager
async def make_harness(fqme: str = "btcusdt.spot.sim") -> AsyncIterator[Harness]:
    async with trio.open_nursery() as nursery:
        broker = open_broker(BrokerSettings(name="sim", clock=TrioClock(START_NS)))
        await nursery.start(broker.run)
        # Calm markets may go without a trade for a while.
        yield Harness(broker=broker, fqme=fqme, account=ACCOUNT, patience_s=120.0)
        nursery.cancel_scope.cancel()


async def test_keeps_every_promise_of_the_port(autojump_clock: object) -> None:
    await check_broker(make_harness)


async def test_keeps_them_in_every_other_market(autojump_clock: object) -> None:
    for fqme in ("eurusd.fx.sim", "acme.stock.sim", "es.cme.202612.sim", "dogeusdt.spot.sim"):
        await check_broker(lambda fqme=fqme: make_harness(fqme))
