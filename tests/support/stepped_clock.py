"""A wall clock that somebody sets while trio's goes on."""

from __future__ import annotations

from engine.clock import NANOS, TrioClock


class SteppedClock(TrioClock):
    """`step_s` seconds ahead of what it would show, or behind."""

    step_s: float = 0.0

    def now_ns(self) -> int:
        return super().now_ns() + round(self.step_s * NANOS)
