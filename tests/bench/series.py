"""What a series costs: its memory, a far view of it, and knowing what changed.

    python tests/bench/series.py [WIDTH]

A view of everything in WIDTH columns (400 unless given) for series of 10^4 to 10^7 bars, by the
pyramid, beside going through all bars (numpy's `reduceat`) in the same run; the memory of a
million bars with their pyramid, over that of the bare columns, however they came in.

Prints `name value unit` lines; each time is the median of the rounds, of the processor.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from engine.clock import NANOS
from engine.feed.bars import Series
from engine.messages import COLUMN_NAMES, Columns

COUNTS = (10**4, 10**5, 10**6, 10**7)
MILLION = 10**6
PAGE = 1000
ROUNDS = 101


def made(count: int) -> Columns:
    rng = np.random.default_rng(1)
    close = 1000 + rng.standard_normal(count).cumsum()
    return Columns(
        time_ns=np.arange(count, dtype=np.int64) * NANOS,
        open=np.r_[1000.0, close[:-1]],
        high=close + 2,
        low=close - 2,
        close=close,
        volume=rng.integers(0, 100, count).astype(float),
        trades=rng.integers(0, 9, count).astype(float),
    )


def part(columns: Columns, start: int, stop: int) -> Columns:
    return Columns(**{name: getattr(columns, name)[start:stop] for name in COLUMN_NAMES})


def took_us(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return statistics.median(times) * 1e6


def by_all_bars(series: Series, starts: np.ndarray) -> None:
    np.maximum.reduceat(series.high, starts)
    np.minimum.reduceat(series.low, starts)
    np.add.reduceat(series.volume, starts)
    np.add.reduceat(series.trades, starts)


def view(count: int, width: int) -> None:
    """A far view: all bars in `width` columns."""
    columns, series = made(count), Series(1)
    starts = np.arange(width) * count // width
    print(f"merge_{count} {took_us(lambda: series.merge(columns), 1) / 1e3:.1f} ms")
    first = took_us(lambda: series.reduced(starts, count), 1)
    by_pyramid = took_us(lambda: series.reduced(starts, count))
    by_all = took_us(lambda: by_all_bars(series, starts), 5)
    since = series.version
    series.set_last(1.0, 2.0, 0.5, 1.5, 1.0, 1.0)
    print(f"first_view_{count} {first / 1e3:.1f} ms")
    print(f"view_{count} {by_pyramid:.0f} us")
    print(f"view_{count}_by_all_bars {by_all:.0f} us")
    print(f"touched_{count} {took_us(lambda: series.touched(since)):.2f} us")


def memory() -> None:
    """A million bars with their pyramid over the bare columns, by how they came in."""
    columns = made(MILLION)
    bare = MILLION * sum(getattr(columns, name).itemsize for name in COLUMN_NAMES)
    whole, pages, single = Series(1), Series(1), Series(1)
    whole.merge(columns)
    for stop in range(MILLION, 0, -PAGE):
        pages.merge(part(columns, stop - PAGE, stop))
        pages.reduced(np.array([0]), len(pages))
    for row in zip(*(getattr(columns, name).tolist() for name in COLUMN_NAMES), strict=True):
        single.append(*row)
    for name, series in (("at_once", whole), ("prepended", pages), ("one_by_one", single)):
        series.reduced(np.array([0]), MILLION)
        print(f"memory_{name} {series.nbytes / bare:.3f} of_bare_columns")
        print(f"pyramid_{name} {series.pyramid_nbytes / bare:.3f} of_bare_columns")


def main() -> int:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    width = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print(f"width {width} columns")
    for count in COUNTS:
        view(count, width)
    memory()
    return 0


if __name__ == "__main__":
    sys.exit(main())
