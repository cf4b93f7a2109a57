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
from engine.feed.framed import FramedSubscription
from engine.feed.lossless import LosslessSubscription
from engine.feed.subscription import Subscription
from engine.messages import Ask, Bid, Break, Frame, Tick, Trade

A, B = "aaa.spot.truth", "bbb.spot.truth"


def trade(at_ns: int, fqme: str = A) -> Trade:
    return Trade(fqme, 1.0, 1.0, "", at_ns, at_ns)


def bid(price: float, fqme: str = A) -> Bid:
    return Bid(fqme, price, 1.0)


# -- taps -------------------------------------------------------------------------------------


def test_ticks_pass_taps_in_order_and_then_lossless_readers() -> None:
    bus, seen = Bus(), list[str]()
    bus.add_tap(lambda fqme, ticks: seen.append("first"))
    bus.add_tap(lambda fqme, ticks: seen.append(f"second, {reader.statistics().waiting} waits"))
    reader = bus.subscribe_lossless([A])

    bus.publish(A, [trade(1)])

    assert ["first", "second, 0 waits"] == seen
    assert 1 == reader.statistics().waiting


def test_a_tap_that_fails_starves_nobody_and_is_not_hidden() -> None:
    bus, seen = Bus(), list[int]()

    def fail(fqme: str, ticks: Sequence[Tick]) -> None:
        raise ValueError("our bug")

    bus.add_tap(fail)
    bus.add_tap(lambda fqme, ticks: seen.append(len(ticks)))
    reader = bus.subscribe_lossless([A])

    with pytest.raises(ValueError, match="our bug"):
        bus.publish(A, [trade(1)])
    bus.add_tap(fail)
    with pytest.raises(ExceptionGroup, match="2 taps failed"):
        bus.publish(A, [trade(2)])

    assert [1, 1] == seen
    assert 2 == reader.statistics().waiting


def test_errors_of_taps_go_where_they_are_reported() -> None:
    reported: list[tuple[str, str]] = []
    bus = Bus(report_error=lambda fqme, error: reported.append((fqme, str(error))))

    def fail(fqme: str, ticks: Sequence[Tick]) -> None:
        raise ValueError("our bug")

    bus.add_tap(fail)
    bus.publish(A, [trade(1)])

    assert [(A, "our bug")] == reported


def test_publishing_nothing_wakes_nobody() -> None:
    bus, seen = Bus(), list[int]()
    bus.add_tap(lambda fqme, ticks: seen.append(len(ticks)))

    bus.publish(A, [])

    assert [] == seen
    assert () == bus.statistics().topics


# -- sets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lossless", "framed"])
def test_markets_of_a_subscription_are_a_set(kind: str) -> None:
    bus = Bus()
    reader = subscribe(bus, kind, [A, A])

    reader.add(A, B)
    assert frozenset({A, B}) == reader.get()
    assert frozenset({reader}) == bus.get(A)
    assert 1 == bus.topic_statistics(A).readers
    reader.remove(A, A, "never.there")
    assert frozenset({B}) == reader.get()
    assert frozenset() == bus.get(A)


async def test_a_market_added_twice_comes_once() -> None:
    bus = Bus()
    with bus.subscribe_lossless([A, A]) as reader:
        reader.add(A)
        bus.publish(A, [trade(1)])

        assert [trade(1)] == await reader.receive()


