"""Readers that get every tick, or are told where some are missing."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.feed.bus import Bus
from engine.messages import Ask, Break, Tick, Trade
from tests.support.bus import A, B, bid, trade


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


async def test_what_was_lost_of_a_market_that_is_read_no_longer_is_not_told() -> None:
    bus = Bus()
    with bus.subscribe_lossless([A, B]) as reader:
        reader.pause()
        bus.publish(A, [trade(1)])
        bus.publish(B, [trade(2, B)])
        reader.remove(A)
        reader.resume()

        assert [Break(B, "gap", 2, 2)] == await reader.receive()


async def test_a_reader_that_is_paused_while_it_is_full_is_told_of_all_when_it_goes_on() -> None:
    bus = Bus()
    with bus.subscribe_lossless([A], depth=2) as reader:
        bus.publish(A, [trade(1), trade(2), trade(3)])
        reader.pause()
        bus.publish(A, [trade(4)])
        waited = await reader.receive()
        reader.resume()
        bus.publish(A, [trade(5)])

        assert [trade(1), trade(2)] == waited
        assert [Break(A, "gap", 4, 4), trade(5)] == await reader.receive()
