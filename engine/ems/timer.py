"""Time for what is done by time: a call every so often, for as long as somebody wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

EVERY_S: Final = 0.1
"""Nothing that waits for a time in a market is done later than this after it."""


class Timer:
    """Calls `tick` once, `EVERY_S` after it was wanted; it costs nothing otherwise."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._wanted = trio.Event()

    def want(self) -> None:
        """Call once more. Never waits."""
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            await trio.sleep(EVERY_S)
            self._wanted = trio.Event()
            self._tick()
