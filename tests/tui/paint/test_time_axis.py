"""The row of times, and what stands upright at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars, series_of, walk
from tests.support.stages import FIXED_LAYOUT, NIGHT, fixed_stage, ink_of, painted, rows_of
from tui.paint.canvas import Canvas
from tui.paint.columns import ZOOMS, Zoom, time_axis
from tui.paint.layers import Stage
from tui.paint.scene import Cursor, Scene, View
from tui.paint.time_axis import (
    dot_of,
    paint_cursor_time,
    paint_linked,
    paint_separators,
    paint_times,
)

D = Decimal
MINUTE = 60 * NANOS
LAYOUT = FIXED_LAYOUT
MINUTES = bars(*((number, 1, 2, 1, 2) for number in range(60)))
NIGHT_BARS = bars(*((number, 1, 2, 1, 2) for number in range(107 - 30, 107 + 30)))
"""Half an hour before midnight and after it."""


def _stage(view: View | None = None, series: Series = MINUTES) -> Stage:
    return fixed_stage(Scene("btc", INSTRUMENT, series), view)


def _both(canvas: Canvas, stage: Stage) -> None:
    paint_times(canvas, stage)
    paint_cursor_time(canvas, stage)


def _times(view: View | None = None, series: Series = MINUTES) -> str:
    return rows_of(painted(_both, _stage(view, series)))[LAYOUT.time_row]


def test_the_corner_says_which_zone_times_are_of() -> None:
    assert _times(View(zone=UTC)).endswith("UTC ")
    assert _times(View(zone=ZoneInfo("Europe/Berlin"))).endswith("CET ")
    assert _times(View(zone=ZoneInfo("Asia/Kolkata"))).endswith("IST ")
    assert not _times(series=Series(60)).strip()


def test_the_time_of_the_cursor_is_over_all_others() -> None:
    without = _times()
    stage = _stage(View(cursor=Cursor(START_NS + 50 * MINUTE, D(1))))
    text = rows_of(painted(_both, stage))[LAYOUT.time_row]

    assert " 14 Nov 23:03 " in text
    at = text.index("14 Nov 23:03")
    assert stage.cursor_x is not None
    assert at - 1 <= stage.cursor_x // 2 <= at + 13
    for label in text[: LAYOUT.plot_width].replace("14 Nov 23:03", "").split():
        assert label in without.split()


@given(st.integers(0, 59), st.sampled_from([Zoom(1, 4), Zoom(1, 2), Zoom(1, 24)]))
def test_the_time_of_the_cursor_is_whole_wherever_it_stands(bar: int, zoom: Zoom) -> None:
    stage = _stage(View(cursor=Cursor(START_NS + bar * MINUTE, D(1)), zoom=ZOOMS.index(zoom)))
    text = rows_of(painted(_both, stage))[LAYOUT.time_row]

    if stage.cursor_x is not None:
        assert "14 Nov 2" in text[: LAYOUT.plot_width]


def test_a_new_day_stands_out_of_the_times() -> None:
    canvas = painted(paint_times, _stage(series=NIGHT_BARS))

    assert ink_of(canvas, "15 Nov") == NIGHT.style("text", bold=True)
    assert ink_of(canvas, "00:") == NIGHT.style("axis")


def test_a_lean_axis_says_fewer_times() -> None:
    full, lean = (_times(View(detail=detail)).split() for detail in ("full", "lean"))  # type: ignore[arg-type]

    assert 1 < len(lean) < len(full)


# -- uprights -------------------------------------------------------------------------------------


@pytest.mark.parametrize("zoom", [Zoom(1, 1), Zoom(1, 2), Zoom(1, 3), Zoom(1, 4), Zoom(1, 24)])
def test_a_time_stands_in_the_middle_of_its_bar(zoom: Zoom) -> None:
    axis = time_axis([MINUTES], zoom, 160, anchor_x=140 - 140 % 2)

    for at, key in enumerate(axis.keys.tolist()):
        dot = dot_of(axis, key * MINUTE + 17 * NANOS)
        assert dot is not None
        assert int(axis.x[at]) <= dot < int(axis.x[at]) + zoom.dots


def test_a_time_without_a_bar_has_a_place_where_time_is_in_proportion() -> None:
    gap = bars((0, 1, 2, 1, 2), (5, 1, 2, 1, 2))
    axis = time_axis([gap], Zoom(1, 4), 160, anchor_x=100)

    dots = [dot_of(axis, START_NS + minute * MINUTE) for minute in range(-1, 8)]
    assert dots[0] is None
    assert [b - a for a, b in pairwise(dots[1:])] == [4] * 7  # type: ignore[operator]


def test_a_time_that_is_cut_has_none() -> None:
    cut = bars((0, 1, 2, 1, 2), (500, 1, 2, 1, 2))
    axis = time_axis([cut], Zoom(1, 4), 160, anchor_x=100)

    assert dot_of(axis, START_NS + 250 * MINUTE) is None
    assert dot_of(axis, START_NS + 500 * MINUTE) is not None
    assert dot_of(time_axis([], Zoom(1, 4), 160, anchor_x=100), START_NS) is None


def test_a_day_begins_behind_the_bars_from_top_to_bottom() -> None:
    far = View(zoom=ZOOMS.index(Zoom(1, 1)))
    stage = _stage(far, NIGHT_BARS)
    canvas = painted(paint_separators, stage)

    assert canvas.backdrop is not None
    rows, columns = canvas.backdrop.values.nonzero()
    assert set(rows.tolist()) == set(range(LAYOUT.plot_top, LAYOUT.time_row))
    midnight = int(stage.axis.keys.searchsorted((START_NS + 107 * MINUTE) // MINUTE))
    assert set(columns.tolist()) == {int(stage.axis.x[midnight]) // 2}


@pytest.mark.parametrize("detail", ["lean", "slow"])
def test_a_lean_chart_has_no_separators(detail: str) -> None:
    view = View(zoom=ZOOMS.index(Zoom(1, 1)), detail=detail)  # type: ignore[arg-type]

    assert painted(paint_separators, _stage(view, NIGHT_BARS)).is_empty


def test_the_time_of_a_linked_chart_is_a_faint_upright() -> None:
    stage = _stage(View(linked_ns=START_NS + 40 * MINUTE + 1))
    canvas = painted(paint_linked, stage)

    dot = dot_of(stage.axis, START_NS + 40 * MINUTE)
    assert dot is not None
    assert canvas.backdrop is not None
    assert set(canvas.backdrop.values.nonzero()[1].tolist()) == {dot // 2}
    for time_ns in (None, START_NS - 500 * MINUTE):
        nowhere = replace(stage, view=View(linked_ns=time_ns))
        assert (
            painted(paint_linked, nowhere).is_empty
            or not painted(paint_linked, nowhere).backdrop.values.any()
        )  # type: ignore[union-attr]


def test_where_no_day_begins_in_view_the_left_edge_says_which_day_it_is() -> None:
    text = _times(View(zone=ZoneInfo("Europe/Berlin")), _HOUR)

    assert text.startswith(" 14 Nov ")
    assert not _times(series=NIGHT_BARS).startswith(" 14 Nov")


def test_where_no_year_begins_in_view_the_left_edge_says_which_year_days_are_of() -> None:
    days = series_of(walk(200, period_s=86_400), 86_400)

    early = int(days.time_ns[30])
    assert _times(View(anchor_ns=early), days).startswith(" 2023 ")
    assert _times(View(zoom=ZOOMS.index(Zoom(1, 1))), days).split()[0] != "2023"


def test_the_day_at_the_left_edge_covers_no_time() -> None:
    for shift in range(10):
        view = View(anchor_ns=int(_HOUR.time_ns[40 + shift]))
        said = _times(view, _HOUR)[: LAYOUT.plot_width].split()
        assert said[:2] == ["14", "Nov"]
        assert all(len(word) == 5 and word[2] == ":" for word in said[2:])


_HOUR = bars(*((number, 1, 2, 1, 2) for number in range(-60, 20)))
