from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from engine.feed.writes import MOST_WRITES, Writes, joined
from tests.support.series import made


def grown(count: int) -> Series:
    series = Series(1)
    series.merge(made(count, start_s=1000))
    return series


def test_nothing_changed_since_the_last_write() -> None:
    series = grown(10)

    assert (10, 10) == series.touched(series.version)
    assert not series.changes(series.version)


def test_the_last_bar_alone_changed() -> None:
    series = grown(10)
    since = series.version

    series.set_last(1.0, 2.0, 0.5, 1.0, 1.0, 1.0)

    assert (9, 10) == series.touched(since)


def test_appended_bars_come_with_the_one_that_was_open() -> None:
    series = grown(10)
    since = series.version

    series.set_last(1.0, 2.0, 0.5, 1.0, 1.0, 1.0)
    series.merge(made(5, start_s=1010))

    assert [(9, 15)] == series.changes(since)


def test_history_and_the_last_bar_are_told_apart() -> None:
    series = grown(10)
    since = series.version

    series.merge(made(4, start_s=996))
    series.set_last(1.0, 2.0, 0.5, 1.0, 1.0, 1.0)

    assert [(-4, 0), (9, 10)] == series.changes(since)
    assert (-4, 10) == series.touched(since)


def test_bars_that_are_merged_as_they_are_change_nothing() -> None:
    series = grown(10)
    since = series.version

    series.merge(series.columns(0, 9))

    assert since == series.version


def test_a_mended_bar_is_told_of_alone() -> None:
    series = grown(10)
    since = series.version

    series.set_bar(3, 1.0, 2.0, 0.5, 1.0, 1.0, 1.0)

    assert (3, 4) == series.touched(since)


def test_where_bars_were_dropped_all_are_new() -> None:
    series = grown(10)
    since = series.version

    series.cut_from(int(series.time_ns[8]))
    series.set_last(1.0, 2.0, 0.5, 1.0, 1.0, 1.0)

    assert (0, 8) == series.touched(since)
    assert (7, 8) == series.touched(series.dropped_version)


def test_of_very_many_writes_the_oldest_are_put_together() -> None:
    writes = Writes()
    for number in range(10 * MOST_WRITES):
        writes.note(number, number + 1, number - 1)

    stop = 10 * MOST_WRITES
    assert [(stop - 3, stop)] == writes.since(writes.version - 3, 0, stop)
    assert [(0, stop)] == writes.since(5, 0, stop)


@given(st.lists(st.tuples(st.integers(-9, 30), st.integers(0, 9))), st.integers(0, 25))
def test_joined_ranges_hold_the_same_numbers_and_lie_apart(
    raw: list[tuple[int, int]], stop: int
) -> None:
    ranges = [(start, start + length) for start, length in raw]

    made_ = joined(ranges, 0, stop)

    numbers = {
        number for start, end in ranges for number in range(start, end) if 0 <= number < stop
    }
    assert numbers == {number for start, end in made_ for number in range(start, end)}
    assert all(end < start for (_, end), (start, _) in pairwise(made_))
