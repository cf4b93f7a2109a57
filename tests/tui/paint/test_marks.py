"""What is written on a chart, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars
from tui.paint.canvas import Canvas, Palette
from tui.paint.cells import Glyphs
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS, Columns, Zoom, columns_in_view, no_columns
from tui.paint.levels import LOOKS, Level
from tui.paint.marks import (
    AxisLabel,
    _fitting,
    axis_labels,
    column_at,
    label_width,
    paint_header,
    paint_level_labels,
    paint_price_axis,
    paint_time_axis,
    round_rows,
)
from tui.paint.scales import PriceScale
from tui.paint.scene import Cursor, Layout, Scene, View, layout_of
from tui.themes import load_themes

D = Decimal
NIGHT = load_themes()[0]["night"]
MINUTE = 60 * NANOS
FOLLOWING = View()
PRICES = PriceScale(100.0, 110.0)
LAYOUT = layout_of(80, 24, 6)
SERIES = bars(
    (0, 104, 106, 100, 102, 2.0),
    (1, 102, 110, 101, 105, 1234.0),
    (2, 105, 105, 104, 104.5, 3.0),
    (5, 104.5, 107, 104, 104.5, 4.0),
)


def _canvas(layout: Layout = LAYOUT, glyphs: Glyphs = "braille") -> Canvas:
    return Canvas(layout.width, layout.height, Palette(NIGHT), glyphs)


def _row(canvas: Canvas, row: int) -> str:
    return "".join(chr(code) for code in canvas.codes[row])


def _rows(canvas: Canvas, layout: Layout = LAYOUT) -> list[str]:
    """Rows of the plot."""
    return [_row(canvas, row) for row in range(layout.plot_top, layout.volume_top)]


def _ink_at(canvas: Canvas, row: int, text: str) -> object:
    """The style in which `text` is written."""
    return canvas.palette.styles[canvas.styles[row, _row(canvas, row).index(text)]]


def _columns(series: Series = SERIES, zoom: Zoom = ZOOMS[DEFAULT_ZOOM]) -> Columns:
    x = LAYOUT.anchor_x(zoom)
    return columns_in_view(series, zoom, LAYOUT.dots_wide, anchor=len(series) - 1, anchor_x=x)


def _quote(last: float, bid: float | None = None, ask: float | None = None) -> Quote:
    return Quote(fqme="x", last=last, bid=bid, ask=ask)


def _scene(*levels: Level, quote: Quote | None = None, series: Series | None = SERIES) -> Scene:
    return Scene("btc", INSTRUMENT, series, quote, levels)


def _priced(
    *levels: Level,
    view: View = FOLLOWING,
    glyphs: Glyphs = "braille",
    layout: Layout = LAYOUT,
) -> Canvas:
    """A canvas with the price axis alone."""
    canvas = _canvas(layout, glyphs)
    paint_price_axis(canvas, layout, _scene(*levels), view, PRICES)
    return canvas


# -- labels of the price axis ---------------------------------------------------------------------


def test_the_axis_names_levels_quote_and_cursor_the_most_wanted_last() -> None:
    scene = _scene(Level(103.0, "working", "buy"), quote=_quote(105.0, 104.5, 105.5))
    labels = axis_labels(scene, View(cursor=Cursor(START_NS, D("102.10"))))

    assert [(label.kind, label.text) for label in labels] == [
        ("working", "103.00"),
        ("bid", "104.50"),
        ("ask", "105.50"),
        ("last", "105.00"),
        ("cursor", "102.10"),
    ]
    assert [label.rank for label in labels] == sorted(label.rank for label in labels)


def test_orders_at_one_price_have_one_label_and_other_kinds_their_own() -> None:
    levels = [Level(103.0, "working", "one"), Level(103.0, "working", "two"), Level(103.0, "dark")]

    assert [label.kind for label in axis_labels(_scene(*levels), FOLLOWING)] == ["dark", "working"]


def test_a_side_of_the_book_that_is_empty_has_no_label() -> None:
    labels = axis_labels(_scene(quote=_quote(105.0, bid=104.0)), FOLLOWING)

    assert [label.kind for label in labels] == ["bid", "last"]


def test_without_a_market_there_are_no_labels() -> None:
    scene = Scene(quote=_quote(105.0), levels=[Level(1.0, "working")])
    canvas = _canvas()
    paint_price_axis(canvas, LAYOUT, scene, FOLLOWING, PRICES)

    assert axis_labels(scene, View(cursor=Cursor(0, D(1)))) == []
    assert not "".join(_rows(canvas)).strip()


def test_the_axis_is_as_wide_as_its_longest_price() -> None:
    assert label_width(Scene(), FOLLOWING, PRICES) == 6
    assert label_width(_scene(), FOLLOWING, None) == 6
    assert label_width(_scene(), FOLLOWING, PriceScale(1.0, 9.0)) == 4
    assert label_width(_scene(Level(12345.0, "working")), FOLLOWING, PRICES) == 8
    cursor = View(cursor=Cursor(0, D("-1234567.00")))
    assert label_width(_scene(), cursor, PRICES) == 11


def test_round_prices_stand_in_their_rows_from_below_to_above() -> None:
    rows = round_rows(LAYOUT, INSTRUMENT, PRICES)

    assert [price for _, price in rows] == sorted(price for _, price in rows)
    assert [row for row, _ in rows] == sorted((row for row, _ in rows), reverse=True)
    for row, price in rows:
        assert row == PRICES.row(float(price), LAYOUT.dots_high) // 4
        assert 0 <= row < LAYOUT.plot_rows
    assert 3 <= len(rows) <= LAYOUT.plot_rows // 3


def test_a_label_takes_the_place_of_a_round_price() -> None:
    row, price = round_rows(LAYOUT, INSTRUMENT, PRICES)[1]
    free, taken = _priced(), _priced(Level(float(price) + 0.01, "working"))

    assert _row(free, row + 1).strip() == f"{price:.2f}"
    assert _row(taken, row + 1).strip() == f"● {float(price) + 0.01:.2f}"


@pytest.mark.parametrize(("glyphs", "above", "below"), [("braille", "↑", "↓"), ("ascii", "^", "v")])
def test_a_price_outside_is_at_the_edge_with_an_arrow(
    glyphs: Glyphs, above: str, below: str
) -> None:
    rows = _rows(_priced(Level(120.0, "working"), Level(90.0, "working"), glyphs=glyphs))

    assert rows[0].split() == [above, "120.00"]
    assert rows[-1].split() == [below, "90.00"]


@pytest.mark.parametrize("kind", LOOKS)
def test_a_label_has_the_mark_of_its_kind_right_at_the_axis(kind: str) -> None:
    look = LOOKS[kind]
    for glyphs, mark in (("braille", look.mark), ("ascii", look.ascii_mark)):
        (row,) = [
            row for row in _rows(_priced(Level(105.0, kind), glyphs=glyphs)) if "105.00" in row
        ]
        assert row[LAYOUT.axis_left] == mark


def test_the_ask_stands_above_the_bid_at_one_price() -> None:
    canvas = _canvas()
    paint_price_axis(canvas, LAYOUT, _scene(quote=_quote(105.0, 105.0, 105.0)), FOLLOWING, PRICES)
    marks = [row[LAYOUT.axis_left] for row in _rows(canvas) if "105.00" in row]

    assert marks == ["a", "◂", "b"]


def test_where_there_is_more_to_say_than_rows_the_most_wanted_is_said() -> None:
    small = layout_of(80, 6, 6)
    levels = [Level(101.0 + number, "alert") for number in range(8)]
    canvas = _priced(*levels, Level(109.5, "staged"), Level(100.5, "working"), layout=small)
    said = [row[small.axis_left :].split() for row in _rows(canvas, small)]

    assert len(said) == small.plot_rows == 4
    assert said[0] == ["◇", "109.50"]
    assert said[-1] == ["●", "100.50"]


def test_the_last_price_keeps_its_row_and_what_crowds_it_gives_way() -> None:
    crowd = [Level(price, "working") for price in (104.9, 104.95, 105.02, 105.04)]
    scene = _scene(*crowd, Level(105.0, "last"))
    canvas = _canvas()
    paint_price_axis(canvas, LAYOUT, scene, FOLLOWING, PRICES)
    row = PRICES.row(105.0, LAYOUT.dots_high) // 4

    assert _rows(canvas)[row].split() == ["◂", "105.00"]


def test_a_tall_axis_leaves_more_rows_between_its_prices() -> None:
    tall = layout_of(80, 41, 6)
    short = layout_of(80, 29, 6)

    assert tall.plot_rows >= 24 > short.plot_rows
    for layout, apart in ((tall, 4), (short, 3)):
        rows = [row for row, _ in round_rows(layout, INSTRUMENT, PRICES)]
        assert min(a - b for a, b in pairwise(rows)) >= apart


def test_what_the_market_says_fades_when_it_is_stale_and_what_we_say_does_not() -> None:
    inks = []
    cursor = View(cursor=Cursor(0, D("101.50")))
    for is_stale in (False, True):
        canvas = Canvas(LAYOUT.width, LAYOUT.height, Palette(NIGHT, is_stale=is_stale), "braille")
        scene = _scene(Level(109.0, "staged"), Level(103.0, "dark"), quote=_quote(105.0, 104.0))
        paint_price_axis(canvas, LAYOUT, scene, cursor, PRICES)
        texts = ("109.00", "103.00", "101.50", "105.00", "104.00")
        at = {
            text: row for row in range(LAYOUT.height) for text in texts if text in _row(canvas, row)
        }
        inks.append({text: _ink_at(canvas, row, text) for text, row in at.items()})
    fresh, stale = inks

    assert {text for text in fresh if fresh[text] == stale[text]} == {"109.00", "103.00", "101.50"}
    assert fresh["101.50"] == NIGHT.chip("cursor")
    assert fresh["105.00"] == NIGHT.chip("last")
    assert fresh["109.00"] == NIGHT.chip("staged")
    assert fresh["103.00"] == NIGHT.style("dark", "surface", bold=True)


@given(st.lists(st.tuples(st.floats(80, 130), st.sampled_from(sorted(LOOKS))), max_size=30))
def test_labels_are_whole_in_the_order_of_their_prices(levels: list[tuple[float, str]]) -> None:
    canvas = _priced(*(Level(round(price, 2), kind) for price, kind in levels))
    said = [row[LAYOUT.axis_left :] for row in _rows(canvas)]
    marked = [float(text[1:]) for text in said if text[0] != " "]

    wanted = {(round(price, 2), kind) for price, kind in levels}
    assert len(marked) == min(len(wanted), LAYOUT.plot_rows)
    assert marked == sorted(marked, reverse=True)
    assert set(marked) <= {price for price, _ in wanted}


# -- labels of levels -----------------------------------------------------------------------------


def _labelled(*levels: Level, glyphs: Glyphs = "braille", layout: Layout = LAYOUT) -> list[str]:
    canvas = _canvas(layout, glyphs)
    paint_level_labels(canvas, layout, levels, PRICES)
    return _rows(canvas, layout)


def test_a_level_is_named_at_the_left_of_its_line() -> None:
    rows = _labelled(Level(105.0, "working", "buy 0.5"))

    assert [row.rstrip() for row in rows if row.strip()] == ["  ● buy 0.5"]
    row = PRICES.row(105.0, LAYOUT.dots_high) // 4
    assert rows[row].strip()


def test_a_level_without_a_name_is_only_its_line() -> None:
    assert not "".join(_labelled(Level(105.0, "position"))).strip()


def test_names_in_one_row_stand_beside_each_other_the_most_wanted_first() -> None:
    rows = _labelled(Level(105.0, "alert", "look"), Level(105.0, "working", "buy 1"))

    assert [row.rstrip() for row in rows if row.strip()] == ["  ● buy 1   ! look"]


@pytest.mark.parametrize(("glyphs", "dots"), [("braille", "…"), ("ascii", "...")])
def test_a_long_name_leaves_room_for_the_newest_bars(glyphs: Glyphs, dots: str) -> None:
    (row,) = [
        row for row in _labelled(Level(105.0, "dark", "word " * 40), glyphs=glyphs) if row.strip()
    ]

    assert row.rstrip().endswith(dots)
    assert f" {dots}" not in row
    assert len(row.rstrip()) <= LAYOUT.plot_width - 12 + 3


def test_a_name_of_which_only_a_stump_would_be_left_is_left_out() -> None:
    narrow = layout_of(30, 24, 6)

    assert not "".join(_labelled(Level(105.0, "dark", "x" * 30), layout=narrow)).strip()
    wider = layout_of(31, 24, 6)
    assert "…" in "".join(_labelled(Level(105.0, "dark", "x" * 30), layout=wider))


def test_levels_outside_are_counted_at_their_edge_by_kind() -> None:
    far = [Level(200.0, "working", "a"), Level(300.0, "alert", "b"), Level(400.0, "working", "c")]
    rows = _labelled(*far, Level(1.0, "dark", "d"))

    assert rows[0].split() == ["↑3", "●!"]
    assert rows[-1].split() == ["↓1", "◐"]
    ascii_rows = _labelled(*far, Level(1.0, "dark", "d"), glyphs="ascii")
    assert ascii_rows[0].split() == ["^3", "o!"]
    assert ascii_rows[-1].split() == ["v1", "d"]


def test_the_count_stands_behind_the_names_of_its_row() -> None:
    top = _labelled(Level(110.0, "working", "buy 1"), Level(200.0, "alert", "far"))[0]

    assert top.split() == ["●", "buy", "1", "↑1", "!"]


def test_what_rests_is_said_as_loudly_when_the_market_is_stale() -> None:
    canvas = Canvas(LAYOUT.width, LAYOUT.height, Palette(NIGHT, is_stale=True), "braille")
    paint_level_labels(
        canvas, LAYOUT, [Level(105.0, "dark", "buy"), Level(103.0, "staged", "sell")], PRICES
    )
    rows = {
        price: LAYOUT.plot_top + PRICES.row(price, LAYOUT.dots_high) // 4
        for price in (105.0, 103.0)
    }

    assert _ink_at(canvas, rows[105.0], "buy") == NIGHT.style("dark", "surface", bold=True)
    assert _ink_at(canvas, rows[103.0], "sell") == NIGHT.chip("staged")


# -- header ---------------------------------------------------------------------------------------


def _header(
    scene: Scene,
    view: View = FOLLOWING,
    columns: Columns | None = None,
    width: int = 80,
) -> tuple[Canvas, str]:
    layout = layout_of(width, 24, 6)
    canvas = _canvas(layout)
    paint_header(canvas, layout, scene, view, _columns() if columns is None else columns)
    return canvas, _row(canvas, 0).rstrip()


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
    assert _ink_at(canvas, 0, "-2.00").color == NIGHT.style("down").color  # type: ignore[attr-defined]
    assert _ink_at(canvas, 0, "102.00").color == NIGHT.style("down").color  # type: ignore[attr-defined]


def test_a_cursor_where_no_bar_is_reads_out_none() -> None:
    view = View(cursor=Cursor(START_NS + 3 * MINUTE, D("103.00")))

    assert _header(_scene(), view)[1] == " btc 1m  no bar here"


def test_without_bars_the_header_says_what_it_can() -> None:
    nothing = no_columns(ZOOMS[DEFAULT_ZOOM])

    assert _header(_scene(), columns=nothing)[1] == " btc 1m"
    assert _header(_scene(series=None), columns=nothing)[1] == " btc"
    assert _header(Scene(), columns=nothing)[1] == ""


def test_what_does_not_fit_is_left_out_whole_and_the_close_goes_last() -> None:
    texts = [_header(_scene(), width=width)[1] for width in range(20, 80)]
    readings = [text.removeprefix(" btc 1m").split("  ")[1:] for text in texts]
    parts = _header(_scene())[1].removeprefix(" btc 1m").split("  ")[1:]

    assert all(reading == [part for part in parts if part in reading] for reading in readings)
    said = [{part[:2] for part in reading} for reading in readings]
    assert all("C " in names for names in said if names)
    assert all(("H " in names) == ("L " in names) for names in said)
    assert texts == sorted(texts, key=len)


def test_a_label_is_said_in_fewer_words_where_there_is_no_room_and_cut_last() -> None:
    level = Level(1.0, "staged", "buy 1 at 100 for 100 USD", shorter=("buy 1 for 100 USD", "buy 1"))

    assert [_fitting(level, room, "braille") for room in (24, 23, 16, 4)] == [
        "buy 1 at 100 for 100 USD",
        "buy 1 for 100 USD",
        "buy 1",
        "",
    ]


def test_what_is_not_as_usual_stands_at_the_right_and_is_never_overwritten() -> None:
    view = View(anchor_ns=START_NS, prices=PRICES)
    scene = _scene()._replace(title="b" * 200, is_stale=True, flag="STALE 3s")
    _, text = _header(scene, view)

    assert text.endswith("b  not following   y manual   STALE 3s")


def test_the_way_of_a_price_has_its_colour() -> None:
    canvas, text = _header(_scene())

    assert "0.00%" in text
    assert _ink_at(canvas, 0, "0.00%").color == NIGHT.style("flat").color  # type: ignore[attr-defined]


# -- times ----------------------------------------------------------------------------------------


@given(st.integers(-5, 12), st.sampled_from([Zoom(1, 4), Zoom(2, 1), Zoom(4, 1)]))
def test_a_time_is_in_the_column_that_covers_it(minute: int, zoom: Zoom) -> None:
    columns = _columns(zoom=zoom)
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


def _times(view: View, columns: Columns | None = None, cursor_column: int | None = None) -> str:
    canvas = _canvas()
    paint_time_axis(canvas, LAYOUT, view, _columns() if columns is None else columns, cursor_column)
    return _row(canvas, LAYOUT.time_row)


def _minutes() -> Columns:
    """A view full of minutes."""
    return _columns(bars(*((number, 1, 2, 1, 2) for number in range(60))))


def test_the_corner_says_which_zone_times_are_of() -> None:
    assert _times(View(zone=UTC)).endswith("UTC ")
    assert _times(View(zone=ZoneInfo("Europe/Berlin"))).endswith("CET ")
    assert not _times(FOLLOWING, no_columns(ZOOMS[DEFAULT_ZOOM])).strip()


def test_the_time_of_the_cursor_is_over_all_others() -> None:
    columns = _minutes()
    without = _times(FOLLOWING, columns)
    cursor = View(cursor=Cursor(START_NS + 50 * MINUTE, D(1)))
    middle = without.index(":") + 2
    text = _times(cursor, columns, middle)

    assert " 14 Nov 23:03 " in text
    at = text.index("14 Nov 23:03")
    assert at - 1 <= middle <= at + 13
    for label in text[: LAYOUT.plot_width].replace("14 Nov 23:03", "").split():
        assert label in without


@given(st.integers(0, LAYOUT.plot_width - 1))
def test_the_time_of_the_cursor_is_whole_wherever_it_stands(column: int) -> None:
    cursor = View(cursor=Cursor(START_NS + MINUTE, D(1)))

    assert " 14 Nov 22:14 " in _times(cursor, None, column)[: LAYOUT.plot_width]


def test_a_new_day_stands_out_of_the_times() -> None:
    canvas = _canvas()
    night = bars(*((number, 1, 2, 1, 2) for number in range(107 - 30, 107 + 30)))
    paint_time_axis(canvas, LAYOUT, FOLLOWING, _columns(night), None)

    assert _ink_at(canvas, LAYOUT.time_row, "15 Nov") == NIGHT.style("text", bold=True)
    assert _ink_at(canvas, LAYOUT.time_row, ":") == NIGHT.style("axis")


def test_a_cursor_out_of_sight_has_no_time() -> None:
    cursor = View(cursor=Cursor(START_NS + MINUTE, D(1)))

    assert _times(cursor, None, None) == _times(FOLLOWING)


def test_a_label_of_the_axis_is_what_it_says() -> None:
    (label,) = axis_labels(_scene(Level(103.0, "working")), FOLLOWING)

    assert label == AxisLabel(103.0, "working", "103.00", LOOKS["working"].rank)


def test_nothing_is_written_outside_of_its_part() -> None:
    levels: Sequence[Level] = [Level(price, "working", "x" * 99) for price in (0.0, 105.0, 999.0)]
    canvas = _canvas()
    paint_level_labels(canvas, LAYOUT, levels, PRICES)
    paint_price_axis(canvas, LAYOUT, _scene(*levels), FOLLOWING, PRICES)

    outside = [0, *range(LAYOUT.volume_top, LAYOUT.height)]
    assert not "".join(_row(canvas, row) for row in outside).strip()
