"""Measuring, and marking a range."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars, series_of, walk
from tests.support.stages import NIGHT, ink_of, painted, quote, rows_of, stage_of
from tui.paint.layers import Stage
from tui.paint.measure import bars_between, measured, paint_mark, paint_measure
from tui.paint.scene import Cursor, Scene, View

D = Decimal
MINUTE = 60 * NANOS
SERIES = series_of(walk(200))
LAST = float(SERIES.close[-1])
SCENE = Scene("btc", INSTRUMENT, SERIES, quote(LAST))


def _at(bar: int, away: float = 0.0) -> Cursor:
    """A point `away` from the last price."""
    return Cursor(int(SERIES.time_ns[bar]), INSTRUMENT.round_price(LAST + away))


def _stage(width: int = 100, height: int = 30, **view: object) -> Stage:
    return stage_of(SCENE, View(**view), width, height)  # type: ignore[arg-type]


def test_price_percent_ticks_bars_and_time_are_measured_with_their_signs() -> None:
    start, end = Cursor(START_NS, D("100.00")), Cursor(START_NS + 90 * MINUTE, D("101.50"))

    assert measured(SCENE, start, end) == ["+1.50", "+1.50%", "+150 ticks", "+90 bars", "1h30m"]
    assert measured(SCENE, end, start) == ["-1.50", "-1.48%", "-150 ticks", "-90 bars", "-1h30m"]


def test_one_is_not_said_in_the_plural_and_nothing_moved_has_no_sign() -> None:
    start, end = Cursor(START_NS, D("100.00")), Cursor(START_NS + MINUTE, D("100.01"))

    assert measured(SCENE, start, end) == ["+0.01", "+0.01%", "+1 tick", "+1 bar", "1m"]
    assert measured(SCENE, start, start)[0] == "0.00"


def test_a_price_that_is_not_positive_has_no_percent() -> None:
    start, end = Cursor(START_NS, D("-1.00")), Cursor(START_NS, D("1.00"))

    assert measured(SCENE, start, end)[1] == "–"


def test_bars_are_counted_and_not_their_times() -> None:
    series = bars((0, 1, 2, 1, 2), (1, 1, 2, 1, 2), (50, 1, 2, 1, 2))
    scene = Scene("x", INSTRUMENT, series)

    assert bars_between(scene, START_NS, START_NS + 50 * MINUTE) == 2
    assert bars_between(Scene(), 0, 1) is None


def test_the_box_spans_both_points_and_its_label_is_beyond_the_crosshair() -> None:
    for start, end in ((_at(170, -2.0), _at(190, 2.0)), (_at(190, 2.0), _at(170, -2.0))):
        stage = _stage(measure=start, cursor=end)
        canvas = painted(paint_measure, stage)
        (row,) = [at for at, text in enumerate(rows_of(canvas)) if "ticks" in text]

        assert canvas.tint is not None
        inked = canvas.tint.values.nonzero()
        assert stage.prices is not None
        high, top = stage.layout.dots_high, stage.layout.plot_top
        ends = sorted(top + stage.prices.row(float(one.price), high) // 4 for one in (start, end))
        assert [int(inked[0].min()), int(inked[0].max())] == ends
        assert row == (ends[0] - 1 if end.price > start.price else ends[1] + 1)
        assert ink_of(canvas, "ticks") == NIGHT.chip("measure")


@given(
    st.integers(0, 199), st.integers(0, 199), st.floats(-400, 400), st.floats(-400, 400),
    st.sampled_from([(24, 8), (40, 12), (80, 24), (120, 35)]),
)  # fmt: skip
def test_what_is_measured_is_whole_wherever_the_points_are(
    one: int, other: int, low: float, high: float, size: tuple[int, int]
) -> None:
    stage = _stage(*size, measure=_at(one, low), cursor=_at(other, high))
    canvas = painted(paint_measure, stage)
    rows = rows_of(canvas)

    said = " ".join(row[: stage.layout.plot_width].strip() for row in rows).split()
    wanted = " ".join(measured(SCENE, _at(one, low), _at(other, high))).split()
    if size[0] >= 40:
        assert said == wanted
    outside = [*rows[: stage.layout.plot_top], *rows[stage.layout.volume_top :]]
    assert not "".join(outside).strip()


def test_nothing_is_measured_without_both_points() -> None:
    for view in ({"measure": _at(170)}, {"cursor": _at(170)}):
        assert painted(paint_measure, _stage(**view)).is_empty  # type: ignore[arg-type]


# -- a range that is marked -----------------------------------------------------------------------


def test_the_first_end_of_a_range_says_from_when() -> None:
    stage = _stage(mark_ns=int(SERIES.time_ns[180]))
    canvas = painted(paint_mark, stage)

    assert "from 15 Nov 01:13" in rows_of(canvas)[stage.layout.time_row - 1]
    assert canvas.tint is not None
    assert len(set(canvas.tint.values.nonzero()[1].tolist())) == 1


def test_a_range_says_how_much_it_holds() -> None:
    stage = _stage(mark_ns=int(SERIES.time_ns[180]), cursor=_at(190))
    canvas = painted(paint_mark, stage)

    assert "11 bars 10m" in rows_of(canvas)[stage.layout.time_row - 1]
    assert canvas.tint is not None
    upper = canvas.tint.values[stage.layout.plot_top]
    assert len(upper.nonzero()[0]) == 2
    row = canvas.tint.values[stage.layout.time_row - 1].nonzero()[0]
    assert [row.min(), row.max()] == [*upper.nonzero()[0]]
