"""Price axes: what is written on them, and where."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, START_NS, bars, series_of, walk
from tests.support.stages import (
    FIXED_LAYOUT,
    FIXED_PRICES,
    NIGHT,
    fixed_stage,
    ink_of,
    overlay,
    painted,
    quote,
    rows_of,
    stage_of,
)
from tui.paint.canvas import Canvas
from tui.paint.cells import Glyphs
from tui.paint.layers import Stage
from tui.paint.levels import LOOKS, Level
from tui.paint.price_axis import (
    AxisLabel,
    axis_labels,
    label_width,
    paint_axis_labels,
    paint_round_prices,
)
from tui.paint.ranges import Scales
from tui.paint.round_numbers import round_rows
from tui.paint.scales import PriceScale
from tui.paint.scene import Cursor, Layout, Scene, View, layout_of

PRICES, LAYOUT, SCALES = FIXED_PRICES, FIXED_LAYOUT, Scales(FIXED_PRICES)
D = Decimal
FOLLOWING = View()
SERIES = bars(
    (0, 104, 106, 100, 102, 2.0),
    (1, 102, 110, 101, 105, 1234.0),
    (2, 105, 105, 104, 104.5, 3.0),
    (5, 104.5, 107, 104, 104.5, 4.0),
)


def _paint(canvas: Canvas, stage: Stage) -> None:
    paint_round_prices(canvas, stage)
    paint_axis_labels(canvas, stage)


def _scene(*levels: Level, quote: Quote | None = None, series: Series | None = SERIES) -> Scene:
    return Scene("btc", INSTRUMENT, series, quote, levels)


def _axis(scene: Scene, view: View = FOLLOWING, layout: Layout = LAYOUT) -> Canvas:
    return painted(_paint, fixed_stage(scene, view, layout))


def _priced(*levels: Level, glyphs: Glyphs = "braille", layout: Layout = LAYOUT) -> Canvas:
    return _axis(_scene(*levels), View(glyphs=glyphs), layout)


def _plot(canvas: Canvas, layout: Layout = LAYOUT) -> list[str]:
    """Rows of the plot."""
    return rows_of(canvas)[layout.plot_top : layout.volume_top]


# -- labels of the price axis ---------------------------------------------------------------------


def test_the_axis_names_levels_quote_and_cursor_the_most_wanted_last() -> None:
    scene = _scene(Level(103.0, "working", "buy"), quote=quote(105.0, 104.5, 105.5))
    labels = axis_labels(scene, View(cursor=Cursor(START_NS, D("102.10"))), SCALES)

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

    assert [label.kind for label in axis_labels(_scene(*levels), FOLLOWING, SCALES)] == [
        "dark",
        "working",
    ]


def test_a_side_of_the_book_that_is_empty_has_no_label() -> None:
    labels = axis_labels(_scene(quote=quote(105.0, bid=104.0)), FOLLOWING, SCALES)

    assert [label.kind for label in labels] == ["bid", "last"]


def test_without_a_market_there_are_no_labels() -> None:
    scene = Scene(quote=quote(105.0), levels=[Level(1.0, "working")])
    canvas = _axis(scene)

    assert axis_labels(scene, View(cursor=Cursor(0, D(1))), SCALES) == []
    assert not "".join(_plot(canvas)).strip()


def test_the_axis_is_as_wide_as_its_longest_price() -> None:
    assert label_width(Scene(), FOLLOWING, SCALES) == 6
    assert label_width(_scene(), FOLLOWING, Scales()) == 6
    assert label_width(_scene(), FOLLOWING, Scales(PriceScale(1.0, 9.0))) == 4
    assert label_width(_scene(Level(12345.0, "working")), FOLLOWING, SCALES) == 8
    cursor = View(cursor=Cursor(0, D("-1234567.00")))
    assert label_width(_scene(), cursor, SCALES) == 11


def test_a_label_takes_the_place_of_a_round_price() -> None:
    row, _, price = round_rows(LAYOUT, INSTRUMENT, PRICES)[1]
    free, taken = _priced(), _priced(Level(float(price) + 0.01, "working"))

    assert rows_of(free)[row + 1].strip() == price
    assert rows_of(taken)[row + 1].strip() == f"● {float(price) + 0.01:.2f}"


@pytest.mark.parametrize(("glyphs", "above", "below"), [("braille", "↑", "↓"), ("ascii", "^", "v")])
def test_a_price_outside_is_at_the_edge_with_an_arrow(
    glyphs: Glyphs, above: str, below: str
) -> None:
    rows = _plot(_priced(Level(120.0, "working"), Level(90.0, "working"), glyphs=glyphs))

    assert rows[0].split() == [above, "120.00"]
    assert rows[-1].split() == [below, "90.00"]


@pytest.mark.parametrize("kind", LOOKS)
def test_a_label_has_the_mark_of_its_kind_right_at_the_axis(kind: str) -> None:
    look = LOOKS[kind]
    for glyphs, mark in (("braille", look.mark), ("ascii", look.ascii_mark)):
        (row,) = [
            row for row in _plot(_priced(Level(105.0, kind), glyphs=glyphs)) if "105.00" in row
        ]
        assert row[LAYOUT.axis_left] == mark


def test_the_ask_stands_above_the_bid_at_one_price() -> None:
    canvas = _axis(_scene(quote=quote(105.0, 105.0, 105.0)))
    marks = [row[LAYOUT.axis_left] for row in _plot(canvas) if "105.00" in row]

    assert marks == ["a", "◂", "b"]


def test_where_there_is_more_to_say_than_rows_the_most_wanted_is_said() -> None:
    small = layout_of(80, 6, 6)
    levels = [Level(101.0 + number, "alert") for number in range(8)]
    canvas = _priced(*levels, Level(109.5, "staged"), Level(100.5, "working"), layout=small)
    said = [row[small.axis_left :].split() for row in _plot(canvas, small)]

    assert len(said) == small.plot_rows == 4
    assert said[0] == ["◇", "109.50"]
    assert said[-1] == ["●", "100.50"]


def test_the_last_price_keeps_its_row_and_what_crowds_it_gives_way() -> None:
    crowd = [Level(price, "working") for price in (104.9, 104.95, 105.02, 105.04)]
    scene = _scene(*crowd, Level(105.0, "last"))
    canvas = _axis(scene)
    row = PRICES.row(105.0, LAYOUT.dots_high) // 4

    assert _plot(canvas)[row].split() == ["◂", "105.00"]


def test_what_the_market_says_fades_when_it_is_stale_and_what_we_say_does_not() -> None:
    inks = []
    cursor = View(cursor=Cursor(0, D("101.50")))
    for is_stale in (False, True):
        scene = _scene(Level(109.0, "staged"), Level(103.0, "dark"), quote=quote(105.0, 104.0))
        canvas = _axis(scene._replace(is_stale=is_stale), cursor)
        texts = ("109.00", "103.00", "101.50", "105.00", "104.00")
        inks.append({text: ink_of(canvas, text) for text in texts})
    fresh, stale = inks

    assert {text for text in fresh if fresh[text] == stale[text]} == {"109.00", "103.00", "101.50"}
    assert fresh["101.50"] == NIGHT.chip("cursor")
    assert fresh["105.00"] == NIGHT.chip("last")
    assert fresh["109.00"] == NIGHT.chip("staged")
    assert fresh["103.00"] == NIGHT.style("dark", "surface", bold=True)


@given(st.lists(st.tuples(st.floats(80, 130), st.sampled_from(sorted(LOOKS))), max_size=30))
def test_labels_are_whole_in_the_order_of_their_prices(levels: list[tuple[float, str]]) -> None:
    canvas = _priced(*(Level(round(price, 2), kind) for price, kind in levels))
    said = [row[LAYOUT.axis_left :] for row in _plot(canvas)]
    marked = [float(text[1:]) for text in said if text[0] != " "]

    wanted = {(round(price, 2), kind) for price, kind in levels}
    assert len(marked) == min(len(wanted), LAYOUT.plot_rows)
    assert marked == sorted(marked, reverse=True)
    assert set(marked) <= {price for price, _ in wanted}


def test_a_label_of_the_axis_is_what_it_says() -> None:
    (label,) = axis_labels(_scene(Level(103.0, "working")), FOLLOWING, SCALES)

    assert label == AxisLabel(103.0, "working", "103.00", LOOKS["working"].rank)


def test_nothing_is_written_outside_of_the_axis() -> None:
    levels = [Level(price, "working", "x" * 99) for price in (0.0, 105.0, 999.0)]
    canvas = _priced(*levels)

    rows = rows_of(canvas)
    outside = [rows[0], *rows[LAYOUT.volume_top :], *(row[: LAYOUT.axis_left] for row in rows)]
    assert not "".join(outside).strip()


def test_in_percent_labels_say_how_far_they_are_from_the_base() -> None:
    scales = Scales(PriceScale(95.0, 110.0, "percent", 100.0))
    scene = _scene(Level(104.0, "working"), quote=quote(101.5))

    assert [label.text for label in axis_labels(scene, FOLLOWING, scales)] == ["+4.00%", "+1.50%"]
    assert label_width(scene, FOLLOWING, scales) == len("+10.00%")


# -- overlays -------------------------------------------------------------------------------------


def _markets(count: int) -> Scene:
    """A market with `count` others over it, at a hundredth, a thousandth ... of its price."""
    main = series_of(walk(200))
    others = tuple(
        overlay(_scaled(main, 10.0 ** -(slot + 1)), slot, f"m{slot}usdt.spot.sim")
        for slot in range(1, count + 1)
    )
    last = float(main.close[-1])
    return Scene("btc", INSTRUMENT, main, quote(last, last - 1, last + 1), overlays=others)


def _scaled(series: Series, factor: float) -> Series:
    columns = series.columns()
    for name in ("open", "high", "low", "close"):
        getattr(columns, name)[:] = getattr(columns, name) * factor
    return series_of(columns)


def test_each_overlay_has_its_own_prices_in_its_own_colour() -> None:
    stage = stage_of(_markets(2), width=120)
    canvas = painted(_paint, stage)

    for place, role in zip(stage.layout.overlay_axes, ("overlay1", "overlay2"), strict=True):
        prices = stage.scales.overlays[place.overlay]
        assert prices is not None
        said = round_rows(stage.layout, INSTRUMENT, prices)
        here = [row[place.left : place.left + place.width] for row in _plot(canvas, stage.layout)]
        marked = [row for row, text in enumerate(here) if text.startswith("◂")]
        assert len(marked) == 1
        last = stage.scene.overlays[place.overlay].quote.last  # type: ignore[union-attr]
        assert marked[0] == prices.row(last, stage.layout.dots_high) // 4  # type: ignore[arg-type]
        assert f"{last:.2f}" in here[marked[0]]
        for row, _, text in said:
            if row not in marked:
                assert here[row].strip() == text
        row = next(row for row, _, _ in said if row not in marked)
        at = place.left + here[row].index(said[0].text[0]) if here[row].strip() else place.left
        style = canvas.palette.styles[canvas.styles[stage.layout.plot_top + row, at]]
        assert style.color == NIGHT.style(role).color


def test_an_overlay_that_is_stale_does_not_shine() -> None:
    scene = _markets(1)
    for is_stale in (False, True):
        changed = scene.overlays[0]._replace(is_stale=is_stale)
        stage = stage_of(scene._replace(overlays=(changed,)))
        canvas = painted(_paint, stage)
        style = ink_of(canvas, f"◂{changed.quote.last:.2f}")  # type: ignore[union-attr]
        assert (style == NIGHT.chip("overlay1")) is not is_stale


def test_on_one_axis_all_markets_say_their_percents_and_none_covers_another() -> None:
    stage = stage_of(_markets(7), View(overlay_percent=True), 120, 35)
    canvas = painted(_paint, stage)

    assert stage.scales.is_shared
    assert stage.layout.overlay_axes == ()
    said = [row[stage.layout.axis_left :] for row in _plot(canvas, stage.layout)]
    assert sorted(row[0] for row in said if row[0] in "1234567") == list("1234567")
    assert sum(row[0] == "◂" for row in said) == 1
    assert all(row.rstrip().endswith("%") for row in said if row.strip())
    assert all(row[1] == " " for row in said if row[0] in "1234567"), "or 1 0% would be 10%"


def test_a_market_stands_on_the_shared_axis_where_its_percents_are_drawn() -> None:
    stage = stage_of(_markets(1), View(overlay_percent=True), 100, 40)
    (other,) = stage.scales.overlays
    main = stage.prices
    assert other is not None
    assert main is not None
    last = stage.scene.overlays[0].quote.last  # type: ignore[union-attr]
    label = next(
        one for one in axis_labels(stage.scene, stage.view, stage.scales) if "overlay" in one.kind
    )

    high = stage.layout.dots_high
    assert main.row(label.price, high) == other.row(last, high)  # type: ignore[arg-type]
    assert label.text == f"{(last / other.base - 1) * 100:+.2f}%"  # type: ignore[operator]


def test_on_a_slow_link_no_label_has_a_ground_of_its_own() -> None:
    scene = _scene(
        Level(103.0, "working"), Level(109.0, "staged"), quote=quote(105.0, 104.0, 106.0)
    )
    canvas = _axis(scene, View(detail="slow", cursor=Cursor(START_NS, D("101.50"))))

    grounds = {
        canvas.palette.styles[number].bgcolor
        for number in set(canvas.styles[canvas.styles >= 0].tolist())
    }
    assert len(grounds) == 1
