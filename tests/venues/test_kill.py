"""An engine that is killed anywhere in the way of an order, started again, and held against what
its venue knows: no order is lost, no fill is lost or counted twice, nothing is sent twice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.failpoints import POINTS
from tests.venues.scripted.broker import FQME
from tests.venues.scripted.rig import Control, EngineProcess, open_engine_process, open_venue

KILLS = [
    *(f"{point}:{times}" for point in POINTS[:3] for times in (4, 5, 6, 7, 8, 10, 12, 14)),
    *(f"{point}:{times}" for point in POINTS[3:5] for times in (1, 2, 3)),
    *(f"{point}:{times}" for point in POINTS[5:6] for times in (1, 2, 3, 4, 5)),
]
RECOVERY_KILLS = [
    *(f"{point}:{times}" for point in POINTS[:3] for times in (1, 2, 3)),
    "7-asked:1",
]


def submit(engine: EngineProcess, order_id: str, **terms: Any) -> None:
    order = {"side": "buy", "order_type": "limit", "size": "1", "price": "100", **terms}
    engine.send("submit", order_id=order_id, account="main", fqme=FQME, **order)


def trade_a_day(engine: EngineProcess, control: Control) -> None:
    """Orders of every kind, until it is done or the engine is dead."""
    engine.send("watch", fqmes=[FQME])
    engine.until(lambda it: any(event["kind"] == "flumeopened" for event in it.events))
    submit(engine, "o1")
    engine.until(engine.has("o1", "open"))
    submit(engine, "d1", route="dark", trigger_price="105", price=None)
    submit(engine, "o2", price="99")
    if not engine.until(lambda it: it.has("d1", "dark")(it) and it.has("o2", "open")(it)):
        return
    control.ask("tick", price=106.0)
    engine.until(engine.has("d1", "open"))
    control.ask("trade", order_id="o1", size="0.5")
    engine.until(engine.has("o1", "partial"))
    engine.send("amend", order_id="o2", price="98")
    engine.until(lambda it: it.orders["o2"]["price"] == "98")
    engine.send("cancel", order_id="o2")
    engine.until(engine.has("o2", "canceled"))


def happen_meanwhile(control: Control) -> None:
    """What nobody here sees: fills, and an order from elsewhere that fills in part."""
    elsewhere = {"order_id": "x1", "account": "main", "fqme": FQME, "side": "sell"}
    rest = {"order_type": "limit", "size": "2", "price": "110"}
    control.ask("place", order={**elsewhere, **rest})
    for order_id in ("o1", "d1", "x1"):
        if control.ask("truth")["orders"].get(order_id, {}).get("state") == "open":
            control.ask("trade", order_id=order_id, size="0.25")


def is_agreed(engine: EngineProcess) -> bool:
    """Agreed with the venue, and nothing in doubt."""
    account = engine.account
    states = {order["state"] for order in engine.orders.values()}
    is_clear = not (account.get("unresolved") or account.get("disagreements"))
    return account.get("state") == "agreed" and is_clear and "unknown" not in states


def check_against(truth: dict[str, Any], engine: EngineProcess) -> None:
    assert all(count == 1 for count in truth["submits"].values()), truth["submits"]
    for order_id, order in truth["orders"].items():
        ours = engine.orders[order_id]
        state = "partial" if order["state"] == "open" and float(order["filled"]) else order["state"]
        assert ours["state"] == state, (order_id, ours, order)
        assert Decimal(ours["filled"]) == Decimal(order["filled"])
        assert ours.get("is_external", False) is (order_id == "x1")
    for order_id in engine.orders.keys() - truth["orders"].keys():
        assert engine.orders[order_id]["state"] in ("canceled", "dark", "denied"), order_id
        assert Decimal(engine.orders[order_id].get("filled", "0")) == 0
    assert engine.fills.keys() == {fill["trade_id"] for fill in truth["fills"]}
    ours = engine.positions.get(FQME, {"size": "0"})
    assert Decimal(ours["size"]) == Decimal(f"{truth['positions'].get(FQME, 0):g}")


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", RECOVERY_KILLS)
def test_killed_while_it_recovers_it_recovers_the_next_time(tmp_path: Path, failpoint: str) -> None:
    with open_venue() as control:
        with open_engine_process(tmp_path, control, failpoint="4-calling:3") as engine:
            trade_a_day(engine, control)
        happen_meanwhile(control)
        with open_engine_process(tmp_path, control, failpoint=failpoint) as engine:
            assert not engine.until(lambda it: False)
        with open_engine_process(tmp_path, control) as engine:
            assert engine.until(is_agreed)
            check_against(control.ask("truth"), engine)


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", KILLS)
def test_killed_anywhere_it_comes_back_to_what_the_venue_knows(
    tmp_path: Path, failpoint: str
) -> None:
    with open_venue() as control:
        with open_engine_process(tmp_path, control, failpoint=failpoint) as engine:
            trade_a_day(engine, control)
            sent = control.ask("truth")["submits"]
        happen_meanwhile(control)
        with open_engine_process(tmp_path, control) as engine:
            assert engine.until(is_agreed)
            truth = control.ask("truth")
            check_against(truth, engine)
            assert truth["submits"] == sent | {"x1": 1}
        # A second start finds nothing to do.
        with open_engine_process(tmp_path, control) as again:
            assert again.until(is_agreed)
            check_against(control.ask("truth"), again)
