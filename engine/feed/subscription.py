"""A subscription: a reader of the bus, and the set of markets that it reads.

It belongs to the task that reads it, and is closed by leaving its `with` block:

    with bus.subscribe_framed(["btcusdt.spot.sim"], throttle_hz=15) as reader:
        async for frame in reader:
            ...
"""

from __future__ import annotations

import math
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import msgspec
import trio

from engine.feed.topics import Topic

if TYPE_CHECKING:
    from engine.feed.bus import Bus


class SubscriptionStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of one reader's counters."""

    name: str
    mode: Literal["lossless", "framed"]
    fqmes: frozenset[str]
    received: int
    """Ticks that came for it while it was not paused."""
    framed: int
    """Frames that it took."""
    conflated: int
    """Quotes that newer ones replaced in those."""
    overruns: int
    """Times it was too slow: a full queue, or a throttle period without taking a frame."""
    dropped: int
    """Ticks that it lost by that."""
    waiting: int
    """Ticks (lossless) or frames (framed) that wait for it."""
    is_paused: bool
    is_dropped: bool
    """The bus gave it up for dead."""


class Subscription:
    """What both kinds have in common: a set of markets, pausing, closing, waking."""

    mode: Literal["lossless", "framed"]

    def __init__(self, bus: Bus, *, patience_s: float, name: str) -> None:
        self.name = name or type(self).__name__
        self.patience_s = patience_s
        self.is_paused = False
        self.is_closed = False
        self.is_dropped = False
        self.received = self.framed = self.conflated = self.overruns = self.dropped = 0
        self._bus = bus
        self._wake: trio.Event | None = None

    def add(self, *fqmes: str) -> None:
        """Read these markets too; those that it reads already are not doubled."""
        self._check_open()
        for fqme in fqmes:
            if fqme not in self.get():
                self._bus.attach(self, fqme)

    def remove(self, *fqmes: str) -> None:
        """Read these no longer: nothing of them that still waits is delivered."""
        for fqme in fqmes:
            if fqme in self.get():
                self._leave(fqme)

    def get(self) -> frozenset[str]:
        """The markets it reads."""
        raise NotImplementedError

    def pause(self) -> None:
        """Take no ticks until `resume`. What waits already can be received."""
        self.is_paused = True

    def resume(self) -> None:
        """Take ticks again."""
        self.is_paused = False

    def close(self) -> None:
        """Leave all markets. A `receive` that waits ends. Closing twice does nothing."""
        if not self.is_closed:
            self.is_closed = True
            self.remove(*self.get())
            self._bus.discard(self, was_dropped=False)
            self._wake_up()

    def drop(self) -> None:
        """Close it for being dead: its next `receive` raises `trio.BrokenResourceError`."""
        if not self.is_closed:
            self.is_closed = self.is_dropped = True
            self.remove(*self.get())
            self._bus.discard(self, was_dropped=True)
            self._wake_up()

    def join(self, topic: Topic) -> None:
        """Enter a topic; for the bus."""
        raise NotImplementedError

    def statistics(self) -> SubscriptionStatistics:
        """A snapshot of its counters."""
        return SubscriptionStatistics(
            name=self.name,
            mode=self.mode,
            fqmes=self.get(),
            received=self.received,
            framed=self.framed,
            conflated=self.conflated,
            overruns=self.overruns,
            dropped=self.dropped,
            waiting=self._count_waiting(),
            is_paused=self.is_paused,
            is_dropped=self.is_dropped,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    def _leave(self, fqme: str) -> None:
        raise NotImplementedError

    def _count_waiting(self) -> int:
        raise NotImplementedError

    def _check_open(self) -> None:
        if self.is_dropped:
            raise trio.BrokenResourceError(f"{self.name} took nothing for too long and was dropped")
        if self.is_closed:
            raise trio.ClosedResourceError(f"{self.name} is closed")

    @property
    def is_waiting(self) -> bool:
        """A task sits in `receive`: the reader is alive, however late it is woken. The whole
        process may have stood still."""
        return self._wake is not None

    def _wake_up(self) -> None:
        if self._wake is not None:
            self._wake.set()

    async def _wait(self, until_s: float = math.inf) -> None:
        """Sleep until something changes, or until this time of trio's clock."""
        if self._wake is not None:
            raise trio.BusyResourceError(f"another task is receiving from {self.name}")
        self._wake = trio.Event()
        try:
            with trio.move_on_at(until_s):
                await self._wake.wait()
        finally:
            self._wake = None
