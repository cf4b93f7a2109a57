"""Where labels stand: round prices, prices that must be seen, and times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.clock import NANOS
from tui.paint.columns import Columns
from tui.paint.format import moment

_DAY = 86_400
_MONTH = 31 * _DAY
_TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10_800, 14_400, 21_600, 43_200, _DAY, 2 * _DAY, 7 * _DAY),
)
_MONTH_STEPS = (1, 3, 6, 12, 24, 60, 120)


def price_step(span: Decimal, most: int, tick: Decimal) -> Decimal:
    """The smallest round step that is a multiple of `tick` and divides `span` in at most
    `most` parts. Round is 1, 2, 2.5 or 5 times a power of ten, where the tick allows it."""
    least = max(span / max(1, most), tick)
    power = least.adjusted() - 1
    for exponent in range(power, power + 6):
        for digits in ("1", "2", "2.5", "5"):
            step = Decimal(digits).scaleb(exponent)
            if step >= least and step % tick == 0:
                return step
    return (least / tick).to_integral_value(rounding=ROUND_CEILING) * tick


@lru_cache(maxsize=256)
def round_prices(low: float, high: float, most: int, tick: Decimal) -> tuple[Decimal, ...]:
    """Round prices from `low` to `high`, lowest first, at most some `most`."""
    bottom, top = Decimal(repr(float(low))), Decimal(repr(float(high)))
    step = price_step(top - bottom, most, tick)
    first = (bottom / step).to_integral_value(rounding=ROUND_CEILING)
    last = (top / step).to_integral_value(rounding=ROUND_FLOOR)
    return tuple((first + count) * step for count in range(int(last - first) + 1))


def spread_out(wanted: Sequence[int], weights: Sequence[float], rows: int) -> list[int]:
    """Rows for labels that are wanted at `wanted`, which rises: none twice, all in `rows`,
    moved as little as can be (least squares, by pooling adjacent violators).

    A heavier label moves less. There must not be more labels than rows.
    """
    # With label i at i + z[i] the z must not fall, and that is isotonic regression.
    blocks: list[tuple[float, float, int]] = []
    for index, (row, weight) in enumerate(zip(wanted, weights, strict=True)):
        mean, total, count = float(row - index), weight, 1
        while blocks and blocks[-1][0] >= mean:
            earlier, heavier, more = blocks.pop()
            mean = (mean * total + earlier * heavier) / (total + heavier)
            total, count = total + heavier, count + more
        blocks.append((mean, total, count))
    room = rows - len(wanted)
    means = [min(max(round(mean), 0), room) for mean, _, count in blocks for _ in range(count)]
    return [index + mean for index, mean in enumerate(means)]


class TimeLabel(NamedTuple):
    """A mark on the time axis."""

    column: int
    """Cell under which it stands."""
    text: str
    is_major: bool
    """A day, month or year begins."""


def time_labels(columns: Columns, zone: tzinfo | None, gap: int) -> list[TimeLabel]:
    """Labels at round times in `zone`, at least some `gap` cells apart.

    They stand where their time is, so that they move with the bars and never by themselves.
    """
    if not len(columns):
        return []
    length_s = columns.period_ns * columns.zoom.bars / NANOS
    least_s = gap * 2 / columns.zoom.dots * length_s
    step = next((step for step in _TIME_STEPS if step >= least_s and step >= length_s), None)
    starts = columns.start_ns // NANOS
    if step is None:
        return _month_labels(columns, starts, least_s, zone)
    shift = _offsets(starts, zone)
    local = starts + shift
    # Monday is the first day of a week; 1970 began on a Thursday.
    origin = 4 * _DAY if step == 7 * _DAY else 0
    ends = local + max(1, round(length_s)) - 1
    bucket = (ends - origin) // step
    # Another one, not a later one: when clocks are put back an hour comes twice.
    changes = bucket[1:] != bucket[:-1]
    begins = np.flatnonzero(np.r_[bucket[0] * step + origin >= local[0], changes])
    rounds = bucket[begins] * step + origin
    # In missing time that is drawn in proportion a round time has a place of its own.
    is_in_gap = (rounds < local[begins]) & (columns.cut_ns[begins] == 0)
    back = np.where(is_in_gap, (local[begins] - rounds) / length_s * columns.zoom.dots, 0)
    moments = np.where(is_in_gap, rounds, np.maximum(rounds, local[begins]))
    places = (columns.x[begins] + columns.zoom.dots // 2 - np.rint(back).astype(np.int64)) // 2
    days = local // _DAY
    labels = []
    for index, at, cell in zip(begins.tolist(), moments.tolist(), places.tolist(), strict=True):
        is_new = bool(index and days[index - 1] != at // _DAY)
        is_day = step >= _DAY or at % _DAY == 0 or is_new
        text = _clock_text(at, is_day=is_day, with_seconds=step < 60)
        labels.append(TimeLabel(cell, text, is_day))
    return labels


def _clock_text(local_s: int, *, is_day: bool, with_seconds: bool) -> str:
    # `local_s` counts local seconds as if they were UTC: only its digits are read.
    at = moment(local_s * NANOS)
    if is_day:
        return f"{at.day} {at:%b}"
    return f"{at:%H:%M:%S}" if with_seconds else f"{at:%H:%M}"


def _month_labels(
    columns: Columns, starts: np.ndarray, least_s: float, zone: tzinfo | None
) -> list[TimeLabel]:
    """Labels at the beginnings of months and years."""
    months = -(-least_s // _MONTH)
    step = next((step for step in _MONTH_STEPS if step >= months), _MONTH_STEPS[-1])
    dates = (starts + _offsets(starts, zone)).astype("datetime64[s]").astype("datetime64[M]")
    number = dates.astype(np.int64)
    bucket = number // step
    labels = []
    for index in (np.flatnonzero(bucket[1:] > bucket[:-1]) + 1).tolist():
        year, month = divmod(int(number[index]), 12)
        is_year = int(number[index - 1]) // 12 != year
        text = str(1970 + year) if is_year else f"{datetime(2000, month + 1, 1):%b}"
        labels.append(TimeLabel(_cell(columns, index), text, is_year))
    return labels


def _cell(columns: Columns, index: int) -> int:
    """The cell in which the middle of a column stands."""
    return int(columns.x[index] + columns.zoom.dots // 2) // 2


def _offsets(seconds: np.ndarray, zone: tzinfo | None) -> np.ndarray:
    """Seconds that local time is ahead of UTC, at each of `seconds`, which rise."""
    ends = [_offset(int(seconds[0]), zone), _offset(int(seconds[-1]), zone)]
    if ends[0] == ends[1] and seconds[-1] - seconds[0] < 90 * _DAY:
        return np.full(len(seconds), ends[0])
    return np.array([_offset(at, zone) for at in seconds.tolist()])


def _offset(seconds: int, zone: tzinfo | None) -> int:
    shift = moment(seconds * NANOS, zone).utcoffset()
    return 0 if shift is None else round(shift.total_seconds())


def fitted(labels: Sequence[TimeLabel], width: int) -> list[tuple[int, TimeLabel]]:
    """The labels that fit side by side into `width` cells, each centred, with its first cell.

    Days, months and years come before times of day; otherwise the earlier one stays.
    """
    taken: list[tuple[int, int]] = []
    shown = []
    for label in sorted(labels, key=lambda label: not label.is_major):
        start = label.column - len(label.text) // 2
        stop = start + len(label.text)
        at = bisect_right(taken, (start, stop))
        clear_left = at == 0 or taken[at - 1][1] < start
        clear_right = at == len(taken) or stop < taken[at][0]
        if start >= 0 and stop <= width and clear_left and clear_right:
            taken.insert(at, (start, stop))
            shown.append((start, label))
    return sorted(shown)
