"""What each formatter draws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import ChartStyle
from tests.support.bars import bars, series_of, walk
from tui.paint.cells import characters
from tui.paint.columns import Columns, Zoom, columns_on, time_axis
from tui.paint.dots import packed, placed
from tui.paint.formatters import (
    DOWN,
    FLAT,
    UP,
    Strokes,
    VolumeFormatter,
    formatter_for,
)
from tui.paint.scales import PriceScale


def _columns(dots: int, *rows: tuple[float, ...]) -> Columns:
    series = bars(*rows)
    axis = time_axis([series], Zoom(1, dots), 400, anchor_x=0, anchor_ns=int(series.time_ns[0]))
    return columns_on(axis, series)


def _drawn(style: ChartStyle, columns: Columns, high: float, rows: int = 1) -> Strokes:
    return formatter_for(style).update(columns, PriceScale(0.0, high), rows)


def _text(strokes: Strokes, columns: Columns, cells: int) -> list[str]:
    grid = placed(strokes.halves, strokes.kinds, columns.x, cells * 2)
    masks, _ = packed(grid, np.arange(3), 0, cells)
    return ["".join(chr(code) for code in row) for row in characters(masks, "braille")]


def test_a_bar_of_four_dots_has_open_to_the_left_and_close_to_the_right() -> None:
    columns = _columns(4, (0, 2.0, 3.0, 0.0, 1.0))

    strokes = _drawn("bars", columns, 3.0)

    # The stem in the second column over all four rows, open in row 1, close in row 2.
    assert _text(strokes, columns, 2) == ["⢺⠄"]
    assert strokes.kinds.tolist() == [DOWN]


def test_a_bar_of_two_dots_has_its_close_and_one_of_one_is_its_stem() -> None:
    two, one = _columns(2, (0, 2, 3, 0, 1)), _columns(1, (0, 2, 3, 0, 1))

    assert _text(_drawn("bars", two, 3.0), two, 1) == ["⡧"]
    # The minute is an odd one, so its dot is the right one of its cell.
    assert _text(_drawn("bars", one, 3.0), one, 1) == ["⢸"]


def test_wide_bars_have_wide_ticks() -> None:
    columns = _columns(8, (0, 0.0, 3.0, 0.0, 3.0))

    strokes = _drawn("bars", columns, 3.0)

    assert _text(strokes, columns, 4) == ["⣀⣸⠉⠁"]
    assert strokes.kinds.tolist() == [UP]


def test_a_bar_in_which_nothing_moved_is_flat() -> None:
    assert _drawn("bars", _columns(4, (0, 1, 1, 1, 1)), 3.0).kinds.tolist() == [FLAT]


def test_bars_are_cut_at_the_edges_of_a_manual_range() -> None:
    columns = _columns(4, (0, 5.0, 9.0, -9.0, 5.0), (1, 7.0, 8.0, 6.0, 7.0))

    assert _text(_drawn("bars", columns, 3.0), columns, 4) == ["⢸   "]


def test_a_line_is_joined_from_bar_to_bar_and_not_over_missing_time() -> None:
    whole = _columns(2, (0, 0, 0, 0, 0), (1, 3, 3, 3, 3))
    broken = _columns(2, (0, 0, 0, 0, 0), (2, 3, 3, 3, 3))

    assert _text(_drawn("curve", whole, 3.0), whole, 3) == ["⣀⠏ "]
    assert _text(_drawn("curve", broken, 3.0), broken, 3) == ["⣀ ⠉"]


@pytest.mark.parametrize("style", ["curve", "area", "steps"])
@pytest.mark.parametrize("dots", [1, 2, 3, 4, 8, 24])
def test_a_line_has_no_holes(style: ChartStyle, dots: int) -> None:
    series = series_of(walk(60))
    axis = time_axis([series], Zoom(1, dots), 40, anchor_x=36)
    columns = columns_on(axis, series)
    scale = PriceScale(float(columns.low.min()), float(columns.high.max()))

    strokes = formatter_for(style).update(columns, scale, 10)

    dots_set = _unpacked(strokes.halves)
    for before, after in itertools.pairwise(dots_set):
        assert before
        assert min(after) <= max(before) + 1
        assert max(after) >= min(before) - 1
        assert len(after) == max(after) - min(after) + 1


def _unpacked(halves: np.ndarray) -> list[list[int]]:
    """Rows of dots that are set in each column of dots."""
    bits = (1, 2, 4, 0x40)
    flat = halves.reshape(-1, halves.shape[-1])
    return [
        [4 * row + dot for row, mask in enumerate(column) for dot in range(4) if mask & bits[dot]]
        for column in flat.tolist()
    ]


def test_volume_stands_on_the_ground_and_any_of_it_is_seen() -> None:
    columns = _columns(4, (0, 1, 2, 1, 2, 1000.0), (1, 2, 2, 1, 1, 0.001), (2, 1, 2, 1, 2, 0.0))

    strokes = VolumeFormatter().update(columns, PriceScale(0.0, 1000.0), 2)

    assert _text(strokes, columns, 6) == ["⣿⡇    ", "⣿⡇⣀⡀  "]
    assert strokes.kinds.tolist() == [UP, DOWN, UP]


def test_a_market_without_volume_draws_none() -> None:
    columns = _columns(4, (0, 1, 2, 1, 2, 0.0))

    assert not VolumeFormatter().update(columns, PriceScale(0.0, 0.0), 2).halves.any()


def test_a_candle_has_a_body_and_a_wick_in_the_middle_of_it() -> None:
    columns = _columns(4, (0, 2.0, 3.0, 0.0, 1.0), (1, 1.0, 3.0, 0.0, 2.0))

    strokes = _drawn("candles", columns, 3.0)

    assert _text(strokes, columns, 4) == ["⢾⠆⢾⠆"]
    assert strokes.kinds.tolist() == [DOWN, UP]


def test_a_candle_that_rose_is_hollow_where_colours_do_not_say_it() -> None:
    columns = _columns(6, (0, 0.5, 7.0, 0.0, 6.0), (1, 6.0, 7.0, 0.0, 0.5))

    strokes = formatter_for("candles", is_hollow=True).update(columns, PriceScale(0.0, 7.0), 2)

    rose, fell = strokes.halves
    assert _unpacked(rose) == [
        list(range(1, 7)), [1, 6], [0, 1, 6, 7], [1, 6], list(range(1, 7)), []
    ]  # fmt: skip
    assert _unpacked(fell) == [
        *[list(range(1, 7))] * 2, list(range(8)), *[list(range(1, 7))] * 2, []
    ]  # fmt: skip


@pytest.mark.parametrize("dots", range(1, 25))
@pytest.mark.parametrize("style", ["bars", "candles", "heikin-ashi"])
def test_bars_of_every_width_reach_from_high_to_low_and_not_into_the_next(
    style: ChartStyle, dots: int
) -> None:
    columns = _columns(dots, (0, 2.0, 7.0, 0.0, 5.0))

    (halves,) = _drawn(style, columns, 7.0, rows=2).halves

    drawn = _unpacked(halves)
    assert set().union(*drawn) == set(range(8))
    assert dots <= 3 or drawn[-1] == []


def test_an_area_is_set_back_below_its_line_and_nowhere_above() -> None:
    series = series_of(walk(60))
    columns = columns_on(time_axis([series], Zoom(1, 3), 120, anchor_x=110), series)
    scale = PriceScale(float(columns.low.min()), float(columns.high.max()))

    strokes = formatter_for("area").update(columns, scale, 10)

    assert strokes.fill is not None
    for line, fill in zip(_unpacked(strokes.halves), _unpacked(strokes.fill), strict=True):
        assert all(row > max(line) for row in fill)
        assert len(fill) >= (39 - max(line)) // 2 - 2


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    group=st.sampled_from([2, 3, 4, 8]),
    count=st.integers(2, 120),
    style=st.sampled_from(["bars", "candles", "curve", "area", "steps"]),
)
def test_reduced_bars_and_lines_are_drawn_as_if_all_were(
    seed: int, group: int, count: int, style: ChartStyle
) -> None:
    series = series_of(walk(count, seed=seed))
    scale, rows, width = PriceScale(19_500.0, 20_500.0), 16, 160
    axis = time_axis([series], Zoom(group, 1), width, anchor_x=140)
    reduced = columns_on(axis, series)
    every = columns_on(time_axis([series], Zoom(1, 1), 300, anchor_x=280), series)
    together = every.start_ns // axis.step_ns - axis.keys[0]

    kept = formatter_for(style).update(reduced, scale, rows).halves[:, 0]
    alone = formatter_for(style).update(every, scale, rows).halves[:, 0]

    drawn = np.zeros_like(kept)
    np.bitwise_or.at(drawn, together, alone)
    if style in ("bars", "candles"):
        assert (kept == drawn).all()
        return
    # Between bars of one column a line goes from close to open; each of them is in both.
    assert (kept & drawn == drawn).all()
    for one, other in zip(_unpacked(kept[:, None]), _unpacked(drawn[:, None]), strict=True):
        assert (one[0], one[-1]) == (other[0], other[-1])
