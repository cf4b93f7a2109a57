"""The row above the plot: market, period, one bar in numbers, and at the right what is unusual."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.clock import NANOS
from tui.paint import format as fmt
from tui.paint.canvas import Canvas, Palette
from tui.paint.columns import Columns
from tui.paint.ink import chip, length_of, tag, write
from tui.paint.scene import Scene, View

if TYPE_CHECKING:
    from tui.paint.layers import Stage

_Said = tuple[str, str, int]
"""Name, text and style of one fact."""

_LEAST_TITLE = 12
"""Cells that flags leave to the title."""


def paint_header(canvas: Canvas, stage: Stage) -> None:
    """Market, period, the bar under the cursor or the newest; at the right what is unusual."""
    palette, scene, view, columns = canvas.palette, stage.scene, stage.view, stage.columns
    stop = _paint_flags(canvas, stage)
    quiet = palette.ink("muted")
    runs = [(scene.title, palette.ink("accent", bold=True))]
    if scene.series is not None:
        runs.append((f" {_period(scene.series.period_ns)}", quiet))
    if len(columns) and scene.instrument is not None and scene.series is not None:
        index = column_at(columns, view.cursor.time_ns) if view.cursor else len(columns) - 1
        if index is None:
            runs.append(("  no bar here", quiet))
        else:
            said = _readout(palette, scene, view, columns, index)
            room = stop - 1 - length_of(runs)
            for name, text, style in _most_wanted(said, room):
                runs += [(f"  {name} ", quiet), (text, style)] if name else [(f"  {text}", style)]
    write(canvas, 0, 1, runs, stop)


@lru_cache(maxsize=64)
def _period(period_ns: int) -> str:
    return fmt.period(round(period_ns / NANOS))


def _most_wanted(said: Sequence[_Said], room: int) -> list[_Said]:
    """What there is room for, in its order; what is wanted least is left out first."""
    # Time, close and change, high and low, open, volume, percent: `said` ends with all but time.
    wanted = [*range(len(said) - 7), *(len(said) - back for back in (4, 2, 6, 5, 7, 3, 1))]
    kept = set()
    for at in wanted:
        name, text, _ = said[at]
        length = 2 + len(text) + (len(name) + 1 if name else 0)
        if length > room:
            break
        kept.add(at)
        room -= length
    high_and_low = {len(said) - 6, len(said) - 5}
    if not high_and_low <= kept:
        kept -= high_and_low  # one without the other says little
    return [item for at, item in enumerate(said) if at in kept]


def _readout(
    palette: Palette, scene: Scene, view: View, columns: Columns, index: int
) -> list[_Said]:
    """Name, text and style of what is said of one column of bars."""
    instrument, series = scene.instrument, scene.series
    assert instrument is not None
    assert series is not None
    open_, close = float(columns.open[index]), float(columns.close[index])
    first = int(columns.first[index])
    before = float(series.close[first - 1]) if first else open_
    ink = palette.ink("up" if close >= open_ else "down")
    moved = close - before
    direction = palette.ink("flat" if moved == 0 else "up" if moved > 0 else "down")
    said = [
        ("O", fmt.price(open_, instrument), ink),
        ("H", fmt.price(float(columns.high[index]), instrument), ink),
        ("L", fmt.price(float(columns.low[index]), instrument), ink),
        ("C", fmt.price(close, instrument), ink),
        ("V", fmt.compact(float(columns.volume[index])), palette.ink("text")),
        ("", fmt.change(moved, instrument), direction),
        ("", fmt.percent(moved / before if before else None), direction),
    ]
    if view.cursor is None:
        return said
    when = when_of(scene, view, int(columns.start_ns[index]))
    return [("", when, palette.ink("cursor")), *said]


def when_of(scene: Scene, view: View, time_ns: int) -> str:
    """A bar's time, with its year where that is not the one of the newest bar."""
    series = scene.series
    if series is None or not len(series):
        return fmt.stamp(time_ns, view.zone)
    newest = fmt.moment(int(series.time_ns[-1]), view.zone)
    return fmt.stamp(
        time_ns,
        view.zone,
        period_s=round(series.period_ns / NANOS),
        with_year=fmt.moment(time_ns, view.zone).year != newest.year,
    )


def column_at(columns: Columns, time_ns: int) -> int | None:
    """Index of the column in whose time `time_ns` lies; None where there is none."""
    index = int(columns.start_ns.searchsorted(time_ns, side="right")) - 1
    if index < 0:
        return None
    length = columns.zoom.bars * columns.period_ns
    return index if time_ns < columns.start_ns[index] + length else None


def flags_of(canvas: Canvas, stage: Stage) -> list[tuple[str, int]]:
    """What is not as usual, the least wanted first."""
    palette, view, scene, scales = canvas.palette, stage.view, stage.scene, stage.scales
    quiet = palette.ink("muted", "surface")
    loud = palette.ink("warning", "surface")
    flags = []
    if scales.refused:
        flags.append((f" no {scales.refused} ", loud))
    if scales.main is not None and scales.main.kind != "linear":
        flags.append((" % " if scales.main.kind == "percent" else " log ", quiet))
    if view.prices is not None:
        flags.append((" y locked " if view.is_locked else " y manual ", loud))
    if view.anchor_ns is not None:
        flags.append((" not following ", loud))
    if scene.is_stale:
        flags.append((f" {scene.flag} ", chip(palette, view.detail, "warning", is_loud=True)))
    if view.detail == "slow":
        flags = [(text, tag(palette, "slow", "warning", is_loud=True)) for text, _ in flags]
    return flags


_SHORTER = {
    " not following ": " past ",
    " y locked ": " y= ",
    " y manual ": " y ",
    " no log ": " !log ",
}


def _paint_flags(canvas: Canvas, stage: Stage) -> int:
    """Write the flags at the right end; returns where they begin. Where they would take the
    title's place they are said in fewer words, and then left out, the least wanted first."""
    flags = flags_of(canvas, stage)
    room = canvas.width - _LEAST_TITLE
    if length_of(flags) + len(flags) > max(room, canvas.width // 2):
        flags = [(_SHORTER.get(text, text), style) for text, style in flags]
    while len(flags) > 1 and length_of(flags) + len(flags) > room:
        flags.pop(0)
    at = canvas.width
    for text, style in reversed(flags):
        at -= len(text)
        canvas.text(0, at, text, style)
        at -= 1
    return at
