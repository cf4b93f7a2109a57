"""What formatters keep, and how much of it."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import ChartStyle
from engine.feed.bars import Series
from tests.support.bars import NANOS, START_NS, series_of, walk
from tests.support.strokes import unpacked
from tui.paint.columns import Columns, Zoom, columns_on, time_axis
from tui.paint.formatters import Formatter, VolumeFormatter, formatter_for
from tui.paint.formatters.base import from_row, runs
from tui.paint.scales import PriceScale

MINUTE_NS = 60 * NANOS
SCALE = PriceScale(19_800.0, 20_200.0)
STYLES: tuple[ChartStyle, ...] = get_args(ChartStyle)
ZOOMS = (Zoom(1, 4), Zoom(1, 3), Zoom(1, 1), Zoom(8, 1))


def _columns(series: Series, zoom: Zoom, reach: int, anchor: int = -1) -> Columns:
    anchor_ns = int(series.time_ns[anchor])
    axis = time_axis([series], zoom, 120, anchor_x=110, anchor_ns=anchor_ns, lead=reach)
    return columns_on(axis, series)


def _both(style: ChartStyle, series: Series, zoom: Zoom) -> tuple[Formatter, Columns]:
    """A formatter that has drawn the columns of a view of `series`."""
    formatter = formatter_for(style)
    columns = _columns(series, zoom, formatter.reach)
    formatter.update(columns, SCALE, 10)
    assert formatter.statistics().redone == len(columns)
    return formatter, columns


def _tick(series: Series) -> None:
    series.set_last(series.open[-1], series.high[-1] + 9, series.low[-1], 20_001.0, 9.0, 1.0)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_changed_last_bar_redoes_its_column_alone(style: ChartStyle, zoom: Zoom) -> None:
    series = series_of(walk(3000))
    formatter, before = _both(style, series, zoom)

    _tick(series)
    compared = formatter.update(_columns(series, zoom, formatter.reach), SCALE, 10)

    statistics = formatter.statistics()
    # A column next to it that looks the same may depend on it; here none does.
    assert statistics.redone == 1
    assert statistics.reused == len(before) - 1
    assert compared.changed is None


@pytest.mark.parametrize("style", STYLES)
def test_columns_that_say_what_changed_are_not_compared(style: ChartStyle) -> None:
    series = series_of(walk(300))
    formatter, before = _both(style, series, Zoom(1, 4))

    after = before.with_newest(20_000.0, 20_009.0, 19_990.0, 20_001.0, 9.0)
    said = formatter.update(after, SCALE, 10)

    at = len(before) - 1
    assert said.changed == (at, at + 1)
    assert formatter.statistics()[:2] == (at, 1)
    assert formatter.update(after, SCALE, 10).changed == (0, 0)
    assert formatter.statistics()[:2] == (at + 1, 0)
    _assert_drawn_anew(formatter, style, after)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("zoom", ZOOMS)
def test_appended_bars_redo_no_more_than_what_came_in(style: ChartStyle, zoom: Zoom) -> None:
    series = series_of(walk(3000))
    formatter, _ = _both(style, series, zoom)

    series.merge(walk(3 * zoom.bars, seed=2, start_ns=int(series.time_ns[-1]) + MINUTE_NS))
    after = _columns(series, zoom, formatter.reach)
    formatter.update(after, SCALE, 10)

    # The newest column before may have been an open one; what left the view at the left took
    # with it what the next ones depend on, which are not in view either.
    assert 3 <= formatter.statistics().redone <= 5 + formatter.reach
    _assert_drawn_anew(formatter, style, after)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("bars", [-2, 2])
def test_a_moved_view_redoes_what_comes_into_it(style: ChartStyle, zoom: Zoom, bars: int) -> None:
    series = series_of(walk(3000))
    formatter = formatter_for(style)
    middle = _columns(series, zoom, formatter.reach, 2000)
    formatter.update(middle, SCALE, 10)

    after = _columns(series, zoom, formatter.reach, 2000 + bars * zoom.bars)
    formatter.update(after, SCALE, 10)

    assert 2 <= formatter.statistics().redone <= 3 + formatter.reach
    _assert_drawn_anew(formatter, style, after)


@pytest.mark.parametrize("style", STYLES)
def test_history_before_the_view_redoes_nothing_and_in_it_only_itself(style: ChartStyle) -> None:
    full, short = series_of(walk(300)), series_of(walk(12))
    older = walk(9, seed=4, start_ns=START_NS - 9 * MINUTE_NS)
    drawn, _ = _both(style, full, Zoom(1, 4))
    filled, before = _both(style, short, Zoom(1, 4))

    full.merge(older)
    drawn.update(_columns(full, Zoom(1, 4), drawn.reach), SCALE, 10)
    short.merge(older)
    after = _columns(short, Zoom(1, 4), filled.reach)
    filled.update(after, SCALE, 10)

    assert drawn.statistics().redone == 0
    reached = min(filled.reach, len(before))
    assert filled.statistics()[:2] == (len(before) - reached, 9 + reached)
    _assert_drawn_anew(filled, style, after)


def test_other_prices_or_another_height_redo_everything() -> None:
    series = series_of(walk(300))
    formatter, columns = _both("bars", series, Zoom(1, 4))

    formatter.update(columns, SCALE._replace(high=20_300.0), 10)
    assert formatter.statistics().redone == len(columns)
    formatter.update(columns, SCALE._replace(high=20_300.0), 11)
    assert formatter.statistics().redone == len(columns)
    formatter.update(columns, SCALE._replace(high=20_300.0), 11)
    assert formatter.statistics() == (len(columns), 0, len(columns), 3 * len(columns))


def test_what_prices_are_said_as_is_no_matter_of_dots() -> None:
    formatter, columns = _both("bars", series_of(walk(300)), Zoom(1, 4))

    formatter.update(columns, SCALE._replace(kind="percent", base=20_000.0), 10)

    assert formatter.statistics().redone == 0


@settings(max_examples=120, deadline=None)
@given(
    style=st.sampled_from([*STYLES, None]),
    zoom=st.sampled_from(ZOOMS),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["tick", "add", "older", "set", "move", "gap"]), st.integers(1, 60)
        ),
        max_size=12,
    ),
)
def test_what_is_kept_is_what_would_be_drawn(
    style: ChartStyle | None, zoom: Zoom, steps: list[tuple[str, int]]
) -> None:
    series = series_of(walk(400))
    formatter = VolumeFormatter() if style is None else formatter_for(style)
    scale = SCALE if style else PriceScale(0.0, 30.0)
    anchor = 399
    for what, amount in [("tick", 1), *steps]:
        last = int(series.time_ns[-1])
        if what == "tick":
            _tick(series)
        elif what == "add":
            series.merge(walk(amount, seed=amount, start_ns=last + MINUTE_NS))
        elif what == "gap":
            series.merge(walk(2, seed=amount, start_ns=last + amount * MINUTE_NS))
        elif what == "older":
            older_ns = int(series.time_ns[0]) - (amount + amount % 3) * MINUTE_NS
            series.merge(walk(amount, seed=amount, start_ns=older_ns))
        elif what == "set":
            series.set_bar(len(series) - amount, 1.0, 20_100.0, 19_900.0, 20_000.0, 7.0, 1.0)
        else:
            anchor = amount * 6
        columns = _columns(series, zoom, formatter.reach, min(anchor, len(series) - 1))

        kept = formatter.update(columns, scale, 10)

        fresh = VolumeFormatter() if style is None else formatter_for(style)
        anew = fresh.update(columns, scale, 10)
        lead = int(columns.x.searchsorted(1 - zoom.dots))
        assert (kept.halves[lead:] == anew.halves[lead:]).all()
        assert (kept.kinds[lead:] == anew.kinds[lead:]).all()
        if anew.fill is not None and kept.fill is not None:
            assert (kept.fill[lead:] == anew.fill[lead:]).all()


def _assert_drawn_anew(formatter: Formatter, style: ChartStyle, columns: Columns) -> None:
    kept = formatter.update(columns, SCALE, 10)
    anew = formatter_for(style).update(columns, SCALE, 10)
    assert np.array_equal(kept.halves, anew.halves)
    assert np.array_equal(kept.kinds, anew.kinds)


ROWS = st.integers(-9, 40)


@given(st.lists(st.tuples(ROWS, ROWS), min_size=1, max_size=20), st.integers(1, 8))
def test_a_run_is_the_dots_from_its_top_to_its_bottom_that_are_in_the_grid(
    ends: list[tuple[int, int]], rows: int
) -> None:
    top, bottom = np.array(ends).T

    made = unpacked(runs(top, bottom, rows))

    inside = range(rows * 4)
    assert made == [[at for at in inside if first <= at <= last] for first, last in ends]


@given(st.lists(ROWS, min_size=1, max_size=20), st.integers(1, 8))
def test_what_stands_on_the_ground_is_a_run_to_the_last_row(tops: list[int], rows: int) -> None:
    made = unpacked(from_row(np.array(tops), rows))

    assert made == [list(range(max(top, 0), rows * 4)) for top in tops]
