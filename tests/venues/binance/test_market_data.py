"""Requests about markets, as the venue answers them."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from tests.venues.binance.asking import Desk
from tests.venues.exchange.stage import D


def test_a_symbol_is_listed_with_its_filters() -> None:
    desk = Desk()
    info = desk.get("exchangeInfo", symbol="BTCUSDT")
    (symbol,) = info["symbols"]
    filters = {one["filterType"]: one for one in symbol["filters"]}
    assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
    assert filters["LOT_SIZE"] == {
        "filterType": "LOT_SIZE",
        "minQty": "0.00001000",
        "maxQty": "9000.00000000",
        "stepSize": "0.00001000",
    }
    assert filters["NOTIONAL"]["minNotional"] == "5.00000000"
    assert filters["MARKET_LOT_SIZE"]["maxQty"] == "97.09521512"
    assert filters["PERCENT_PRICE_BY_SIDE"]["bidMultiplierUp"] == "5"
    assert symbol["permissionSets"] == [["SPOT"]]


def test_symbols_are_chosen_by_name_permission_and_status() -> None:
    desk = Desk()
    assert len(desk.get("exchangeInfo")["symbols"]) == 6
    two = desk.get("exchangeInfo", symbols='["BTCUSDT","ETHBTC"]')["symbols"]
    assert [one["symbol"] for one in two] == ["BTCUSDT", "ETHBTC"]
    assert desk.get("exchangeInfo", permissions="LEVERAGED")["symbols"] == []
    assert desk.get("exchangeInfo", symbolStatus="HALT")["symbols"] == []
    bad = desk.send("GET", "exchangeInfo", symbol="BTCUSDT", permissions="SPOT")
    assert json.loads(bad.body)["code"] == -1128


def test_the_book_comes_with_the_number_of_its_last_change() -> None:
    desk = Desk()
    told = desk.get("depth", symbol="BTCUSDT", limit=2)
    assert told["bids"] == [["59999.00000000", "1.00000000"], ["59998.00000000", "1.00000000"]]
    assert told["lastUpdateId"] == desk.market.update_id


@pytest.mark.parametrize(("limit", "weight"), [(100, 5), (500, 25), (1000, 50), (5000, 250)])
def test_a_deeper_book_weighs_more(limit: int, weight: int) -> None:
    desk = Desk()
    answer = desk.send("GET", "depth", symbol="BTCUSDT", limit=limit)
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)


def test_trades_are_told_from_a_number_on() -> None:
    desk = Desk()
    (last,) = desk.get("trades", symbol="BTCUSDT", limit=1)
    assert (last["price"], last["qty"]) == ("60000.00000000", "0.00100000")
    assert last["isBuyerMaker"] is False
    page = desk.get("historicalTrades", symbol="BTCUSDT", fromId=last["id"] - 9, limit=5)
    assert [one["id"] for one in page] == list(range(last["id"] - 9, last["id"] - 4))


def test_aggregates_are_told_by_number_or_by_time_and_not_by_both() -> None:
    desk = Desk()
    newest = desk.get("aggTrades", symbol="BTCUSDT", limit=3)
    assert newest[-1]["p"] == "60000.00000000"
    again = desk.get("aggTrades", symbol="BTCUSDT", fromId=newest[0]["a"])
    assert again == newest
    by_time = desk.get("aggTrades", symbol="BTCUSDT", startTime=newest[0]["T"])
    assert by_time[-1] == newest[-1]
    both = desk.send("GET", "aggTrades", symbol="BTCUSDT", fromId=1, startTime=1)
    assert json.loads(both.body)["code"] == -1128


def test_bars_are_told_from_a_start_or_up_to_an_end() -> None:
    desk = Desk()
    newest = desk.get("klines", symbol="BTCUSDT", interval="5m", limit=10)
    assert len(newest) == 10
    opened = [bar[0] for bar in newest]
    assert {later - before for before, later in pairwise(opened)} == {300_000}
    assert newest[-1][6] == opened[-1] + 299_999
    until = desk.get("klines", symbol="BTCUSDT", interval="5m", limit=3, endTime=opened[4])
    assert [bar[0] for bar in until] == opened[2:5]
    since = desk.get("klines", symbol="BTCUSDT", interval="5m", limit=3, startTime=opened[4] - 1)
    assert [bar[0] for bar in since] == opened[4:7]
    assert until[-1][1:] == newest[4][1:]


@pytest.mark.parametrize("interval", ["1s", "1m", "1h", "1d", "3d", "1w", "1M"])
def test_every_interval_has_as_many_bars_as_are_asked_for(interval: str) -> None:
    desk = Desk()
    bars = desk.get("klines", symbol="BTCUSDT", interval=interval, limit=12)
    assert len(bars) == 12
    assert bars[-1][0] <= desk.now_ms <= bars[-1][6]


def test_a_day_may_begin_by_the_clock_of_a_time_zone() -> None:
    desk = Desk()
    (bar,) = desk.get("klines", symbol="BTCUSDT", interval="1d", limit=1, timeZone="+9:00")
    assert bar[0] % 86_400_000 == 15 * 3_600_000


def test_tickers_are_told_of_one_of_some_and_of_all() -> None:
    desk = Desk()
    one = desk.get("ticker/bookTicker", symbol="BTCUSDT")
    assert (one["bidPrice"], one["askQty"]) == ("59999.00000000", "1.00000000")
    assert len(desk.get("ticker/price")) == 6
    assert [row["symbol"] for row in desk.get("ticker/24hr", symbols='["ETHBTC"]')] == ["ETHBTC"]
    day = desk.get("ticker/24hr", symbol="BTCUSDT")
    assert D(day["lastPrice"]) - D(day["openPrice"]) == D(day["priceChange"])
    assert day["count"] == day["lastId"] - day["firstId"] + 1
    hours = desk.get("ticker", symbol="BTCUSDT", windowSize="4h", type="MINI")
    assert hours["closeTime"] - hours["openTime"] == 4 * 3_600_000
    assert "priceChange" not in hours
    for bad in ("60m", "25h", "8d", "x"):
        answer = desk.send("GET", "ticker", symbol="BTCUSDT", windowSize=bad)
        assert json.loads(answer.body)["code"] == -1130


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("depth", {}, -1102),
        ("depth", {"symbol": "NOSUCH"}, -1121),
        ("depth", {"symbol": "btcusdt"}, -1100),
        ("klines", {"symbol": "BTCUSDT"}, -1102),
        ("klines", {"symbol": "BTCUSDT", "interval": "2m"}, -1120),
        ("ticker", {}, -1102),
        ("ticker/24hr", {"symbol": "BTCUSDT", "type": "BIG"}, -1139),
        ("exchangeInfo", {"symbolStatus": "ASLEEP"}, -1122),
        ("trades", {"symbol": "BTCUSDT", "limit": "many"}, -1100),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(path: str, params: dict[str, str], code: int) -> None:
    answer = Desk().send("GET", path, **params)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, code)
