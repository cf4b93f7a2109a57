"""A deck is sent each change of a series once, and merging them gives the series back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import NANOS
from engine.feed.bars import Series
from engine.link.bars import BarsCursor
from engine.messages import COLUMN_NAMES, BarsUpdate, Columns

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
    assert update.reset
    assert 8 == len(update.columns)


def test_a_cut_series_is_sent_anew_even_when_nothing_is_left() -> None:
    series = grown(5)
    cursor = BarsCursor(series, 8)
    cursor.take(FQME, is_complete=True)

    series.clear()
    update = cursor.take(FQME, is_complete=True)

    assert update is not None
    assert (0, True) == (len(update.columns), update.reset)


@given(st.lists(st.sampled_from(["tick", "bar", "history", "cut", "take"]), max_size=40))
def test_a_deck_that_merges_what_it_is_sent_has_the_same_newest_bars(steps: list[str]) -> None:
    series, shown = grown(3, start=1000), Series(60)
    cursor, oldest = BarsCursor(series, 10_000), 1000
    for step in [*steps, "take"]:
        last_ns = int(series.time_ns[-1]) if len(series) else 1000 * 60 * NANOS
        if step == "tick" and len(series):
            series.set_last(1.0, 3.0, 0.1, series.close[-1] + 1, 2.0, 2.0)
        elif step == "bar":
            series.append(last_ns + 60 * NANOS, 1.0, 2.0, 0.5, 1.0, 1.0, 1.0)
        elif step == "history":
            series.merge(older(oldest - 2, oldest - 1))
            oldest -= 2
        elif step == "cut":
            series.cut_from(last_ns)
        update = cursor.take(FQME, is_complete=True) if step == "take" else None
        if isinstance(update, BarsUpdate):
            if update.reset:
                shown.clear()
            shown.merge(update.columns)

    for name in COLUMN_NAMES:
        assert getattr(series, name).tolist() == getattr(shown, name).tolist()
