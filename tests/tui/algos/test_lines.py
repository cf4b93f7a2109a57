"""What algos draw beside their orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.messages import Algo, AlgoUpdate, EngineFailed, OcoTerms, OrderState, OrderUpdate
from engine.messages import OtoTerms as Oto
from tests.support.scenes import BTC, ETH, bracket, order
from tui.algos.lines import algo_lines, waiting
from tui.state import DeckState

D = Decimal


def state_of(algo: Algo, *children: tuple[str, dict[str, Any]]) -> DeckState:
    state = DeckState([BTC])
    state.fold(AlgoUpdate(algo=algo))
    for number, (name, changes) in enumerate(children):
        child = order(
            number, OrderState.OPEN, order_id=f"{algo.algo_id}.{name}", parent_id=algo.algo_id
        )
        state.fold(OrderUpdate(order=msgspec.structs.replace(child, **changes)))
    return state


def parts_of(algo: Algo, *children: tuple[str, dict[str, Any]]) -> list[tuple[str, Decimal, bool]]:
    state = state_of(algo, *children)
    return [
        (part.role, part.size, part.is_held) for part in waiting(algo, state.children(algo.algo_id))
    ]


DONE = {"state": OrderState.FILLED, "filled": D("0.5"), "size": D("0.5")}


def test_before_the_entry_a_bracket_has_its_stop_held_and_its_target_to_come() -> None:
    assert parts_of(bracket(), ("entry-1", {})) == [
        ("stop", D("0.5"), True),
        ("target 1", D("0.5"), False),
    ]


def test_a_held_stop_is_as_large_as_what_is_in_and_not_out_again() -> None:
    partly = {"state": OrderState.PARTIAL, "filled": D("0.2")}

    assert parts_of(bracket(), ("entry-1", DONE), ("target1-1", partly)) == [
        ("stop", D("0.3"), True)
    ]


def test_a_stop_at_the_venue_is_an_order_and_not_drawn_twice() -> None:
    stop = {"order_type": "stop", "stop_price": D(63000), "price": None}

    assert parts_of(bracket(), ("entry-1", DONE), ("stop1-1", stop), ("target1-1", {})) == []


@pytest.mark.parametrize("status", ["done", "canceled", "failed", "canceling"])
def test_an_algo_that_is_over_holds_nothing(status: Any) -> None:
    assert parts_of(bracket(status=status), ("entry-1", DONE)) == []


def test_a_stop_that_was_touched_is_held_no_longer() -> None:
    assert parts_of(bracket(touched=True), ("entry-1", DONE)) == []


def test_an_oco_holds_its_stop_for_what_is_left_unless_the_venue_has_it() -> None:
    terms = OcoTerms(side="sell", size=D(1), price=D(65000), stop_price=D(63000))

    assert parts_of(bracket(terms=terms, filled=D("0.4")), ("limit-1", {})) == [
        ("stop", D("0.6"), True)
    ]
    assert parts_of(bracket(terms=terms, is_native=True), ("stop-1", {})) == []


def test_the_second_order_of_an_oto_is_to_come_until_it_is_made() -> None:
    terms = Oto(side="buy", size=D(1), price=D(6), then_side="sell", then_price=D(7))

    assert parts_of(bracket(terms=terms), ("first-1", {})) == [("then", D(1), False)]
    assert parts_of(bracket(terms=terms), ("first-1", DONE), ("then-1", {})) == []


def test_lines_stand_at_their_prices_and_say_whose_they_are() -> None:
    state = state_of(bracket(), ("entry-1", DONE))
    stop, target = algo_lines(state, BTC)

    assert (stop.price, stop.kind, stop.side) == (63000.0, "dark", "sell")
    assert stop.label == "A1 bracket stop sell 0.5 held here"
    assert target.label == "A1 bracket target 1 sell 0.5 to come"
    assert stop.shorter == ("A1 stop sell 0.5", "A1 stop")


def test_lines_are_of_one_market() -> None:
    assert algo_lines(state_of(bracket()), ETH) == []


def test_without_an_engine_nobody_knows_whether_a_stop_holds() -> None:
    state = state_of(bracket())
    state.fold(EngineFailed(reason="gone"))

    assert {line.kind for line in algo_lines(state, BTC)} == {"unknown"}
