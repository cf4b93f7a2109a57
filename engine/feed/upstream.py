"""The upstream of one market: its stream, begun, and begun anew when it fails."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import trio

from engine.broker import Broker
from engine.errors import (
    BrokerLost,
    BrokerUnavailable,
    NotSupported,
    TickdeckError,
    UnknownSymbol,
)
from engine.feed.flume import Flume
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import Break, Quote
from engine.services import HEALTHY_S, Started, backoff, sole_error

if TYPE_CHECKING:
    from engine.feed.feed import FeedHub

_log = logger(__name__)


class Upstream:
    """Publishes what a broker streams of one market, for as long as the hub has it open."""

    def __init__(self, hub: FeedHub, fqme: str) -> None:
        self._hub = hub
        self._fqme = fqme
        self._flume: Flume | None = None

    async def run(self, nursery: trio.Nursery, *, task_status: trio.TaskStatus[Flume]) -> None:
        """Publish the market's ticks until cancelled. Errors before the first quote are raised;
        later ones are told to the readers, and the stream is begun anew."""
        delays = backoff()
        while True:
            began_s = trio.current_time()
            error = await self._run_once(nursery, task_status)
            if self._flume is None:
                raise error
            _log.warning("stream of %s failed: %s", self._fqme, error)
            self._tell("stale")
            if self._is_final(error, self._flume.broker):
                self._flume.failure = f"{self._fqme}: {error}"
                self._tell("end")
                await trio.sleep_forever()
            if trio.current_time() - began_s >= HEALTHY_S:
                delays = backoff()
            await trio.sleep(next(delays))

    async def _run_once(
        self, nursery: trio.Nursery, task_status: trio.TaskStatus[Flume]
    ) -> Exception:
        """One life of the stream; what it ended with."""
        try:
            broker = await self._hub.broker_of(self._fqme)
            if self._flume is None:
                instrument = await broker.instrument(self._fqme)
                if instrument.fqme != self._fqme:  # its names were not known when it was asked for
                    raise BrokerUnavailable(f"{self._fqme} is {instrument.fqme} there")
                began = partial(self._begin, broker, instrument, nursery, task_status)
            else:
                began = partial(self._begin_again, broker, self._flume)
            await self._stream(broker, Started(began))
        except Exception as error:
            return sole_error(error)
        return BrokerUnavailable(f"{self._fqme}: the stream ended")

    async def _stream(self, broker: Broker, task_status: trio.TaskStatus[Quote]) -> None:
        """Stream until that ends, or its broker, of which it may never find out by itself."""
        why = ""

        async def watch_over(nursery: trio.Nursery) -> None:
            nonlocal why
            why = await self._hub.until_lost(broker)
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch_over, nursery)
            if self._flume is not None:
                nursery.start_soon(self._renew, broker, self._flume)
            await broker.stream(self._fqme, self._hub.publish, task_status=task_status)
            nursery.cancel_scope.cancel()
        if why:
            raise BrokerLost(why)

    async def _renew(self, broker: Broker, flume: Flume) -> None:
        """What the market is may have changed while it was away: its price tick, for one."""
        try:
            flume.instrument = await broker.instrument(self._fqme)
        except TickdeckError as error:
            _log.warning("details of %s are those from before: %s", self._fqme, error)

    @staticmethod
    def _is_final(error: Exception, broker: Broker) -> bool:
        """There is nothing to be begun anew."""
        if isinstance(error, BrokerLost):
            return broker.capabilities.can_play  # it would start over
        return isinstance(error, UnknownSymbol | NotSupported)

    def _begin(
        self,
        broker: Broker,
        instrument: Instrument,
        nursery: trio.Nursery,
        task_status: trio.TaskStatus[Flume],
        quote: Quote,
    ) -> None:
        self._flume = Flume(broker, instrument, quote)
        self._hub.open_flume(self._flume, nursery)
        task_status.started(self._flume)

    def _begin_again(self, broker: Broker, flume: Flume, quote: Quote) -> None:
        flume.broker = broker
        self._tell("gap")
        flume.set_quote(quote)

    def _tell(self, reason: Literal["stale", "gap", "end"]) -> None:
        assert self._flume is not None
        now_ns = self._flume.broker.now_ns()
        self._hub.publish(self._fqme, [Break(self._fqme, reason, now_ns, now_ns)])
