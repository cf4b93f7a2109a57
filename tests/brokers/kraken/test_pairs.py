"""Pairs and their names, in every spelling of the venue."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from brokers.kraken.pairs import fqme_part, new_symbol, read_asset_pairs
from brokers.kraken.session import Session
from tests.support.recordings import recording


def pair(**changes: Any) -> dict[str, Any]:
    told = {
        "altname": "XBTUSD",
        "wsname": "XBT/USD",
        "base": "XXBT",
        "quote": "ZUSD",
        "pair_decimals": 1,
        "lot_decimals": 8,
        "fees": [[0, 0.4], [10000, 0.35]],
        "fees_maker": [[0, 0.25], [10000, 0.2]],
        "ordermin": "0.00005",
        "costmin": "0.5",
        "tick_size": "0.1",
        "status": "online",
    }
    return {name: value for name, value in {**told, **changes}.items() if value is not None}


def test_older_names_become_those_of_version_2() -> None:
    assert new_symbol("XBT/USD") == "BTC/USD"
    assert new_symbol("XDG/XBT") == "DOGE/BTC"
    assert new_symbol("ETH/EUR") == "ETH/EUR"


def test_a_symbol_that_cannot_be_in_a_name_is_refused() -> None:
    assert fqme_part("BTC/USD") == "btcusd"
    with pytest.raises(ValueError, match="cannot be part"):
        fqme_part("ETH2.S/ETH")


def test_what_is_listed_of_a_pair_becomes_an_instrument() -> None:
    (found,) = read_asset_pairs({"XXBTZUSD": pair()}).values()

    assert (found.fqme, found.symbol) == ("btcusd.spot.kraken", "BTC/USD")
    assert (found.base, found.quote) == ("BTC", "USD")
    assert (found.price_tick, found.size_step) == (Decimal("0.1"), Decimal("1E-8"))
    assert (found.min_size, found.min_notional) == (Decimal("0.00005"), Decimal("0.5"))
    assert (found.taker_fee, found.maker_fee) == (Decimal("0.004"), Decimal("0.0025"))


def test_without_a_tick_or_fees_of_makers_older_answers_are_meant() -> None:
    changes = {"tick_size": None, "fees_maker": None, "costmin": None, "status": None}
    (found,) = read_asset_pairs({"XXBTZUSD": pair(**changes)}).values()

    assert found.price_tick == Decimal("0.1")
    assert found.maker_fee == found.taker_fee == Decimal("0.004")
    assert found.min_notional == 0


@pytest.mark.parametrize(
    "told",
    [
        pair(wsname=None),
        pair(wsname="ETH2.S/ETH"),
        pair(wsname="XBT"),
        pair(pair_decimals=-1),
        pair(lot_decimals=10**9),
        pair(ordermin="much"),
        "nonsense",
        None,
    ],
)
def test_what_is_no_market_spoils_no_other(told: Any) -> None:
    assert len(read_asset_pairs({"X": told, "XXBTZUSD": pair()})) == 1


def test_the_real_list_of_2021_has_the_names_that_the_socket_has() -> None:
    with gzip.open(recording("kraken/cryptofeed_KRAKEN.0_AssetPairs.gz"), "rt") as lines:
        line = lines.readline()
    told = json.JSONDecoder().raw_decode(line[line.index("{") :])[0]["result"]
    rest = read_asset_pairs(told)
    session = Session()
    with gzip.open(recording("kraken/kdr_ws2_instrument_snapshot.json.gz")) as file:
        session.receive(msgspec.json.encode(msgspec.json.decode(file.read())), 1)
    socket = session.instruments()

    named = [one["wsname"] for one in told.values() if "wsname" in one]
    assert len(rest) == len(named) - 1
    assert "ETH2.S/ETH" in named
    shared = rest.keys() & socket.keys()
    assert len(shared) > 0.9 * len(rest)
    assert all(rest[name].symbol == socket[name].symbol for name in shared)
    assert all(
        (rest[name].base, rest[name].quote) == tuple(rest[name].symbol.split("/")) for name in rest
    )
