"""Bars kept as they are made, against the same trades counted at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.sim.history import Prints, count_bars
from brokers.sim.recorder import Recorder
from engine.clock import NANOS


@settings(deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 3 * NANOS), st.integers(1, 50), st.integers(1, 9)),
        min_size=1,
        max_size=60,
    )
)
def test_counts_trades_as_bars(trades: list[tuple[int, int, int]]) -> None:
    times = np.cumsum([wait for wait, _, _ in trades])
    prints = Prints(times, np.array([p for _, p, _ in trades]), np.array([s for _, _, s in trades]))
    recorder = Recorder(1, keep=1000)
    for time_ns, price, size in zip(*(column.tolist() for column in prints), strict=True):
        recorder.add(time_ns, price, size)

    counted, kept = count_bars(prints, 1), recorder.bars(0, int(times[-1]) + NANOS)

    assert all(np.array_equal(a, b) for a, b in zip(counted, kept, strict=True))
    assert recorder.close_before(int(times[-1]) + NANOS) == trades[-1][1]


def test_drops_the_oldest_once_it_holds_twice_what_it_keeps() -> None:
    recorder = Recorder(1, keep=300)
    for second in range(5000):
        recorder.add(second * NANOS, second, 1)

    bars = recorder.bars(0, 5000 * NANOS)

    assert 300 <= len(bars.time_ns) <= 602
    assert bars.close[-1] == 4999
    assert (np.diff(bars.close) == 1).all()
    assert recorder._closed.shape[1] < 2500


def test_takes_bars_between_trades() -> None:
    recorder = Recorder(1, keep=10)
    recorder.add(0, 5, 1)
    later = Recorder(1, keep=10)
    later.add(2 * NANOS, 7, 2)
    later.add(4 * NANOS, 9, 3)

    recorder.extend(later.bars(0, 9 * NANOS))
    recorder.add(4 * NANOS + NANOS, 8, 4)

    bars = recorder.bars(0, 9 * NANOS)
    assert bars.close.tolist() == [5, 7, 9, 8]
    assert recorder.close_before(0) is None
    assert recorder.close_before(4 * NANOS) == 7
