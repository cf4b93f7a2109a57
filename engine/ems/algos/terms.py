"""What the terms of an algo must look like. Needs no market: only the instrument."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Final, NamedTuple

from engine.ems.algos.entries import scale_rungs
from engine.ems.shape import LARGEST, text
from engine.instruments import Instrument
from engine.messages import (
    AlgoTerms,
    BracketTerms,
    ChaseTerms,
    IcebergTerms,
    OcoTerms,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)

MOST_ORDERS: Final = 200
"""An algo makes no more at once, or in a row."""
MOST_WAIT_S: Final = 86_400.0


class Fault(NamedTuple):
    """Why these are no terms: the check, what would have passed, what was given."""

    check: str
    reason: str
    limit: str
    value: str


def check_terms(
    terms: AlgoTerms, instrument: Instrument, *, can_amend: bool = True
) -> Fault | None:
    """What is wrong with `terms` for this market; None if nothing is."""
    fault = _fault(terms, instrument, can_amend)
    if fault is None or fault.check not in instrument.rules:
        return fault
    return fault._replace(reason=f"{fault.reason} ({instrument.rules[fault.check]})")


def _fault(terms: AlgoTerms, instrument: Instrument, can_amend: bool) -> Fault | None:
    for name, size in _sizes(terms):
        if fault := _size_fault(name, size, instrument):
            return fault
    for name, price in _prices(terms):
        if fault := _price_fault(name, price, instrument):
            return fault
    return _own_fault(terms, instrument, can_amend)


def _sizes(terms: AlgoTerms) -> Iterator[tuple[str, Decimal]]:
    yield "size", terms.size
    if isinstance(terms, IcebergTerms):
        yield "shown size", terms.shown
    if isinstance(terms, BracketTerms):
        for _, size in terms.targets:
            yield "size of a target", size


def _prices(terms: AlgoTerms) -> Iterator[tuple[str, Decimal]]:
    match terms:
        case BracketTerms():
            yield "stop price", terms.stop_price
            if terms.price is not None:
                yield "limit price", terms.price
            for price, _ in terms.targets:
                yield "price of a target", price
        case OcoTerms():
            yield "limit price", terms.price
            yield "stop price", terms.stop_price
        case OtoTerms():
            yield "limit price", terms.price
            yield "second limit price", terms.then_price
        case IcebergTerms():
            yield "limit price", terms.price
        case ScaleTerms():
            yield "first price", terms.first_price
            yield "last price", terms.last_price
        case ChaseTerms():
            yield "limit price", terms.limit_price
        case TwapTerms():
            if terms.price is not None:
                yield "limit price", terms.price


def _size_fault(name: str, size: Decimal, instrument: Instrument) -> Fault | None:
    if not size.is_finite() or not 0 < size <= LARGEST:
        return Fault("size", f"the {name} is not a positive number", "0", text(size))
    if not instrument.is_on_step(size):
        step = text(instrument.size_step)
        return Fault(
            "size_step", f"the {name} is not a multiple of the size step", step, text(size)
        )
    if size < instrument.min_size:
        least = text(instrument.min_size)
        return Fault("min_size", f"the {name} is less than the venue takes", least, text(size))
    return None


def _price_fault(name: str, price: Decimal, instrument: Instrument) -> Fault | None:
    if not price.is_finite() or abs(price) > LARGEST:
        return Fault("price", f"the {name} is not a price", text(LARGEST), text(price))
    if price <= 0 and not instrument.allows_negative_price:
        return Fault("price", f"the {name} is not positive", "0", text(price))
    if not instrument.is_on_tick(price):
        tick = text(instrument.price_tick)
        reason = f"the {name} is not a multiple of the price tick"
        return Fault("price_tick", reason, tick, text(price))
    return None


def _own_fault(terms: AlgoTerms, instrument: Instrument, can_amend: bool) -> Fault | None:
    match terms:
        case BracketTerms():
            return _bracket_fault(terms)
        case OcoTerms():
            return _sides_fault(terms.side, terms.stop_price, terms.price)
        case IcebergTerms():
            parts = terms.size / terms.shown
            return _count_fault(parts.to_integral_value(ROUND_CEILING))
        case ScaleTerms():
            return _count_fault(Decimal(terms.count)) or _rungs_fault(terms, instrument)
        case TwapTerms():
            if not 0 < terms.interval_s <= MOST_WAIT_S:
                reason = "the interval is not a time that can be waited"
                return Fault("interval", reason, f"{MOST_WAIT_S:g} s", f"{terms.interval_s:g} s")
            return _count_fault(Decimal(terms.count))
        case ChaseTerms():
            if not can_amend:
                reason = "the venue cannot amend orders, and a chase does nothing else"
                return Fault("capability", reason, "limit", "chase")
            is_slow = 0 < terms.every_s <= MOST_WAIT_S
            if not is_slow or min(terms.offset_ticks, terms.most_moves) < 0:
                return Fault("chase", "a chase waits, and follows from behind", "0", "less")
        case OtoTerms():
            pass
    return None


def _bracket_fault(terms: BracketTerms) -> Fault | None:
    if not terms.targets:
        return Fault("targets", "a bracket has at least one target", "1", "0")
    total = sum(size for _, size in terms.targets)
    if total != terms.size:
        reason = "the sizes of the targets do not add up to the size"
        return Fault("targets", reason, text(terms.size), text(total))
    out = "sell" if terms.side == "buy" else "buy"
    for price, _ in terms.targets:
        if fault := _sides_fault(out, terms.stop_price, price):
            return fault
    if terms.price is not None and (fault := _sides_fault(out, terms.stop_price, terms.price)):
        return fault
    return _count_fault(Decimal(len(terms.targets)))


def _sides_fault(side: str, stop: Decimal, price: Decimal) -> Fault | None:
    """A sale is stopped below, a buy above where it is to trade."""
    if (stop < price) if side == "sell" else (stop > price):
        return None
    place = "below" if side == "sell" else "above"
    return Fault("stop", f"the stop of a {side} lies {place} its price", text(price), text(stop))


def _count_fault(count: Decimal) -> Fault | None:
    if 1 <= count <= MOST_ORDERS:
        return None
    return Fault(
        "count",
        "an algo makes at least one order, and not that many",
        str(MOST_ORDERS),
        text(count),
    )


def _rungs_fault(terms: ScaleTerms, instrument: Instrument) -> Fault | None:
    for _, size in scale_rungs(terms, instrument):
        if size < instrument.min_size:
            reason = "an order of the scale is less than the venue takes"
            return Fault("min_size", reason, text(instrument.min_size), text(size))
    return None
