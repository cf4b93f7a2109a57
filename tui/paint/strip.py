"""The history strip: all that there is of a series in a few rows, and which part a chart shows.

Bars are shared out evenly by their number, so that closed hours take no room; a column of dots is
the same bars however many come after them, until all of them need other columns. Each column is
exact (M4): none of the extremes is lost, for ten million bars as for ten.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any, NamedTuple

import numpy as np

from engine.clock import NANOS
from tui.paint import format as fmt
from tui.paint.canvas import Canvas, Palette, merge
from tui.paint.cells import DOTS_X, DOTS_Y, Glyphs
from tui.paint.columns import Bars, Columns, Zoom, reduced
from tui.paint.dots import packed, placed
from tui.paint.formatters import AreaFormatter
from tui.paint.frame import Frame, blank_cells, next_frame
from tui.paint.ink import write
from tui.paint.scales import PriceScale
from tui.paint.theme import Theme

_PARTS = 16
"""Bars in a column are counted in sixteenths: with whole ones half of the width could be empty."""

_MANY = 4096
"""Bars that are sooner reduced by the pyramid than one by one."""

_MOST_DOTS = 16
"""Columns of dots that a bar takes where there are few."""

_MOST_EMPTY = 1 / 8
"""Of the width may be empty behind the bars, with their end said at its end all the same."""

_LABELLED = 3
"""From so many rows on the lowest one says times."""

_AWAY, _SHOWN, _NEWEST = 0, 1, 2
_VALUES = ("open", "high", "low", "close", "volume")
_LEFT, _RIGHT = 0x47, 0xB8
"""All dots of the left and of the right half of a cell."""

_DAY_S = 86_400


class StripPicture(NamedTuple):
    """A painted strip, and which time stands where."""

    frame: Frame
    starts_ns: np.ndarray
    """Start of the first bar of each column, int64, rising; empty without bars."""
    width: int
    """In cells."""
    dots: int = 1
    """Columns of dots that each column takes."""

    def time_at(self, column: int) -> int | None:
        """Start of the first bar in a column of cells; the ends where it is outside."""
        if not len(self.starts_ns):
            return None
        at = column * DOTS_X // self.dots
        return int(self.starts_ns[min(max(0, at), len(self.starts_ns) - 1)])

    def column_of(self, time_ns: int) -> int:
        """The column of cells in which that time lies; the nearest where it is outside."""
        return self.dot_of(time_ns) // DOTS_X

    def dot_of(self, time_ns: int) -> int:
        """The leftmost column of dots of that time."""
        return max(0, int(self.starts_ns.searchsorted(time_ns, side="right")) - 1) * self.dots


class StripPainter:
    """Paints one strip again and again; what did not change is not reduced again."""

    def __init__(self) -> None:
        self._palettes: dict[tuple[object, ...], Palette] = {}
        self._frame: Frame | None = None
        self._kept: _Kept | None = None
        self._line = AreaFormatter()
        self._seen: tuple[object, ...] = ()
        """What the last frame was made of."""

    def paint(
        self,
        series: Bars | None,
        first_ns: int | None,
        last_ns: int | None,
        width: int,
        rows: int,
        theme: Theme,
        glyphs: Glyphs = "braille",
        zone: tzinfo | None = UTC,
        *,
        is_stale: bool = False,
    ) -> StripPicture:
        """One frame of `width` x `rows` cells.

        Args:
            first_ns: start of the first bar that the chart shows; None marks nothing.
            last_ns: start of the last one.
        """
        palette = self._palette(theme, is_stale)
        if series is None or not len(series) or not width or not rows:
            self._seen = ()
            self._frame = next_frame(blank_cells(width, rows, palette), palette, self._frame)
            return StripPicture(self._frame, np.zeros(0, dtype=np.int64), width)
        high = rows - 1 if rows >= _LABELLED else rows
        columns, closed = self._columns(series, width * DOTS_X)
        scale = _scale(columns)
        shown = _shown(columns.start_ns, first_ns, last_ns)
        # What the picture is made of: of the newest column only the dots that it has.
        newest = (columns.open[-1], columns.high[-1], columns.low[-1], columns.close[-1])
        seen = (
            closed, palette, glyphs, zone, width, rows, shown, first_ns, last_ns, scale,
            scale.rows(np.array(newest), high * DOTS_Y).tobytes(), int(series.time_ns[-1]),
        )  # fmt: skip
        if seen == self._seen and self._frame is not None:
            self._frame = self._frame._replace(changed=(), spans=())
            return StripPicture(self._frame, columns.start_ns, width, columns.zoom.dots)
        self._seen = seen
        canvas, back = (Canvas(width, rows, palette, glyphs) for _ in range(2))
        self._paint_area(canvas, back, columns, scale, high, shown)
        if shown is not None:
            _paint_edges(canvas, high, shown, columns.zoom.dots)
        if high < rows:
            middle = 0 if shown is None else sum(shown) * columns.zoom.dots // 2 // DOTS_X
            ends = (int(columns.start_ns[0]), int(series.time_ns[-1]))
            stop = -(-len(columns) * columns.zoom.dots // DOTS_X)
            _paint_times(canvas, high, ends, stop, (first_ns, last_ns), zone, middle)
        cells = blank_cells(width, rows, palette)
        merge([back, canvas], cells, slice(0, rows), 0, width)
        self._frame = next_frame(cells, palette, self._frame)
        return StripPicture(self._frame, columns.start_ns, width, columns.zoom.dots)

    def _palette(self, theme: Theme, is_stale: bool) -> Palette:
        key = (theme.name, theme.colours, theme.depth, is_stale)
        if key not in self._palettes:
            self._palettes[key] = Palette(theme, is_stale=is_stale)
        return self._palettes[key]

    def _columns(self, series: Bars, dots: int) -> tuple[Columns, int]:
        """One column for as few columns of dots as there are, only the last one again where only
        that changed; and a number that is another whenever others did."""
        kept, version = self._kept, series.version
        extent = (series.first_number, len(series), dots)
        if kept is not None and kept.series is series:
            if kept.version == version and kept.extent == extent:
                return kept.columns, kept.closed
            sharing = kept.sharing if kept.extent == extent else _sharing(*extent)
            start = int(sharing.starts[-1])
            is_last = series.touched(kept.version)[0] >= start + series.first_number
            if kept.sharing.is_as(sharing) and is_last:
                columns = kept.columns.with_newest(*_folded(series, start))
                self._kept = _Kept(series, version, extent, sharing, columns, kept.closed)
                return columns, kept.closed
        sharing = _sharing(*extent)
        columns = _columns(series, sharing, reduced(series, sharing.starts, len(series)))
        self._kept = _Kept(series, version, extent, sharing, columns, columns.serial)
        return columns, columns.serial

    def _paint_area(
        self,
        canvas: Canvas,
        back: Canvas,
        columns: Columns,
        scale: PriceScale,
        high: int,
        shown: tuple[int, int] | None,
    ) -> None:
        """The line of all bars with what is under it: bright in the part that is shown."""
        palette, width = canvas.palette, canvas.width * DOTS_X
        strokes = self._line.update(columns, scale, high)
        kinds = np.full(len(columns), _AWAY, dtype=np.uint8)
        if shown is not None:
            kinds[shown[0] : shown[1] + 1] = _SHOWN
        kinds[-1] = _NEWEST
        cells = (0, canvas.width)
        line = placed(strokes.halves, kinds, columns.x, width)
        inks = [palette.dots("stale"), palette.dots("text"), palette.dots("last")]
        canvas.dots(0, *packed(line, np.array(inks, dtype=np.int16), *cells))
        if strokes.fill is None or canvas.glyphs != "braille":
            return  # without single dots what is under the line cannot be told from it
        area = placed(strokes.fill, kinds, columns.x, width)
        inks = [palette.dots("session"), palette.dots("stale"), palette.dots("session")]
        back.dots(0, *packed(area, np.array(inks, dtype=np.int16), *cells))


class _Sharing(NamedTuple):
    """Which bars share a column of dots."""

    first_number: int
    """Of bar 0."""
    parts: int
    """Sixteenths of bars in a column; 0 where each bar has one."""
    wide: int
    """Columns of dots that a column takes."""
    starts: np.ndarray
    """Index of the first bar of each."""

    def is_as(self, other: _Sharing) -> bool:
        """Whether columns are the same, but for how many bars the last one has."""
        return self[:3] == other[:3] and len(self.starts) == len(other.starts)


class _Kept(NamedTuple):
    """Columns, and what they were made of."""

    series: Any
    version: int
    extent: tuple[int, int, int]
    """First number, count of bars, and columns of dots."""
    sharing: _Sharing
    columns: Columns
    closed: int
    """Another number whenever columns before the last one changed."""


def _sharing(first_number: int, count: int, dots: int) -> _Sharing:
    """`count` bars in at most `dots` columns, by their numbers."""
    if count <= dots:
        return _Sharing(first_number, 0, min(_MOST_DOTS, dots // count), np.arange(count))
    parts = _PARTS
    while True:
        least = first_number * _PARTS // parts
        last = (first_number + count - 1) * _PARTS // parts
        if last - least < dots:
            break
        # Sixteen steps to each doubling: never more than a sixteenth of the width is empty.
        parts += max(1, (1 << (parts.bit_length() - 1)) // _PARTS)
    keys = np.arange(least, last + 1)
    starts = -(-keys * parts // _PARTS) - first_number
    starts[0] = 0
    return _Sharing(first_number, parts, 1, starts)


def _columns(series: Bars, sharing: _Sharing, values: dict[str, np.ndarray]) -> Columns:
    starts = sharing.starts
    start_ns = series.time_ns[starts].copy()
    steps = np.diff(start_ns, prepend=start_ns[0])
    usual = max(1, sharing.parts / _PARTS) * series.period_ns
    return Columns(
        zoom=Zoom(1, sharing.wide),
        period_ns=series.period_ns,
        x=np.arange(len(starts)) * sharing.wide,
        start_ns=start_ns,
        first=starts,
        open=values["open"],
        high=values["high"],
        low=values["low"],
        close=values["close"],
        volume=values["volume"],
        after_gap=steps > 3 * usual,
        cut_ns=np.zeros(len(starts), dtype=np.int64),
    )


def _folded(series: Bars, start: int) -> tuple[float, float, float, float, float]:
    """Bars from index `start` to the last as one: open, high, low, close, volume."""
    if len(series) - start > _MANY:
        part = reduced(series, np.array([start]), len(series))
        open_, high, low, close, volume = (float(part[name][0]) for name in _VALUES)
        return open_, high, low, close, volume
    return (
        float(series.open[start]),
        float(series.high[start:].max()),
        float(series.low[start:].min()),
        float(series.close[-1]),
        float(series.volume[start:].sum()),
    )


def _scale(columns: Columns) -> PriceScale:
    """All prices, with a little room."""
    low, high = float(columns.low.min()), float(columns.high.max())
    room = (high - low) * 0.04 or abs(high) * 1e-6 or 1.0
    return PriceScale(low - room, high + room)


def _shown(starts: np.ndarray, first_ns: int | None, last_ns: int | None) -> tuple[int, int] | None:
    """First and last column of dots of the part that the chart shows."""
    if first_ns is None or last_ns is None:
        return None
    first, last = (starts.searchsorted((first_ns, last_ns), side="right") - 1).tolist()
    return max(0, first), max(0, last)


def _paint_edges(canvas: Canvas, rows: int, shown: tuple[int, int], dots: int) -> None:
    """Uprights at both ends of the part that is shown."""
    masks = np.zeros((rows, canvas.width), dtype=np.uint8)
    first, last = shown[0] * dots // DOTS_X, (shown[1] * dots + dots - 1) // DOTS_X
    masks[:, min(first, canvas.width - 1)] |= _LEFT
    masks[:, min(last, canvas.width - 1)] |= _RIGHT
    canvas.dots(0, masks, canvas.palette.dots("accent", is_loud=True))


def _paint_times(
    canvas: Canvas,
    row: int,
    ends: tuple[int, int],
    stop: int,
    view: tuple[int | None, int | None],
    zone: tzinfo | None,
    middle: int,
) -> None:
    """When all of it begins, and ends before cell `stop`; between them what is shown, under its
    middle."""
    palette = canvas.palette
    is_long = (ends[1] - ends[0]) / NANOS > 3 * _DAY_S
    begin, end = (_said(time_ns, zone, is_long=is_long) for time_ns in ends)
    quiet = palette.ink("muted")
    if len(begin) + len(end) + 6 > canvas.width:
        write(canvas, row, max(0, canvas.width - len(end) - 1), [(end, quiet)], canvas.width)
        return
    said = _view_said(view, zone, dash="-" if canvas.glyphs == "ascii" else "–")
    needed = len(begin) + 4 + (len(said) + 2 if said else 0) + len(end)
    # The end stands where the bars end, but for the little that columns may leave empty.
    is_short = stop < canvas.width * (1 - _MOST_EMPTY)
    stop = min(max(stop, needed) if is_short else canvas.width, canvas.width) - 1
    write(canvas, row, 1, [(begin, quiet)], canvas.width)
    write(canvas, row, stop - len(end), [(end, quiet)], canvas.width)
    left, right = len(begin) + 3, stop - len(end) - 2
    if said and right - left >= len(said):
        at = min(max(left, middle - len(said) // 2), right - len(said))
        write(canvas, row, at, [(said, palette.ink("text"))], right)


def _view_said(view: tuple[int | None, int | None], zone: tzinfo | None, *, dash: str) -> str:
    """From when to when the chart shows; empty where it shows nothing."""
    first_ns, last_ns = view
    if first_ns is None or last_ns is None:
        return ""
    is_wide = (last_ns - first_ns) / NANOS > 3 * _DAY_S
    from_, to = (_said(time_ns, zone, is_long=is_wide) for time_ns in (first_ns, last_ns))
    if not is_wide and from_.rpartition(" ")[0] == to.rpartition(" ")[0]:
        to = to.rpartition(" ")[2]  # the day is said already
    return f"{from_} {dash} {to}"


def _said(time_ns: int, zone: tzinfo | None, *, is_long: bool) -> str:
    """A day, or a day and a time of it."""
    return fmt.stamp(time_ns, zone, period_s=_DAY_S if is_long else 60)
