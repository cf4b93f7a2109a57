"""Whole pictures: every style, scale, overlay and state, at three sizes.

`pytest tests/tui/paint/test_pictures.py --snapshot-update` writes them anew; look at the
differences before keeping them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.config import ChartStyle
from engine.feed.bars import Series
from tests.support.bars import INSTRUMENT, NANOS, START_NS, series_of, walk
from tests.support.drawn import PictureFile, drawn
from tests.support.stages import THEMES, overlay, quote
from tui.paint.chart import ChartPainter, Picture
from tui.paint.columns import ZOOMS, Zoom
from tui.paint.levels import Level
from tui.paint.scales import PriceScale, ScaleKind
from tui.paint.scene import STYLES, Cursor, FillMark, Scene, View
from tui.paint.theme import Depth

SIZES = [(80, 24), (120, 35), (200, 50)]
MINUTE = 60 * NANOS
SERIES = series_of(walk(1200, seed=11))
LAST = float(SERIES.close[-1])
NEW_YORK = ZoneInfo("America/New_York")
ZOOM = ZOOMS.index(Zoom(1, 3))
FAR = ZOOMS.index(Zoom(2, 1))


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(PictureFile)


def _scene(**changes: object) -> Scene:
    scene = Scene("btcusdt.spot.sim", INSTRUMENT, SERIES, quote(LAST, LAST - 0.5, LAST + 0.5))
    return scene._replace(**changes)  # type: ignore[arg-type]


def _paint(
    scene: Scene,
    view: View,
    size: tuple[int, int],
    theme: str = "night",
    depth: Depth = "truecolor",
) -> Picture:
    return ChartPainter().paint(scene, view, *size, THEMES[theme].at_depth(depth))


def _named(size: tuple[int, int]) -> str:
    return "x".join(map(str, size))


@pytest.mark.parametrize("kind", ["linear", "log", "percent"])
@pytest.mark.parametrize("style", STYLES)
def test_every_style_on_every_scale(
    style: ChartStyle, kind: ScaleKind, picture: SnapshotAssertion
) -> None:
    painted = _paint(_scene(), View(zoom=ZOOM, style=style, price_scale=kind), (80, 24))

    assert drawn(painted.frame) == picture


@pytest.mark.parametrize("size", SIZES[1:], ids=_named)
@pytest.mark.parametrize("style", STYLES)
def test_every_style_where_there_is_room(
    style: ChartStyle, size: tuple[int, int], picture: SnapshotAssertion
) -> None:
    assert drawn(_paint(_scene(), View(zoom=ZOOM, style=style), size).frame) == picture


def test_a_price_that_grew_a_thousandfold_on_a_logarithmic_scale(
    picture: SnapshotAssertion,
) -> None:
    columns = walk(1200, seed=5, period_s=86_400)
    for name in ("open", "high", "low", "close"):
        values = getattr(columns, name)
        values[:] = 20_000 * 10 ** ((values - 20_000) / 60)
    series = series_of(columns, 86_400)
    scene = _scene(series=series, quote=None)

    view = View(zoom=ZOOMS.index(Zoom(4, 1)), price_scale="log")
    assert drawn(_paint(scene, view, (120, 35)).frame) == picture


# -- overlays -------------------------------------------------------------------------------------


def _others(count: int) -> Scene:
    names = ["eth", "sol", "ada", "xrp", "dot", "link", "avax"]
    others = []
    for slot, name in enumerate(names[:count], 1):
        columns = walk(1200 - 40 * slot, seed=slot, start_ns=START_NS + 20 * slot * MINUTE)
        for field in ("open", "high", "low", "close"):
            getattr(columns, field)[:] = getattr(columns, field) / 4**slot
        others.append(overlay(series_of(columns), slot, f"{name}usdt.spot.sim"))
    return _scene(overlays=tuple(others))


@pytest.mark.parametrize("size", SIZES, ids=_named)
@pytest.mark.parametrize("is_shared", [False, True], ids=["axes", "percent"])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_overlays_on_axes_of_their_own_and_on_one(
    count: int, is_shared: bool, size: tuple[int, int], picture: SnapshotAssertion
) -> None:
    view = View(zoom=FAR, style="curve", overlay_percent=is_shared)

    assert drawn(_paint(_others(count), view, size).frame) == picture


@pytest.mark.parametrize(
    ("theme", "depth"), [("okabe", "truecolor"), ("night", "16"), ("night", "none")]
)
def test_overlays_in_few_colours(theme: str, depth: Depth, picture: SnapshotAssertion) -> None:
    view = View(zoom=FAR, style="curve", overlay_percent=True)

    assert drawn(_paint(_others(3), view, (80, 24), theme, depth).frame) == picture


# -- states ---------------------------------------------------------------------------------------


def _at(bars_back: int, away: float) -> Cursor:
    time_ns = int(SERIES.time_ns[-1 - bars_back])
    return Cursor(time_ns, INSTRUMENT.round_price(LAST + away))


def _busy() -> Scene:
    """Orders, a position, alerts and fills."""
    levels = (
        Level(LAST - 12, "working", "buy 0.5"),
        Level(LAST - 12, "dark", "buy 0.25"),
        Level(LAST + 9, "staged", "SELL 0.1 @ 19 999.00", shorter=("SELL 0.1",)),
        Level(LAST - 4, "position", "long 0.75"),
        Level(LAST - 3.5, "breakeven", "breakeven"),
        Level(LAST + 14, "alert", "above"),
        Level(LAST + 500, "working", "sell 1"),
    )
    fills = tuple(
        FillMark(int(SERIES.time_ns[-back]) + NANOS, float(SERIES.close[-back]), side)
        for back, side in ((40, "buy"), (40, "buy"), (31, "sell"), (12, "buy"), (11, "sell"))
    )
    return _scene(levels=levels, fills=fills)


STATES: dict[str, Callable[[], tuple[Scene, View]]] = {
    "orders": lambda: (_busy(), View()),
    "stale": lambda: (_busy()._replace(is_stale=True, flag="STALE 12s"), View()),
    "crosshair": lambda: (_busy(), View(cursor=_at(25, 3.0))),
    "measuring": lambda: (_scene(), View(cursor=_at(8, 6.0), measure=_at(25, -5.0))),
    "marking": lambda: (_scene(), View(cursor=_at(8, 1.0), mark_ns=_at(25, 0).time_ns)),
    "linked": lambda: (_scene(), View(linked_ns=_at(15, 0).time_ns)),
    "past": lambda: (
        _scene(),
        View(
            anchor_ns=int(SERIES.time_ns[300]),
            prices=PriceScale(LAST - 90, LAST + 90),
            is_locked=True,
        ),
    ),
    "lean": lambda: (_busy(), View(detail="lean", cursor=_at(25, 3.0))),
    "slow": lambda: (_busy(), View(detail="slow", cursor=_at(25, 3.0))),
    "days": lambda: (_scene(), View(zoom=ZOOMS.index(Zoom(8, 1)), zone=ZoneInfo("Asia/Kolkata"))),
}


@pytest.mark.parametrize("size", SIZES, ids=_named)
@pytest.mark.parametrize("state", STATES)
def test_every_state(state: str, size: tuple[int, int], picture: SnapshotAssertion) -> None:
    assert drawn(_paint(*STATES[state](), size).frame) == picture


@pytest.mark.parametrize("closed_hours", [False, True], ids=["cut", "in proportion"])
def test_sessions(closed_hours: bool, picture: SnapshotAssertion) -> None:
    series = Series(300)
    for day in (14, 15, 16):
        opens = datetime(2023, 11, day, 9, 30, tzinfo=NEW_YORK).timestamp()
        series.merge(walk(78, seed=day, period_s=300, start_ns=int(opens) * NANOS))
    view = View(zoom=ZOOMS.index(Zoom(1, 1)), zone=NEW_YORK, closed_hours=closed_hours)

    scene = _scene(series=series, quote=None, title="spy.arca.sim")
    assert drawn(_paint(scene, view, (120, 35)).frame) == picture


@pytest.mark.parametrize("glyphs", ["blocks", "ascii"])
def test_other_characters(glyphs: str, picture: SnapshotAssertion) -> None:
    view = View(glyphs=glyphs, cursor=_at(25, 3.0))  # type: ignore[arg-type]

    assert drawn(_paint(_busy(), view, (80, 24)).frame) == picture


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_every_theme(theme: str, picture: SnapshotAssertion) -> None:
    assert drawn(_paint(_busy(), View(), (80, 24), theme).frame) == picture


@pytest.mark.parametrize("depth", ["256", "16", "none"])
def test_every_depth_of_colour(depth: Depth, picture: SnapshotAssertion) -> None:
    assert drawn(_paint(_busy(), View(cursor=_at(25, 3.0)), (80, 24), depth=depth).frame) == picture


def test_each_detail_less_takes_fewer_changes_of_style() -> None:
    counts = []
    for detail in ("full", "lean", "slow"):
        view = View(detail=detail, cursor=_at(25, 3.0))  # type: ignore[arg-type]
        styles = _paint(_busy(), view, (120, 35)).frame.styles
        counts.append(int((styles[:, 1:] != styles[:, :-1]).sum()))

    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize("size", SIZES, ids=_named)
@pytest.mark.parametrize("state", STATES)
def test_no_cell_is_left_unpainted(state: str, size: tuple[int, int]) -> None:
    frame = _paint(*STATES[state](), size).frame

    assert frame.codes.shape == (size[1], size[0])
    assert (frame.styles >= 0).all()
    assert (frame.codes >= 32).all()
