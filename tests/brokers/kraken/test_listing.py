"""The list of all markets, and quotes over REST."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import trio

from brokers.kraken.listing import load, quote_of, read_listed, rest_pair
from engine.errors import BrokerUnavailable
from tests.brokers.kraken.public_venue import START_NS, PublicVenue, open_api
from tests.brokers.kraken.test_pairs import pair

TICKER = {
    "a": ["105944.30000", "1", "1.000"],
    "b": ["105944.20000", "2", "2.000"],
    "c": ["105899.40000", "0.00009443"],
    "v": ["0.78648221", "163.5"],
    "p": ["105960.64756", "100000.0"],
    "t": [35, 3276],
    "l": ["105853.50000", "104711.00000"],
    "h": ["106112.00000", "106613.10000"],
    "o": "106021.60000",
}
EMPTY: Any = []


def raw(**tickers: Any) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(told)) for name, told in tickers.items()}


def test_each_market_is_listed_with_all_its_names_and_what_is_traded_of_it() -> None:
    pairs = {"XXBTZUSD": pair(), "ETHUSD": pair(altname="ETHUSD", wsname="ETH/USD")}
    bitcoin, ether = read_listed(pairs, raw(XXBTZUSD=TICKER), ending=".spot.kraken")

    assert bitcoin.names == ("XBTUSD", "XXBTZUSD", "XBT/USD")
    assert rest_pair(bitcoin) == "XBTUSD"
    assert bitcoin.instrument.name == "Bitcoin / US Dollar"
    assert bitcoin.volume == 16_350_000.0
    assert ether.names == ("ETHUSD", "ETH/USD")
    assert ether.volume == 0.0


def test_a_market_that_is_not_matched_is_listed_as_such() -> None:
    (listed,) = read_listed({"X": pair(status="cancel_only")}, {}, ending=".spot.kraken")

    assert listed.is_halted


@pytest.mark.parametrize("told", [{"v": ["1"]}, {"v": ["x", "y"], "p": ["1", "1"]}, 7])
def test_a_ticker_that_makes_no_sense_costs_no_market(told: Any) -> None:
    (listed,) = read_listed({"XXBTZUSD": pair()}, raw(XXBTZUSD=told), ending=".spot.kraken")

    assert listed.volume == 0.0


async def test_the_list_is_there_also_where_what_is_traded_is_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = PublicVenue(
        AssetPairs=lambda params: {"XXBTZUSD": pair()},
        Ticker=lambda params: ["EGeneral:Invalid arguments"],
    )
    async with open_api(venue) as api:
        (listed,) = await load(api, ending=".spot.other")

    assert listed.instrument.fqme == "btcusd.spot.other"


def test_a_quote_over_rest_has_the_last_price_and_the_day() -> None:
    quote = quote_of(raw(XXBTZUSD=TICKER), "btcusd.spot.kraken", START_NS)

    assert quote is not None
    assert (quote.last, quote.last_size) == (105899.4, 0.00009443)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (105944.2, 2.0, 105944.3, 1.0)
    assert (quote.day_open, quote.day_volume) == (106021.6, 0.78648221)


@pytest.mark.parametrize("last", ["0.00000", "inf", "nan"])
def test_a_market_that_was_never_traded_has_no_quote(last: str) -> None:
    assert quote_of(raw(X=TICKER | {"c": [last, "0"]}), "x.spot.kraken", 1) is None
    assert quote_of({}, "x.spot.kraken", 1) is None


@pytest.mark.parametrize("told", [TICKER | {"c": EMPTY}, TICKER | {"b": ["x", "1", "1"]}, "none"])
def test_a_quote_that_cannot_be_read_is_no_quote(told: Any) -> None:
    with pytest.raises(BrokerUnavailable, match="not what is documented"):
        quote_of(raw(X=told), "x.spot.kraken", 1)
