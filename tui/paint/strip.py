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
from tui.paint.cells import DOTS_X, Glyphs
from tui.paint.columns import Bars, Columns, Zoom, reduced
from tui.paint.dots import packed, placed
from tui.paint.formatters import AreaFormatter
from tui.paint.frame import Frame, blank_cells, next_frame
from tui.paint.ink import write
from tui.paint.scales import PriceScale
from tui.paint.theme import Theme

_PARTS = 16
"""Bars in a column are counted in sixteenths: with whole ones half of the width could be empty."""

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
    """Start of the first bar of each column of dots, int64, rising; empty without bars."""
    width: int
    """In cells."""

    def time_at(self, column: int) -> int | None:
        """Start of the first bar in a column of cells; the ends where it is outside."""
        if not len(self.starts_ns):
            return None
        return int(self.starts_ns[min(max(0, column * DOTS_X), len(self.starts_ns) - 1)])

    def column_of(self, time_ns: int) -> int:
        """The column of cells in which that time lies; the nearest where it is outside."""
        return self.dot_of(time_ns) // DOTS_X

    def dot_of(self, time_ns: int) -> int:
        """As `column_of`, in columns of dots."""
        return max(0, int(self.starts_ns.searchsorted(time_ns, side="right")) - 1)


class StripPainter:
    """Paints one strip again and again; what did not change is not reduced again."""

    def __init__(self) -> None:
        self._palettes: dict[tuple[object, ...], Palette] = {}
        self._frame: Frame | None = None
        self._kept: _Kept | None = None
        self._line = AreaFormatter()

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
        canvas = Canvas(width, rows, palette, glyphs)
        back = Canvas(width, rows, palette, glyphs)
        cells = blank_cells(width, rows, palette)
        starts = np.zeros(0, dtype=np.int64)
        if series is not None and len(series) and width and rows:
            columns = self._columns(series, width * DOTS_X)
            starts = columns.start_ns
            high = rows - 1 if rows >= _LABELLED else rows
            shown = _shown(starts, first_ns, last_ns)
            self._paint_area(canvas, back, columns, high, shown)
            if shown is not None:
                _paint_edges(canvas, high, shown)
            if high < rows:
                newest = int(series.time_ns[-1])
                _paint_times(
                    canvas, high, (int(starts[0]), newest), (first_ns, last_ns), zone, shown
                )
        if width and rows:
            merge([back, canvas], cells, slice(0, rows), 0, width)
        self._frame = next_frame(cells, palette, self._frame)
        return StripPicture(self._frame, starts, width)

    def _palette(self, theme: Theme, is_stale: bool) -> Palette:
        key = (theme.name, theme.colours, theme.depth, is_stale)
        if key not in self._palettes:
            self._palettes[key] = Palette(theme, is_stale=is_stale)
        return self._palettes[key]

    def _columns(self, series: Bars, dots: int) -> Columns:
        """One column for each column of dots; only the last one again where only that changed."""
        sharing = _sharing(series.first_number, len(series), dots)
        kept, version = self._kept, series.version
        if kept is not None and kept.series is series and kept.sharing.is_as(sharing):
            if kept.version == version:
                return kept.columns
            start = sharing.starts[-1] + series.first_number
            if series.touched(kept.version)[0] >= start:
                part = reduced(series, sharing.starts[-1:], len(series))
                columns = kept.columns.with_newest(*(float(part[name][0]) for name in _VALUES))
                self._kept = _Kept(series, version, sharing, columns)
                return columns
        values = reduced(series, sharing.starts, len(series))
        columns = _columns(series, sharing, {name: values[name] for name in _VALUES})
        self._kept = _Kept(series, version, sharing, columns)
        return columns

    def _paint_area(
        self,
        canvas: Canvas,
        back: Canvas,
        columns: Columns,
        high: int,
        shown: tuple[int, int] | None,
    ) -> None:
        """The line of all bars with what is under it: bright in the part that is shown."""
        palette, width = canvas.palette, canvas.width * DOTS_X
        low, top = float(np.min(columns.low)), float(np.max(columns.high))
        room = (top - low) * 0.04 or abs(top) * 1e-6 or 1.0
        scale = PriceScale(low - room, top + room)
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
    starts: np.ndarray
    """Index of the first bar of each."""

    def is_as(self, other: _Sharing) -> bool:
        """Whether columns are the same, but for how many bars the last one has."""
        return self[:2] == other[:2] and len(self.starts) == len(other.starts)


