"""The only place that reads a clock, or sleeps for a wall time.

Two clocks exist. Wall time (nanoseconds UTC) stamps events. Trio's own clock
(`trio.current_time`) runs timeouts and throttles; tests make it jump.
"""

from __future__ import annotations

import time
from typing import Protocol

import trio

NANOS = 1_000_000_000
"""Nanoseconds in a second."""


class Clock(Protocol):
    """Wall time, and waiting for it."""

    def now_ns(self) -> int:
        """Wall time, nanoseconds UTC."""
        ...

    async def sleep_until_ns(self, wall_ns: int) -> None:
        """Wait until wall time reaches `wall_ns`; a checkpoint if that is past."""
        ...


class SystemClock:
    """The machine's clock. Follows its corrections: it may step, in either direction."""

    def now_ns(self) -> int:
        return time.time_ns()

    async def sleep_until_ns(self, wall_ns: int) -> None:
        # Slept in bounded pieces, so that a stepped wall clock is noticed.
        while (left := wall_ns - self.now_ns()) > 0:  # noqa: ASYNC110 - a clock sends no event
            await trio.sleep(min(left / NANOS, 60.0))
        await trio.lowlevel.checkpoint()


class TrioClock:
    """Wall time that starts at `start_ns` and then goes with trio's clock.

    Under `trio.testing.MockClock` this makes hours of market pass in milliseconds.
    """

    def __init__(self, start_ns: int) -> None:
        self._start_ns = start_ns
        self._zero: float | None = None

    def now_ns(self) -> int:
        current = trio.current_time()
        if self._zero is None:
            self._zero = current
        return self._start_ns + round((current - self._zero) * NANOS)

    async def sleep_until_ns(self, wall_ns: int) -> None:
        await trio.sleep(max(0.0, (wall_ns - self.now_ns()) / NANOS))


def wall_ns() -> int:
    """The machine's wall time, nanoseconds UTC; for code that runs outside trio."""
    return time.time_ns()


def monotonic_s() -> float:
    """Seconds on the machine's monotonic clock; for code that runs outside trio."""
    return time.monotonic()
