"""How the cells of a chart are shared out, and which prices it shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import Quote
from tests.support.bars import START_NS, bars
from tui.paint.cells import DOTS_X, DOTS_Y
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS, Columns, Zoom, columns_on, no_columns, time_axis
from tui.paint.levels import LOOKS, Level
from tui.paint.scales import PriceScale
from tui.paint.scene import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    ROOMY,
    Scene,
    View,
    layout_of,
    settled,
    wanted_range,
)

FOLLOWING = View()
ELSEWHERE = View(anchor_ns=START_NS)
PRICES = st.floats(-1e6, 1e6)


def _columns() -> Columns:
    """Bars from 100 to 110."""
    series = bars((0, 104, 106, 100, 102), (1, 102, 110, 101, 105))
    return columns_on(time_axis([series], ZOOMS[DEFAULT_ZOOM], 100, anchor_x=50), series)


def _quote(last: float, bid: float | None = None, ask: float | None = None) -> Quote:
    return Quote(fqme="x", last=last, bid=bid, ask=ask)


# -- cells ----------------------------------------------------------------------------------------


@given(
    width=st.integers(LEAST_WIDTH, 500),
    height=st.integers(LEAST_HEIGHT, 200),
    label=st.integers(1, 14),
)
def test_every_cell_belongs_to_one_part(width: int, height: int, label: int) -> None:
    layout = layout_of(width, height, label)

    assert (layout.width, layout.height, layout.plot_top) == (width, height, 1)
    assert layout.volume_top == layout.plot_top + layout.plot_rows
    assert layout.time_row == layout.volume_top + layout.volume_rows == height - 1
    assert layout.plot_rows >= 3
    assert layout.plot_rows > layout.volume_rows
    assert width - layout.axis_left >= label + 2
    assert (layout.dots_wide, layout.dots_high) == (
        layout.plot_width * DOTS_X,
        layout.plot_rows * DOTS_Y,
    )


def test_volume_is_left_out_where_rows_are_short() -> None:
    assert layout_of(80, 10, 8).volume_rows == 0
    assert layout_of(80, 11, 8).volume_rows == 2
    assert layout_of(80, 50, 8).volume_rows == 8


def test_a_wide_chart_has_a_blank_before_its_prices() -> None:
    assert layout_of(ROOMY - 1, 24, 8).plot_width == ROOMY - 1 - 10
    assert layout_of(ROOMY, 24, 8).plot_width == ROOMY - 11


@given(width=st.integers(30, 400), zoom=st.sampled_from(ZOOMS))
def test_the_newest_bar_begins_a_cell_and_is_whole(width: int, zoom: Zoom) -> None:
    layout = layout_of(width, 30, 8)
    x = layout.anchor_x(zoom)

    assert x % DOTS_X == 0
    assert 0 <= x
    assert x + 1 + zoom.dots <= layout.dots_wide - DOTS_X, "or it touches the axis"


def test_a_wide_chart_leaves_more_blank_before_the_axis() -> None:
    layout = layout_of(131, 30, 8)

    assert layout.plot_width == 120
    assert layout.anchor_x(Zoom(1, 4)) == (120 - 3 - 3) * DOTS_X


def test_a_bar_wider_than_the_plot_begins_at_its_left() -> None:
    assert layout_of(LEAST_WIDTH, 10, 14).anchor_x(Zoom(1, 24)) == 0


@given(
    width=st.integers(LEAST_WIDTH, 400),
    height=st.integers(LEAST_HEIGHT, 80),
    label=st.integers(1, 14),
    overlays=st.lists(st.integers(1, 14), max_size=7),
)
def test_axes_of_overlays_stand_side_by_side_to_the_right_edge(
    width: int, height: int, label: int, overlays: list[int]
) -> None:
    layout = layout_of(width, height, label, overlays, has_legend=bool(overlays))
    places = layout.overlay_axes

    assert len(places) + layout.hidden_axes == len(overlays)
    assert [place.overlay for place in places] == list(range(len(places)))
    assert [place.room for place in places] == overlays[: len(places)]
    edges = [layout.axis_left + layout.axis_width, *(place.left + place.width for place in places)]
    assert edges[:-1] == [place.left for place in places]
    assert edges[-1] == width
    assert layout.axis_room >= label
    assert layout.time_row == height - 1
    if places:
        assert layout.plot_width >= max(24, width // 2)


def test_the_last_axes_are_left_out_where_the_plot_would_be_too_narrow() -> None:
    shown = [
        len(layout_of(width, 24, 8, [8] * 7, has_legend=True).overlay_axes)
        for width in (60, 80, 120, 200)
    ]

    assert shown == [1, 2, 4, 7]
    assert layout_of(80, 24, 8, [8] * 7).hidden_axes == 5


def test_overlays_are_named_in_a_row_of_their_own_where_there_are_rows_enough() -> None:
    assert layout_of(80, 24, 8, [8], has_legend=True).plot_top == 2
    assert layout_of(80, 24, 8, [8], has_legend=True).has_legend
    assert not layout_of(80, 9, 8, [8], has_legend=True).has_legend
    assert not layout_of(80, 24, 8).has_legend


def test_volume_may_be_left_out_by_hand() -> None:
    assert layout_of(80, 24, 8, has_volume=False).volume_rows == 0


# -- the range that is wanted ---------------------------------------------------------------------


def test_the_bars_in_view_are_shown_whole() -> None:
    assert wanted_range(_columns(), Scene(), FOLLOWING) == (100.0, 110.0)


def test_without_bars_the_quote_is_shown_and_without_that_nothing() -> None:
    nothing = no_columns(ZOOMS[DEFAULT_ZOOM])

    assert wanted_range(nothing, Scene(), FOLLOWING) is None
    assert wanted_range(nothing, Scene(quote=_quote(5.0)), FOLLOWING) == (5.0, 5.0)
    assert wanted_range(nothing, Scene(quote=_quote(5.0, 4.0, 7.0)), FOLLOWING) == (4.0, 7.0)


def test_the_present_is_shown_while_it_is_followed_and_not_elsewhere() -> None:
    scene = Scene(quote=_quote(112.0, 99.0, 113.0))

    assert wanted_range(_columns(), scene, FOLLOWING) == (99.0, 113.0)
    assert wanted_range(_columns(), scene, ELSEWHERE) == (100.0, 110.0)


def test_a_quote_far_off_does_not_press_the_bars_flat() -> None:
    scene = Scene(quote=_quote(105.0, 1.0, 1e6))

    assert wanted_range(_columns(), scene, FOLLOWING) == (100.0, 110.0)
    at_the_edge = Scene(quote=_quote(105.0, 90.0, 120.0))
    assert wanted_range(_columns(), at_the_edge, FOLLOWING) == (90.0, 120.0)


@pytest.mark.parametrize("kind", [kind for kind, look in LOOKS.items() if not look.is_followed])
def test_what_rests_near_the_bars_is_shown_and_what_is_far_is_not(kind: str) -> None:
    near = Scene(levels=[Level(96.0, kind), Level(114.0, kind)])
    far = Scene(levels=[Level(95.9, kind), Level(114.1, kind)])

    assert wanted_range(_columns(), near, ELSEWHERE) == (96.0, 114.0)
    assert wanted_range(_columns(), far, ELSEWHERE) == (100.0, 110.0)


@pytest.mark.parametrize("view", [FOLLOWING, ELSEWHERE], ids=["following", "elsewhere"])
def test_what_is_staged_is_shown_however_far_it_is(view: View) -> None:
    scene = Scene(levels=[Level(5000.0, "staged")])

    assert wanted_range(_columns(), scene, view) == (100.0, 5000.0)


# -- the range that is used -----------------------------------------------------------------------


def test_a_new_range_has_room_around_what_is_wanted() -> None:
    assert settled(None, 100.0, 110.0, 0.01)[:2] == pytest.approx((99.4, 110.6))


def test_a_market_that_stands_still_is_shown_with_some_ticks_around_it() -> None:
    found = settled(None, 100.0, 100.0, 0.5)

    assert found.high - found.low == pytest.approx(8 * 0.5 * 1.12)
    assert (found.high + found.low) / 2 == pytest.approx(100.0)


def test_a_range_is_kept_while_it_fits_and_not_when_it_is_far_too_wide() -> None:
    current = PriceScale(0.0, 100.0)

    assert settled(current, 1.5, 98.5, 0.01) is current
    assert settled(current, 1.4, 98.5, 0.01) is not current
    assert settled(current, 1.5, 98.6, 0.01) is not current
    assert settled(current, 20.0, 80.0, 0.01) is current
    assert settled(current, 20.0, 79.0, 0.01) is not current


def test_on_a_logarithmic_scale_room_is_a_share_of_the_way_between_logarithms() -> None:
    found = settled(None, 1.0, 100.0, 0.01, "log")

    assert found.kind == "log"
    assert found.low * found.high == pytest.approx(100.0)
    assert found.high / 100.0 == pytest.approx(100**0.06)


@given(
    st.floats(1e-6, 1e6),
    st.floats(1.0, 1e4),
    st.floats(1e-6, 1e6),
    st.floats(1.0, 1e4),
    st.sampled_from([1e-8, 0.01]),
)
def test_a_logarithmic_range_holds_what_is_wanted_and_settles(
    before: float, times_before: float, low: float, times: float, tick: float
) -> None:
    current = settled(None, before, before * times_before, tick, "log")
    found = settled(current, low, low * times, tick, "log")

    assert 0 < found.low <= low <= low * times <= found.high
    assert settled(found, low, low * times, tick, "log") is found
    rows = found.rows(np.array([low, low * times]), 40)
    assert ((rows >= 0) & (rows < 40)).all()


def test_a_range_of_another_scale_is_not_kept() -> None:
    linear = settled(None, 10.0, 20.0, 0.01)

    assert settled(linear, 10.0, 20.0, 0.01, "log").kind == "log"
    assert settled(settled(None, 10.0, 20.0, 0.01, "log"), 10.0, 20.0, 0.01).kind == "linear"


@given(PRICES, PRICES, PRICES, PRICES, st.sampled_from([1e-8, 0.01, 0.25]))
def test_what_is_wanted_is_always_inside_whatever_was_before(
    one: float, other: float, low: float, high: float, tick: float
) -> None:
    current = PriceScale(min(one, other), max(one, other)) if one != other else None
    low, high = min(low, high), max(low, high)
    found = settled(current, low, high, tick)

    assert found.low <= low <= high <= found.high
    assert found.high > found.low
    assert all(map(math.isfinite, found[:2]))
    rows = found.rows(np.array([low, high]), 40)
    assert ((rows >= 0) & (rows < 40)).all()


@given(st.lists(st.tuples(PRICES, PRICES), min_size=1, max_size=20))
def test_asked_again_for_the_same_it_stays_the_same(wants: list[tuple[float, float]]) -> None:
    current: PriceScale | None = None
    for one, other in wants:
        low, high = min(one, other), max(one, other)
        current = settled(current, low, high, 0.01)
        assert settled(current, low, high, 0.01) is current
