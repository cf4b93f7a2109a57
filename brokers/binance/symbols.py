"""Binance's symbols as markets: their names here, and what the venue lists of each.

`GET /api/v3/exchangeInfo` and its filters, read 2026-11 from
https://developers.binance.com/docs/binance-spot-api-docs/filters.
"""

from __future__ import annotations

import re
from decimal import Decimal

from brokers.binance import wire
from engine.instruments import Instrument, PriceRange
from engine.text import safe

FINEST_STEP = Decimal(1).scaleb(-8)
"""Decimals that all prices and sizes are written with; the step where a filter is off."""

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
    """By fqme: every symbol listed whose name can be part of one."""
    listed = {}
    for symbol in info.symbols:
        name = symbol.symbol.lower()
        if _NAME.fullmatch(name):
            listed[name + ending] = as_instrument(symbol, name + ending)
    return listed


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
        name=f"{safe(info.base_asset, 20)} / {safe(info.quote_asset, 20)}",
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
    )


def _range(percent: wire.Filter) -> PriceRange:
    """PERCENT_PRICE_BY_SIDE, or PERCENT_PRICE, which has one range for both sides."""
    return PriceRange(
        buy_low=percent.bid_multiplier_down or percent.multiplier_down or None,
        buy_high=percent.bid_multiplier_up or percent.multiplier_up or None,
        sell_low=percent.ask_multiplier_down or percent.multiplier_down or None,
        sell_high=percent.ask_multiplier_up or percent.multiplier_up or None,
    )
