"""Averages of bars."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.bars import bars, series_of, walk
from tui.paint.columns import Columns, Zoom, columns_on, time_axis
from tui.paint.formatters.heikin_ashi import WARM_UP, heikin_ashi


def _view(bars_back: int, count: int = 3000) -> Columns:
    """Columns of a view that ends so many bars before the newest, with the warm-up."""
    series = series_of(walk(count))
    axis = time_axis(
        [series],
        Zoom(1, 4),
        200,
        anchor_x=196,
        anchor_ns=int(series.time_ns[-1 - bars_back]),
        lead=WARM_UP,
    )
    return columns_on(axis, series)


def _recursion(columns: Columns) -> tuple[list[float], list[float]]:
    """Opens and closes as they are defined, one after the other."""
    opens, closes = [], []
    for index in range(len(columns)):
        open_, close = float(columns.open[index]), float(columns.close[index])
        opens.append((opens[-1] + closes[-1]) / 2 if opens else (open_ + close) / 2)
        closes.append((open_ + float(columns.high[index]) + float(columns.low[index]) + close) / 4)
    return opens, closes


def test_from_the_first_bar_on_it_is_the_recursion() -> None:
    series = series_of(walk(300))
    columns = columns_on(time_axis([series], Zoom(1, 1), 400, anchor_x=398), series)

    averages = heikin_ashi(columns, 0, len(columns))

    opens, closes = _recursion(columns)
    assert len(columns) == 300
    assert averages.open.tolist() == pytest.approx(opens, rel=1e-15)
    assert averages.close.tolist() == pytest.approx(closes, rel=1e-15)
    assert (averages.high >= columns.high).all()
    assert (averages.high >= np.maximum(averages.open, averages.close)).all()
    assert (averages.low <= np.minimum(averages.open, averages.close)).all()


def test_warmed_up_it_is_the_recursion_over_everything_before() -> None:
    series = series_of(walk(3000))
    whole = columns_on(time_axis([series], Zoom(1, 1), 3200, anchor_x=3198), series)
    part = _view(500)

    averages = heikin_ashi(part, WARM_UP, len(part))

    at = whole.start_ns.searchsorted(part.start_ns[WARM_UP:])
    opens = np.array(_recursion(whole)[0])[at]
    assert averages.open.tolist() == pytest.approx(opens.tolist(), rel=1e-15)


def test_a_moved_view_shows_the_same_candles_to_the_last_bit() -> None:
    before, after = _view(500), _view(477)

    one = heikin_ashi(before, WARM_UP, len(before))
    other = heikin_ashi(after, WARM_UP, len(after))

    assert one.open[23:].tolist() == other.open[:-23].tolist()
    assert one.high[23:].tolist() == other.high[:-23].tolist()


def test_any_part_is_that_part_of_the_whole() -> None:
    columns = _view(500)
    whole = heikin_ashi(columns, 0, len(columns))

    for start, stop in ((0, 1), (0, 70), (1, 2), (63, 66), (64, 65), (100, 111), (5, 5)):
        part = heikin_ashi(columns, start, stop)
        assert part.open.tolist() == whole.open[start:stop].tolist()
        assert part.low.tolist() == whole.low[start:stop].tolist()


def test_huge_prices_do_not_overflow() -> None:
    huge = 1.7e308
    series = bars(*((number, huge, huge, huge, huge) for number in range(70)))
    columns = columns_on(time_axis([series], Zoom(1, 1), 80, anchor_x=78), series)

    averages = heikin_ashi(columns, 0, 70)

    assert averages.open.tolist() == pytest.approx([huge] * 70)
    assert averages.close.tolist() == [huge] * 70
