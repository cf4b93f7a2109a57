"""What this Binance lists, and `exchangeInfo`.

Steps and bounds of BTCUSDT, ETHBTC and LTCBTC are those of 2025-08-07 (see the published vectors
of its filters), the others are of that kind.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from brokers.sim.instruments import Listing
from engine.instruments import Instrument
from tests.venues.binance.numbers import told
from tests.venues.exchange.listings import spot_listing

D: Final = Decimal
ORDER_TYPES: Final = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
SELF_TRADE_MODES: Final = ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")


class SymbolRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue says of a symbol besides its instrument."""

    status: str = "TRADING"
    max_orders: int = 200
    max_algo_orders: int = 5
    max_order_lists: int = 20
    max_amends: int = 10
    iceberg_parts: int = 10
    max_position: Decimal | None = None
    least_trailing_delta: int = 10
    most_trailing_delta: int = 2000
    default_self_trade: str = "EXPIRE_MAKER"


def default_listings() -> list[Listing]:
    """The most traded first."""
    return [
        spot_listing(
            "BTCUSDT", "BTC", "USDT", tick="0.01", step="0.00001", price=64_000.0, pace=4.0,
            **_bounds("1000000", "9000", "97.09521512", "5"),
        ),
        spot_listing(
            "ETHUSDT", "ETH", "USDT", tick="0.01", step="0.0001", price=3_250.0, pace=2.0,
            like="ethusdt.spot.sim", **_bounds("1000000", "9000", "2361.08", "5"),
        ),
        spot_listing(
            "DOGEUSDT", "DOGE", "USDT", tick="0.00001", step="1", price=0.128,
            like="dogeusdt.spot.sim", **_bounds("1000", "9000000", "9000000", "1"),
        ),
        spot_listing(
            "BNBUSDT", "BNB", "USDT", tick="0.01", step="0.001", price=680.0,
            like="ethusdt.spot.sim", **_bounds("100000", "900000", "4210.5", "5"),
        ),
        spot_listing(
            "ETHBTC", "ETH", "BTC", tick="0.00001", step="0.0001", price=0.0508,
            like="ethusdt.spot.sim", worth=3_250.0,
            **_bounds("922327", "100000", "1378.22417541", "0.0001"),
        ),
        spot_listing(
            "LTCBTC", "LTC", "BTC", tick="0.000001", step="0.001", price=0.00135,
            like="dogeusdt.spot.sim", worth=86.0,
            **_bounds("100000", "100000", "1887.97569874", "0.0001"),
        ),
    ]  # fmt: skip


def _bounds(max_price: str, max_size: str, market_max: str, least: str) -> dict[str, Any]:
    return {
        "max_price": D(max_price),
        "max_size": D(max_size),
        "market_max_size": D(market_max),
        "min_notional": D(least),
        "max_notional": D(9_000_000),
        "max_notional_of_market": False,
    }


def symbol_info(instrument: Instrument, rules: SymbolRules) -> dict[str, Any]:
    """An entry of `symbols`."""
    return {
        "symbol": instrument.symbol,
        "status": rules.status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(instrument, rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": rules.default_self_trade,
        "allowedSelfTradePreventionModes": list(SELF_TRADE_MODES),
    }


def _filters(instrument: Instrument, rules: SymbolRules) -> list[dict[str, Any]]:
    zero = D(0)
    found: list[dict[str, Any]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": told(instrument.min_price or zero),
            "maxPrice": told(instrument.max_price or zero),
            "tickSize": told(instrument.price_tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": told(instrument.min_size),
            "maxQty": told(instrument.max_size or zero),
            "stepSize": told(instrument.size_step),
        },
        {"filterType": "ICEBERG_PARTS", "limit": rules.iceberg_parts},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": told(instrument.market_min_size or zero),
            "maxQty": told(instrument.market_max_size or instrument.max_size or zero),
            "stepSize": told(instrument.market_size_step or zero),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": rules.least_trailing_delta,
            "maxTrailingAboveDelta": rules.most_trailing_delta,
            "minTrailingBelowDelta": rules.least_trailing_delta,
            "maxTrailingBelowDelta": rules.most_trailing_delta,
        },
    ]
    if instrument.price_range is not None:
        (buy_low, buy_high), (sell_low, sell_high) = (
            instrument.price_range.bounds(side) for side in ("buy", "sell")
        )
        found.append(
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": str(buy_high),
                "bidMultiplierDown": str(buy_low),
                "askMultiplierUp": str(sell_high),
                "askMultiplierDown": str(sell_low),
                "avgPriceMins": instrument.average_minutes,
            }
        )
    found += [
        {
            "filterType": "NOTIONAL",
            "minNotional": told(instrument.min_notional),
            "applyMinToMarket": instrument.min_notional_of_market,
            "maxNotional": told(instrument.max_notional or D(9_000_000)),
            "applyMaxToMarket": instrument.max_notional_of_market,
            "avgPriceMins": instrument.average_minutes,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.max_orders},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": rules.max_order_lists},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": rules.max_algo_orders},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": rules.max_amends},
    ]
    if rules.max_position is not None:
        found.append({"filterType": "MAX_POSITION", "maxPosition": told(rules.max_position)})
    return found
