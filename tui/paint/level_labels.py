"""What levels are called, on their lines, such that no label covers another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_Y, Glyphs
from tui.paint.ink import chip, tag
from tui.paint.levels import Level, look_of
from tui.paint.price_axis import mark_of
from tui.paint.scales import PriceScale
from tui.paint.scene import Detail, Layout

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_FREE = 12
"""Cells before the axis that labels on the chart leave to the newest bars."""

_LEAST_LABEL = 10
"""Characters that a label on the chart is cut to, but not below."""


def paint_level_labels(canvas: Canvas, stage: Stage) -> None:
    """The label of each level at the left of its line; what is outside is counted."""
    if stage.prices is not None:
        detail = stage.view.detail
        paint_labels(canvas, stage.layout, stage.scene.levels, stage.prices, detail)


def paint_labels(
    canvas: Canvas,
    layout: Layout,
    levels: Sequence[Level],
    prices: PriceScale,
    detail: Detail = "full",
) -> None:
    """Labels of `levels`, those of higher rank first where room is short."""
    free: dict[int, int] = {}
    outside: dict[int, list[Level]] = {}
    for level in sorted(levels, key=lambda level: -look_of(level.kind).rank):
        row = prices.row(level.price, layout.dots_high) // DOTS_Y
        if not 0 <= row < layout.plot_rows:
            outside.setdefault(0 if row < 0 else layout.plot_rows - 1, []).append(level)
            continue
        at = free.get(row, 1)
        kept_free = 4 if level.kind == "staged" else _FREE
        label = _fitting(level, layout.plot_width - at - kept_free, canvas.glyphs)
        if label:
            text = f" {mark_of(level.kind, canvas.glyphs)} {label} "
            canvas.text(layout.plot_top + row, at, text, _style(canvas, level, detail))
            free[row] = at + len(text) + 1
    for row, hidden in outside.items():
        above, below = ("^", "v") if canvas.glyphs == "ascii" else ("↑", "↓")
        marks = "".join(dict.fromkeys(mark_of(level.kind, canvas.glyphs) for level in hidden))
        text = f" {above if row == 0 else below}{len(hidden)} {marks} "
        canvas.text(
            layout.plot_top + row, free.get(row, 1), text, _style(canvas, hidden[0], detail)
        )


def _fitting(level: Level, room: int, glyphs: Glyphs) -> str:
    """The first wording of a label that `room` is enough for; else what fits of the last."""
    wordings = (level.label, *level.shorter)
    for wording in wordings:
        if len(wording) <= room:
            return wording
    return _shortened(wordings[-1], room, glyphs)


def _shortened(text: str, room: int, glyphs: Glyphs) -> str:
    """`text` in `room` characters; nothing where only a stump would be left."""
    if len(text) <= room:
        return text
    if room < _LEAST_LABEL:
        return ""
    dots = "..." if glyphs == "ascii" else "…"
    return text[: room - len(dots)].rstrip() + dots


def _style(canvas: Canvas, level: Level, detail: Detail) -> int:
    role = look_of(level.kind).role
    if level.kind == "staged" or level.is_picked:
        return chip(canvas.palette, detail, role, is_loud=True)
    # What the market does may be stale; what rests there is not.
    return tag(canvas.palette, detail, role, is_loud=True)
