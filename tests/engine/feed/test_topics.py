"""One market on the bus: who reads it, and what was counted of it."""

from __future__ import annotations

import pytest

from engine.feed.bus import Bus
from engine.feed.topics import Topic, TopicStatistics
from tests.support.bus import A, trade


def test_a_topic_begins_without_readers_and_with_nothing_counted() -> None:
    topic = Topic(A)

    assert topic.readers() == frozenset()
    assert topic.statistics() == TopicStatistics(
        fqme=A, readers=0, received=0, framed=0, conflated=0, overruns=0, dropped=0
    )


def test_readers_of_both_kinds_are_its_readers() -> None:
    bus, topic = Bus(), Topic(A)
    lossless, framed = bus.subscribe_lossless(), bus.subscribe_framed(throttle_hz=10)
    lossless.join(topic)
    framed.join(topic)

    assert topic.readers() == frozenset({lossless, framed})
    assert topic.statistics().readers == 2
    lossless.remove(A)
    framed.remove(A)
    assert topic.readers() == frozenset()


def test_readers_that_leave_do_not_disturb_whoever_walks_them() -> None:
    bus, topic = Bus(), Topic(A)
    readers = [bus.subscribe_lossless() for _ in range(3)]
    for reader in readers:
        reader.join(topic)
    walked = []
    for reader in topic.lossless:
        walked.append(reader)
        readers[1].remove(A)

    assert walked == readers
    assert topic.lossless == (readers[0], readers[2])


def test_a_snapshot_of_the_counters_stays_as_it_was_taken() -> None:
    topic = Topic(A)
    before = topic.statistics()
    topic.received += 5
    topic.framed += 1
    topic.conflated += 2
    topic.overruns += 3
    topic.dropped += 4

    assert before.received == 0
    after = topic.statistics()
    assert (after.received, after.framed, after.conflated) == (5, 1, 2)
    assert (after.overruns, after.dropped) == (3, 4)


async def test_a_topic_counts_what_all_of_its_readers_lost() -> None:
    bus = Bus()
    readers = [bus.subscribe_lossless([A], depth=1) for _ in range(2)]
    bus.publish(A, [trade(1), trade(2), trade(3)])

    topic = bus.topic_statistics(A)
    assert (topic.received, topic.dropped, topic.overruns) == (3, 4, 2)
    assert [reader.statistics().dropped for reader in readers] == [2, 2]


@pytest.mark.parametrize("name", ["received", "readers"])
def test_a_snapshot_cannot_be_written(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Topic(A).statistics(), name, 1)
