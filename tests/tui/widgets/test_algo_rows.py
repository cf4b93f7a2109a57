"""What the tab of algos says of each, and of the orders it made."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.messages import AlgoUpdate, EngineFailed, OrderState, OrderUpdate
from tests.support.scenes import BTC, bracket, order
from tests.support.scripted_link import NOW_NS, ScriptedLink
from tui.state import DeckState
from tui.widgets.algo_rows import ALGO_COLUMNS, DONE_SHOWN, algo_rows

D = Decimal


def opened() -> DeckState:
    state = DeckState([BTC])
    state.fold(ScriptedLink()._opened(BTC))
    return state


def add(known: DeckState, name: str, **changes: Any) -> None:
    child = order(1, OrderState.OPEN, order_id=f"a.{name}", parent_id="a")
    known.fold(OrderUpdate(order=msgspec.structs.replace(child, **changes)))


def texts(state: DeckState) -> list[str]:
    rows = algo_rows(state, UTC, lambda order_id: 7)
    return [
        row.whole.text.strip() if row.whole else " ".join(c.text for c in row.cells if c.text)
        for row in rows
    ]


def test_an_algo_stands_above_its_terms_what_it_holds_and_its_orders() -> None:
    state = opened()
    state.fold(AlgoUpdate(algo=bracket(filled=D("0.5"))))
    add(state, "entry-1", state=OrderState.FILLED, filled=D("0.5"), size=D("0.5"))
    add(state, "target1-1", side="sell", price=D(65000), size=D("0.5"))

    assert texts(state) == [
        "A1 14:00:00 btcusdt.spot.sim bracket buy 0.5 0.5 64000.00 running here sim",
        "@ 64000.00, stop 63000.00, target 65000.00",
        "└ stop sell 0.5 63000.00 held here",
        "7 13:59:00 └ target 1 sell 0.5 65000.00 open venue",
        "7 13:59:00 └ entry buy 0.5 0.5 64100.00 filled",
    ]


def test_where_the_venue_links_its_orders_that_is_said() -> None:
    state = opened()
    state.fold(AlgoUpdate(algo=bracket(is_native=True)))
    add(state, "stop1-1", order_type="stop", stop_price=D(63000), price=None, side="sell")

    first, _, _, stop = texts(state)
    assert first.endswith("running venue sim")
    assert stop.endswith("63000.00 open venue")


def test_the_reason_is_said_before_the_terms_and_a_failure_is_red() -> None:
    state = opened()
    state.fold(AlgoUpdate(algo=bracket(status="failed", reason="0.5 could not leave")))
    _, terms = algo_rows(state, UTC, lambda order_id: 1)

    assert terms.whole is not None
    assert terms.whole.text.strip().startswith("0.5 could not leave · @ 64000.00")
    assert terms.whole.ink == "error"


def test_those_that_run_come_first_and_the_newest_before_the_older() -> None:
    state = opened()
    for name, status, age in (("x", "done", 0), ("y", "running", 5), ("z", "paused", 1)):
        algo = bracket(algo_id=name, status=status, created_ns=NOW_NS - age)
        state.fold(AlgoUpdate(algo=algo))
    rows = [row for row in algo_rows(state, UTC, lambda _: 1) if row.key in ("x", "y", "z")]

    assert [row.key for row in rows] == ["z", "y", "x"]
    assert [row.cells[0].text for row in rows] == ["A3", "A2", "A1"]


@pytest.mark.parametrize(("status", "shown"), [("running", DONE_SHOWN), ("done", 0)])
def test_of_orders_that_are_over_a_running_algo_shows_the_newest(status: str, shown: int) -> None:
    state = opened()
    state.fold(AlgoUpdate(algo=bracket(status=status)))
    for number in range(9):
        add(state, f"part-{number}", state=OrderState.FILLED)
    keys = [row.key for row in algo_rows(state, UTC, lambda _: 1) if row.key.startswith("a.")]

    assert keys == ["a.part-8", "a.part-7", "a.part-6"][:shown]


def test_without_an_engine_what_ran_is_unknown() -> None:
    state = opened()
    state.fold(AlgoUpdate(algo=bracket()))
    state.fold(EngineFailed(reason="gone"))

    assert "unknown" in texts(state)[0]
    assert "unknown" in texts(state)[2]


def test_every_row_has_a_key_of_its_own_and_a_cell_for_each_column() -> None:
    state = opened()
    state.fold(AlgoUpdate(algo=bracket()))
    state.fold(AlgoUpdate(algo=bracket(algo_id="b")))
    add(state, "entry-1")
    rows = algo_rows(state, UTC, lambda _: 1)

    assert len({row.key for row in rows}) == len(rows)
    assert all(len(row.cells) == len(ALGO_COLUMNS) for row in rows)
    assert {row.thing for row in rows} == {"a", "b", "a.entry-1"}
