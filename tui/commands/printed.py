"""One chart as text, for a printout: plotext draws the prices, and what stands around them is ours.

The live chart is another (`tui.paint`): it must be fast, and this must be what people paste.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from engine.feed.bars import Series
from engine.instruments import Instrument
from engine.messages import Columns
from tui.paint.format import compact, moment, percent, period, price, zone_name

STYLES = ("candles", "bars", "heikin-ashi", "line", "curve", "area", "steps")
"""`line` is what others call a curve."""

LINES = frozenset({"line", "curve", "area", "steps"})
"""Styles of one colour."""

LEAST_WIDTH, MOST_WIDTH = 24, 1000
LEAST_HEIGHT, MOST_HEIGHT = 6, 400

LEAST_PICTURE = 8
"""Columns of the prices, however long their labels are."""

WELL_FILLED = 0.7
"""Share of the width that bars take at least, if that is to be had."""

MOST_TRIED = 5
"""Numbers of bars in one place that are looked at for that."""

VOLUME_HEIGHT = 16
"""From this height on, volume stands below the prices."""

VOLUME_ROWS = 3
TIME_LABEL_WIDTH = 9
"""Columns from one label of time to the next, at least."""

PRICE_LABEL_ROWS = 4

_BLOCKS = " ▁▂▃▄▅▆▇█"
_UP, _DOWN, _DIM = "green", "red", "bright_black"
_ASCII = str.maketrans(
    {
        "│": "|", "┃": "#", "─": "-", "┼": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+",
        "█": "#", "▌": "#",
        "▐": "#", "▀": "#", "▄": "#", "▖": "#", "▗": "#", "▘": "#", "▝": "#", "▙": "#", "▚": "#",
        "▛": "#", "▜": "#", "▞": "#", "▟": "#", "▁": ".", "▂": ".", "▃": ":", "▅": ":", "▆": "#",
        "▇": "#", "–": "-", "·": "-",
    }
)  # fmt: skip
_BRAILLE = re.compile(r"[\u2801-\u28ff]")


_GROUPS = (
    *(1, 2, 3, 4, 5, 6, 8),
    *(
        share * 10**power
        for power in range(6)
        for share in (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)
    ),
)
"""Numbers of bars that may become one, ascending."""


class Printout(NamedTuple):
    """What is to be printed."""

    instrument: Instrument
    series: Series
    """The bars, and no others."""
    style: str
    zone: tzinfo | None


class _Layout(NamedTuple):
    """Which columns the bars stand in."""

    bars: Columns
    """One for each place: several bars may have been made one."""
    x: list[int]
    width: int
    """Columns of the picture, without the labels of prices."""
    group: int
    """How many bars stand in one place."""


def printed(printout: Printout, width: int, height: int) -> Text:
    """The chart in exactly `height` lines of at most `width` cells."""
    label_width = max(len(text) for _, text in _price_labels(printout, height)) + 1
    layout = _laid_out(printout, max(LEAST_PICTURE, width - label_width))
    has_volume = height >= VOLUME_HEIGHT and float(layout.bars.volume.max()) > 0
    rows = height - 3 - (VOLUME_ROWS if has_volume else 0)
    lines = [
        *_headline(printout, layout.group, width),
        *_prices(printout, layout, label_width, rows),
        *(_volume(layout) if has_volume else ()),
        _times(printout, layout),
    ]
    for line in lines:
        line.truncate(width)
    return Text("\n").join(lines)


def in_ascii(text: str) -> str:
    """`text` for where nothing but ASCII can be written."""
    return _BRAILLE.sub("*", text).translate(_ASCII).encode("ascii", "replace").decode()


# -- what stands where -----------------------------------------------------------------------


def _laid_out(printout: Printout, width: int) -> _Layout:
    """As many bars are made one as need be. Lines take all of the width; bars are all equally
    far apart, and the picture is as narrow as that makes it."""
    series, is_line = printout.series, printout.style in LINES
    group, starts = _groups(series, width, 0.0 if is_line else WELL_FILLED)
    bars = series.reduced(starts, len(series)) if group > 1 else series.columns()
    places = np.arange(len(bars))
    missing = np.diff(bars.time_ns, prepend=bars.time_ns[0] - series.period_ns)
    gaps = np.cumsum(missing > series.period_ns) if group == 1 else np.zeros(len(bars), dtype=int)
    if len(bars) + int(gaps[-1]) <= width:
        places += gaps  # a place stays empty where time is missing, if there is one to spare
    count = int(places[-1]) + 1
    if is_line:
        x = np.rint(places * ((width - 1) / max(1, count - 1))).astype(int)
        return _Layout(bars, x.tolist(), width, group)
    step = width // count
    x = places * step + step // 2
    return _Layout(bars, x.tolist(), max(LEAST_PICTURE, count * step), group)


def _groups(series: Series, width: int, least_filled: float) -> tuple[int, np.ndarray]:
    """How many bars stand in one place, and with which bar each place begins: at round times.

    Args:
        least_filled: the share of `width` that the places should take. More bars are made one
            than must be where that gives all of them a column more.
    """
    count = len(series)
    if count <= width:
        return 1, np.arange(count)
    found: list[tuple[float, int, np.ndarray]] = []
    for group in (one for one in _GROUPS if one * width >= count):
        keys = series.time_ns // (series.period_ns * group)
        starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
        if len(starts) > width:
            continue
        filled = width // len(starts) * len(starts) / width
        if filled >= least_filled:
            return group, starts
        found.append((filled, group, starts))
        if len(found) == MOST_TRIED:
            break
    _, group, starts = max(found, key=lambda one: one[0])
    return group, starts


def _headline(printout: Printout, group: int, width: int) -> list[Text]:
    """What it is, and what became of the price, as far as there is room for all of a number."""
    instrument, series = printout.instrument, printout.series
    first, last = float(series.open[0]), float(series.close[-1])
    change = last / first - 1 if first > 0 else None
    bars = "1 bar" if len(series) == 1 else f"{len(series):,} bars"
    several = f", {group} bars a column" if group > 1 else ""
    high, low = float(series.high.max()), float(series.low.min())
    what = Text(f"{instrument.fqme} {period(series.period_s)}", style="bold")
    moved = Text(f"{price(last, instrument)} ")
    moved.append(percent(change), style="" if change is None else _UP if change >= 0 else _DOWN)
    extremes = f"  high {price(high, instrument)}  low {price(low, instrument)}"
    volume = f"  volume {compact(float(series.volume.sum()))}"
    return [_fitted(what, (f"  {bars}", several), width), _fitted(moved, (extremes, volume), width)]


def _fitted(text: Text, parts: Sequence[str], width: int) -> Text:
    """`text` and as many of the parts behind it as have room: part of a number is another one."""
    for part in parts:
        if text.cell_len + cell_len(part) > width:
            break
        text.append(part, style=_DIM)
    return text


def _price_labels(printout: Printout, rows: int) -> list[tuple[float, str]]:
    """Round prices within the picture, and how they are written."""
    instrument = printout.instrument
    low, high = _limits(printout)
    tick = instrument.price_tick
    least = max(Decimal(repr((high - low) / max(1, rows // PRICE_LABEL_ROWS))), tick)
    power = Decimal(1).scaleb(least.adjusted())
    steps = [power * share for share in (1, 2, Decimal("2.5"), 5, 10, 20, 25, 50, 100)]
    step = next((one for one in steps if one >= least and one % tick == 0), least)
    first = (Decimal(repr(low)) / step).to_integral_value(ROUND_CEILING)
    last = (Decimal(repr(high)) / step).to_integral_value(ROUND_FLOOR)
    values = [step * number for number in range(int(first), int(last) + 1)]
    values = values or [Decimal(repr(low))]
    return [(float(value), price(value, instrument)) for value in values]


def _limits(printout: Printout) -> tuple[float, float]:
    low, high = float(printout.series.low.min()), float(printout.series.high.max())
    if low < high:
        return low, high
    room = max(float(printout.instrument.price_tick), abs(low) * 1e-4)
    return low - room, high + room


# -- pictures --------------------------------------------------------------------------------


def _prices(printout: Printout, layout: _Layout, label_width: int, rows: int) -> list[Text]:
    """The prices as plotext draws them, and their labels on the right."""
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(layout.width, rows)
    figure.axes(False)
    figure.ruler("x").frequency(0)
    figure.ruler("y").frequency(0)
    figure.ruler("x").lim(0, layout.width - 1)
    low, high = _limits(printout)
    figure.ruler("y").lim(low, high)
    figure.draw(_signal(figure, printout, layout))
    drawn = Text.from_ansi(_slimmed(figure.build().string(), printout.style, layout))
    lines = list(drawn.split("\n"))[:rows]
    lines += [Text() for _ in range(rows - len(lines))]
    labels = {
        round((high - value) / (high - low) * (rows - 1)): text
        for value, text in _price_labels(printout, rows)
    }
    for row, line in enumerate(lines):
        line.truncate(layout.width, pad=True)
        if row in labels:
            line.append(labels[row].rjust(label_width), style=_DIM)
    return lines


def _slimmed(drawn: str, style: str, layout: _Layout) -> str:
    """Bodies side by side would be one block: there they are drawn as thick lines."""
    is_close = any(after - at == 1 for at, after in pairwise(layout.x))
    is_candle = style in ("candles", "heikin-ashi")
    return drawn.replace("█", "┃") if is_candle and is_close else drawn


def _signal(figure, printout: Printout, layout: _Layout):  # type: ignore[no-untyped-def]
    """What plotext is to draw."""
    bars, style = layout.bars, printout.style
    if style in LINES:
        x, y = layout.x, bars.close.tolist()
        if style == "steps":
            x = [at for pair in zip(x, [*x[1:], x[-1]], strict=True) for at in pair]
            y = [value for value in y for _ in range(2)]
        signal = figure.signal(x, y, marker="braille").lines(True)
        if style == "area":
            floor = figure.signal(x, [_limits(printout)[0]] * len(x), marker="braille")
            signal = signal.fill(floor)
        return signal
    open_, high, low, close = bars.open, bars.high, bars.low, bars.close
    if style == "heikin-ashi":
        open_, high, low, close = heikin_ashi(bars)
    data = {
        "date": layout.x,
        "open": open_.tolist(),
        "high": high.tolist(),
        "low": low.tolist(),
        "close": close.tolist(),
    }
    gap = layout.x[-1] - layout.x[-2] if len(layout.x) > 1 else 1
    shape = "ohlc" if style == "bars" else "candle"
    return figure.candlestick(data, style=shape, tick=1 if gap >= 3 else 0)


def heikin_ashi(bars: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Averaged bars: open, high, low, close."""
    close = (bars.open + bars.high + bars.low + bars.close) / 4
    open_ = np.empty_like(close)
    open_[0] = (bars.open[0] + bars.close[0]) / 2
    for at in range(1, len(close)):
        open_[at] = (open_[at - 1] + close[at - 1]) / 2
    high = np.maximum(bars.high, np.maximum(open_, close))
    low = np.minimum(bars.low, np.minimum(open_, close))
    return open_, high, low, close


