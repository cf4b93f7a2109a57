"""What both kinds of readers have in common: their markets, and how they end."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.feed.bus import Bus
from engine.feed.framed import FramedSubscription
from engine.feed.lossless import LosslessSubscription
from engine.messages import Frame
from tests.support.bus import A, B, subscribe, trade

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
