"""Series of made-up bars, and every way in which one is written."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from engine.clock import NANOS
from engine.feed.bars import Series
from engine.messages import Columns


def made(count: int, seed: int = 1, *, start_s: int = 0, step_s: int = 1) -> Columns:
    """Seeded bars whose volumes and trades are whole numbers."""
    rng = np.random.default_rng(seed)
    close = 1000 + rng.standard_normal(count).cumsum()
    open_ = close + rng.standard_normal(count)
    return Columns(
        time_ns=(start_s + np.arange(count, dtype=np.int64) * step_s) * NANOS,
        open=open_,
        high=np.maximum(open_, close) + rng.random(count),
        low=np.minimum(open_, close) - rng.random(count),
        close=close,
        volume=rng.integers(0, 1000, count).astype(float),
        trades=rng.integers(0, 50, count).astype(float),
    )


WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 40)),
        st.tuples(st.just("set_last"), st.integers(1, 99)),
        st.tuples(st.just("prepend"), st.integers(1, 200)),
        st.tuples(st.just("extend"), st.integers(1, 200)),
        st.tuples(st.just("merge"), st.integers(0, 2000)),
        st.tuples(st.just("cut_from"), st.integers(0, 2500)),
        st.tuples(st.just("keep_last"), st.integers(0, 700)),
        st.tuples(st.just("set_bar"), st.integers(0, 5000)),
        st.tuples(st.just("flatten"), st.integers(0, 5000)),
        st.tuples(st.just("clear"), st.just(0)),
        st.tuples(st.just("read"), st.just(0)),
    ),
    max_size=30,
)
"""Names and values for `write`."""


def write(series: Series, name: str, value: int, salt: int) -> None:
    """One of the ways in which a series is written, at a place that depends on `value`."""
    first_s = int(series.time_ns[0]) // NANOS if len(series) else 1000
    last_s = int(series.time_ns[-1]) // NANOS if len(series) else 1000
    match name:
        case "append":
            price = float(value)
            series.append((last_s + value) * NANOS, price, price + 9, price - 9, price, 3.0, 1.0)
        case "set_last" if len(series):
            series.set_last(value, value + 5.0, value - 5.0, value, value, 2.0)
        case "prepend":
            # Every third second, so that bars can be put in between.
            series.merge(made(value, salt, start_s=first_s - 3 * value, step_s=3))
        case "extend":
            series.merge(made(value, salt, start_s=last_s, step_s=3))
        case "merge":
            series.merge(made(1 + value % 40, salt, start_s=first_s - 20 + value, step_s=2))
        case "cut_from":
            series.cut_from((last_s - value) * NANOS)
        case "keep_last":
            series.keep_last(value)
        case "set_bar" if len(series):
            series.set_bar(value % len(series), 1.0, 2000.0 + salt, -5.0, 3.0, 9.0, 4.0)
        case "flatten" if len(series):
            start = value % len(series)
            series.flatten(start, min(len(series), start + 5), 500.0 + salt)
        case "clear":
            series.clear()
