from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import NANOS, TrioClock
from engine.feed.ladder import Seam, clock_offset_ns, floor, ladder, segments, venue_now_ns
from engine.messages import ConnectionStatus
from tests.support.market_truth import FQME, START_NS, TruthBroker


@pytest.mark.parametrize(
    ("period_s", "native_s", "rungs"),
    [
        (60, (60, 300), [60]),
        (86400, (60, 300, 3600), [3600, 300, 60]),
        (900, (1, 60, 600), [60, 1]),
        (300, (180, 60, 120), [60]),
        (15, (60,), []),
        (5, (), []),
    ],
)
def test_a_bar_is_built_of_the_longest_periods_that_divide_it(
    period_s: int, native_s: tuple[int, ...], rungs: list[int]
) -> None:
    assert rungs == ladder(period_s, native_s)


@given(
    st.integers(0, 30), st.integers(0, 200_000), st.sampled_from([[3600, 60, 1], [300, 60], [7]])
)
def test_segments_cover_the_range_without_gap_or_overlap(
    start: int, length: int, rungs: list[int]
) -> None:
    start_ns = start * rungs[0] * NANOS
    end_ns = start_ns + length * NANOS
    end_ns -= end_ns % (rungs[-1] * NANOS)

    covered = segments(start_ns, end_ns, rungs)

    at_ns = start_ns
    for period_s, from_ns, to_ns in covered:
        assert from_ns == at_ns
        assert from_ns % (period_s * NANOS) == to_ns % (period_s * NANOS) == 0
        at_ns = to_ns
    assert at_ns == max(start_ns, end_ns)


@given(st.integers(10**18, 2 * 10**18), st.sampled_from([1, 60, 3600]))
def test_a_seam_holds_every_moment_that_may_be_now(now_ns: int, period_s: int) -> None:
    seam = Seam(period_s, now_ns)

    assert seam.start_ns % (period_s * NANOS) == seam.end_ns % (period_s * NANOS) == 0
    assert seam.start_ns <= now_ns - 5 * NANOS
    assert now_ns + 5 * NANOS < seam.end_ns
    assert floor(now_ns, period_s * NANOS) <= now_ns


class Told(TruthBroker):
    """A broker that tells of these clock offsets, one for each connection."""

    offsets_ms: Sequence[float | None] = ()

    def connections(self) -> list[ConnectionStatus]:
        return [
            ConnectionStatus(
                broker="truth", name=str(number), state="live", since_ns=0, clock_offset_ms=offset
            )
            for number, offset in enumerate(self.offsets_ms)
        ]


@pytest.mark.parametrize(
    ("offsets_ms", "wanted_ms"),
    [((), 0), ((None,), 0), ((250.0,), 250), ((-7000.0, None), -7000), ((1.0, 900.0, 3.0), 3)],
)
async def test_the_time_at_a_venue_is_ours_and_what_it_says_that_its_clock_is_ahead(
    offsets_ms: Sequence[float | None], wanted_ms: int
) -> None:
    broker = Told(TrioClock(START_NS), {FQME: []})
    broker.offsets_ms = offsets_ms

    assert wanted_ms * 1_000_000 == clock_offset_ns(broker)  # type: ignore[arg-type]
    ahead_ns = venue_now_ns(broker) - broker.now_ns()  # type: ignore[arg-type]
    assert abs(ahead_ns - wanted_ms * 1_000_000) < 1_000_000


async def test_a_broker_that_tells_nothing_or_cannot_is_in_step(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Told):
        def connections(self) -> list[ConnectionStatus]:
            raise ZeroDivisionError

    clock = TrioClock(START_NS)
    assert 0 == clock_offset_ns(TruthBroker(clock, {FQME: []}))  # type: ignore[arg-type]
    assert 0 == clock_offset_ns(Broken(clock, {FQME: []}))  # type: ignore[arg-type]
    assert "cannot tell of its connections" in caplog.text
