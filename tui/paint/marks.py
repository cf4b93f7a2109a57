"""What is written on a chart: header, price labels, level labels, times, crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from engine.clock import NANOS
from engine.instruments import Instrument
from tui.paint import format as fmt
from tui.paint.axis import fitted, round_prices, spread_out, time_labels
from tui.paint.canvas import Canvas
from tui.paint.cells import DOTS_Y, Glyphs
from tui.paint.columns import Columns
from tui.paint.levels import Level, by_rank, look_of
from tui.paint.scales import PriceScale
from tui.paint.scene import Layout, Scene, View

_CURSOR_RANK = 100
_FREE = 12
"""Cells before the axis that labels on the chart leave to the newest bars."""

_LEAST_LABEL = 10
"""Characters that a label on the chart is cut to, but not below."""

_WEIGHTS = {"cursor": 50.0, "last": 20.0, "staged": 20.0}
"""How hard a label holds on to its row; 1 for the others."""


_Said = tuple[str, str, int]
"""Name, text and style of one fact in the header."""


class AxisLabel(NamedTuple):
    """A price on the axis that is not a round one."""

    price: float
    kind: str
    text: str
    rank: int


def label_width(scene: Scene, view: View, prices: PriceScale | None) -> int:
    """Characters of the longest price on the axis."""
    instrument = scene.instrument
    if instrument is None or prices is None:
        return 6
    shown = [prices.low, prices.high, *(label.price for label in axis_labels(scene, view))]
    return max(len(fmt.price(price, instrument)) for price in shown)


def axis_labels(scene: Scene, view: View) -> list[AxisLabel]:
    """Bid, ask, last, levels and cursor, each price and kind once, lowest rank first."""
    instrument = scene.instrument
    if instrument is None:
        return []
    levels = [*scene.levels, *_quote_levels(scene)]
    labels = [
        AxisLabel(level.price, level.kind, fmt.price(level.price, instrument), look.rank)
        for level in by_rank(levels)
        for look in (look_of(level.kind),)
    ]
    if view.cursor is not None:
        text = fmt.price(view.cursor.price, instrument)
        labels.append(AxisLabel(float(view.cursor.price), "cursor", text, _CURSOR_RANK))
    return list(dict.fromkeys(labels))


def _quote_levels(scene: Scene) -> list[Level]:
    quote = scene.quote
    if quote is None:
        return []
    known = (("bid", quote.bid), ("ask", quote.ask), ("last", quote.last))
    return [Level(price, kind) for kind, price in known if price is not None]


def paint_price_axis(
    canvas: Canvas, layout: Layout, scene: Scene, view: View, prices: PriceScale
) -> None:
    """Round prices, and over them the labels that must be seen."""
    instrument = scene.instrument
    if instrument is None:
        return
    taken = _paint_labels(canvas, layout, axis_labels(scene, view), prices)
    ink = canvas.palette.ink("axis")
    for row, price in round_rows(layout, instrument, prices):
        if row not in taken:
            text = fmt.price(price, instrument).rjust(layout.width - layout.axis_left - 2)
            canvas.text(layout.plot_top + row, layout.axis_left + 1, text, ink)


def round_rows(
    layout: Layout, instrument: Instrument, prices: PriceScale
) -> list[tuple[int, Decimal]]:
    """Rows of the plot at which a round price stands."""
    apart = 4 if layout.plot_rows >= 24 else 3
    most = max(1, layout.plot_rows // apart)
    found = round_prices(prices.low, prices.high, most, instrument.price_tick)
    rows = [(prices.row(float(price), layout.dots_high) // DOTS_Y, price) for price in found]
    return [(row, price) for row, price in rows if 0 <= row < layout.plot_rows]


def _paint_labels(
    canvas: Canvas, layout: Layout, labels: Sequence[AxisLabel], prices: PriceScale
) -> set[int]:
    """Write labels at their prices, those outside at the edge with an arrow. Returns rows."""
    # Where there is more to say than there are rows, the highest ranks are kept.
    kept = sorted(labels, key=lambda label: -label.rank)[: layout.plot_rows]
    order = {"ask": -1, "bid": 1}
    kept.sort(key=lambda label: (-label.price, order.get(label.kind, 0)))
    exact = [prices.row(label.price, layout.dots_high) for label in kept]
    wanted = [min(max(row // DOTS_Y, 0), layout.plot_rows - 1) for row in exact]
    weights = [_WEIGHTS.get(label.kind, 1.0) for label in kept]
    rows = spread_out(wanted, weights, layout.plot_rows)
    for label, dot, row in zip(kept, exact, rows, strict=True):
        mark = _mark(canvas, label.kind)
        if not 0 <= dot < layout.dots_high:
            above, below = ("^", "v") if canvas.glyphs == "ascii" else ("↑", "↓")
            mark = above if dot < 0 else below
        text = f"{mark}{label.text.rjust(layout.width - layout.axis_left - 2)} "
        canvas.text(layout.plot_top + row, layout.axis_left, text, _label_style(canvas, label))
    return set(rows)


def _mark(canvas: Canvas, kind: str) -> str:
    if kind == "cursor":
        return "+"
    look = look_of(kind)
    return look.ascii_mark if canvas.glyphs == "ascii" else look.mark


def _label_style(canvas: Canvas, label: AxisLabel) -> int:
    palette = canvas.palette
    if label.kind == "cursor":
        return palette.chip("cursor", is_loud=True)
    look = look_of(label.kind)
    if label.kind in ("last", "staged"):
        return palette.chip(look.role, is_loud=label.kind == "staged")
    return palette.ink(look.role, "surface", bold=True, is_loud=not look.is_followed)


def paint_level_labels(
    canvas: Canvas, layout: Layout, levels: Sequence[Level], prices: PriceScale
) -> None:
    """The label of each level at the left of its line; what is outside is counted."""
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
            text = f" {_mark(canvas, level.kind)} {label} "
            canvas.text(layout.plot_top + row, at, text, _level_style(canvas, level))
            free[row] = at + len(text) + 1
    for row, hidden in outside.items():
        arrow = (
            ("^" if canvas.glyphs == "ascii" else "↑")
            if row == 0
            else ("v" if canvas.glyphs == "ascii" else "↓")
        )
        marks = "".join(dict.fromkeys(_mark(canvas, level.kind) for level in hidden))
        text = f" {arrow}{len(hidden)} {marks} "
        at = free.get(row, 1)
        canvas.text(layout.plot_top + row, at, text, _level_style(canvas, hidden[0]))


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


def _level_style(canvas: Canvas, level: Level) -> int:
    role = look_of(level.kind).role
    if level.kind == "staged" or level.is_picked:
        return canvas.palette.chip(role, is_loud=True)
    # What the market does may be stale; what rests there is not.
    return canvas.palette.ink(role, "surface", bold=True, is_loud=True)


def paint_header(
    canvas: Canvas, layout: Layout, scene: Scene, view: View, columns: Columns
) -> None:
    """Market, period, the bar under the cursor or the newest; at the right what is unusual."""
    palette = canvas.palette
    stop = _paint_flags(canvas, layout, scene, view)
    at = _write(canvas, 1, stop, scene.title, palette.ink("accent", bold=True))
    if scene.series is not None:
        period = fmt.period(round(scene.series.period_ns / NANOS))
        at = _write(canvas, at + 1, stop, period, palette.ink("muted"))
    if not len(columns) or scene.instrument is None or scene.series is None:
        return
    index = column_at(columns, view.cursor.time_ns) if view.cursor else len(columns) - 1
    if index is None:
        _write(canvas, at + 2, stop, "no bar here", palette.ink("muted"))
        return
    said = _readout(canvas, scene, view, columns, index)
    for name, text, style in _most_wanted(said, stop - at):
        if name:
            at = _write(canvas, at + 2, stop, name, palette.ink("muted"))
            at = _write(canvas, at + 1, stop, text, style)
        else:
            at = _write(canvas, at + 2, stop, text, style)


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


def _readout(canvas: Canvas, scene: Scene, view: View, columns: Columns, index: int) -> list[_Said]:
    """Name, text and style of what is said of one column of bars."""
    palette, instrument, series = canvas.palette, scene.instrument, scene.series
    assert instrument is not None
    assert series is not None
    open_, close = float(columns.open[index]), float(columns.close[index])
    first = int(columns.first[index])
    before = float(series.close[first - 1]) if first else open_
    ink = palette.ink("up" if close >= open_ else "down")
    moved = close - before
    said = [
        ("O", fmt.price(open_, instrument), ink),
        ("H", fmt.price(float(columns.high[index]), instrument), ink),
        ("L", fmt.price(float(columns.low[index]), instrument), ink),
        ("C", fmt.price(close, instrument), ink),
        ("V", fmt.compact(float(columns.volume[index])), palette.ink("text")),
        ("", fmt.change(moved, instrument), palette.ink(_direction(moved))),
        ("", fmt.percent(moved / before if before else None), palette.ink(_direction(moved))),
    ]
    if view.cursor is None:
        return said
    period_s = round(series.period_ns / NANOS)
    when = fmt.stamp(int(columns.start_ns[index]), view.zone, period_s=period_s)
    return [("", when, palette.ink("cursor")), *said]


def _direction(moved: float) -> str:
    return "flat" if moved == 0 else "up" if moved > 0 else "down"


def column_at(columns: Columns, time_ns: int) -> int | None:
    """Index of the column in whose time `time_ns` lies; None where there is none."""
    index = int(columns.start_ns.searchsorted(time_ns, side="right")) - 1
    if index < 0:
        return None
    length = columns.zoom.bars * columns.period_ns
    return index if time_ns < columns.start_ns[index] + length else None


def _paint_flags(canvas: Canvas, layout: Layout, scene: Scene, view: View) -> int:
    """Write what is not as usual at the right end; returns where it begins."""
    palette = canvas.palette
    flags: list[tuple[str, int]] = []
    if view.anchor_ns is not None:
        flags.append((" not following ", palette.ink("warning", "surface")))
    if view.prices is not None:
        flags.append((" y manual ", palette.ink("warning", "surface")))
    if scene.is_stale:
        flags.append((f" {scene.flag} ", palette.chip("warning", is_loud=True)))
    at = layout.width
    for text, style in reversed(flags):
        at -= len(text)
        canvas.text(0, at, text, style)
        at -= 1
    return at


def _write(canvas: Canvas, at: int, stop: int, text: str, style: int) -> int:
    """Write `text` before `stop`; returns where it ends."""
    shown = text[: max(0, stop - at)]
    canvas.text(0, at, shown, style)
    return at + len(shown)


def paint_time_axis(
    canvas: Canvas, layout: Layout, view: View, columns: Columns, cursor_column: int | None
) -> None:
    """Times under the bars, the zone in the corner, and the cursor's time over them."""
    palette = canvas.palette
    if not len(columns):
        return
    gap = 12 if columns.period_ns >= 60 * NANOS else 14
    chip, chip_start = _cursor_time(layout, view, columns, cursor_column)
    labels = fitted(time_labels(columns, view.zone, gap), layout.plot_width)
    for start, label in labels:
        if chip and start <= chip_start + len(chip) and chip_start <= start + len(label.text):
            continue
        ink = palette.ink("text" if label.is_major else "axis", bold=label.is_major)
        canvas.text(layout.time_row, start, label.text, ink)
    canvas.text(layout.time_row, chip_start, chip, palette.chip("cursor", is_loud=True))
    zone = fmt.zone_name(int(columns.start_ns[-1]), view.zone)
    room = layout.width - layout.axis_left - 2
    canvas.text(
        layout.time_row, layout.axis_left + 1, zone[:room].rjust(room), palette.ink("muted")
    )


def _cursor_time(
    layout: Layout, view: View, columns: Columns, cursor_column: int | None
) -> tuple[str, int]:
    """The cursor's time, and the cell where it begins under its upright."""
    if view.cursor is None or cursor_column is None:
        return "", 0
    period_s = round(columns.period_ns / NANOS)
    text = f" {fmt.stamp(view.cursor.time_ns, view.zone, period_s=period_s)} "
    return text, min(max(0, cursor_column - len(text) // 2), layout.plot_width - len(text))
