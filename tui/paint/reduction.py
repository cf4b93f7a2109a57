"""What of several series is in view, kept from frame to frame.

Most frames differ from the one before by the newest bar alone. Then the time axis is the same, and
of the columns only the last: its closed bars were reduced before, so that what is left to do is
one comparison each of high and low, however many bars the column has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tui.paint.columns import (
    Bars,
    Columns,
    TimeAxis,
    Zoom,
    columns_on,
    no_columns,
    reduced,
    time_axis,
)


class Window(NamedTuple):
    """Which part of time is asked for; see `time_axis`."""

    zoom: Zoom
    width: int
    anchor_x: int
    anchor_ns: int | None = None
    closed_hours: bool = False
    lead: int = 0


class _Seen(NamedTuple):
    """A series as it was when it was last looked at."""

    series: Bars | None
    version: int
    first_number: int
    columns: Columns
    after: int
    """Number of the first bar right of the view; -1 where there was none."""


class _Closed(NamedTuple):
    """All bars of a column but the newest one, as one bar."""

    start: int
    stop: int
    """Numbers of the bars."""
    open: float
    high: float
    low: float
    volume: float


class Reduction:
    """The time axis of one chart, and the columns of each of its series on it."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._axis: TimeAxis | None = None
        self._seen: list[_Seen] = []
        self._closed: dict[int, _Closed] = {}
        """By the place of the series."""

    def update(
        self, series: Sequence[Bars | None], window: Window
    ) -> tuple[TimeAxis, list[Columns]]:
        """The axis of all `series`, and what of each stands on it; the first one's is first."""
        axis = self._axis
        if axis is not None and self._window == window:
            columns = self._touched_up(axis, series)
            if columns is not None:
                self._seen = [
                    seen if one is None else seen._replace(version=one.version, columns=part)
                    for one, seen, part in zip(series, self._seen, columns, strict=True)
                ]
                return axis, columns
        return self._anew(series, window)

    def _anew(
        self, series: Sequence[Bars | None], window: Window
    ) -> tuple[TimeAxis, list[Columns]]:
        self._closed.clear()
        axis = time_axis(
            [one for one in series if one is not None],
            window.zoom,
            window.width,
            anchor_x=window.anchor_x,
            anchor_ns=window.anchor_ns,
            closed_hours=window.closed_hours,
            lead=window.lead,
        )
        columns = [_columns_of(axis, one) for one in series]
        self._axis, self._window = axis, window
        self._seen = [_seen(one, part, axis) for one, part in zip(series, columns, strict=True)]
        return axis, columns

    def _touched_up(self, axis: TimeAxis, series: Sequence[Bars | None]) -> list[Columns] | None:
        """The columns on the same axis, where no more than the newest one of each changed."""
        if len(series) != len(self._seen):
            return None
        columns = []
        for place, (one, seen) in enumerate(zip(series, self._seen, strict=True)):
            if one is not seen.series:
                return None
            if one is None or one.version == seen.version:
                columns.append(seen.columns)
                continue
            touched, _ = one.touched(seen.version)
            if one.first_number != seen.first_number or not len(one):
                return None
            if 0 <= seen.after <= touched:
                columns.append(seen.columns)
            elif _is_in_last(axis, one, seen.columns, touched):
                columns.append(self._with_newest(place, one, seen.columns, touched))
            else:
                return None
        return columns

    def _with_newest(self, place: int, series: Bars, columns: Columns, touched: int) -> Columns:
        """`columns` with the last one as it is now, of which bars from `touched` on changed."""
        start, stop = int(columns.first[-1]), len(series)
        open_, high, low, close, volume = (
            float(values[-1])
            for values in (series.open, series.high, series.low, series.close, series.volume)
        )
        if stop - start > 1:
            closed = self._closed_part(place, series, start, stop - 1, touched)
            open_, volume = closed.open, closed.volume + volume
            high, low = max(closed.high, high), min(closed.low, low)
        return columns.with_newest(open_, high, low, close, volume)

    def _closed_part(
        self, place: int, series: Bars, start: int, stop: int, touched: int
    ) -> _Closed:
        """Bars `start:stop`, by index, of which those before number `touched` are as before."""
        first = series.first_number
        closed = self._closed.get(place)
        here = (start + first, stop + first)
        if closed is not None and closed[:2] == here and touched >= closed.stop:
            return closed
        values = reduced(series, np.array([start]), stop)
        open_, high, low, volume = (
            float(values[name][0]) for name in ("open", "high", "low", "volume")
        )
        closed = _Closed(*here, open_, high, low, volume)
        self._closed[place] = closed
        return closed


def _is_in_last(axis: TimeAxis, series: Bars, columns: Columns, touched: int) -> bool:
    """Whether nothing before the last column changed, and that is still the last place."""
    if not len(columns) or touched - series.first_number < int(columns.first[-1]):
        return False
    newest = int(series.time_ns[-1])
    return int(columns.start_ns[-1]) == newest // axis.step_ns * axis.step_ns


def _columns_of(axis: TimeAxis, series: Bars | None) -> Columns:
    return no_columns(axis.zoom, axis.period_ns) if series is None else columns_on(axis, series)


def _seen(series: Bars | None, columns: Columns, axis: TimeAxis) -> _Seen:
    if series is None:
        return _Seen(None, 0, 0, columns, -1)
    after = -1
    if len(axis):
        stop = int(series.time_ns.searchsorted((int(axis.keys[-1]) + 1) * axis.step_ns))
        after = stop + series.first_number if stop < len(series) else -1
    return _Seen(series, series.version, series.first_number, columns, after)
