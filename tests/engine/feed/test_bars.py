from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import NANOS
from engine.feed.bars import (
    Series,
    between,
    concat,
    empty_columns,
    flats,
    overlay,
    pick,
    resample,
)
from engine.messages import COLUMN_NAMES, Columns

Row = tuple[int, float, float, float, float, float, float]


def columns_of(rows: list[Row]) -> Columns:
    if not rows:
        return empty_columns()
    parts = zip(*rows, strict=True)
    return Columns(
        **{
            name: np.array(part, np.int64 if name == "time_ns" else np.float64)
            for name, part in zip(COLUMN_NAMES, parts, strict=True)
        }
    )


def rows_of(columns: Columns) -> list[Row]:
    return list(zip(*(getattr(columns, name).tolist() for name in COLUMN_NAMES), strict=True))


def bar(time_s: int, price: float, volume: float = 1.0) -> Row:
    return (time_s * NANOS, price, price + 1, price - 1, price + 0.5, volume, 1.0)


def flat(time_s: int, price: float) -> Row:
    return (time_s * NANOS, price, price, price, price, 0.0, 0.0)


times = st.lists(st.integers(0, 40), unique=True).map(sorted)
chunks = st.lists(st.tuples(times, st.integers(1, 9)), max_size=8)


@given(chunks)
def test_any_order_of_merges_leaves_the_newest_bar_of_each_time(
    parts: list[tuple[list[int], int]],
) -> None:
    series, model = Series(1, room=4), dict[int, Row]()

    for part, price in parts:
        rows = [bar(time_s, price) for time_s in part]
        series.merge(columns_of(rows))
        model |= {row[0]: row for row in rows}

    assert [model[time_ns] for time_ns in sorted(model)] == rows_of(series.columns())


operations = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.just("set_last"), st.integers(1, 9)),
        st.tuples(st.just("cut_from"), st.integers(0, 60)),
        st.tuples(st.just("merge"), st.integers(0, 40)),
        st.tuples(st.just("clear"), st.just(0)),
    ),
    max_size=40,
)


