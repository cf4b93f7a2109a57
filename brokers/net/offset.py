"""A venue's clock less ours, as requests show it.

The venue read its clock at some time between our sending and our receiving; taken to be in the
middle, the error is at most half the round trip (RFC 5905, section 8). So the sample with the
shortest round trip counts, of the newest ones: clocks drift.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from engine.clock import Clock

KEPT = 8
"""Samples of which the best counts."""


class Sample(NamedTuple):
    offset_ns: int
    round_trip_ns: int


class ClockOffset:
    """Fed with samples; 0 until there is one."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=KEPT)

    def add(self, sent_ns: int, venue_ns: int, recv_ns: int) -> None:
        """A request left at `sent_ns`, its answer came at `recv_ns`, and says `venue_ns`. Where
        our own clock was set meanwhile it says nothing."""
        if recv_ns >= sent_ns:
            middle_ns = (sent_ns + recv_ns) // 2
            self._samples.append(Sample(venue_ns - middle_ns, recv_ns - sent_ns))

    def clear(self) -> None:
        """What was known holds no more: one of the clocks was set."""
        self._samples.clear()

    @property
    def best(self) -> Sample | None:
        return min(self._samples, key=lambda sample: sample.round_trip_ns, default=None)

    @property
    def offset_ns(self) -> int:
        return self.best.offset_ns if self.best else 0

    @property
    def offset_ms(self) -> float | None:
        """For people; None before the first sample."""
        return self.best.offset_ns / 1e6 if self.best else None

    @property
    def round_trip_ms(self) -> float | None:
        return self.best.round_trip_ns / 1e6 if self.best else None

    def earlier_ns(self, clock: Clock) -> int:
        """Now by the clock that is behind: what is over by it is over by both."""
        return clock.now_ns() + min(0, self.offset_ns)

    def now_ms(self, clock: Clock) -> int:
        """The venue's time now, in milliseconds UTC."""
        return (clock.now_ns() + self.offset_ns) // 1_000_000
