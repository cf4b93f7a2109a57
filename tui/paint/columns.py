"""Bars to columns: which times are in view, where they stand, and what is left of the bars there.

A `TimeAxis` shares time out into places of `zoom.bars` periods each, by their number since 1970
(`keys`), so that a place is what it is however much arrives before and after it, and markets
that were sampled at different times stand where they belong. `columns_on` says what of one
series falls into each place: first, highest, lowest and last (M4; Jugel et al., VLDB 2014), with
which the picture is the same, dot for dot, as if all bars had been drawn.

Both cost what the width costs, for ten million bars as for ten thousand: the edges of places are
looked up among the times (and not the places of all times), missing time is jumped over, and
bars are reduced by the pyramid of their series (`Series.reduced`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from engine.clock import NANOS

MOST_GAP_SHARE = 4
"""Missing time that would take more than one in so many dots of the width is cut short."""

CLOSED_NS = 3600 * NANOS
CLOSED_SHARE = 16
"""The same for missing time from an hour on: that long a market is closed, and not only quiet."""

CUT_DOTS = 12
"""What is left of it, in dots."""


class Reduced(Protocol):
    """Several bars each as one, as columns."""

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


class Bars(Protocol):
    """What is read of a series (`engine.feed.bars.Series`)."""

    period_ns: int
    first_number: int

    def __len__(self) -> int: ...
    def touched(self, since: int) -> tuple[int, int]: ...
    def reduced(self, starts: np.ndarray, stop: int) -> Reduced: ...

    @property
    def version(self) -> int: ...
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
    *(Zoom(bars, 1) for power in range(1, 21) for bars in (2**power, 3 * 2 ** (power - 1))),
)
"""From near to far: at the farthest a hundred million bars fit into a hundred cells."""

DEFAULT_ZOOM = ZOOMS.index(Zoom(1, 4))


@dataclass(frozen=True, eq=False, slots=True)
class TimeAxis:
    """Places in time, from left to right: an entry is `zoom.bars` periods with a bar in them."""

    zoom: Zoom
    period_ns: int
    """Of one bar."""
    keys: np.ndarray
    """Number of each place since 1970: it begins at `key * step_ns`."""
    x: np.ndarray
    """Leftmost column of dots of each; may be left of the view."""
    after_gap: np.ndarray
    """Time is missing between it and the one before."""
    cut: np.ndarray
    """Places missing before it that are cut short; 0 where time is in proportion."""
    lead: int
    """So many at the left are not in view, but what is in view depends on them."""

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def step_ns(self) -> int:
        """Nanoseconds of one place."""
        return self.period_ns * self.zoom.bars


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
    after_gap: np.ndarray
    """Time is missing between it and the one before."""
    cut_ns: np.ndarray
    """Missing time before it that is cut short; 0 where time is in proportion."""
    serial: int = field(default_factory=itertools.count(1).__next__)
    """No other columns have the same."""
    with_newest_of: int = 0
    """Serial of the columns that these are, but for the last one of them; 0 where that is not
    known of any."""

    def __len__(self) -> int:
        return len(self.x)

    def with_newest(
        self, open_: float, high: float, low: float, close: float, volume: float
    ) -> Columns:
        """The same, but for the values of the last one."""
        return Columns(
            self.zoom, self.period_ns, self.x, self.start_ns, self.first,
            _with_last(self.open, open_),
            _with_last(self.high, high),
            _with_last(self.low, low),
            _with_last(self.close, close),
            _with_last(self.volume, volume),
            self.after_gap, self.cut_ns, with_newest_of=self.serial,
        )  # fmt: skip

    def part(self, start: int, stop: int) -> Columns:
        """Columns `start:stop`."""
        arrays = {name: getattr(self, name)[start:stop] for name in _ARRAYS}
        return Columns(zoom=self.zoom, period_ns=self.period_ns, **arrays)


_ARRAYS = (
    "x", "start_ns", "first", "open", "high", "low", "close", "volume", "after_gap", "cut_ns"
)  # fmt: skip


def _with_last(values: np.ndarray, last: float) -> np.ndarray:
    changed = values.copy()
    changed[-1] = last
    return changed


def time_axis(
    series: Sequence[Bars],
    zoom: Zoom,
    width: int,
    *,
    anchor_x: int,
    anchor_ns: int | None = None,
    closed_hours: bool = False,
    lead: int = 0,
) -> TimeAxis:
    """The places of the bars of all of `series` that fall into `width` dots.

    The first bar at or after `anchor_ns`, or the newest of all, stands at `anchor_x`: the left dot
    of a cell; its place begins there or one dot further, such that no place ever changes where it
    stands within a cell. Missing time takes the room that it would take with bars, cut short where
    that is long unless `closed_hours` are to be seen. `lead` more places are found left of the
    view. The period is that of the first series that has bars. Where `zoom` is so far that times
    in the view could not be counted in nanoseconds, the axis has the farthest at which they can.
    """
    filled = [one for one in series if len(one)]
    if not filled:
        return _no_axis(zoom, series[0].period_ns if series else 1)
    period_ns = filled[0].period_ns
    zoom = _within_reach(zoom, period_ns, width + lead)
    most = 1 << 62 if closed_hours else _most_steps(width, zoom, period_ns)
    ruler = _Ruler([one.time_ns for one in filled], period_ns, zoom, most)
    anchor = ruler.anchor(anchor_ns)
    before = ruler.back(anchor, anchor_x + 1, lead)
    keys = np.concatenate([before, ruler.ahead(anchor + 1, width - anchor_x)])
    x, steps, cut = ruler.placed(keys)
    x += anchor_x + anchor * zoom.dots % 2 - x[len(before) - 1]
    begin, end = x.searchsorted((1 - zoom.dots, width)).tolist()
    seen = slice(max(0, begin - lead), end)
    return TimeAxis(
        zoom, period_ns, keys[seen], x[seen], steps[seen] > 1, cut[seen], begin - seen.start
    )


def _most_steps(width: int, zoom: Zoom, period_ns: int) -> int:
    """Steps from one place to the next up to which missing time is left in proportion."""
    quiet = max(CUT_DOTS, width // MOST_GAP_SHARE) // zoom.dots
    closed = max(CUT_DOTS, width // CLOSED_SHARE) // zoom.dots
    return min(quiet, max(closed, -(-CLOSED_NS // (period_ns * zoom.bars))))


def _within_reach(zoom: Zoom, period_ns: int, width: int) -> Zoom:
    """`zoom`, or the farthest at which int64 counts the nanoseconds of twice the view."""
    most = (1 << 62) // (period_ns * (width + 16))
    if zoom.bars <= most:
        return zoom
    return next(nearer for nearer in reversed(ZOOMS) if nearer.bars <= max(1, most))


def columns_on(axis: TimeAxis, series: Bars) -> Columns:
    """What of `series` stands at the places of `axis`, which was made of it among others."""
    if not len(axis) or not len(series):
        return no_columns(axis.zoom, axis.period_ns)
    step_ns = axis.step_ns
    at = _found(series.time_ns, np.append(axis.keys, axis.keys[-1] + 1) * step_ns, axis.period_ns)
    starts, stop = at[:-1], int(at[-1])
    here = at[1:] > starts
    if here.all():
        keys, x, after_gap, cut = axis.keys, axis.x, axis.after_gap, axis.cut
    else:
        starts, keys, x, cut = starts[here], axis.keys[here], axis.x[here], axis.cut[here]
        after_gap = _steps(keys) > 1
    return Columns(
        zoom=axis.zoom,
        period_ns=axis.period_ns,
        x=x,
        start_ns=keys * step_ns,
        first=starts,
        after_gap=after_gap,
        cut_ns=cut * step_ns,
        **reduced(series, starts, stop),
    )


def columns_in_view(series: Bars, zoom: Zoom, width: int, *, anchor: int, anchor_x: int) -> Columns:
    """The columns of one series alone, with the place of bar `anchor` at `anchor_x`."""
    anchor_ns = int(series.time_ns[anchor]) if len(series) else None
    axis = time_axis([series], zoom, width, anchor_x=anchor_x, anchor_ns=anchor_ns)
    return columns_on(axis, series)


def reduced(series: Bars, starts: np.ndarray, stop: int) -> dict[str, Any]:
    """First, highest, lowest, last of the bars from each of `starts` to the next, the last ones
    up to `stop`, and the sum of their volumes, as arrays by the name of a field of `Columns`.
    Copies: a series is written to in place."""
    if not len(starts):
        return {name: np.zeros(0) for name in _VALUES}
    if stop - starts[0] == len(starts):
        part = slice(int(starts[0]), stop)
        return {name: getattr(series, name)[part].copy() for name in _VALUES}
    columns = series.reduced(starts, stop)
    return {name: getattr(columns, name) for name in _VALUES}


_VALUES = ("open", "high", "low", "close", "volume")


def fit_zoom(series: Bars, width: int) -> int:
    """Index in `ZOOMS` of the nearest at which all of `series` stands in `width` dots."""
    near, far = 0, len(ZOOMS) - 1
    while near < far:
        middle = (near + far) // 2
        zoom = ZOOMS[middle]
        axis = time_axis([series], zoom, width, anchor_x=(width - zoom.dots) // 2 * 2)
        is_whole = not len(axis) or (
            axis.x[0] >= 0 and axis.keys[0] == series.time_ns[0] // axis.step_ns
        )
        near, far = (near, middle) if is_whole else (middle + 1, far)
    return near


def _steps(keys: np.ndarray) -> np.ndarray:
    """From the one before to each; 0 to the first."""
    steps = np.zeros(len(keys), dtype=np.int64)
    np.subtract(keys[1:], keys[:-1], out=steps[1:])
    return steps


_MANY = 200_000
"""Bars from which on a search among their times leaves the processor's cache."""


