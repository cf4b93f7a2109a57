"""A call every so often, for as long as somebody wants it."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from engine.ems.timer import EVERY_S, Timer


class Ticks:
    """When it was called, in seconds since it began."""

    def __init__(self) -> None:
        self.began_s = trio.current_time()
        self.at_s: list[float] = []

    def __call__(self) -> None:
        self.at_s.append(round(trio.current_time() - self.began_s, 6))


async def test_nobody_who_wants_it_is_nobody_who_is_called(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    ticks = Ticks()
    nursery.start_soon(Timer(ticks).run)

    await trio.sleep(3600)

    assert ticks.at_s == []


async def test_one_wish_is_one_call_and_so_are_many_at_a_time(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    ticks = Ticks()
    timer = Timer(ticks)
    nursery.start_soon(timer.run)

    for _ in range(5):
        timer.want()
    await trio.sleep(3600)

    assert ticks.at_s == [EVERY_S]


async def test_a_wish_made_before_it_runs_is_not_lost(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    ticks = Ticks()
    timer = Timer(ticks)

    timer.want()
    nursery.start_soon(timer.run)
    await trio.sleep(1)

    assert ticks.at_s == [EVERY_S]


async def test_who_wants_it_in_the_call_has_the_next_one(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    ticks = Ticks()

    def tick() -> None:
        ticks()
        if len(ticks.at_s) < 3:
            timer.want()

    timer = Timer(tick)
    nursery.start_soon(timer.run)
    timer.want()
    await trio.sleep(3600)

    assert ticks.at_s == [round(EVERY_S * times, 6) for times in (1, 2, 3)]
