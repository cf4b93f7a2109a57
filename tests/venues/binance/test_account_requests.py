"""Requests about an account: balances, own trades, history, rights."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venues.binance import demo
from tests.venues.binance.asking import SYMBOL, Desk
from tests.venues.binance.signatures import ApiKey
from tests.venues.exchange.stage import D

DAY_MS = 86_400_000
MARKET = {"type": "MARKET", "timeInForce": None, "price": None}


def test_balances_are_free_and_locked() -> None:
    desk = Desk()
    desk.place(quantity="0.5", price="58000")
    told = desk.signed("GET", "account")
    balances = {one["asset"]: (one["free"], one["locked"]) for one in told["balances"]}
    assert balances["USDT"] == ("71000.00000000", "29000.00000000")
    assert (told["accountType"], told["canTrade"], told["canWithdraw"]) == ("SPOT", True, False)


def test_assets_without_anything_may_be_left_out() -> None:
    desk = Desk()
    desk.account.balance("XRP")
    assert "XRP" in {one["asset"] for one in desk.signed("GET", "account")["balances"]}
    told = desk.signed("GET", "account", omitZeroBalances="true")
    assert {one["asset"] for one in told["balances"]} == set(demo.BALANCES)


def trade_three(desk: Desk) -> list[dict[str, Any]]:
    """Three trades an hour apart; what is told of all."""
    for _ in range(3):
        desk.place(**MARKET, quantity="0.1")
        desk.clock.pass_s(3600)
    return list(desk.signed("GET", "myTrades", symbol=SYMBOL))


def test_own_trades_are_told_with_commission_and_side() -> None:
    desk = Desk()
    trades = trade_three(desk)
    assert [trade["qty"] for trade in trades] == ["0.10000000"] * 3
    first = trades[0]
    assert (first["commission"], first["commissionAsset"]) == ("0.00010000", "BTC")
    assert (first["isBuyer"], first["isMaker"], first["orderListId"]) == (True, False, -1)
    assert first["quoteQty"] == "6000.10000000"


def test_own_trades_are_paged_by_number_order_and_time() -> None:
    desk = Desk()
    trades = trade_three(desk)
    ids = [trade["id"] for trade in trades]

    def found(**params: Any) -> list[int]:
        return [one["id"] for one in desk.signed("GET", "myTrades", symbol=SYMBOL, **params)]

    assert found(fromId=ids[1]) == ids[1:]
    assert found(fromId=ids[0], limit=2) == ids[:2]
    assert found(limit=2) == ids[1:]
    assert found(orderId=trades[1]["orderId"]) == [ids[1]]
    assert found(startTime=trades[1]["time"], endTime=trades[1]["time"]) == [ids[1]]
    assert desk.error("GET", "myTrades", symbol=SYMBOL, fromId=1, startTime=1)[0] == -1128


@pytest.mark.parametrize("path", ["myTrades", "allOrders"])
def test_a_span_of_more_than_a_day_is_refused(path: str) -> None:
    desk = Desk()
    now = desk.now_ms
    asked = {"symbol": SYMBOL, "startTime": now - DAY_MS - 1, "endTime": now}
    assert desk.error("GET", path, **asked)[0] == -1127
    assert desk.signed("GET", path, **{**asked, "startTime": now - DAY_MS}) == []


def test_orders_of_every_state_are_told_by_number_and_time() -> None:
    desk = Desk()
    done = desk.place(**MARKET, quantity="0.1")
    desk.clock.pass_s(60)
    resting = desk.place(quantity="0.1")
    both = desk.signed("GET", "allOrders", symbol=SYMBOL)
    assert [one["status"] for one in both] == ["FILLED", "NEW"]
    since = desk.signed("GET", "allOrders", symbol=SYMBOL, orderId=resting["orderId"])
    assert [one["orderId"] for one in since] == [resting["orderId"]]
    newest = desk.signed("GET", "allOrders", symbol=SYMBOL, limit=1)
    assert newest == since
    began = {"startTime": desk.now_ms - 90_000, "endTime": desk.now_ms - 30_000}
    first = desk.signed("GET", "allOrders", symbol=SYMBOL, **began)
    assert [one["orderId"] for one in first] == [done["orderId"]]


def test_a_key_tells_what_it_may_do() -> None:
    desk = Desk()
    told = desk.signed("GET", "/sapi/v1/account/apiRestrictions")
    assert (told["enableReading"], told["enableSpotAndMarginTrading"]) == (True, True)
    assert told["enableWithdrawals"] is False
    desk.state.keys[demo.HMAC_KEY] = ApiKey(
        key=demo.HMAC_KEY, account=demo.ACCOUNT, secret=demo.HMAC_SECRET, can_withdraw=True
    )
    assert desk.signed("GET", "/sapi/v1/account/apiRestrictions")["enableWithdrawals"] is True


def test_every_asset_is_a_coin_of_the_wallet() -> None:
    desk = Desk()
    coins = {one["coin"]: one for one in desk.signed("GET", "/sapi/v1/capital/config/getall")}
    assert {"BTC", "USDT", "ETH", "LTC"} <= set(coins)
    assert coins["BTC"]["free"] == "2.00000000"
    assert coins["BTC"]["networkList"][0]["isDefault"] is True


def test_commission_rates_and_order_counts_are_told() -> None:
    desk = Desk()
    desk.place(quantity="0.1")
    told = desk.signed("GET", "account/commission", symbol=SYMBOL)
    assert told["standardCommission"]["taker"] == "0.00100000"
    assert told["discount"]["enabledForAccount"] is False
    counts = desk.signed("GET", "rateLimit/order")
    assert [(one["interval"], one["count"]) for one in counts] == [("SECOND", 1), ("DAY", 1)]


def test_derivatives_have_no_symbols() -> None:
    desk = Desk()
    for path in ("/fapi/v1/exchangeInfo", "/dapi/v1/exchangeInfo"):
        assert desk.get(path)["symbols"] == []


def test_a_listen_key_lives_until_it_is_closed() -> None:
    desk = Desk()
    key = desk.good(desk.send("POST", "userDataStream"))["listenKey"]
    assert desk.good(desk.send("POST", "userDataStream"))["listenKey"] == key
    assert desk.good(desk.send("PUT", "userDataStream", listenKey=key)) == {}
    assert desk.good(desk.send("DELETE", "userDataStream", listenKey=key)) == {}
    assert desk.send("PUT", "userDataStream", listenKey=key).status == 400


def test_a_trade_that_takes_from_one_and_gives_to_another_adds_up() -> None:
    desk = Desk()
    before = {asset: held.total for asset, held in desk.account.balances.items()}
    bought = desk.place(**MARKET, quantity="1")
    desk.place(**MARKET, side="SELL", quantity="1")
    fees = [D(trade["commission"]) for trade in desk.signed("GET", "myTrades", symbol=SYMBOL)]
    assert bought["status"] == "FILLED"
    assert desk.account.balance("BTC").total == before["BTC"] - fees[0]
    assert desk.account.balance("USDT").total == before["USDT"] - 60_001 + 59_999 - fees[1]
