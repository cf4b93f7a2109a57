"""Which prices are shown, of the main market and of those over it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from tests.support.bars import INSTRUMENT, START_NS, bars, series_of, walk
from tests.support.stages import overlay, quote
from tui.paint.columns import Columns, Zoom, columns_on, no_columns, time_axis
from tui.paint.ranges import Ranges, Scales, base_of
from tui.paint.scales import PriceScale, usable
from tui.paint.scene import Scene, View

MINUTE = 60 * 10**9
RISING = bars((0, 100, 104, 99, 102), (1, 102, 112, 101, 110), (2, 110, 121, 108, 120))
OTHER = bars((0, 10, 10.4, 9.9, 10), (1, 10, 10.5, 9.5, 10.2), (2, 10.2, 10.3, 8.9, 9))


def _columns(series: Series, *more: Series) -> tuple[Columns, ...]:
    axis = time_axis([series, *more], Zoom(1, 4), 200, anchor_x=100)
    return tuple(columns_on(axis, one) for one in (series, *more))


def _update(view: View, *others: Series, ranges: Ranges | None = None, **scene: object) -> Scales:
    main, *rest = _columns(RISING, *others)
    shown = tuple(overlay(one, slot) for slot, one in enumerate(others, 1))
    whole = Scene("btc", INSTRUMENT, RISING, overlays=shown)._replace(**scene)  # type: ignore[arg-type]
    return (ranges or Ranges()).update(whole, view, main, rest)


@pytest.mark.parametrize(
    ("kind", "low", "base", "drawn"),
    [
        ("linear", -1.0, None, "linear"),
        ("log", 1e-9, None, "log"),
        ("log", 0.0, None, "linear"),
        ("log", -1.0, None, "linear"),
        ("percent", 1.0, 5.0, "percent"),
        ("percent", 1.0, None, "linear"),
        ("percent", -5.0, 0.0, "linear"),
        ("percent", -5.0, -2.0, "linear"),
    ],
)
def test_a_scale_is_used_where_it_can_be_had(
    kind: str, low: float, base: float | None, drawn: str
) -> None:
    assert usable(kind, low, base) == drawn  # type: ignore[arg-type]


def test_a_linear_range_holds_what_is_in_view() -> None:
    scales = _update(View())

    assert scales.main is not None
    assert scales.main.kind == "linear"
    assert scales.main.low < 99 < 121 < scales.main.high
    assert scales == Scales(scales.main)


def test_percent_is_counted_from_the_close_of_the_first_column_in_view() -> None:
    scales = _update(View(price_scale="percent"))

    assert scales.main is not None
    assert (scales.main.kind, scales.main.base) == ("percent", 102.0)
    assert scales.main[:2] == _update(View()).main[:2]  # type: ignore[index]


def test_percent_is_counted_from_the_mark_where_there_is_one() -> None:
    main = _columns(RISING)[0]

    assert base_of(main, View()) == 102.0
    assert base_of(main, View(mark_ns=START_NS + MINUTE)) == 110.0
    assert base_of(main, View(mark_ns=START_NS - MINUTE)) == 102.0
    assert base_of(main, View(mark_ns=START_NS + 99 * MINUTE)) == 120.0
    assert base_of(no_columns(Zoom(1, 4)), View()) is None


def test_a_column_that_is_only_partly_in_view_is_no_base() -> None:
    axis = time_axis([RISING], Zoom(1, 4), 200, anchor_x=6)
    columns = columns_on(axis, RISING)

    assert int(columns.x[0]) < 0
    assert base_of(columns, View()) == 110.0


def test_a_logarithmic_scale_holds_what_is_in_view() -> None:
    scales = _update(View(price_scale="log"))

    assert scales.main is not None
    assert scales.main.kind == "log"
    assert scales.main.low < 99 < 121 < scales.main.high
    assert scales.refused == ""


def test_what_cannot_be_logarithmic_is_linear_and_said() -> None:
    below = bars((0, -3, 2, -4, 1))
    axis = time_axis([below], Zoom(1, 4), 200, anchor_x=100)
    scene = Scene("oil", INSTRUMENT, below)

    for kind, refused in (("log", "log"), ("percent", "")):
        view = View(price_scale=kind)  # type: ignore[arg-type]
        scales = Ranges().update(scene, view, columns_on(axis, below))
        assert scales.main is not None
        assert scales.refused == refused
        assert scales.main.kind == ("linear" if refused else "percent")


def test_a_manual_range_is_taken_in_the_scale_that_is_shown() -> None:
    manual = PriceScale(50.0, 200.0)

    assert _update(View(prices=manual)).main == manual
    assert _update(View(prices=manual, price_scale="log")).main == PriceScale(50.0, 200.0, "log")
    scales = _update(View(prices=PriceScale(-1.0, 200.0), price_scale="log"))
    assert scales.main == PriceScale(-1.0, 200.0)
    assert scales.refused == "log"


@pytest.mark.parametrize("kind", ["linear", "log", "percent"])
def test_a_range_stays_while_what_is_in_view_fits(kind: str) -> None:
    ranges, view = Ranges(), View(price_scale=kind)  # type: ignore[arg-type]
    first = _update(view, ranges=ranges)
    moved = _update(view, ranges=ranges, quote=quote(120.5))
    far = _update(view, ranges=ranges, quote=quote(130.0))

    assert moved == first
    assert far != first
    ranges.forget()
    assert _update(view, ranges=ranges) == first


def test_another_series_starts_anew() -> None:
    ranges = Ranges()
    wide = bars((0, 1, 1000, 1, 500))
    axis = time_axis([wide], Zoom(1, 4), 200, anchor_x=100)
    ranges.update(Scene("x", INSTRUMENT, wide), View(), columns_on(axis, wide))

    assert _update(View(), ranges=ranges) == _update(View())


# -- overlays -------------------------------------------------------------------------------------


def test_each_overlay_has_a_range_of_its_own() -> None:
    scales = _update(View(), OTHER)
    (other,) = scales.overlays

    assert not scales.is_shared
    assert other is not None
    assert other.low < 8.9 < 10.5 < other.high < 20
    assert scales.main == _update(View()).main


def test_overlays_are_logarithmic_with_the_main_market_where_they_can_be() -> None:
    below = bars((0, -3, 2, -4, 1), (1, 1, 2, 1, 1))
    scales = _update(View(price_scale="log"), OTHER, below)

    assert [one.kind for one in scales.overlays if one] == ["log", "linear"]


def test_an_overlay_keeps_its_range_by_its_slot() -> None:
    ranges = Ranges()
    before = _update(View(), OTHER, RISING, ranges=ranges).overlays
    shown = (overlay(RISING, 2),)
    main, other = _columns(RISING, RISING)
    after = ranges.update(Scene("btc", INSTRUMENT, RISING, overlays=shown), View(), main, [other])

    assert after.overlays[0] is before[1]


def test_an_overlay_of_which_nothing_is_known_has_no_range() -> None:
    main = _columns(RISING)[0]
    scene = Scene("btc", INSTRUMENT, RISING, overlays=(overlay(None),))

    scales = Ranges().update(scene, View(), main, [no_columns(Zoom(1, 4))])

    assert scales.overlays == (None,)


@given(st.integers(0, 50), st.floats(1e-3, 1e3))
def test_in_percent_a_row_is_the_same_percentage_of_each_market(seed: int, times: float) -> None:
    main, other = series_of(walk(60, seed=seed)), series_of(walk(60, seed=seed + 1))
    columns = other.columns()
    for name in ("open", "high", "low", "close"):
        getattr(columns, name)[:] = getattr(columns, name) * times
    other = series_of(columns)
    parts = _columns(main, other)
    scene = Scene("btc", INSTRUMENT, main, overlays=(overlay(other),))

    scales = Ranges().update(scene, View(overlay_percent=True), parts[0], parts[1:])

    (second,) = scales.overlays
    assert scales.is_shared
    assert scales.main is not None
    assert second is not None
    for row in (0, 17, 99):
        one, two = scales.main.price(row, 100), second.price(row, 100)
        assert scales.main.share(one) == pytest.approx(second.share(two), abs=1e-9)
    for scale, part in zip((scales.main, second), parts, strict=True):
        assert scale.base == part.close[part.x.searchsorted(0)]
        assert scale.low <= part.low.min() <= part.high.max() <= scale.high


def test_where_the_main_market_has_no_base_each_market_keeps_its_axis() -> None:
    below = bars((0, -3, 2, -4, -1), (1, -1, 2, -2, 1))
    parts = _columns(below, OTHER)
    scene = Scene("oil", INSTRUMENT, below, overlays=(overlay(OTHER),))

    scales = Ranges().update(scene, View(overlay_percent=True), parts[0], parts[1:])

    assert not scales.is_shared
    assert scales.refused == "%"
    assert scales.overlays[0] is not None


def test_a_manual_range_is_that_of_the_main_market_on_a_shared_axis_too() -> None:
    scales = _update(View(overlay_percent=True, prices=PriceScale(51.0, 204.0)), OTHER)

    assert scales.main is not None
    assert scales.main[:2] == pytest.approx((51.0, 204.0))
    assert scales.overlays[0][:2] == pytest.approx((5.0, 20.0))  # type: ignore[index]
