"""The open bar: what trades make of a series, in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from engine.feed.openbar import KNOWN_EDGES, MOST_FLATS, OpenBar
from engine.messages import Columns
from tests.support.market_truth import Bars, as_columns, traded_bars

S = 1_000_000_000
MINUTE = 60 * S
T0 = 28_333_334 * MINUTE
"""The start of a minute."""

Deal = tuple[int, float, float]
"""Nanoseconds after T0, price, size."""


def opened(*deals: Deal) -> OpenBar:
    """The bars of a minute of these deals, one trade each."""
    bar = OpenBar(Series(60))
    add(bar, *deals)
    return bar


def add(bar: OpenBar, *deals: Deal) -> None:
    for after_ns, price, size in deals:
        bar.add(T0 + after_ns, price, size, 1)


def rows(bar: OpenBar) -> list[tuple[float, ...]]:
    """Minute, open, high, low, close, volume and trades of every bar, the open one written."""
    if bar.is_open:
        bar.write()
    series = bar.series
    minutes = (series.time_ns - T0) // MINUTE
    columns = (series.open, series.high, series.low, series.close, series.volume, series.trades)
    return [tuple(map(float, row)) for row in zip(minutes, *columns, strict=True)]


def history(*bars: tuple[int, float, float, float, float, float, float]) -> Columns:
    known: Bars = {T0 + minute * MINUTE: tuple(values) for minute, *values in bars}  # type: ignore[misc]
    return as_columns(known)


# -- in order ----------------------------------------------------------------------------------


def test_no_bar_is_open_before_the_first_trade() -> None:
    bar = opened()

    assert not bar.is_open
    assert rows(bar) == []


def test_a_bar_opens_on_its_grid_with_the_first_trade_of_it() -> None:
    bar = opened((5 * S, 10.0, 2.0))

    assert (bar.start_ns, bar.end_ns) == (T0, T0 + MINUTE)
    assert (bar.first_ns, bar.last_ns) == (T0 + 5 * S, T0 + 5 * S)
    assert rows(bar) == [(0, 10, 10, 10, 10, 2, 1)]


def test_the_series_has_the_values_of_the_open_bar_once_they_are_written() -> None:
    bar = opened((1, 10.0, 1.0), (2, 12.0, 1.0))
    assert bar.is_dirty
    assert bar.series.volume[-1] == 0
    bar.write()

    assert not bar.is_dirty
    assert bar.series.volume[-1] == 2


def test_a_closed_bar_was_written_and_silence_repeats_its_close() -> None:
    bar = opened((0, 10.0, 1.0), (1, 12.0, 1.0), (4 * MINUTE, 7.0, 3.0))

    assert rows(bar) == [
        (0, 10, 12, 10, 12, 2, 2),
        (1, 12, 12, 12, 12, 0, 0),
        (2, 12, 12, 12, 12, 0, 0),
        (3, 12, 12, 12, 12, 0, 0),
        (4, 7, 7, 7, 7, 3, 1),
    ]


def test_the_last_nanosecond_of_a_period_is_in_it() -> None:
    bar = opened((0, 1.0, 1.0), (MINUTE - 1, 2.0, 1.0), (MINUTE, 3.0, 1.0))

    assert [row[0] for row in rows(bar)] == [0, 1]
    assert rows(bar)[0][-1] == 2


@pytest.mark.parametrize(("missing", "bars"), [(MOST_FLATS, MOST_FLATS + 2), (MOST_FLATS + 1, 2)])
def test_a_silence_is_filled_up_to_a_length_and_is_a_gap_beyond(missing: int, bars: int) -> None:
    bar = opened((0, 1.0, 1.0), ((missing + 1) * MINUTE, 2.0, 1.0))

    assert len(bar.series) == bars
    assert bar.series.time_ns[-1] == T0 + (missing + 1) * MINUTE


def test_bars_of_a_break_are_not_made_up() -> None:
    bar = opened((0, 1.0, 1.0))
    bar.fill_from_ns = T0 + 3 * MINUTE + S
    add(bar, (5 * MINUTE, 2.0, 1.0))

    assert [row[0] for row in rows(bar)] == [0, 3, 4, 5]


def test_a_price_restated_trades_nothing_and_opens_nothing() -> None:
    bar = opened((0, 5.0, 1.0))
    bar.add(T0 + MINUTE, 9.0, 0.0, 0)

    assert rows(bar) == [(0, 5, 5, 5, 5, 1, 1)]
    bar.add(T0 + 1, 6.0, 0.0, 1)  # a trade whose size is not told counts
    assert rows(bar) == [(0, 5, 6, 5, 6, 1, 2)]


# -- late trades -------------------------------------------------------------------------------


def test_a_trade_out_of_order_is_neither_the_close_nor_the_open_unless_it_was() -> None:
    bar = opened((20 * S, 10.0, 1.0), (30 * S, 11.0, 1.0), (25 * S, 14.0, 1.0), (10 * S, 9.0, 1.0))

    assert rows(bar) == [(0, 9, 14, 9, 11, 4, 4)]
    assert (bar.first_ns, bar.last_ns) == (T0 + 10 * S, T0 + 30 * S)


def test_of_two_trades_at_one_time_the_later_one_is_the_close() -> None:
    assert rows(opened((5, 1.0, 1.0), (5, 2.0, 1.0))) == [(0, 1, 2, 1, 2, 2, 2)]


def test_a_late_trade_mends_its_bar_and_the_flat_ones_up_to_the_next_trade() -> None:
    bar = opened((0, 10.0, 1.0), (3 * MINUTE, 20.0, 1.0), (S, 12.0, 1.0))

    assert rows(bar) == [
        (0, 10, 12, 10, 12, 2, 2),
        (1, 12, 12, 12, 12, 0, 0),
        (2, 12, 12, 12, 12, 0, 0),
        (3, 20, 20, 20, 20, 1, 1),
    ]
    assert (bar.changed_from_ns, bar.changed_to_ns) == (T0, T0 + 3 * MINUTE)


@pytest.mark.parametrize(("size", "count"), [(0.0, 1), (2.0, 0)])
def test_a_late_trade_leaves_a_bar_alone_of_which_only_size_or_count_is_told(
    size: float, count: int
) -> None:
    bar = opened((0, 10.0, 1.0))
    bar.add(T0 + MINUTE, 15.0, size, count)
    add(bar, (3 * MINUTE, 20.0, 1.0), (S, 12.0, 1.0))

    assert rows(bar)[1] == (1, 15, 15, 15, 15, size, count)
    bar.add(T0 + MINUTE + S, 16.0, size, count)
    assert rows(bar)[1] == (1, 15, 16, 15, 16, 2 * size, 2 * count)


def test_a_late_trade_carries_its_close_into_an_open_bar_without_trades() -> None:
    bar = opened((0, 10.0, 1.0))
    bar.roll(T0 + MINUTE, 0.0)
    add(bar, (S, 12.0, 1.0))

    assert rows(bar) == [(0, 10, 12, 10, 12, 2, 2), (1, 12, 12, 12, 12, 0, 0)]
    assert bar.close == 12


def test_a_late_trade_of_a_flat_bar_is_its_only_price() -> None:
    bar = opened((0, 10.0, 1.0), (2 * MINUTE, 20.0, 1.0), (MINUTE + S, 15.0, 3.0))

    assert rows(bar)[1] == (1, 15, 15, 15, 15, 3, 1)
    assert (bar.changed_from_ns, bar.changed_to_ns) == (T0 + MINUTE, T0 + 2 * MINUTE)


def test_a_trade_before_all_bars_makes_its_bar_and_those_up_to_the_first() -> None:
    bar = opened((3 * MINUTE, 20.0, 1.0), (MINUTE + S, 15.0, 3.0))

    assert rows(bar) == [
        (1, 15, 15, 15, 15, 3, 1),
        (2, 15, 15, 15, 15, 0, 0),
        (3, 20, 20, 20, 20, 1, 1),
    ]


def test_a_trade_long_before_all_bars_makes_its_bar_alone() -> None:
    bar = opened((0, 20.0, 1.0), (-(MOST_FLATS + 1) * MINUTE, 15.0, 3.0))

    assert [row[0] for row in rows(bar)] == [-(MOST_FLATS + 1), 0]


def test_a_late_trade_in_a_gap_makes_its_bar_and_fills_no_other() -> None:
    bar = opened((0, 1.0, 1.0))
    bar.fill_from_ns = T0 + 6 * MINUTE
    add(bar, (6 * MINUTE, 2.0, 1.0), (3 * MINUTE, 5.0, 1.0))

    assert [row[0] for row in rows(bar)] == [0, 3, 6]


def test_a_trade_too_late_for_its_place_to_be_known_counts_and_leaves_open_and_close() -> None:
    bar = opened(*((minute * MINUTE + S, 10.0, 1.0) for minute in range(KNOWN_EDGES + 3)))
    add(bar, (0, 99.0, 2.0))
    known = opened(*((minute * MINUTE + S, 10.0, 1.0) for minute in range(KNOWN_EDGES)))
    add(known, (0, 99.0, 2.0))

    assert rows(bar)[0] == (0, 10, 99, 10, 10, 3, 2)
    assert rows(known)[0] == (0, 99, 99, 10, 10, 3, 2)


def test_each_mend_of_the_past_is_a_new_version_of_history() -> None:
    bar = opened((0, 1.0, 1.0), (MINUTE, 2.0, 1.0))
    before = bar.series.history_version
    add(bar, (MINUTE + 1, 3.0, 1.0))
    assert bar.series.history_version == before
    add(bar, (1, 3.0, 1.0))

    assert bar.series.history_version > before


def test_what_was_mended_is_told_once_as_one_range() -> None:
    bar = opened((0, 1.0, 1.0), (MINUTE, 2.0, 1.0), (5 * MINUTE, 3.0, 1.0))
    assert bar.take_changes() is None
    add(bar, (3 * MINUTE, 4.0, 1.0), (1, 5.0, 1.0))

    assert bar.take_changes() == (T0, T0 + 5 * MINUTE)
    assert bar.take_changes() is None
    add(bar, (2, 6.0, 1.0))
    assert bar.take_changes() == (T0, T0 + MINUTE)


def test_bars_made_up_before_the_first_one_are_told_of_too() -> None:
    bar = opened((3 * MINUTE, 20.0, 1.0), (MINUTE + S, 15.0, 3.0))

    assert bar.take_changes() == (T0 + MINUTE, T0 + 3 * MINUTE)


deal = st.tuples(
    st.integers(0, 8 * 60).map(lambda halves: halves * S),
    st.integers(1, 40).map(float),
    st.integers(1, 8).map(lambda eighths: eighths / 8),
)


@given(st.lists(deal, min_size=1, max_size=40))
def test_bars_are_those_of_the_trades_in_the_order_of_their_times(deals: list[Deal]) -> None:
    """Of trades at one time, those that came later count as later; the bars between are flat."""
    bar = opened(*deals)
    expected: list[tuple[float, ...]] = []
    in_order = sorted(deals, key=lambda each: each[0])
    for minute in range(in_order[0][0] // MINUTE, in_order[-1][0] // MINUTE + 1):
        inside = [each for each in in_order if each[0] // MINUTE == minute]
        prices = [price for _, price, _ in inside] or [expected[-1][4]]
        low, high = min(prices), max(prices)
        volume = sum(size for *_, size in inside)
        expected.append((minute, prices[0], high, low, prices[-1], volume, len(inside)))

    assert [row[0] for row in rows(bar)] == [row[0] for row in expected]
    for got, wanted in zip(rows(bar), expected, strict=True):
        assert _without_ties(got, in_order) == _without_ties(wanted, in_order)


def _without_ties(row: tuple[float, ...], deals: Sequence[Deal]) -> tuple[float, ...]:
    """The row without its open where two trades share the earliest time: either may be first."""
    inside = [each[0] for each in deals if each[0] // MINUTE == row[0]]
    return row[:1] + row[2:] if inside.count(min(inside, default=0)) > 1 else row


# -- history -----------------------------------------------------------------------------------


def test_history_wins_and_what_it_has_is_not_counted_again() -> None:
    bar = opened((0, 10.0, 1.0), (MINUTE, 11.0, 1.0))
    bar.write()
    bar.merge(history((0, 9, 13, 8, 12, 7, 5)), T0 + MINUTE)
    add(bar, (S, 99.0, 1.0))

    assert rows(bar) == [(0, 9, 13, 8, 12, 7, 5), (1, 11, 11, 11, 11, 1, 1)]


def test_an_open_bar_that_history_began_goes_on_from_there() -> None:
    bar = opened((0, 10.0, 1.0))
    bar.write()
    bar.merge(history((0, 9, 13, 8, 12, 7, 5)), T0 + 30 * S)
    add(bar, (29 * S, 99.0, 1.0), (30 * S, 14.0, 2.0))

    assert rows(bar) == [(0, 9, 14, 8, 14, 9, 6)]


def test_history_seals_no_less_than_before() -> None:
    bar = opened((0, 10.0, 1.0))
    bar.merge(history((-1, 1, 1, 1, 1, 1, 1)), T0 + 10)
    bar.merge(history((-2, 1, 1, 1, 1, 1, 1)), T0 - MINUTE)

    assert bar.sealed_ns == T0 + 10


def test_history_before_any_trade_opens_no_bar() -> None:
    bar = opened()
    bar.merge(history((-1, 1, 2, 1, 2, 1, 1)), T0)

    assert not bar.is_open
    add(bar, (0, 5.0, 1.0))
    assert rows(bar) == [(-1, 1, 2, 1, 2, 1, 1), (0, 5, 5, 5, 5, 1, 1)]


def test_a_bar_that_history_has_already_is_taken_over_when_it_is_opened() -> None:
    bar = opened()
    bar.merge(history((0, 9, 13, 8, 12, 7, 5)), T0 + S)
    add(bar, (2 * S, 14.0, 2.0))

    assert rows(bar) == [(0, 9, 14, 8, 14, 9, 6)]


# -- cuts --------------------------------------------------------------------------------------


def test_a_cut_drops_the_bar_it_lies_in_and_all_later_ones() -> None:
    bar = opened((0, 1.0, 1.0), (MINUTE, 2.0, 1.0), (2 * MINUTE, 3.0, 1.0))
    bar.cut(T0 + MINUTE + S)

    assert not bar.is_open
    assert [row[0] for row in rows(bar)] == [0]
    add(bar, (MINUTE, 7.0, 1.0))
    assert rows(bar)[1:] == [(1, 7, 7, 7, 7, 1, 1)]


def test_trades_played_again_after_a_cut_count_though_history_had_them() -> None:
    bar = opened((0, 1.0, 1.0))
    bar.merge(history((0, 1, 1, 1, 1, 1, 1)), T0 + 30 * S)
    bar.cut(T0)
    add(bar, (S, 4.0, 1.0))

    assert rows(bar) == [(0, 4, 4, 4, 4, 1, 1)]


def test_after_a_cut_the_edges_of_what_was_dropped_are_not_remembered() -> None:
    bar = opened((30 * S, 1.0, 1.0), (MINUTE + 30 * S, 2.0, 1.0), (2 * MINUTE, 3.0, 1.0))
    bar.cut(T0 + MINUTE)
    add(bar, (MINUTE + 40 * S, 5.0, 1.0), (2 * MINUTE, 6.0, 1.0), (MINUTE + 35 * S, 4.0, 1.0))

    assert rows(bar)[1] == (1, 4, 5, 4, 5, 2, 2)
    assert traded_bars(bar.series.columns()).keys() == {T0, T0 + MINUTE, T0 + 2 * MINUTE}
    assert np.all(np.diff(bar.series.time_ns) > 0)
