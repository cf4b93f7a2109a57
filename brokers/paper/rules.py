"""What the paper venue takes: the types it knows, and the rules of the market it stands in."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from engine.broker import Capabilities
from engine.ems.filters import check_range, check_worth
from engine.ems.shape import check_shape
from engine.instruments import Instrument
from engine.messages import Denied, Order, OrderType, TimeInForce

CAPABILITIES = Capabilities(
    can_trade=True,
    can_amend=True,
    order_types=frozenset(get_args(OrderType)),
    times_in_force=frozenset(get_args(TimeInForce)),
    can_post_only=True,
    list_is_proof=True,
    outlives_engine=False,
    can_reduce_only=True,
    can_link=True,
)


def check(order: Order, instrument: Instrument, average: Decimal | None) -> Denied | None:
    """Why the venue does not take the order by its rules; None if it does.

    A market order before any price is known is worth nobody knows what: it is taken, and waits.
    """
    refusal = check_shape(order, instrument, CAPABILITIES)
    refusal = refusal or check_range(order, instrument, average)
    price = order.price
    if price is None and order.order_type == "market":
        price = average
    if refusal is None and price is not None:
        refusal = check_worth(order, instrument, price)
    return refusal
