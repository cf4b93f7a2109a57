"""Readers of the bus: subscriptions to sets of markets, lossless or framed.

A subscription belongs to the task that reads it and is closed by leaving its `with` block:

    with bus.subscribe_framed(["btcusdt.spot.sim"], throttle_hz=15) as reader:
        async for frame in reader:
            ...
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import msgspec
import trio

from engine.errors import UsageError
from engine.feed.frames import FrameBuilder
from engine.feed.topics import Topic
from engine.messages import Break, Frame, Tick

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


class LosslessSubscription(Subscription):
    """Every tick in order, in batches; or a `Break` where some are missing.

    Once it is full, it takes nothing more until what waits was received: then comes one
    `Break("overrun")` for each market that lost ticks, with the times of the last one lost.
    Ticks that passed while it was paused are told as `Break("gap")` when it goes on.
    """

    mode = "lossless"

    def __init__(self, bus: Bus, *, depth: int, patience_s: float, name: str) -> None:
        if depth < 1:
            raise UsageError(f"a queue of {depth} holds nothing")
        super().__init__(bus, patience_s=patience_s, name=name)
        self._depth = depth
        self._topics: dict[str, Topic] = {}
        self._queue: list[Tick] = []
        self._lost: dict[str, Break] = {}
        self._full_since_s: float | None = None

    def get(self) -> frozenset[str]:
        return frozenset(self._topics)

    def join(self, topic: Topic) -> None:
        self._topics[topic.fqme] = topic
        topic.lossless = (*topic.lossless, self)

    def deliver(self, topic: Topic, ticks: Sequence[Tick]) -> None:
        """Take ticks of a market; for the bus."""
        if topic.fqme not in self._topics:
            return  # left while this broadcast was under way
        if self.is_paused:
            self._lose(ticks, "gap")
            return
        self.received += len(ticks)
        room = 0 if self._full_since_s is not None else self._depth - len(self._queue)
        self._queue.extend(ticks if len(ticks) <= room else ticks[:room])
        if len(ticks) > room:
            self._overrun(topic, ticks[room:])
        self._wake_up()

    def resume(self) -> None:
        super().resume()
        if self._full_since_s is None:
            self._tell_lost()

    async def receive(self) -> list[Tick]:
        """All ticks that wait, oldest first; at least one.

        Raises:
            trio.ClosedResourceError: it was closed.
            trio.BrokenResourceError: it was dropped for taking nothing for too long.
            trio.BusyResourceError: another task is receiving.
        """
        await trio.lowlevel.checkpoint()
        while True:
            self._check_open()
            if batch := self._take():
                return batch
            await self._wait()

    async def __anext__(self) -> list[Tick]:
        try:
            return await self.receive()
        except trio.ClosedResourceError:
            raise StopAsyncIteration from None

    def _take(self) -> list[Tick]:
        if self._full_since_s is not None:
            self._full_since_s = None
            if not self.is_paused:
                self._tell_lost()
        taken, self._queue = self._queue, []
        return taken

    def _tell_lost(self) -> None:
        self._queue.extend(self._lost.values())
        self._lost.clear()
        self._wake_up()

    def _overrun(self, topic: Topic, lost: Sequence[Tick]) -> None:
        now_s = trio.current_time()
        if self._full_since_s is None:
            self._full_since_s = now_s
            self.overruns += 1
            topic.overruns += 1
        self.dropped += len(lost)
        topic.dropped += len(lost)
        self._lose(lost, "overrun")
        if now_s - self._full_since_s > self.patience_s:
            self.drop()

    def _lose(self, ticks: Sequence[Tick], reason: Literal["gap", "overrun"]) -> None:
        last = ticks[-1]
        self._lost[last.fqme] = Break(last.fqme, reason, last.venue_ns, last.recv_ns)

    def _leave(self, fqme: str) -> None:
        topic = self._topics.pop(fqme)
        topic.lossless = tuple(reader for reader in topic.lossless if reader is not self)
        self._queue = [tick for tick in self._queue if tick.fqme != fqme]
        self._lost.pop(fqme, None)

    def _count_waiting(self) -> int:
        return len(self._queue)


class Slot:
    """One market of one framed reader: the frame that fills, and when it may leave."""

    __slots__ = ("builder", "due_s", "is_open", "reader", "sent_s", "topic")

    def __init__(self, reader: FramedSubscription, topic: Topic) -> None:
        self.reader = reader
        self.topic = topic
        self.builder = FrameBuilder(topic.fqme)
        self.due_s = math.inf
        """When the frame may leave; never, while it is empty."""
        self.sent_s = -math.inf
        self.is_open = True

    def deliver(self, ticks: Sequence[Tick], now_s: float) -> None:
        """Add ticks to the frame; for the bus."""
        reader = self.reader
        if reader.is_paused or not self.is_open:
            return
        reader.received += len(ticks)
        builder = self.builder
        was_empty, was_urgent = builder.is_empty, builder.is_urgent
        builder.add(ticks)
        if was_empty or (builder.is_urgent and not was_urgent):
            self.due_s = self._due_s(now_s)
            reader.schedule(self)
        elif now_s - self.due_s > reader.patience_s:
            reader.drop()

    def _due_s(self, now_s: float) -> float:
        period_s = self.reader.period_s
        allowed_s = self.sent_s + period_s
        if self.builder.is_urgent:
            return max(allowed_s, now_s)
        return allowed_s if allowed_s > now_s else now_s + period_s

    def take(self, now_s: float) -> Frame | None:
        """The frame, which begins the next throttle period."""
        reader, topic = self.reader, self.topic
        missed = int((now_s - self.due_s) / reader.period_s)
        dropped = self.builder.dropped
        frame = self.builder.take()
        self.due_s, self.sent_s = math.inf, now_s
        if frame is not None:
            for counters in (reader, topic):
                counters.framed += 1
                counters.conflated += frame.conflated
                counters.overruns += missed
                counters.dropped += dropped
        return frame

    def clear(self) -> None:
        """Drop the frame so far."""
        self.builder.reset()
        self.due_s = math.inf


class FramedSubscription(Subscription):
    """Frames of each market, at most `throttle_hz` a second: where it is, not how it got there."""

    mode = "framed"

    def __init__(self, bus: Bus, *, throttle_hz: float, patience_s: float, name: str) -> None:
        if not 0 < throttle_hz < math.inf:
            raise UsageError(f"{throttle_hz} frames a second cannot be sent")
        super().__init__(bus, patience_s=patience_s, name=name)
        self.period_s = 1.0 / throttle_hz
        self._slots: dict[str, Slot] = {}
        # Frames by the time they may leave. An entry whose time is not its slot's is void:
        # a frame that became urgent was entered again, with an earlier time.
        self._due: list[tuple[float, int, Slot]] = []
        self._entries = 0

    def get(self) -> frozenset[str]:
        return frozenset(self._slots)

    def join(self, topic: Topic) -> None:
        slot = self._slots[topic.fqme] = Slot(self, topic)
        topic.slots = (*topic.slots, slot)

    def pause(self) -> None:
        """Take no ticks until `resume`, and drop the frames that wait."""
        super().pause()
        for slot in self._slots.values():
            slot.clear()

    def schedule(self, slot: Slot) -> None:
        """Enter a frame by its time; for its slot."""
        self._entries += 1
        heapq.heappush(self._due, (slot.due_s, self._entries, slot))
        if self._due[0][2] is slot:
            self._wake_up()

    async def receive(self) -> Frame:
        """The next frame, once it may leave.

        Raises:
            trio.ClosedResourceError: it was closed.
            trio.BrokenResourceError: it was dropped for taking nothing for too long.
            trio.BusyResourceError: another task is receiving.
        """
        await trio.lowlevel.checkpoint()
        while True:
            self._check_open()
            if frame := self._take(trio.current_time()):
                return frame
            await self._wait(self._due[0][0] if self._due else math.inf)

    async def __anext__(self) -> Frame:
        try:
            return await self.receive()
        except trio.ClosedResourceError:
            raise StopAsyncIteration from None

    def _take(self, now_s: float) -> Frame | None:
        while self._due:
            due_s, _, slot = self._due[0]
            is_void = due_s != slot.due_s or not slot.is_open
            if not is_void and due_s > now_s:
                return None
            heapq.heappop(self._due)
            if not is_void and (frame := slot.take(now_s)):
                return frame
        return None

    def _leave(self, fqme: str) -> None:
        slot = self._slots.pop(fqme)
        slot.is_open = False
        slot.clear()
        slot.topic.slots = tuple(other for other in slot.topic.slots if other is not slot)

    def _count_waiting(self) -> int:
        return sum(not slot.builder.is_empty for slot in self._slots.values())
