"""Spot markets with the character of one of the sim's, on any grid."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.sim.instruments import LISTINGS
from tests.venues.exchange.listings import spot_listing

MODEL = LISTINGS[0]


def test_distances_are_the_same_share_of_the_price_on_a_finer_grid() -> None:
    made = spot_listing("BTCUSDT", "BTC", "USDT", tick="0.01", step="0.00001", price=64_000.0)
    assert made.half_spread == pytest.approx(MODEL.half_spread * 10)
    assert made.mean_size == pytest.approx(MODEL.mean_size)


def test_sizes_are_worth_the_same_at_another_price() -> None:
    made = spot_listing("BTCUSDT", "BTC", "USDT", tick="0.1", step="0.001", price=32_000.0)
    step = made.instrument.size_step
    worth = made.mean_size * float(step) * 32_000
    assert worth == pytest.approx(MODEL.mean_size * float(MODEL.instrument.size_step) * 64_000)


def test_a_market_quoted_in_another_asset_trades_for_what_its_base_is_worth() -> None:
    made = spot_listing(
        "ETHBTC", "ETH", "BTC", tick="0.00001", step="0.0001", price=0.05, worth=3200
    )
    size = made.mean_size * float(made.instrument.size_step)
    assert size * 3200 == pytest.approx(2_688, rel=0.01)


def test_names_steps_and_bounds_are_the_venues() -> None:
    made = spot_listing(
        "XBT/USD", "XBT", "USD", tick="0.1", step="0.01", price=1.0, min_notional=Decimal(5)
    ).instrument
    assert (made.symbol, made.fqme, made.base) == ("XBT/USD", "xbtusd.spot.test", "XBT")
    assert (made.min_size, made.min_notional) == (Decimal("0.01"), 5)
