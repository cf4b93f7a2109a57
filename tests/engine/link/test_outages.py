from __future__ import annotations

import trio
from trio.testing import MockClock

from engine.link.outages import FIRST_RETRY_S, MOST_RETRY_S, Outage


async def test_markets_take_turns_and_the_venue_is_tried_once_per_wait(
    autojump_clock: MockClock,
) -> None:
    tried: list[tuple[float, str]] = []
    outage = Outage()

    async def wait(fqme: str) -> None:
        outage.fail(fqme, "no route")
        while True:
            async with outage.turn():
                tried.append((trio.current_time(), fqme))
                outage.fail(fqme, "no route")

    async with trio.open_nursery() as nursery:
        for fqme in ("a", "b", "c"):
            nursery.start_soon(wait, fqme)
        await trio.sleep(200)
        nursery.cancel_scope.cancel()

    times = [time for time, _ in tried]
    waits = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
    assert [FIRST_RETRY_S, 4.0, 8.0, 16.0, MOST_RETRY_S, MOST_RETRY_S] == waits[:6]
    assert {"a", "b", "c"} == {fqme for _, fqme in tried}


async def test_once_it_can_be_reached_all_that_wait_go_on_at_once(
    autojump_clock: MockClock,
) -> None:
    went: list[float] = []
    outage = Outage()

    async def wait(fqme: str) -> None:
        outage.fail(fqme, "no route")
        async with outage.turn():
            await trio.sleep(3)  # not one after the other
            went.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        for fqme in ("a", "b", "c"):
            nursery.start_soon(wait, fqme)
        await trio.sleep(1)
        outage.end()

    assert [4.0, 4.0, 4.0] == went


async def test_a_failure_within_the_wait_does_not_put_it_off(autojump_clock: MockClock) -> None:
    outage = Outage()

    assert outage.fail("a", "no route")
    due_s = outage.due_s
    await trio.sleep(1)
    assert not outage.fail("b", "no name")
    assert due_s == outage.due_s
    assert {"a": "no route", "b": "no name"} == outage.waiting


async def test_who_gives_up_while_it_is_its_turn_holds_up_nobody(
    autojump_clock: MockClock,
) -> None:
    outage = Outage()
    outage.fail("a", "no route")
    with trio.move_on_after(1):
        async with outage.turn():
            raise AssertionError("it is not due yet")

    async with outage.turn():
        assert FIRST_RETRY_S == trio.current_time()
