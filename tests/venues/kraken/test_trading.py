"""Orders: taken, amended, edited, cancelled; through REST's words, without a wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.keys import TRADING_RIGHTS
from tests.venues.kraken.rig import OTHER_KEY, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def refusal(rig: Rig, method: str, **params: Any) -> str:
    with pytest.raises(Refused) as refused:
        rig.ask(method, **params)
    return str(refused.value)


ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "49000"}


def test_a_limit_order_rests_and_locks_its_cost_and_fee(rig: Rig) -> None:
    answer = rig.ask("AddOrder", **ORDER)
    assert answer["descr"] == {"order": "buy 0.01000000 XBTUSD @ limit 49000.0"}
    told = rig.order(answer["txid"][0])
    assert (told["status"], told["vol"], told["vol_exec"]) == ("open", "0.01000000", "0.00000000")
    assert rig.ask("BalanceEx")["ZUSD"] == {"balance": "100000.0000", "hold_trade": "491.9600"}


def test_an_order_that_crosses_takes_what_is_there_and_pays_the_fee(rig: Rig) -> None:
    told = rig.order(rig.add(price="50001", volume="0.6"))
    assert (told["status"], told["vol_exec"]) == ("open", "0.50000000")
    assert (told["cost"], told["fee"], told["price"]) == ("25000.50000", "100.00200", "50001.00000")
    assert rig.ask("Balance")["XXBT"] == "2.5000000000"


def test_a_test_order_leaves_nothing(rig: Rig) -> None:
    answer = rig.ask("AddOrder", **ORDER, validate="true")
    assert set(answer) == {"descr"}
    assert rig.ask("OpenOrders") == {"open": {}}


def test_money_that_is_not_there_is_refused_and_leaves_nothing(rig: Rig) -> None:
    for side, volume in (("buy", "50"), ("sell", "2.1")):
        asked = ORDER | {"type": side, "volume": volume}
        assert refusal(rig, "AddOrder", **asked) == "EOrder:Insufficient funds"
    assert rig.ask("OpenOrders") == {"open": {}}
    assert rig.ask("BalanceEx")["ZUSD"]["hold_trade"] == "0.0000"


def test_an_order_that_must_not_take_is_refused(rig: Rig) -> None:
    asked = ORDER | {"price": "50001", "oflags": "post"}
    assert refusal(rig, "AddOrder", **asked) == "EOrder:Post only order"
    assert rig.order(rig.add(price="50000", oflags="post"))["status"] == "open"


def test_what_an_ioc_order_does_not_get_is_cancelled(rig: Rig) -> None:
    told = rig.order(rig.add(price="50001", volume="0.6", timeinforce="IOC"))
    assert (told["status"], told["vol_exec"]) == ("canceled", "0.50000000")
    assert told["reason"] == "Order has time in force IOC"


def test_a_gtd_order_expires_at_its_time(rig: Rig) -> None:
    order_id = rig.add(timeinforce="GTD", expiretm="+60")
    rig.pass_s(59)
    assert rig.order(order_id)["status"] == "open"
    rig.pass_s(2)
    assert rig.order(order_id)["status"] == "expired"


def test_an_order_waits_for_its_time(rig: Rig) -> None:
    order_id = rig.add(price="50001", starttm="+30")
    assert rig.order(order_id)["status"] == "pending"
    rig.pass_s(31)
    assert rig.order(order_id)["status"] == "closed"


def test_an_order_that_waits_can_be_cancelled(rig: Rig) -> None:
    order_id = rig.add(starttm="+30")
    assert rig.ask("CancelOrder", txid=order_id) == {"count": 1}
    rig.pass_s(31)
    assert rig.order(order_id)["status"] == "canceled"


def test_a_market_order_for_an_amount_of_money_buys_what_it_gets(rig: Rig) -> None:
    asked = {"pair": "XBTUSD", "type": "buy", "ordertype": "market"}
    answer = rig.ask("AddOrder", **asked, volume="50002", oflags="viqc")
    told = rig.order(answer["txid"][0])
    spent = Decimal(told["cost"])
    assert told["status"] == "closed"
    assert Decimal(50002) - Decimal("0.001") < spent <= Decimal(50002)


def test_a_fee_is_taken_in_base_where_that_is_asked_for(rig: Rig) -> None:
    rig.add(price="50001", volume="0.1", oflags="fcib")
    assert rig.ask("Balance")["XXBT"] == "2.0996000000"
    assert rig.ask("Balance")["ZUSD"] == "94999.9000"


def test_a_stop_waits_and_sells_when_the_market_falls_to_it(rig: Rig) -> None:
    order_id = rig.add("sell", "49990", ordertype="stop-loss")
    assert rig.order(order_id)["status"] == "open"
    rig.market.take("sell", Decimal(49990), Decimal("5.1"))
    rig.venue.pass_time()
    told = rig.order(order_id)
    assert (told["status"], told["misc"]) == ("closed", "stopped")


def test_a_trailing_stop_follows_the_market(rig: Rig) -> None:
    order_id = rig.add("sell", "+100", ordertype="trailing-stop")
    assert rig.order(order_id)["stopprice"] == "49900.00000"
    rig.market.take("buy", Decimal(50010), Decimal("4.6"))
    rig.venue.pass_time()
    assert rig.order(order_id)["stopprice"] == "49910.00000"
    assert rig.order(order_id)["descr"]["price"] == "+100.0"


def test_prices_may_be_relative_to_the_last_one(rig: Rig) -> None:
    told = rig.order(rig.add(price="-2%"))
    assert told["descr"]["order"] == "buy 0.01000000 XBTUSD @ limit -2.0000%"
    assert rig.market.best().bid == Decimal(49999)
    assert rig.venue.records.working("mine")[0].limit == Decimal(49000)


def test_an_iceberg_shows_a_part_of_itself(rig: Rig) -> None:
    rig.add(price="50000", volume="0.1", ordertype="iceberg", displayvol="0.02")
    assert rig.see("Depth", pair="XBTUSD", count="1")["XXBTZUSD"]["bids"][0][:2] == [
        "50000.00000",
        "0.020",
    ]


def test_a_fill_is_followed_by_the_order_that_closes_it(rig: Rig) -> None:
    close = {"close[ordertype]": "limit", "close[price]": "60000"}
    first = rig.add(price="50001", volume="0.1", **close)
    ((closing_id, told),) = rig.ask("OpenOrders")["open"].items()
    assert closing_id != first
    assert (told["refid"], told["descr"]["type"], told["vol"]) == (first, "sell", "0.10000000")


def test_a_client_id_is_of_one_working_order(rig: Rig) -> None:
    order_id = rig.add(cl_ord_id="mine-1")
    assert refusal(rig, "AddOrder", **ORDER, cl_ord_id="mine-1") == "EOrder:Duplicate cl_ord_id"
    assert rig.ask("CancelOrder", cl_ord_id="mine-1") == {"count": 1}
    assert rig.order(order_id)["cl_ord_id"] == "mine-1"
    rig.add(cl_ord_id="mine-1")


def test_what_would_trade_with_itself_is_cancelled(rig: Rig) -> None:
    resting = rig.add("sell", "50000.5", volume="0.02")
    taking = rig.order(rig.add("buy", "50000.5", volume="0.01"))
    assert (taking["status"], taking["reason"]) == ("canceled", "Self trade prevention")
    assert rig.order(resting)["status"] == "open"


# -- amends ------------------------------------------------------------------------------------


def test_an_amend_keeps_the_id_and_says_what_it_was(rig: Rig) -> None:
    order_id = rig.add()
    amend_id = rig.ask("AmendOrder", txid=order_id, order_qty="0.02", limit_price="49100")
    told = rig.order(order_id)
    assert (told["vol"], told["descr"]["price"], told["amended"]) == ("0.02000000", "49100.0", True)
    kept = rig.ask("OrderAmends", order_id=order_id)
    assert [one["amend_type"] for one in kept["amends"]] == ["original", "user"]
    assert kept["amends"][1]["amend_id"] == amend_id["amend_id"]
    assert (kept["amends"][0]["limit_price"], kept["amends"][1]["limit_price"]) == (
        "49000.0",
        "49100.0",
    )


def test_a_stop_can_be_amended_with_and_without_a_limit(rig: Rig) -> None:
    plain = rig.add("sell", "48000", ordertype="stop-loss")
    limited = rig.add("sell", "48000", ordertype="stop-loss-limit", price2="47000")
    for order_id in (plain, limited):
        rig.ask("AmendOrder", txid=order_id, trigger_price="48500")
        assert rig.order(order_id)["descr"]["price"] == "48500.0"
        assert rig.order(order_id)["stopprice"] == "48500.00000"
    assert rig.order(limited)["descr"]["price2"] == "47000.0"


def test_the_shown_part_of_an_iceberg_can_be_amended(rig: Rig) -> None:
    order_id = rig.add(price="50000", volume="0.1", ordertype="iceberg", displayvol="0.02")
    rig.ask("AmendOrder", txid=order_id, display_qty="0.05")
    assert rig.order(order_id)["display_volume"] == "0.05000000"
    depth = rig.see("Depth", pair="XBTUSD", count="1")["XXBTZUSD"]
    assert depth["bids"][0][:2] == ["50000.00000", "0.050"]


def test_a_trail_can_be_amended(rig: Rig) -> None:
    order_id = rig.add("sell", "+100", ordertype="trailing-stop")
    rig.ask("AmendOrder", txid=order_id, trigger_price="+200")
    assert rig.order(order_id)["stopprice"] == "49800.00000"


def test_an_amend_to_no_more_than_what_is_filled_cancels_the_rest(rig: Rig) -> None:
    order_id = rig.add(price="50001", volume="0.6")
    rig.ask("AmendOrder", txid=order_id, order_qty="0.4")
    told = rig.order(order_id)
    assert (told["status"], told["vol"], told["vol_exec"]) == (
        "canceled",
        "0.50000000",
        "0.50000000",
    )


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": "-1"}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": "0.00001"}, "EGeneral:Invalid arguments:volume minimum not met"),
        ({"limit_price": "49000.05"}, "EOrder:Invalid price"),
        ({"trigger_price": "49000"}, "EGeneral:Invalid arguments:trigger_price"),
        ({"display_qty": "0.005"}, "EGeneral:Invalid arguments:display_qty"),
        ({"limit_price": "50001", "post_only": "true"}, "EOrder:Post only order"),
        ({"order_qty": "50"}, "EOrder:Insufficient funds"),
        ({"order_qty": "0.02", "deadline": "2020-01-01T00:00:00Z"}, "EService:Deadline elapsed"),
    ],
)
def test_an_amend_that_cannot_be_is_refused_and_changes_nothing(
    rig: Rig, params: dict[str, str], text: str
) -> None:
    order_id = rig.add()
    before = rig.order(order_id)
    assert refusal(rig, "AmendOrder", txid=order_id, **params).startswith(text)
    assert rig.order(order_id) == before


def test_an_amend_may_take(rig: Rig) -> None:
    order_id = rig.add()
    rig.ask("AmendOrder", txid=order_id, limit_price="50001")
    assert rig.order(order_id)["status"] == "closed"


# -- edits -------------------------------------------------------------------------------------


def test_an_edit_makes_another_order_of_one(rig: Rig) -> None:
    order_id = rig.add(userref="7")
    answer = rig.ask("EditOrder", txid=order_id, pair="XBTUSD", volume="0.03", price="49500")
    assert answer["status"] == "ok"
    assert (answer["originaltxid"], answer["orders_cancelled"]) == (order_id, 1)
    told = rig.order(answer["txid"])
    assert (told["vol"], told["descr"]["price"], told["userref"]) == ("0.03000000", "49500.0", 7)
    assert rig.order(order_id)["status"] == "canceled"


def test_an_edit_of_what_was_filled_in_part_makes_an_order_of_the_rest(rig: Rig) -> None:
    order_id = rig.add(price="50001", volume="0.6")
    answer = rig.ask("EditOrder", txid=order_id, pair="XBTUSD", volume="0.7", price="49500")
    assert rig.order(answer["txid"])["vol"] == "0.20000000"
    asked = {"txid": answer["txid"], "pair": "XBTUSD", "volume": "0"}
    assert refusal(rig, "EditOrder", **asked) == "EGeneral:Invalid arguments:volume"


def test_orders_with_client_ids_or_closing_orders_cannot_be_edited(rig: Rig) -> None:
    close = {"close[ordertype]": "limit", "close[price]": "60000"}
    for order_id in (rig.add(cl_ord_id="mine"), rig.add(**close)):
        asked = {"txid": order_id, "pair": "XBTUSD", "volume": "0.02"}
        assert refusal(rig, "EditOrder", **asked) == "EOrder:Invalid order"


# -- cancels -----------------------------------------------------------------------------------


def test_orders_are_cancelled_by_id_and_by_reference(rig: Rig) -> None:
    one = rig.add()
    rig.add(userref="5")
    rig.add(userref="5")
    assert rig.ask("CancelOrder", txid=one) == {"count": 1}
    assert rig.ask("CancelOrder", txid="5") == {"count": 2}
    assert rig.order(one)["reason"] == "User requested"
    assert refusal(rig, "CancelOrder", txid=one) == "EOrder:Unknown order"


def test_nobody_else_sees_or_cancels_an_order(rig: Rig) -> None:
    order_id = rig.add()
    assert rig.ask("OpenOrders", OTHER_KEY) == {"open": {}}
    with pytest.raises(Refused, match="EOrder:Unknown order"):
        rig.ask("CancelOrder", OTHER_KEY, txid=order_id)
    with pytest.raises(Refused, match="EOrder:Invalid order"):
        rig.ask("QueryOrders", OTHER_KEY, txid=order_id)


def test_a_batch_is_cancelled_as_far_as_it_is_there(rig: Rig) -> None:
    one, two = rig.add(), rig.add(cl_ord_id="mine")
    answer = rig.ask("CancelOrderBatch", orders=[one, "OAAAAA-BBBBB-CCCCCC"], cl_ord_ids=["mine"])
    assert answer == {"count": 2}
    assert rig.order(two)["status"] == "canceled"


def test_the_dead_mans_switch_cancels_the_whole_account(rig: Rig) -> None:
    order_id = rig.add()
    rig.ask("AddOrder", OTHER_KEY, **ORDER)
    rig.ask("CancelAllOrdersAfter", timeout="60")
    rig.pass_s(59)
    assert rig.order(order_id)["status"] == "open"
    rig.pass_s(2)
    assert rig.order(order_id)["status"] == "canceled"
    assert len(rig.ask("OpenOrders", OTHER_KEY)["open"]) == 1


# -- batches, limits, states -------------------------------------------------------------------


def test_each_order_of_a_batch_is_taken_or_refused_for_itself(rig: Rig) -> None:
    part = {"type": "buy", "ordertype": "limit", "volume": "0.01", "price": "49000"}
    answer = rig.ask(
        "AddOrderBatch",
        pair="XBTUSD",
        orders=[part, part | {"volume": "50"}, part | {"ordertype": "hope"}],
    )
    first, second, third = answer["orders"]
    assert rig.order(first["txid"])["status"] == "open"
    assert second == {"error": "EOrder:Insufficient funds"}
    assert third == {"error": "EGeneral:Invalid arguments:ordertype"}


@pytest.mark.parametrize("count", [0, 1, 16])
def test_a_batch_has_two_to_fifteen_orders(rig: Rig, count: int) -> None:
    part = {"type": "buy", "ordertype": "limit", "volume": "0.01", "price": "49000"}
    text = refusal(rig, "AddOrderBatch", pair="XBTUSD", orders=[part] * count)
    assert text == "EGeneral:Invalid arguments:orders"


def test_orders_too_fast_for_the_tier_are_refused_until_the_counter_fell() -> None:
    rig = Rig(patience=1.0)
    answers = []
    for _ in range(181):
        try:
            rig.ask("AddOrder", **ORDER, validate="true")
        except Refused as refused:
            answers.append(str(refused))
    assert answers == ["EOrder:Rate limit exceeded"]
    rig.pass_s(10)
    rig.ask("AddOrder", **ORDER, validate="true")


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("cancel_only", "EService:Market in cancel_only mode"),
        ("post_only", "EService:Market in post_only mode"),
        ("maintenance", "EService:Unavailable"),
    ],
)
def test_the_state_of_the_venue_decides_what_is_taken(rig: Rig, mode: str, text: str) -> None:
    order_id = rig.add()
    rig.venue.set_mode(mode)
    assert refusal(rig, "AddOrder", **ORDER) == text
    assert rig.see("SystemStatus")["status"] == mode
    if mode == "maintenance":
        assert refusal(rig, "CancelOrder", txid=order_id) == text
        return
    assert rig.ask("CancelOrder", txid=order_id) == {"count": 1}


def test_a_pair_may_have_a_state_of_its_own(rig: Rig) -> None:
    rig.venue.set_mode("limit_only", "BTC/USD")
    rig.add()
    text = refusal(rig, "AddOrder", **ORDER | {"ordertype": "market"})
    assert text == "EService:Market in limit_only mode"
    assert rig.see("AssetPairs")["XXBTZUSD"]["status"] == "limit_only"


@pytest.mark.parametrize(
    ("right", "method", "params"),
    [
        ("modify-trades", "AddOrder", ORDER),
        ("query-funds", "Balance", {}),
        ("query-open-trades", "OpenOrders", {}),
        ("query-closed-trades", "ClosedOrders", {}),
        ("query-ledger", "Ledgers", {}),
        ("create-ws-token", "GetWebSocketsToken", {}),
    ],
)
def test_a_key_without_the_right_is_refused(right: str, method: str, params: Any) -> None:
    rig = Rig(rights=TRADING_RIGHTS - {right})
    assert refusal(rig, method, **params) == "EGeneral:Permission denied"
