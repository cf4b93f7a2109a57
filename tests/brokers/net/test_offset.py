"""A venue's clock less ours: within half the round trip, whatever the line does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brokers.net.offset import KEPT, ClockOffset
from engine.clock import NANOS

MS = 1_000_000


class FixedClock:
    def now_ns(self) -> int:
        return 1_000 * NANOS

    async def sleep_until_ns(self, wall_ns: int) -> None:
        raise AssertionError("nobody waits here")


def test_knows_nothing_before_the_first_sample() -> None:
    offset = ClockOffset()
    assert offset.offset_ms is None
    assert offset.round_trip_ms is None
    assert offset.now_ms(FixedClock()) == 1_000_000


def test_takes_the_sample_with_the_shortest_round_trip() -> None:
    offset = ClockOffset()
    offset.add(0, 500 * MS, 400 * MS)
    offset.add(1000 * MS, 1105 * MS, 1010 * MS)
    assert offset.offset_ms == 100.0
    assert offset.round_trip_ms == 10.0
    assert offset.now_ms(FixedClock()) == 1_000_100


@given(offset_ns=st.integers(-NANOS, NANOS))
def test_the_earlier_clock_is_ahead_of_neither(offset_ns: int) -> None:
    offset = ClockOffset()
    offset.add(0, offset_ns, 0)
    ours_ns = FixedClock().now_ns()
    assert offset.earlier_ns(FixedClock()) == min(ours_ns, ours_ns + offset_ns)


def test_forgets_old_samples() -> None:
    offset = ClockOffset()
    offset.add(0, 100 * MS, 2 * MS)
    for number in range(KEPT):
        sent_ns = number * NANOS
        offset.add(sent_ns, sent_ns + 5 * MS, sent_ns + 10 * MS)
    assert offset.offset_ms == 0.0
    offset.clear()
    assert offset.offset_ms is None


def test_a_step_of_our_own_clock_says_nothing() -> None:
    offset = ClockOffset()
    offset.add(10 * NANOS, 5 * NANOS, 5 * NANOS)
    assert offset.best is None


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=KEPT),
)
def test_is_never_further_off_than_half_the_round_trip(
    true_ns: int, delays: list[tuple[int, int]]
) -> None:
    offset = ClockOffset()
    for number, (there_ns, back_ns) in enumerate(delays):
        sent_ns = number * 10**10 + 10**13
        offset.add(sent_ns, sent_ns + there_ns + true_ns, sent_ns + there_ns + back_ns)
    assert offset.best is not None
    assert abs(offset.offset_ns - true_ns) <= offset.best.round_trip_ns // 2 + 1
