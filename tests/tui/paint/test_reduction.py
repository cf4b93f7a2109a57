"""What is in view, kept from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feed.bars import Series
from tests.support.bars import NANOS, START_NS, series_of, walk
from tui.paint.columns import Columns, Zoom, columns_on, time_axis
from tui.paint.reduction import Reduction, Window

MINUTE_NS = 60 * NANOS
NAMES = ("x", "start_ns", "first", "open", "high", "low", "close", "volume", "after_gap", "cut_ns")


def _assert_same(one: Columns, other: Columns) -> None:
    for name in NAMES:
        mine, theirs = getattr(one, name), getattr(other, name)
        if name == "volume":
            # Sums are made in another order.
            assert mine.tolist() == pytest.approx(theirs.tolist(), rel=1e-12), name
        else:
            assert mine.tolist() == theirs.tolist(), name


def _tick(series: Series, price: float) -> None:
    high, low = max(series.high[-1], price), min(series.low[-1], price)
    series.set_last(series.open[-1], high, low, price, series.volume[-1] + 1, 1.0)


@pytest.mark.parametrize("zoom", [Zoom(1, 4), Zoom(1, 1), Zoom(16, 1), Zoom(384, 1)])
def test_a_changed_last_bar_leaves_axis_and_all_other_columns(zoom: Zoom) -> None:
    series = series_of(walk(3000))
    reduction, window = Reduction(), Window(zoom, 100, 90)
    axis, (before,) = reduction.update([series], window)

    _tick(series, 21_000.0)
    again, (after,) = reduction.update([series], window)

    assert again is axis
    assert after.x is before.x
    assert after.with_newest_of == before.serial
    assert after.high[-1] == 21_000.0
    assert before.high[-1] < 21_000.0
    _assert_same(after, columns_on(axis, series))


def test_what_did_not_change_is_the_same_object() -> None:
    series = series_of(walk(300))
    reduction, window = Reduction(), Window(Zoom(1, 4), 100, 90)
    axis, columns = reduction.update([series, None], window)

    again, same = reduction.update([series, None], window)

    assert again is axis
    assert same[0] is columns[0]
    assert same[1] is columns[1]


def test_bars_that_come_right_of_the_view_change_nothing() -> None:
    series = series_of(walk(300))
    window = Window(Zoom(1, 4), 100, 90, anchor_ns=int(series.time_ns[100]))
    reduction = Reduction()
    axis, (columns,) = reduction.update([series], window)

    series.append(int(series.time_ns[-1]) + MINUTE_NS, 1.0, 2.0, 0.5, 1.0)
    again, (same,) = reduction.update([series], window)

    assert again is axis
    assert same is columns


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["tick", "bar", "bars", "prepend", "set", "rewrite", "cut", "clear"]),
            st.integers(1, 40),
        ),
        max_size=20,
    ),
    zoom=st.sampled_from([Zoom(1, 3), Zoom(1, 1), Zoom(4, 1), Zoom(16, 1)]),
    past=st.none() | st.integers(0, 200),
)
def test_kept_columns_are_those_that_would_be_made_anew(
    steps: list[tuple[str, int]], zoom: Zoom, past: int | None
) -> None:
    series, random = series_of(walk(150)), np.random.default_rng(5)
    anchor_ns = None if past is None else START_NS + past * MINUTE_NS
    window = Window(zoom, 60, 50, anchor_ns, lead=2)
    reduction = Reduction()
    reduction.update([series], window)
    for what, amount in steps:
        _change(series, what, amount, random)

        axis, (columns,) = reduction.update([series], window)

        fresh = time_axis([series], zoom, 60, anchor_x=50, anchor_ns=anchor_ns, lead=2)
        assert axis.keys.tolist() == fresh.keys.tolist()
        assert axis.x.tolist() == fresh.x.tolist()
        assert axis.lead == fresh.lead
        _assert_same(columns, columns_on(fresh, series))


def _change(series: Series, what: str, amount: int, random: np.random.Generator) -> None:
    price = 20_000 + float(random.normal()) * 50
    if what == "prepend" or not len(series):
        first = int(series.time_ns[0]) if len(series) else START_NS
        series.merge(walk(amount, seed=amount, start_ns=first - (amount + 3) * MINUTE_NS))
    elif what == "tick":
        _tick(series, price)
    elif what == "bar":
        missing = amount if amount % 4 == 0 else 0
        time_ns = int(series.time_ns[-1]) + (1 + missing) * MINUTE_NS
        series.append(time_ns, price, price + 1, price - 1, price, 1.0)
    elif what == "bars":
        series.merge(walk(amount, seed=amount, start_ns=int(series.time_ns[-1])))
    elif what == "set":
        at = max(0, len(series) - amount)
        series.set_bar(at, price, price + 9, price - 9, price, 2.0, 1.0)
    elif what == "rewrite":
        at = max(0, len(series) - amount)
        series.merge(walk(3, seed=amount, start_ns=int(series.time_ns[at])))
    elif what == "cut":
        series.cut_from(int(series.time_ns[-1]) - amount * MINUTE_NS)
    elif what == "clear" and amount > 36:
        series.clear()
