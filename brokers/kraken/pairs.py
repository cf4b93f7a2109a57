"""Kraken's pairs as markets: their names here, and what the venue lists of each.

Version 2 of the WebSocket API says `BTC/USD`; everything older has several spellings, by the names
that assets have there: `XBT/USD`, `XBTUSD`, `XXBTZUSD`. Names here follow version 2.
https://docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from brokers.kraken import wire
from brokers.kraken.assets import new_name
from brokers.kraken.rest_wire import AssetPair, decode_pair
from brokers.statistics import FAULTS
from engine.instruments import Instrument
from engine.text import safe

_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")

MOST_ICEBERG_PARTS: Final = 15
"""An iceberg shows at least this part of itself: `display_qty` of `add_order`."""

RULES: Final = {
    "min_size": "ordermin",
    "min_notional": "costmin",
    "price_tick": "tick_size",
    "size_step": "lot_decimals",
    "iceberg_parts": "display_qty",
}
"""What AssetPairs, and requests, call the rules that orders are checked by."""


def fqme_part(symbol: str) -> str:
    """A pair of the venue as the first part of an fqme: `BTC/USD` is `btcusd`.

    Raises:
        ValueError: it cannot be one: not letters, digits, `_`, `-`.
    """
    name = symbol.replace("/", "").lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{safe(symbol, 40)!r} cannot be part of a market's name")
    return name


def new_symbol(old: str) -> str:
    """`XBT/USD`, as older interfaces write it, as version 2 does: `BTC/USD`."""
    return "/".join(map(new_name, old.split("/")))


def as_instrument(pair: wire.Pair, fqme: str) -> Instrument:
    """A pair of the `instrument` channel."""
    return Instrument(
        fqme=fqme,
        symbol=pair.symbol,
        base=pair.base,
        quote=pair.quote,
        price_tick=pair.price_increment,
        size_step=pair.qty_increment,
        min_size=pair.qty_min,
        min_notional=pair.cost_min,
    )


def listed_instrument(pair: AssetPair, *, ending: str = ".spot.kraken") -> Instrument:
    """A pair of AssetPairs. Fees are those of the lowest tier.

    Raises:
        ValueError: it is not of the public book, or its name cannot be part of a market's.
    """
    symbol = new_symbol(pair.wsname)
    base, _, quote = symbol.partition("/")
    if not (base and quote):
        raise ValueError(f"{safe(pair.altname, 40)} is not of the public book")
    return Instrument(
        fqme=fqme_part(symbol) + ending,
        symbol=symbol,
        base=base,
        quote=quote,
        price_tick=pair.tick_size or _step(pair.pair_decimals),
        size_step=_step(pair.lot_decimals),
        min_size=pair.ordermin,
        min_notional=pair.costmin,
        max_iceberg_parts=MOST_ICEBERG_PARTS,
        rules=RULES,
        maker_fee=_fee(pair.fees_maker or pair.fees),
        taker_fee=_fee(pair.fees),
    )


def read_asset_pairs(
    result: Mapping[str, Any], *, ending: str = ".spot.kraken"
) -> dict[str, Instrument]:
    """By fqme: every pair of an answer of AssetPairs that is a market here."""
    return {one.fqme: one for _, _, one in each_pair(result, ending=ending)}


def each_pair(
    result: Mapping[str, Any], *, ending: str = ".spot.kraken"
) -> Iterator[tuple[str, AssetPair, Instrument]]:
    """Every pair of an answer of AssetPairs that is a market here, with its name there, and what
    it is here; others are left out."""
    for name, told in result.items():
        try:
            pair = decode_pair(msgspec.json.encode(told))
            yield name, pair, listed_instrument(pair, ending=ending)
        except FAULTS:
            continue


def _step(decimals: int) -> Decimal:
    if not 0 <= decimals <= 18:
        raise ValueError(f"a step of {decimals} decimals")
    return Decimal(1).scaleb(-decimals)


def _fee(schedule: list[tuple[Decimal, Decimal]]) -> Decimal:
    """Share of the notional, of a schedule in percent."""
    return schedule[0][1] / 100 if schedule else Decimal(0)