def _volume(layout: _Layout) -> list[Text]:
    """Columns of volume, and what the highest of them is."""
    bars = layout.bars
    most = float(bars.volume.max())
    eighths = np.ceil(bars.volume / most * (VOLUME_ROWS * 8)).astype(int)
    rises = bars.close >= bars.open
    lines = []
    for row in range(VOLUME_ROWS - 1, -1, -1):
        line = Text(" " * layout.width)
        cells = np.clip(eighths - row * 8, 0, 8)
        text = list(line.plain)
        for x, cell in zip(layout.x, cells, strict=True):
            text[x] = _BLOCKS[cell]
        line = Text("".join(text))
        for x, is_up in zip(layout.x, rises, strict=True):
            line.stylize(f"{_UP if is_up else _DOWN} dim", x, x + 1)
        lines.append(line)
    lines[0].append(" " + compact(most), style=_DIM)
    return lines


# -- times -----------------------------------------------------------------------------------


def _times(printout: Printout, layout: _Layout) -> Text:
    """Times under the bars: of day where days do not change, else the day."""
    walls = [
        moment(int(time_ns), printout.zone).replace(tzinfo=None) for time_ns in layout.bars.time_ns
    ]
    column_s = printout.series.period_s * layout.group
    labels = _chosen(walls, layout.x, column_s)
    ends = [*(layout.x[at] for at, _, _ in labels[1:]), layout.width + 1]
    cells, shown = [" "] * layout.width, None
    for (at, one, is_month), end in zip(labels, ends, strict=True):
        texts = _month_texts(one, shown) if is_month else _time_texts(one, shown, column_s)
        start = layout.x[at]
        # What is longer than there is room for is told more briefly, or not at all.
        if text := next((text for text in texts if start + len(text) < end), ""):
            cells[start : start + len(text)] = text
            shown = one
    zone = zone_name(int(layout.bars.time_ns[-1]), printout.zone)
    return Text(f"{''.join(cells)} {zone}", style=_DIM)


