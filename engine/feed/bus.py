"""The bus: ticks from the streams of brokers to everyone who asked for them.

`publish` never waits. It passes ticks on in a fixed order: first the taps, in the order in which
they were added (the parts of the engine that act on a market), then lossless readers, then
framed ones. Readers may come and go while it does; whoever has left gets nothing more, and
whoever has come starts with the next ticks.

No reader can delay another or the engine. What waits for one is bounded: a lossless reader that
is full loses ticks and is told where (`Break("overrun")`), a framed one conflates. A reader that
has taken nothing for `patience_s` is dropped, and learns so from its next `receive`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec
import trio

from engine.feed.framed import FramedSubscription
from engine.feed.lossless import LosslessSubscription
from engine.feed.subscription import Subscription, SubscriptionStatistics
from engine.feed.topics import Topic, TopicStatistics
from engine.log import logger
from engine.messages import Tick

_log = logger(__name__)

Tap = Callable[[str, Sequence[Tick]], None]
"""Takes the ticks of one fqme, in order, before any reader; never waits."""

ReportError = Callable[[str, Exception], None]
"""Takes the fqme of ticks on which a tap failed, and the error."""

_Reader = TypeVar("_Reader", bound=Subscription)

DEPTH = 65536
"""Ticks that may wait for a lossless reader: seconds of a wild market."""

PATIENCE_S = 30.0
"""Seconds without taking anything after which a reader counts as dead."""


class BusStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of the bus."""

    topics: tuple[TopicStatistics, ...]
    """One per market, in the order of first use."""
    subscriptions: tuple[SubscriptionStatistics, ...]
    """One per open subscription, oldest first."""
    dropped_readers: int
    """Readers that were dropped for being dead, ever."""


class Bus:
    """Topics by fqme, and who reads them."""

    def __init__(self, report_error: ReportError | None = None) -> None:
        """Without `report_error`, `publish` raises what taps raised, after all were served."""
        self._taps: tuple[Tap, ...] = ()
        self._topics: dict[str, Topic] = {}
        self._readers: dict[Subscription, None] = {}  # an ordered set
        self._dropped_readers = 0
        self._report_error = report_error

    def add_tap(self, tap: Tap) -> None:
        """Give `tap` the ticks of every market, after the taps that are there already."""
        self._taps = (*self._taps, tap)

    def publish(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """Pass on ticks of one market, in order, to everyone. Never waits.

        Raises:
            Exception: what a tap raised, unless errors are reported elsewhere; several as a
                group. Everyone else has got the ticks by then.
        """
        if not ticks:
            return
        topic = self._topics.get(fqme)
        if topic is None:
            topic = self._topic(fqme)
        topic.received += len(ticks)
        errors: list[Exception] | None = None
        for tap in self._taps:
            try:
                tap(fqme, ticks)
            except Exception as error:
                errors = [*(errors or ()), error]
        # Taps may add and remove readers. These tuples are of after that, and are replaced, never
        # changed: a reader that is dropped while they are walked disturbs nobody.
        for reader in topic.lossless:
            reader.deliver(topic, ticks)
        if topic.slots:
            now_s = trio.current_time()
            for slot in topic.slots:
                slot.deliver(ticks, now_s)
        if errors is not None:
            self._failed(fqme, errors)

    def subscribe_lossless(
        self,
        fqmes: Iterable[str] = (),
        *,
        depth: int = DEPTH,
        patience_s: float = PATIENCE_S,
        name: str = "",
    ) -> LosslessSubscription:
        """A reader of every tick, or of a break that says where some are missing.

        Args:
            depth: most ticks that wait for it.
        """
        reader = LosslessSubscription(self, depth=depth, patience_s=patience_s, name=name)
        return self._open(reader, fqmes)

    def subscribe_framed(
        self,
        fqmes: Iterable[str] = (),
        *,
        throttle_hz: float,
        patience_s: float = PATIENCE_S,
        name: str = "",
    ) -> FramedSubscription:
        """A reader of frames: of each market at most `throttle_hz` a second.

        Quotes wait for the end of the throttle period. A trade or a break sends the frame at
        once, where the rate allows it.
        """
        reader = FramedSubscription(self, throttle_hz=throttle_hz, patience_s=patience_s, name=name)
        return self._open(reader, fqmes)

    def get(self, fqme: str) -> frozenset[Subscription]:
        """Who reads this market now."""
        topic = self._topics.get(fqme)
        return topic.readers() if topic else frozenset()

    def forget(self, fqme: str) -> None:
        """Drop the counters of a market that nobody reads and nothing is published for."""
        if (topic := self._topics.get(fqme)) and not topic.readers():
            del self._topics[fqme]

    def topic_statistics(self, fqme: str) -> TopicStatistics:
        """The counters of one market; all 0 where nothing was published yet."""
        return (self._topics.get(fqme) or Topic(fqme)).statistics()

    def statistics(self) -> BusStatistics:
        """A snapshot of all counters."""
        return BusStatistics(
            topics=tuple(topic.statistics() for topic in self._topics.values()),
            subscriptions=tuple(reader.statistics() for reader in self._readers),
            dropped_readers=self._dropped_readers,
        )

    # -- for subscriptions ------------------------------------------------------------------

    def attach(self, reader: Subscription, fqme: str) -> None:
        """Add `reader` to a market's topic."""
        reader.join(self._topic(fqme))

    def discard(self, reader: Subscription, *, was_dropped: bool) -> None:
        """Forget a reader that has left all its topics."""
        self._readers.pop(reader, None)
        if was_dropped:
            self._dropped_readers += 1
            _log.warning("reader %s dropped: it took nothing for too long", reader.name)

    def _topic(self, fqme: str) -> Topic:
        return self._topics.setdefault(fqme, Topic(fqme))

    def _open(self, reader: _Reader, fqmes: Iterable[str]) -> _Reader:
        self._readers[reader] = None
        reader.add(*fqmes)
        return reader

    def _failed(self, fqme: str, errors: list[Exception]) -> None:
        """Some taps failed: our bug, which must reach someone."""
        if self._report_error is not None:
            for error in errors:
                self._report_error(fqme, error)
        elif len(errors) == 1:
            raise errors[0]
        else:
            raise ExceptionGroup(f"{len(errors)} taps failed on ticks of {fqme}", errors)
