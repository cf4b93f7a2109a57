"""Feeds: open markets for as long as somebody reads them.

    async with open_feed(hub, ["btcusdt.spot.sim"], throttle_hz=15) as feed:
        print(feed.flumes["btcusdt.spot.sim"].quote)
        while True:
            frame = await feed.receive()

However many readers a market has, one stream serves them all, as one service. It ends some
seconds after the last reader has left, so that who comes back within that time finds it open.
A stream that fails, or whose broker does, is begun anew, and readers are told: `Break("stale")`
when it fails, `Break("gap")` when it goes on. Only a playback that failed is not begun anew: it
would start over, and trade the same past again.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType

import trio

from engine.broker import Broker, Renames, UntilLost, never_lost
from engine.errors import BrokerError, TickdeckError
from engine.feed.bus import Bus
from engine.feed.flume import Flume
from engine.feed.history import History
from engine.feed.sampler import Sampler
from engine.feed.subscription import SubscriptionStatistics
from engine.feed.upstream import Upstream
from engine.instruments import Instrument, parse_fqme
from engine.log import logger
from engine.messages import FeedStatus, Frame, Quote, Tick
from engine.services import ServiceManager

_log = logger(__name__)

GRACE_S = 5.0
STALE_AFTER_S = 30.0

GetBroker = Callable[[str], Awaitable[Broker]]
"""Finds the running broker of this name, started first if need be."""


class FeedHub:
    """All open markets of the engine."""

    def __init__(
        self,
        *,
        services: ServiceManager,
        bus: Bus,
        sampler: Sampler,
        get_broker: GetBroker,
        until_lost: UntilLost = never_lost,
        grace_s: float = GRACE_S,
        stale_after_s: float = STALE_AFTER_S,
    ) -> None:
        """
        Args:
            grace_s: how long a market stays open without a reader.
            stale_after_s: age of the last tick above which a feed counts as stale.
        """
        self.bus = bus
        self._services = services
        self._sampler = sampler
        self._get_broker = get_broker
        self.until_lost = until_lost
        self._grace_s = grace_s
        self._stale_after_s = stale_after_s
        self._flumes: dict[str, Flume] = {}
        self._readers: dict[str, int] = {}
        self._left_s: dict[str, float] = {}
        self._readers_changed = trio.Event()
        self._tap_failures = 0

    # -- what is known of open markets ----------------------------------------------------------

    def quote_of(self, fqme: str) -> Quote | None:
        """The present of an open market."""
        flume = self._flumes.get(fqme)
        return flume.quote if flume else None

    def instrument_of(self, fqme: str) -> Instrument | None:
        """The details of an open market."""
        flume = self._flumes.get(fqme)
        return flume.instrument if flume else None

    def now_ns_of(self, fqme: str) -> int | None:
        """The time of an open market."""
        flume = self._flumes.get(fqme)
        return flume.broker.now_ns() if flume else None

    def statuses(self) -> tuple[FeedStatus, ...]:
        """How each market's stream is; those that are still opening included."""
        opening = [fqme for fqme in self._readers if fqme not in self._flumes]
        return (
            *(
                flume.status(self.bus.topic_statistics(fqme), self._stale_after_s)
                for fqme, flume in self._flumes.items()
            ),
            *(FeedStatus(fqme=fqme, state="opening") for fqme in opening),
        )

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """Keep the market's present. A tap of the bus, before those who look at it."""
        flume = self._flumes.get(fqme)
        if flume is not None:
            flume.on_ticks(ticks)

    async def canonical(self, fqme: str) -> str:
        """The one name of the market that its venue may call otherwise: of `xbtusd.spot.kraken`,
        `btcusd.spot.kraken`. A name that is not known is returned as it is.

        Raises:
            UsageError: `fqme` is no market name.
            BrokerError: its broker does not come up, or cannot tell now.
        """
        asked = parse_fqme(fqme)
        if fqme in self._flumes:
            return fqme
        broker = await self._get_broker(asked.broker)
        if not isinstance(broker, Renames):
            return str(asked)
        try:
            name = parse_fqme(await broker.canonical(str(asked)))
        except TickdeckError:
            raise
        except Exception as error:
            raise BrokerError(f"{fqme} cannot be opened: {error}") from error
        if name.broker != asked.broker:
            raise BrokerError(f"{fqme}: its broker says that it is another's, {name}")
        return str(name)

    # -- readers come and go --------------------------------------------------------------------

    async def acquire(self, fqme: str) -> Flume:
        """Count one reader of a market, which is opened if it is not; see `release`.

        Args:
            fqme: its one name, as `canonical` finds it.

        Raises:
            UsageError: `fqme` is no market name.
            BrokerError: it cannot be opened, or was lost for good.
        """
        parse_fqme(fqme)
        self._count(fqme, 1)
        try:
            return await self._opened(fqme)
        except BaseException:
            self.release(fqme)
            if fqme not in self._readers and fqme not in self._flumes:
                self._left_s.pop(fqme, None)
            raise

    def release(self, fqme: str) -> None:
        """One reader less. After the last one's grace time the market is closed."""
        self._count(fqme, -1)

    def _count(self, fqme: str, change: int) -> None:
        self._readers[fqme] = self._readers.get(fqme, 0) + change
        if not self._readers[fqme]:
            del self._readers[fqme]
            self._left_s[fqme] = trio.current_time()
        self._readers_changed.set()
        self._readers_changed = trio.Event()

    async def _opened(self, fqme: str) -> Flume:
        name = f"feed {fqme}"
        try:
            flume: Flume = await self._services.start(name, self._run, fqme)
            while flume.is_closed:  # its grace time ended just now
                await self._services.stop(name)
                flume = await self._services.start(name, self._run, fqme)
        except TickdeckError:
            raise
        except Exception as error:
            # A bug in a broker package must not take the engine along.
            raise BrokerError(f"{fqme} cannot be opened: {error}") from error
        if flume.failure:
            raise BrokerError(flume.failure)
        return flume

    # -- one market, as a service -----------------------------------------------------------------

    async def _run(self, fqme: str, *, task_status: trio.TaskStatus[Flume]) -> None:
        stream = Upstream(self, fqme)
        try:
            async with trio.open_nursery() as nursery:
                flume: Flume = await nursery.start(stream.run, nursery)
                task_status.started(flume)
                await self._until_unused(fqme)
                flume.is_closed = True
                nursery.cancel_scope.cancel()
        finally:
            if (opened := self._flumes.pop(fqme, None)) is not None:
                opened.close()
            self._left_s.pop(fqme, None)
            self.bus.forget(fqme)

    async def _until_unused(self, fqme: str) -> None:
        """Wait until there has been no reader for the grace time."""
        while True:
            until_s = math.inf
            if fqme not in self._readers:
                # Counted from the last leave: a reader may have come and gone since we looked.
                until_s = self._left_s[fqme] + self._grace_s
                if trio.current_time() >= until_s:
                    return
            with trio.move_on_at(until_s):
                await self._readers_changed.wait()

    def publish(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """The sink of all streams. What a tap raises is a bug of ours: no broker should have to
        handle it, and the market goes on."""
        try:
            self.bus.publish(fqme, ticks)
        except Exception:
            self._tap_failures += 1
            if self._tap_failures.bit_count() == 1:
                # The first, second, fourth, ...: one on every tick would fill the disk.
                _log.exception("tap failure %d, on ticks of %s", self._tap_failures, fqme)

    async def broker_of(self, fqme: str) -> Broker:
        """The running broker of a market; for its stream."""
        return await self._get_broker(parse_fqme(fqme).broker)

    def open_flume(self, flume: Flume, nursery: trio.Nursery) -> None:
        """Make a market known before its first tick; for its stream."""
        history = History(
            flume.fqme,
            get_broker=lambda: flume.broker,
            price=lambda: flume.quote.last,
            sampler=self._sampler,
            nursery=nursery,
        )
        flume.use_history(history)
        self._flumes[flume.fqme] = flume


class Feed:
    """What one reader has open. See `open_feed`."""

    def __init__(self, hub: FeedHub, *, throttle_hz: float) -> None:
        self._hub = hub
        self._reader = hub.bus.subscribe_framed(throttle_hz=throttle_hz, name="feed")
        self._flumes: dict[str, Flume] = {}
        self._opening: dict[str, int] = {}
        self.flumes: Mapping[str, Flume] = MappingProxyType(self._flumes)
        """The open markets by fqme."""

    async def add(self, fqme: str) -> Flume:
        """Open a market, or find it open; returns as soon as its first quote is there. By
        another name that its venue has for it, it is the same market: see the flume's `fqme`.

        Raises:
            UsageError: `fqme` is no market name.
            BrokerError: it cannot be opened, or was removed meanwhile.
        """
        if fqme in self._flumes:
            return self._flumes[fqme]
        self._opening[fqme] = self._opening.get(fqme, 0) + 1
        try:
            flume = await self._hub.acquire(await self._hub.canonical(fqme))
        finally:
            is_wanted = self._end_opening(fqme)
        if not is_wanted:
            self._hub.release(flume.fqme)
            raise BrokerError(f"{fqme} was closed while it was being opened")
        if flume.fqme in self._flumes:  # another task of ours was faster
            self._hub.release(flume.fqme)
        else:
            self._flumes[flume.fqme] = flume
            self._reader.add(flume.fqme)
        return flume

    async def remove(self, fqme: str) -> None:
        """Close a market for this reader, also one that is being opened."""
        self._opening.pop(fqme, None)
        if self._flumes.pop(fqme, None) is not None:
            self._reader.remove(fqme)
            self._hub.release(fqme)
        await trio.lowlevel.checkpoint()

    async def receive(self) -> Frame:
        """The next frame of any of the markets.

        Raises:
            trio.ClosedResourceError: the feed was closed.
            trio.BrokenResourceError: nothing was received for so long that it was dropped.
        """
        return await self._reader.receive()

    def pause(self) -> None:
        """Send no frames until `resume`."""
        self._reader.pause()

    def resume(self) -> None:
        """Send frames again."""
        self._reader.resume()

    def statistics(self) -> SubscriptionStatistics:
        """What was counted of this reader."""
        return self._reader.statistics()

    def close(self) -> None:
        """Leave all markets."""
        self._opening.clear()
        self._reader.close()
        for fqme in self._flumes:
            self._hub.release(fqme)
        self._flumes.clear()

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self._reader

    def _end_opening(self, fqme: str) -> bool:
        """One `add` less that waits; whether the market is still wanted."""
        left = self._opening.pop(fqme, 0) - 1
        if left > 0:
            self._opening[fqme] = left
        return left >= 0


@asynccontextmanager
async def open_feed(
    hub: FeedHub, fqmes: Iterable[str], *, throttle_hz: float
) -> AsyncIterator[Feed]:
    """Open markets, all at once, and read them while the block is open.

    Ready as soon as each market's details and first quote, with a last price, are there;
    history follows as it is asked for.

    Raises:
        UsageError: a name is no market name.
        BrokerError: a market cannot be opened.
    """
    feed = Feed(hub, throttle_hz=throttle_hz)
    try:
        await _add_all(feed, fqmes)
        yield feed
    finally:
        feed.close()


async def _add_all(feed: Feed, fqmes: Iterable[str]) -> None:
    try:
        async with trio.open_nursery() as nursery:
            for fqme in dict.fromkeys(fqmes):
                nursery.start_soon(feed.add, fqme)
    except ExceptionGroup as group:
        # The first failure has cancelled the others; one error is enough to say why.
        raise group.exceptions[0] from None
