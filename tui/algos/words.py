"""How an algo and its orders are said in words: what it is, what it is set to, who does what."""

from __future__ import annotations

from decimal import Decimal

from engine.instruments import Instrument
from engine.messages import (
    AlgoTerms,
    BracketTerms,
    ChaseTerms,
    IcebergTerms,
    OcoTerms,
    Order,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)
from tui.paint import format as text_of

TITLES = {"oco": "OCO", "oto": "OTO", "twap": "TWAP"}
"""Kinds that are written in capitals."""


def kind_of(terms: AlgoTerms) -> str:
    """`bracket`, `OCO`, ...: how the kind of an algo is written."""
    kind = str(terms.__struct_config__.tag)
    return TITLES.get(kind, kind)


def describe(terms: AlgoTerms, instrument: Instrument | None = None) -> str:
    """All of it: `bracket buy 0.5 BTC @ 64000.00, stop 63500.00, target 65000.00`."""
    asset = f" {instrument.base.upper()}" if instrument else ""
    size = f"{text_of.plain(terms.size)}{asset}"
    return f"{kind_of(terms)} {terms.side} {size} {describe_terms(terms, instrument)}"


def describe_terms(terms: AlgoTerms, instrument: Instrument | None = None) -> str:
    """What it is set to, beyond side and size: `@ 64000.00, stop 63500.00, target 65000.00`."""

    def at(price: Decimal | None) -> str:
        if price is None:
            return "at the market"
        return f"@ {_price(price, instrument)}"

    words: list[str]
    match terms:
        case BracketTerms():
            words = [at(terms.price), f"stop {_price(terms.stop_price, instrument)}"]
            words += _targets(terms, instrument)
        case OcoTerms():
            words = [at(terms.price), f"or stop {_price(terms.stop_price, instrument)}"]
        case OtoTerms():
            words = [at(terms.price), f"then {terms.then_side} {at(terms.then_price)}"]
        case IcebergTerms():
            words = [at(terms.price), f"shows {text_of.plain(terms.shown)}"]
        case ScaleTerms():
            first, last = (_price(one, instrument) for one in (terms.first_price, terms.last_price))
            words = [f"in {terms.count} orders from {first} to {last}", terms.shape]
        case TwapTerms():
            words = [f"in {terms.count} parts every {_seconds(terms.interval_s)}", at(terms.price)]
        case ChaseTerms():
            words = [f"up to {_price(terms.limit_price, instrument)}"]
            if terms.side == "sell":
                words = [f"down to {_price(terms.limit_price, instrument)}"]
            if terms.offset_ticks:
                words.append(f"{terms.offset_ticks} ticks behind")
            words.append(f"moves every {_seconds(terms.every_s)}")
    for name in ("post_only", "reduce_only"):
        if getattr(terms, name, False):
            words.append(name.replace("_", "-"))
    return ", ".join(words)


def _targets(terms: BracketTerms, instrument: Instrument | None) -> list[str]:
    if len(terms.targets) == 1:
        return [f"target {_price(terms.targets[0][0], instrument)}"]
    return [
        f"target {_price(price, instrument)} for {text_of.plain(size)}"
        for price, size in terms.targets
    ]


def role_of(order: Order) -> str:
    """What an order does for the algo that made it: `entry`, `stop`, `target 2`, ..., `out`; empty
    for an order of no algo."""
    if not order.parent_id:
        return ""
    name = order.order_id.removeprefix(f"{order.parent_id}.").rpartition("-")[0]
    word = name.rstrip("0123456789")
    number = name.removeprefix(word)
    return f"{word} {number}".strip() or "part"


def _price(price: Decimal, instrument: Instrument | None) -> str:
    return text_of.price(price, instrument) if instrument else text_of.plain(price)


def _seconds(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:g} min" if minutes >= 1 and minutes == int(minutes) else f"{seconds:g} s"
