"""What a venue can do wrong, and what is believed of it: the engine and the venue as processes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.venues.scripted.broker import FQME
from tests.venues.scripted.rig import EngineProcess, open_engine_process, open_venue
from tests.venues.test_kill import check_against, is_agreed, submit

UNSURE = {"can_query": False, "query_is_proof": False, "list_is_proof": False}


def watched(engine: EngineProcess) -> None:
    engine.send("watch", fqmes=[FQME])
    assert engine.until(lambda it: any(event["kind"] == "flumeopened" for event in it.events))
    assert engine.until(is_agreed)


def settled(order_id: str, state: str) -> Callable[[EngineProcess], bool]:
    """In this state, and everything that was told with it is here."""

    def is_so(it: EngineProcess) -> bool:
        filled = Decimal(it.orders.get(order_id, {}).get("filled", "0"))
        held = Decimal(it.positions.get(FQME, {"size": "0"})["size"])
        return it.has(order_id, state)(it) and is_agreed(it) and held == filled

    return is_so


@pytest.mark.slow
@pytest.mark.parametrize(
    ("switches", "state"),
    [
        ({"drop_before_ack": True}, "canceled"),
        ({"drop_after_ack": True}, "open"),
        ({"mute": True}, "open"),
        ({"duplicate": True, "fill": "0.5"}, "partial"),
        ({"reorder": True, "fill": "0.5"}, "partial"),
        ({"fill_before_ack": True, "fill": "all"}, "filled"),
        ({"overfill": "0.5"}, "filled"),
        ({"delay_s": 0.05, "fill": "all"}, "filled"),
    ],
)
def test_whatever_it_does_an_order_ends_as_the_venue_has_it(
    tmp_path: Path, switches: dict[str, Any], state: str
) -> None:
    with open_venue() as control, open_engine_process(tmp_path, control) as engine:
        watched(engine)
        control.switch(**switches)
        submit(engine, "o1")
        # What broke the connection breaks it once; the venue itself goes on.
        engine.until(lambda it: it.has("o1", "unknown", state)(it))
        control.switch(drop_before_ack=False, drop_after_ack=False)
        assert engine.until(settled("o1", state))
        check_against(control.ask("truth"), engine)


@pytest.mark.slow
def test_a_fill_after_the_cancel_counts(tmp_path: Path) -> None:
    with open_venue() as control, open_engine_process(tmp_path, control) as engine:
        watched(engine)
        control.switch(fill_after_cancel="0.25")
        submit(engine, "o1")
        assert engine.until(engine.has("o1", "open"))
        engine.send("cancel", order_id="o1")
        assert engine.until(lambda it: it.fills and settled("o1", "canceled")(it))
        check_against(control.ask("truth"), engine)


@pytest.mark.slow
def test_not_found_is_no_evidence_where_the_venue_does_not_promise_it(tmp_path: Path) -> None:
    with open_venue() as control, open_engine_process(tmp_path, control, **UNSURE) as engine:
        watched(engine)
        control.switch(mute=True, deny_knowing=True)
        submit(engine, "o1")
        assert engine.until(lambda it: it.account.get("unresolved") == ["o1"])
        assert engine.orders["o1"]["state"] == "unknown"

        engine.send("resolve", order_id="o1", outcome="canceled", note="seen on their page")
        assert engine.until(settled("o1", "canceled"))
        assert "seen on their page" in engine.orders["o1"]["reason"]
        assert control.ask("truth")["submits"] == {"o1": 1}


@pytest.mark.slow
def test_a_lie_that_ends_is_corrected_by_the_next_list(tmp_path: Path) -> None:
    with open_venue() as control:
        with open_engine_process(tmp_path, control) as engine:
            watched(engine)
            control.switch(mute=True, deny_knowing=True)
            submit(engine, "o1")
            assert engine.until(engine.has("o1", "canceled"))
        control.switch(mute=False, deny_knowing=False)
        with open_engine_process(tmp_path, control) as engine:
            assert engine.until(settled("o1", "open"))
            check_against(control.ask("truth"), engine)


@pytest.mark.slow
def test_a_position_that_the_venue_counts_otherwise_is_shown_with_both_numbers(
    tmp_path: Path,
) -> None:
    with open_venue() as control:
        order = {"order_id": "x0", "account": "main", "fqme": FQME, "side": "buy"}
        control.ask("place", order={**order, "order_type": "limit", "size": "1", "price": "100"})
        control.ask("trade", order_id="x0", size="1")
        with open_engine_process(tmp_path, control) as engine:
            assert engine.until(lambda it: it.account.get("disagreements"))
            (apart,) = engine.account["disagreements"]
            assert (apart["what"], apart["name"]) == ("position", FQME)
            assert (apart["ours"], apart["theirs"]) == ("0", "1")


@pytest.mark.slow
def test_a_trigger_sends_by_the_price_tick_that_the_venue_has_then(tmp_path: Path) -> None:
    """Held at ticks of 0.01, touched at ticks of 0.5: five of those through the market."""
    with open_venue() as control:
        with open_engine_process(tmp_path, control) as engine:
            watched(engine)
            submit(engine, "d1", route="dark", trigger_price="105", price=None)
            assert engine.until(engine.has("d1", "dark"))
        control.switch(price_tick="0.5")
        with open_engine_process(tmp_path, control) as engine:
            watched(engine)
            control.ask("tick", price=106.2)
            assert engine.until(engine.has("d1", "open"))
            submit(engine, "o1", price="99.99")
            assert engine.until(engine.has("o1", "denied"))

        orders = control.ask("truth")["orders"]
        assert orders.keys() == {"d1"}
        assert Decimal(orders["d1"]["price"]) == Decimal("109.0")
        assert "0.5" in engine.orders["o1"]["reason"] or "tick" in engine.orders["o1"]["reason"]
