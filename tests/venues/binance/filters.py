"""The venue's filters over a new order, each refusal with the name of the filter.

Read 2026-11, `filters.md` of https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.instruments import Instrument
from tests.venues.binance import errors
from tests.venues.binance.listings import SymbolRules
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import ZERO, NewSpotOrder

ALGO_KINDS: Final = frozenset(
    {
        "stop",
        "stop_limit",
        "take_profit",
        "take_profit_limit",
        "trailing_stop",
        "trailing_stop_limit",
    }
)


def check_order(
    new: NewSpotOrder, market: SpotMarket, rules: SymbolRules, account: SpotAccount
) -> None:
    """Raises `VenueError` -1013 for the first filter that `new` fails."""
    instrument = market.instrument
    for price in (new.price, new.stop_price):
        if price is not None:
            check_price(price, instrument)
    check_size(new.size, instrument)
    if new.kind == "market":
        check_market_size(new.size, instrument)
    if new.shown and new.size > new.shown * rules.iceberg_parts:
        raise errors.filter_failure("ICEBERG_PARTS")
    average = market.average_price()
    if new.price is not None:
        _check_percent(new, instrument, average)
    check_notional(new, instrument, average)
    check_trail(new, rules)
    check_counts(new, market, rules, account)


def check_price(price: Decimal, instrument: Instrument) -> None:
    low, high = instrument.min_price, instrument.max_price
    is_out = (low is not None and price < low) or (high is not None and price > high)
    if is_out or not instrument.is_on_tick(price):
        raise errors.filter_failure("PRICE_FILTER")


def check_size(size: Decimal, instrument: Instrument) -> None:
    most = instrument.max_size
    is_out = size < instrument.min_size or (most is not None and size > most)
    if is_out or not size or not instrument.is_on_step(size):
        raise errors.filter_failure("LOT_SIZE")


def check_market_size(size: Decimal, instrument: Instrument) -> None:
    least, most = instrument.market_min_size, instrument.market_max_size
    step = instrument.market_size_step
    is_out = (least is not None and size < least) or (most is not None and size > most)
    if is_out or (step is not None and size % step):
        raise errors.filter_failure("MARKET_LOT_SIZE")


def _check_percent(new: NewSpotOrder, instrument: Instrument, average: Decimal) -> None:
    if instrument.price_range is None or new.price is None:
        return
    low, high = instrument.price_range.bounds(new.side)
    if (low is not None and new.price < average * low) or (
        high is not None and new.price > average * high
    ):
        raise errors.filter_failure("PERCENT_PRICE_BY_SIDE")


def check_notional(new: NewSpotOrder, instrument: Instrument, average: Decimal) -> None:
    is_market = new.price is None
    worth = new.size * (average if new.price is None else new.price)
    asks_least = not is_market or instrument.min_notional_of_market
    asks_most = not is_market or instrument.max_notional_of_market
    most = instrument.max_notional
    if (asks_least and worth < instrument.min_notional) or (
        asks_most and most is not None and worth > most
    ):
        raise errors.filter_failure("NOTIONAL")


def check_trail(new: NewSpotOrder, rules: SymbolRules) -> None:
    delta = new.trail_ppm // 100
    if new.trail_ppm and not rules.least_trailing_delta <= delta <= rules.most_trailing_delta:
        raise errors.filter_failure("TRAILING_DELTA")


def check_counts(
    new: NewSpotOrder, market: SpotMarket, rules: SymbolRules, account: SpotAccount
) -> None:
    held = account.open_orders(market.symbol)
    if len(held) >= rules.max_orders:
        raise errors.filter_failure("MAX_NUM_ORDERS")
    algos = sum(order.kind in ALGO_KINDS for order in held)
    if new.kind in ALGO_KINDS and algos >= rules.max_algo_orders:
        raise errors.filter_failure("MAX_NUM_ALGO_ORDERS")
    if rules.max_position is not None and new.side == "buy":
        coming = sum((order.left for order in held if order.side == "buy"), ZERO)
        if account.balance(market.instrument.base).total + coming + new.size > rules.max_position:
            raise errors.filter_failure("MAX_POSITION")
