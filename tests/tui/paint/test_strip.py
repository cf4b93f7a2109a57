"""The history strip: all of a series, exactly, and which part is shown."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from tests.support.bars import NANOS, START_NS, bars, series_of, walk
from tests.support.stages import NIGHT
from tui.paint import format as text_of
from tui.paint.cells import Glyphs
from tui.paint.scales import PriceScale
from tui.paint.strip import StripPainter, StripPicture, _sharing

MINUTE = 60 * NANOS


def _paint(
    series: Series | None,
    shown: tuple[int | None, int | None] = (None, None),
    width: int = 60,
    rows: int = 4,
    **more: object,
) -> StripPicture:
    return StripPainter().paint(series, *shown, width, rows, NIGHT, **more)  # type: ignore[arg-type]


def _rows(picture: StripPicture) -> list[str]:
    return [strip.text for strip in picture.frame.strips]


def _dots(picture: StripPicture, rows: int, styles: set[int] | None = None) -> np.ndarray:
    """The dots of the upper `rows` rows, as a grid."""
    bits = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
    codes = picture.frame.codes[:rows].astype(int)
    masks = np.where(codes == ord(" "), 0, codes - 0x2800)
    grid = (masks[:, :, None, None] & bits) > 0
    return grid.transpose(0, 2, 1, 3).reshape(rows * 4, -1)


@given(
    first=st.integers(-(10**7), 10**7),
    count=st.integers(1, 10**7),
    dots=st.integers(2, 600),
)
def test_every_bar_is_in_one_column_and_little_of_the_width_is_empty(
    first: int, count: int, dots: int
) -> None:
    starts = _sharing(first, count, dots).starts

    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
    assert starts[-1] < count
    assert len(starts) <= dots
    if count <= dots:
        assert len(starts) == count
    else:
        assert len(starts) >= dots * 14 // 16 - 2


@given(first=st.integers(-1000, 1000), count=st.integers(300, 5000), more=st.integers(1, 40))
def test_columns_stay_what_they_are_while_bars_come(first: int, count: int, more: int) -> None:
    before, after = _sharing(first, count, 200), _sharing(first, count + more, 200)

    if before.parts == after.parts:
        assert after.starts[: len(before.starts)].tolist() == before.starts.tolist()


@pytest.mark.parametrize("count", [1, 2, 30, 119, 120, 121, 1000, 20_000])
def test_no_extreme_is_lost(count: int) -> None:
    columns = walk(count)
    at = count // 3
    columns.high[at] = columns.high.max() + 500
    columns.low[at // 2] = columns.low.min() - 500
    picture = _paint(series_of(columns))
    lit = _dots(picture, 3)

    low, high = float(columns.low.min()), float(columns.high.max())
    room = (high - low) * 0.04
    scale = PriceScale(low - room, high + room)
    sharing = _sharing(0, count, 120)
    for index, price in ((at, high), (at // 2, low)):
        column = int(sharing.starts.searchsorted(index, side="right")) - 1
        stand = slice(column * sharing.wide, (column + 1) * sharing.wide)
        assert lit[scale.row(price, 12), stand].any(), (price, column)


def test_the_newest_bar_that_moves_is_redone_alone_and_exactly() -> None:
    series = series_of(walk(5000))
    painter = StripPainter()
    painter.paint(series, None, None, 60, 4, NIGHT)
    random = np.random.default_rng(5)
    for step in range(30):
        price = float(series.close[-1]) + float(random.normal()) * 200
        if step % 5 == 4:
            series.append(int(series.time_ns[-1]) + MINUTE, price, price, price, price, 1.0)
        else:
            high, low = max(series.high[-1], price), min(series.low[-1], price)
            series.set_last(series.open[-1], high, low, price, 1.0, 1.0)

        kept = painter.paint(series, None, None, 60, 4, NIGHT)

        assert _rows(kept) == _rows(_paint(series))
        assert (kept.starts_ns == _paint(series).starts_ns).all()


def test_history_that_arrives_is_drawn() -> None:
    columns = walk(4000)
    series = Series(60)
    painter = StripPainter()
    for part in (slice(3000, 4000), slice(1000, 3000), slice(0, 1000)):
        series.merge(type(columns)(**{name: getattr(columns, name)[part] for name in (
            "time_ns", "open", "high", "low", "close", "volume", "trades")}))  # fmt: skip
        kept = painter.paint(series, None, None, 60, 4, NIGHT)

        assert _rows(kept) == _rows(_paint(series))
    assert len(series) == len(columns)


@given(st.integers(0, 4999))
def test_times_and_columns_lead_to_each_other(bar: int) -> None:
    picture = _paint(_FIVE_THOUSAND)
    time_ns = START_NS + bar * MINUTE
    column = picture.column_of(time_ns)

    start = picture.time_at(column)
    after = picture.time_at(column + 1)
    assert start is not None
    assert after is not None
    assert start <= time_ns
    assert time_ns < after or column == picture.column_of(after)


_FIVE_THOUSAND = series_of(walk(5000))


def test_what_is_outside_is_at_the_nearest_end() -> None:
    picture = _paint(_FIVE_THOUSAND)
    last = int(_FIVE_THOUSAND.time_ns[-1])

    assert picture.time_at(-5) == START_NS
    assert picture.column_of(0) == 0
    assert picture.time_at(10_000) is not None
    assert picture.column_of(last + 10**15) == picture.column_of(last)


def test_the_part_that_is_shown_is_bright_between_two_uprights() -> None:
    series = _FIVE_THOUSAND
    shown = int(series.time_ns[2000]), int(series.time_ns[2999])
    picture = _paint(series, shown)
    first, last = (picture.column_of(time_ns) for time_ns in shown)

    styles = picture.frame.palette.styles
    for row in range(3):
        for column in (first, last):
            style = styles[picture.frame.styles[row, column]]
            assert style.color == NIGHT.style("accent").color
    lit = _dots(picture, 3)
    assert lit[:, first * 2].all()
    assert lit[:, last * 2 + 1].all()
    drawn = picture.frame.codes[:3] != ord(" ")
    inside, outside = (
        {styles[number].color for number in picture.frame.styles[:3, part][drawn[:, part]].tolist()}
        for part in (slice(first + 1, last), slice(0, first))
    )
    assert NIGHT.style("text").color in inside
    assert NIGHT.style("text").color not in outside


def test_without_colours_the_part_that_is_shown_still_stands_between_uprights() -> None:
    series = _FIVE_THOUSAND
    shown = int(series.time_ns[2000]), int(series.time_ns[2999])
    picture = StripPainter().paint(series, *shown, 60, 4, NIGHT.at_depth("none"))

    lit = _dots(picture, 3)
    full = {column // 2 for column in range(lit.shape[1]) if lit[:, column].all()}
    assert {picture.column_of(time_ns) for time_ns in shown} <= full


def test_a_view_of_one_bar_is_marked_too() -> None:
    at = int(_FIVE_THOUSAND.time_ns[2500])
    picture = _paint(_FIVE_THOUSAND, (at, at))

    lit = _dots(picture, 3)
    assert lit[:, picture.column_of(at) * 2].all()


def test_times_stand_at_both_ends_and_under_what_is_shown() -> None:
    series = _FIVE_THOUSAND
    shown = int(series.time_ns[2000]), int(series.time_ns[2999])
    row = _rows(_paint(series, shown, 90, zone=ZoneInfo("Europe/Berlin")))[-1]

    assert row.startswith(" 14 Nov 2023 ")
    assert row.endswith(" 18 Nov 2023 ")
    assert "16 Nov 08:33 – 17 Nov 01:12" in row


@pytest.mark.parametrize("count", [66, 90])
def test_the_end_is_said_where_the_bars_end(count: int) -> None:
    series = series_of(walk(count))
    ends = f" {text_of.stamp(series.time_ns[-1], UTC, period_s=60)}"

    alone = _rows(_paint(series))[-1].rstrip()
    assert alone.endswith(ends)
    assert len(alone) == count // 2 - 1
    view = _rows(_paint(series, (int(series.time_ns[2]), int(series.time_ns[9]))))[-1].rstrip()
    assert view.endswith(ends)
    assert " – " in view
    assert len(view) < 58


@pytest.mark.parametrize(("rows", "labelled"), [(1, False), (2, False), (3, True), (6, True)])
def test_times_are_said_where_there_are_rows_for_them(rows: int, labelled: bool) -> None:
    picture = _paint(_FIVE_THOUSAND, rows=rows)

    assert len(_rows(picture)) == rows
    assert ("Nov" in _rows(picture)[-1]) is labelled


@pytest.mark.parametrize("width", [0, 1, 2, 7, 12, 30])
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_any_size_is_filled_exactly(width: int, rows: int) -> None:
    picture = _paint(_FIVE_THOUSAND, (START_NS, START_NS + MINUTE), width, rows)

    assert [len(row) for row in _rows(picture)] == [width] * rows


def test_without_bars_there_is_nothing_and_no_time() -> None:
    for series in (None, Series(60)):
        picture = _paint(series, (1, 2))
        assert not "".join(_rows(picture)).strip()
        assert picture.time_at(3) is None
        assert picture.column_of(5) == 0


@pytest.mark.parametrize("glyphs", ["blocks", "ascii"])
def test_other_characters_draw_the_line_without_what_is_under_it(glyphs: Glyphs) -> None:
    rows = _rows(_paint(_FIVE_THOUSAND, glyphs=glyphs))

    assert "".join(rows).isascii() is (glyphs == "ascii")
    assert sum(char != " " for row in rows[:3] for char in row) < 3 * 60 * 0.7


def test_closed_hours_take_no_room_and_interrupt_the_line() -> None:
    flat = [(number, 1, 1, 1, 1) for number in range(30)]
    series = bars(*flat, *((number + 5000, 2, 2, 2, 2) for number, *_ in flat))
    picture = _paint(series, width=30, rows=2)

    lit = _dots(picture, 2)
    assert len(picture.starts_ns) == 60
    for column in (29, 30):
        rows = lit[:, column].nonzero()[0]
        # No upright leads from one price to the other.
        assert len(rows) == 1 or not lit[:, column].all()


@pytest.mark.parametrize("count", [3, 20, 59, 100])
def test_few_bars_take_as_much_of_the_width_as_whole_bars_can(count: int) -> None:
    series = series_of(walk(count))
    at = int(series.time_ns[count // 2])
    picture = _paint(series, (at, at))

    assert picture.dots == min(16, 120 // count)
    assert picture.column_of(at) == count // 2 * picture.dots // 2
    found = picture.time_at(picture.column_of(at))
    assert found is not None
    assert abs(found - at) <= MINUTE
    lit = _dots(picture, 3)
    assert lit[:, picture.dot_of(at) // 2 * 2].all()
    bright = picture.frame.styles[0, picture.column_of(at)]
    assert picture.frame.palette.styles[bright].color == NIGHT.style("accent").color


def test_an_unchanged_strip_changes_no_row() -> None:
    painter = StripPainter()
    first = painter.paint(_FIVE_THOUSAND, None, None, 60, 4, NIGHT)
    second = painter.paint(_FIVE_THOUSAND, None, None, 60, 4, NIGHT)

    assert list(first.frame.changed) == [0, 1, 2, 3]
    assert list(second.frame.changed) == []
