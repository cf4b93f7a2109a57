"""The painted chart: what stands where."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars, series_of, walk
from tui.paint.cells import Glyphs
from tui.paint.chart import ChartPainter, Picture
from tui.paint.columns import ZOOMS, Zoom
from tui.paint.levels import LOOKS, Level
from tui.paint.scales import PriceScale
from tui.paint.scene import Cursor, Scene, View
from tui.themes import load_themes

THEMES = load_themes()[0]
NIGHT = THEMES["night"]


def _quote(last: float, spread: float = 0.02) -> Quote:
    return Quote(fqme=INSTRUMENT.fqme, last=last, bid=last - spread / 2, ask=last + spread / 2)


def _scene(series: Series, **changes: object) -> Scene:
    last = float(series.close[-1])
    scene = Scene("btcusdt.spot.sim", INSTRUMENT, series, _quote(last))
    return scene._replace(**changes)  # type: ignore[arg-type]


def _paint(scene: Scene, view: View = View(), width: int = 100, height: int = 30) -> Picture:  # noqa: B008
    return ChartPainter().paint(scene, view, width, height, NIGHT)


def _rows(picture: Picture) -> list[str]:
    return [strip.text for strip in picture.frame.strips]


def _row_of(picture: Picture, text: str) -> int:
    rows = [number for number, row in enumerate(_rows(picture)) if text in row]
    assert len(rows) == 1, f"{text} stands in rows {rows}"
    return rows[0]


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 50), (20, 5), (25, 8)])
@pytest.mark.parametrize("glyphs", ["braille", "blocks", "ascii"])
def test_every_row_is_as_wide_as_the_widget(size: tuple[int, int], glyphs: Glyphs) -> None:
    picture = _paint(_scene(series_of(walk(300))), View(glyphs=glyphs), *size)

    assert [strip.cell_length for strip in picture.frame.strips] == [size[0]] * size[1]
    assert all(len(row) == size[0] for row in _rows(picture))


def test_ascii_draws_nothing_but_ascii() -> None:
    series = series_of(walk(300))
    last = float(series.close[-1])
    levels = [Level(last + index, kind, "label") for index, kind in enumerate(LOOKS)]
    levels.append(Level(last * 2, "working", "far"))
    view = View(glyphs="ascii", cursor=Cursor(int(series.time_ns[-5]), Decimal("20000.00")))

    picture = _paint(_scene(series, levels=levels, is_stale=True, flag="STALE 3s"), view)

    assert all(row.isascii() for row in _rows(picture))


@pytest.mark.parametrize("size", [(1, 1), (19, 30), (100, 4), (0, 3), (3, 0)])
def test_too_little_room_is_no_error(size: tuple[int, int]) -> None:
    picture = _paint(_scene(series_of(walk(300))), View(), *size)

    assert picture.layout is None
    assert [strip.cell_length for strip in picture.frame.strips] == [size[0]] * size[1]


def test_the_last_price_label_stands_at_its_price() -> None:
    series = series_of(walk(300))
    picture = _paint(_scene(series, quote=None))
    for price in (float(series.high[-40:].max()), float(series.low[-40:].min())):
        quote = Quote(fqme="x", last=price)

        picture = _paint(_scene(series, quote=quote))

        assert picture.layout is not None
        assert picture.prices is not None
        dot = picture.prices.row(price, picture.layout.dots_high)
        row = _row_of(picture, "◂")
        assert row == picture.layout.plot_top + dot // 4
        assert f"{price:.2f}" in _rows(picture)[row]


def test_bid_last_and_ask_of_one_row_stand_under_each_other() -> None:
    picture = _paint(_scene(series_of(walk(300))))

    rows = _rows(picture)
    last = _row_of(picture, "◂")
    left = picture.layout.axis_left if picture.layout else 0
    assert [rows[row][left] for row in (last - 1, last, last + 1)] == ["a", "◂", "b"]


@settings(max_examples=40, deadline=None)
@given(
    offsets=st.lists(st.floats(-80, 80), max_size=25),
    height=st.integers(8, 40),
    spread=st.sampled_from([0.02, 3.0, 200.0]),
)
def test_price_labels_are_whole_and_never_on_top_of_each_other(
    offsets: list[float], height: int, spread: float
) -> None:
    series = series_of(walk(200))
    last = float(series.close[-1])
    kinds = [kind for kind in LOOKS if kind not in ("bid", "ask", "last")]
    levels = [
        Level(round(last + offset, 2), kinds[number % len(kinds)], "x")
        for number, offset in enumerate(offsets)
    ]

    picture = _paint(_scene(series, levels=levels, quote=_quote(last, spread)), View(), 90, height)

    layout = picture.layout
    assert layout is not None
    labels = [row[layout.axis_left + 1 :].strip() for row in _rows(picture)]
    prices = [text for text in labels[layout.plot_top : layout.volume_top] if text]
    assert all(text == f"{float(text):.2f}" for text in prices)
    values = [float(text) for text in prices]
    pinned = [row[layout.axis_left] in "↑↓" for row in _rows(picture)]
    inside = [
        float(labels[row])
        for row in range(layout.plot_top, layout.volume_top)
        if labels[row] and not pinned[row]
    ]
    assert inside == sorted(inside, reverse=True)
    if layout.plot_rows >= len(levels) + 3:
        for wanted in (last, last - spread / 2, last + spread / 2):
            assert any(abs(value - wanted) < 0.011 for value in values)


def test_a_label_outside_a_manual_range_is_pinned_to_the_edge_with_an_arrow() -> None:
    series = series_of(walk(100))
    last = float(series.close[-1])

    picture = _paint(_scene(series), View(prices=PriceScale(last + 50, last + 60)))

    layout = picture.layout
    assert layout is not None
    bottom = _rows(picture)[layout.volume_top - 1]
    assert bottom[layout.axis_left] == "↓"


def test_every_kind_of_level_has_its_own_line_mark_and_colour() -> None:
    series = bars(*((number, 100, 101, 99, 100) for number in range(3)))
    seen = set()
    for kind, look in LOOKS.items():
        if not look.pattern:
            continue
        levels = [Level(100.5, kind, "label")]
        picture = _paint(_scene(series, levels=levels, quote=None))

        row = _row_of(picture, "label")
        text, layout = _rows(picture)[row], picture.layout
        below = _rows(picture)[row + 1]
        assert layout is not None
        assert text.startswith(f"{text[0]} {look.mark} label ")
        assert text[layout.axis_left] == look.mark
        middle = text[24:40]
        assert middle.strip(), kind
        line = middle + (below[24:40] if look.is_double else "")
        seen.add((line, look.mark, NIGHT.colour(look.role)))
    assert len(seen) == len({line for line, _, _ in seen}) == len({mark for _, mark, _ in seen})
    assert len(seen) == len({colour for _, _, colour in seen}) == 9


def test_a_staged_order_is_always_in_an_automatic_range() -> None:
    series = series_of(walk(100))
    last = float(series.close[-1])

    picture = _paint(_scene(series, levels=[Level(last * 1.5, "staged", "buy 1")]))

    assert picture.prices is not None
    assert picture.prices.low < last < last * 1.5 < picture.prices.high


def test_a_far_order_does_not_press_the_bars_flat_but_is_counted() -> None:
    series = series_of(walk(100))
    last = float(series.close[-1])

    picture = _paint(_scene(series, levels=[Level(last * 1.5, "working", "sell 1")]))

    assert picture.prices is not None
    assert picture.prices.high < last * 1.1
    assert "↑1 ●" in _rows(picture)[1]


def test_two_levels_in_one_row_are_labelled_side_by_side() -> None:
    series = series_of(walk(100))
    last = round(float(series.close[-1]), 2)
    levels = [Level(last, "working", "buy 1"), Level(last, "dark", "sell 2")]

    picture = _paint(_scene(series, levels=levels))

    row = _rows(picture)[_row_of(picture, "buy 1")]
    assert "● buy 1" in row
    assert "◐ sell 2" in row


def test_a_label_that_is_too_long_is_cut_and_one_without_room_is_left_out() -> None:
    series = series_of(walk(100))
    last = round(float(series.close[-1]), 2)
    levels = [Level(last, "staged", "DARK BUY 1 " * 20), Level(last, "alert", "call me then")]

    picture = _paint(_scene(series, levels=levels), View(), 80, 24)

    row = _rows(picture)[_row_of(picture, "◇ DARK BUY 1")]
    assert picture.layout is not None
    assert "… " in row[: picture.layout.plot_width]
    assert "call me" not in row


def test_the_header_reads_out_the_newest_bar() -> None:
    series = bars((0, 100, 101, 99, 100), (1, 100, 112.5, 99.5, 110, 1234.0))

    header = _rows(_paint(_scene(series)))[0]

    assert header.startswith(" btcusdt.spot.sim 1m  O 100.00  H 112.50  L 99.50  C 110.00")
    assert "V 1.23k  +10.00  +10.00%" in header


def test_the_crosshair_reads_out_its_bar_and_says_time_and_price() -> None:
    series = series_of(walk(100))
    cursor = Cursor(int(series.time_ns[90]), Decimal("20010.00"))

    picture = _paint(_scene(series), View(cursor=cursor, zone=ZoneInfo("Europe/Berlin")))

    rows = _rows(picture)
    assert "15 Nov 00:43  O " in rows[0]
    assert f"C {series.close[90]:.2f}" in rows[0]
    assert " 15 Nov 00:43 " in rows[-1]
    assert rows[-1].rstrip().endswith("CET")


def test_a_crosshair_over_no_bar_says_so() -> None:
    series = bars((0, 1, 2, 1, 2), (5, 1, 2, 1, 2))
    cursor = Cursor(START_NS + 3 * 60 * NANOS, Decimal("1.50"))

    assert "no bar here" in _rows(_paint(_scene(series), View(cursor=cursor)))[0]


def test_an_empty_chart_says_what_it_waits_for() -> None:
    text = "\n".join(_rows(_paint(Scene("x", INSTRUMENT, Series(60), _quote(100.0)))))
    assert "waiting for first bars" in text
    assert "100.00" in text

    assert "no market selected" in "\n".join(_rows(_paint(Scene())))
    assert "waiting for first bars" in "\n".join(_rows(_paint(Scene("x", INSTRUMENT))))


def test_stale_data_is_said_and_faded_but_orders_are_not() -> None:
    series = series_of(walk(100))
    last = float(series.close[-1])
    scene = _scene(series, levels=[Level(last + 5, "working", "sell 1")])

    fresh, stale = _paint(scene), _paint(scene._replace(is_stale=True, flag="STALE 12s"))

    assert _rows(stale)[0].rstrip().endswith("STALE 12s")
    row = _row_of(stale, "sell 1")
    colours = [
        {segment.text: segment.style for segment in picture.frame.strips[row]}
        for picture in (fresh, stale)
    ]
    shared = {text for text in colours[0] if "sell 1" in text}
    assert shared
    assert all(colours[0][text] == colours[1][text] for text in shared)
    up = str(NIGHT.style("up").color)
    inks = [
        {
            str(segment.style.color)
            for strip in picture.frame.strips
            for segment in strip
            if segment.style
        }
        for picture in (fresh, stale)
    ]
    assert up in inks[0]
    assert up not in inks[1]


def test_a_long_gap_is_cut_marked_and_said() -> None:
    series = bars(*((number, 1, 2, 1, 2) for number in (*range(5), *range(605, 610))))

    picture = _paint(_scene(series))

    assert sum("┊" in row for row in _rows(picture)) >= 20
    assert any("10h" in row for row in _rows(picture))


def test_one_new_price_changes_few_rows() -> None:
    series = series_of(walk(300))
    painter = ChartPainter()
    painter.paint(_scene(series), View(), 100, 30, NIGHT)
    last = float(series.close[-1])
    series.set_last(series.open[-1], series.high[-1], series.low[-1], last - 0.01, 1.0, 1.0)

    picture = painter.paint(_scene(series), View(), 100, 30, NIGHT)

    assert 0 < len(picture.frame.changed) <= 6


@pytest.mark.parametrize("style", ["bars", "curve"])
@pytest.mark.parametrize("zoom", [Zoom(1, 8), Zoom(1, 3), Zoom(1, 1), Zoom(4, 1)])
def test_what_is_kept_between_frames_is_what_would_be_drawn(style: str, zoom: Zoom) -> None:
    series = series_of(walk(400))
    random = np.random.default_rng(3)
    painter = ChartPainter()
    view = View(zoom=ZOOMS.index(zoom), style=style, prices=PriceScale(19_800.0, 20_200.0))  # type: ignore[arg-type]
    for step in range(60):
        price = float(series.close[-1]) + float(random.normal()) * 4
        if step % 7 == 0:
            series.append(int(series.time_ns[-1]) + 60 * NANOS, price, price, price, price, 1.0)
        elif step % 13 == 0:
            series.cut_from(int(series.time_ns[-5]))
        else:
            high, low = max(series.high[-1], price), min(series.low[-1], price)
            series.set_last(series.open[-1], high, low, price, series.volume[-1] + 1, 1.0)

        kept = painter.paint(_scene(series), view, 60, 20, NIGHT)

        assert _rows(kept) == _rows(ChartPainter().paint(_scene(series), view, 60, 20, NIGHT))


def test_a_market_that_does_not_move_still_has_a_range() -> None:
    picture = _paint(_scene(bars((0, 100, 100, 100, 100)), quote=None))

    assert picture.prices is not None
    assert picture.prices.high - picture.prices.low >= 0.08
    assert "100.00" in "\n".join(_rows(picture)[1:])


@pytest.mark.parametrize("price", [1e-9, 1e12])
def test_very_small_and_very_large_prices_are_drawn(price: float) -> None:
    series = bars(*((number, price, price * 1.1, price * 0.9, price) for number in range(30)))

    picture = _paint(_scene(series), View(), 80, 24)

    assert all(len(row) == 80 for row in _rows(picture))


def test_negative_prices_are_drawn() -> None:
    series = bars(*((number, -3, 2, -4, 1) for number in range(30)))

    rows = _rows(_paint(_scene(series)))

    assert any("-2.00" in row for row in rows)
