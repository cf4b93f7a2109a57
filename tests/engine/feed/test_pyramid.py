from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tsdownsample import M4Downsampler

from engine.clock import NANOS
from engine.feed import pyramid, writes
from engine.feed.bars import Series, concat, empty_columns
from engine.feed.pyramid import BARS, Pyramid
from engine.messages import COLUMN_NAMES, Columns
from tests.support.series import WRITES, made, write

MODEST = st.floats(-1e6, 1e6, allow_nan=False)
HUGE = st.floats(-1e300, 1e300, allow_nan=False)
EQUAL = st.just(7.25)
PRICES = st.sampled_from((MODEST, HUGE, EQUAL))


@pytest.fixture(autouse=True, params=(0, 3))
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few bars are otherwise gone through one by one, and the levels not used; and so many
    writes are not seen here that the oldest would be put together."""
    monkeypatch.setattr(pyramid, "FEW", request.param)
    monkeypatch.setattr(writes, "MOST_WRITES", 1024 if request.param else 4)


def by_hand(whole: Columns, starts: list[int], stop: int) -> list[tuple[float, ...]]:
    """Each range of bars as one: time, first open, extremes, last close, sums, and the extremes
    of its closes."""
    rows = []
    for start, end in zip(starts, [*starts[1:], stop], strict=True):
        part = {name: getattr(whole, name)[start:end] for name in COLUMN_NAMES}
        rows.append(
            (
                part["time_ns"][0],
                part["open"][0],
                max(part["high"]),
                min(part["low"]),
                part["close"][-1],
                sum(part["volume"]),
                sum(part["trades"]),
                max(part["close"]),
                min(part["close"]),
            )
        )
    return rows


def by_pyramid(series: Series, starts: list[int], stop: int) -> list[tuple[float, ...]]:
    at = np.array(starts, dtype=np.int64)
    reduced = series.reduced(at, stop)
    columns = [getattr(reduced, name).tolist() for name in COLUMN_NAMES]
    columns += [extremes.tolist() for extremes in series.close_extremes(at, stop)]
    return list(zip(*columns, strict=True))


def divided(draw: Callable[..., object], count: int) -> tuple[list[int], int]:
    """Any ascending division of `count` bars into ranges."""
    edges = draw(st.lists(st.integers(0, count), min_size=2, max_size=12, unique=True))
    assert isinstance(edges, list)
    *starts, stop = sorted(edges)
    return starts, stop


@given(st.data(), st.integers(1, 5000), st.integers(0, 9))
def test_any_division_of_bars_is_what_it_is_by_hand(
    data: st.DataObject, count: int, seed: int
) -> None:
    series = Series(1, room=4)
    series.merge(made(count, seed))

    starts, stop = divided(data.draw, count)

    assert by_hand(series.columns(), starts, stop) == by_pyramid(series, starts, stop)


@settings(max_examples=300)
@given(WRITES, st.data())
def test_levels_follow_every_way_of_writing(
    steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    series = Series(1, room=4)
    series.merge(made(600, start_s=1000, step_s=3))

    for salt, (name, value) in enumerate([*steps, ("read", 0)]):
        write(series, name, value, salt)
        if name == "read" and len(series):
            starts, stop = divided(data.draw, len(series))
            assert by_hand(series.columns(), starts, stop) == by_pyramid(series, starts, stop)


@settings(max_examples=300)
@given(WRITES, st.integers(0, 29))
def test_what_changed_lies_in_the_range_that_was_touched(
    steps: list[tuple[str, int]], pause: int
) -> None:
    series = Series(1, room=4)
    series.merge(made(600, start_s=1000, step_s=3))

    for salt, (name, value) in enumerate(steps[:pause]):
        write(series, name, value, salt)
    since, before = series.version, numbered(series)
    for salt, (name, value) in enumerate(steps[pause:]):
        write(series, name, value, salt + 50)
        after, ranges = numbered(series), series.changes(since)
        changed = {number for number, row in after.items() if before.get(number) != row}
        start, stop = series.touched(since)
        assert all(start <= number < stop for number in changed)
        assert all(any(low <= number < high for low, high in ranges) for number in changed)
        if not series.dropped_version > since:
            assert before.keys() <= after.keys()
        elif len(series):
            assert (series.first_number, series.stop_number) == (start, stop)


def numbered(series: Series) -> dict[int, tuple[float, ...]]:
    columns = series.columns()
    rows = zip(*(getattr(columns, name).tolist() for name in COLUMN_NAMES), strict=True)
    return dict(enumerate(rows, series.first_number))


@given(st.data(), PRICES, st.integers(1, 400))
def test_extremes_of_any_values_are_kept(
    data: st.DataObject, prices: st.SearchStrategy[float], count: int
) -> None:
    values = np.array(data.draw(st.lists(prices, min_size=count, max_size=count)))
    flat = made(count)
    series = Series(1)
    series.merge(
        Columns(
            time_ns=flat.time_ns, open=values, high=values, low=values, close=values,
            volume=flat.volume, trades=flat.trades,
        )
    )  # fmt: skip

    starts, stop = divided(data.draw, count)

    assert by_hand(series.columns(), starts, stop) == by_pyramid(series, starts, stop)


@given(st.data(), st.lists(st.floats(0, 1e12), min_size=2, max_size=900))
def test_sums_of_any_volumes_are_right_to_the_last_digits(
    data: st.DataObject, volumes: list[float]
) -> None:
    flat, series = made(len(volumes)), Series(1)
    series.merge(
        Columns(
            time_ns=flat.time_ns, open=flat.open, high=flat.high, low=flat.low, close=flat.close,
            volume=np.array(volumes), trades=flat.trades,
        )
    )  # fmt: skip

    starts, stop = divided(data.draw, len(volumes))
    sums = series.reduced(np.array(starts), stop).volume

    for got, start, end in zip(sums, starts, [*starts[1:], stop], strict=True):
        assert got == pytest.approx(sum(volumes[start:end]), rel=1e-13, abs=0.0)


def test_no_bars_reduce_to_none() -> None:
    series = Series(1)

    assert not len(series.reduced(np.zeros(0, dtype=np.int64), 0))
    assert empty_columns().time_ns.dtype == series.reduced(np.zeros(0), 0).time_ns.dtype


@pytest.mark.parametrize(
    ("starts", "stop"), [([0, 0], 5), ([3, 2], 5), ([-1], 5), ([0], 6), ([5], 5)]
)
def test_what_is_no_division_of_the_bars_is_refused(starts: list[int], stop: int) -> None:
    series = Series(1)
    series.merge(made(5))

    with pytest.raises(ValueError, match="no division of 5 bars"):
        series.reduced(np.array(starts), stop)


def test_the_last_bar_is_seen_at_once_as_it_changes() -> None:
    series = Series(1)
    series.merge(made(1000))
    series.reduced(np.array([0]), 1000)

    series.set_last(1.0, 9999.0, -9999.0, 2.0, 0.0, 0.0)
    whole = series.reduced(np.array([0]), 1000)

    assert (9999.0, -9999.0, 2.0) == (whole.high[0], whole.low[0], whole.close[0])


def test_bars_keep_their_numbers_while_others_come_at_both_ends() -> None:
    series = Series(1)
    series.merge(made(4096, start_s=10_000))
    numbers = (series.first_number, series.stop_number)

    series.merge(made(100, start_s=0))
    series.merge(made(100, start_s=20_000))

    assert numbers == (0, 4096)
    assert (-100, 4196) == (series.first_number, series.stop_number)


def test_pages_before_and_bars_after_leave_the_blocks_between_as_they_are() -> None:
    whole, levels = made(10_000, start_s=10_000), Pyramid()
    views = {name: getattr(whole, name) for name in COLUMN_NAMES}
    inner = {name: values[1000:9000].copy() for name, values in views.items()}
    levels.cover(inner, 1000, 9000)
    for values in views.values():
        values[1008:8960] = 0  # nobody reads these again

    levels.cover(views, 0, 10_000)
    starts, stops = np.array([0]), np.array([10_000])
    highest = levels.reduce(views, 0, starts, stops, BARS)[0]

    assert highest[0] == made(10_000, start_s=10_000).high.max()


def test_the_levels_agree_with_m4_of_tsdownsample() -> None:
    """https://github.com/predict-idlab/tsdownsample, M4: Jugel et al., VLDB 2014."""
    for count, columns in ((1000, 10), (4096, 7), (50_000, 400), (12_345, 100)):
        series = Series(1)
        series.merge(made(count, seed=count))
        price = series.close.copy()
        at = M4Downsampler().downsample(price, n_out=columns * 4).astype(np.int64).reshape(-1, 4)

        highest, lowest = series.close_extremes(at[:, 0], count)
        bars = series.reduced(at[:, 0], count)

        assert at[1:, 0].tolist() == (at[:-1, 3] + 1).tolist()
        assert bars.close.tolist() == price[at[:, 3]].tolist()
        assert highest.tolist() == price[at].max(axis=1).tolist()
        assert lowest.tolist() == price[at].min(axis=1).tolist()


