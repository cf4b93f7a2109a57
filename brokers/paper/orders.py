"""An order as the paper venue has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from brokers.paper.models import ZERO
from engine.messages import Side, TimeInForce, TrailUnit


@dataclass(slots=True, eq=False, kw_only=True)
class Working:
    """An order at the paper venue."""

    order_id: str
    side: Side
    left: Decimal
    """Size that has not traded."""
    price: Decimal | None
    """Limit price; None takes whatever there is."""
    stop_price: Decimal | None = None
    """Sleeps until a trade touches this."""
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    ahead: Decimal | None = None
    """Size of others that trades first; None until the level was seen."""
    at: int = 0
    """The limit price in ticks."""
    shown: float | None = None
    """What the level showed when last looked at."""
    traded: Decimal = ZERO
    """Traded at the level since then."""
    takes_profit: bool = False
    """Its stop is touched from the other side."""
    trail: Decimal | None = None
    trail_unit: TrailUnit = "price"
    limit_offset: Decimal | None = None
    best_price: Decimal | None = None
    """Of a trailing order: the best last price since it came."""
    expires_ns: int = 0
    group: str = ""
    """Of orders that are linked; empty for one that stands alone."""
    reducible: Callable[[], Decimal] | None = None
    """Of a reduce-only order: how much of the position there is to reduce."""

    @property
    def sign(self) -> int:
        return 1 if self.side == "buy" else -1

    @property
    def sleeps(self) -> bool:
        """It waits for its stop."""
        return self.stop_price is not None or self.trail is not None

    @property
    def room(self) -> Decimal:
        """How much of it may trade."""
        return self.left if self.reducible is None else min(self.left, self.reducible())

    def wake(self, tick: Decimal) -> None:
        """Its stop is touched: it is a market or limit order from now on."""
        if self.limit_offset is not None and self.stop_price is not None:
            self.price = max(self.stop_price + self.limit_offset * self.sign, tick)
        self.stop_price = self.trail = None
