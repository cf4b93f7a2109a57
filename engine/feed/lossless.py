"""Lossless readers of the bus: the journal, a recorder, whoever must know what it missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import trio

from engine.errors import UsageError
from engine.feed.subscription import Subscription
from engine.feed.topics import Topic
from engine.messages import Break, Tick

if TYPE_CHECKING:
    from engine.feed.bus import Bus


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
        if now_s - self._full_since_s > self.patience_s and not self.is_waiting:
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
