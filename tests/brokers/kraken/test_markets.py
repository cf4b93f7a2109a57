"""Markets and assets by every name that the venue has for them."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest

from brokers.kraken.markets import Markets
from engine.instruments import Instrument, parse_fqme
from tests.support.recordings import recording


def listed(*symbols: str) -> dict[str, Instrument]:
    found = {}
    for symbol in symbols:
        base, quote = symbol.split("/")
        fqme = f"{base}{quote}.spot.kraken".lower()
        found[fqme] = Instrument(
            fqme=fqme,
            symbol=symbol,
            base=base,
            quote=quote,
            price_tick=Decimal("0.1"),
            size_step=Decimal("0.00000001"),
        )
    return found


@pytest.mark.parametrize("name", ["BTC/USD", "XBT/USD", "XBTUSD", "XXBTZUSD", "BTCUSD", "xbtusd"])
def test_a_market_is_found_by_each_of_its_names(name: str) -> None:
    markets = Markets(listed("BTC/USD", "ETH/USD", "ETH/BTC"))

    assert markets.fqme(name) == "btcusd.spot.kraken"


def test_every_name_in_a_real_list_leads_to_its_pair() -> None:
    with gzip.open(recording("kraken/cryptofeed_KRAKEN.0_AssetPairs.gz"), "rt") as file:
        pairs = json.loads(file.readline().partition(": ")[2])["result"]
    pairs = {key: pair for key, pair in pairs.items() if not key.endswith(".d")}
    newer = {"XBT": "BTC", "XDG": "DOGE"}
    symbols = {
        key: "/".join(newer.get(part, part) for part in pair["wsname"].split("/"))
        for key, pair in pairs.items()
    }
    markets = Markets(listed(*symbols.values()))

    assert len(symbols) > 200
    for key, symbol in symbols.items():
        wanted = symbol.replace("/", "").lower() + ".spot.kraken"
        found = {markets.fqme(name) for name in (key, pairs[key]["altname"], pairs[key]["wsname"])}
        assert found == {wanted}, key


def test_a_market_that_is_not_listed_still_has_a_name() -> None:
    fqme = Markets(listed("BTC/USD")).fqme("GONE/\x1b[2JUSD")

    assert fqme == "gone2jusd.spot.kraken"
    assert parse_fqme(fqme).broker == "kraken"


def test_what_v2_calls_a_market_is_known_of_those_that_are_listed() -> None:
    markets = Markets(listed("BTC/USD"))

    assert markets.symbol("btcusd.spot.kraken") == "BTC/USD"
    assert markets.quote("btcusd.spot.kraken") == "USD"
    assert markets.symbol("ethusd.spot.kraken") == ""
    assert markets.quote("ethusd.spot.kraken") == ""


def test_a_market_that_was_listed_since_can_be_learned() -> None:
    markets = Markets(listed("BTC/USD"))

    markets.learn(listed("ETH/USD")["ethusd.spot.kraken"])

    assert markets.symbol("ethusd.spot.kraken") == "ETH/USD"
    assert markets.fqme("XETHZUSD") == "ethusd.spot.kraken"


@pytest.mark.parametrize(
    ("name", "asset"),
    [("XXBT", "BTC"), ("XBT", "BTC"), ("ZUSD", "USD"), ("BTC.F", "BTC"), ("DOT28.S", "DOT")],
)
def test_assets_are_spelled_as_instruments_spell_them(name: str, asset: str) -> None:
    assert Markets(listed("BTC/USD", "DOT/USD")).asset(name) == asset
