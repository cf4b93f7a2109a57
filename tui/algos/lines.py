"""What algos draw on the chart beside their orders: stops that are held here, targets to come."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from engine.messages import Algo, BracketTerms, OcoTerms, Order, OtoTerms, Side
from tui.algos.words import kind_of, role_of
from tui.orders.lines import Line
from tui.paint import format as text_of
from tui.state import DeckState


class Waiting(NamedTuple):
    """What an algo will do, and is no order yet."""

    role: str
    """`stop`, `target`, `then`."""
    side: Side
    price: Decimal
    size: Decimal
    is_held: bool
    """Watched here now; else it is still to come."""


def algo_lines(state: DeckState, fqme: str) -> list[Line]:
    """Lines for the chart of `fqme` of all algos that have not ended."""
    return [
        _line(state, algo, part)
        for algo in state.algos.values()
        if algo.fqme == fqme and not algo.is_ended
        for part in waiting(algo, state.children(algo.algo_id))
    ]


def _line(state: DeckState, algo: Algo, part: Waiting) -> Line:
    number = state.algo_number(algo.algo_id)
    kind = "unknown" if state.failure else "dark"
    where = "held here" if part.is_held else "to come"
    size = text_of.plain(part.size)
    label = f"A{number} {kind_of(algo.terms)} {part.role} {part.side} {size} {where}"
    shorter = (f"A{number} {part.role} {part.side} {size}", f"A{number} {part.role}")
    return Line(float(part.price), kind, label, part.side, shorter)


def waiting(algo: Algo, children: list[Order]) -> Iterator[Waiting]:
    """What an algo will do, and is no order yet, as far as its terms say where."""
    if algo.is_ended or algo.status == "canceling" or algo.touched:
        return
    placed = {role_of(order).split(" ")[0] for order in children if order.is_working}
    match algo.terms:
        case BracketTerms() as terms:
            yield from _exits(terms, placed, children)
        case OcoTerms() as terms if "stop" not in placed:
            left = terms.size - algo.filled
            yield Waiting("stop", terms.side, terms.stop_price, left, is_held=True)
        case OtoTerms() as terms if not any(role_of(one) == "then" for one in children):
            yield Waiting("then", terms.then_side, terms.then_price, terms.size, is_held=False)


def _exits(terms: BracketTerms, placed: set[str], children: list[Order]) -> Iterator[Waiting]:
    """The stop of a bracket where it is not at the venue, and targets that were not sent yet."""
    out: Side = "sell" if terms.side == "buy" else "buy"
    made = {role_of(order) for order in children}
    entered = sum(order.filled for order in children if role_of(order) == "entry")
    left = sum(order.filled for order in children if role_of(order) != "entry")
    if "stop" not in placed and (entered > left or not entered):
        size = entered - left if entered else terms.size
        yield Waiting("stop", out, terms.stop_price, Decimal(size), is_held=True)
    for number, (price, wanted) in enumerate(terms.targets, 1):
        if f"target {number}" not in made:
            yield Waiting(f"target {number}", out, price, wanted, is_held=False)
