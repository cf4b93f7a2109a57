"""The row of times under the bars, and what stands upright at a time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engine.clock import NANOS
from tui.paint import format as fmt
from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_X
from tui.paint.columns import TimeAxis
from tui.paint.header import when_of
from tui.paint.ink import chip
from tui.paint.scene import Layout
from tui.paint.times import fitted, pinned_label, separators, time_labels

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_SPARSE = 0x01 | 0x04, 0x08 | 0x20
"""Dots of a faint upright in the left and the right half of a cell."""


def dot_of(axis: TimeAxis, time_ns: int) -> int | None:
    """Column of dots in the middle of the place in which `time_ns` lies; None where no place in
    view has it. Missing time that is drawn in proportion has columns too, and so has what comes
    after the newest place."""
    if not len(axis):
        return None
    key = time_ns // axis.step_ns
    at = int(axis.keys.searchsorted(key, side="right")) - 1
    if at < 0:
        return None
    steps = key - int(axis.keys[at])
    if steps and at + 1 < len(axis) and axis.cut[at + 1]:
        return None
    return int(axis.x[at]) + steps * axis.zoom.dots + middle_of(axis.zoom.dots)


def middle_of(dots: int) -> int:
    """The dot in which a bar of so many dots has its stem."""
    return 0 if dots <= 2 else 1 if dots == 3 else (dots - 1) // 2


def paint_times(canvas: Canvas, stage: Stage) -> None:
    """Times under the bars, and the zone in the corner."""
    layout, view, axis, palette = stage.layout, stage.view, stage.axis, canvas.palette
    if not len(axis):
        return
    gap = 12 if axis.period_ns >= 60 * NANOS else 14
    if view.detail != "full":
        gap *= 2
    labels = fitted(time_labels(axis, view.zone, gap), layout.plot_width)
    pinned = pinned_label(axis, view.zone, [label for _, label in labels])
    chip_start, chip_text = _cursor_time(stage)
    said = [(start, label.text, label.is_major) for start, label in labels]
    if pinned:
        said = [item for item in said if item[0] > len(pinned) + 1]
        said.insert(0, (1, pinned, True))
    for start, text, is_major in said:
        if start <= chip_start + len(chip_text) and chip_start <= start + len(text):
            continue  # half of a time would be misread
        ink = palette.ink("text" if is_major else "axis", bold=is_major)
        canvas.text(layout.time_row, start, text, ink)
    newest = int(axis.keys[-1]) * axis.step_ns
    zone = fmt.zone_name(newest, view.zone)[: layout.axis_room].rjust(layout.axis_room)
    canvas.text(layout.time_row, layout.axis_left + 1, zone, palette.ink("muted"))


def paint_cursor_time(canvas: Canvas, stage: Stage) -> None:
    """The cursor's time under its upright."""
    start, text = _cursor_time(stage)
    if text:
        style = chip(canvas.palette, stage.view.detail, "cursor", is_loud=True)
        canvas.text(stage.layout.time_row, start, text, style)


def _cursor_time(stage: Stage) -> tuple[int, str]:
    """The cursor's time and its first cell; no text where the cursor is out of sight."""
    layout, cursor, at = stage.layout, stage.view.cursor, stage.cursor_x
    if cursor is None or at is None:
        return -2, ""
    text = f" {when_of(stage.scene, stage.view, cursor.time_ns)} "
    return min(max(0, at // DOTS_X - len(text) // 2), max(0, layout.plot_width - len(text))), text


def paint_separators(canvas: Canvas, stage: Stage) -> None:
    """Faint uprights where days and sessions begin."""
    layout, view = stage.layout, stage.view
    if view.detail != "full" or not len(stage.axis):
        return
    found = separators(stage.axis, view.zone)
    masks = _uprights(layout, tuple(item.dot for item in found))
    canvas.dots(layout.plot_top, masks, canvas.palette.dots("session"), is_backdrop=True)


def paint_linked(canvas: Canvas, stage: Stage) -> None:
    """A faint upright at the time of a linked chart's crosshair."""
    layout, time_ns = stage.layout, stage.view.linked_ns
    dot = None if time_ns is None else dot_of(stage.axis, time_ns)
    if dot is not None:
        ink = canvas.palette.dots("cursor", is_faint=True)
        canvas.dots(layout.plot_top, _uprights(layout, (dot,)), ink, is_backdrop=True)


@lru_cache(maxsize=64)
def _uprights(layout: Layout, dots: tuple[int, ...]) -> np.ndarray:
    """Packed dots of faint uprights through plot and volume."""
    masks = np.zeros((layout.plot_rows + layout.volume_rows, layout.plot_width), dtype=np.uint8)
    for dot in dots:
        if 0 <= dot < layout.dots_wide:
            masks[:, dot // DOTS_X] |= _SPARSE[dot % DOTS_X]
    return masks