async def test_nothing_of_a_removed_market_is_delivered_later(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bus = Bus()
    with (
        bus.subscribe_lossless([A, B]) as lossless,
        bus.subscribe_framed([A, B], throttle_hz=10) as framed,
    ):
        bus.publish(A, [trade(1)])
        bus.publish(B, [trade(2, B)])
        lossless.remove(A)
        framed.remove(A)
        bus.publish(A, [trade(3)])

        assert [trade(2, B)] == await lossless.receive()
        assert B == (await framed.receive()).fqme
        with trio.move_on_after(5) as scope:
            await framed.receive()
        assert scope.cancelled_caught


def subscribe(bus: Bus, kind: str, fqmes: Sequence[str] = (A,)) -> Subscription:
    if kind == "lossless":
        return bus.subscribe_lossless(fqmes)
    return bus.subscribe_framed(fqmes, throttle_hz=10)


# -- readers come and go during a broadcast ---------------------------------------------------


@pytest.mark.parametrize("kind", ["lossless", "framed"])
async def test_readers_may_come_and_go_while_a_broadcast_is_under_way(kind: str) -> None:
    bus = Bus()
    readers = [subscribe(bus, kind) for _ in range(4)]
    late: list[Subscription] = []

    def change(fqme: str, ticks: Sequence[Tick]) -> None:
        if not late:
            readers[0].close()
            readers[2].remove(A)
            late.append(subscribe(bus, kind))

    bus.add_tap(change)
    bus.publish(A, [trade(1)])
    bus.publish(A, [trade(2)])

    received = [reader.statistics().received for reader in (*readers, *late)]
    assert [0, 2, 0, 2] == received[:4]
    assert received[4] in (1, 2)


def test_a_reader_dropped_in_the_middle_of_a_broadcast_gets_nothing_more() -> None:
    bus = Bus()
    first, second = bus.subscribe_lossless([A]), bus.subscribe_lossless([A])
    bus.add_tap(lambda fqme, ticks: second.drop())
    bus.publish(A, [trade(1)])

    assert 1 == first.statistics().waiting
    assert 0 == second.statistics().waiting
    assert frozenset({first}) == bus.get(A)


# -- lossless ---------------------------------------------------------------------------------


async def test_a_lossless_reader_gets_every_tick_in_order() -> None:
    bus = Bus()
    sent: list[Tick] = [trade(1), bid(1.0), Ask(A, 2.0, 1.0), trade(2)]
    with bus.subscribe_lossless([A]) as reader:
        bus.publish(A, sent[:1])
        bus.publish(A, sent[1:])

        assert sent == await reader.receive()


async def test_a_waiting_reader_is_woken(autojump_clock: trio.testing.MockClock) -> None:
    bus = Bus()
    with bus.subscribe_lossless([A]) as reader:
        async with trio.open_nursery() as nursery:
            got: list[Tick] = []

            async def read() -> None:
                got.extend(await reader.receive())

            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked()
            bus.publish(A, [trade(1)])

    assert [trade(1)] == got


async def test_a_lossless_reader_is_iterated_until_it_is_closed() -> None:
    bus, got = Bus(), list[Tick]()
    with bus.subscribe_lossless([A]) as reader:
        bus.publish(A, [trade(1)])
        async for batch in reader:
            got += batch
            if len(got) < 3:
                bus.publish(A, [trade(len(got) + 1)])
            else:
                reader.close()

    assert [trade(1), trade(2), trade(3)] == got


async def test_a_full_reader_is_told_where_it_lost_ticks() -> None:
    bus = Bus()
    with bus.subscribe_lossless([A, B], depth=3) as reader:
        bus.publish(A, [trade(1), trade(2)])
        bus.publish(A, [trade(3), trade(4), trade(5)])
        bus.publish(B, [trade(6, B)])
        first = await reader.receive()
        bus.publish(A, [trade(7)])
        second = await reader.receive()
        statistics = reader.statistics()

    assert [trade(1), trade(2), trade(3)] == first[:3]
    assert [Break(A, "overrun", 5, 5), Break(B, "overrun", 6, 6)] == first[3:] + second[:-1]
    assert trade(7) == second[-1]
    assert (7, 1, 3) == (statistics.received, statistics.overruns, statistics.dropped)


script = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 5)),
        st.tuples(st.just("receive"), st.just(0)),
        st.tuples(st.just("pause"), st.just(0)),
        st.tuples(st.just("resume"), st.just(0)),
    ),
    max_size=40,
)


@given(script, st.integers(1, 6))
def test_a_lossless_reader_misses_nothing_without_a_break_there(
    moves: list[tuple[str, int]], depth: int
) -> None:
    async def play() -> list[Tick]:
        bus, got, at_ns = Bus(), list[Tick](), 0
        with bus.subscribe_lossless([A], depth=depth) as reader:
            for move, count in moves:
                if move == "publish":
                    bus.publish(A, [trade(at_ns + n + 1) for n in range(count)])
                    at_ns += count
                elif move == "receive":
                    with trio.move_on_after(1):
                        got += await reader.receive()
                elif move == "pause":
                    reader.pause()
                else:
                    reader.resume()
                assert reader.statistics().waiting <= depth + 1
            reader.resume()
            with trio.move_on_after(1):
                while True:
                    got += await reader.receive()
        missing = at_ns - sum(type(tick) is Trade for tick in got)
        assert bool(missing) == any(type(tick) is Break for tick in got)
        return got

    got = trio.run(play, clock=trio.testing.MockClock(autojump_threshold=0))

    expected = 1
    for tick in got:
        if type(tick) is Trade:
            assert expected == tick.venue_ns
            expected += 1
        else:
            assert tick.venue_ns >= expected
            expected = tick.venue_ns + 1


