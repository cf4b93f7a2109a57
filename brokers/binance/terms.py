"""What can be asked of Binance spot as a venue of orders; reasons are in NOTES.md."""

from __future__ import annotations

from typing import Final

from engine.broker import Capabilities
from engine.messages import OrderType, TimeInForce, TrailUnit

ORDER_TYPES: Final[frozenset[OrderType]] = frozenset(
    {
        "limit",
        "market",
        "stop",
        "stop_limit",
        "take_profit",
        "take_profit_limit",
        "trailing_stop",
    }
)
"""Of `trailing_stop` those that trail by a percentage: the venue has no other unit, and no limit
that goes with the stop."""

TIMES_IN_FORCE: Final[frozenset[TimeInForce]] = frozenset({"gtc", "ioc", "fok"})

TRAIL_UNITS: Final[frozenset[TrailUnit]] = frozenset({"percent"})

SETTLE_S: Final = 10.0
"""Nothing that was sent is carried out later than its `recvWindow` of 5 s after it was signed; the
rest is for the clocks, and for what the lists lag behind."""


TRADING: Final = Capabilities(
    can_trade=True,
    can_amend=True,
    order_types=ORDER_TYPES,
    times_in_force=TIMES_IN_FORCE,
    trail_units=TRAIL_UNITS,
    can_post_only=True,
    can_reduce_only=False,
    can_iceberg=True,
    can_link=True,
    can_amend_linked=False,
    can_query=True,
    list_is_proof=True,
    query_is_proof=True,
    settle_s=SETTLE_S,
    has_positions=False,
)
"""Besides what the market side can do."""
