"""What all formatters that draw prices have in common."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import ChartStyle
from tests.support.bars import series_of, walk
from tests.support.strokes import columns_of, drawn, unpacked
from tui.paint.columns import Zoom, columns_on, time_axis
from tui.paint.formatters import (
    formatter_for,
)
from tui.paint.scales import PriceScale


@pytest.mark.parametrize("dots", range(1, 25))
@pytest.mark.parametrize("style", ["bars", "candles", "heikin-ashi"])
def test_bars_of_every_width_reach_from_high_to_low_and_not_into_the_next(
    style: ChartStyle, dots: int
) -> None:
    columns = columns_of(dots, (0, 2.0, 7.0, 0.0, 5.0))

    (halves,) = drawn(style, columns, 7.0, rows=2).halves

    dots_set = unpacked(halves)
    assert set().union(*dots_set) == set(range(8))
    assert dots <= 3 or dots_set[-1] == []


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

    united = np.zeros_like(kept)
    np.bitwise_or.at(united, together, alone)
    if style in ("bars", "candles"):
        assert (kept == united).all()
        return
    # Between bars of one column a line goes from close to open; each of them is in both.
    assert (kept & united == united).all()
    for one, other in zip(unpacked(kept[:, None]), unpacked(united[:, None]), strict=True):
        assert (one[0], one[-1]) == (other[0], other[-1])
