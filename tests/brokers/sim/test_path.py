"""The reference path: the same from wherever it is asked for, and shaped as a market is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.sim.instruments import LISTINGS, Listing
from brokers.sim.path import MINUTES_A_DAY, Minutes, Path, join_minutes

DAY = 20_778
"""2026-11-21, in days since 1970."""
BTC = LISTINGS[0]

each_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.fqme)


def same(left: Minutes, right: Minutes) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def log_returns(minutes: Minutes) -> np.ndarray:
    return np.log(minutes.close / minutes.open)


# -- spans -------------------------------------------------------------------------------------


def test_days_have_an_entry_for_each_minute_from_the_first_on() -> None:
    minutes = Path(BTC, 7).days(DAY, 3)

    assert minutes.first == DAY * MINUTES_A_DAY
    assert {len(column) for column in minutes[1:]} == {3 * MINUTES_A_DAY}


@given(st.integers(0, 3), st.integers(1, 3))
@settings(max_examples=8)
def test_a_day_is_the_same_alone_and_among_others(skipped: int, count: int) -> None:
    path = Path(BTC, 7)
    whole = path.days(DAY, 6)
    start = (DAY + skipped) * MINUTES_A_DAY

    part = whole.part(start, start + count * MINUTES_A_DAY)
    assert same(part, path.days(DAY + skipped, count))


def test_a_part_is_cut_by_minutes_since_1970_and_parts_join_to_the_whole() -> None:
    whole = Path(BTC, 7).days(DAY, 1)
    middle = whole.first + 500
    left, right = whole.part(whole.first, middle), whole.part(middle, whole.first + 1440)

    assert (left.first, right.first) == (whole.first, middle)
    assert (len(left.open), right.open[0]) == (500, whole.open[500])
    assert same(join_minutes([left, right]), whole)
    assert same(join_minutes([whole]), whole)


def test_another_seed_and_another_market_go_another_way() -> None:
    way = np.sign(log_returns(Path(BTC, 7).days(DAY, 1)))

    for other in (Path(BTC, 8), Path(LISTINGS[1], 7)):
        agreement = np.mean(way == np.sign(log_returns(other.days(DAY, 1))))
        assert 0.4 < agreement < 0.6


# -- minutes -----------------------------------------------------------------------------------


@each_listing
def test_the_path_never_jumps_between_minutes_or_days(listing: Listing) -> None:
    minutes = Path(listing, 7).days(DAY, 5)

    assert np.allclose(minutes.close[:-1], minutes.open[1:], rtol=1e-12)


@each_listing
def test_every_minute_can_be_traded_in(listing: Listing) -> None:
    minutes = Path(listing, 7).days(DAY, 30)

    for column in minutes[1:]:
        assert np.isfinite(column).all()
        assert (column > 0).all()
    assert (minutes.half_spread >= 0.7 * listing.half_spread).all()
    assert (minutes.half_spread <= 3.0 * listing.half_spread).all()
    assert (minutes.rate >= 0.3 * listing.trades_per_minute - 1e-9).all(), "it falls silent"


@each_listing
def test_a_minute_moves_as_much_as_it_says_that_it_does(listing: Listing) -> None:
    minutes = Path(listing, 7).days(DAY, 30)
    moved = (minutes.close - minutes.open) / minutes.sigma

    assert np.std(moved) == pytest.approx(1.0, abs=0.1)
    assert abs(np.mean(moved)) < 0.05


def test_half_of_a_deviation_from_the_base_price_is_gone_after_two_months() -> None:
    """Anchors are an Ornstein-Uhlenbeck walk: pooled over seeds, so that the law shows."""
    lagged = []
    for seed in range(60):
        anchors = Path(BTC, seed).days(DAY, 61).open[::MINUTES_A_DAY] * 0.1
        off = np.log(anchors / BTC.base_price)
        lagged.append((off[0], off[60]))
    before, after = np.array(lagged).T

    slope = np.sum(before * after) / np.sum(before**2)
    assert 0.2 < slope < 0.8
    assert abs(np.mean(before)) < 3 * np.std(before) / np.sqrt(len(before))


def test_lively_minutes_come_together_and_bring_trades_and_spread() -> None:
    minutes = Path(BTC, 7).days(DAY, 10)
    lively = np.log(minutes.sigma / minutes.open)

    assert np.corrcoef(lively[:-1], lively[1:])[0, 1] > 0.8
    assert np.corrcoef(lively, np.log(minutes.rate))[0, 1] > 0.7
    assert np.corrcoef(lively, np.log(minutes.half_spread))[0, 1] > 0.5


@pytest.mark.parametrize(
    ("fqme", "peak_hour", "calm_hour"),
    [
        ("btcusdt.spot.sim", 14, 8),
        ("eurusd.fx.sim", 13, 21),
        ("acme.stock.sim", 13, 3),
        ("es.cme.202612.sim", 13, 3),
    ],
)
def test_a_day_is_liveliest_when_its_market_is_at_work(
    fqme: str, peak_hour: int, calm_hour: int
) -> None:
    listing = next(listing for listing in LISTINGS if listing.fqme == fqme)
    minutes = Path(listing, 7).days(DAY, 60)
    by_hour = np.log(minutes.sigma / minutes.open).reshape(60, 24, 60).mean(axis=(0, 2))

    assert abs(int(np.argmax(by_hour)) - peak_hour) <= 1
    assert by_hour[peak_hour] - by_hour[calm_hour] > 0.2


# -- seconds -----------------------------------------------------------------------------------


def test_seconds_begin_and_end_where_their_minute_does() -> None:
    path = Path(BTC, 7)
    minutes = path.days(DAY, 1)
    seconds = path.seconds(minutes)

    assert seconds.shape == (1440, 61)
    assert np.array_equal(seconds[:, 0], minutes.open)
    assert np.allclose(seconds[:, 60], minutes.close, rtol=1e-12)


def test_the_seconds_of_a_minute_are_the_same_alone_and_among_others() -> None:
    path = Path(BTC, 7)
    minutes = path.days(DAY, 1)
    at = minutes.first + 77

    assert np.array_equal(path.seconds(minutes.part(at, at + 1))[0], path.seconds(minutes)[77])


def test_seconds_are_as_rough_as_their_minute() -> None:
    path = Path(BTC, 7)
    minutes = path.days(DAY, 2)
    steps = np.diff(path.seconds(minutes), axis=1) / (minutes.sigma / np.sqrt(60.0))[:, None]

    assert np.std(steps) == pytest.approx(1.0, abs=0.03)
