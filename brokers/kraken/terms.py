"""What can be asked of Kraken spot as a venue of orders; reasons are in NOTES.md."""

from __future__ import annotations

from typing import Final

from brokers.kraken.orders import VENUE_TYPES
from engine.broker import Capabilities
from engine.messages import OrderType, TimeInForce

ORDER_TYPES: Final[frozenset[OrderType]] = frozenset(VENUE_TYPES)

TIMES_IN_FORCE: Final[frozenset[TimeInForce]] = frozenset({"gtc", "gtd", "ioc"})

SETTLE_S: Final = 15.0
"""Nothing that was sent begins to work later than its deadline of 5 s; the rest is for the clocks,
and for what the lists lag behind."""


TRADING: Final = Capabilities(
    can_trade=True,
    can_amend=True,
    order_types=ORDER_TYPES,
    times_in_force=TIMES_IN_FORCE,
    can_post_only=True,
    # Of positions on margin only, which are not traded here.
    can_reduce_only=False,
    can_iceberg=True,
    can_link=False,
    can_query=True,
    # A new order may be missing in the list for a while, and nobody says for how long.
    list_is_proof=False,
    # In neither of both lists after its deadline: so the venue's own library tells that it never
    # got there.
    query_is_proof=True,
    settle_s=SETTLE_S,
    has_positions=False,
)
"""Besides what the market side can do."""
