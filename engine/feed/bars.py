"""A series: all bars of one market and period, as columns that grow at both ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.clock import NANOS
from engine.messages import COLUMN_NAMES, Columns

_DTYPES = {name: np.int64 if name == "time_ns" else np.float64 for name in COLUMN_NAMES}


class Series:
    """Bars of one period, oldest first, strictly increasing in time.

    Each column is an array of its own with room at both ends: history arrives later than the
    present. Read access is by views that are valid until the next write.
    """

    def __init__(self, period_s: int, room: int = 1024) -> None:
        self.period_s = period_s
        self.period_ns = period_s * NANOS
        self._first = self._end = room // 4
        self._arrays = {name: np.zeros(room, _DTYPES[name]) for name in COLUMN_NAMES}
        self.history_version = 0
        """Goes up when anything but the last bar changed: prepended, merged, cut off."""

    def __len__(self) -> int:
        return self._end - self._first

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

    def columns(self, start: int = 0, stop: int | None = None) -> Columns:
        """A copy of bars `start:stop`, counted as a slice counts."""
        part = slice(start, stop)
        return Columns(**{name: self._view(name)[part].copy() for name in COLUMN_NAMES})

    def index_at(self, time_ns: int) -> int:
        """Index of the first bar that starts at or after `time_ns`; `len` if there is none."""
        return int(np.searchsorted(self.time_ns, time_ns))

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
        self.set_last(open_, high, low, close, volume, trades)
        self._arrays["time_ns"][self._end - 1] = time_ns

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
        at, arrays = self._end - 1, self._arrays
        arrays["open"][at] = open_
        arrays["high"][at] = high
        arrays["low"][at] = low
        arrays["close"][at] = close
        arrays["volume"][at] = volume
        arrays["trades"][at] = trades

    def merge(self, columns: Columns) -> None:
        """Put bars in by their time; where both have a bar, `columns` wins.

        Cheap where they go before the first bar, or from the last bar on.
        """
        if not len(columns):
            return
        if not len(self) or columns.time_ns[-1] < self.time_ns[0]:
            self._prepend(columns)
        elif columns.time_ns[0] >= self.time_ns[-1]:
            self._extend(columns)
        else:
            self._interleave(columns)

    def cut_from(self, time_ns: int) -> None:
        """Drop every bar that starts at or after `time_ns`."""
        self._end = self._first + self.index_at(time_ns)
        self.history_version += 1

    def clear(self) -> None:
        """Drop every bar."""
        self._end = self._first
        self.history_version += 1

    def _view(self, name: str) -> np.ndarray:
        return self._arrays[name][self._first : self._end]

    def _prepend(self, columns: Columns) -> None:
        count = len(columns)
        if self._first < count:
            self._make_room(before=count, after=0)
        self._first -= count
        for name in COLUMN_NAMES:
            self._arrays[name][self._first : self._first + count] = getattr(columns, name)
        self.history_version += 1

    def _extend(self, columns: Columns) -> None:
        if columns.time_ns[0] == self.time_ns[-1]:
            self._end -= 1
            if len(columns) > 1:
                self.history_version += 1
        count = len(columns)
        if self._end + count > len(self._arrays["time_ns"]):
            self._make_room(before=0, after=count)
        for name in COLUMN_NAMES:
            self._arrays[name][self._end : self._end + count] = getattr(columns, name)
        self._end += count

    def _interleave(self, columns: Columns) -> None:
        merged = overlay(self.columns(), columns)
        self._arrays = {name: getattr(merged, name) for name in COLUMN_NAMES}
        self._first, self._end = 0, len(merged)
        self.history_version += 1

    def _make_room(self, *, before: int, after: int) -> None:
        """Grow by at least this much at that end, and by half of what is held."""
        spare = len(self) // 2 + 64
        head = before + spare if before else self._first
        tail = after + spare if after else len(self._arrays["time_ns"]) - self._end
        held = len(self)
        for name in COLUMN_NAMES:
            grown = np.zeros(head + held + tail, _DTYPES[name])
            grown[head : head + held] = self._view(name)
            self._arrays[name] = grown
        self._first, self._end = head, head + held


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
