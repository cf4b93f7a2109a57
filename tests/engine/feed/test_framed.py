"""Readers that get frames: where a market is, at a rate that they chose."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.feed.bus import Bus
from engine.messages import Break, Frame
from tests.support.bus import A, B, bid, trade


class Reading:
    """A framed reader in a task of its own, which notes when each frame came."""

    def __init__(self, bus: Bus, hz: float, fqmes: Sequence[str] = (A,)) -> None:
        self.reader = bus.subscribe_framed(fqmes, throttle_hz=hz)
        self.frames: list[tuple[float, Frame]] = []

    async def run(self) -> None:
        async for frame in self.reader:
            self.frames.append((trio.current_time(), frame))

    def times(self, fqme: str = A) -> list[float]:
        return [round(at_s, 6) for at_s, frame in self.frames if frame.fqme == fqme]


async def test_quotes_conflate_until_the_end_of_the_period(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    bus = Bus()
    reading = Reading(bus, 10)
    nursery.start_soon(reading.run)
    for count in range(9):
        bus.publish(A, [bid(float(count))])
        await trio.sleep(0.01)
    await trio.sleep(1)

    assert [0.1] == reading.times()
    frame = reading.frames[0][1]
    assert [bid(8.0)] == frame.ticks["bid"]
    assert 8 == frame.conflated
    reading.reader.close()


async def test_a_trade_leaves_at_once_where_the_rate_allows(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    bus = Bus()
    reading = Reading(bus, 10)
    nursery.start_soon(reading.run)
    await trio.sleep(0.5)

    bus.publish(A, [bid(1.0)])
    await trio.sleep(0.03)
    bus.publish(A, [trade(1)])
    await trio.sleep(0.02)
    bus.publish(A, [trade(2)])
    await trio.sleep(1)

    assert [0.53, 0.63] == reading.times()
    assert {"bid": [bid(1.0)], "trade": [trade(1)]} == reading.frames[0][1].ticks
    reading.reader.close()


async def test_a_break_leaves_at_once_too(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    bus = Bus()
    reading = Reading(bus, 1)
    nursery.start_soon(reading.run)
    await trio.sleep(3)
    bus.publish(A, [Break(A, "stale")])
    await trio.sleep(3)

    assert [3.0] == reading.times()
    reading.reader.close()


@given(
    st.lists(st.tuples(st.sampled_from(["bid", "trade"]), st.integers(0, 300)), max_size=60),
    st.sampled_from([1.0, 3.0, 15.0]),
)
def test_frames_are_never_closer_than_the_period_and_lose_no_trade(
    moves: list[tuple[str, int]], hz: float
) -> None:
    async def play() -> tuple[Reading, int]:
        bus, trades = Bus(), 0
        reading = Reading(bus, hz)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reading.run)
            for what, wait_ms in moves:
                await trio.sleep(wait_ms / 1000)
                if what == "trade":
                    trades += 1
                    bus.publish(A, [trade(trades)])
                else:
                    bus.publish(A, [bid(1.0)])
            await trio.sleep(5)
            reading.reader.close()
        return reading, trades

    reading, trades = trio.run(play, clock=trio.testing.MockClock(autojump_threshold=0))

    times = [at_s for at_s, _ in reading.frames]
    gaps = [after - before for before, after in pairwise(times)]
    assert all(gap >= 1 / hz - 1e-9 for gap in gaps)
    seen = [tick for _, frame in reading.frames for tick in frame.ticks.get("trade", [])]
    assert [trade(n + 1) for n in range(trades)] == seen


async def test_each_market_has_a_rate_of_its_own(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    bus = Bus()
    reading = Reading(bus, 2, [A, B])
    nursery.start_soon(reading.run)
    for count in range(20):
        bus.publish(A, [trade(count)])
        bus.publish(B, [trade(count, B)])
        await trio.sleep(0.1)
    await trio.sleep(1)

    assert [0.0, 0.5, 1.0, 1.5, 2.0] == reading.times(A)
    assert [0.0, 0.5, 1.0, 1.5, 2.0] == reading.times(B)
    reading.reader.close()


async def test_framed_readers_pause_each_for_itself(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bus = Bus()
    with (
        bus.subscribe_framed([A], throttle_hz=10) as paused,
        bus.subscribe_framed([A], throttle_hz=10) as other,
    ):
        bus.publish(A, [bid(1.0)])
        paused.pause()
        bus.publish(A, [bid(2.0)])
        assert [bid(2.0)] == (await other.receive()).ticks["bid"]
        paused.resume()
        bus.publish(A, [bid(3.0)])
        frame = await paused.receive()

    assert [bid(3.0)] == frame.ticks["bid"]
    assert 0 == frame.conflated


async def test_a_slow_framed_reader_gets_the_newest_and_its_lateness_is_counted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bus = Bus()
    with bus.subscribe_framed([A], throttle_hz=10) as reader:
        for count in range(30):
            bus.publish(A, [bid(float(count))])
            await trio.sleep(0.1)
        frame = await reader.receive()
        statistics = reader.statistics()

    assert [bid(29.0)] == frame.ticks["bid"]
    assert (30, 1, 29) == (statistics.received, statistics.framed, statistics.conflated)
    assert statistics.overruns in (28, 29)
    assert not statistics.is_dropped


async def test_a_dead_framed_reader_is_dropped_and_delays_nobody(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    bus = Bus()
    dead = bus.subscribe_framed([A], throttle_hz=10, patience_s=30)
    reading = Reading(bus, 1)
    nursery.start_soon(reading.run)
    for count in range(60):
        bus.publish(A, [trade(count)])
        await trio.sleep(1)

    assert dead.statistics().is_dropped
    assert 59 <= len(reading.frames)
    assert 1 == bus.statistics().dropped_readers
    with pytest.raises(trio.BrokenResourceError):
        await dead.receive()
    reading.reader.close()


@pytest.mark.parametrize("kind", ["lossless", "framed"])
async def test_a_process_that_stood_still_does_not_cost_a_reader_that_waits(
    kind: str, mock_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    bus = Bus()
    reader = bus.subscribe_lossless([A], depth=1)
    if kind == "framed":
        reader = bus.subscribe_framed([A], throttle_hz=10)  # type: ignore[assignment]
    nursery.start_soon(reader.receive)
    await trio.testing.wait_all_tasks_blocked()

    for count in range(3):
        bus.publish(A, [trade(count)])
        mock_clock.jump(3600)

    assert not reader.statistics().is_dropped
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("hz", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_that_is_none_is_refused(hz: float) -> None:
    with pytest.raises(UsageError, match="cannot be sent"):
        Bus().subscribe_framed([A], throttle_hz=hz)