async def test_what_passed_while_paused_is_told_as_a_gap() -> None:
    bus = Bus()
    with bus.subscribe_lossless([A]) as reader:
        bus.publish(A, [trade(1)])
        reader.pause()
        bus.publish(A, [trade(2)])
        assert reader.statistics().is_paused
        reader.resume()
        bus.publish(A, [trade(3)])

        assert [trade(1), Break(A, "gap", 2, 2), trade(3)] == await reader.receive()
        assert 0 == reader.statistics().dropped


async def test_a_dead_lossless_reader_is_dropped_and_delays_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bus = Bus()
    dead = bus.subscribe_lossless([A], depth=10, patience_s=30, name="dead")
    with bus.subscribe_lossless([A]) as alive:
        for at_ns in range(60):
            bus.publish(A, [trade(at_ns)])
            assert [trade(at_ns)] == await alive.receive()
            await trio.sleep(1)

    assert dead.statistics().is_dropped
    assert 0 == dead.statistics().waiting
    assert frozenset() == bus.get(A)
    assert 1 == bus.statistics().dropped_readers
    with pytest.raises(trio.BrokenResourceError, match="dead took nothing"):
        await dead.receive()


async def test_a_reader_that_is_only_slow_is_not_dropped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bus = Bus()
    with bus.subscribe_lossless([A], depth=10, patience_s=30) as slow:
        for at_ns in range(200):
            bus.publish(A, [trade(at_ns)])
            await trio.sleep(1)
            if at_ns % 25 == 24:
                await slow.receive()
        statistics = slow.statistics()

    assert not statistics.is_dropped
    assert 8 == statistics.overruns
    assert 8 * 15 == statistics.dropped


def test_a_queue_without_room_is_refused() -> None:
    with pytest.raises(UsageError):
        Bus().subscribe_lossless([A], depth=0)


# -- framed -----------------------------------------------------------------------------------


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


# -- closing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lossless", "framed"])
async def test_closing_ends_a_receive_that_waits(kind: str, nursery: trio.Nursery) -> None:
    bus = Bus()
    reader = subscribe(bus, kind)
    assert isinstance(reader, LosslessSubscription | FramedSubscription)
    outcome: list[str] = []

    async def read() -> None:
        try:
            await reader.receive()
        except trio.ClosedResourceError:
            outcome.append("closed")

    nursery.start_soon(read)
    await trio.testing.wait_all_tasks_blocked()
    reader.close()
    reader.close()
    await trio.testing.wait_all_tasks_blocked()

    assert ["closed"] == outcome
    assert () == bus.statistics().subscriptions
    with pytest.raises(trio.ClosedResourceError):
        reader.add(B)


@pytest.mark.parametrize("kind", ["lossless", "framed"])
async def test_two_tasks_cannot_receive_at_once(kind: str, nursery: trio.Nursery) -> None:
    with subscribe(Bus(), kind) as reader:
        assert isinstance(reader, LosslessSubscription | FramedSubscription)
        nursery.start_soon(reader.receive)
        await trio.testing.wait_all_tasks_blocked()

        with pytest.raises(trio.BusyResourceError):
            await reader.receive()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("kind", ["lossless", "framed"])
async def test_a_cancelled_receive_loses_nothing(
    kind: str, autojump_clock: trio.testing.MockClock
) -> None:
    bus = Bus()
    with subscribe(bus, kind) as reader:
        assert isinstance(reader, LosslessSubscription | FramedSubscription)
        bus.publish(A, [trade(1)])
        with trio.CancelScope() as scope:
            scope.cancel()
            await reader.receive()
        got = await reader.receive()

    assert [trade(1)] == (got.ticks["trade"] if isinstance(got, Frame) else got)


async def test_markets_and_readers_are_counted_alike(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bus = Bus()
    with (
        bus.subscribe_framed([A], throttle_hz=10) as framed,
        bus.subscribe_lossless([A], depth=2, name="journal") as lossless,
    ):
        bus.publish(A, [bid(1.0), bid(2.0), trade(1)])
        await framed.receive()
        everything = bus.statistics()

    (topic,) = everything.topics
    assert (2, 3, 1, 1, 1, 1) == (
        topic.readers,
        topic.received,
        topic.framed,
        topic.conflated,
        topic.overruns,
        topic.dropped,
    )
    assert ["FramedSubscription", "journal"] == [one.name for one in everything.subscriptions]
    assert 1 == lossless.statistics().dropped
    bus.forget(A)
    assert 0 == bus.topic_statistics(A).received
