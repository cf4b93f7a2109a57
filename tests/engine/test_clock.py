"""Wall time and waiting for it, on the machine's clock and on trio's."""

import time

import trio
from trio.testing import MockClock

from engine.clock import NANOS, SystemClock, TrioClock, monotonic_s, wall_ns

START_NS = 1_700_000_000 * NANOS


async def test_trio_clock_starts_where_it_is_told(autojump_clock: MockClock) -> None:
    assert TrioClock(START_NS).now_ns() == START_NS


async def test_trio_clock_goes_with_trio(autojump_clock: MockClock) -> None:
    clock = TrioClock(START_NS)
    clock.now_ns()

    await trio.sleep(3600.5)

    assert clock.now_ns() == START_NS + 3_600_500_000_000


async def test_trio_clock_waits_for_a_wall_time(autojump_clock: MockClock) -> None:
    clock = TrioClock(START_NS)

    await clock.sleep_until_ns(START_NS + 86_400 * NANOS)

    assert clock.now_ns() == START_NS + 86_400 * NANOS


async def test_a_wall_time_that_is_past_is_not_waited_for(autojump_clock: MockClock) -> None:
    clock = TrioClock(START_NS)

    await clock.sleep_until_ns(START_NS - NANOS)

    assert clock.now_ns() == START_NS


async def test_system_clock_notices_that_wall_time_was_stepped(
    autojump_clock: MockClock, monkeypatch: object
) -> None:
    class Stepped(SystemClock):
        times = iter([0, 0, 7200 * NANOS])  # an hour's wait, and wall time jumps by two

        def now_ns(self) -> int:
            return next(self.times)

    before = trio.current_time()
    await Stepped().sleep_until_ns(3600 * NANOS)

    assert trio.current_time() - before <= 120


def test_wall_time_is_the_machines() -> None:
    before = time.time_ns()

    assert before <= SystemClock().now_ns() <= wall_ns() <= time.time_ns()


def test_monotonic_time_does_not_go_back() -> None:
    assert monotonic_s() <= monotonic_s()
