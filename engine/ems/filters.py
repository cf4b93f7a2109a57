"""What a venue asks of an order that depends on where its market is: worth, and distance.

Pure: used before an order is sent, and by the venues of our own. Rules as Binance publishes them,
https://github.com/binance/binance-spot-api-docs/blob/master/filters.md (NOTIONAL, MIN_NOTIONAL,
PERCENT_PRICE_BY_SIDE), read in 2026-11.
"""

from __future__ import annotations

from decimal import Decimal

from engine.ems.shape import denied, text
from engine.instruments import Instrument
from engine.messages import Denied, Order


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
