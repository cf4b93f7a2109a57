"""Private requests that read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.keys import ALL_RIGHTS
from tests.venues.kraken.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_trades_are_told_newest_first_and_by_their_ids(rig: Rig) -> None:
    order_id = rig.add(price="50002", volume="0.6")
    told = rig.ask("TradesHistory")
    assert told["count"] == 2
    newest, older = told["trades"].values()
    assert (older["price"], older["vol"], older["cost"]) == (
        "50001.00000",
        "0.50000000",
        "25000.50000",
    )
    assert newest["price"] == "50002.00000"
    assert {one["ordertxid"] for one in (newest, older)} == {order_id}
    assert newest["trade_id"] == older["trade_id"] + 1
    (trade_id, *_) = told["trades"]
    assert rig.ask("QueryTrades", txid=trade_id)[trade_id]["price"] == "50002.00000"
    public = rig.see("Trades", pair="XBTUSD", count="2")["XXBTZUSD"]
    assert [one[6] for one in public] == [older["trade_id"], newest["trade_id"]]


def test_fills_of_an_order_add_up_to_it(rig: Rig) -> None:
    order_id = rig.add(price="50003", volume="1.2")
    order = rig.order(order_id)
    trades = rig.ask("TradesHistory")["trades"]
    assert set(order["trades"]) == set(trades)
    for told, of_trades in (("vol_exec", "vol"), ("cost", "cost"), ("fee", "fee")):
        total = sum(Decimal(one[of_trades]) for one in trades.values())
        assert Decimal(order[told]) == total


def test_the_ledger_adds_up_to_the_balances(rig: Rig) -> None:
    rig.add(price="50001", volume="0.1")
    rig.add("sell", "49999", volume="0.2")
    entries = rig.ask("Ledgers")["ledger"].values()
    began = {"XXBT": Decimal(2), "ZUSD": Decimal(100_000)}
    for asset, balance in began.items():
        moved = sum(
            (
                Decimal(one["amount"]) - Decimal(one["fee"])
                for one in entries
                if one["asset"] == asset
            ),
            Decimal(0),
        )
        assert Decimal(rig.ask("Balance")[asset]) == balance + moved
    newest = next(one for one in entries if one["asset"] == "ZUSD")
    assert newest["balance"] == rig.ask("Balance")["ZUSD"]


def test_a_deposit_is_in_the_ledger(rig: Rig) -> None:
    rig.venue.controller.do("deposit", account="mine", asset="USD", amount="5")
    (entry,) = rig.ask("Ledgers", type="deposit")["ledger"].values()
    assert (entry["amount"], entry["balance"]) == ("5.0000", "100005.0000")


def test_closed_orders_come_in_pages_newest_first(rig: Rig) -> None:
    ids = []
    for _ in range(52):
        ids.append(rig.add())
        rig.ask("CancelOrder", txid=ids[-1])
        rig.pass_s(1)
    first = rig.ask("ClosedOrders")
    assert (first["count"], list(first["closed"])) == (52, ids[:1:-1])
    assert list(rig.ask("ClosedOrders", ofs="50")["closed"]) == [ids[1], ids[0]]
    since = rig.ask("ClosedOrders", start=ids[49], closetime="close")
    assert list(since["closed"]) == [ids[51], ids[50]]


def test_orders_are_found_by_what_their_owner_named_them(rig: Rig) -> None:
    one, two = rig.add(cl_ord_id="mine"), rig.add(userref="9")
    assert list(rig.ask("OpenOrders", cl_ord_id="mine")["open"]) == [one]
    assert list(rig.ask("OpenOrders", userref="9")["open"]) == [two]
    rig.ask("CancelAll")
    assert list(rig.ask("ClosedOrders", cl_ord_id="mine")["closed"]) == [one]


def test_the_worth_of_an_account_is_told_in_one_asset(rig: Rig) -> None:
    told = Decimal(rig.ask("TradeBalance")["eb"])
    assert told == Decimal(100_000) + 2 * Decimal(50_000) + 50_000
    assert rig.ask("OpenPositions") == {}


def test_fees_are_told_by_pair(rig: Rig) -> None:
    told = rig.ask("TradeVolume", pair="XBTUSD")
    assert told["fees"]["XXBTZUSD"]["fee"] == "0.4000"
    assert told["fees_maker"]["XXBTZUSD"]["fee"] == "0.2500"
    rig.add(price="50001", volume="0.1")
    assert rig.ask("TradeVolume")["volume"] == "5000.1000"


def test_a_key_tells_its_own_rights() -> None:
    told = Rig(rights=ALL_RIGHTS).ask("GetApiKeyInfo")
    assert "withdraw-funds" in told["permissions"]
    assert "withdraw-funds" not in Rig().ask("GetApiKeyInfo")["permissions"]
    assert "secret" not in str(told).lower()


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("QueryOrders", {}, "EGeneral:Invalid arguments:txid"),
        ("QueryOrders", {"txid": "OAAAAA-BBBBB-CCCCCC"}, "EOrder:Invalid order"),
        ("ClosedOrders", {"ofs": "-1"}, "EGeneral:Invalid arguments:ofs"),
        ("ClosedOrders", {"closetime": "never"}, "EGeneral:Invalid arguments:closetime"),
        ("ClosedOrders", {"start": "x"}, "EGeneral:Invalid arguments:start"),
        ("QueryTrades", {"txid": "T"}, "EQuery:Unknown trade"),
        ("QueryLedgers", {"id": "L"}, "EQuery:Unknown ledger"),
        ("Ledgers", {"asset": "XYZ"}, "EQuery:Unknown asset"),
        ("TradeVolume", {"pair": "XYZ"}, "EQuery:Unknown asset pair"),
        ("OrderAmends", {"order_id": "O"}, "EOrder:Unknown order"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    rig: Rig, method: str, params: dict[str, Any], text: str
) -> None:
    with pytest.raises(Refused) as refused:
        rig.ask(method, **params)
    assert str(refused.value) == text
