"""Venues that cannot be reached now: which markets wait for each, and when it is tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import trio

from engine.services import backoff

FIRST_RETRY_S, MOST_RETRY_S = 2.0, 30.0
"""Seconds until a venue is tried again: at first, and at most."""


class Outage:
    """One venue that cannot be reached. Its markets take turns in trying it, so that it is asked
    once per wait, however many they are; once one has reached it, all others go on at once."""

    def __init__(self) -> None:
        self.waiting: dict[str, str] = {}
        """Markets that wait for it, and why each could not be opened."""
        self.due_s = trio.current_time()
        """When it is tried again, by trio's clock."""
        self._delays = backoff(FIRST_RETRY_S, MOST_RETRY_S)
        self._lock = trio.Lock()
        self._over = trio.Event()

    def fail(self, fqme: str, reason: str) -> bool:
        """A market could not be opened: the venue is tried again after a wait that doubles.
        Whether that wait begins now."""
        self.waiting[fqme] = reason
        is_due = trio.current_time() >= self.due_s
        if is_due:
            self.due_s = trio.current_time() + next(self._delays)
        return is_due

    def end(self) -> None:
        """It can be reached."""
        self._over.set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the time to try it, which nobody else does meanwhile."""
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._lock)
            with trio.move_on_at(self.due_s):
                await self._over.wait()
            if self._over.is_set():
                await held.aclose()
            yield
