"""The price axes: round prices, and over them what must be seen: the present, levels, the cursor.

The main market's axis is right of the plot; those of overlays stand right of it, each in its own
colour. In percent all markets share the main one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tui.paint import format as fmt
from tui.paint.axis import spread_out
from tui.paint.canvas import NOTHING, Canvas, Palette
from tui.paint.cells import DOTS_Y, Glyphs
from tui.paint.ink import chip, tag
from tui.paint.levels import Level, by_rank, look_of
from tui.paint.ranges import Scales
from tui.paint.round_numbers import RoundPrice, round_rows
from tui.paint.scales import PriceScale
from tui.paint.scene import Detail, Layout, Overlay, Scene, View, layout_of

if TYPE_CHECKING:
    from tui.paint.layers import Stage

CURSOR_RANK = 100
_OVERLAY_RANK = 75
"""The last price of an overlay gives way to that of the main market, and to what is staged."""

_WEIGHTS = {"cursor": 50.0, "last": 20.0, "staged": 20.0}
"""How hard a label holds on to its row; 1 for the others."""

_UNKNOWN_WIDTH = 6
"""Characters of a price where nothing is known of it."""


class AxisLabel(NamedTuple):
    """A price on the axis that is not a round one."""

    price: float
    kind: str
    """Of a level, or `cursor`, or a role `overlay1` to `overlay7`."""
    text: str
    rank: int


def layout_for(scene: Scene, view: View, scales: Scales, width: int, height: int) -> Layout:
    """Share out cells such that the axes have room for what is written on them."""
    widths = [] if scales.is_shared else overlay_widths(scene, scales)
    return layout_of(
        width,
        height,
        label_width(scene, view, scales),
        widths,
        has_legend=bool(scene.overlays),
        has_volume=view.detail != "slow",
    )


def label_width(scene: Scene, view: View, scales: Scales) -> int:
    """Characters of the longest price on the main axis."""
    instrument, prices = scene.instrument, scales.main
    if instrument is None or prices is None:
        return _UNKNOWN_WIDTH
    shown = [prices.low, prices.high, *(level.price for level in scene.levels)]
    if scene.quote is not None:
        quote = scene.quote
        shown += [price for price in (quote.bid, quote.ask, quote.last) if price is not None]
    if view.cursor is not None:
        shown.append(float(view.cursor.price))
    if scales.is_shared:
        shown += [label.price for label in _shared_labels(scene, scales, prices)]
    # No number between two others is written wider than both of them.
    width = max(len(text_at(price, scene, prices)) for price in (min(shown), max(shown)))
    # A blank keeps the number of a market off its percents.
    return width + 1 if scales.is_shared else width


def overlay_widths(scene: Scene, scales: Scales) -> list[int]:
    """Characters of the longest price on the axis of each overlay."""
    widths = []
    for at, overlay in enumerate(scene.overlays):
        prices = scales.overlays[at] if at < len(scales.overlays) else None
        if overlay.instrument is None or prices is None:
            widths.append(_UNKNOWN_WIDTH)
            continue
        shown = [prices.low, prices.high]
        widths.append(max(len(fmt.price(price, overlay.instrument)) for price in shown))
    return widths


def text_at(price: float, scene: Scene, prices: PriceScale) -> str:
    """A price as its axis says it."""
    if prices.kind == "percent" and prices.base is not None:
        return fmt.percent(prices.share(price))
    assert scene.instrument is not None
    return fmt.price(price, scene.instrument)


def axis_labels(scene: Scene, view: View, scales: Scales) -> list[AxisLabel]:
    """Bid, ask, last, levels, markets that share the axis, and the cursor: each price and kind
    once, lowest rank first."""
    prices = scales.main
    if scene.instrument is None or prices is None:
        return []
    levels = [*scene.levels, *_quote_levels(scene, with_book=not scales.is_shared)]
    labels = [
        AxisLabel(level.price, level.kind, text_at(level.price, scene, prices), look.rank)
        for level in by_rank(levels)
        for look in (look_of(level.kind),)
    ]
    if scales.is_shared:
        labels += _shared_labels(scene, scales, prices)
        labels.sort(key=lambda label: label.rank)
    if view.cursor is not None:
        price = float(view.cursor.price)
        labels.append(AxisLabel(price, "cursor", text_at(price, scene, prices), CURSOR_RANK))
    return list(dict.fromkeys(labels))


def _quote_levels(scene: Scene, *, with_book: bool) -> list[Level]:
    """The present of the main market; among others the book would say the same percents thrice."""
    quote = scene.quote
    if quote is None:
        return []
    known = [("last", quote.last)]
    if with_book:
        known = [("bid", quote.bid), ("ask", quote.ask), *known]
    return [Level(price, kind) for kind, price in known if price is not None]


def _shared_labels(scene: Scene, scales: Scales, main: PriceScale) -> Iterator[AxisLabel]:
    """The last price of each overlay, where the main market has the same percentage."""
    assert main.base is not None
    for overlay, prices in zip(scene.overlays, scales.overlays, strict=False):
        last = last_of(overlay)
        if last is None or prices is None or prices.base is None:
            continue
        share = prices.share(last)
        price = main.base * (1 + share)
        yield AxisLabel(price, f"overlay{overlay.slot}", fmt.percent(share), _OVERLAY_RANK)


def last_of(overlay: Overlay) -> float | None:
    """Its last price: the quote's, or the close of the newest bar."""
    if overlay.quote is not None and overlay.quote.last is not None:
        return overlay.quote.last
    series = overlay.series
    return float(series.close[-1]) if series is not None and len(series) else None


