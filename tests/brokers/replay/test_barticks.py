from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from brokers.replay.barticks import Bar, trades_of
from engine.clock import NANOS
from engine.feed.sampler import Sampler

FQME, PERIOD_S, START_NS = "a.file", 60, 1_700_000_040 * NANOS

PRICES = st.floats(1e-8, 1e8)
VOLUMES = st.one_of(st.just(0.0), st.floats(1e-8, 1e12), st.decimals(0, 10**6, places=8).map(float))


def rebuilt(bar: Bar, size_decimals: int) -> tuple[float, ...]:
    sampler = Sampler()
    series = sampler.register(FQME, PERIOD_S, lambda: START_NS)
    trades = trades_of(bar, FQME, PERIOD_S, size_decimals)
    assert all(START_NS <= one.venue_ns < START_NS + PERIOD_S * NANOS for one in trades)
    assert [one.venue_ns for one in trades] == sorted(one.venue_ns for one in trades)
    for trade in trades:
        sampler.on_ticks(FQME, [trade])
    assert len(series) == 1
    names = ("time_ns", "open", "high", "low", "close", "volume", "trades")
    return tuple(getattr(series, name)[0] for name in names)


@given(
    prices=st.tuples(PRICES, PRICES, PRICES, PRICES),
    volume=VOLUMES,
    trades=st.integers(0, 9),
    size_decimals=st.integers(0, 8),
)
def test_the_sampler_makes_exactly_the_bar_again(
    prices: tuple[float, float, float, float], volume: float, trades: int, size_decimals: int
) -> None:
    bar = Bar(START_NS, prices[0], max(prices), min(prices), prices[1], volume, trades)
    assume(volume or trades >= 4)

    assert rebuilt(bar, size_decimals) == tuple(bar)


def test_a_bar_without_volume_and_trades_keeps_its_extremes() -> None:
    """Of currencies there is often no volume. What has neither size nor count is no trade, so a
    count must be made up."""
    bar = Bar(START_NS, 1.5, 2.0, 1.0, 1.75, 0.0, 0)

    assert rebuilt(bar, 0) == (*bar[:6], 4)


def test_the_path_goes_to_the_farther_extreme_last() -> None:
    up = trades_of(Bar(START_NS, 2, 4, 1, 3, 8, 0), FQME, PERIOD_S, 0)
    down = trades_of(Bar(START_NS, 3, 4, 1, 2, 8, 0), FQME, PERIOD_S, 0)

    assert [trade.price for trade in up] == [2, 1, 4, 3]
    assert [trade.price for trade in down] == [3, 4, 1, 2]
    assert [trade.size for trade in up] == [2, 2, 2, 2]


def test_a_flat_bar_is_one_trade() -> None:
    (trade,) = trades_of(Bar(START_NS, 2, 2, 2, 2, 8, 3), FQME, PERIOD_S, 0)

    assert (trade.price, trade.size, trade.count) == (2, 8, 3)
