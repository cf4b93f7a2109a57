"""Binance's symbols as markets: their names here, and what the venue lists of each.

`GET /api/v3/exchangeInfo` and its filters, read 2026-11 from
https://developers.binance.com/docs/binance-spot-api-docs/filters.
"""

from __future__ import annotations

import re
from decimal import Decimal

from brokers.binance import wire
from engine.instruments import Instrument
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
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL", none)
    return Instrument(
        fqme=fqme,
        symbol=info.symbol,
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
    )