@given(operations)
def test_a_series_is_a_sorted_list_that_grows_at_both_ends(steps: list[tuple[str, int]]) -> None:
    series, model = Series(1, room=4), list[Row]()

    for name, value in steps:
        match name:
            case "append":
                row = bar((model[-1][0] // NANOS if model else 20) + value, value)
                series.append(*row)
                model.append(row)
            case "set_last" if model:
                row = bar(model[-1][0] // NANOS, value)
                series.set_last(*row[1:])
                model[-1] = row
            case "cut_from":
                series.cut_from(value * NANOS)
                model = [row for row in model if row[0] < value * NANOS]
            case "merge":
                rows = [bar(time_s, 7.0) for time_s in range(value, value + 3)]
                series.merge(columns_of(rows))
                known = {row[0]: row for row in (*model, *rows)}
                model = [known[time_ns] for time_ns in sorted(known)]
            case "clear":
                series.clear()
                model = []

    assert model == rows_of(series.columns())
    assert len(series) == len(model)


def test_a_bar_that_does_not_follow_is_refused() -> None:
    series = Series(1)
    series.append(*bar(5, 1.0))

    with pytest.raises(ValueError, match="does not follow"):
        series.append(*bar(5, 1.0))
    assert len(series) == 1


def test_only_what_changes_history_moves_its_version() -> None:
    series = Series(1)
    series.append(*bar(10, 1.0))
    series.append(*bar(11, 1.0))
    series.set_last(*bar(11, 2.0)[1:])
    series.merge(columns_of([bar(11, 3.0), bar(12, 3.0)]))
    appended = series.history_version
    series.merge(columns_of([bar(4, 1.0)]))
    prepended = series.history_version
    series.merge(columns_of([bar(10, 9.0)]))
    mended = series.history_version
    series.cut_from(11 * NANOS)

    assert appended < prepended < mended < series.history_version


def test_columns_are_copies_that_later_writes_do_not_reach() -> None:
    series = Series(1)
    series.append(*bar(1, 1.0))
    taken = series.columns()

    series.set_last(*bar(1, 8.0)[1:])

    assert rows_of(taken) == [bar(1, 1.0)]


def test_a_bar_is_found_by_its_time() -> None:
    series = Series(5)
    series.merge(columns_of([bar(10, 1.0), bar(20, 1.0)]))

    assert [0, 0, 1, 1, 2] == [series.index_at(time_s * NANOS) for time_s in (0, 10, 11, 20, 21)]


def test_parts_between_two_times_are_cut_out_and_put_together_again() -> None:
    whole = columns_of([bar(time_s, float(time_s)) for time_s in range(10)])

    parts = [between(whole, 0, 3 * NANOS), between(whole, 3 * NANOS, 20 * NANOS)]

    assert rows_of(whole) == rows_of(concat(parts))
    assert not len(concat([]))


@given(times, times)
def test_of_two_overlaid_columns_the_upper_one_wins(under: list[int], over: list[int]) -> None:
    below = [bar(time_s, 1.0) for time_s in under]
    above = [bar(time_s, 2.0) for time_s in over]
    known = {row[0]: row for row in (*below, *above)}

    made = rows_of(overlay(columns_of(below), columns_of(above)))

    assert [known[time_ns] for time_ns in sorted(known)] == made


def test_bars_are_picked_by_mask_or_index() -> None:
    whole = columns_of([bar(1, 1.0), bar(2, 2.0), bar(3, 3.0)])

    assert [bar(2, 2.0)] == rows_of(pick(whole, whole.close == 2.5))
    assert [bar(3, 3.0), bar(1, 1.0)] == rows_of(pick(whole, np.array([2, 0])))


def test_flats_repeat_a_price_from_the_start_of_the_range() -> None:
    assert [flat(3, 7.0), flat(5, 7.0)] == rows_of(flats(3 * NANOS, 6 * NANOS, 2 * NANOS, 7.0))


def test_longer_bars_have_the_extremes_and_sums_of_their_parts() -> None:
    parts = columns_of([bar(60, 5.0), bar(61, 9.0, 2.0), bar(63, 2.0), bar(65, 4.0)])

    made = rows_of(resample(parts, 5))

    assert [
        (60 * NANOS, 5.0, 10.0, 1.0, 2.5, 4.0, 3.0),
        (65 * NANOS, 4.0, 5.0, 3.0, 4.5, 1.0, 1.0),
    ] == made


def test_a_part_without_trades_counts_only_where_nothing_traded() -> None:
    parts = columns_of([flat(0, 100.0), bar(1, 5.0), flat(2, 5.5), flat(5, 5.5), flat(6, 5.5)])

    made = rows_of(resample(parts, 5))

    assert [(0, 5.0, 6.0, 4.0, 5.5, 1.0, 1.0), flat(5, 5.5)] == made


def test_bars_of_a_source_without_volume_still_count() -> None:
    parts = columns_of([(*bar(0, 5.0, 0.0)[:6], 0.0), flat(1, 5.5)])

    assert [(0, 5.0, 6.0, 4.0, 5.5, 0.0, 0.0)] == rows_of(resample(parts, 5))


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 50), st.integers(0, 3))))
def test_resampling_in_two_steps_is_resampling_at_once(raw: list[tuple[int, int, int]]) -> None:
    rows: list[Row] = []
    time_s = 0
    for step_s, price, volume in raw:
        time_s += step_s
        is_flat = bool(rows) and not volume
        rows.append(flat(time_s, rows[-1][4]) if is_flat else bar(time_s, price, volume))

    once = rows_of(resample(columns_of(rows), 60))
    twice = rows_of(resample(resample(columns_of(rows), 15), 60))

    assert once == twice


def test_nothing_resampled_is_nothing() -> None:
    assert not len(resample(empty_columns(), 60))
