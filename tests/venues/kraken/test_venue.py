"""What the venue does wrong on purpose, and the control over it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venues.kraken.amounts import encode
from tests.venues.kraken.errors import Refused
from tests.venues.kraken.rig import Client, Rig

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


def say(client: Client, method: str, **params: Any) -> list[dict[str, Any]]:
    return client.ask(method, token=client.token, **params)


def test_a_connection_may_break_before_an_order_is_taken(rig: Rig) -> None:
    client = rig.client()
    rig.venue.faults.set({"drop_before_ack": True})
    assert say(client, "add_order", **LIMIT) == []
    assert client.was_cut
    assert rig.venue.records.working("mine") == []


@pytest.mark.parametrize("switch", ["drop_after_ack", "mute"])
def test_an_order_may_be_taken_without_an_answer(rig: Rig, switch: str) -> None:
    client = rig.client()
    rig.venue.faults.set({switch: True})
    assert say(client, "add_order", **LIMIT) == []
    assert client.was_cut == (switch == "drop_after_ack")
    assert len(rig.venue.records.working("mine")) == 1


def test_what_came_of_an_order_may_be_left_open(rig: Rig) -> None:
    client = rig.client()
    rig.venue.faults.set({"unknown": True})
    assert say(client, "add_order", **LIMIT)[0]["error"] == "EService:Timeout"
    assert len(rig.venue.records.working("mine")) == 1


def test_switches_hit_the_kinds_that_are_named(rig: Rig) -> None:
    client = rig.client()
    rig.venue.faults.set({"mute": True, "hits": "cancel", "times": 1})
    order_id = say(client, "add_order", **LIMIT)[0]["result"]["order_id"]
    assert say(client, "cancel_order", order_id=[order_id]) == []
    assert say(client, "cancel_order", order_id=[order_id])[0]["error"] == "EOrder:Unknown order"


def test_events_may_come_before_the_answer_twice_backwards_or_never(rig: Rig) -> None:
    def told() -> list[str]:
        client = rig.client()
        say(client, "subscribe", channel="executions", snap_orders=False)
        messages = say(client, "add_order", **LIMIT)
        rig.venue.disconnected(client.connection)
        return [
            one["method"] if "method" in one else one["data"][0]["exec_type"] for one in messages
        ]

    faults = rig.venue.faults
    assert told() == ["add_order", "pending_new", "new"]
    faults.set({"events_before_ack": True})
    assert told() == ["pending_new", "new", "add_order"]
    faults.clear()
    faults.set({"reorder": True})
    assert told() == ["add_order", "new", "pending_new"]
    faults.clear()
    faults.set({"duplicate": True})
    assert told() == ["add_order", "pending_new", "pending_new", "new", "new"]
    faults.clear()
    faults.set({"mute_events": True})
    assert told() == ["add_order"]


def test_orders_may_be_filled_when_they_come(rig: Rig) -> None:
    rig.venue.faults.set({"fill": "0.004"})
    order_id = rig.add(price="50000")
    assert rig.order(order_id)["vol_exec"] == "0.00400000"
    rig.venue.faults.set({"fill": "all"})
    assert rig.order(rig.add(price="50000"))["status"] == "closed"


def test_a_fill_may_be_told_after_a_cancel(rig: Rig) -> None:
    client = rig.follow()
    order_id = client.trade("add_order", **LIMIT)["result"]["order_id"]
    client.entries()
    rig.venue.faults.set({"fill_after_cancel": "0.004"})
    client.trade("cancel_order", order_id=[order_id])
    assert [entry["exec_type"] for entry in client.entries()] == ["canceled", "trade"]


def test_lists_may_know_of_nothing(rig: Rig) -> None:
    order_id = rig.add(price="50001")
    rig.add()
    rig.venue.faults.set({"deny_knowing": True})
    assert rig.ask("OpenOrders") == {"open": {}}
    assert rig.ask("ClosedOrders")["closed"] == {}
    assert rig.ask("TradesHistory")["trades"] == {}
    with pytest.raises(Refused, match="EOrder:Invalid order"):
        rig.order(order_id)


def test_a_client_may_be_banned_for_a_time(rig: Rig) -> None:
    rig.venue.faults.set({"ban_s": 60.0, "hits": "account"})
    with pytest.raises(Refused, match="EGeneral:Temporary lockout"):
        rig.venue.verdict("account", "here")
    rig.venue.faults.clear()
    with pytest.raises(Refused, match="EGeneral:Temporary lockout"):
        rig.venue.verdict("public", "here")
    assert rig.venue.verdict("public", "there") == "go"
    rig.pass_s(61)
    assert rig.venue.verdict("public", "here") == "go"


def test_the_control_knows_the_truth_and_can_cut_and_revoke(rig: Rig) -> None:
    client = rig.follow()
    rig.add(cl_ord_id="mine-1")
    do = rig.venue.controller.do
    (order,) = do("truth")["accounts"]["mine"]["orders"]
    assert (order["client_id"], order["status"]) == ("mine-1", "new")
    do("fill", account="mine", client_id="mine-1", size="all")
    assert [entry["exec_type"] for entry in client.entries()][-1] == "filled"
    do("revoke_tokens")
    assert client.trade("cancel_all")["error"] == "ESession:Invalid session"
    do("mode", mode="maintenance")
    assert client.take()[0]["data"][0]["system"] == "maintenance"
    do("disconnect")
    assert client.was_cut


def test_two_runs_of_one_seed_are_the_same() -> None:
    def run() -> Any:
        rig = Rig(is_quiet=False, seed=7)
        order_id = rig.add(ordertype="market", price="")
        rig.pass_s(30)
        return order_id, rig.order(order_id), rig.see("Trades", pair="XBTUSD")

    assert encode(run()) == encode(run())