def paint_round_prices(canvas: Canvas, stage: Stage) -> None:
    """Round prices on the main axis, and on those of overlays in their colours."""
    scene, layout, palette = stage.scene, stage.layout, canvas.palette
    if scene.instrument is None or stage.prices is None:
        return
    detail, rows = stage.view.detail, layout.plot_rows
    said = round_rows(layout, scene.instrument, stage.prices, detail)
    block = _block(palette, rows, layout.axis_room, said, palette.ink("axis"))
    _stamp(canvas, layout.plot_top, layout.axis_left + 1, block)
    for place in layout.overlay_axes:
        overlay, prices = scene.overlays[place.overlay], stage.scales.overlays[place.overlay]
        if overlay.instrument is not None and prices is not None:
            said = round_rows(layout, overlay.instrument, prices, detail)
            ink = palette.ink(f"overlay{overlay.slot}")
            block = _block(palette, rows, place.room, said, ink)
            _stamp(canvas, layout.plot_top, place.left + 1, block)


_Block = tuple[np.ndarray, np.ndarray]
"""Code points and styles of some cells."""


@lru_cache(maxsize=64)
def _block(
    palette: Palette, rows: int, room: int, said: tuple[RoundPrice, ...], ink: int
) -> _Block:
    """Round prices in their rows. They change far less often than bars do."""
    canvas = Canvas(room, rows, palette, "ascii")
    for row, _, text in said:
        canvas.text(row, 0, text.rjust(room), ink)
    return canvas.codes, np.where(canvas.styles == NOTHING, palette.ground, canvas.styles)


def _stamp(canvas: Canvas, row: int, column: int, block: _Block) -> None:
    area = np.s_[row : row + block[0].shape[0], column : column + block[0].shape[1]]
    canvas.codes[area], canvas.styles[area] = block


def paint_axis_labels(canvas: Canvas, stage: Stage) -> None:
    """The present, levels and the cursor on the main axis, and the last price of each overlay
    on its own."""
    scene, view, layout = stage.scene, stage.view, stage.layout
    prices = stage.prices
    if prices is None:
        return
    labels = axis_labels(scene, view, stage.scales)
    for label, row, beyond in placed_labels(labels, layout, prices):
        mark = _arrow(beyond, canvas.glyphs) if beyond else mark_of(label.kind, canvas.glyphs)
        text = f"{mark}{label.text.rjust(layout.axis_room)} "
        style = _label_style(canvas.palette, view.detail, label)
        canvas.text(layout.plot_top + row, layout.axis_left, text, style)
    for place in layout.overlay_axes:
        overlay, scale = scene.overlays[place.overlay], stage.scales.overlays[place.overlay]
        last = last_of(overlay)
        if overlay.instrument is None or scale is None or last is None:
            continue
        dot = scale.row(last, layout.dots_high)
        row = min(max(dot // DOTS_Y, 0), layout.plot_rows - 1)
        beyond = -1 if dot < 0 else 1 if dot >= layout.dots_high else 0
        mark = _arrow(beyond, canvas.glyphs) if beyond else mark_of("last", canvas.glyphs)
        text = f"{mark}{fmt.price(last, overlay.instrument).rjust(place.room)} "
        style = overlay_chip(canvas.palette, view.detail, overlay)
        canvas.text(layout.plot_top + row, place.left, text, style)


def placed_labels(
    labels: Sequence[AxisLabel], layout: Layout, prices: PriceScale
) -> list[tuple[AxisLabel, int, int]]:
    """Labels with their rows of the plot, none twice; and -1 or 1 for what is above or below."""
    # Where there is more to say than there are rows, the highest ranks are kept.
    kept = sorted(labels, key=lambda label: -label.rank)[: layout.plot_rows]
    order = {"ask": -1, "bid": 1}
    kept.sort(key=lambda label: (-label.price, order.get(label.kind, 0)))
    exact = [prices.row(label.price, layout.dots_high) for label in kept]
    wanted = [min(max(row // DOTS_Y, 0), layout.plot_rows - 1) for row in exact]
    weights = [_WEIGHTS.get(label.kind, 1.0) for label in kept]
    rows = spread_out(wanted, weights, layout.plot_rows)
    beyond = [-1 if dot < 0 else 1 if dot >= layout.dots_high else 0 for dot in exact]
    return list(zip(kept, rows, beyond, strict=True))


def mark_of(kind: str, glyphs: Glyphs) -> str:
    """The character that stands for a kind of level, the cursor, or an overlay."""
    if kind == "cursor":
        return "+"
    if kind.startswith("overlay"):
        return kind[-1]
    look = look_of(kind)
    return look.ascii_mark if glyphs == "ascii" else look.mark


def _arrow(beyond: int, glyphs: Glyphs) -> str:
    above, below = ("^", "v") if glyphs == "ascii" else ("↑", "↓")
    return above if beyond < 0 else below


def _label_style(palette: Palette, detail: Detail, label: AxisLabel) -> int:
    if label.kind == "cursor":
        return chip(palette, detail, "cursor", is_loud=True)
    if label.kind.startswith("overlay"):
        return chip(palette, detail, label.kind)
    look = look_of(label.kind)
    if label.kind in ("last", "staged"):
        return chip(palette, detail, look.role, is_loud=label.kind == "staged")
    return tag(palette, detail, look.role, is_loud=not look.is_followed)


def overlay_chip(palette: Palette, detail: Detail, overlay: Overlay) -> int:
    """The style of an overlay's last price; one that is stale does not shine."""
    role = f"overlay{overlay.slot}"
    return palette.ink("stale") if overlay.is_stale else chip(palette, detail, role)
