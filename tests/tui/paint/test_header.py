"""The header of a chart: one bar in numbers, and what is unusual."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars, series_of, walk
from tests.support.stages import FIXED_PRICES, NIGHT, fixed_stage, ink_of, painted, rows_of
from tui.paint.canvas import Canvas
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS, Zoom, no_columns
from tui.paint.header import column_at, paint_header
from tui.paint.ranges import Scales
from tui.paint.scales import PriceScale
from tui.paint.scene import Cursor, Scene, View, layout_of

MINUTE = 60 * NANOS
D = Decimal
FOLLOWING = View()
SERIES = bars(
    (0, 104, 106, 100, 102, 2.0),
    (1, 102, 110, 101, 105, 1234.0),
    (2, 105, 105, 104, 104.5, 3.0),
    (5, 104.5, 107, 104, 104.5, 4.0),
)


# -- header ---------------------------------------------------------------------------------------


def _scene(**changes: object) -> Scene:
    return Scene("btc", INSTRUMENT, SERIES)._replace(**changes)  # type: ignore[arg-type]


def _header(
    scene: Scene, view: View = FOLLOWING, width: int = 80, prices: PriceScale = FIXED_PRICES
) -> tuple[Canvas, str]:
    stage = fixed_stage(scene, view, layout_of(width, 24, 6), prices)
    canvas = painted(paint_header, stage)
    return canvas, rows_of(canvas)[0].rstrip()


def test_the_header_reads_out_the_newest_bar_and_its_way_from_the_one_before() -> None:
    assert _header(_scene())[1] == (
        " btc 1m  O 104.50  H 107.00  L 104.00  C 104.50  V 4  0.00  0.00%"
    )


def test_the_header_reads_out_the_bar_under_the_cursor_and_says_when_it_was() -> None:
    view = View(cursor=Cursor(START_NS + MINUTE, D("103.00")))

    assert _header(_scene(), view, width=100)[1] == (
        " btc 1m  14 Nov 22:14  O 102.00  H 110.00  L 101.00  C 105.00  V 1.23k  +3.00  +2.94%"
    )


def test_the_first_bar_is_measured_from_its_open() -> None:
    view = View(cursor=Cursor(START_NS, D("103.00")))
    canvas, text = _header(_scene(), view, width=100)

    assert text.endswith("C 102.00  V 2  -2.00  -1.92%")
    assert ink_of(canvas, "-2.00").color == NIGHT.style("down").color  # type: ignore[attr-defined]
    assert ink_of(canvas, "102.00").color == NIGHT.style("down").color  # type: ignore[attr-defined]


def test_a_cursor_where_no_bar_is_reads_out_none() -> None:
    view = View(cursor=Cursor(START_NS + 3 * MINUTE, D("103.00")))

    assert _header(_scene(), view)[1] == " btc 1m  no bar here"


def test_without_bars_the_header_says_what_it_can() -> None:
    assert _header(_scene(series=Series(60)))[1] == " btc 1m"
    assert _header(_scene(series=None))[1] == " btc"
    assert _header(Scene())[1] == ""


def test_what_does_not_fit_is_left_out_whole_and_the_close_goes_last() -> None:
    texts = [_header(_scene(), width=width)[1] for width in range(20, 80)]
    readings = [text.removeprefix(" btc 1m").split("  ")[1:] for text in texts]
    parts = _header(_scene())[1].removeprefix(" btc 1m").split("  ")[1:]

    assert all(reading == [part for part in parts if part in reading] for reading in readings)
    said = [{part[:2] for part in reading} for reading in readings]
    assert all("C " in names for names in said if names)
    assert all(("H " in names) == ("L " in names) for names in said)
    assert texts == sorted(texts, key=len)


def test_what_is_not_as_usual_stands_at_the_right_and_is_never_overwritten() -> None:
    view = View(anchor_ns=START_NS, prices=FIXED_PRICES)
    scene = _scene(title="b" * 200, is_stale=True, flag="STALE 3s")
    _, text = _header(scene, view)

    assert text.endswith("b  y manual   not following   STALE 3s")


def test_the_way_of_a_price_has_its_colour() -> None:
    canvas, text = _header(_scene())

    assert "0.00%" in text
    assert ink_of(canvas, "0.00%").color == NIGHT.style("flat").color  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("view", "scales", "flag"),
    [
        (View(prices=FIXED_PRICES), Scales(FIXED_PRICES), "y manual"),
        (View(prices=FIXED_PRICES, is_locked=True), Scales(FIXED_PRICES), "y locked"),
        (View(anchor_ns=START_NS), Scales(FIXED_PRICES), "not following"),
        (View(), Scales(PriceScale(1.0, 2.0, "log")), "log"),
        (View(), Scales(PriceScale(1.0, 2.0, "percent", 1.5)), "%"),
        (View(price_scale="log"), Scales(PriceScale(-1.0, 2.0), refused="log"), "no log"),
        (View(price_scale="percent"), Scales(PriceScale(-1.0, 2.0), refused="%"), "no %"),
    ],
)
def test_each_way_of_looking_that_is_unusual_is_said(view: View, scales: Scales, flag: str) -> None:
    stage = replace(fixed_stage(_scene(), view), scales=scales)

    assert rows_of(painted(paint_header, stage))[0].rstrip().endswith(f" {flag}")


@pytest.mark.parametrize("width", [20, 24, 40, 60, 80, 120])
def test_flags_leave_room_for_the_title_and_stale_is_said_whatever_is_left_out(width: int) -> None:
    view = View(anchor_ns=START_NS, prices=FIXED_PRICES, is_locked=True)
    _, text = _header(_scene(is_stale=True, flag="STALE 12s"), view, width)

    assert text.startswith(" btc 1m")
    assert text.endswith("STALE 12s")


def test_a_bar_of_another_year_says_its_year() -> None:
    series = series_of(walk(400, period_s=6 * 3600), 6 * 3600)
    zoom = ZOOMS.index(Zoom(8, 1))
    said = []
    for index in (0, 399):
        view = View(cursor=Cursor(int(series.time_ns[index]), D("20000.00")), zoom=zoom)
        said.append(_header(_scene(series=series), view, 140)[1])

    assert said[0].startswith(" btc 6h  13 Nov 2023 00:00  O ")
    assert said[1].startswith(" btc 6h  21 Feb 00:00  O ")


@given(st.integers(-5, 12), st.sampled_from([Zoom(1, 4), Zoom(2, 1), Zoom(4, 1)]))
def test_a_time_is_in_the_column_that_covers_it(minute: int, zoom: Zoom) -> None:
    columns = fixed_stage(_scene(), View(zoom=ZOOMS.index(zoom))).columns
    index = column_at(columns, START_NS + minute * MINUTE + 1)
    number = (START_NS // MINUTE + minute) // zoom.bars

    known = {(START_NS // MINUTE + at) // zoom.bars for at in (0, 1, 2, 5)}
    if number not in known:
        assert index is None
    else:
        assert index is not None
        assert int(columns.start_ns[index]) == number * zoom.bars * MINUTE


def test_no_column_covers_anything_where_there_are_none() -> None:
    assert column_at(no_columns(ZOOMS[DEFAULT_ZOOM]), START_NS) is None
