"""Binance's symbols as markets: their names here, and what the venue lists of each.

`GET /api/v3/exchangeInfo` and its filters, read 2026-11 from
https://developers.binance.com/docs/binance-spot-api-docs/filters.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import msgspec

from brokers.asset_names import pair_name
from brokers.binance import wire
from engine.instruments import Instrument, PriceRange, TrailRange
from engine.text import safe

LARGEST = Decimal(10) ** 20
"""More than the venue writes; an exponent such as 1E+999999999 would be a trap."""

FINEST_STEP = Decimal(1).scaleb(-8)
"""Decimals that all prices and sizes are written with; the step where a filter is off."""

RULES: Final = {
    "PRICE_FILTER": ("price_tick", "min_price", "max_price"),
    "LOT_SIZE": ("size_step", "min_size", "max_size"),
    "MARKET_LOT_SIZE": ("market_size_step", "market_min_size", "market_max_size"),
    "MIN_NOTIONAL": ("min_notional", "max_notional"),
    "NOTIONAL": ("min_notional", "max_notional"),
    "PERCENT_PRICE": ("price_range",),
    "PERCENT_PRICE_BY_SIDE": ("price_range",),
    "ICEBERG_PARTS": ("iceberg_parts",),
    "TRAILING_DELTA": ("trail_range",),
    "MAX_NUM_ORDERS": ("open_orders",),
    "MAX_NUM_ALGO_ORDERS": ("open_stops",),
    "MAX_NUM_ICEBERG_ORDERS": ("open_icebergs",),
}
"""Filters of the venue, and what is checked here of each before an order is sent. MAX_POSITION is
the venue's to check: it counts balances, which come from elsewhere too."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")


def fqme_part(symbol: str) -> str:
    """A symbol of the venue as the first part of an fqme.

    Raises:
        ValueError: it cannot be one: not letters, digits, `_`, `-`.
    """
    name = symbol.lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{safe(symbol, 40)!r} cannot be part of a market's name")
    return name


def instruments(info: wire.ExchangeInfo, *, ending: str = ".spot.binance") -> dict[str, Instrument]:
    """By fqme: every symbol listed whose name can be part of one, and whose filters are sound."""
    listed = {}
    for symbol in info.symbols:
        name = symbol.symbol.lower()
        if _NAME.fullmatch(name) and _is_sound(symbol):
            listed[name + ending] = as_instrument(symbol, name + ending)
    return listed


def _is_sound(info: wire.SymbolInfo) -> bool:
    """Nothing in it is a number, or a text, that nobody could mean."""
    assets = (info.base_asset, info.quote_asset)
    if not all(asset and safe(asset, 40) == asset for asset in assets):
        return False
    return all(
        value.is_finite() and 0 <= value < LARGEST and value.as_tuple().exponent >= -20  # type: ignore[operator]  # it is finite
        for one in info.filters
        for value in msgspec.structs.astuple(one)
        if type(value) is Decimal
    )


def as_instrument(info: wire.SymbolInfo, fqme: str) -> Instrument:
    """A symbol and its filters. A filter's value of 0 means that it is off."""
    filters = {one.filter_type: one for one in info.filters}
    none = wire.Filter(filter_type="")
    price = filters.get("PRICE_FILTER", none)
    lot = filters.get("LOT_SIZE", none)
    market = filters.get("MARKET_LOT_SIZE", none)
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL", none)
    percent = filters.get("PERCENT_PRICE_BY_SIDE") or filters.get("PERCENT_PRICE")
    return Instrument(
        fqme=fqme,
        symbol=info.symbol,
        name=_name(info),
        base=info.base_asset,
        quote=info.quote_asset,
        price_tick=price.tick_size or FINEST_STEP,
        size_step=lot.step_size or FINEST_STEP,
        min_size=lot.min_qty or Decimal(0),
        max_size=lot.max_qty or None,
        min_price=price.min_price or None,
        max_price=price.max_price or None,
        min_notional=notional.min_notional or Decimal(0),
        max_notional=notional.max_notional or None,
        market_min_size=market.min_qty or None,
        market_max_size=market.max_qty or None,
        market_size_step=market.step_size or None,
        min_notional_of_market=notional.apply_to_market and notional.apply_min_to_market,
        max_notional_of_market=notional.apply_max_to_market,
        price_range=None if percent is None else _range(percent),
        average_minutes=notional.average_minutes if percent is None else percent.average_minutes,
        trail_range=_trail_range(filters.get("TRAILING_DELTA", none)),
        max_iceberg_parts=filters.get("ICEBERG_PARTS", none).limit or None,
        max_open_orders=filters.get("MAX_NUM_ORDERS", none).max_orders or None,
        max_open_stops=filters.get("MAX_NUM_ALGO_ORDERS", none).max_stops or None,
        max_open_icebergs=filters.get("MAX_NUM_ICEBERG_ORDERS", none).max_icebergs or None,
        rules={check: name for name in filters for check in RULES.get(name, ())},
    )


def _name(info: wire.SymbolInfo) -> str:
    """By our own table: the venue tells no names of assets to those without a key."""
    base, quote = safe(info.base_asset, 20), safe(info.quote_asset, 20)
    return pair_name(base, quote) or f"{base} / {quote}"


def _trail_range(rule: wire.Filter) -> TrailRange | None:
    """TRAILING_DELTA. A purchase is stopped above the price, and a sale below it."""
    if not rule.max_trail_above or not rule.max_trail_below:
        return None
    return TrailRange(
        buy_least=Decimal(rule.min_trail_above) / 100,
        buy_most=Decimal(rule.max_trail_above) / 100,
        sell_least=Decimal(rule.min_trail_below) / 100,
        sell_most=Decimal(rule.max_trail_below) / 100,
    )


def _range(percent: wire.Filter) -> PriceRange:
    """PERCENT_PRICE_BY_SIDE, or PERCENT_PRICE, which has one range for both sides."""
    return PriceRange(
        buy_low=percent.bid_multiplier_down or percent.multiplier_down or None,
        buy_high=percent.bid_multiplier_up or percent.multiplier_up or None,
        sell_low=percent.ask_multiplier_down or percent.multiplier_down or None,
        sell_high=percent.ask_multiplier_up or percent.multiplier_up or None,
    )
