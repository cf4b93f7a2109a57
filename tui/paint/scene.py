"""What a chart shows, how it is looked at, and how its cells are shared out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

import numpy as np

from engine.config import ChartStyle
from engine.instruments import Instrument
from tui.paint.cells import DOTS_X, DOTS_Y, Glyphs
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS, Bars, Columns, Zoom
from tui.paint.levels import Level, look_of
from tui.paint.scales import PriceScale, ScaleKind

STYLES: tuple[ChartStyle, ...] = ("bars", "candles", "heikin-ashi", "curve", "area", "steps")

LINES: frozenset[ChartStyle] = frozenset({"curve", "area", "steps"})
"""Styles of one colour, in which no bar is up or down."""

LEAST_WIDTH = 20
LEAST_HEIGHT = 5
"""With less room only the last price is written."""

ROOMY = 60
"""From this width on there is a blank between the mark of a price label and its price."""

LEGEND_HEIGHT = 10
"""From this height on overlays are named in a row of their own."""

LEAST_PLOT = 24
"""Cells that overlays' axes leave to the plot, and half of the width at least."""

_MARGIN = 0.06
"""Of the range, free above and below the bars."""

_LOG_TICK = 0.1
"""The largest step between logarithms of prices that is taken for a tick."""

_NEAR = 0.4
"""Levels that are no farther from the bars than this share of their range are made to fit."""


class QuoteLike(Protocol):
    """The present of a market, as far as a chart needs it."""

    @property
    def last(self) -> float | None: ...
    @property
    def bid(self) -> float | None: ...
    @property
    def ask(self) -> float | None: ...


class Overlay(NamedTuple):
    """Another market on the same time axis, with a price axis of its own."""

    title: str
    instrument: Instrument | None
    series: Bars | None
    quote: QuoteLike | None
    slot: int
    """1 to 7: its colour (`overlay1` ...), the same as long as it is shown."""
    is_stale: bool = False


class FillMark(NamedTuple):
    """A fill of ours, as an arrow at its bar and price."""

    time_ns: int
    price: float
    side: str
    """`buy` or `sell`."""
    size: str = ""


Detail = Literal["full", "lean", "slow"]
"""How much is drawn, for links that take less: lean has no grid, slow no volume either."""


class Scene(NamedTuple):
    """What there is to show."""

    title: str = ""
    instrument: Instrument | None = None
    series: Bars | None = None
    quote: QuoteLike | None = None
    levels: Sequence[Level] = ()
    is_stale: bool = False
    flag: str = "STALE"
    """What is said of stale data: that it is, how old it is, or that it has ended."""
    overlays: Sequence[Overlay] = ()
    """At most seven, in the order of their axes from left to right."""
    fills: Sequence[FillMark] = ()
    """Oldest first."""


class Cursor(NamedTuple):
    """Where the crosshair stands."""

    time_ns: int
    price: Decimal


class View(NamedTuple):
    """How it is looked at."""

    zoom: int = DEFAULT_ZOOM
    """Index in `ZOOMS`."""
    anchor_ns: int | None = None
    """Start of the bar at the right; None follows the newest."""
    style: ChartStyle = "bars"
    prices: PriceScale | None = None
    """Manual range; None is automatic."""
    cursor: Cursor | None = None
    zone: tzinfo | None = UTC
    """Of the time axis; None is the machine's own."""
    glyphs: Glyphs = "braille"
    price_scale: ScaleKind = "linear"
    is_locked: bool = False
    """The manual range keeps its height and moves along where the last price leaves it."""
    overlay_percent: bool = False
    """All markets on one axis, in percent from their first bar in view."""
    closed_hours: bool = False
    """Time without bars takes its place, however long."""
    detail: Detail = "full"
    measure: Cursor | None = None
    """The other end of what is measured; the crosshair is this one."""
    mark_ns: int | None = None
    """First end of a range that is being marked, to zoom to."""
    linked_ns: int | None = None
    """Time of the crosshair on a chart that is linked with this one."""

    @property
    def scale(self) -> Zoom:
        return ZOOMS[self.zoom]


class AxisPlace(NamedTuple):
    """Where the price axis of an overlay stands."""

    left: int
    width: int
    overlay: int
    """Index in `Scene.overlays`."""

    @property
    def room(self) -> int:
        """Characters of a price: a mark stands before it and a blank behind."""
        return self.width - 2


