"""The row that names the markets that share a chart: symbol, last price, percent since the left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.paint import format as fmt
from tui.paint.canvas import Canvas
from tui.paint.columns import Columns
from tui.paint.ink import Run, length_of, write
from tui.paint.price_axis import last_of
from tui.paint.ranges import base_of
from tui.paint.scene import Overlay, View

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_GAP = 3


def paint_legend(canvas: Canvas, stage: Stage) -> None:
    """Each overlay in its colour, by its slot's number; those without room are counted. Over
    each axis stands whose it is; axes that there is no room for are counted at the right."""
    layout, scene, palette = stage.layout, stage.scene, canvas.palette
    if not layout.has_legend:
        return
    entries = [
        _entry(canvas, stage.view, overlay, columns)
        for overlay, columns in zip(scene.overlays, stage.overlays, strict=False)
    ]
    _paint_entries(canvas, entries, layout.plot_width)
    stop = canvas.width
    if layout.hidden_axes:
        text = f"+{layout.hidden_axes}"
        stop -= len(text) + 1
        canvas.text(1, stop, text, palette.ink("muted"))
    for place in layout.overlay_axes:
        overlay = scene.overlays[place.overlay]
        end = min(place.left + place.width - 1, stop - 1 if layout.hidden_axes else stop)
        name = f"{overlay.slot} {short_of(overlay)}"
        if palette.theme.depth != "none" and len(name) > end - place.left:
            name = short_of(overlay)  # its colour says which it is
        write(canvas, 1, place.left, [(name, _ink(canvas, overlay))], end)


def _paint_entries(canvas: Canvas, entries: list[list[Run]], room: int) -> None:
    """As many entries as there is room for, in fewer words where that shows more of them."""
    prices_are_elsewhere = [[entry[0], *entry[2:]] for entry in entries]
    for shorter in (entries, prices_are_elsewhere, [entry[:1] for entry in entries]):
        if sum(map(length_of, shorter)) + _GAP * (len(shorter) - 1) + 1 <= room:
            break
    at = 1
    for number, entry in enumerate(shorter):
        left = len(shorter) - number
        counted = f"+{left}"
        needed = length_of(entry) + (0 if left == 1 else _GAP + len(f"+{left - 1}"))
        if at + needed > room:
            canvas.text(1, at, counted, canvas.palette.ink("muted"))
            return
        at = write(canvas, 1, at, entry, room) + _GAP


def _entry(canvas: Canvas, view: View, overlay: Overlay, columns: Columns) -> list[Run]:
    """What is said of one overlay: its name, its last price or that under the cursor, and how
    far that is from where it was at the left edge."""
    palette = canvas.palette
    runs = [(f"{overlay.slot} {short_of(overlay)}", _ink(canvas, overlay))]
    last = _price_of(overlay, view, columns)
    if last is None or overlay.instrument is None:
        return [*runs, (" –" if canvas.glyphs != "ascii" else " -", palette.ink("muted"))]
    base = base_of(columns, view)
    share = None if base is None else last / base - 1
    runs.append((f" {fmt.price(last, overlay.instrument)}", palette.ink("text")))
    direction = "flat" if not share else "up" if share > 0 else "down"
    if share is not None:
        runs.append((f" {fmt.percent(share)}", palette.ink(direction)))
    return runs


def _price_of(overlay: Overlay, view: View, columns: Columns) -> float | None:
    """The close under the cursor, the one before where there is none; without it the last price."""
    if view.cursor is None:
        return last_of(overlay)
    at = int(columns.start_ns.searchsorted(view.cursor.time_ns, side="right")) - 1
    return float(columns.close[at]) if at >= 0 else None


def _ink(canvas: Canvas, overlay: Overlay) -> int:
    if overlay.is_stale:
        return canvas.palette.ink("stale")
    return canvas.palette.ink(f"overlay{overlay.slot}", bold=True)


def short_of(overlay: Overlay) -> str:
    """Its symbol without venue and broker."""
    return overlay.title.partition(".")[0]