@given(st.integers(2, 40), st.integers(1, 60), st.integers(0, 9), st.floats(0, 0.6))
def test_the_levels_agree_with_m4_where_time_is_missing(
    columns: int, step: int, seed: int, closed: float
) -> None:
    width = 16 * step
    times = np.arange(1, columns * width)
    # None on the edge between two columns, which could count with either; and a long pause.
    open_ = (times % width > 0) & (
        (times < closed * times[-1]) | (times > 1.3 * closed * times[-1])
    )
    thin = np.random.default_rng(seed).random(len(times)) < 0.6
    thin[-3:] = True  # theirs loses a last value that stands alone behind empty columns
    times = np.concatenate([[0], times[open_ & thin], [columns * width]])
    whole = msgspec.structs.replace(made(len(times), seed), time_ns=times.astype(np.int64) * NANOS)
    series = Series(1)
    series.merge(whole)

    at = M4Downsampler().downsample(times.astype(float), whole.close, n_out=columns * 4)
    starts = np.unique(times.searchsorted(np.arange(columns) * width))
    highest, lowest = series.close_extremes(starts, len(times))

    column = starts.searchsorted(at.astype(np.int64), side="right") - 1
    for index in range(len(starts)):
        kept = whole.close[at[column == index].astype(np.int64)]
        assert (kept.max(), kept.min()) == (highest[index], lowest[index])


def test_memory_stays_bounded_however_a_series_grew() -> None:
    count = 200_000
    whole = made(count)
    at_once, prepended, one_by_one = Series(1), Series(1), Series(1)
    at_once.merge(whole)
    for stop in range(count, 0, -1000):
        part = {name: getattr(whole, name)[stop - 1000 : stop] for name in COLUMN_NAMES}
        prepended.merge(Columns(**part))
        prepended.reduced(np.array([0]), len(prepended))
    rows = [getattr(whole, name).tolist() for name in COLUMN_NAMES]
    for row in zip(*rows, strict=True):
        one_by_one.append(*row)

    bare = count * 7 * 8
    for series in (at_once, prepended, one_by_one):
        series.reduced(np.array([0]), count)
        assert series.nbytes <= 1.4 * bare
        assert series.pyramid_nbytes <= bare / 3
        assert concat([series.columns()]).close.tolist() == whole.close.tolist()
