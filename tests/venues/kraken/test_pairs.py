"""Names of pairs and assets."""

from __future__ import annotations

import pytest

from tests.venues.kraken.pairs import BTC, LISTED, asset_pair, rest_asset


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD", "btcusd", "BTCUSD"])
def test_a_pair_is_found_by_each_of_its_names(name: str) -> None:
    pair = LISTED.pair(name)
    assert pair is not None
    assert pair.symbol == "BTC/USD"


@pytest.mark.parametrize(
    ("symbol", "names"),
    [
        ("BTC/USD", ("XXBTZUSD", "XBTUSD", "XBT/USD")),
        ("ETH/BTC", ("XETHXXBT", "ETHXBT", "ETH/XBT")),
        ("DOGE/USD", ("XDGUSD", "XDGUSD", "XDG/USD")),
        ("SOL/USD", ("SOLUSD", "SOLUSD", "SOL/USD")),
        ("BTC/USDT", ("XBTUSDT", "XBTUSDT", "XBT/USDT")),
        ("EUR/USD", ("ZEURZUSD", "EURUSD", "EUR/USD")),
    ],
)
def test_pairs_have_the_names_of_the_venue(symbol: str, names: tuple[str, ...]) -> None:
    pair = LISTED.by_symbol[symbol]
    assert (pair.key, pair.altname, pair.wsname) == names


@pytest.mark.parametrize("name", ["XXBT", "XBT", "BTC", "xbt"])
def test_an_asset_is_found_by_each_of_its_names(name: str) -> None:
    assert LISTED.asset(name) is BTC


def test_what_is_not_listed_is_not_found() -> None:
    assert LISTED.pair("BTCXYZ") is None
    assert LISTED.asset("XYZ") is None


def test_a_pair_and_an_asset_are_told_as_rest_tells_them() -> None:
    told = asset_pair(LISTED.by_symbol["BTC/USD"])
    assert (told["pair_decimals"], told["lot_decimals"], told["cost_decimals"]) == (1, 8, 5)
    assert (told["tick_size"], told["ordermin"], told["costmin"]) == ("0.1", "0.00005", "0.5")
    assert (told["base"], told["quote"]) == ("XXBT", "ZUSD")
    assert rest_asset(BTC)["altname"] == "XBT"
