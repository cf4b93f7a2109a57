"""Columns to dots."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.bars import bars, series_of, walk
from tui.paint.cells import characters
from tui.paint.columns import Columns, Zoom, columns_in_view
from tui.paint.dots import (
    DOWN,
    FLAT,
    UP,
    Spans,
    bar_spans,
    draw,
    line_spans,
    strongest,
    volume_spans,
)
from tui.paint.scales import PriceScale


def _columns(dots: int, *rows: tuple[float, ...]) -> Columns:
    series = bars(*rows)
    return columns_in_view(series, Zoom(1, dots), 400, anchor=0, anchor_x=0)


def _text(masks: np.ndarray, cells: int) -> list[str]:
    union = np.bitwise_or.reduce(masks, axis=0)
    return ["".join(chr(code) for code in row[:cells]) for row in characters(union, "braille")]


def test_a_bar_of_four_dots_has_open_to_the_left_and_close_to_the_right() -> None:
    columns = _columns(4, (0, 2.0, 3.0, 0.0, 1.0))

    masks = draw(bar_spans(columns, PriceScale(0.0, 3.0), 4), 8, 4)

    # The stem in the second column over all four rows, open in row 1, close in row 2.
    assert _text(masks, 2) == ["⢺⠄"]
    assert masks[DOWN].any()
    assert not masks[UP].any()


def test_a_bar_of_two_dots_has_its_close_and_one_of_one_is_its_stem() -> None:
    two, one = _columns(2, (0, 2, 3, 0, 1)), _columns(1, (0, 2, 3, 0, 1))

    assert _text(draw(bar_spans(two, PriceScale(0, 3), 4), 4, 4), 1) == ["⡧"]
    # The minute is an odd one, so its dot is the right one of its cell.
    assert _text(draw(bar_spans(one, PriceScale(0, 3), 4), 4, 4), 1) == ["⢸"]


def test_wide_bars_have_wide_ticks() -> None:
    columns = _columns(8, (0, 0.0, 3.0, 0.0, 3.0))

    masks = draw(bar_spans(columns, PriceScale(0.0, 3.0), 4), 8, 4)

    assert _text(masks, 4) == ["⣀⣸⠉⠁"]
    assert masks[UP].any()


def test_a_bar_in_which_nothing_moved_is_flat() -> None:
    masks = draw(bar_spans(_columns(4, (0, 1, 1, 1, 1)), PriceScale(0, 3), 4), 8, 4)

    assert masks[FLAT].any()
    assert not masks[[UP, DOWN]].any()


def test_bars_are_cut_at_the_edges_of_a_manual_range() -> None:
    columns = _columns(4, (0, 5.0, 9.0, -9.0, 5.0), (1, 7.0, 8.0, 6.0, 7.0))

    masks = draw(bar_spans(columns, PriceScale(0.0, 3.0), 4), 16, 4)

    assert _text(masks, 4) == ["⢸   "]


def test_a_line_is_joined_from_bar_to_bar_and_not_over_missing_time() -> None:
    whole = _columns(2, (0, 0, 0, 0, 0), (1, 3, 3, 3, 3))
    broken = _columns(2, (0, 0, 0, 0, 0), (2, 3, 3, 3, 3))

    joined = draw(line_spans(whole, PriceScale(0.0, 3.0), 4), 8, 4)
    apart = draw(line_spans(broken, PriceScale(0.0, 3.0), 4), 8, 4)

    assert _text(joined, 3) == ["⢀⠜ "]
    assert _text(apart, 3) == ["⢀ ⠈"]


@pytest.mark.parametrize("dots", [1, 2, 3, 4, 8])
def test_a_line_has_no_holes(dots: int) -> None:
    series = series_of(walk(60))
    columns = columns_in_view(series, Zoom(1, dots), 40, anchor=59, anchor_x=36)
    prices = PriceScale(float(columns.close.min()), float(columns.close.max()))

    spans = line_spans(columns, prices, 40)

    by_x = dict(zip(spans.x.tolist(), zip(spans.top, spans.bottom, strict=True), strict=True))
    xs = sorted(by_x)
    assert xs == list(range(xs[0], xs[-1] + 1))
    for x in xs[1:]:
        assert by_x[x][0] <= by_x[x - 1][1] + 1
        assert by_x[x][1] >= by_x[x - 1][0] - 1


def test_volume_stands_on_the_ground_and_any_of_it_is_seen() -> None:
    columns = _columns(4, (0, 1, 2, 1, 2, 1000.0), (1, 2, 2, 1, 1, 0.001), (2, 1, 2, 1, 2, 0.0))

    masks = draw(volume_spans(columns, 1000.0, 8), 12, 8)

    assert _text(masks, 6) == ["⣿⡇    ", "⣿⡇⣀⡀  "]
    assert masks[UP].any()
    assert masks[DOWN].any()


def test_a_market_without_volume_draws_none() -> None:
    columns = _columns(4, (0, 1, 2, 1, 2, 0.0))

    assert not draw(volume_spans(columns, 0.0, 8), 12, 8).any()


def test_overlapping_runs_do_not_wipe_each_other_out() -> None:
    x = np.array([1, 1, 1])
    spans = Spans(x, np.array([0, 1, -5]), np.array([2, 2, 1]), np.zeros(3, dtype=np.int64))

    assert _text(draw(spans, 2, 4), 1) == ["⠸"]


def test_a_cell_takes_the_kind_of_most_of_its_dots_or_of_the_newer_half() -> None:
    masks = np.zeros((3, 1, 3), dtype=np.uint8)
    masks[UP, 0] = [0b00000111, 0b00000111, 0]
    masks[DOWN, 0] = [0b00001000, 0b00111000, 0b00001000]

    assert strongest(masks).tolist() == [[UP, DOWN, DOWN]]


def test_a_range_finds_rows_and_prices_both_ways() -> None:
    prices = PriceScale(10.0, 20.0)

    assert prices.row(20.0, 41) == 0
    assert prices.row(10.0, 41) == 40
    assert prices.price(20, 41) == 15.0
    assert prices.row(1e300, 41) < 0
    assert prices.row(-1e300, 41) > 40
    assert prices.rows(np.array([1e300, -1e300]), 41).tolist() == [-9, 50]
