"""Orders over the WebSocket, and what is told of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.venues.kraken.rig import OTHER_KEY, Client, Rig

LIMIT = {
    "order_type": "limit",
    "side": "buy",
    "symbol": "BTC/USD",
    "order_qty": 0.01,
    "limit_price": 49000.0,
}


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def client(rig: Rig) -> Client:
    return rig.follow()


def kinds(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(entry["exec_type"], entry["order_status"]) for entry in entries]


def test_an_order_is_answered_and_then_told_of_step_by_step(client: Client) -> None:
    answer = client.trade("add_order", **LIMIT, cl_ord_id="mine-1")
    order_id = answer["result"]["order_id"]
    assert answer["result"] == {"order_id": order_id, "cl_ord_id": "mine-1"}
    assert (answer["success"], answer["req_id"]) == (True, 7)
    pending, opened = client.entries()
    assert pending["exec_type"] == pending["order_status"] == "pending_new"
    assert (pending["symbol"], pending["order_qty"], pending["limit_price"]) == (
        "BTC/USD",
        0.01,
        49000.0,
    )
    assert (pending["cl_ord_id"], pending["time_in_force"]) == ("mine-1", "GTC")
    assert opened == {
        "timestamp": pending["timestamp"],
        "order_status": "new",
        "exec_type": "new",
        "cl_ord_id": "mine-1",
        "order_id": order_id,
    }


def test_fills_are_told_each_and_then_that_it_is_filled(client: Client) -> None:
    client.trade("add_order", **LIMIT | {"limit_price": 50002.0, "order_qty": 0.6})
    entries = client.entries()
    assert kinds(entries) == [
        ("pending_new", "pending_new"),
        ("new", "new"),
        ("trade", "partially_filled"),
        ("trade", "partially_filled"),
        ("filled", "filled"),
    ]
    first, second = entries[2:4]
    assert (first["last_qty"], first["last_price"], first["cost"]) == (0.5, 50001.0, 25000.5)
    assert (first["liquidity_ind"], first["fees"]) == ("t", [{"asset": "USD", "qty": 100.002}])
    assert (second["cum_qty"], second["cum_cost"]) == (0.6, 25000.5 + 5000.2)
    assert second["trade_id"] == first["trade_id"] + 1
    assert first["exec_id"] != second["exec_id"]
    assert entries[-1]["cum_qty"] == 0.6


def test_balances_are_told_with_each_fill(rig: Rig) -> None:
    client = rig.client()
    _, snapshot = client.ask("subscribe", channel="balances", token=client.token)
    held = {one["asset"]: one["balance"] for one in snapshot["data"]}
    assert (held["USD"], held["BTC"], snapshot["sequence"]) == (100_000, 2, 1)
    rig.add(price="50001", volume="0.1")
    (update,) = client.take()
    base, quote = update["data"]
    assert (base["asset"], base["amount"], base["balance"]) == ("BTC", 0.1, 2.1)
    assert (quote["asset"], quote["amount"], quote["type"]) == ("USD", -5000.1, "trade")
    assert quote["ref_id"] == base["ref_id"]
    assert update["sequence"] == 2


def test_sequences_count_by_channel_and_connection(rig: Rig) -> None:
    one, two = rig.follow(), rig.follow()
    one.trade("add_order", **LIMIT)
    rig.add(price="50001")
    for client in (one, two):
        messages = [message for message in client.events() if "sequence" in message]
        for channel in ("executions", "balances"):
            told = [message["sequence"] for message in messages if message["channel"] == channel]
            assert told == list(range(2, 2 + len(told)))


def test_open_orders_and_past_trades_come_first(rig: Rig) -> None:
    resting, done = rig.add(), rig.add(price="50001")
    client = rig.client()
    ask = {"channel": "executions", "token": client.token}
    ack, snapshot = client.ask("subscribe", **ask, snap_orders=True, snap_trades=True)
    assert (ack["result"]["maxratecount"], ack["result"]["snap_trades"]) == (180, True)
    assert (snapshot["type"], snapshot["sequence"]) == ("snapshot", 1)
    order, trade = snapshot["data"]
    assert (order["order_id"], order["exec_type"], order["order_status"]) == (resting, "new", "new")
    assert (trade["order_id"], trade["exec_type"]) == (done, "trade")


def test_a_snapshot_may_be_left_out(rig: Rig) -> None:
    rig.add()
    client = rig.client()
    told = client.ask("subscribe", channel="executions", token=client.token, snap_orders=False)
    assert [one.get("method") for one in told] == ["subscribe"]


def test_what_only_passes_can_be_left_out(rig: Rig) -> None:
    client = rig.client()
    client.ask("subscribe", channel="executions", token=client.token, order_status=False)
    order_id = client.trade("add_order", **LIMIT)["result"]["order_id"]
    client.trade("amend_order", order_id=order_id, order_qty=0.02)
    client.trade("cancel_order", order_id=[order_id])
    rig.pass_s(1)
    assert "pending_new" not in str(client.events())


def test_an_amend_is_told_with_what_it_is_now(client: Client) -> None:
    order_id = client.trade("add_order", **LIMIT)["result"]["order_id"]
    client.entries()
    answer = client.trade("amend_order", order_id=order_id, order_qty=0.02, limit_price=49100.0)
    assert set(answer["result"]) == {"amend_id", "order_id"}
    (entry,) = client.entries()
    assert (entry["exec_type"], entry["amended"], entry["reason"]) == (
        "amended",
        True,
        "User requested",
    )
    assert (entry["order_qty"], entry["limit_price"], entry["cum_qty"]) == (0.02, 49100.0, 0)


def test_an_edit_is_told_as_a_cancel_and_a_new_order(client: Client) -> None:
    old = client.trade("add_order", **LIMIT)["result"]["order_id"]
    client.entries()
    answer = client.trade("edit_order", order_id=old, symbol="BTC/USD", order_qty=0.03)
    assert answer["result"]["original_order_id"] == old
    entries = client.entries()
    assert [entry["exec_type"] for entry in entries] == ["canceled", "pending_new", "new"]
    assert entries[1]["order_id"] == answer["result"]["order_id"]


def test_each_cancel_is_answered_for_itself(rig: Rig, client: Client) -> None:
    ids = [rig.add(), rig.add(cl_ord_id="mine")]
    body = {"order_id": [ids[0], "OAAAAA-BBBBB-CCCCCC"], "cl_ord_id": ["mine"]}
    answers = [
        one
        for one in client.ask("cancel_order", token=client.token, **body)
        if one.get("method") == "cancel_order"
    ]
    assert [one.get("result") for one in answers] == [
        {"order_id": ids[0]},
        None,
        {"order_id": ids[1], "cl_ord_id": "mine"},
    ]
    assert answers[1]["error"] == "EOrder:Unknown order"


def test_a_cancel_is_told_with_its_reason(client: Client) -> None:
    order_id = client.trade("add_order", **LIMIT)["result"]["order_id"]
    client.entries()
    client.trade("cancel_order", order_id=[order_id])
    (entry,) = client.entries()
    assert (entry["exec_type"], entry["order_status"]) == ("canceled", "canceled")
    assert entry["reason"] == entry["cancel_reason"] == "User requested"


def test_a_stop_is_told_with_its_trigger_and_when_it_is_touched(rig: Rig, client: Client) -> None:
    client.trade(
        "add_order",
        order_type="stop-loss",
        side="sell",
        symbol="BTC/USD",
        order_qty=0.01,
        triggers={"reference": "last", "price": 49990.0, "price_type": "static"},
    )
    pending, _ = client.entries()
    assert pending["triggers"]["status"] == "untriggered"
    assert (pending["triggers"]["price"], pending["stop_price"]) == (49990.0, 49990.0)
    rig.market.take("sell", Decimal(49990), Decimal("5.1"))
    rig.venue.pass_time()
    entries = client.entries()
    assert [entry["exec_type"] for entry in entries] == ["status", "trade", "filled"]
    assert entries[0]["triggers"]["status"] == "triggered"


def test_a_stop_that_trails_is_told_of_as_it_moves(rig: Rig, client: Client) -> None:
    client.trade(
        "add_order",
        order_type="trailing-stop",
        side="sell",
        symbol="BTC/USD",
        order_qty=0.01,
        triggers={"price": 1.0, "price_type": "pct"},
    )
    pending, _ = client.entries()
    assert (pending["triggers"]["price"], pending["triggers"]["price_type"]) == (1.0, "pct")
    rig.market.take("buy", Decimal(50010), Decimal("4.6"))
    moved = client.entries()[-1]
    assert (moved["exec_type"], moved["triggers"]["actual_price"]) == ("status", 49509.9)


def test_all_orders_are_cancelled_and_counted(rig: Rig, client: Client) -> None:
    rig.add()
    rig.add()
    assert client.trade("cancel_all")["result"] == {"count": 2}
    assert client.trade("cancel_all")["result"] == {"count": 0}


def test_the_dead_mans_switch_is_set_renewed_and_stopped(rig: Rig, client: Client) -> None:
    rig.add()
    answer = client.trade("cancel_all_orders_after", timeout=60)
    assert answer["result"]["triggerTime"] == "2026-05-28T20:27:41Z"
    rig.pass_s(50)
    client.trade("cancel_all_orders_after", timeout=60)
    rig.pass_s(50)
    client.events()
    assert client.trade("cancel_all_orders_after", timeout=0)["result"]["triggerTime"] == "0"
    rig.pass_s(500)
    assert len(rig.ask("OpenOrders")["open"]) == 1


def test_batches_add_and_cancel(client: Client) -> None:
    part = {name: value for name, value in LIMIT.items() if name != "symbol"}
    bad = part | {"limit_price": 49000.05}
    answer = client.trade("batch_add", symbol="BTC/USD", orders=[part, part, bad])
    one, two, refused = answer["result"]
    assert "only be specified up to 1 decimals" in refused["error"]
    answer = client.trade("batch_cancel", orders=[one["order_id"], two["order_id"]])
    assert (answer["orders_cancelled"], answer["success"]) == (2, True)


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("add_order", LIMIT | {"symbol": "XBT/USD"}, "Currency pair not supported XBT/USD"),
        ("add_order", LIMIT | {"order_qty": "0.01"}, "Order_qty field must be a number_float"),
        ("add_order", LIMIT | {"order_qty": 50}, "EOrder:Insufficient funds"),
        (
            "add_order",
            LIMIT | {"limit_price": 50001.0, "post_only": True},
            "EOrder:Post only order",
        ),
        ("add_order", LIMIT | {"margin": True}, "EGeneral:Invalid arguments:leverage"),
        ("amend_order", {"order_qty": 1}, "Order_id(s) not found"),
        ("amend_order", {"order_id": "O", "order_qty": 1}, "EOrder:Unknown order"),
        ("edit_order", {"order_id": "O", "symbol": "BTC/USD"}, "EOrder:Unknown order"),
        ("cancel_order", {}, "Order_id(s) not found"),
        ("cancel_order", {"order_id": "O"}, "Order_id field must be an array"),
        ("cancel_all_orders_after", {}, "Timeout(s) not found"),
        ("cancel_all_orders_after", {"timeout": -1}, "EGeneral:Invalid arguments:timeout"),
        ("batch_add", {"symbol": "BTC/USD"}, "Orders(s) not found"),
        ("batch_cancel", {"orders": ["O"]}, "EGeneral:Invalid arguments:orders"),
    ],
)
def test_what_cannot_be_done_is_refused(
    client: Client, method: str, params: dict[str, Any], error: str
) -> None:
    answer = client.trade(method, **params)
    assert (answer["error"], answer["success"]) == (error, False)
    assert client.entries() == []


def test_an_account_hears_of_its_own_orders_only(rig: Rig) -> None:
    other = rig.follow(OTHER_KEY)
    rig.add(price="50001")
    assert other.events() == []


def test_a_token_is_good_for_a_connection_that_used_it_and_no_longer_for_others(rig: Rig) -> None:
    client, late = rig.follow(), rig.client()
    rig.pass_s(901)
    assert client.trade("cancel_all")["success"]
    assert late.trade("cancel_all")["error"] == "ESession:Invalid session"


def test_an_order_from_elsewhere_is_told_of_too(rig: Rig, client: Client) -> None:
    rig.venue.controller.do(
        "submit", account="mine", symbol="BTC/USD", side="buy", size="0.01", price="49000"
    )
    pending, opened = client.entries()
    assert (pending["order_type"], pending["limit_price"]) == ("limit", 49000.0)
    assert list(rig.ask("OpenOrders")["open"]) == [opened["order_id"]]
    assert rig.ask("CancelOrder", txid=opened["order_id"]) == {"count": 1}
