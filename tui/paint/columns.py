"""Bars to columns: which bars are in view, where they stand, and what is left of them.

Where several bars share a column of dots they are reduced to first, lowest, highest and last
(M4; Jugel et al., VLDB 2014), with which the picture is the same, dot for dot, as if all had
been drawn. Bars are shared out by their time and not by their index, so that a column stays
what it is while others arrive before and after it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple, Protocol

import numpy as np

MOST_GAP_SHARE = 4
"""Missing time that would take more than one in so many dots of the width is cut short."""

CUT_DOTS = 12
"""What is left of it, in dots."""


class Bars(Protocol):
    """What is read of a series (`engine.feed.bars.Series`)."""

    period_ns: int

    def __len__(self) -> int: ...

    @property
    def time_ns(self) -> np.ndarray: ...
    @property
    def open(self) -> np.ndarray: ...
    @property
    def high(self) -> np.ndarray: ...
    @property
    def low(self) -> np.ndarray: ...
    @property
    def close(self) -> np.ndarray: ...
    @property
    def volume(self) -> np.ndarray: ...


class Zoom(NamedTuple):
    """How wide bars are: `dots` columns of dots for each `bars` bars; one of them is 1."""

    bars: int
    dots: int


ZOOMS: tuple[Zoom, ...] = (
    *(Zoom(1, dots) for dots in (24, 16, 12, 8, 6, 4, 3, 2, 1)),
    *(Zoom(bars, 1) for bars in (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)),
    *(Zoom(bars, 1) for bars in (384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192)),
)
"""From near to far."""

DEFAULT_ZOOM = ZOOMS.index(Zoom(1, 4))


@dataclass(frozen=True, eq=False, slots=True)
class Columns:
    """What stands in the view, from left to right: an entry is `zoom.bars` bars."""

    zoom: Zoom
    period_ns: int
    """Of one bar."""
    x: np.ndarray
    """Leftmost column of dots of each; may be left of the view."""
    start_ns: np.ndarray
    """Start of its time; the first of its bars may start later."""
    first: np.ndarray
    """Index in the series of its first bar."""
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    line: np.ndarray
    """First, lowest, highest and last of the closes: 4 rows."""
    after_gap: np.ndarray
    """Time is missing between it and the one before."""
    cut_ns: np.ndarray
    """Missing time before it that is cut short; 0 where time is in proportion."""

    def __len__(self) -> int:
        return len(self.x)

    def part(self, start: int, stop: int) -> Columns:
        """Columns `start:stop`."""
        arrays = {name: getattr(self, name)[..., start:stop] for name in _ARRAYS}
        return Columns(zoom=self.zoom, period_ns=self.period_ns, **arrays)

    def moved(self, dots: int) -> Columns:
        """The same, `dots` columns of dots further right."""
        return replace(self, x=self.x + dots)


_ARRAYS = tuple(field.name for field in fields(Columns) if field.name not in ("zoom", "period_ns"))


def columns_in_view(series: Bars, zoom: Zoom, width: int, *, anchor: int, anchor_x: int) -> Columns:
    """The columns of bars that fall in `width` dots, with bar `anchor` standing at `anchor_x`.

    `anchor_x` is the left dot of a cell; the anchor's column starts there or one dot further,
    such that a column never changes its place within a cell.
    """
    part, key, starts = _grouped(series, zoom, width, anchor)
    if not len(starts):
        return no_columns(zoom, series.period_ns)
    x, after_gap, cut = _placed(key[starts], zoom, width)
    at = int(np.searchsorted(starts, anchor - part.start, side="right")) - 1
    x += anchor_x + int(key[starts[at]]) * zoom.dots % 2 - x[at]
    inside = np.flatnonzero((x + zoom.dots > 0) & (x < width))
    if not len(inside):
        return no_columns(zoom, series.period_ns)
    seen = slice(int(inside[0]), int(inside[-1]) + 1)
    columns = _reduced(series, zoom, part, starts)
    step_ns = series.period_ns * zoom.bars
    return Columns(
        zoom=zoom,
        period_ns=series.period_ns,
        x=x[seen],
        start_ns=key[starts[seen]] * step_ns,
        first=starts[seen] + part.start,
        after_gap=after_gap[seen],
        cut_ns=cut[seen] * step_ns,
        **{name: values[..., seen] for name, values in columns.items()},
    )


def _grouped(
    series: Bars, zoom: Zoom, width: int, anchor: int
) -> tuple[slice, np.ndarray, np.ndarray]:
    """The slice of bars that can be in view, the column number of each, and where each begins."""
    room = (width // zoom.dots + 3) * zoom.bars
    start, stop = max(0, anchor - room), min(len(series), anchor + room)
    key = series.time_ns[start:stop] // (series.period_ns * zoom.bars)
    if not len(key):
        return slice(start, stop), key, np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    return slice(start, stop), key, starts


def _placed(keys: np.ndarray, zoom: Zoom, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dots from the first column, where time is missing, and how much of it is cut."""
    steps = np.diff(keys, prepend=keys[0])
    most = max(CUT_DOTS, width // MOST_GAP_SHARE)
    is_cut = steps * zoom.dots > most
    left = -(-CUT_DOTS // zoom.dots)
    # An even number of dots is taken out, or columns would change their place in a cell.
    kept = left + (steps - left) * zoom.dots % 2
    shown = np.where(is_cut, kept, steps)
    return np.cumsum(shown) * zoom.dots, steps > 1, np.where(is_cut, steps - 1, 0)


def _reduced(series: Bars, zoom: Zoom, part: slice, starts: np.ndarray) -> dict[str, np.ndarray]:
    """First, highest, lowest, last of each column's bars, and the sum of their volumes."""
    close = series.close[part]
    if zoom.bars == 1:
        return {
            "open": series.open[part],
            "high": series.high[part],
            "low": series.low[part],
            "close": close,
            "volume": series.volume[part],
            "line": np.stack([close, close, close, close]),
        }
    ends = np.r_[starts[1:], len(close)] - 1
    lowest, highest = np.minimum.reduceat(close, starts), np.maximum.reduceat(close, starts)
    return {
        "open": series.open[part][starts],
        "high": np.maximum.reduceat(series.high[part], starts),
        "low": np.minimum.reduceat(series.low[part], starts),
        "close": close[ends],
        "volume": np.add.reduceat(series.volume[part], starts),
        "line": np.stack([close[starts], lowest, highest, close[ends]]),
    }


def no_columns(zoom: Zoom, period_ns: int = 1) -> Columns:
    """Nothing in view."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Columns(
        zoom, period_ns, whole, whole, whole, real, real, real, real, real, np.zeros((4, 0)),
        np.zeros(0, dtype=bool), whole,
    )  # fmt: skip
