"""Bars of what trades live, kept as they are made."""

from __future__ import annotations

import numpy as np

from brokers.sim.history import Bars
from engine.clock import NANOS

_FIRST_ROOM = 256


class Recorder:
    """Bars of one period with trades in them, oldest first; the last one may be open.

    Holds between `keep` and twice `keep` bars once there are that many, and drops the oldest.
    """

    def __init__(self, period_s: int, keep: int) -> None:
        self._period_ns = period_s * NANOS
        self._keep = keep
        self._closed = np.zeros((len(Bars._fields), _FIRST_ROOM), np.int64)
        self._count = 0
        self._open: list[int] = []

    def add(self, time_ns: int, price: int, size: int) -> None:
        """Count a trade. Times must not go back by a period."""
        start_ns = time_ns - time_ns % self._period_ns
        bar = self._open
        if not bar or bar[0] != start_ns:
            self._close()
            self._open = [start_ns, price, price, price, price, size, 1]
            return
        if price > bar[2]:
            bar[2] = price
        elif price < bar[3]:
            bar[3] = price
        bar[4] = price
        bar[5] += size
        bar[6] += 1

    def extend(self, bars: Bars) -> None:
        """Take closed bars that all start after those that are held."""
        self._close()
        with_trades = bars.trades > 0
        added = np.stack([column[with_trades] for column in bars])[:, -self._keep :]
        self._make_room(added.shape[1])
        self._closed[:, self._count : self._count + added.shape[1]] = added
        self._count += added.shape[1]

    def bars(self, start_ns: int, end_ns: int) -> Bars:
        """Bars that start in [start, end); those without trades are left out."""
        held = self._closed[:, : self._count]
        if self._open:
            held = np.concatenate([held, np.array([self._open]).T], axis=1)
        first, stop = np.searchsorted(held[0], (start_ns, end_ns))
        return Bars(*held[:, first:stop].copy())

    def close_before(self, start_ns: int) -> int | None:
        """Close of the last bar that starts before `start_ns`; None if none is held."""
        if self._open and self._open[0] < start_ns:
            return self._open[4]
        at = int(np.searchsorted(self._closed[0, : self._count], start_ns))
        return int(self._closed[4, at - 1]) if at else None

    def _close(self) -> None:
        if self._open:
            self._make_room(1)
            self._closed[:, self._count] = self._open
            self._count += 1
            self._open = []

    def _make_room(self, wanted: int) -> None:
        if self._count > 2 * self._keep:
            self._closed[:, : self._keep] = self._closed[:, self._count - self._keep : self._count]
            self._count = self._keep
        if self._count + wanted > self._closed.shape[1]:
            grown = np.zeros((self._closed.shape[0], 2 * (self._count + wanted)), np.int64)
            grown[:, : self._count] = self._closed[:, : self._count]
            self._closed = grown
