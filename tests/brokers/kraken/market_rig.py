"""The broker's market side over a real socket: test venue, fault proxy, readers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import trio

from brokers.kraken.broker import KrakenBroker, open_broker
from engine.broker import BrokerSettings
from engine.clock import NANOS, Clock, SystemClock
from engine.messages import Break, ConnectionStatus, Quote, Tick, Trade
from tests.venues.fault_proxy import FaultProxy, open_proxy
from tests.venues.kraken.pairs import PAIRS, Pair
from tests.venues.kraken.server import Running, open_kraken

FQME = "btcusd.spot.kraken"
SYMBOL = "BTC/USD"

FEW = [pair for pair in PAIRS if pair.symbol in (SYMBOL, "ETH/USD")]
"""Markets of a venue that is opened quickly."""


class FastClock:
    """Wall time that goes `speed` times as fast."""

    def __init__(self, speed: float, start_ns: int = 1_795_262_400 * NANOS) -> None:
        self._speed = speed
        self._start_ns = start_ns
        self._began_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        return self._start_ns + round((time.monotonic_ns() - self._began_ns) * self._speed)

    async def sleep_until_ns(self, wall_ns: int) -> None:
        await trio.sleep(max(0.0, (wall_ns - self.now_ns()) / NANOS / self._speed))


async def until(so: Callable[[], Any], *, within_s: float = 30.0) -> Any:
    """Come back with what `so` returns as soon as that is true."""
    with trio.fail_after(within_s):
        while not (found := so()):  # noqa: ASYNC110 - what it waits for sends no event
            await trio.sleep(0.002)
    return found


@dataclass
class Watched:
    """A stream that is being read."""

    quote: Quote
    ticks: list[Tick] = field(default_factory=list)

    def of(self, kind: type) -> list[Any]:
        return [tick for tick in self.ticks if type(tick) is kind]

    @property
    def trade_ids(self) -> list[int]:
        return [int(tick.trade_id) for tick in self.of(Trade)]

    @property
    def breaks(self) -> list[str]:
        return [tick.reason for tick in self.of(Break)]


@dataclass
class Rig:
    """A venue, a proxy before its sockets, and a broker that is connected through it."""

    running: Running
    proxy: FaultProxy
    broker: KrakenBroker
    nursery: trio.Nursery

    @property
    def market(self) -> Any:
        return self.running.venue.exchange.markets[SYMBOL]

    def print(self, price: str, size: str = "0.01", side: str = "buy") -> None:
        """A trade at the venue."""
        self.running.venue.controller.do("print", symbol=SYMBOL, price=price, size=size, side=side)

    def ladder(self) -> None:
        """Thirty orders on each side."""
        self.running.venue.controller.do(
            "ladder", symbol=SYMBOL, middle="52000.0", size="0.5", rungs=30
        )

    def trade_ids(self) -> list[int]:
        """Of the newest trades at the venue, as the wire has them."""
        return [trade.trade_id for trade in self.market.tape.last(100_000)]

    async def watch(self, fqme: str = FQME) -> Watched:
        """Read a market for as long as the rig is there."""
        watched: Watched
        batches: list[Tick] = []

        def sink(fqme: str, ticks: Sequence[Tick]) -> None:
            batches.extend(ticks)

        with trio.fail_after(30):
            quote = await self.nursery.start(partial(self.broker.stream, fqme, sink))
        watched = Watched(quote, batches)
        return watched

    def socket_status(self) -> ConnectionStatus:
        return next(one for one in self.broker.connections() if one.name.startswith("market"))

    async def live(self) -> None:
        await until(lambda: self.socket_status().state == "live")


@asynccontextmanager
async def open_rig(
    *,
    clock: Clock | None = None,
    data_dir: Path | None = None,
    is_quiet: bool = True,
    patience: float = 100.0,
    options: dict[str, Any] | None = None,
    pairs: Sequence[Pair] = FEW,
    play: Path | None = None,
) -> AsyncIterator[Rig]:
    """
    Args:
        play: a recording that the venue plays, as fast as it can.
    """
    clock = clock or SystemClock()
    playing = {} if play is None else {"play": play, "speed": 0.0}
    async with (
        open_kraken(clock, is_quiet=is_quiet, patience=patience, pairs=pairs, **playing) as running,
        open_proxy(running.port) as proxy,
        trio.open_nursery() as nursery,
    ):
        settings = BrokerSettings(
            name="kraken",
            clock=clock,
            data_dir=data_dir,
            options={
                "rest_url": running.rest_url,
                "ws_url": f"ws://127.0.0.1:{proxy.port}/v2",
                "ws_auth_url": running.ws_auth_url,
                "public_per_s": 200.0,
                "silence_s": 30.0,
                **(options or {}),
            },
        )
        broker = open_broker(settings)
        await nursery.start(broker.run)
        yield Rig(running, proxy, broker, nursery)
        nursery.cancel_scope.cancel()
