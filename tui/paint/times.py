"""The time axis in words: round times in a zone, and where days and sessions begin.

Which times are labelled depends on time and zoom alone and never on where they stand, so that
labels move with the bars and none comes or goes while the chart moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.clock import NANOS
from tui.paint.columns import TimeAxis
from tui.paint.format import moment

_HOUR = 3600
_DAY = 86_400
_MONTH = 31 * _DAY
_EPOCH_MONDAY = 4 * _DAY
"""1970 began on a Thursday, weeks begin on a Monday."""

_CLOCK_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 4 * _HOUR, 6 * _HOUR, 12 * _HOUR),
)
_STEPS = (*_CLOCK_STEPS, _DAY, 2 * _DAY, 7 * _DAY)
_MONTH_STEPS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200)

DAY_RANK, MONTH_RANK, YEAR_RANK = 100, 110, 120

LONG_GAP_NS = _HOUR * NANOS
"""Time without bars that ends a session."""

_LEAST_APART = 12
"""Cells between two separators, reckoned with days of 24 hours."""


class TimeLabel(NamedTuple):
    """A mark on the time axis."""

    column: int
    """Cell under which it stands."""
    text: str
    rank: int
    """The higher of two that would meet is shown."""

    @property
    def is_major(self) -> bool:
        """Whether a day, month or year begins."""
        return self.rank >= DAY_RANK


def time_labels(axis: TimeAxis, zone: tzinfo | None, gap: int) -> list[TimeLabel]:
    """Labels at round times in `zone`, at least some `gap` cells apart where time is in
    proportion."""
    if not len(axis):
        return []
    length_s = axis.step_ns / NANOS
    least_s = gap * 2 / axis.zoom.dots * length_s
    step = next((step for step in _STEPS if step >= least_s and step >= length_s), None)
    local = _local(axis, zone)
    if step is None:
        return _month_labels(axis, local, least_s)
    if step >= _DAY:
        return _day_labels(axis, local, step)
    return _clock_labels(axis, local, step, length_s)


def pinned_label(axis: TimeAxis, zone: tzinfo | None, labels: Sequence[TimeLabel]) -> str:
    """What the left edge says where `labels` do not: the day of times, or the year of days."""
    if not len(axis) or any(label.rank >= YEAR_RANK for label in labels):
        return ""
    at = _local(axis, zone)[int(axis.x.searchsorted(1 - axis.zoom.dots))]
    if any(label.rank >= DAY_RANK for label in labels):
        has_clock = any(label.rank < DAY_RANK for label in labels)
        return "" if has_clock else str(moment(int(at) * NANOS).year)
    return _day_text(int(at)) if axis.step_ns < _DAY * NANOS else str(moment(int(at) * NANOS).year)


def _clock_labels(axis: TimeAxis, local: np.ndarray, step: int, length_s: float) -> list[TimeLabel]:
    """Labels at times of day, and at the first bar of each day."""
    begins, moments, cells = _begun(axis, local, step, 0, length_s)
    days = local // _DAY
    labels = []
    for index, at, cell in zip(begins.tolist(), moments.tolist(), cells.tolist(), strict=True):
        if at % _DAY == 0 or (index and days[index - 1] != at // _DAY):
            labels.append(TimeLabel(cell, _day_text(at), DAY_RANK))
        else:
            labels.append(TimeLabel(cell, _clock_text(at, with_seconds=step < 60), _rank_of(at)))
    return labels


def _day_labels(axis: TimeAxis, local: np.ndarray, step: int) -> list[TimeLabel]:
    """Labels at days; the first of a year says the year."""
    origin = _EPOCH_MONDAY if step == 7 * _DAY else 0
    begins, moments, cells = _begun(axis, local, step, origin, axis.step_ns / NANOS)
    months = (local // _DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    labels = []
    last = -1
    for index, at, cell in zip(begins.tolist(), moments.tolist(), cells.tolist(), strict=True):
        month = int(months[index])
        # The month of the label before: told by time, not by what is in view.
        before = _month_of(at - step) if last < 0 else last
        if before // 12 != month // 12:
            labels.append(TimeLabel(cell, str(1970 + month // 12), YEAR_RANK))
        else:
            rank = MONTH_RANK if before != month else DAY_RANK
            labels.append(TimeLabel(cell, _day_text(at), rank))
        last = month
    return labels


def _month_labels(axis: TimeAxis, local: np.ndarray, least_s: float) -> list[TimeLabel]:
    """Labels at the beginnings of months and years."""
    months = -(-least_s // _MONTH)
    step = next((step for step in _MONTH_STEPS if step >= months), _MONTH_STEPS[-1])
    number = (local // _DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    # Years of a step are counted from the year 0: 1970 is no round one.
    bucket = (number + 1970 * 12) // step
    labels = []
    for index in ((bucket[1:] > bucket[:-1]).nonzero()[0] + 1).tolist():
        year, month = divmod(int(number[index]), 12)
        cell = int(axis.x[index] + axis.zoom.dots // 2) // 2
        if int(number[index - 1]) // 12 != year:
            labels.append(TimeLabel(cell, str(1970 + year), YEAR_RANK))
        else:
            labels.append(TimeLabel(cell, f"{datetime(2000, month + 1, 1):%b}", MONTH_RANK))
    return labels


def _begun(
    axis: TimeAxis, local: np.ndarray, step: int, origin: int, length_s: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places in which another `step` begins: index, local second of the label, and its cell."""
    ends = local + max(1, round(length_s)) - 1
    bucket = (ends - origin) // step
    # Another one, not a later one: when clocks are put back an hour comes twice.
    changes = bucket[1:] != bucket[:-1]
    begins = np.flatnonzero(np.r_[bucket[0] * step + origin >= local[0], changes])
    rounds = bucket[begins] * step + origin
    # In missing time that is drawn in proportion a round time has a place of its own.
    is_in_gap = (rounds < local[begins]) & (axis.cut[begins] == 0)
    dots = axis.zoom.dots
    back = np.where(is_in_gap, (local[begins] - rounds) / length_s * dots, 0)
    moments = np.where(is_in_gap, rounds, np.maximum(rounds, local[begins]))
    return begins, moments, (axis.x[begins] + dots // 2 - np.rint(back).astype(np.int64)) // 2


def _rank_of(local_s: int) -> int:
    """How round a time of day is: the place of the longest step that it is a multiple of."""
    clock = local_s % _DAY
    return max(at for at, step in enumerate(_CLOCK_STEPS) if clock % step == 0)


@lru_cache(maxsize=2048)
def _clock_text(local_s: int, *, with_seconds: bool) -> str:
    # `local_s` counts local seconds as if they were UTC: only its digits are read.
    at = moment(local_s * NANOS)
    return f"{at:%H:%M:%S}" if with_seconds else f"{at:%H:%M}"


@lru_cache(maxsize=2048)
def _day_text(local_s: int) -> str:
    at = moment(local_s * NANOS)
    return f"{at.day} {at:%b}"


def _month_of(local_s: int) -> int:
    """Months since 1970."""
    at = moment(local_s * NANOS)
    return (at.year - 1970) * 12 + at.month - 1


def fitted(labels: Sequence[TimeLabel], width: int) -> list[tuple[int, TimeLabel]]:
    """The labels that stand side by side in `width` cells, each centred, with its first cell.

    Of two that would meet the one of higher rank is shown, or the earlier. Each is judged by its
    neighbours and not by what became of them, or one that leaves would change all others.
    """
    placed = [(label.column - len(label.text) // 2, label) for label in labels]
    placed.sort(key=lambda item: item[0])
    shown = []
    for at, (start, label) in enumerate(placed):
        stop = start + len(label.text)
        if start < 0 or stop > width:
            continue
        is_free = not any(
            other_start <= stop and start <= other_start + len(other.text)
            and (other.rank > label.rank or (other.rank == label.rank and other_at < at))
            for other_at, (other_start, other) in _near(placed, at)
        )  # fmt: skip
        if is_free:
            shown.append((start, label))
    return shown


def _near(
    placed: Sequence[tuple[int, TimeLabel]], at: int
) -> list[tuple[int, tuple[int, TimeLabel]]]:
    """Labels that may meet label `at`: none is wider than ten characters."""
    start = placed[at][0]
    near = []
    for step in (-1, 1):
        other = at + step
        while 0 <= other < len(placed) and abs(placed[other][0] - start) <= 10:
            near.append((other, placed[other]))
            other += step
    return near


class Separator(NamedTuple):
    """Where a day or a session begins."""

    dot: int
    is_session: bool
    """Bars begin again here, after closed hours."""


def separators(axis: TimeAxis, zone: tzinfo | None) -> tuple[Separator, ...]:
    """Where sessions begin, and days, weeks, months or years: the shortest of those that leave
    room between them. What is cut short has a mark of its own and none here."""
    if len(axis) < 2:
        return ()
    length_s = axis.step_ns / NANOS
    dots = axis.zoom.dots
    local = _local(axis, zone)
    bucket, rounds = _calendar(local, length_s, dots)
    changed = bucket[1:] != bucket[:-1]
    gaps_ns = np.diff(axis.keys) * axis.step_ns
    cut = axis.cut[1:] > 0
    session = (gaps_ns > max(LONG_GAP_NS, 3 * axis.step_ns)) & ~cut
    found = []
    for index in (np.flatnonzero(changed & ~cut) + 1).tolist():
        back = min(local[index] - rounds[index], gaps_ns[index - 1] / NANOS) if rounds.size else 0
        found.append(Separator(int(axis.x[index]) - round(back / length_s * dots), False))
    found += [Separator(int(axis.x[at + 1]), True) for at in np.flatnonzero(session).tolist()]
    return tuple(found)


def _calendar(local: np.ndarray, length_s: float, dots: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of the day, week, month or year of each place, and its first local second."""

    def fits(unit_s: int) -> bool:
        return unit_s > length_s and unit_s / length_s * dots / 2 >= _LEAST_APART

    days = local // _DAY
    if fits(_DAY):
        return days, days * _DAY
    if fits(7 * _DAY):
        weeks = (local - _EPOCH_MONDAY) // (7 * _DAY)
        return weeks, weeks * 7 * _DAY + _EPOCH_MONDAY
    unit = "M" if fits(28 * _DAY) else "Y"
    whole = days.astype("datetime64[D]").astype(f"datetime64[{unit}]")
    return whole.astype(np.int64), whole.astype("datetime64[s]").astype(np.int64)


@lru_cache(maxsize=8)
def _local(axis: TimeAxis, zone: tzinfo | None) -> np.ndarray:
    """Local seconds of each place, counted as if they were UTC."""
    seconds: np.ndarray = axis.keys * axis.step_ns // NANOS
    return seconds + offsets(seconds, zone)


def offsets(seconds: np.ndarray, zone: tzinfo | None) -> np.ndarray | int:
    """Seconds that local time is ahead of UTC, at each of `seconds`, which rise."""
    first, last = moment(int(seconds[0]) * NANOS).year, moment(int(seconds[-1]) * NANOS).year
    changes = [change for year in range(first, last + 1) for change in _changes(zone, year)]
    ahead = np.array([ahead for _, ahead in changes])
    if (ahead == ahead[0]).all():
        return int(ahead[0])
    begins = np.array([begin for begin, _ in changes])
    found: np.ndarray = ahead[np.maximum(begins.searchsorted(seconds, side="right") - 1, 0)]
    return found


@lru_cache(maxsize=512)
def _changes(zone: tzinfo | None, year: int) -> tuple[tuple[int, int], ...]:
    """When in a year (UTC) clocks change, in Unix seconds, and how far they are ahead from
    then on; the first entry is the beginning of the year."""
    start = round(datetime(year, 1, 1).replace(tzinfo=_UTC).timestamp())
    days = 366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365
    found = [(start, _ahead(start, zone))]
    for day in range(start, start + days * _DAY, _DAY):
        if _ahead(day + _DAY, zone) != found[-1][1]:
            low, high = day, day + _DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (
                    (middle, high) if _ahead(middle, zone) == found[-1][1] else (low, middle)
                )
            found.append((high, _ahead(high, zone)))
    return tuple(found)


_UTC = moment(0).tzinfo


def _ahead(seconds: int, zone: tzinfo | None) -> int:
    shift = moment(seconds * NANOS, zone).utcoffset()
    return 0 if shift is None else round(shift / timedelta(seconds=1))
