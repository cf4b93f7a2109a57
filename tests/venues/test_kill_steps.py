"""An engine that is killed at every point of a step that matters, each time that it comes by there,
started again, and held against what its venue knows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.failpoints import POINTS
from tests.venues.scripted.broker import FQME
from tests.venues.scripted.rig import Control, EngineProcess, open_engine_process, open_venue
from tests.venues.test_kill import check_against, is_agreed, submit

MOST = 30
"""No step comes by a point more often."""

Does = Callable[[EngineProcess, Control], bool]
"""Carries out its part; false if the engine died meanwhile."""


class Step(NamedTuple):
    """What is there before, what happens, and what must be so whatever became of it."""

    prepare: Does
    act: Does
    check: Callable[[EngineProcess, Control], None] = lambda engine, control: None


def watch(engine: EngineProcess) -> bool:
    engine.send("watch", fqmes=[FQME])
    is_open = engine.until(lambda it: any(one["kind"] == "flumeopened" for one in it.events))
    return is_open and engine.until(is_agreed)


def has_order(engine: EngineProcess, control: Control) -> bool:
    submit(engine, "o1")
    return engine.until(engine.has("o1", "open"))


def has_dark(engine: EngineProcess, control: Control) -> bool:
    submit(engine, "d1", route="dark", trigger_price="105", price=None)
    return engine.until(engine.has("d1", "dark"))


def has_position(engine: EngineProcess, control: Control) -> bool:
    submit(engine, "o1")
    if not engine.until(engine.has("o1", "open")):
        return False
    control.ask("trade", order_id="o1", size="1")
    return has_order_beside(engine) and engine.until(lambda it: held(it) == 1)


def has_order_beside(engine: EngineProcess) -> bool:
    submit(engine, "o2", price="98")
    return engine.until(engine.has("o2", "open"))


def has_entry(engine: EngineProcess, control: Control) -> bool:
    terms = {
        "kind": "bracket",
        "side": "buy",
        "size": "1",
        "price": "100",
        "stop_price": "95",
        "targets": [["110", "1"]],
    }
    engine.send("submitalgo", algo_id="a1", account="main", fqme=FQME, terms=terms)
    return engine.until(lambda it: any(one["state"] == "open" for one in children(it)))


def children(engine: EngineProcess) -> list[dict[str, str]]:
    return [one for one in engine.orders.values() if one.get("parent_id") == "a1"]


def held(engine: EngineProcess) -> Decimal:
    return Decimal(engine.positions.get(FQME, {"size": "0"})["size"])


def amend(engine: EngineProcess, control: Control) -> bool:
    engine.send("amend", order_id="o1", price="99")
    return engine.until(
        lambda it: it.orders["o1"]["price"] == "99" and not it.orders["o1"].get("awaiting")
    )


def cancel(engine: EngineProcess, control: Control) -> bool:
    engine.send("cancel", order_id="o1")
    return engine.until(engine.has("o1", "canceled"))


def touch(engine: EngineProcess, control: Control) -> bool:
    control.ask("tick", price=106.0)
    return engine.until(engine.has("d1", "open"))


def fill(engine: EngineProcess, control: Control) -> bool:
    control.ask("trade", order_id="o1", size="0.25")
    return engine.until(lambda it: engine.has("o1", "partial")(it) and held(it) > 0)


def fill_entry(engine: EngineProcess, control: Control) -> bool:
    """The entry of a bracket fills: its target goes to the venue, its stop is held here."""
    (entry,) = [one["order_id"] for one in children(engine)]
    control.ask("trade", order_id=entry, size="1")
    return engine.until(lambda it: exits(it) == ["open"] and held(it) == 1)


def exits(engine: EngineProcess) -> list[str]:
    """States of what closes the position of the bracket."""
    return [one["state"] for one in children(engine) if one["side"] == "sell"]


def flatten(engine: EngineProcess, control: Control) -> bool:
    engine.send("flatten", order_id="f1", account="main", fqme=FQME)
    if not engine.until(engine.has("f1", "open", "filled", "unknown")):
        return False
    control.ask("trade", order_id="f1", size="1")
    return engine.until(lambda it: held(it) == 0)


def is_amended_or_not(engine: EngineProcess, control: Control) -> None:
    theirs = control.ask("truth")["orders"]["o1"]
    assert Decimal(engine.orders["o1"]["price"]) == Decimal(theirs["price"])


def is_sent_once_or_still_held(engine: EngineProcess, control: Control) -> None:
    """A trigger that was not sent is held still, and sends when it is touched again."""
    sent = control.ask("truth")["submits"]
    if engine.orders["d1"]["state"] == "dark":
        assert "d1" not in sent
        assert watch(engine)
        assert touch(engine, control)
    assert control.ask("truth")["submits"].get("d1", 0) <= 1


def is_protected_once(engine: EngineProcess, control: Control) -> None:
    """What was bought is for sale once, however often the bracket began anew."""
    assert watch(engine)
    assert engine.until(lambda it: exits(it).count("open") == 1 and held(it) == 1)
    working = [
        order
        for order in control.ask("truth")["orders"].values()
        if order["side"] == "sell" and order["state"] == "open"
    ]
    assert [Decimal(order["size"]) for order in working] == [Decimal(1)]


def is_left_once(engine: EngineProcess, control: Control) -> None:
    """Who presses the key again after the start leaves the market, and is never short."""
    assert watch(engine)
    if control.ask("truth")["positions"][FQME] != 0:
        engine.send("flatten", order_id="f2", account="main", fqme=FQME)
        assert engine.until(lambda it: is_leaving(it, "f2") or (is_refused(it) and is_leaving(it)))
        for order_id, order in control.ask("truth")["orders"].items():
            if order["side"] == "sell" and order["state"] == "open":
                control.ask("trade", order_id=order_id, size=order["size"])
    assert control.ask("truth")["positions"][FQME] == 0
    assert engine.until(lambda it: held(it) == 0 and is_agreed(it))
    assert not [one for one in control.ask("truth")["orders"].values() if one["state"] == "open"]


def is_leaving(engine: EngineProcess, order_id: str = "f1") -> bool:
    return engine.orders.get(order_id, {}).get("state") == "open"


def is_refused(engine: EngineProcess) -> bool:
    """The second press found the first one at work."""
    return any(event["kind"] == "commandrefused" for event in engine.events)


def nothing(engine: EngineProcess, control: Control) -> bool:
    return True


STEPS = {
    "submit": Step(nothing, has_order),
    "amend": Step(has_order, amend, is_amended_or_not),
    "cancel": Step(has_order, cancel),
    "dark trigger": Step(has_dark, touch, is_sent_once_or_still_held),
    "fill": Step(has_order, fill),
    "algo child": Step(has_entry, fill_entry, is_protected_once),
    "flatten": Step(has_position, flatten, is_left_once),
}


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS[:6])
@pytest.mark.parametrize("name", STEPS)
def test_killed_at_a_point_of_a_step_each_time_it_comes_by(
    tmp_path: Path, name: str, point: str
) -> None:
    step = STEPS[name]
    for times in range(1, MOST):
        with open_venue() as control:
            data = tmp_path / str(times)
            with open_engine_process(data, control) as engine:
                assert watch(engine)
                assert step.prepare(engine, control)
                engine.arm(f"{point}:{times}")
                if step.act(engine, control):
                    return  # it does not come by that often
            with open_engine_process(data, control) as engine:
                assert engine.until(is_agreed)
                step.check(engine, control)
                check_against(control.ask("truth"), engine)
    pytest.fail(f"it came by {point} {MOST} times")


def pull_switch(engine: EngineProcess, control: Control) -> bool:
    engine.send("killswitch", is_on=True, note="enough")
    return engine.until(is_all_stopped)


def is_killed(engine: EngineProcess) -> bool:
    return bool(engine.guards.get("is_killed"))


def is_all_stopped(engine: EngineProcess) -> bool:
    """Killed, and nothing works any more that anyone knows of."""
    ended = all(order["state"] == "canceled" for order in engine.orders.values())
    return is_killed(engine) and ended and not engine.guards["unconfirmed"]


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS[:6])
def test_a_kill_switch_that_was_told_holds_wherever_the_engine_dies(
    tmp_path: Path, point: str
) -> None:
    """Killed again after the start, everything canceled in the end, and nothing taken; one that
    was not on record yet was told to nobody, and all works on."""
    for times in range(1, MOST):
        with open_venue() as control:
            data = tmp_path / str(times)
            with open_engine_process(data, control) as engine:
                assert watch(engine)
                assert has_order(engine, control)
                assert has_dark(engine, control)
                engine.arm(f"{point}:{times}")
                if pull_switch(engine, control):
                    return
                was_told = is_killed(engine)
            with open_engine_process(data, control) as engine:
                assert watch(engine)
                if not is_killed(engine):
                    assert not was_told
                    assert engine.orders["d1"]["state"] == "dark"
                    check_against(control.ask("truth"), engine)
                    continue
                assert engine.until(is_all_stopped), engine.orders
                submit(engine, "o9")
                assert engine.until(engine.has("o9", "denied"))
                truth = control.ask("truth")
                assert [order["state"] for order in truth["orders"].values()] == ["canceled"]
                assert truth["submits"] == {"o1": 1}
    pytest.fail(f"it came by {point} {MOST} times")
