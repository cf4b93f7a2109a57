"""What the venue lists, and under which names.

One pair has four names: `XXBTZUSD` (key of REST answers), `XBTUSD` (altname), `XBT/USD` (wsname
of v1) and `BTC/USD` (v2). Assets have three: `XXBT`, `XBT`, `BTC`. Decimals, minimums and limits
are those of 2025 and 2026; sources: AssetPairs and the v2 instrument channel. Sizes of the venue
all have 8 decimals; where a price has many, those here have fewer, for the matching engine counts
in 64 bits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

TAKER_FEES: Final = (
    *((0, 0.4), (10000, 0.35), (50000, 0.24), (100000, 0.22), (250000, 0.2), (500000, 0.18)),
    *((1000000, 0.16), (2500000, 0.14), (5000000, 0.12), (10000000, 0.1)),
)
"""(traded in 30 days in USD, fee in percent)."""
MAKER_FEES: Final = (
    *((0, 0.25), (10000, 0.2), (50000, 0.14), (100000, 0.12), (250000, 0.1), (500000, 0.08)),
    *((1000000, 0.06), (2500000, 0.04), (5000000, 0.02), (10000000, 0.0)),
)


class Asset(msgspec.Struct, frozen=True):
    """One currency."""

    symbol: str
    """`BTC`, of v2."""
    key: str
    """`XXBT`, of REST."""
    altname: str
    decimals: int
    """Of balances."""
    shown: int
    """Decimals that the venue's own pages show."""
    is_cash: bool = False

    @property
    def is_old(self) -> bool:
        """It has a name of the first years, with a letter for its kind before it."""
        return len(self.key) == 4 and self.key[0] in "XZ" and self.key != self.altname


class Pair(msgspec.Struct, frozen=True):
    """One market."""

    base: Asset
    quote: Asset
    price_places: int
    cost_places: int
    size_places: int
    tick: Decimal
    order_min: Decimal
    cost_min: Decimal
    fqme: str
    """Of the market that matches it."""

    @property
    def symbol(self) -> str:
        return f"{self.base.symbol}/{self.quote.symbol}"

    @property
    def wsname(self) -> str:
        return f"{self.base.altname}/{self.quote.altname}"

    @property
    def altname(self) -> str:
        return f"{self.base.altname}{self.quote.altname}"

    @property
    def key(self) -> str:
        """Dogecoin came too late for the long form of its pairs."""
        is_long = self.base.is_old and self.quote.is_old and self.base.symbol != "DOGE"
        return f"{self.base.key}{self.quote.key}" if is_long else self.altname

    @property
    def taker_fee(self) -> Decimal:
        """Share of what is traded."""
        return Decimal(str(TAKER_FEES[0][1])) / 100

    @property
    def maker_fee(self) -> Decimal:
        return Decimal(str(MAKER_FEES[0][1])) / 100


BTC = Asset("BTC", "XXBT", "XBT", 10, 5)
ETH = Asset("ETH", "XETH", "ETH", 10, 5)
SOL = Asset("SOL", "SOL", "SOL", 10, 5)
XRP = Asset("XRP", "XXRP", "XRP", 8, 5)
DOGE = Asset("DOGE", "XXDG", "XDG", 8, 2)
USDT = Asset("USDT", "USDT", "USDT", 8, 4)
USD = Asset("USD", "ZUSD", "USD", 4, 2, is_cash=True)
EUR = Asset("EUR", "ZEUR", "EUR", 4, 2, is_cash=True)

ASSETS: Final = (BTC, ETH, SOL, XRP, DOGE, USDT, USD, EUR)


def _pair(
    base: Asset, quote: Asset, places: tuple[int, int, int], order_min: str, cost_min: str = "0.5"
) -> Pair:
    """`places` are the decimals of price, cost and size."""
    price_places, cost_places, size_places = places
    return Pair(
        base=base,
        quote=quote,
        price_places=price_places,
        cost_places=cost_places,
        size_places=size_places,
        tick=Decimal(1).scaleb(-price_places),
        order_min=Decimal(order_min),
        cost_min=Decimal(cost_min),
        fqme=f"{base.symbol}{quote.symbol}.spot.kraken".lower(),
    )


PAIRS: Final = (
    _pair(BTC, USD, (1, 5, 8), "0.00005"),
    _pair(ETH, USD, (2, 5, 8), "0.001"),
    _pair(SOL, USD, (2, 7, 8), "0.02"),
    _pair(XRP, USD, (5, 8, 5), "1.65"),
    _pair(DOGE, USD, (7, 9, 3), "13"),
    _pair(BTC, USDT, (1, 5, 8), "0.00005"),
    _pair(BTC, EUR, (1, 5, 8), "0.00005", "0.45"),
    _pair(ETH, BTC, (5, 10, 8), "0.001", "0.00002"),
    _pair(EUR, USD, (5, 5, 5), "0.5"),
)


class Listing:
    """Finds pairs and assets by any of their names."""

    def __init__(self, pairs: tuple[Pair, ...] = PAIRS, assets: tuple[Asset, ...] = ASSETS) -> None:
        self.pairs, self.assets = pairs, assets
        self.by_symbol = {pair.symbol: pair for pair in pairs}
        self.by_fqme = {pair.fqme: pair for pair in pairs}
        self._pairs: dict[str, Pair] = {}
        for pair in pairs:
            plain = pair.symbol.replace("/", "")
            for name in (pair.key, pair.altname, pair.wsname, pair.symbol, plain):
                self._pairs[name] = pair
        self._assets: dict[str, Asset] = {}
        for asset in assets:
            for name in (asset.key, asset.altname, asset.symbol):
                self._assets[name] = asset

    def pair(self, name: str) -> Pair | None:
        """By any name that REST takes, in any case."""
        return self._pairs.get(name.upper())

    def asset(self, name: str) -> Asset | None:
        return self._assets.get(name.upper())


LISTED: Final = Listing()


def asset_pair(pair: Pair) -> dict[str, Any]:
    """The pair as `AssetPairs` has it."""
    return {
        "altname": pair.altname,
        "wsname": pair.wsname,
        "aclass_base": "currency",
        "base": pair.base.key,
        "aclass_quote": "currency",
        "quote": pair.quote.key,
        "lot": "unit",
        "cost_decimals": pair.cost_places,
        "pair_decimals": pair.price_places,
        "lot_decimals": pair.size_places,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": TAKER_FEES,
        "fees_maker": MAKER_FEES,
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": str(pair.order_min),
        "costmin": str(pair.cost_min),
        "tick_size": f"{pair.tick:f}",
        "status": "online",
    }


def rest_asset(asset: Asset) -> dict[str, Any]:
    """The asset as `Assets` has it."""
    told: dict[str, Any] = {
        "aclass": "currency",
        "altname": asset.altname,
        "decimals": asset.decimals,
        "display_decimals": asset.shown,
        "status": "enabled",
    }
    if asset.is_cash:
        told["collateral_value"] = 1.0
    return told