def _found(times: np.ndarray, edges: np.ndarray, period_ns: int) -> np.ndarray:
    """`times.searchsorted(edges)`: where bars stand that no missing time has moved, if that is
    true of all of them, and otherwise by a search."""
    count = len(times)
    if count < _MANY:
        return times.searchsorted(edges)
    guess: np.ndarray = (edges - times[0] + (period_ns - 1)) // period_ns
    guess = np.minimum(np.maximum(guess, 0), count)
    is_before = times.take(guess - 1, mode="clip") < edges
    is_behind = times.take(guess, mode="clip") >= edges
    if ((is_before | (guess == 0)) & (is_behind | (guess == count))).all():
        return guess
    return times.searchsorted(edges)


class _Ruler:
    """Times of several series, and how much room what is between them takes."""

    def __init__(
        self, times: Sequence[np.ndarray], period_ns: int, zoom: Zoom, most_steps: int
    ) -> None:
        self._times = times
        self._period_ns = period_ns
        self._step_ns = period_ns * zoom.bars
        self._dots = zoom.dots
        self._most_steps = most_steps

    def anchor(self, time_ns: int | None) -> int:
        """Key of the first bar at or after `time_ns`; that of the newest where there is none."""
        newest = max(int(times[-1]) for times in self._times)
        if time_ns is None or time_ns >= newest:
            return newest // self._step_ns
        later = self._from(time_ns)
        assert later is not None
        return later

    def back(self, key: int, dots: int, lead: int) -> np.ndarray:
        """Keys with bars up to `key`, back over `dots` dots, and at least `lead` more."""
        room = dots // self._dots + 2 + lead
        keys = self._between(key - room, key + 1)
        while True:
            x = self.placed(keys)[0]
            if int(x.searchsorted(int(x[-1]) - dots, side="right")) > lead:
                return keys
            older = self._before(int(keys[0]) * self._step_ns)
            if older is None:
                return keys
            keys = np.concatenate([self._between(older - room, older + 1), keys])

    def ahead(self, key: int, dots: int) -> np.ndarray:
        """Keys with bars from `key` on, over at least `dots` dots."""
        room = dots // self._dots + 2
        later = self._from(key * self._step_ns)
        found: list[np.ndarray] = []
        while later is not None:
            found.append(self._between(later, later + room))
            keys = np.concatenate(found)
            if self.placed(keys)[0][-1] >= dots:
                break
            later = self._from((later + room) * self._step_ns)
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def placed(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Dots from the first key, steps from the one before, and how many of those are cut."""
        steps = _steps(keys)
        if int(steps.max()) <= self._most_steps:
            return (keys - keys[0]) * self._dots, steps, np.zeros_like(steps)
        is_cut = steps > self._most_steps
        left = -(-CUT_DOTS // self._dots)
        # An even number of dots is taken out, or columns would change their place in a cell.
        kept = left + (steps - left) * self._dots % 2
        shown = np.where(is_cut, kept, steps)
        return np.cumsum(shown) * self._dots, steps, np.where(is_cut, steps - 1, 0)

    def _between(self, low: int, high: int) -> np.ndarray:
        """Keys `low <= key < high` in which there is a bar."""
        edges = np.arange(low, high + 1) * self._step_ns
        found = np.zeros(high - low, dtype=bool)
        for times in self._times:
            at = _found(times, edges, self._period_ns)
            found |= at[1:] > at[:-1]
        return found.nonzero()[0] + low

    def _before(self, time_ns: int) -> int | None:
        """Key of the last bar that starts before `time_ns`."""
        found = [
            int(times[at - 1]) for times in self._times if (at := int(times.searchsorted(time_ns)))
        ]
        return max(found) // self._step_ns if found else None

    def _from(self, time_ns: int) -> int | None:
        """Key of the first bar that starts at or after `time_ns`."""
        found = [
            int(times[at])
            for times in self._times
            if (at := int(times.searchsorted(time_ns))) < len(times)
        ]
        return min(found) // self._step_ns if found else None


def _no_axis(zoom: Zoom, period_ns: int) -> TimeAxis:
    whole = np.zeros(0, dtype=np.int64)
    return TimeAxis(zoom, period_ns, whole, whole, np.zeros(0, dtype=bool), whole, 0)


def no_columns(zoom: Zoom, period_ns: int = 1) -> Columns:
    """Nothing in view."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Columns(
        zoom, period_ns, whole, whole, whole, real, real, real, real, real,
        np.zeros(0, dtype=bool), whole,
    )  # fmt: skip
