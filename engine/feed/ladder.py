"""Which bars of history a bar is built of, and where those that are sampled live take over."""

from __future__ import annotations

from collections.abc import Sequence

from engine.broker import Broker, Networked
from engine.clock import NANOS
from engine.log import logger

_log = logger(__name__)

SKEW_NS = 5 * NANOS
"""How far the venue's clock may be off what we take it for, or its trades late, without harm to the
join of history and what is sampled."""


def ladder(period_s: int, native_s: Sequence[int]) -> list[int]:
    """Native periods that a bar of `period_s` can be built of, longest first: each divides the
    one before. Empty where none divides it."""
    rungs: list[int] = []
    longest = period_s
    for native in sorted(native_s, reverse=True):
        if native <= longest and longest % native == 0:
            rungs.append(native)
            longest = native
    return rungs


def segments(start_ns: int, end_ns: int, rungs: Sequence[int]) -> list[tuple[int, int, int]]:
    """Ranges (period_s, start, end) that cover `start_ns` to `end_ns` in few bars.

    `start_ns` lies on the grid of the longest rung; what the shortest cannot reach is left out.
    """
    covered: list[tuple[int, int, int]] = []
    for period_s in rungs:
        reach_ns = end_ns - end_ns % (period_s * NANOS)
        if reach_ns > start_ns:
            covered.append((period_s, start_ns, reach_ns))
            start_ns = reach_ns
    return covered


class Seam:
    """Bars of a live series around the beginning of its stream, which may lack trades."""

    def __init__(self, period_s: int, now_ns: int) -> None:
        period_ns = period_s * NANOS
        self.start_ns = floor(now_ns - SKEW_NS, period_ns)
        self.end_ns = floor(now_ns + SKEW_NS, period_ns) + period_ns


def venue_now_ns(broker: Broker) -> int:
    """The time at a venue: ours, and how far its clock is ahead where it has told. Bars are of its
    time, and a machine that is some seconds off must not lose trades where they join."""
    return broker.now_ns() + clock_offset_ns(broker)


def clock_offset_ns(broker: Broker) -> int:
    """The venue's clock less ours; 0 where that is not known."""
    if not isinstance(broker, Networked):
        return 0
    try:
        told = [one.clock_offset_ms for one in broker.connections()]
    except Exception:
        _log.exception("broker %s cannot tell of its connections", broker.name)
        return 0
    known = sorted(offset for offset in told if offset is not None)
    return round(known[len(known) // 2] * 1e6) if known else 0


def floor(time_ns: int, period_ns: int) -> int:
    """The start of the period that `time_ns` lies in."""
    return time_ns - time_ns % period_ns
