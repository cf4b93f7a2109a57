"""What is said of the point under the crosshair, beside the bar that the header reads out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.paint import format as fmt
from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_X, DOTS_Y
from tui.paint.ink import Run, length_of, tag, write
from tui.paint.measure import bars_between
from tui.paint.scene import Scene

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_ROWS = 6
"""Rows from the top of the plot that are looked at for a free one."""


def paint_readout(canvas: Canvas, stage: Stage) -> None:
    """At the top of the plot, on the side away from the crosshair: its price, how far the last
    price is from it, and how many bars ago that was. What does not fit is left out."""
    layout = stage.layout
    room = layout.plot_width - 2
    runs: list[Run] = []
    for fact in _facts(canvas, stage):
        if length_of(runs) + length_of(fact) + 1 > room:
            break
        runs += fact
    if not runs:
        return
    runs.append((" ", runs[0][1]))
    x = stage.cursor_x
    is_left = x is None or x // DOTS_X > layout.plot_width // 2
    at = 1 if is_left else layout.plot_width - 1 - length_of(runs)
    write(canvas, layout.plot_top + _free_row(stage), at, runs, layout.plot_width)


def _free_row(stage: Stage) -> int:
    """The uppermost row of the plot without the label of a level, among the first ones."""
    layout, prices = stage.layout, stage.prices
    assert prices is not None
    dots = [prices.row(level.price, layout.dots_high) for level in stage.scene.levels]
    taken = {min(max(dot // DOTS_Y, 0), layout.plot_rows - 1) for dot in dots}
    return next((row for row in range(min(_ROWS, layout.plot_rows)) if row not in taken), 0)


def _facts(canvas: Canvas, stage: Stage) -> list[list[Run]]:
    """Each with the name before it, the most wanted first."""
    scene, cursor = stage.scene, stage.view.cursor
    if cursor is None or scene.instrument is None or stage.prices is None:
        return []
    palette, detail = canvas.palette, stage.view.detail
    quiet = tag(palette, detail, "muted", is_loud=True)
    ink = tag(palette, detail, "cursor", is_loud=True)
    facts = [[(" at ", quiet), (fmt.price(cursor.price, scene.instrument), ink)]]
    last = _last_of(scene)
    if last is not None:
        away = last - float(cursor.price)
        role = "flat" if away == 0 else "up" if away > 0 else "down"
        text = fmt.change(away, scene.instrument)
        if cursor.price > 0:
            text = f"{text} {fmt.percent(away / float(cursor.price))}"
        facts.append([("  to last ", quiet), (text, tag(palette, detail, role))])
    series = scene.series
    if series is not None and len(series):
        back = bars_between(scene, cursor.time_ns, int(series.time_ns[-1])) or 0
        said = "newest bar" if back == 0 else f"{back} bar{'' if back == 1 else 's'} back"
        facts.append([("  ", quiet), (said, ink)])
    return facts


def _last_of(scene: Scene) -> float | None:
    if scene.quote is not None and scene.quote.last is not None:
        return scene.quote.last
    series = scene.series
    return float(series.close[-1]) if series is not None and len(series) else None
