"""What states, kill switch and arming let pass."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.ems.accounts import Account
from engine.ems.guards import ALL, Guards
from engine.ems.journal import KillSwitched, StateSet
from engine.ems.risk import PAPER_LIMITS
from engine.messages import Gauge, Order, TradingState


def order(account: str) -> Order:
    return Order(
        order_id="o",
        account=account,
        fqme="a.b",
        side="buy",
        order_type="market",
        size=Decimal(1),
    )


def made() -> Guards:
    accounts = (
        Account(name="paper", broker="sim"),
        Account(name="real", broker="sim", mode="live", limits=PAPER_LIMITS),
    )
    return Guards({account.name: account for account in accounts})


@pytest.mark.parametrize(
    ("state", "adds", "reduces"),
    [("active", "", ""), ("reducing", "state", ""), ("halted", "state", "state")],
)
def test_each_state_lets_pass_what_it_says(state: TradingState, adds: str, reduces: str) -> None:
    for account in ("paper", ALL):
        guards = made()
        guards.set_state(StateSet(account=account, state=state, reason="why"))
        for is_reducing, check in ((False, adds), (True, reduces)):
            refusal = guards.refuse(order("paper"), is_reducing=is_reducing)
            assert ("" if refusal is None else refusal.check) == check
            assert refusal is None or refusal.reason.endswith(": why")


def test_a_live_account_that_is_not_armed_only_reduces() -> None:
    guards = made()
    assert guards.refuse(order("real"), is_reducing=True) is None
    refusal = guards.refuse(order("real"), is_reducing=False)
    assert refusal is not None
    assert refusal.check == "armed"
    guards.arm("real", True)
    assert guards.refuse(order("real"), is_reducing=False) is None


def test_the_kill_switch_stands_above_all_and_keeps_since_when() -> None:
    guards = made()
    guards.kill(KillSwitched(is_on=True, reason="first"), 7)
    guards.kill(KillSwitched(is_on=True, reason="second"), 9)

    refusal = guards.refuse(order("paper"), is_reducing=True)
    assert refusal is not None
    assert refusal.reason == "the kill switch is on: first"
    assert guards.blocks("paper") == ("kill_switch", refusal.reason, "off", "on")
    assert guards.update((), {}).killed_ns == 7
    guards.kill(KillSwitched(is_on=False), 11)
    assert guards.blocks("paper") is None
    assert guards.update((), {}).killed_ns == 0


def test_what_is_told_names_every_account_with_what_it_lacks() -> None:
    bare = Account(name="bare", broker="sim", mode="live")
    guards = Guards({"bare": bare})
    gauge = Gauge(check="max_open_orders", value=Decimal(1), limit=Decimal(2))
    (told,) = guards.update(("o",), {"bare": (gauge,)}).accounts

    assert not told.is_armed
    assert "max_order_notional" in told.missing_limits
    assert told.gauges == (gauge,)