class _Kept(NamedTuple):
    """Columns, and what they were made of."""

    series: Any
    version: int
    sharing: _Sharing
    columns: Columns


def _sharing(first_number: int, count: int, dots: int) -> _Sharing:
    """`count` bars in at most `dots` columns, by their numbers."""
    if count <= dots:
        return _Sharing(first_number, 0, np.arange(count))
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
    return _Sharing(first_number, parts, starts)


def _columns(series: Bars, sharing: _Sharing, values: dict[str, np.ndarray]) -> Columns:
    starts = sharing.starts
    start_ns = series.time_ns[starts].copy()
    steps = np.diff(start_ns, prepend=start_ns[0])
    usual = max(1, sharing.parts / _PARTS) * series.period_ns
    return Columns(
        zoom=Zoom(1, 1),
        period_ns=series.period_ns,
        x=np.arange(len(starts)),
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


def _shown(starts: np.ndarray, first_ns: int | None, last_ns: int | None) -> tuple[int, int] | None:
    """First and last column of dots of the part that the chart shows."""
    if first_ns is None or last_ns is None:
        return None
    at = starts.searchsorted((first_ns, last_ns), side="right") - 1
    first, last = np.clip(at, 0, len(starts) - 1).tolist()
    return (int(first), int(last))


def _paint_edges(canvas: Canvas, rows: int, shown: tuple[int, int]) -> None:
    """Uprights at both ends of the part that is shown, one cell at least from each other."""
    masks = np.zeros((rows, canvas.width), dtype=np.uint8)
    first, last = (min(dot // DOTS_X, canvas.width - 1) for dot in shown)
    masks[:, first] |= _LEFT
    masks[:, last] |= _RIGHT
    canvas.dots(0, masks, canvas.palette.dots("accent", is_loud=True))


def _paint_times(
    canvas: Canvas,
    row: int,
    ends: tuple[int, int],
    view: tuple[int | None, int | None],
    zone: tzinfo | None,
    shown: tuple[int, int] | None,
) -> None:
    """When all of it begins and ends; between them what is shown, under its place."""
    palette = canvas.palette
    is_long = (ends[1] - ends[0]) / NANOS > 3 * _DAY_S
    begin, end = (_said(time_ns, zone, is_long=is_long) for time_ns in ends)
    quiet = palette.ink("muted")
    if len(begin) + len(end) + 4 > canvas.width:
        write(canvas, row, canvas.width - len(end), [(end, quiet)], canvas.width)
        return
    write(canvas, row, 0, [(begin, quiet)], canvas.width)
    write(canvas, row, canvas.width - len(end), [(end, quiet)], canvas.width)
    first_ns, last_ns = view
    if shown is None or first_ns is None or last_ns is None:
        return
    is_wide = (last_ns - first_ns) / NANOS > 3 * _DAY_S
    dash = "-" if canvas.glyphs == "ascii" else "–"
    said = (
        f"{_said(first_ns, zone, is_long=is_wide)} {dash} {_said(last_ns, zone, is_long=is_wide)}"
    )
    middle = (shown[0] + shown[1]) // 2 // DOTS_X
    left, right = len(begin) + 2, canvas.width - len(end) - 2
    if right - left >= len(said):
        at = min(max(left, middle - len(said) // 2), right - len(said))
        write(canvas, row, at, [(said, palette.ink("text"))], right)


def _said(time_ns: int, zone: tzinfo | None, *, is_long: bool) -> str:
    """A day, or a day and a time of it."""
    return fmt.stamp(time_ns, zone, period_s=_DAY_S if is_long else 60)
