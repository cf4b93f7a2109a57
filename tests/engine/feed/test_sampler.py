from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import NANOS, TrioClock
from engine.errors import UsageError
from engine.feed.bars import Series
from engine.feed.sampler import Backfill, Sampler, Step
from engine.messages import Ask, Bid, Break, Tick, Trade
from tests.support.market_truth import as_columns, plain_bars, random_trades, traded_bars

FQME = "aaa.spot.truth"
ZERO_NS = 1_000_000 * NANOS
"""A time on the grid of every short period, and of 100 s, but not of a day."""

PERIODS = (1, 5, 15, 60, 300, 900, 3600, 14400, 86400)


class Watch:
    """A market's time, set by hand."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_ns = ZERO_NS + round(now_s * NANOS)

    def set(self, now_s: float) -> None:
        self.now_ns = ZERO_NS + round(now_s * NANOS)

    def read(self) -> int:
        return self.now_ns


def trade(at_s: float, price: float, size: float = 1.0, count: int = 1) -> Trade:
    time_ns = ZERO_NS + round(at_s * NANOS)
    return Trade(FQME, price, size, "", time_ns, time_ns, "", count)


def bid(at_s: float) -> Bid:
    time_ns = ZERO_NS + round(at_s * NANOS)
    return Bid(FQME, 1.0, 1.0, time_ns, time_ns)


def broken(at_s: float, reason: str) -> Break:
    time_ns = ZERO_NS + round(at_s * NANOS)
    return Break(FQME, reason, time_ns, time_ns)  # type: ignore[arg-type]


def sampled(period_s: int = 1) -> tuple[Sampler, Series, Watch]:
    sampler, watch = Sampler(), Watch()
    return sampler, sampler.register(FQME, period_s, watch.read), watch


def rows(series: Series) -> list[tuple[float, float, float, float, float, float, float]]:
    """Bars with their time in seconds since zero."""
    return [
        ((int(time_ns) - ZERO_NS) / NANOS, *values)
        for time_ns, *values in zip(
            series.time_ns,
            series.open.tolist(),
            series.high.tolist(),
            series.low.tolist(),
            series.close.tolist(),
            series.volume.tolist(),
            series.trades.tolist(),
            strict=True,
        )
    ]


def check_is_whole(series: Series) -> None:
    """Every period from first to last has its bar, and those without trades repeat the close."""
    close = math.nan
    for at, time_ns in enumerate(series.time_ns):
        assert time_ns == series.time_ns[0] + at * series.period_ns
        if not series.trades[at]:
            assert {close} == {
                float(column[at]) for column in (series.open, series.high, series.low, series.close)
            }
            assert series.volume[at] == 0
        close = float(series.close[at])


# -- bars of trades ---------------------------------------------------------------------------


@pytest.mark.parametrize("period_s", PERIODS)
def test_bars_are_those_of_the_venue_for_every_period(period_s: int) -> None:
    sampler, series, _ = sampled(period_s)
    trades = random_trades(1, ZERO_NS, ZERO_NS + period_s * 40 * NANOS, period_s / 7)

    for one in trades:
        sampler.on_ticks(FQME, [one])

    assert plain_bars(trades, period_s) == traded_bars(series.columns())
    check_is_whole(series)


moments = st.lists(
    st.one_of(
        st.tuples(
            st.just("trade"),
            st.integers(0, 300),  # tenths of a second
            st.integers(1, 40),
            st.integers(1, 3),
        ),
        st.tuples(st.just("step"), st.integers(0, 320), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@given(moments, st.integers(1, 4))
def test_trades_in_any_order_with_any_steps_between_make_the_same_bars(
    script: Sequence[tuple[str, int, int, int]], batch: int
) -> None:
    sampler, watch = Sampler(), Watch()
    series = {period_s: sampler.register(FQME, period_s, watch.read) for period_s in (1, 5, 15)}
    trades: list[Trade] = []
    waiting: list[Trade] = []

    for what, tenths, price, count in script:
        if what == "trade":
            trades.append(trade(tenths / 10, float(price), price / 8, count))
            waiting.append(trades[-1])
        else:
            watch.set(tenths / 10)
            sampler.step()
        if len(waiting) >= batch:
            sampler.on_ticks(FQME, waiting)
            waiting = []
    sampler.on_ticks(FQME, waiting)

    for period_s, made in series.items():
        assert plain_bars(trades, period_s) == traded_bars(made.columns())
        check_is_whole(made)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.lists(st.integers(1, 6)))
def test_how_ticks_are_batched_changes_nothing(times: list[int], sizes: list[int]) -> None:
    ticks: list[Tick] = [trade(at / 3, float(at)) for at in sorted(times)]
    one_by_one, _series, _ = sampled()
    for tick in ticks:
        one_by_one.on_ticks(FQME, [tick])
    batched, series, _ = sampled()
    left = list(ticks)
    for size in [*sizes, len(ticks)]:
        batched.on_ticks(FQME, left[:size])
        del left[:size]

    assert rows(_series) == rows(series)


def test_the_open_bar_is_in_the_series_at_once() -> None:
    sampler, series, _ = sampled()

    sampler.on_ticks(FQME, [trade(0.1, 10.0, 2.0), trade(0.2, 12.0), trade(0.3, 9.0, 0.5, 4)])

    assert [(0.0, 10.0, 12.0, 9.0, 9.0, 3.5, 6.0)] == rows(series)


def test_a_trade_at_the_end_of_a_period_belongs_to_the_next() -> None:
    sampler, series, _ = sampled()

    sampler.on_ticks(FQME, [trade(0.999999999, 10.0), trade(1.0, 20.0)])

    assert [0.0, 1.0] == [row[0] for row in rows(series)]
    assert [10.0, 20.0] == [row[4] for row in rows(series)]


def test_a_trade_without_a_venue_time_counts_when_it_came() -> None:
    sampler, series, _ = sampled()

    sampler.on_ticks(FQME, [Trade(FQME, 5.0, 1.0, "", 0, ZERO_NS + 3 * NANOS)])

    assert [(3.0, 5.0, 5.0, 5.0, 5.0, 1.0, 1.0)] == rows(series)


def test_a_price_that_is_only_restated_trades_nothing() -> None:
    sampler, series, watch = sampled()

    sampler.on_ticks(FQME, [trade(0.5, 7.0, 0.0, 0)])
    assert not len(series)
    watch.set(3.2)
    sampler.step()

    assert [(3.0, 7.0, 7.0, 7.0, 7.0, 0.0, 0.0)] == rows(series)


def test_quotes_and_markets_that_nobody_samples_make_no_bars() -> None:
    sampler, series, _ = sampled()

    sampler.on_ticks(FQME, [bid(0.1), Ask(FQME, 2.0, 1.0)])
    sampler.on_ticks("bbb.spot.truth", [trade(0.2, 1.0)])

    assert not len(series)


def test_bars_between_two_trades_repeat_the_close_with_no_volume() -> None:
    sampler, series, _ = sampled()

    sampler.on_ticks(FQME, [trade(0.5, 10.0), trade(0.6, 11.0), trade(9.1, 20.0)])

    assert list(range(10)) == [row[0] for row in rows(series)]
    assert [(11.0, 11.0, 11.0, 11.0, 0.0, 0.0)] * 8 == [row[1:] for row in rows(series)[1:9]]
    check_is_whole(series)


def test_the_first_trade_of_a_bar_is_its_open_and_not_the_last_close() -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(0.5, 10.0)])
    watch.set(1.0)
    sampler.step()

    sampler.on_ticks(FQME, [trade(1.5, 30.0)])

    assert (1.0, 30.0, 30.0, 30.0, 30.0, 1.0, 1.0) == rows(series)[1]


def test_a_silence_of_months_stays_a_gap_instead_of_filling_the_memory() -> None:
    sampler, series, _ = sampled()

    sampler.on_ticks(FQME, [trade(0.0, 10.0), trade(90 * 86400.0, 20.0)])

    assert [0.0, 90 * 86400.0] == [row[0] for row in rows(series)]


# -- time -------------------------------------------------------------------------------------


def test_a_step_closes_what_is_over_and_opens_the_next_flat() -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(0.5, 10.0), trade(0.6, 11.0)])

    watch.set(0.99)
    sampler.step()
    assert len(series) == 1
    watch.set(2.0)
    sampler.step()

    assert [0.0, 1.0, 2.0] == [row[0] for row in rows(series)]
    check_is_whole(series)


def test_before_a_price_is_known_time_makes_no_bars() -> None:
    sampler, series, watch = sampled()

    watch.set(5.0)
    sampler.step()
    assert not len(series)
    sampler.seed(FQME, 42.0)
    watch.set(7.3)
    sampler.step()

    assert [(7.0, 42.0, 42.0, 42.0, 42.0, 0.0, 0.0)] == rows(series)


def test_a_venue_ahead_of_us_opens_bars_before_we_do() -> None:
    sampler, series, watch = sampled()
    trades = random_trades(3, ZERO_NS, ZERO_NS + 60 * NANOS, 0.3)

    for one in trades:
        watch.now_ns = one.venue_ns - 1_200_000_000
        sampler.on_ticks(FQME, [one])
        sampler.step()

    assert plain_bars(trades, 1) == traded_bars(series.columns())
    check_is_whole(series)


def test_a_venue_behind_us_mends_bars_that_time_has_closed() -> None:
    sampler, series, watch = sampled()
    trades = random_trades(4, ZERO_NS, ZERO_NS + 60 * NANOS, 0.3)

    for one in trades:
        watch.now_ns = one.venue_ns + 3_700_000_000
        sampler.step()
        sampler.on_ticks(FQME, [one])

    assert plain_bars(trades, 1) == traded_bars(series.columns())
    check_is_whole(series)


def test_a_clock_that_is_set_back_undoes_nothing() -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(10.0, 5.0)])
    watch.set(12.5)
    sampler.step()
    before = rows(series)

    watch.set(4.0)
    sampler.step()

    assert before == rows(series)


def test_a_late_trade_mends_its_bar_and_the_flat_ones_after_it() -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(0.5, 10.0)])
    watch.set(3.0)
    sampler.step()

    sampler.on_ticks(FQME, [trade(0.9, 12.0, 2.0)])

    assert (0.0, 10.0, 12.0, 10.0, 12.0, 3.0, 2.0) == rows(series)[0]
    check_is_whole(series)


def test_a_trade_too_late_for_its_place_in_the_bar_to_be_known_still_counts() -> None:
    sampler, series, _ = sampled()
    sampler.on_ticks(FQME, [trade(at + 0.5, 10.0) for at in range(200)])

    sampler.on_ticks(FQME, [trade(3.9, 15.0, 2.0)])

    assert (3.0, 10.0, 15.0, 10.0, 10.0, 3.0, 2.0) == rows(series)[3]


async def test_the_sampler_steps_at_whole_seconds_of_the_market(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    clock = TrioClock(ZERO_NS + 300_000_000)
    sampler = Sampler()
    series = sampler.register(FQME, 1, clock.now_ns)
    sampler.seed(FQME, 9.0)
    await nursery.start(sampler.run)

    with sampler.listen(1) as listener:
        heard = [(await listener.receive(), clock.now_ns()) for _ in range(3)]

    assert [(ZERO_NS + n * NANOS, ZERO_NS + n * NANOS) for n in (1, 2, 3)] == [
        (step.time_ns, at_ns) for step, at_ns in heard if isinstance(step, Step)
    ]
    assert len(series) == 3
    nursery.cancel_scope.cancel()


async def test_a_market_registered_later_does_not_wait_for_the_others(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    clock = TrioClock(ZERO_NS)
    sampler = Sampler()
    sampler.register(FQME, 3600, clock.now_ns)
    await nursery.start(sampler.run)
    await trio.sleep(10.5)

    series = sampler.register("bbb.spot.truth", 1, clock.now_ns)
    sampler.seed("bbb.spot.truth", 1.0)
    await trio.sleep(3)

    assert len(series) == 3
    nursery.cancel_scope.cancel()


# -- breaks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["stale", "gap", "end"])
def test_time_makes_no_bars_while_the_stream_is_silent(reason: str) -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(0.5, 10.0), broken(0.7, reason)])

    watch.set(5.0)
    sampler.step()

    assert [0.0] == [row[0] for row in rows(series)]


@pytest.mark.parametrize("first", [bid(5.2), trade(5.2, 11.0)], ids=["quote", "trade"])
def test_what_lies_in_a_break_stays_a_gap(first: Tick) -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(0.5, 10.0), broken(0.7, "stale")])

    sampler.on_ticks(FQME, [broken(5.0, "gap"), first])
    watch.set(7.0)
    sampler.step()

    assert [0.0, 5.0, 6.0, 7.0] == [row[0] for row in rows(series)]


@pytest.mark.parametrize("reason", ["resync", "overrun"])
def test_breaks_of_books_and_readers_leave_bars_alone(reason: str) -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(0.5, 10.0), broken(0.7, reason)])

    watch.set(2.0)
    sampler.step()

    assert [0.0, 1.0, 2.0] == [row[0] for row in rows(series)]


def test_a_seek_back_voids_the_bars_from_there_on() -> None:
    sampler, series, watch = sampled(5)
    sampler.on_ticks(FQME, [trade(at, float(at)) for at in range(30)])

    sampler.on_ticks(FQME, [broken(12.0, "seek")])
    assert [0.0, 5.0] == [row[0] for row in rows(series)]
    watch.set(12.0)
    sampler.step()
    sampler.on_ticks(FQME, [trade(13.0, 50.0), trade(16.0, 51.0)])

    assert [0.0, 5.0, 10.0, 15.0] == [row[0] for row in rows(series)]
    assert (10.0, 50.0, 50.0, 50.0, 50.0, 1.0, 1.0) == rows(series)[2]


def test_a_seek_ahead_fills_nothing_between() -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(0.0, 1.0)])

    sampler.on_ticks(FQME, [broken(1000.0, "seek"), trade(1000.5, 2.0)])
    watch.set(1001.0)
    sampler.step()

    assert [0.0, 1000.0, 1001.0] == [row[0] for row in rows(series)]


def test_after_a_seek_bars_are_those_of_the_trades_played_again() -> None:
    sampler, series, _ = sampled()
    trades = random_trades(5, ZERO_NS, ZERO_NS + 60 * NANOS, 0.4)
    for one in trades:
        sampler.on_ticks(FQME, [one])

    sampler.on_ticks(FQME, [broken(20.0, "seek")])
    for one in trades:
        if one.venue_ns >= ZERO_NS + 20 * NANOS:
            sampler.on_ticks(FQME, [one])

    assert plain_bars(trades, 1) == traded_bars(series.columns())


# -- history ----------------------------------------------------------------------------------


def test_history_wins_over_what_was_sampled() -> None:
    sampler, series, _ = sampled()
    sampler.on_ticks(FQME, [trade(1.9, 10.0), trade(2.5, 11.0)])
    whole = [trade(1.1, 9.0), trade(1.9, 10.0)]

    sampler.merge(FQME, 1, as_columns(plain_bars(whole, 1)))

    assert (1.0, 9.0, 10.0, 9.0, 10.0, 2.0, 2.0) == rows(series)[0]
    assert (2.0, 11.0, 11.0, 11.0, 11.0, 1.0, 1.0) == rows(series)[1]


def test_a_late_trade_that_history_has_is_not_counted_twice() -> None:
    sampler, series, _ = sampled()
    whole = [trade(1.1, 9.0), trade(1.9, 10.0)]
    sampler.on_ticks(FQME, [trade(2.5, 11.0)])
    sampler.merge(FQME, 1, as_columns(plain_bars(whole, 1)))

    sampler.on_ticks(FQME, whole[1:])

    assert (1.0, 9.0, 10.0, 9.0, 10.0, 2.0, 2.0) == rows(series)[0]


def test_an_open_bar_that_history_completed_goes_on_from_there() -> None:
    sampler, series, _ = sampled(60)
    sampler.on_ticks(FQME, [trade(70.0, 10.0)])
    known = [trade(61.0, 20.0), trade(65.0, 5.0), trade(70.0, 10.0)]

    sampler.merge(FQME, 60, as_columns(plain_bars(known, 60)), sealed_ns=ZERO_NS + 71 * NANOS)
    sampler.on_ticks(FQME, [trade(70.5, 99.0), trade(72.0, 11.0)])

    assert plain_bars([*known, trade(72.0, 11.0)], 60) == traded_bars(series.columns())


def test_the_open_of_a_bar_that_history_completed_stays_that_of_history() -> None:
    sampler, series, _ = sampled(60)
    sampler.on_ticks(FQME, [trade(75.0, 10.0)])
    known = [trade(61.0, 20.0)]
    sampler.merge(
        FQME,
        60,
        as_columns(plain_bars([*known, trade(75.0, 10.0)], 60)),
        sealed_ns=ZERO_NS + 62 * NANOS,
    )

    sampler.on_ticks(FQME, [trade(70.0, 9.0)])

    assert [20.0, 10.0] == [series.open[0], series.close[0]]
    assert 3.0 == series.trades[0]


def test_history_that_is_ahead_of_the_open_bar_becomes_the_open_bar() -> None:
    sampler, series, watch = sampled()
    sampler.on_ticks(FQME, [trade(1.5, 10.0)])
    known = [trade(1.5, 10.0), trade(2.5, 11.0), trade(3.5, 12.0)]

    sampler.merge(FQME, 1, as_columns(plain_bars(known, 1)))
    sampler.on_ticks(FQME, [trade(3.6, 99.0), trade(4.5, 13.0)])
    watch.set(6.0)
    sampler.step()

    assert plain_bars([*known, trade(4.5, 13.0)], 1) == traded_bars(series.columns())
    check_is_whole(series)


def test_older_bars_go_before_the_live_ones_without_touching_them() -> None:
    sampler, series, _ = sampled()
    sampler.on_ticks(FQME, [trade(10.5, 10.0)])
    old = [trade(at + 0.5, float(at)) for at in range(1, 8)]

    sampler.merge(FQME, 1, as_columns(plain_bars(old, 1)), sealed_ns=0)
    sampler.on_ticks(FQME, [trade(10.7, 12.0)])

    assert plain_bars([*old, trade(10.5, 10.0), trade(10.7, 12.0)], 1) == traded_bars(
        series.columns()
    )


# -- who samples and who listens --------------------------------------------------------------


def test_one_series_serves_all_who_register_it() -> None:
    sampler, series, watch = sampled()

    assert sampler.register(FQME, 1, watch.read) is series
    sampler.unregister(FQME, 1)
    sampler.on_ticks(FQME, [trade(0.5, 1.0)])
    assert len(series) == 1
    sampler.unregister(FQME, 1)
    sampler.on_ticks(FQME, [trade(0.6, 1.0)])

    assert [1.0] == series.trades.tolist()
    assert sampler.series(FQME, 1) is None
    assert () == sampler.periods(FQME)


def test_unregistering_what_is_not_there_does_nothing() -> None:
    Sampler().unregister(FQME, 1)


@pytest.mark.parametrize("period_s", [0, -60])
def test_a_period_that_is_no_time_is_refused(period_s: int) -> None:
    with pytest.raises(UsageError, match="cannot be sampled"):
        Sampler().register(FQME, period_s, lambda: 0)


async def heard(work: Callable[[Sampler, Watch], None], period_s: int = 1) -> list[object]:
    """What a listener hears of `work` on a sampler that has one trade at 10.5 s."""
    sampler, _, watch = sampled(period_s)
    sampler.on_ticks(FQME, [trade(10.5, 10.0)])
    watch.set(10.6)
    sampler.step()
    messages: list[object] = []
    with sampler.listen(period_s) as listener:
        work(sampler, watch)
        with trio.move_on_after(1):
            while True:
                messages.append(await listener.receive())
    return messages


async def test_steps_are_told_once_each_and_merge_for_a_slow_listener(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def work(sampler: Sampler, watch: Watch) -> None:
        for now_s in (11.0, 11.2, 12.0):
            watch.set(now_s)
            sampler.step()

    assert [Step(1, ZERO_NS + 12 * NANOS, frozenset({FQME}))] == await heard(work)


async def test_late_trades_are_told_as_one_changed_range_at_the_next_step(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def work(sampler: Sampler, watch: Watch) -> None:
        watch.set(15.0)
        sampler.step()
        sampler.on_ticks(FQME, [trade(11.5, 9.0), trade(13.5, 8.0)])
        sampler.step()

    changes = [one for one in await heard(work) if isinstance(one, Backfill)]

    assert [Backfill(FQME, 1, ZERO_NS + 11 * NANOS, ZERO_NS + 16 * NANOS)] == changes


async def test_history_is_told_with_its_range(autojump_clock: trio.testing.MockClock) -> None:
    def work(sampler: Sampler, watch: Watch) -> None:
        old = [trade(at + 0.5, 1.0) for at in range(3, 6)]
        sampler.merge(FQME, 1, as_columns(plain_bars(old, 1)))
        sampler.broadcast_all(FQME, 1, ZERO_NS, ZERO_NS + NANOS)
        sampler.broadcast_all(FQME, 60, 0, 1)

    assert [Backfill(FQME, 1, ZERO_NS, ZERO_NS + 6 * NANOS)] == await heard(work)


async def test_a_seek_is_told_as_a_cut(autojump_clock: trio.testing.MockClock) -> None:
    def work(sampler: Sampler, watch: Watch) -> None:
        sampler.on_ticks(FQME, [trade(20.5, 1.0), broken(5.5, "seek")])

    assert [Backfill(FQME, 1, ZERO_NS + 5 * NANOS, ZERO_NS + 21 * NANOS, True)] == await heard(work)


async def test_listeners_of_other_periods_hear_nothing_and_may_leave_at_any_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    sampler, _, watch = sampled(60)
    sampler.seed(FQME, 1.0)
    with sampler.listen(60) as minutes:
        with sampler.listen(1) as seconds:
            watch.set(100.0)
            sampler.step()
            with trio.move_on_after(1) as scope:
                await seconds.receive()
            assert scope.cancelled_caught
        sampler.step()
        assert isinstance(await minutes.receive(), Step)
        with pytest.raises(trio.ClosedResourceError):
            await seconds.receive()
    assert [] == [message async for message in minutes]
