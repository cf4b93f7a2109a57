"""A chart before it is painted, for tests of what is painted on it."""

from __future__ import annotations

from collections.abc import Callable

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT
from tui.paint.canvas import Canvas, Palette
from tui.paint.columns import columns_on, time_axis
from tui.paint.layers import Stage
from tui.paint.price_axis import layout_for
from tui.paint.ranges import Ranges, Scales
from tui.paint.scales import PriceScale
from tui.paint.scene import Layout, Overlay, Scene, View, layout_of
from tui.paint.theme import Depth, Theme
from tui.themes import load_themes

THEMES = load_themes()[0]
NIGHT = THEMES["night"]


FIXED_PRICES = PriceScale(100.0, 110.0)
FIXED_LAYOUT = layout_of(80, 24, 6)


def quote(last: float, bid: float | None = None, ask: float | None = None) -> Quote:
    """The present of a market."""
    return Quote(fqme="x", last=last, bid=bid, ask=ask)


def overlay(series: Series | None, slot: int = 1, title: str = "ethusdt.spot.sim") -> Overlay:
    """Another market, in the same instrument, at its last close."""
    last = None if series is None or not len(series) else quote(float(series.close[-1]))
    return Overlay(title, INSTRUMENT, series, last, slot)


def stage_of(scene: Scene, view: View | None = None, width: int = 80, height: int = 24) -> Stage:
    """What a chart of that size is painted from."""
    view = view or View()
    scales = Scales(PriceScale(1.0, 2.0) if scene.series is None else None)
    for _ in range(2):
        layout = layout_for(scene, view, scales, width, height)
        shown = [one.series for one in scene.overlays]
        axis = time_axis(
            [one for one in (scene.series, *shown) if one is not None],
            view.scale,
            layout.dots_wide,
            anchor_x=layout.anchor_x(view.scale),
            anchor_ns=view.anchor_ns,
            closed_hours=view.closed_hours,
        )
        empty = Series(60)
        columns = columns_on(axis, scene.series or empty)
        others = tuple(columns_on(axis, one or empty) for one in shown)
        scales = Ranges().update(scene, view, columns, others)
    return Stage(scene, view, layout, axis, columns, scales, others)


def fixed_stage(
    scene: Scene,
    view: View | None = None,
    layout: Layout | None = None,
    prices: PriceScale | None = FIXED_PRICES,
) -> Stage:
    """A chart with those cells and that range of prices, whatever is in view."""
    view, layout = view or View(), layout or FIXED_LAYOUT
    series = scene.series or Series(60)
    axis = time_axis(
        [series],
        view.scale,
        layout.dots_wide,
        anchor_x=layout.anchor_x(view.scale),
        anchor_ns=view.anchor_ns,
    )
    return Stage(scene, view, layout, axis, columns_on(axis, series), Scales(prices))


def painted(
    paint: Callable[[Canvas, Stage], None],
    stage: Stage,
    *,
    theme: Theme = NIGHT,
    depth: Depth = "truecolor",
) -> Canvas:
    """A canvas with that layer alone."""
    palette = Palette(theme.at_depth(depth), is_stale=stage.scene.is_stale)
    canvas = Canvas(stage.layout.width, stage.layout.height, palette, stage.view.glyphs)
    paint(canvas, stage)
    return canvas


def rows_of(canvas: Canvas) -> list[str]:
    """The text on a canvas, row by row."""
    return ["".join(map(chr, row)) for row in canvas.codes]


def ink_of(canvas: Canvas, text: str) -> object:
    """The style in which `text` is first written."""
    for row, written in enumerate(rows_of(canvas)):
        if text in written:
            return canvas.palette.styles[canvas.styles[row, written.index(text)]]
    raise AssertionError(f"{text!r} is not written")
