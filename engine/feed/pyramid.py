"""Coarser levels beside a series, so that a far view costs what the screen costs.

A block of level 1 is 8 bars, one of level 2 is 64, and so on; blocks lie on a grid of bar numbers,
which bars keep while others are put before and after them. The grid begins where the times of the
first bars that were met would have it begin, so that without gaps a division by time, such as
that of a chart into columns of 512 minutes, falls between blocks and has no ends to look up. Of
each block the extremes and sums are kept; its first open and its last close stand in the series'
own columns.

Only whole blocks are kept, and none with the newest bar in it: that bar may change at any time
for nothing. What a reduction needs beyond them it takes from finer levels, down to the bars.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

SHIFT = 3
FACTOR = 1 << SHIFT
"""Blocks of a level that make one of the next."""

TRACKS: tuple[tuple[str, np.ufunc], ...] = (
    ("high", np.maximum),
    ("low", np.minimum),
    ("volume", np.add),
    ("trades", np.add),
    ("close", np.maximum),
    ("close", np.minimum),
)
"""What is kept of a block: a column of the series, and what makes one value of two."""

_NEUTRAL: dict[np.ufunc, float] = {np.maximum: -np.inf, np.minimum: np.inf, np.add: 0.0}
"""What changes nothing when it is folded with others."""

BARS, CLOSES = slice(0, 4), slice(4, 6)
"""The tracks of a bar, and those of the extremes of its closes."""

FEW = 256
"""Values per range up to which they are gone through one by one: that takes no longer than to
fetch those at its ends."""

_CHUNK_BARS = 1 << 16
"""Bars that are folded at once: what is made of them on the way stays in the processor's cache."""

_LEFT = np.arange(FACTOR - 1)[:, np.newaxis]
_RIGHT = np.arange(FACTOR)[:, np.newaxis]

Bars = Mapping[str, np.ndarray]


class _Level:
    """Blocks of one size: a row of values per track, with room at both ends."""

    def __init__(self) -> None:
        self.rows = np.zeros((len(TRACKS), 0))
        self.base = 0
        """Number of the block in the first place of a row."""

    def make_room(self, start: int, stop: int, held: tuple[int, int]) -> None:
        """Have places for the blocks `start:stop`; those of `held` keep their values."""
        room = self.rows.shape[1]
        if start >= self.base and stop <= self.base + room:
            return
        spare = (stop - start) // 16 + FACTOR
        base = start - (spare if start < self.base and room else 0)
        rows = np.zeros((len(TRACKS), stop + spare - base))
        if held[0] < held[1]:
            kept = self.rows[:, held[0] - self.base : held[1] - self.base]
            rows[:, held[0] - base : held[1] - base] = kept
        self.rows, self.base = rows, base


