"""What the exchange lists: markets that can be traded as they are described."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from brokers.sim.instruments import LISTINGS, Listing
from engine.instruments import parse_fqme

each_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.fqme)


def test_every_market_has_a_name_of_its_own_that_ends_in_the_broker() -> None:
    names = [listing.fqme for listing in LISTINGS]

    assert len(set(names)) == len(names) >= 6
    assert {parse_fqme(name).broker for name in names} == {"sim"}
    assert [str(parse_fqme(name)) for name in names] == names
    assert len({listing.instrument.symbol for listing in LISTINGS}) == len(names)


def test_every_kind_of_day_tick_and_step_is_there() -> None:
    """A chart or a ladder that works for one tends to fail on another."""
    assert {listing.day for listing in LISTINGS} == {"crypto", "forex", "stock", "future"}
    ticks = {listing.instrument.price_tick for listing in LISTINGS}
    assert any(tick.normalize().as_tuple().digits != (1,) for tick in ticks), "one that is not 1"
    assert {listing.instrument.price_decimals for listing in LISTINGS} >= {1, 2, 5}
    steps = {listing.instrument.size_step for listing in LISTINGS}
    assert min(steps) < 1 < max(steps)
    assert any(listing.instrument.multiplier != 1 for listing in LISTINGS)


@each_listing
def test_a_market_is_described_without_contradiction(listing: Listing) -> None:
    market = listing.instrument

    assert market.is_on_step(market.min_size)
    assert market.max_size is not None
    assert market.is_on_step(market.max_size)
    assert 0 < market.min_size < market.max_size
    assert market.min_price is not None
    assert market.is_on_tick(market.min_price)
    assert 0 < market.min_price
    assert 0 <= market.maker_fee <= market.taker_fee < Decimal("0.01")
    assert market.base != market.quote


@each_listing
def test_a_usual_trade_is_an_order_that_the_market_takes(listing: Listing) -> None:
    market = listing.instrument
    size = market.round_size(listing.mean_size * float(market.size_step))
    price = market.round_price(listing.base_price)

    assert market.max_size is not None
    assert market.min_size <= size <= market.max_size
    assert market.notional(price, size) > market.min_notional


@each_listing
def test_the_price_has_room_for_the_book_around_it(listing: Listing) -> None:
    """A day's move is many ticks, and the spread is a small part of it."""
    ticks = listing.base_price / float(listing.instrument.price_tick)
    day = ticks * listing.daily_volatility

    assert day > 50
    assert 2 * listing.half_spread < day / 10
    assert ticks > 1000
    assert listing.makers >= 2
    assert listing.depth_size > listing.mean_size


@each_listing
def test_clusters_of_trades_die_out(listing: Listing) -> None:
    assert 0 <= listing.self_excitement < 1
    assert listing.trades_per_minute > 0
    assert listing.burstiness > 0


def test_only_a_future_is_settled_by_its_profit() -> None:
    assert {listing.day for listing in LISTINGS if not listing.is_delivered} == {"future"}
    assert {listing.day for listing in LISTINGS if listing.is_delivered} == {
        "crypto",
        "forex",
        "stock",
    }


def test_turnover_counts_contracts_by_what_they_are_worth() -> None:
    future = next(listing for listing in LISTINGS if not listing.is_delivered)
    single = replace(future, instrument=replace(future.instrument, multiplier=Decimal(1)))

    assert future.daily_turnover == pytest.approx(50 * single.daily_turnover)
    assert single.daily_turnover == pytest.approx(40 * 1440 * 3.2 * 6850)
