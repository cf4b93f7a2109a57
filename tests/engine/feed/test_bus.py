from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
import trio.testing

from engine.feed.bus import Bus
from engine.feed.subscription import Subscription
from engine.messages import Tick
from tests.support.bus import A, bid, subscribe, trade

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


# -- counters ---------------------------------------------------------------------------------


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