class Pyramid:
    """The levels of one series. Bars are named by their numbers; what it is told of by `drop_*`
    and `spoil` it repairs when it is next asked to `cover` the series."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []
        self._start = self._stop = 0
        """All whole blocks between these bars are kept."""
        self._spoilt = (0, 0)
        """Bars among them that were written over."""
        self._phase = 0
        """Added to the number of a bar: its place on the grid, by which it is named in here."""

    @property
    def nbytes(self) -> int:
        """Memory of all levels, with their spare room."""
        return sum(level.rows.nbytes for level in self._levels)

    def align(self, number: int, place: int) -> None:
        """Have bar `number` at `place` of the grid, where nothing is kept yet."""
        if self._start == self._stop:
            self._phase = place - number

    def spoil(self, start: int, stop: int) -> None:
        """Bars `start:stop` were written over."""
        start, stop = start + self._phase, stop + self._phase
        known_start, known_stop = self._spoilt
        if known_start < known_stop:
            start, stop = min(start, known_start), max(stop, known_stop)
        self._spoilt = (start, stop)

    def drop_from(self, number: int) -> None:
        """Bars from this one on are others than they were."""
        self._stop = max(self._start, min(self._stop, number + self._phase))

    def drop_before(self, number: int) -> None:
        """Bars before this one are others than they were."""
        self._start = min(self._stop, max(self._start, number + self._phase))

    def cover(self, bars: Bars, first: int, stop: int) -> None:
        """Have all whole blocks of the bars numbered `first` to before `stop`.

        Args:
            bars: the columns, from bar `first` on.
        """
        first, stop = first + self._phase, stop + self._phase
        start_known, stop_known = max(first, self._start), min(stop, self._stop)
        if start_known >= stop_known:
            start_known = stop_known = stop
        spoilt = (max(self._spoilt[0], start_known), min(self._spoilt[1], stop_known))
        if (start_known, stop_known) == (first, stop) and spoilt[0] >= spoilt[1]:
            return
        shift = 0
        while -(-first >> (shift + SHIFT)) < stop >> (shift + SHIFT):
            shift += SHIFT
            # Rounded up where blocks begin and down where they end: whole ones only.
            whole = (-(-first >> shift), stop >> shift)
            held = (-(-start_known >> shift), stop_known >> shift)
            if held[0] >= held[1]:
                held = (whole[1], whole[1])
            level = self._level(shift)
            level.make_room(*whole, held)
            self._fold(bars, first, shift, whole[0], held[0])
            self._fold(bars, first, shift, held[1], whole[1])
            if spoilt[0] < spoilt[1]:
                worn = (spoilt[0] >> shift, -(-spoilt[1] >> shift))
                self._fold(bars, first, shift, max(worn[0], held[0]), min(worn[1], held[1]))
        self._start, self._stop, self._spoilt = first, stop, (0, 0)

    def reduce(
        self, bars: Bars, first: int, starts: np.ndarray, stops: np.ndarray, tracks: slice
    ) -> list[np.ndarray]:
        """One value per track and range of bars.

        Args:
            bars: all columns of the series, from bar `first` on.
            starts: numbers of the first bars of the ranges, ascending.
            stops: of the bars behind their last; no range is empty, and each is over before the
                next one starts.
        """
        chosen = TRACKS[tracks]
        if _are_few(starts, stops):
            return [
                _between(bars[name], fold, starts - first, stops - first) for name, fold in chosen
            ]
        self.cover(bars, first, first + len(bars["high"]) - 1)
        made = [np.full(len(starts), _NEUTRAL[fold]) for _, fold in chosen]
        first, starts, stops = first + self._phase, starts + self._phase, stops + self._phase
        rows, base, shift = [bars[name] for name, _ in chosen], first, 0
        where: slice | np.ndarray = slice(None)
        while len(starts):
            if _are_few(starts, stops):
                for values, row, (_, fold) in zip(made, rows, chosen, strict=True):
                    more = _between(row, fold, starts - base, stops - base)
                    values[where] = fold(values[where], more)
                break
            known_stop = self._stop >> (shift + SHIFT)
            ragged = _ragged(starts, stops, known_stop)
            at = ragged if isinstance(where, slice) else where[ragged]
            if len(at):
                ends = _Ends(starts[ragged], stops[ragged], known_stop, base)
                for values, row, (_, fold) in zip(made, rows, chosen, strict=True):
                    values[at] = fold(values[at], ends.fold(row, fold))
            starts, stops = (starts + (FACTOR - 1)) >> SHIFT, np.minimum(stops >> SHIFT, known_stop)
            goes_on = (starts < stops).nonzero()[0]
            if len(goes_on) < len(starts):
                where = goes_on if isinstance(where, slice) else where[goes_on]
                starts, stops = starts[goes_on], stops[goes_on]
            shift += SHIFT
            level = self._level(shift)
            rows, base = list(level.rows[tracks]), level.base
        return made

    def _level(self, shift: int) -> _Level:
        index = shift // SHIFT - 1
        if index == len(self._levels):
            self._levels.append(_Level())
        return self._levels[index]

    def _fold(self, bars: Bars, first: int, shift: int, start: int, stop: int) -> None:
        """Make the blocks `start:stop` of a level of those of the level below."""
        level = self._level(shift)
        for at in range(start, stop, _CHUNK_BARS >> SHIFT):
            upto = min(stop, at + (_CHUNK_BARS >> SHIFT))
            out = level.rows[:, at - level.base : upto - level.base]
            if shift == SHIFT:
                part = slice((at << SHIFT) - first, (upto << SHIFT) - first)
                finer = [bars[name][part] for name, _ in TRACKS]
            else:
                below = self._level(shift - SHIFT)
                part = slice((at << SHIFT) - below.base, (upto << SHIFT) - below.base)
                finer = [row[part] for row in below.rows]
            for row, values, (_, fold) in zip(out, finer, TRACKS, strict=True):
                halves = fold(values[0::2], values[1::2])
                quarters = fold(halves[0::2], halves[1::2])
                fold(quarters[0::2], quarters[1::2], out=row)


class _Ends:
    """What ranges of values have besides whole blocks of the next level: up to seven values
    before the first of these, and up to eight after the last."""

    def __init__(self, starts: np.ndarray, stops: np.ndarray, known_stop: int, base: int) -> None:
        """
        Args:
            known_stop: the block behind the last one that the next level has.
            base: number of the first of the values that will be folded.
        """
        first = (starts + (FACTOR - 1)) >> SHIFT
        stop = np.minimum(stops >> SHIFT, known_stop)
        left = np.minimum(first << SHIFT, stops)
        right = np.maximum(stop << SHIFT, left)
        at = np.concatenate([starts + _LEFT, right + _RIGHT])
        self._counts = np.concatenate([at[: FACTOR - 1] < left, at[FACTOR - 1 :] < stops])
        # Behind an end, a value of the range stands again: extremes do not mind.
        self._at = np.minimum(at, stops - 1, out=at)
        self._at -= base

    def fold(self, values: np.ndarray, fold: np.ufunc) -> np.ndarray:
        """One value for each range."""
        ends = values.take(self._at)
        if fold is np.add:
            ends *= self._counts
        made: np.ndarray = fold.reduce(ends, axis=0)
        return made


def _ragged(starts: np.ndarray, stops: np.ndarray, known_stop: int) -> np.ndarray:
    """Which ranges of values are not made of whole blocks of the next level, or not of such as
    it has."""
    is_ragged: np.ndarray = ((starts | stops) & (FACTOR - 1)) != 0
    is_ragged |= stops >> SHIFT > known_stop
    return np.flatnonzero(is_ragged)


def _are_few(starts: np.ndarray, stops: np.ndarray) -> bool:
    return int(stops[-1]) - int(starts[0]) <= FEW * len(starts)


def _between(
    values: np.ndarray, fold: np.ufunc, starts: np.ndarray, stops: np.ndarray
) -> np.ndarray:
    """One value for each range, of all in it; the ranges do not overlap, and none is empty."""
    edges = np.stack([starts, stops], axis=1).ravel()[:-1]
    made: np.ndarray = fold.reduceat(values[: stops[-1]], edges)[::2]
    return made
