"""A deck is sent each change of a series once, and merging them gives the series back."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import NANOS
from engine.feed.bars import Series
from engine.link.bars import BarsCursor
from engine.link.outbox import Outbox
from engine.messages import COLUMN_NAMES, BarsUpdate, Columns
from tests.support.series import WRITES, made, write

FQME = "btcusdt.spot.sim"


def grown(bars: int, start: int = 100) -> Series:
    series = Series(60)
    for number in range(start, start + bars):
        series.append(number * 60 * NANOS, 1.0, 2.0, 0.5, float(number), 1.0, 1.0)
    return series


def older(*minutes: int) -> Columns:
    return Columns(
        **{
            name: np.array(minutes, "i8") * 60 * NANOS
            if name == "time_ns"
            else np.full(len(minutes), 7.0)
            for name in COLUMN_NAMES
        }
    )


def test_first_the_newest_bars_that_were_asked_for() -> None:
    update = BarsCursor(grown(50), 10).take(FQME, is_complete=False)

    assert update is not None
    assert update.reset
    assert not update.is_complete
    assert 10 == len(update.columns)
    assert 149.0 == update.columns.close[-1]


def test_nothing_is_sent_when_nothing_changed() -> None:
    cursor = BarsCursor(grown(5), 10)
    cursor.take(FQME, is_complete=True)

    assert cursor.take(FQME, is_complete=True) is None


def test_an_empty_series_sends_nothing() -> None:
    assert BarsCursor(Series(60), 10).take(FQME, is_complete=False) is None


def test_a_changed_last_bar_is_sent_alone() -> None:
    series = grown(50)
    cursor = BarsCursor(series, 10)
    cursor.take(FQME, is_complete=True)

    series.set_last(1.0, 9.0, 0.5, 8.0, 2.0, 2.0)
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert ([8.0], False) == (update.columns.close.tolist(), update.reset)


def test_new_bars_come_with_the_one_that_was_open() -> None:
    series = grown(50)
    cursor = BarsCursor(series, 10)
    cursor.take(FQME, is_complete=True)

    series.set_last(1.0, 9.0, 0.5, 8.0, 2.0, 2.0)
    series.append(150 * 60 * NANOS, 8.0, 8.0, 8.0, 8.0)
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert 2 == len(update.columns)


def test_the_end_of_loading_is_told_even_without_new_bars() -> None:
    cursor = BarsCursor(grown(5), 10)
    cursor.take(FQME, is_complete=False)

    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert update.is_complete


def test_older_history_is_sent_up_to_what_was_asked_for() -> None:
    series = grown(5)
    cursor = BarsCursor(series, 8)
    cursor.take(FQME, is_complete=False)

    series.merge(older(*range(50, 100)))
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert not update.reset
    assert [97, 98, 99] == (update.columns.time_ns // (60 * NANOS)).tolist()


def test_history_and_the_last_bar_are_sent_without_what_lies_between() -> None:
    series = grown(500)
    cursor = BarsCursor(series, 1000)
    cursor.take(FQME, is_complete=False)

    series.merge(older(98, 99))
    series.set_last(1.0, 9.0, 0.5, 8.0, 2.0, 2.0)
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert [98, 99, 599] == (update.columns.time_ns // (60 * NANOS)).tolist()


def test_who_asks_for_more_is_sent_only_what_is_older() -> None:
    series = grown(50)
    cursor = BarsCursor(series, 10)
    cursor.take(FQME, is_complete=True)

    cursor.widen(30)
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert (20, False) == (len(update.columns), update.reset)
    assert [120, 139] == (update.columns.time_ns[[0, -1]] // (60 * NANOS)).tolist()


def test_who_asks_for_fewer_keeps_what_it_has() -> None:
    cursor = BarsCursor(grown(50), 10)
    cursor.take(FQME, is_complete=True)

    cursor.widen(3)

    assert cursor.take(FQME, is_complete=True) is None


def test_a_trimmed_series_is_sent_anew_without_what_was_dropped() -> None:
    series = grown(50)
    cursor = BarsCursor(series, 40)
    cursor.take(FQME, is_complete=True)

    series.keep_last(20)
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert (20, True) == (len(update.columns), update.reset)


def test_a_cut_series_is_sent_anew_even_when_nothing_is_left() -> None:
    series = grown(5)
    cursor = BarsCursor(series, 8)
    cursor.take(FQME, is_complete=True)

    series.clear()
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert (0, True) == (len(update.columns), update.reset)


@settings(max_examples=300)
@given(
    st.sampled_from([1, 5, 300, 10_000]),
    st.lists(
        st.one_of(
            st.tuples(st.just("take"), st.just(0)),
            st.tuples(st.just("show"), st.just(0)),
            st.tuples(st.just("widen"), st.integers(1, 900)),
            WRITES.flatmap(lambda steps: st.sampled_from(steps or [("read", 0)])),
        ),
        max_size=40,
    ),
)
def test_a_deck_that_merges_what_it_is_sent_has_the_bars_of_the_engine(
    count: int, steps: list[tuple[str, int]]
) -> None:
    series, shown, outbox = Series(1), Series(1), Outbox()
    series.merge(made(600, start_s=1000, step_s=3))
    cursor = BarsCursor(series, count)

    for salt, (name, value) in enumerate([*steps, ("take", 0), ("show", 0)]):
        if name == "take" and (update := cursor.take(FQME, is_complete=True)) is not None:
            outbox.put(update)
        elif name == "show":
            show(shown, outbox)
        elif name == "widen":
            cursor.widen(value)
        else:
            write(series, name, value, salt)

    assert len(shown) >= min(cursor.count, len(series))
    for name in COLUMN_NAMES:
        newest = getattr(series, name)[len(series) - len(shown) :]
        assert newest.tolist() == getattr(shown, name).tolist()


def show(shown: Series, outbox: Outbox) -> None:
    """What a deck does with what waits for it."""
    for update in outbox.take():
        assert isinstance(update, BarsUpdate)
        if update.reset:
            shown.clear()
        shown.merge(update.columns)
