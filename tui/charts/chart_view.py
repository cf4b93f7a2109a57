"""How a chart is moved along time: pan, drag, zoom, jump. Pure: a view and what it is painted of
give the next view.

The place at the right, the anchor, settles what is in view. Whatever is moved to, there are bars
at the anchor: never later than the newest, which is followed from then on, and never so early
that there is room left of the first bar.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tui.paint.cells import DOTS_X
from tui.paint.columns import DEFAULT_ZOOM, ZOOMS, Bars, Columns, TimeAxis, time_axis
from tui.paint.scene import Layout, View


class Sight(NamedTuple):
    """What a view is painted of: bars, of which there is one at least, and places."""

    series: tuple[Bars, ...]
    """The market's own first, then those of overlays; none of them empty."""
    layout: Layout

    @property
    def bars(self) -> Bars:
        """Those that are moved along."""
        return self.series[0]

    @property
    def oldest_ns(self) -> int:
        return min(int(one.time_ns[0]) for one in self.series)

    @property
    def newest_ns(self) -> int:
        return max(int(one.time_ns[-1]) for one in self.series)


class Pivot(NamedTuple):
    """A bar, and the cell of the plot that it keeps while its surroundings grow or shrink."""

    time_ns: int
    """Start of the bar, or of the place where it stands among others."""
    cell: int


# -- bars and places -----------------------------------------------------------------------------


def index_at(bars: Bars, time_ns: int) -> int:
    """Index of the bar in which `time_ns` lies, or of the last one before it; 0 at least."""
    return max(0, int(bars.time_ns.searchsorted(time_ns, side="right")) - 1)


def anchor_of(view: View, bars: Bars) -> int:
    """Index of the bar at the right."""
    last = len(bars) - 1
    if view.anchor_ns is None:
        return last
    return min(last, int(bars.time_ns.searchsorted(view.anchor_ns)))


def bar_at(columns: Columns, cell: int) -> int | None:
    """Index of the first bar of the column that stands in a cell of the plot; None where
    there is none."""
    at = int(columns.x.searchsorted(cell * DOTS_X + 1, side="right")) - 1
    if at < 0 or columns.x[at] + columns.zoom.dots <= cell * DOTS_X:
        return None
    return int(columns.first[at])


