"""What levels are called on their lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stages import FIXED_LAYOUT, FIXED_PRICES, NIGHT, ink_of, rows_of
from tui.paint.canvas import Canvas, Palette
from tui.paint.cells import Glyphs
from tui.paint.level_labels import _fitting, paint_labels
from tui.paint.levels import LOOKS, Level
from tui.paint.scene import Layout, layout_of

PRICES, LAYOUT = FIXED_PRICES, FIXED_LAYOUT


# -- labels of levels -----------------------------------------------------------------------------


def _canvas(layout: Layout = LAYOUT, glyphs: Glyphs = "braille", *, stale: bool = False) -> Canvas:
    return Canvas(layout.width, layout.height, Palette(NIGHT, is_stale=stale), glyphs)


def _labelled(*levels: Level, glyphs: Glyphs = "braille", layout: Layout = LAYOUT) -> list[str]:
    canvas = _canvas(layout, glyphs)
    paint_labels(canvas, layout, levels, PRICES)
    return rows_of(canvas)[layout.plot_top : layout.volume_top]


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
    canvas = _canvas(stale=True)
    paint_labels(
        canvas, LAYOUT, [Level(105.0, "dark", "buy"), Level(103.0, "staged", "sell")], PRICES
    )

    assert ink_of(canvas, "buy") == NIGHT.style("dark", "surface", bold=True)
    assert ink_of(canvas, "sell") == NIGHT.chip("staged")


def test_a_level_that_keys_act_on_stands_out() -> None:
    canvas = _canvas()
    paint_labels(canvas, LAYOUT, [Level(105.0, "working", "buy", is_picked=True)], PRICES)

    assert ink_of(canvas, "buy") == NIGHT.chip("working")


def test_on_a_slow_link_labels_have_no_ground_of_their_own() -> None:
    canvas = _canvas()
    paint_labels(canvas, LAYOUT, [Level(105.0, "dark", "buy")], PRICES, "slow")

    assert ink_of(canvas, "buy") == NIGHT.style("dark", bold=True)


@given(
    st.lists(
        st.tuples(st.floats(95, 115), st.sampled_from(sorted(LOOKS)), st.text("ab", max_size=40)),
        max_size=20,
    )
)
def test_no_label_is_written_over_another(levels: list[tuple[float, str, str]]) -> None:
    canvas = _canvas()
    written: list[tuple[int, int, int]] = []
    write = canvas.text

    def text(row: int, column: int, said: str, style: int) -> None:
        written.append((row, column, column + len(said)))
        write(row, column, said, style)

    canvas.text = text  # type: ignore[method-assign]
    paint_labels(canvas, LAYOUT, [Level(*level) for level in levels], PRICES)

    for at, (row, start, stop) in enumerate(written):
        assert 0 <= start
        for other_row, other_start, other_stop in written[:at]:
            assert row != other_row or stop <= other_start or other_stop <= start


def test_a_label_is_said_in_fewer_words_where_there_is_no_room_and_cut_last() -> None:
    level = Level(1.0, "staged", "buy 1 at 100 for 100 USD", shorter=("buy 1 for 100 USD", "buy 1"))

    assert [_fitting(level, room, "braille") for room in (24, 23, 16, 4)] == [
        "buy 1 at 100 for 100 USD",
        "buy 1 for 100 USD",
        "buy 1",
        "",
    ]
