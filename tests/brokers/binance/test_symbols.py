from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest

from brokers.binance import wire
from brokers.binance.symbols import as_instrument, fqme_part, instruments
from tests.support.recordings import recording

FQME = "btcusdt.spot.binance"


def test_a_listed_symbol_becomes_an_instrument_with_its_limits() -> None:
    path = recording("binance/gct_exchangeInfo_20250807_25sym.json.gz")
    listed = instruments(wire.decode_exchange_info(gzip.decompress(path.read_bytes())))

    market = listed[FQME]
    assert (str(market.price_tick), str(market.size_step)) == ("0.01000000", "0.00001000")
    assert (market.base, market.quote) == ("BTC", "USDT")
    assert (float(market.min_notional), float(market.max_size or 0)) == (5.0, 9000.0)
    assert len(listed) == 25
    assert str(market.market_max_size) == "97.09521512"
    assert (market.market_min_size, market.market_size_step) == (None, None), "0 is off"
    assert (market.min_notional_of_market, market.max_notional_of_market) == (True, False)
    assert market.average_minutes == 5
    assert market.price_range is not None
    assert [str(bound) for bound in market.price_range.bounds("buy")] == ["0.2", "5"]
    assert (market.max_open_orders, market.max_open_stops) == (200, 5)
    assert market.max_iceberg_parts == 10
    assert market.trail_range is not None
    assert [str(bound) for bound in market.trail_range.bounds("sell")] == ["0.1", "20"]
    assert market.rules["size_step"] == "LOT_SIZE"
    assert market.rules["min_notional"] == "NOTIONAL"
    assert market.rules["price_range"] == "PERCENT_PRICE_BY_SIDE"


def test_a_filter_that_is_off_leaves_the_finest_step_and_no_limit() -> None:
    info = wire.SymbolInfo("AB", "A", "B", [wire.Filter("PRICE_FILTER")])
    market = as_instrument(info, "ab.spot.binance")

    assert (str(market.price_tick), str(market.size_step)) == ("1E-8", "1E-8")
    assert (market.max_price, market.max_size) == (None, None)


def test_a_percent_price_of_one_range_is_that_of_both_sides() -> None:
    percent = wire.Filter(
        "PERCENT_PRICE",
        multiplier_up=Decimal("1.3"),
        multiplier_down=Decimal("0.7"),
        average_minutes=5,
    )
    market = as_instrument(wire.SymbolInfo("AB", "A", "B", [percent]), "ab.spot.binance")

    assert market.price_range is not None
    both = {market.price_range.bounds(side) for side in ("buy", "sell")}
    assert both == {(Decimal("0.7"), Decimal("1.3"))}


@pytest.mark.parametrize("symbol", ["", "A.B", "A B", "１２３", "x" * 41, "\x1b[2J"])
def test_a_symbol_that_cannot_be_part_of_a_name_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a market's name"):
        fqme_part(symbol)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"symbol": 5},
        {"baseAsset": None},
        {"baseAsset": "\x1b[2J"},
        {"quoteAsset": ""},
        {"filters": [{"filterType": "PRICE_FILTER", "tickSize": "NaN"}]},
        {"filters": [{"filterType": "PRICE_FILTER", "tickSize": "-1"}]},
        {"filters": [{"filterType": "PRICE_FILTER", "tickSize": "1E+999999999"}]},
        {"filters": [{"filterType": "LOT_SIZE", "stepSize": "1E-999999999"}]},
        {"filters": [{"filterType": "LOT_SIZE", "stepSize": "abc"}]},
        {"filters": 7},
    ],
)
def test_one_symbol_that_makes_no_sense_spoils_no_other(spoilt: dict[str, object]) -> None:
    good = {"symbol": "ABUSDT", "baseAsset": "AB", "quoteAsset": "USDT", "filters": []}
    body = json.dumps({"symbols": [{**good, "symbol": "CDUSDT", **spoilt}, good]}).encode()

    assert list(instruments(wire.read_exchange_info(body))) == ["abusdt.spot.binance"]


def test_limits_that_make_no_sense_spoil_no_list() -> None:
    good = {"symbol": "ABUSDT", "baseAsset": "AB", "quoteAsset": "USDT", "filters": []}
    body = json.dumps({"symbols": [good], "rateLimits": [{"limit": "many"}]}).encode()
    info = wire.read_exchange_info(body)

    assert (len(info.symbols), info.rate_limits) == (1, [])