def pivot_at(columns: Columns, cell: int) -> Pivot | None:
    """What stands in a cell, or begins nearest to it, and where that begins; None where nothing
    begins in the plot."""
    whole = int(columns.x.searchsorted(0))
    if whole == len(columns):
        return None
    x = columns.x[whole:]
    at = int(x.searchsorted(cell * DOTS_X + 1, side="right")) - 1
    if at < 0 or x[at] + columns.zoom.dots <= cell * DOTS_X:
        at = _nearest(x, cell)
    return Pivot(int(columns.start_ns[whole + at]), int(x[at]) // DOTS_X)


def visible_range(bars: Bars, columns: Columns) -> tuple[int, int] | None:
    """Starts of the first and of the last bar in view, nanoseconds; None without any."""
    if not len(columns):
        return None
    end_ns = int(columns.start_ns[-1]) + columns.zoom.bars * columns.period_ns
    first = int(columns.first[0])
    last = max(first, int(bars.time_ns.searchsorted(end_ns)) - 1)
    return int(bars.time_ns[first]), int(bars.time_ns[last])


def _nearest(x: np.ndarray, cell: int) -> int:
    """Index of what begins nearest to a cell; of several the last."""
    far = np.abs(x // DOTS_X - cell)
    return len(far) - 1 - int(np.argmin(far[::-1]))


def _axis(view: View, sight: Sight, zoom: int, time_ns: int, cell: int) -> TimeAxis:
    """Where all stands when the first bar at or after a time begins in `cell`."""
    return time_axis(
        sight.series,
        ZOOMS[zoom],
        sight.layout.dots_wide,
        anchor_x=cell * DOTS_X,
        anchor_ns=time_ns,
        closed_hours=view.closed_hours,
    )


def _anchor_cell(sight: Sight, zoom: int) -> int:
    return sight.layout.anchor_x(ZOOMS[zoom]) // DOTS_X


def _anchored(view: View, sight: Sight, zoom: int, time_ns: int) -> View:
    """The view with the bar of that time at the right, or the nearest that may be there."""
    step_ns = ZOOMS[zoom].bars * sight.bars.period_ns
    fitting = sight.layout.anchor_x(ZOOMS[zoom]) // ZOOMS[zoom].dots + 2
    # Far from the first bar there is nothing to look up: a place holds `zoom.bars` at most.
    if index_at(sight.bars, time_ns) < fitting * ZOOMS[zoom].bars:
        first = _axis(view, sight, zoom, sight.oldest_ns, 0)
        cells = first.x // DOTS_X
        at = int(cells.searchsorted(_anchor_cell(sight, zoom), side="right")) - 1
        time_ns = max(time_ns, int(first.keys[max(0, at)]) * step_ns)
    is_newest = time_ns // step_ns >= sight.newest_ns // step_ns
    return view._replace(zoom=zoom, anchor_ns=None if is_newest else time_ns)


def _turned(view: View, sight: Sight, zoom: int, pivot: Pivot) -> View:
    """The view with the pivot in its cell, or as near to that as may be."""
    cell = min(max(0, pivot.cell), sight.layout.plot_width - 1)
    axis = _axis(view, sight, zoom, pivot.time_ns, cell)
    at = _nearest(axis.x, _anchor_cell(sight, zoom))
    return _anchored(view, sight, zoom, int(axis.keys[at]) * axis.step_ns)


# -- pan -----------------------------------------------------------------------------------------


def panned(view: View, sight: Sight, columns: int) -> View:
    """Moved by so many columns of bars; negative is back in time."""
    bars = sight.bars
    target = anchor_of(view, bars) + columns * view.scale.bars
    if target >= len(bars):
        return view._replace(anchor_ns=None)
    return _anchored(view, sight, view.zoom, int(bars.time_ns[max(0, target)]))


def room(view: View, layout: Layout) -> int:
    """Columns of bars that fit between the left edge and the bar at the right."""
    return max(1, layout.anchor_x(view.scale) // view.scale.dots)


def dragged(view: View, sight: Sight, pivot: Pivot, cells: int) -> View:
    """Moved with a bar that was grabbed: it follows by `cells` from where it was, as far as the
    plot goes."""
    return _turned(view, sight, view.zoom, Pivot(pivot.time_ns, pivot.cell + cells))


def centred(view: View, sight: Sight, time_ns: int) -> View:
    """With the bar of that time in the middle."""
    at_ns = int(sight.bars.time_ns[index_at(sight.bars, time_ns)])
    return _turned(view, sight, view.zoom, Pivot(at_ns, _anchor_cell(sight, view.zoom) // 2))


# -- zoom ----------------------------------------------------------------------------------------


def zoom_level(zoom: int, steps: int) -> int:
    """The level that many steps nearer, as far as there are any."""
    return min(max(0, zoom - steps), len(ZOOMS) - 1)


def zoomed(view: View, sight: Sight, steps: int, pivot: Pivot | None = None) -> View:
    """Nearer by `steps` levels, or with negative ones farther. The pivot stays where it is;
    without one the bar at the right does."""
    zoom = zoom_level(view.zoom, steps)
    if zoom == view.zoom:
        return view
    if pivot is not None:
        return _turned(view, sight, zoom, pivot)
    anchor_ns = sight.newest_ns if view.anchor_ns is None else view.anchor_ns
    return _anchored(view, sight, zoom, anchor_ns)


def stretched(view: View, sight: Sight, factor: float) -> View:
    """With columns `factor` times as wide, or the nearest to that; the bar at the right stays."""
    wanted = math.log(view.scale.dots / view.scale.bars * factor)
    far = [abs(math.log(zoom.dots / zoom.bars) - wanted) for zoom in ZOOMS]
    return zoomed(view, sight, view.zoom - far.index(min(far)))


def zoomed_to(view: View, sight: Sight, first_ns: int, last_ns: int) -> View:
    """As near as the bars from one time to the other fit; the later one is at the right."""
    first_ns, last_ns = sorted((first_ns, last_ns))
    near, far = 0, len(ZOOMS) - 1
    while near < far:
        middle = (near + far) // 2
        if _fits(view, sight, middle, first_ns, last_ns):
            far = middle
        else:
            near = middle + 1
    return _anchored(view, sight, near, last_ns)


def fitted(view: View, sight: Sight) -> View:
    """Everything that there is, or of that the newest if it does not fit from the farthest."""
    return zoomed_to(view, sight, sight.oldest_ns, sight.newest_ns)


def reset(view: View) -> View:
    """The newest bars at the usual zoom, with an automatic range and no crosshair."""
    return without_cursor(view)._replace(
        anchor_ns=None, prices=None, is_locked=False, zoom=DEFAULT_ZOOM
    )


def without_cursor(view: View) -> View:
    """No crosshair, and nothing that begins or ends at it."""
    return view._replace(cursor=None, measure=None, mark_ns=None)


def _fits(view: View, sight: Sight, zoom: int, first_ns: int, last_ns: int) -> bool:
    """Whether the bar of the one time has its place when that of the other is at the left."""
    axis = _axis(view, sight, zoom, first_ns, 0)
    at = int(axis.keys.searchsorted(last_ns // axis.step_ns))
    return at < len(axis) and int(axis.x[at]) // DOTS_X <= _anchor_cell(sight, zoom)
