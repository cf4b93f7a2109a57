"""What is said of the point under the crosshair."""

from __future__ import annotations

import pytest

from tests.support.bars import INSTRUMENT, series_of, walk
from tests.support.stages import painted, quote, rows_of, stage_of
from tui.paint.layers import Stage
from tui.paint.levels import Level
from tui.paint.readout import paint_readout
from tui.paint.scene import Cursor, Scene, View

SERIES = series_of(walk(200))
LAST = float(SERIES.close[-1])
SCENE = Scene("btc", INSTRUMENT, SERIES, quote(LAST))


def _at(bar: int, away: float = 0.0) -> Cursor:
    """A point `away` from the last price."""
    return Cursor(int(SERIES.time_ns[bar]), INSTRUMENT.round_price(LAST + away))


def _stage(width: int = 100, height: int = 30, **view: object) -> Stage:
    return stage_of(SCENE, View(**view), width, height)  # type: ignore[arg-type]


def _readout(width: int = 100, **view: object) -> str:
    stage = _stage(width, **view)
    return rows_of(painted(paint_readout, stage))[stage.layout.plot_top][: stage.layout.plot_width]


def test_the_crosshair_says_its_price_how_far_the_last_is_and_how_long_ago_it_was() -> None:
    price = LAST - 20
    text = _readout(cursor=_at(189, -20.0)).strip()

    assert text == f"at {price:.2f}  to last +20.00 {20 / price * 100:+.2f}%  10 bars back"
    assert _readout(cursor=_at(199)).strip().endswith("to last 0.00 0.00%  newest bar")


def test_it_stands_on_the_side_away_from_the_crosshair() -> None:
    assert _readout(cursor=_at(198)).startswith("  at ")
    assert _readout(cursor=_at(165)).endswith("back  ")


@pytest.mark.parametrize("width", range(24, 100, 4))
def test_what_it_says_is_whole_and_the_most_wanted_first(width: int) -> None:
    facts = ["at", "to last", "bars back"]
    text = _readout(width, cursor=_at(190, 3.0))
    said = [fact in text for fact in facts]

    assert said == sorted(said, reverse=True)
    assert text.count("%") == said[1]


def test_it_covers_no_label_of_a_level() -> None:
    levels = (Level(LAST * 2, "working", "sell 1"), Level(LAST * 3, "alert", "far"))
    stage = stage_of(SCENE._replace(levels=levels), View(cursor=_at(198)), 100, 30)
    rows = rows_of(painted(paint_readout, stage))[stage.layout.plot_top :]

    assert not rows[0].strip()
    assert rows[1].startswith("  at ")


def test_without_a_crosshair_nothing_is_said() -> None:
    assert not _readout().strip()
