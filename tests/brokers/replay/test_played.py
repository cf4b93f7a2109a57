from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from brokers.replay import played
from brokers.replay.played import PlayedBars
from engine.clock import NANOS
from engine.feed.sampler import Sampler
from engine.messages import COLUMN_NAMES, Trade
from tests.support.tapes import at


def bars_of(*trades: tuple[float, float, float]) -> PlayedBars:
    """One-second bars of trades given as (seconds, price, size)."""
    bars = PlayedBars(1)
    for seconds, price, size in trades:
        bars.add(at(seconds), price, size, 1)
    return bars


def test_trades_fold_into_the_bar_of_their_time() -> None:
    bars = bars_of((0.1, 10, 1), (0.5, 12, 2), (0.7, 9, 1), (0.9, 11, 1), (1.0, 20, 5))

    columns = bars.page(at(2), at(2), 10).columns

    assert columns.time_ns.tolist() == [at(0), at(1)]
    assert columns.open.tolist() == [10, 20]
    assert columns.high.tolist() == [12, 20]
    assert columns.low.tolist() == [9, 20]
    assert columns.close.tolist() == [11, 20]
    assert columns.volume.tolist() == [5, 5]
    assert columns.trades.tolist() == [4, 1]


def test_bars_without_trades_repeat_the_close() -> None:
    columns = bars_of((0, 10, 1), (3, 12, 1)).page(at(6), at(6), 10).columns

    assert columns.close.tolist() == [10, 10, 10, 12, 12, 12]
    assert columns.open.tolist() == [10, 10, 10, 12, 12, 12]
    assert columns.volume.tolist() == [1, 0, 0, 1, 0, 0]


def test_an_open_bar_is_not_served() -> None:
    bars = bars_of((0, 10, 1), (1, 11, 1))

    assert bars.page(at(9), at(1.999), 10).columns.time_ns.tolist() == [at(0)]
    assert bars.page(at(9), at(2), 10).columns.time_ns.tolist() == [at(0), at(1)]


def test_pages_join_and_say_when_there_is_more() -> None:
    bars = bars_of(*((second, second, 1) for second in range(10)))

    newest = bars.page(at(10), at(10), 4)
    middle = bars.page(int(newest.columns.time_ns[0]), at(10), 4)
    oldest = bars.page(int(middle.columns.time_ns[0]), at(10), 4)

    assert newest.columns.close.tolist() == [6, 7, 8, 9]
    assert middle.columns.close.tolist() == [2, 3, 4, 5]
    assert oldest.columns.close.tolist() == [0, 1]
    assert [newest.has_more, middle.has_more, oldest.has_more] == [True, True, False]


def test_a_page_before_everything_or_of_nothing_is_empty() -> None:
    bars = bars_of((5, 10, 1))

    for page in (
        bars.page(at(5), at(9), 10),
        bars.page(at(9), at(9), 0),
        PlayedBars(1).page(at(9), at(9), 10),
    ):
        assert len(page.columns) == 0
        assert not page.has_more


def test_late_trades_mend_their_bar() -> None:
    bars = bars_of((0.5, 10, 1), (1.5, 20, 1), (0.2, 7, 1), (0.9, 13, 1), (0.6, 11, 1))

    columns = bars.page(at(1), at(2), 1).columns

    assert columns.open.tolist() == [7]
    assert columns.high.tolist() == [13]
    assert columns.low.tolist() == [7]
    assert columns.close.tolist() == [13]
    assert columns.volume.tolist() == [4]


def test_the_day_is_measured_from_the_price_of_its_beginning() -> None:
    bars = bars_of((0, 10, 1), (1, 11, 2), (2, 12, 4))

    assert bars.since(at(2)) == (11, 4)
    assert bars.since(at(-100)) == (10, 7)
    assert PlayedBars(1).since(at(0)) == (None, 0)


def test_the_oldest_bars_are_dropped_in_the_end(monkeypatch) -> None:
    monkeypatch.setattr(played, "MAX_BARS", 10)
    bars = bars_of(*((second, second, 1) for second in range(100)))

    assert 10 <= len(bars) <= 15
    assert bars.page(at(100), at(100), 5).columns.close.tolist() == [95, 96, 97, 98, 99]
    assert not bars.page(at(100), at(100), 50).has_more


@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 20), st.integers(1, 5)), min_size=1),
    st.sampled_from([1, 5]),
)
def test_bars_are_those_that_the_sampler_makes(
    trades: list[tuple[int, int, int]], period_s: int
) -> None:
    """In any order of arrival: history has to fit to what was sampled live."""
    now_ns, sampler, bars = at(30), Sampler(), PlayedBars(period_s)
    series = sampler.register("x.y", period_s, lambda: now_ns)
    for milliseconds, price, size in trades:
        time_ns = at(milliseconds / 1000)
        sampler.on_ticks("x.y", [Trade("x.y", price, size, "", time_ns, time_ns)])
        bars.add(time_ns, price, size, 1)
    sampler.step()

    columns = bars.page(now_ns, now_ns, 1000).columns

    assert columns.time_ns[-1] == now_ns - period_s * NANOS
    sampled = series.columns(0, len(columns))
    for name in COLUMN_NAMES:
        assert np.array_equal(getattr(columns, name), getattr(sampled, name)), name


def test_a_gap_of_the_recording_has_no_bars_on_any_page() -> None:
    bars = PlayedBars(60)
    for minute in (0, 1, 3):
        bars.add(at(60 * minute), 100.0, 1.0, 1)
    bars.lose()
    for minute in (500, 502):
        bars.add(at(60 * minute), 101.0, 1.0, 1)
    bars.lose()

    whole = bars.page(at(60 * 900), at(60 * 900), 2000)
    newest = bars.page(at(60 * 900), at(60 * 900), 10)
    older = bars.page(int(newest.columns.time_ns[0]), at(60 * 900), 2)
    oldest = bars.page(int(older.columns.time_ns[0]), at(60 * 900), 2)

    minutes = (whole.columns.time_ns - at(0)) // (60 * NANOS)
    assert minutes.tolist() == [0, 1, 2, 3, 500, 501, 502]
    assert (newest.columns.time_ns - at(0)).tolist() == [60 * NANOS * n for n in (500, 501, 502)]
    assert (older.columns.time_ns - at(0)).tolist() == [60 * NANOS * n for n in (2, 3)]
    assert (oldest.columns.time_ns - at(0)).tolist() == [60 * NANOS * n for n in (0, 1)]
    assert (newest.has_more, older.has_more, oldest.has_more) == (True, True, False)

    bars.clear()
    bars.add(at(0), 1.0, 1.0, 1)
    assert len(bars.page(at(600), at(600), 10).columns) == 10