_SPANS = (
    1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
    86_400, 172_800, 345_600, 604_800, 1_209_600,
)  # fmt: skip
"""Seconds between labels of time."""

_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
"""Months between labels, where weeks are too short."""


def _chosen(
    walls: Sequence[datetime], x: Sequence[int], column_s: int
) -> list[tuple[int, datetime, bool]]:
    """Which bars get a label, the time that it tells, and whether it is of a month.

    They are the first ones of round spans of time, the shortest that leave room to write. A
    column of several bars is told by the round time that lies in it.
    """
    # Seconds by the clock on the wall: days begin at midnight there, and weeks on a Monday.
    seconds = np.array([int((one - datetime.min).total_seconds()) for one in walls])
    months = np.array([one.year * 12 + one.month - 1 for one in walls])
    for span in _SPANS:
        if (at := _fitting(seconds // span, x)) is not None:
            past = seconds % span
            return [
                (
                    one,
                    walls[one] - timedelta(seconds=int(past[one] * (past[one] < column_s))),
                    False,
                )
                for one in at
            ]
    for count in _MONTHS:
        if (at := _fitting(months // count, x)) is not None:
            return [(one, walls[one], True) for one in at]
    return []


def _fitting(keys: np.ndarray, x: Sequence[int]) -> list[int] | None:
    """Where the keys change, if that leaves room to write; else None.

    The first bar begins a span only by being the first, and has a label where no other has.
    """
    at = np.flatnonzero(np.diff(keys)) + 1
    if len(at) > 1 and int(np.diff(np.array(x)[at]).min()) < TIME_LABEL_WIDTH:
        return None
    return at.tolist() or [0]


def _time_texts(one: datetime, before: datetime | None, column_s: int) -> list[str]:
    """How a time may be told after another, the fullest way first."""
    if before is not None and one.date() == before.date() and column_s < 86_400:
        return [f"{one:%H:%M:%S}" if one.second else f"{one:%H:%M}"]
    day = f"{one.day} {one:%b}"
    is_midnight = not (one.hour or one.minute or one.second)
    if column_s < 86_400 and not is_midnight:
        return [f"{day} {one:%H:%M:%S}" if one.second else f"{day} {one:%H:%M}", day]
    is_new = before is None or one.year != before.year
    return [f"{day} {one:%Y}", day] if is_new else [day]


def _month_texts(one: datetime, before: datetime | None) -> list[str]:
    is_new = before is None or one.year != before.year
    return [f"{one:%b %Y}", f"{one:%b}"] if is_new else [f"{one:%b}"]


def summary(printout: Printout) -> str:
    """One line about what a file holds."""
    series = printout.series
    begin, end = (moment(int(series.time_ns[at]), printout.zone) for at in (0, -1))
    bars = "1 bar" if len(series) == 1 else f"{len(series):,} bars"
    name = printout.instrument.fqme
    return f"{bars} of {name}, {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
