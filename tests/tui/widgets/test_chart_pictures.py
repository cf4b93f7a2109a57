"""Photographs of the chart alone: every style, scale and state, at the sizes that people have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from engine.feed.bars import Series, pick
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, NANOS, START_NS, bars, series_of, walk
from tests.support.charts import THEMES, ChartApp
from tui.paint.levels import LOOKS
from tui.paint.scene import STYLES, FillMark, Overlay
from tui.themes import Depth
from tui.widgets.chart import Chart, Level

MINUTE = 60 * NANOS
SIZES = {"80x24": (80, 24), "120x35": (120, 35), "200x50": (200, 50)}
every_size = pytest.mark.parametrize("size", SIZES)


def _levels(last: float, span: float) -> list[Level]:
    kinds = [kind for kind, look in LOOKS.items() if look.pattern]
    return [
        Level(round(last + span * (index / len(kinds) - 0.45), 2), kind, f"{kind} 0.5")
        for index, kind in enumerate(kinds)
    ]


def _photo(**options: Any) -> ChartApp:
    series = series_of(walk(600))
    last = float(series.close[-1])
    return ChartApp(series, levels=_levels(last, 70.0), **options)


def _others() -> list[Overlay]:
    """A market whose bars are missing now and then, and one that began late and is stale."""
    kept = np.random.default_rng(3).random(600) < 0.8
    ether = series_of(pick(walk(600, seed=3), kept))
    late = series_of(walk(20, seed=5, start_ns=START_NS + 570 * MINUTE))
    coin = replace(INSTRUMENT, fqme="ethusdt.spot.sim")
    share = replace(INSTRUMENT, fqme="acme.stock.sim")
    quote = Quote(fqme="ethusdt.spot.sim", last=float(ether.close[-1]))
    return [
        Overlay("ethusdt.spot.sim", coin, ether, quote, 1),
        Overlay("acme.stock.sim", share, late, None, 3, is_stale=True),
    ]


def _fills(series: Series) -> list[FillMark]:
    return [
        FillMark(int(series.time_ns[-25]), float(series.low[-25]), "buy", "0.5"),
        FillMark(int(series.time_ns[-12]), float(series.high[-12]), "sell", "0.3"),
        FillMark(int(series.time_ns[-12]) + 5, float(series.high[-12]), "sell", "0.2"),
    ]


# -- all of it -----------------------------------------------------------------------------------


@every_size
def test_orders_and_alerts(snap_compare: Any, size: str) -> None:
    assert snap_compare(_photo(), terminal_size=SIZES[size])


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_every_theme(snap_compare: Any, theme: str) -> None:
    assert snap_compare(_photo(theme=theme), terminal_size=(100, 30))


@pytest.mark.parametrize("depth", ["256", "16", "none"])
def test_fewer_colours(snap_compare: Any, depth: Depth) -> None:
    assert snap_compare(_photo(depth=depth), terminal_size=(100, 30))


@pytest.mark.parametrize("glyphs", ["blocks", "ascii"])
def test_without_braille(snap_compare: Any, glyphs: str) -> None:
    app = _photo(options={"glyphs": glyphs})
    assert snap_compare(app, terminal_size=(100, 30))


# -- styles and scales ---------------------------------------------------------------------------


@every_size
@pytest.mark.parametrize("style", STYLES)
def test_every_style(snap_compare: Any, style: str, size: str) -> None:
    app = ChartApp(series_of(walk(600)), options={"style": style})
    assert snap_compare(app, terminal_size=SIZES[size])


@pytest.mark.parametrize("style", STYLES)
def test_every_style_from_afar(snap_compare: Any, style: str) -> None:
    app = ChartApp(series_of(walk(5000)), options={"style": style}, then=lambda c: c.zoom(-7))
    assert snap_compare(app, terminal_size=(120, 35))


@every_size
@pytest.mark.parametrize("kind", ["log", "percent"])
def test_every_scale(snap_compare: Any, kind: str, size: str) -> None:
    columns = walk(600)
    grown = np.exp(np.linspace(0, 3, 600))
    series = series_of(
        replace(
            columns,
            **{name: getattr(columns, name) * grown for name in ("open", "high", "low", "close")},
        )
    )
    app = ChartApp(series, options={"price_scale": kind}, then=lambda chart: chart.fit_all())
    assert snap_compare(app, terminal_size=SIZES[size])


# -- several markets -----------------------------------------------------------------------------


@every_size
@pytest.mark.parametrize("is_percent", [False, True], ids=["absolute", "percent"])
def test_overlays(snap_compare: Any, is_percent: bool, size: str) -> None:
    app = ChartApp(
        series_of(walk(600)),
        overlays=_others(),
        then=lambda chart: chart.set_overlay_percent(is_percent),
    )
    assert snap_compare(app, terminal_size=SIZES[size])


# -- states --------------------------------------------------------------------------------------


def _point(chart: Chart) -> None:
    chart.toggle_cursor()
    chart.move_cursor(-10, 600)


def _measure(chart: Chart) -> None:
    chart.move_cursor()
    chart.move_cursor(-6, -500)
    chart.toggle_measure()
    chart.move_cursor(-9, 1200)


def _mark(chart: Chart) -> None:
    chart.move_cursor()
    chart.mark()
    chart.move_cursor(-15)


def _look_back(chart: Chart) -> None:
    chart.pan(-200)
    chart.toggle_lock()
    chart.link_time(START_NS + 380 * MINUTE)


STATES: dict[str, Callable[[Chart], None]] = {
    "crosshair": _point,
    "measure": _measure,
    "mark": _mark,
    "locked in the past": _look_back,
}


@every_size
@pytest.mark.parametrize("state", STATES)
def test_every_state(snap_compare: Any, state: str, size: str) -> None:
    app = ChartApp(series_of(walk(600)), then=STATES[state])
    assert snap_compare(app, terminal_size=SIZES[size])


@every_size
def test_fills(snap_compare: Any, size: str) -> None:
    series = series_of(walk(600))
    assert snap_compare(ChartApp(series, fills=_fills(series)), terminal_size=SIZES[size])


@pytest.mark.parametrize("hours", ["cut", "full"])
def test_gaps_and_stale(snap_compare: Any, hours: str) -> None:
    numbers = (*range(20), *range(26, 40), *range(62, 77))
    series = bars(*((n, 100 + n % 5, 103 + n % 7, 98, 101 + n % 3, n % 11) for n in numbers))
    options = {"closed_hours": hours == "full"}
    app = ChartApp(series, stale=True, now_ns=13 * NANOS, options=options)
    assert snap_compare(app, terminal_size=(120, 35))


def test_before_the_first_bars(snap_compare: Any) -> None:
    assert snap_compare(ChartApp(Series(60)), terminal_size=(80, 24))
