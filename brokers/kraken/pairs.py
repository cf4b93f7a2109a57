"""Kraken's pairs as markets: their names here, and what the venue lists of each.

Version 2 of the WebSocket API says `BTC/USD`; everything older says XBT (and XDG of Dogecoin), in
several spellings: `XBT/USD`, `XBTUSD`, `XXBTZUSD`. Names here follow version 2.
https://docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs and
https://support.kraken.com/articles/360001206766 (asset codes), read 2026-11.
"""

from __future__ import annotations

import re
from typing import Final

from brokers.kraken import wire
from engine.instruments import Instrument
from engine.text import safe

_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")

NEW_NAMES: Final = {"XBT": "BTC", "XDG": "DOGE"}
"""What version 2 calls assets that older interfaces have another name for."""


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
    return "/".join([NEW_NAMES.get(asset, asset) for asset in old.split("/")])


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
