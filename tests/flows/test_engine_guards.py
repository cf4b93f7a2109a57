"""Guards through a whole engine on the embedded exchange: killed, restarted, left and reversed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trio.testing import MockClock

from engine.ems.accounts import Account
from engine.ems.journal import MemoryJournal
from engine.ems.limits import RiskLimits
from engine.messages import (
    ArmAccount,
    Denied,
    Flatten,
    GuardsUpdate,
    KillSwitch,
    OrderState,
    OrderUpdate,
    Reverse,
)
from tests.support.engine_rig import Rig, open_rig

SIM = "btcusdt.spot.sim"
D = Decimal
LIMITS = RiskLimits(
    max_order_notional=D(100_000),
    max_position_notional=D(100_000),
    price_band_pct=D(20),
    stale_quote_s=60.0,
    max_open_orders=20,
    max_orders_per_day=50,
    max_day_loss=D(5_000),
    loss_currency="usdt",
)
ACCOUNTS = [
    Account(name="sim", broker="sim", serves=("sim",)),
    Account(name="real", broker="sim", serves=("sim",), mode="live", limits=LIMITS),
]


def guards(rig: Rig) -> GuardsUpdate:
    return (rig.told(GuardsUpdate) or [GuardsUpdate()])[-1]


def denial(rig: Rig, order_id: str) -> Denied:
    (found,) = [
        update.event
        for update in rig.told(OrderUpdate)
        if update.order.order_id == order_id and isinstance(update.event, Denied)
    ]
    return found


async def low(rig: Rig) -> str:
    return str(rig.instrument().round_price(rig.quote().last * 0.9))


async def test_a_killed_engine_cancels_at_the_exchange_and_comes_up_killed(
    mock_clock: MockClock,
) -> None:
    journal = MemoryJournal()
    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        resting = await rig.submit("buy", "0.01", price=await low(rig), account="sim")
        terms: dict[str, Any] = {"account": "sim", "route": "dark"}
        dark = await rig.submit("buy", "0.01", trigger_price=await low(rig), **terms)
        rig.send(KillSwitch(is_on=True, note="enough"))
        await rig.until("cancels", lambda: not guards(rig).unconfirmed and guards(rig).is_killed)

        assert rig.order(resting).state is OrderState.CANCELED
        assert rig.order(dark).state is OrderState.CANCELED

    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        order_id = await rig.submit("buy", "0.01", account="sim", order_id="n1")

        await rig.until("denial", lambda: rig.order(order_id).state is OrderState.DENIED)
        assert (guards(rig).is_killed, guards(rig).kill_reason) == (True, "enough")
        assert denial(rig, order_id).check == "kill_switch"
        rig.send(KillSwitch(is_on=False))
        await rig.advance(1.0)
        bought = await rig.submit("buy", "0.01", account="sim", order_id="n2")
        await rig.until("fill", lambda: rig.order(bought).state is OrderState.FILLED)


async def test_what_was_held_before_a_restart_can_be_left_and_exits_never_flip_it(
    mock_clock: MockClock,
) -> None:
    journal = MemoryJournal()
    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        bought = await rig.submit("buy", "0.02", account="sim")
        await rig.until("fill", lambda: rig.order(bought).state is OrderState.FILLED)

    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.advance(10.0)
        await rig.watch(SIM)
        await rig.advance(1.0)
        exits: dict[str, Any] = {"account": "sim", "reduce_only": True}
        half = await rig.submit("sell", "0.01", order_id="n1", **exits)
        await rig.until("fill", lambda: rig.order(half).state is OrderState.FILLED)
        more = await rig.submit("sell", "0.02", order_id="n2", **exits)
        rig.send(Flatten(order_id="x", fqme=SIM, account="sim"))
        await rig.until("flat", lambda: rig.position("sim", SIM).size == 0)
        again = await rig.submit("sell", "0.01", order_id="n3", **exits)
        await rig.advance(1.0)

        assert denial(rig, more).check == "reduce_only"
        assert denial(rig, again).check == "reduce_only"
        assert rig.position("sim", SIM).size == 0


async def test_a_live_account_is_armed_trades_is_reversed_and_flat(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, accounts=ACCOUNTS) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        unarmed = await rig.submit("buy", "0.01", account="real")
        rig.send(ArmAccount(account="real", is_armed=True))
        await rig.advance(1.0)
        bought = await rig.submit("buy", "0.01", account="real")
        await rig.until("fill", lambda: rig.order(bought).state is OrderState.FILLED)
        rig.send(Reverse(order_id="turn", fqme=SIM, account="real"))
        await rig.advance(2.0)
        await rig.until("short", lambda: rig.position("real", SIM).size == D("-0.01"))
        rig.send(ArmAccount(account="real", is_armed=False))
        rig.send(Flatten(order_id="out", fqme=SIM, account="real"))
        await rig.until("flat", lambda: rig.position("real", SIM).size == 0)
        await rig.advance(2.0)

        assert denial(rig, unarmed).check == "armed"
        (real,) = [one for one in guards(rig).accounts if one.account == "real"]
        assert not real.is_armed
        gauges = {gauge.check: gauge for gauge in real.gauges}
        assert set(gauges) == {"max_day_loss", "max_orders_per_day", "max_open_orders"}
        assert gauges["max_orders_per_day"].value == 3
        loss = gauges["max_day_loss"]
        assert loss.unit == "usdt"
        assert loss.value is not None
        assert loss.value > 0  # the spread, at least
