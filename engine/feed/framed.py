"""Framed readers of the bus: screens, which want to know where a market is."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import trio

from engine.errors import UsageError
from engine.feed.frames import FrameBuilder
from engine.feed.subscription import Subscription
from engine.feed.topics import Topic
from engine.messages import Frame, Tick

if TYPE_CHECKING:
    from engine.feed.bus import Bus


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
        if reader.is_paused:
            return
        reader.received += len(ticks)
        builder = self.builder
        was_empty, was_urgent = builder.is_empty, builder.is_urgent
        builder.add(ticks)
        if was_empty or (builder.is_urgent and not was_urgent):
            self.due_s = self._due_s(now_s)
            reader.schedule(self)
        elif now_s - self.due_s > reader.patience_s and not reader.is_waiting:
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
