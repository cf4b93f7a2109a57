"""Other terms for an algo that runs: which of them may be changed, and what that means.

Prices and times may; side, size and the number of orders may not, for what is traded already was
traded by them. An order of an algo that a person amends by itself is an amend of the algo: else
the algo would put it back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.ems.algos.terms import Fault
from engine.messages import (
    Algo,
    AlgoTerms,
    BracketTerms,
    IcebergTerms,
    OcoTerms,
    Order,
    OtoTerms,
    TwapTerms,
)

_MAY_CHANGE: Final[dict[str, tuple[str, ...]]] = {
    "bracket": ("price", "stop_price", "targets"),
    "oco": ("price", "stop_price"),
    "oto": ("price", "then_price"),
    "iceberg": ("price", "shown"),
    "scale": (),
    "twap": ("price", "interval_s"),
    "chase": ("limit_price", "offset_ticks", "every_s", "most_moves"),
}


def kind_of(terms: AlgoTerms) -> str:
    """The word for the kind of an algo: `bracket`, `oco`, ..."""
    return str(terms.__struct_config__.tag)


def amend_fault(algo: Algo, wanted: AlgoTerms) -> Fault | None:
    """Why the algo cannot go on with these terms, whatever its market; None if it can."""
    kind = kind_of(algo.terms)
    if kind_of(wanted) != kind:
        return Fault("terms", f"the algo is a {kind} and stays one", kind, kind_of(wanted))
    if algo.status not in ("running", "paused"):
        return Fault("algo", f"the algo is {algo.status}", "running", algo.status)
    if algo.touched:
        return Fault("algo", "its stop was touched: it is leaving the market", "held", "touched")
    may_change = _MAY_CHANGE[kind]
    for name in wanted.__struct_fields__:
        before, after = getattr(algo.terms, name), getattr(wanted, name)
        if before == after:
            continue
        if name not in may_change or not _is_of_one_shape(before, after):
            reason = f"the {name.replace('_', ' ')} of a {kind} stays as it is: cancel it instead"
            return Fault("terms", reason, ", ".join(may_change) or "nothing", name)
    return None


def _is_of_one_shape(before: object, after: object) -> bool:
    """A price stays a price, no price stays none, and targets keep their number and sizes."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        return [size for _, size in before] == [size for _, size in after]
    return (before is None) == (after is None)


def terms_by(algo: Algo, order: Order, price: Decimal) -> AlgoTerms | None:
    """The terms by which an order of the algo would have this price; None where no terms say what
    it is: a rung of a scale is where its ladder has it, and a chase moves by itself."""
    role = order.order_id.removeprefix(f"{algo.algo_id}.").rpartition("-")[0]
    match algo.terms:
        case BracketTerms(targets=targets) as terms if role.startswith("target"):
            number = int(role.removeprefix("target"))
            moved = ((price, targets[number - 1][1]),)
            return replace(terms, targets=targets[: number - 1] + moved + targets[number:])
        case BracketTerms() as terms if role == "entry":
            return replace(terms, price=price)
        case OcoTerms() as terms if role == "limit":
            return replace(terms, price=price)
        case OtoTerms() as terms if role == "first":
            return replace(terms, price=price)
        case OtoTerms() as terms if role == "then":
            return replace(terms, then_price=price)
        case IcebergTerms() | TwapTerms() as terms:
            return replace(terms, price=price)
    return None
