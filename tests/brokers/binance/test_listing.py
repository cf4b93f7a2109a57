from __future__ import annotations

import gzip

import msgspec

from brokers.binance import wire
from brokers.binance.listing import listed_markets
from brokers.listings import Listed, Listings
from engine.clock import TrioClock
from tests.support.recordings import recording


def info() -> wire.ExchangeInfo:
    path = recording("binance/gct_exchangeInfo_20250807_25sym.json.gz")
    return wire.decode_exchange_info(gzip.decompress(path.read_bytes()))


def test_markets_are_listed_with_what_is_traded_of_them() -> None:
    tickers = wire.decode_tickers(
        msgspec.json.encode(
            [{"symbol": "BTCUSDT", "lastPrice": "60000.1", "quoteVolume": "123456.78"}]
        )
    )
    listed = {
        one.instrument.fqme: one for one in listed_markets(info(), tickers, ending=".spot.binance")
    }

    assert len(listed) == 25
    assert listed["btcusdt.spot.binance"].volume == 123456.78
    assert listed["ethbtc.spot.binance"].volume == 0.0
    assert listed["btcusdt.spot.binance"].instrument.name == "Bitcoin / Tether"


async def test_a_market_is_found_by_what_people_call_its_asset() -> None:
    async def load() -> list[Listed]:
        return listed_markets(info(), [], ending=".spot.binance")

    listings = Listings("binance", load, clock=TrioClock(0))
    found = {match.fqme for match in await listings.search("Bitcoin", 50)}

    assert "btcusdt.spot.binance" in found
    assert "ethusdt.spot.binance" not in found
    assert {match.fqme for match in await listings.search("bitcoin tether", 1)} == {
        "btcusdt.spot.binance"
    }


def test_markets_that_are_not_matched_are_listed_as_halted() -> None:
    listed = listed_markets(info(), [], ending=".spot.binance")

    assert sum(one.is_halted for one in listed) == 13


def test_a_list_from_years_ago_is_read_as_well() -> None:
    path = recording("binance/cryptofeed_BINANCE.0.gz")
    text = gzip.decompress(path.read_bytes())
    body = text[text.index(b"{") :].split(b"\n")[0]
    listed = listed_markets(wire.decode_exchange_info(body), [], ending=".spot.binance")

    assert len(listed) == 1695
    assert sum(one.is_halted for one in listed) == 433
