"""What a venue asks of an order that depends on where its market is, worth and distance, and on
what works there.

Pure: used before an order is sent, and by the venues of our own. Rules as Binance publishes them,
https://github.com/binance/binance-spot-api-docs/blob/master/filters.md (NOTIONAL, MIN_NOTIONAL,
PERCENT_PRICE_BY_SIDE, MAX_NUM_ORDERS, MAX_NUM_ALGO_ORDERS, MAX_NUM_ICEBERG_ORDERS), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from engine.ems.shape import denied, text
from engine.instruments import Instrument
from engine.messages import Denied, Order, OrderState


def check_range(order: Order, instrument: Instrument, average: Decimal | None) -> Denied | None:
    """Why the limit price is too far from the market for the venue; None if it is not.

    `average` is the average price of the instrument's `average_minutes`. Where it is not known
    the order passes: the venue, which knows it, refuses what is too far.
    """
    limits, price = instrument.price_range, order.price
    if limits is None or price is None or average is None or average <= 0:
        return None
    low, high = (
        None if factor is None else factor * average for factor in limits.bounds(order.side)
    )
    if low is not None and price < low:
        reason = f"the limit price is too far below the average price of {text(average)}"
        return denied(order, "price_range", reason, low, price)
    if high is not None and price > high:
        reason = f"the limit price is too far above the average price of {text(average)}"
        return denied(order, "price_range", reason, high, price)
    return None


def check_worth(order: Order, instrument: Instrument, price: Decimal) -> Denied | None:
    """Why the order is worth too little or too much for the venue; None if it is not.

    `price` is what the venue takes a unit of it to be worth: its limit price; of a market order
    the average price.
    """
    is_market = order.order_type == "market"
    value = abs(instrument.notional(price, order.size))
    if value < instrument.min_notional and (not is_market or instrument.min_notional_of_market):
        reason = f"the venue takes no order worth less, in {instrument.quote}"
        return denied(order, "min_notional", reason, instrument.min_notional, value)
    most = instrument.max_notional
    if most is not None and value > most and (not is_market or instrument.max_notional_of_market):
        reason = f"the venue takes no order worth more, in {instrument.quote}"
        return denied(order, "max_notional", reason, most, value)
    return None


def check_room(order: Order, instrument: Instrument, others: Iterable[Order]) -> Denied | None:
    """Why the venue has no room for one more order of the account in the market.

    `others` are all that can still trade, anywhere; those that are held here are not at the venue.
    """
    there = [
        other for other in others if other.fqme == order.fqme and other.state is not OrderState.DARK
    ]
    stops, icebergs = filter(_is_stop, there), (one for one in there if one.shown is not None)
    limits = (
        ("open_orders", instrument.max_open_orders, len(there), "orders"),
        ("open_stops", instrument.max_open_stops, len(list(stops)), "stops"),
        ("open_icebergs", instrument.max_open_icebergs, len(list(icebergs)), "icebergs"),
    )
    concerned = (True, _is_stop(order), order.shown is not None)
    for (name, most, count, noun), is_one in zip(limits, concerned, strict=True):
        if is_one and most is not None and count >= most:
            reason = f"the venue takes no more {noun} of an account in this market"
            return denied(order, name, reason, most, count)
    return None


def _is_stop(order: Order) -> bool:
    return order.order_type not in ("limit", "market")


def by_rule(refusal: Denied | None, instrument: Instrument) -> Denied | None:
    """A refusal with the venue's own name of the rule, where it has one."""
    if refusal is None or refusal.check not in instrument.rules:
        return refusal
    return replace(refusal, reason=f"{refusal.reason} ({instrument.rules[refusal.check]})")
