"""The markets that one deck watches: opened, tried again where their venue cannot be reached, and
framed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, nullcontext

import msgspec
import trio

from engine.clock import NANOS, Clock
from engine.errors import BrokerUnavailable, NotLoaded, TickdeckError
from engine.feed.feed import Feed, FeedHub, open_feed
from engine.feed.flume import Flume
from engine.link.outages import Outage
from engine.log import logger
from engine.messages import Event, FlumeFailed, FlumeOpened, Frame, Unwatch, Watch

_log = logger(__name__)

HEAD_START_S = 0.25
"""How long the market that is named first, and so looked at first, is opened before others."""


class Watching:
    """What a deck has open, or wants open. A market has one name here, by whatever name of its
    venue it was asked for."""

    def __init__(self, hub: FeedHub, *, clock: Clock, put: Callable[[Event], None]) -> None:
        self._hub = hub
        self._clock = clock
        self._put = put
        self._feeds: dict[float, Feed] = {}
        self._rate_of: dict[str, float] = {}
        """Of open markets, by their one name."""
        self._asked: dict[str, set[str]] = {}
        """By the one name of an open market: the names that it was asked for by."""
        self._opening: dict[str, trio.CancelScope] = {}
        """What is being opened, or waits for its venue, by the name that was asked for."""
        self._outages: dict[str, Outage] = {}
        """By broker."""

    def flume(self, fqme: str) -> Flume | None:
        """An open market."""
        rate = self._rate_of.get(fqme)
        return None if rate is None else self._feeds[rate].flumes.get(fqme)

    async def watch(self, command: Watch, stack: AsyncExitStack, nursery: trio.Nursery) -> None:
        """Open markets, in tasks of `nursery`; feeds are closed with `stack`."""
        feed = await self._feed(command.throttle_hz, stack, nursery)
        opened = trio.Event()
        head_start_ends = trio.current_time() + HEAD_START_S
        for fqme in command.fqmes:
            nursery.start_soon(self._open, feed, command.throttle_hz, fqme, opened)
            with trio.move_on_at(head_start_ends):
                await opened.wait()

    async def unwatch(self, command: Unwatch) -> None:
        """Close markets; what is still being opened is given up."""
        for asked in command.fqmes:
            if (scope := self._opening.pop(asked, None)) is not None:
                scope.cancel()
                self._wait_no_more(asked)
            if (fqme := self._let_go(asked)) is not None:
                await self._feeds[self._rate_of.pop(fqme)].remove(fqme)

    def _let_go(self, asked: str) -> str | None:
        """The open market that nobody here wants any more once it is not wanted by this name. By
        the one that it has, it is not wanted at all."""
        for fqme, names in self._asked.items():
            if asked == fqme or asked in names:
                names.discard(asked)
                if asked != fqme and names:
                    return None
                del self._asked[fqme]
                return fqme
        return None

    async def _feed(self, rate: float, stack: AsyncExitStack, nursery: trio.Nursery) -> Feed:
        """The feed of this rate, opened with the first market of it."""
        if rate not in self._feeds:
            feed = await stack.enter_async_context(open_feed(self._hub, (), throttle_hz=rate))
            if rate not in self._feeds:  # else another Watch was faster
                self._feeds[rate] = feed
                nursery.start_soon(self._send_frames, feed)
        return self._feeds[rate]

    # -- one market -----------------------------------------------------------------------------

    async def _open(self, feed: Feed, rate: float, asked: str, opened: trio.Event) -> None:
        """Open a market for the deck; `opened` is set when it is, or cannot be now."""
        if asked in self._opening or asked in self._rate_of:
            opened.set()
            return
        scope = self._opening[asked] = trio.CancelScope()
        try:
            with scope:
                flume = await self._when_reachable(feed, rate, asked, opened)
                self._put_opened(asked, flume)
        except TickdeckError as error:
            self._put(FlumeFailed(fqme=asked, reason=str(error)))
        finally:
            opened.set()
            if self._opening.get(asked) is scope:
                del self._opening[asked]
                self._wait_no_more(asked)

    async def _when_reachable(
        self, feed: Feed, rate: float, asked: str, opened: trio.Event
    ) -> Flume:
        """Open a market as soon as its venue can be reached; the first attempt is made at once.

        Raises:
            TickdeckError: it cannot be opened, and no waiting would help.
        """
        outage: Outage | None = None
        while True:
            try:
                async with outage.turn() if outage is not None else nullcontext():
                    flume = await self._add(feed, rate, asked)
            except NotLoaded:
                raise
            except BrokerUnavailable as error:
                _log.warning("%s cannot be opened now: %s", asked, error)
                outage = self._note_outage(asked, str(error))
                opened.set()
            else:
                if (ended := self._outages.pop(_broker_of(asked), None)) is not None:
                    ended.end()
                return flume

    async def _add(self, feed: Feed, rate: float, asked: str) -> Flume:
        fqme = await self._hub.canonical(asked)
        flume = self.flume(fqme) or await feed.add(fqme)
        if self._rate_of.setdefault(fqme, rate) != rate:  # opened meanwhile, at another rate
            await feed.remove(fqme)
        return flume

    def _put_opened(self, asked: str, flume: Flume) -> None:
        other = "" if asked == flume.fqme else asked
        self._asked.setdefault(flume.fqme, set()).add(asked)
        self._put(FlumeOpened(instrument=flume.instrument, quote=flume.quote, asked=other))

    def _note_outage(self, asked: str, reason: str) -> Outage:
        """A market's venue cannot be reached: tell when it is tried again, also of the others that
        wait for it where that is later than they were told."""
        outage = self._outages.setdefault(_broker_of(asked), Outage())
        is_later = outage.fail(asked, reason)
        left_ns = round((outage.due_s - trio.current_time()) * NANOS)
        retry_ns = self._clock.now_ns() + left_ns
        for fqme in list(outage.waiting) if is_later else [asked]:
            why = outage.waiting[fqme]
            self._put(FlumeFailed(fqme=fqme, reason=why, retry_ns=retry_ns))
        return outage

    def _wait_no_more(self, asked: str) -> None:
        outage = self._outages.get(_broker_of(asked))
        if outage is not None:
            outage.waiting.pop(asked, None)
            if not outage.waiting:
                del self._outages[_broker_of(asked)]

    # -- frames ---------------------------------------------------------------------------------

    async def _send_frames(self, feed: Feed) -> None:
        while True:
            frame = await feed.receive()
            flume = feed.flumes.get(frame.fqme)
            if flume is not None:
                self._put(_for_deck(frame, flume))


def _broker_of(fqme: str) -> str:
    return fqme.rpartition(".")[2]


def _for_deck(frame: Frame, flume: Flume) -> Frame:
    """`frame` with the market's present, and without the depth that the deck does not show."""
    ticks = {kind: items for kind, items in frame.ticks.items() if kind != "book"}
    return msgspec.structs.replace(frame, ticks=ticks, quote=flume.quote)