class Layout(NamedTuple):
    """Who has which cells: header, legend, plot over volume, time axis; price axes at the right."""

    width: int
    height: int
    plot_width: int
    plot_top: int
    plot_rows: int
    volume_rows: int
    axis_width: int
    """Of the main market's price axis, right of the plot."""
    overlay_axes: tuple[AxisPlace, ...] = ()
    """From left to right."""
    hidden_axes: int = 0
    """Overlays whose axis there is no room for."""

    @property
    def axis_left(self) -> int:
        return self.plot_width

    @property
    def axis_room(self) -> int:
        """Characters of a price on the main axis: a mark stands before it and a blank behind."""
        return self.axis_width - 2

    @property
    def has_legend(self) -> bool:
        """Whether row 1 names the overlays."""
        return self.plot_top > 1

    @property
    def volume_top(self) -> int:
        return self.plot_top + self.plot_rows

    @property
    def time_row(self) -> int:
        return self.volume_top + self.volume_rows

    @property
    def dots_wide(self) -> int:
        return self.plot_width * DOTS_X

    @property
    def dots_high(self) -> int:
        return self.plot_rows * DOTS_Y

    def anchor_x(self, zoom: Zoom) -> int:
        """Left dot of the cell in which the newest bar begins: whole, and off the axis."""
        # A bar may begin one dot into its cell.
        bar = (zoom.dots + 1 + DOTS_X - 1) // DOTS_X
        margin = max(1, self.plot_width // 40)
        return max(0, self.plot_width - bar - margin) * DOTS_X


def layout_of(
    width: int,
    height: int,
    label_width: int,
    overlay_widths: Sequence[int] = (),
    *,
    has_legend: bool = False,
    has_volume: bool = True,
) -> Layout:
    """Share out `width` x `height` cells, with price labels of `label_width` characters, and
    of `overlay_widths` on the axes of overlays, of which the last are left out where the plot
    would become too narrow."""
    legend = 1 if has_legend and height >= LEGEND_HEIGHT else 0
    body = height - 2 - legend
    volume_rows = 0 if body < 9 or not has_volume else max(2, round(body * 0.16))
    axis_width = label_width + (2 if width < ROOMY else 3)
    places: list[AxisPlace] = []
    room = width - axis_width - max(LEAST_PLOT, width // 2)
    for index, wanted in enumerate(overlay_widths):
        if wanted + 2 > room:
            break
        places.append(AxisPlace(0, wanted + 2, index))
        room -= wanted + 2
    plot_width = width - axis_width - sum(place.width for place in places)
    left = plot_width + axis_width
    for index, place in enumerate(places):
        places[index] = place._replace(left=left)
        left += place.width
    return Layout(
        width=width,
        height=height,
        plot_width=plot_width,
        plot_top=1 + legend,
        plot_rows=body - volume_rows,
        volume_rows=volume_rows,
        axis_width=axis_width,
        overlay_axes=tuple(places),
        hidden_axes=len(overlay_widths) - len(places),
    )


def wanted_range(columns: Columns, scene: Scene, view: View) -> tuple[float, float] | None:
    """Lowest and highest price that an automatic range should show."""
    quote = scene.quote
    marks = [] if quote is None else [quote.last, quote.bid, quote.ask]
    present = [price for price in marks if price is not None]
    if len(columns):
        low, high = float(np.min(columns.low)), float(np.max(columns.high))
    elif present:
        low, high = min(present), max(present)
    else:
        return None
    span = high - low
    if view.anchor_ns is None:
        # A bid or ask that is far off says little, and would press the bars flat.
        near = [price for price in present if low - span <= price <= high + span]
        low, high = min([low, *near]), max([high, *near])
    for level in scene.levels:
        is_near = low - span * _NEAR <= level.price <= high + span * _NEAR
        if level.kind == "staged" or (is_near and not look_of(level.kind).is_followed):
            low, high = min(low, level.price), max(high, level.price)
    return low, high


def settled(
    current: PriceScale | None, low: float, high: float, tick: float, kind: ScaleKind = "linear"
) -> PriceScale:
    """A range for `low` to `high` with room around it: `current` while that still fits.

    A range that followed every tick would repaint every bar with each of them. On a logarithmic
    scale room is a share of the way between the logarithms; prices must be positive.
    """
    is_log = kind == "log"
    middle = (low + high) / 2
    if is_log:
        # Of a tick as large as the price itself no more is made than a factor.
        tick = min(tick / middle, _LOG_TICK)
        low, high = math.log(low), math.log(high)
        middle = (low + high) / 2
    span = max(high - low, 8 * tick)
    half = span * (0.5 + _MARGIN)
    if current is not None and current.is_log == is_log:
        bottom, top = current.low, current.high
        if is_log:
            bottom, top = math.log(bottom), math.log(top)
        width = top - bottom
        fits = bottom + 0.015 * width <= low and high <= top - 0.015 * width
        if fits and width <= 1.5 * 2 * half:
            return current
    if is_log:
        return PriceScale(math.exp(middle - half), math.exp(middle + half), "log")
    return PriceScale(middle - half, middle + half)
