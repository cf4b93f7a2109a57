"""A series: all bars of one market and period, as columns that grow at both ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.clock import NANOS
from engine.feed.pyramid import BARS, CLOSES, TRACKS, Pyramid
from engine.feed.writes import Writes
from engine.messages import COLUMN_NAMES, Columns

_DTYPES = {name: np.int64 if name == "time_ns" else np.float64 for name in COLUMN_NAMES}

SPARE = 8
"""One part in so many of what is held is spare room at the end that grows."""

KEPT_BARS = 200_000
"""Bars of a long session that are kept: more than two days of 1 s bars."""


class Series:
    """Bars of one period, oldest first, strictly increasing in time.

    Each column is an array of its own with room at both ends: history arrives later than the
    present. Read access is by views that are valid until the next write.

    Each bar has a number, `first_number` plus its index, which it keeps while others are put
    before the first and after the last. Bars that are put in between move those on one side of
    them, which then count as changed.
    """

    def __init__(self, period_s: int, room: int = 1024) -> None:
        self.period_s = period_s
        self.period_ns = period_s * NANOS
        self.first_number = 0
        """Number of bar 0. Bars that are prepended lower it, bars that are dropped raise it."""
        self.version = 0
        """Goes up with every write."""
        self.history_version = 0
        """Goes up when anything but the last bar changed: prepended, merged, cut off."""
        self.kept_bars = KEPT_BARS
        """How many bars at least are left in it by who bounds it."""
        self.trimmed_ns = 0
        """Where bars were dropped before the first one and none put there since: its start."""
        self._first = self._end = room // 4
        self._arrays = {name: np.zeros(room, _DTYPES[name]) for name in COLUMN_NAMES}
        self._writes = Writes()
        self._pyramid = Pyramid()

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def stop_number(self) -> int:
        """The number behind that of the last bar."""
        return self.first_number + self._end - self._first

    @property
    def time_ns(self) -> np.ndarray:
        """Start of each bar, nanoseconds UTC, int64."""
        return self._view("time_ns")

    @property
    def open(self) -> np.ndarray:
        return self._view("open")

    @property
    def high(self) -> np.ndarray:
        return self._view("high")

    @property
    def low(self) -> np.ndarray:
        return self._view("low")

    @property
    def close(self) -> np.ndarray:
        return self._view("close")

    @property
    def volume(self) -> np.ndarray:
        return self._view("volume")

    @property
    def trades(self) -> np.ndarray:
        """Number of trades in each bar, float64."""
        return self._view("trades")

    @property
    def nbytes(self) -> int:
        """Memory of the columns with their spare room, and of the pyramid."""
        return sum(array.nbytes for array in self._arrays.values()) + self._pyramid.nbytes

    @property
    def pyramid_nbytes(self) -> int:
        """Memory of the coarser levels; none before they are first asked for."""
        return self._pyramid.nbytes

    def columns(self, start: int = 0, stop: int | None = None) -> Columns:
        """A copy of bars `start:stop`, counted as a slice counts."""
        part = slice(start, stop)
        return Columns(**{name: self._view(name)[part].copy() for name in COLUMN_NAMES})

    def index_at(self, time_ns: int) -> int:
        """Index of the first bar that starts at or after `time_ns`; `len` if there is none."""
        return int(np.searchsorted(self.time_ns, time_ns))

    # -- far views ------------------------------------------------------------------------------

    def reduced(self, starts: np.ndarray, stop: int) -> Columns:
        """Bars `starts[i]:starts[i + 1]`, the last ones up to `stop`, as one bar each.

        Exact, for any division; costs some work per range, hardly more with more bars in it. Sums
        are made of sums of eight, so they are off by rounding at most as far as those of any
        other order, and exact where all are whole numbers below 2**53.

        Args:
            starts: indices of bars, each greater than the one before.

        Raises:
            ValueError: a range is empty, or reaches beyond the bars.
        """
        starts = np.asarray(starts, dtype=np.int64)
        stops = self._stops(starts, stop)
        high, low, volume, trades = self._fold(starts, stops, BARS)
        return Columns(
            time_ns=self.time_ns[starts],
            open=self.open[starts],
            high=high,
            low=low,
            close=self.close[stops - 1],
            volume=volume,
            trades=trades,
        )

    def close_extremes(self, starts: np.ndarray, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Highest and lowest close of the bars `starts[i]:starts[i + 1]`, as for `reduced`."""
        starts = np.asarray(starts, dtype=np.int64)
        highest, lowest = self._fold(starts, self._stops(starts, stop), CLOSES)
        return highest, lowest

    def _stops(self, starts: np.ndarray, stop: int) -> np.ndarray:
        stops = np.append(starts[1:], stop)
        if len(starts) and (starts[0] < 0 or stop > len(self) or (stops <= starts).any()):
            raise ValueError(f"no division of {len(self)} bars into ranges")
        return stops[: len(starts)]

    def _fold(self, starts: np.ndarray, stops: np.ndarray, tracks: slice) -> list[np.ndarray]:
        if not len(starts):
            return [np.zeros(0) for _ in TRACKS[tracks]]
        views = {name: self._view(name) for name, _ in TRACKS}
        first = self.first_number
        self._pyramid.align(first, int(self.time_ns[0]) // self.period_ns)
        return self._pyramid.reduce(views, first, starts + first, stops + first, tracks)

    # -- what changed ---------------------------------------------------------------------------

    @property
    def dropped_version(self) -> int:
        """The version that last took bars away, at either end."""
        return self._writes.dropped

    def touched(self, since: int) -> tuple[int, int]:
        """Numbers (start, stop) between which all bars lie that changed or came after `since`.

        (n, n) if there are none; all bars, where some were dropped since then.

        Args:
            since: a `version` of this series.
        """
        ranges = self.changes(since)
        return (ranges[0][0], ranges[-1][1]) if ranges else (self.stop_number, self.stop_number)

    def changes(self, since: int) -> list[tuple[int, int]]:
        """The same as ranges, ascending and apart from each other: with history that came
        before and the last bar that changed meanwhile, not all between them."""
        return self._writes.since(since, self.first_number, self.stop_number)

    # -- writing --------------------------------------------------------------------------------

    def append(
        self,
        time_ns: int,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float = 0.0,
        trades: float = 0.0,
    ) -> None:
        """Add a bar after the last one.

        Raises:
            ValueError: it does not start after the last bar.
        """
        if self._end > self._first and time_ns <= self._arrays["time_ns"][self._end - 1]:
            raise ValueError(f"bar at {time_ns} does not follow the last one")
        if self._end == len(self._arrays["time_ns"]):
            self._make_room(before=0, after=1)
        self._end += 1
        self._put(self._end - 1, open_, high, low, close, volume, trades)
        self._arrays["time_ns"][self._end - 1] = time_ns
        stop = self.stop_number
        self.version = self._writes.note(stop - 1, stop, stop - 2)

    def set_last(
        self,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        trades: float,
    ) -> None:
        """Overwrite the values of the last bar."""
        self._put(self._end - 1, open_, high, low, close, volume, trades)
        self.version = self._writes.note_last()

    def set_bar(
        self,
        index: int,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        trades: float,
    ) -> None:
        """Overwrite the values of a bar behind the last one.

        Raises:
            IndexError: there is no bar `index`, counted from the first one.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"no bar {index} among {len(self)}")
        self._put(self._first + index, open_, high, low, close, volume, trades)
        self._note_history(index, index + 1)

    def flatten(self, start: int, stop: int, price: float) -> None:
        """Make bars `start:stop`, by index, repeat `price`. Volume and trades stay."""
        part = slice(self._first + start, self._first + stop)
        for name in ("open", "high", "low", "close"):
            self._arrays[name][part] = price
        self._note_history(start, stop)

    def _note_history(self, start: int, stop: int) -> None:
        """Bars `start:stop`, by index, were written over."""
        first = self.first_number
        self._pyramid.spoil(first + start, first + stop)
        self.version = self._writes.note(first + start, first + stop, self.stop_number - 1)
        self.history_version += 1

    def _put(
        self,
        at: int,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        trades: float,
    ) -> None:
        arrays = self._arrays
        arrays["open"][at] = open_
        arrays["high"][at] = high
        arrays["low"][at] = low
        arrays["close"][at] = close
        arrays["volume"][at] = volume
        arrays["trades"][at] = trades

    def merge(self, columns: Columns) -> None:
        """Put bars in by their time; where both have a bar, `columns` wins.

        Cheap where they go before the first bar, from the last bar on, or where bars are.
        """
        if not len(columns):
            return
        if not len(self):
            self._extend(columns)
            return
        after = int(np.searchsorted(columns.time_ns, self.time_ns[-1]))
        before = int(np.searchsorted(columns.time_ns[:after], self.time_ns[0]))
        if before < after:
            self._interleave(_part(columns, before, after))
        if after < len(columns):
            self._extend(_part(columns, after, len(columns)))
        if before:
            self._prepend(_part(columns, 0, before))

    def cut_from(self, time_ns: int) -> None:
        """Drop every bar that starts at or after `time_ns`."""
        self._end = self._first + self.index_at(time_ns)
        self.trimmed_ns = self.trimmed_ns if len(self) else 0
        self._pyramid.drop_from(self.stop_number)
        self.version = self._writes.note_dropped()
        self.history_version += 1

    def keep_last(self, count: int) -> None:
        """Drop all but the newest `count` bars, and give back the memory of the others."""
        dropped = len(self) - count
        if dropped <= 0:
            return
        self._first += dropped
        self.first_number += dropped
        self.trimmed_ns = int(self.time_ns[0]) if count else 0
        self._pyramid.drop_before(self.first_number)
        self._make_room(before=0, after=0)
        self.version = self._writes.note_dropped()
        self.history_version += 1

    def clear(self) -> None:
        """Drop every bar."""
        self._end = self._first
        self.trimmed_ns = 0
        self._pyramid.drop_from(self.stop_number)
        self.version = self._writes.note_dropped()
        self.history_version += 1

    def _view(self, name: str) -> np.ndarray:
        return self._arrays[name][self._first : self._end]

    def _write(self, at: int, columns: Columns) -> None:
        """Put `columns` over what stands from index `at` on."""
        part = slice(self._first + at, self._first + at + len(columns))
        for name in COLUMN_NAMES:
            self._arrays[name][part] = getattr(columns, name)

    def _prepend(self, columns: Columns) -> None:
        count = len(columns)
        if self._first < count:
            self._make_room(before=count, after=0)
        self._first -= count
        self.first_number -= count
        self.trimmed_ns = 0
        self._write(0, columns)
        self.version = self._writes.note(
            self.first_number, self.first_number + count, self.stop_number - 1
        )
        self.history_version += 1

    def _extend(self, columns: Columns) -> None:
        """Put `columns` from the last bar on; their first may be that bar."""
        is_again = len(self) > 0 and columns.time_ns[0] == self.time_ns[-1]
        if is_again and len(columns) == 1:
            self._write(len(self) - 1, columns)
            self.version = self._writes.note_last()
            return
        last = self.stop_number - 1
        at = len(self) - is_again
        if self._first + at + len(columns) > len(self._arrays["time_ns"]):
            self._make_room(before=0, after=len(columns))
        self._end = self._first + at + len(columns)
        self._write(at, columns)
        self.version = self._writes.note(last + 1 - is_again, self.stop_number, last)
        self.history_version += is_again

    def _interleave(self, columns: Columns) -> None:
        """Put bars in that lie between the first and the last one, or on the first."""
        start = self.index_at(int(columns.time_ns[0]))
        stop = self.index_at(int(columns.time_ns[-1]) + 1)
        merged = overlay(self.columns(start, stop), columns)
        added = len(merged) - (stop - start)
        if added:
            last, first = self.stop_number - 1, self.first_number
            if start < len(self) - stop:
                self._move_head(start, added)
                changed = (self.first_number, first + stop)
                self._pyramid.drop_before(changed[1])
            else:
                self._move_tail(stop, added)
                changed = (first + start, self.stop_number)
                self._pyramid.drop_from(changed[0])
            self._write(start, merged)
            self.version = self._writes.note(*changed, last)
            self.history_version += 1
        elif (differs := _differing(self, start, merged)) is not None:
            self._write(start, merged)
            self._note_history(start + differs[0], start + differs[1])

    def _move_head(self, stop: int, count: int) -> None:
        """Move the bars before index `stop` by `count` places to the front."""
        if self._first < count:
            self._make_room(before=count, after=0)
        first = self._first
        for array in self._arrays.values():
            array[first - count : first - count + stop] = array[first : first + stop]
        self._first -= count
        self.first_number -= count

    def _move_tail(self, start: int, count: int) -> None:
        """Move the bars from index `start` on by `count` places to the end."""
        if self._end + count > len(self._arrays["time_ns"]):
            self._make_room(before=0, after=count)
        at, end = self._first + start, self._end
        for array in self._arrays.values():
            array[at + count : end + count] = array[at:end]
        self._end += count

    def _make_room(self, *, before: int, after: int) -> None:
        """Grow by at least this much at that end, and by a part of what will be held; of the
        room at the other end no more than half such a part is kept."""
        held = len(self)
        spare = (held + before + after) // SPARE + 64
        head = before + spare if before else min(self._first, spare // 2)
        tail = len(self._arrays["time_ns"]) - self._end
        tail = after + spare if after else min(tail, spare // 2)
        for name in COLUMN_NAMES:
            grown = np.zeros(head + held + tail, _DTYPES[name])
            grown[head : head + held] = self._view(name)
            self._arrays[name] = grown
        self._first, self._end = head, head + held


def _differing(series: Series, start: int, columns: Columns) -> tuple[int, int] | None:
    """The first and behind the last of `columns` that is not the bar that is there already."""
    part = slice(start, start + len(columns))
    differs = np.zeros(len(columns), dtype=bool)
    for name in COLUMN_NAMES:
        differs |= getattr(series, name)[part] != getattr(columns, name)
    at = np.flatnonzero(differs)
    return (int(at[0]), int(at[-1]) + 1) if len(at) else None


def _part(columns: Columns, start: int, stop: int) -> Columns:
    """Bars `start:stop`, as views."""
    if stop - start == len(columns):
        return columns
    return Columns(**{name: getattr(columns, name)[start:stop] for name in COLUMN_NAMES})


def empty_columns() -> Columns:
    """Columns of no bars."""
    return Columns(**{name: np.zeros(0, _DTYPES[name]) for name in COLUMN_NAMES})


def flats(from_ns: int, to_ns: int, period_ns: int, price: float) -> Columns:
    """Bars without trades at `price`: all that start in the range, from its start on."""
    times = np.arange(from_ns, to_ns, period_ns, dtype=np.int64)
    prices = np.full(len(times), price)
    none = np.zeros(len(times))
    return Columns(
        time_ns=times, open=prices, high=prices, low=prices, close=prices, volume=none, trades=none
    )


def between(columns: Columns, start_ns: int, end_ns: int) -> Columns:
    """The bars that start in `start_ns <= time < end_ns`, as views."""
    first, last = np.searchsorted(columns.time_ns, (start_ns, end_ns))
    return Columns(**{name: getattr(columns, name)[first:last] for name in COLUMN_NAMES})


def pick(columns: Columns, chosen: np.ndarray) -> Columns:
    """The bars that `chosen` (a mask, or indices) names, as copies."""
    return Columns(**{name: getattr(columns, name)[chosen] for name in COLUMN_NAMES})


def overlay(under: Columns, over: Columns) -> Columns:
    """Both by their times; where both have a bar, that of `over`."""
    if not len(under) or not len(over):
        return over if len(over) else under
    kept = pick(under, ~np.isin(under.time_ns, over.time_ns))
    both = {
        name: np.concatenate([getattr(kept, name), getattr(over, name)]) for name in COLUMN_NAMES
    }
    return pick(Columns(**both), np.argsort(both["time_ns"], kind="stable"))


def concat(parts: Sequence[Columns]) -> Columns:
    """One after the other; each part starts after the one before it ends."""
    if not parts:
        return empty_columns()
    return Columns(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMN_NAMES}
    )


def resample(columns: Columns, period_s: int) -> Columns:
    """Bars of a longer period made of shorter ones, by the start times of their periods.

    The parts may be of different periods, if each lies in one long bar. A part without trades
    only repeats an older close: where another part of the same bar traded, it does not count,
    as it would not for the venue. The first and last bar may be made of fewer parts than they
    have.
    """
    if not len(columns):
        return columns
    period_ns = period_s * NANOS
    starts = columns.time_ns - columns.time_ns % period_ns
    kept = _counting(columns, starts)
    starts = starts[kept]
    firsts = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
    lasts = np.r_[firsts[1:], len(starts)] - 1
    return Columns(
        time_ns=starts[firsts],
        open=columns.open[kept][firsts],
        high=np.maximum.reduceat(columns.high[kept], firsts),
        low=np.minimum.reduceat(columns.low[kept], firsts),
        close=columns.close[kept][lasts],
        volume=np.add.reduceat(columns.volume[kept], firsts),
        trades=np.add.reduceat(columns.trades[kept], firsts),
    )


def _counting(columns: Columns, starts: np.ndarray) -> np.ndarray:
    """Which parts count (bool): those that moved or traded, and all of a bar that has none."""
    alive = (columns.volume != 0) | (columns.trades != 0) | (columns.high != columns.low)
    _, group = np.unique(starts, return_inverse=True)
    lives = np.zeros(int(group[-1]) + 1, dtype=bool)
    np.logical_or.at(lives, group, alive)
    counting: np.ndarray = alive | ~lives[group]
    return counting
