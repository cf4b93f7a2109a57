"""A topic: one market on the bus, who reads it, and what was counted of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from engine.feed.framed import Slot
    from engine.feed.lossless import LosslessSubscription
    from engine.feed.subscription import Subscription


class TopicStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of one market's counters; all but `readers` only grow."""

    fqme: str
    readers: int
    received: int
    """Ticks that were published."""
    framed: int
    """Frames that readers took."""
    conflated: int
    """Quotes that newer ones replaced in those."""
    overruns: int
    """Times a reader was too slow: a full queue, or a throttle period without taking a frame."""
    dropped: int
    """Ticks that slow readers lost."""


class Topic:
    """One market. The tuples are replaced, never changed, so that they can be walked while
    readers come and go."""

    __slots__ = (
        "conflated",
        "dropped",
        "fqme",
        "framed",
        "lossless",
        "overruns",
        "received",
        "slots",
    )

    def __init__(self, fqme: str) -> None:
        self.fqme = fqme
        self.lossless: tuple[LosslessSubscription, ...] = ()
        self.slots: tuple[Slot, ...] = ()
        self.received = 0
        self.framed = 0
        self.conflated = 0
        self.overruns = 0
        self.dropped = 0

    def readers(self) -> frozenset[Subscription]:
        """Who reads it now."""
        return frozenset((*self.lossless, *(slot.reader for slot in self.slots)))

    def statistics(self) -> TopicStatistics:
        """A snapshot of the counters."""
        return TopicStatistics(
            fqme=self.fqme,
            readers=len(self.lossless) + len(self.slots),
            received=self.received,
            framed=self.framed,
            conflated=self.conflated,
            overruns=self.overruns,
            dropped=self.dropped,
        )
