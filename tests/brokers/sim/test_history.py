"""The past: the same however it is asked for, and whole at every period."""

from __future__ import annotations

import numpy as np
import pytest

from brokers.sim.history import MINUTE_NS, Bars, History, Prints, count_bars, fill_bars
from brokers.sim.instruments import LISTINGS, Listing
from engine.clock import NANOS

DAY_NS = 1440 * MINUTE_NS
NOON_NS = 1_795_219_200 * NANOS  # a whole day of UTC, and a half
BTC = LISTINGS[0]

each_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.fqme)


def same(left: Bars | Prints, right: Bars | Prints) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def with_trades(bars: Bars) -> Bars:
    return Bars(*(column[bars.trades > 0] for column in bars))


@each_listing
def test_is_the_same_for_one_seed_however_it_is_asked_for(listing: Listing) -> None:
    start_ns, end_ns = NOON_NS - 10 * DAY_NS, NOON_NS
    whole = History(listing, 7).minutes(start_ns, end_ns)

    paged = History(listing, 7)
    for page_ns in range(end_ns - 3 * DAY_NS, end_ns, 1000 * MINUTE_NS):
        page = paged.minutes(page_ns, page_ns + 1000 * MINUTE_NS)
        assert same(page.part(start_ns, end_ns), whole.part(page_ns, page_ns + 1000 * MINUTE_NS))
    one_day = paged.minutes(start_ns, start_ns + DAY_NS)
    assert same(one_day, whole.part(start_ns, start_ns + DAY_NS))


def test_differs_by_seed_and_by_market() -> None:
    start_ns = NOON_NS - DAY_NS
    first = History(BTC, 7).minutes(start_ns, NOON_NS)

    assert not np.array_equal(first.close, History(BTC, 8).minutes(start_ns, NOON_NS).close)
    other = History(LISTINGS[1], 7).minutes(start_ns, NOON_NS)
    assert not np.array_equal(np.sign(np.diff(first.close)), np.sign(np.diff(other.close)))


@each_listing
def test_makes_thirty_days_of_sound_minutes(listing: Listing) -> None:
    bars = History(listing, 7).minutes(NOON_NS - 30 * DAY_NS, NOON_NS)

    assert np.array_equal(bars.time_ns, np.arange(NOON_NS - 30 * DAY_NS, NOON_NS, MINUTE_NS))
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low >= 1).all()
    assert (bars.volume >= bars.trades).all()
    silent = np.flatnonzero(bars.trades == 0)
    assert np.array_equal(bars.open[silent], bars.close[silent - 1])
    assert np.array_equal(bars.high[silent], bars.low[silent])
    assert not bars.volume[silent].any()


@each_listing
def test_makes_prints_that_add_up_to_their_minutes(listing: Listing) -> None:
    history = History(listing, 7)
    start_ns = NOON_NS - 4 * 3600 * NANOS
    prints = history.prints(start_ns, NOON_NS)

    assert (np.diff(prints.time_ns) >= 0).all()
    assert (prints.size >= 1).all()
    assert same(count_bars(prints, 60), with_trades(history.minutes(start_ns, NOON_NS)))


def test_makes_the_same_prints_from_any_second_on() -> None:
    start_ns, middle_ns = NOON_NS - 600 * NANOS, NOON_NS - 277 * NANOS
    whole = History(BTC, 7).prints(start_ns, NOON_NS)

    other = History(BTC, 7)
    late, early = other.prints(middle_ns, NOON_NS), other.prints(start_ns, middle_ns)

    assert same(Prints(*map(np.concatenate, zip(early, late, strict=True))), whole)
    assert other.last_before(middle_ns) == early.price[-1]


def test_fills_seconds_without_trades_with_the_close_before() -> None:
    prints = Prints(
        np.array([2, 2, 5]) * NANOS + np.array([1, 2, 0]),
        np.array([10, 12, 9]),
        np.array([1, 2, 3]),
    )

    bars = fill_bars(count_bars(prints, 1), NANOS, 7 * NANOS, 1, close=8)

    assert (bars.time_ns // NANOS).tolist() == [1, 2, 3, 4, 5, 6]
    assert bars.open.tolist() == [8, 10, 12, 12, 9, 9]
    assert bars.high.tolist() == [8, 12, 12, 12, 9, 9]
    assert bars.low.tolist() == [8, 10, 12, 12, 9, 9]
    assert bars.close.tolist() == [8, 12, 12, 12, 9, 9]
    assert bars.volume.tolist() == [0, 3, 0, 0, 3, 0]
    assert bars.trades.tolist() == [0, 2, 0, 0, 1, 0]


@each_listing
def test_behaves_like_a_market(listing: Listing) -> None:
    """What is known of returns everywhere (Cont: "Empirical properties of asset returns",
    2001): fat tails, no memory of direction, long memory of size, volume with volatility."""
    bars = History(listing, 7).minutes(NOON_NS - 60 * DAY_NS, NOON_NS)
    returns = np.diff(np.log(bars.close))
    size = np.abs(returns)

    def memory(values: np.ndarray, lag: int) -> float:
        return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])

    daily = returns.std() * np.sqrt(1440)
    assert 0.5 < daily / listing.daily_volatility < 2.0
    assert (returns**4).mean() / returns.var() ** 2 > 4.0
    assert abs(memory(returns, 5)) < 0.05
    assert memory(size, 10) > 0.05
    assert np.corrcoef(size, bars.volume[1:])[0, 1] > 0.15
    usual = listing.base_price / float(listing.instrument.price_tick)
    assert 0.4 < bars.close.min() / usual
    assert bars.close.max() / usual < 2.5
