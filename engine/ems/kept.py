"""Terms that a venue does not take, kept for it: an end at a time, and that an order only reduces.

Both depend on this host: what is canceled here works at the venue until it has heard of it. That no
more is sent than there is to reduce, `risk` sees to; that no more stays there when something else
reduced it, this does.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from engine.broker import Capabilities
from engine.clock import NANOS
from engine.ems.blotter import Blotter
from engine.ems.outcome import Decisions
from engine.ems.shape import terms_kept
from engine.messages import Canceled, Expired, Order, OrderEvent, OrderState, Side

ZERO: Final = Decimal(0)
AGAIN_NS: Final = 5 * NANOS
"""After this time without an answer, an order that outlives its end is canceled again."""
_SIDES: Final[tuple[Side, Side]] = ("buy", "sell")
OVER: Final = "its time is over; the engine kept it"


class KeptTerms:
    """Orders at venues that have such terms. Cancels them when it is time to."""

    def __init__(
        self,
        *,
        decided: Decisions,
        blotter: Blotter,
        capabilities_of: Callable[[str], Capabilities | None],
        cancel: Callable[[Order], None],
    ) -> None:
        self._decided = decided
        self._blotter = blotter
        self._capabilities_of = capabilities_of
        self._cancel = cancel
        self._timed: set[str] = set()
        self._reducing: set[str] = set()
        self._trimmed: dict[str, Decimal] = {}
        """What was held when an order was canceled for want of a position: a venue that refuses
        is asked again only when that changes."""
        self._ending: dict[str, int] = {}
        """When an order was last canceled because its time is over, in its market's time."""

    @property
    def needs_time(self) -> bool:
        """`on_time` has something to do, or will have."""
        return bool(self._timed)

    def on_change(self, order: Order) -> None:
        """What follows from an order's new state."""
        if not order.is_working:
            self._timed.discard(order.order_id)
            self._reducing.discard(order.order_id)
            self._ending.pop(order.order_id, None)
            self._trimmed.pop(order.order_id, None)
        elif order.state is not OrderState.DARK:
            self._watch(order)
        if self._reducing:
            self._trim(order)

    def on_time(self) -> None:
        """Cancel what has outlived its time."""
        for order_id in tuple(self._timed):
            order = self._blotter.orders[order_id]
            capabilities = self._capabilities_of(order.account)
            if capabilities is None:
                continue  # not logged in: what its venue does by itself is not known
            if "gtd" not in terms_kept(order, capabilities):
                self._timed.discard(order_id)
                continue
            now_ns = self._decided.now_ns(order.fqme)
            since_ns = now_ns - self._ending.get(order_id, -AGAIN_NS)
            if order.expires_ns <= now_ns and since_ns >= AGAIN_NS:
                self._ending[order_id] = now_ns
                self._cancel(order)

    def as_meant(self, event: OrderEvent) -> OrderEvent:
        """What the venue says, in the terms of the order: one that was canceled at its end has
        expired."""
        if isinstance(event, Canceled) and event.order_id in self._ending:
            return Expired(order_id=event.order_id, reason=OVER, venue_ns=event.venue_ns)
        return event

    def _watch(self, order: Order) -> None:
        if order.time_in_force == "gtd":
            self._timed.add(order.order_id)
        if "reduce_only" in self._kept(order):
            self._reducing.add(order.order_id)

    def _trim(self, changed: Order) -> None:
        """Cancel the newest exits of a market where they are more than is held."""
        for side in _SIDES:
            exits, held = self._exits(changed, side), self._held(changed, side)
            surplus = sum((order.exposed for order in exits), ZERO) - held
            exits.sort(key=lambda order: order.created_ns)
            for order in reversed(exits):
                if surplus <= 0:
                    break
                surplus -= order.exposed
                if order.awaiting != "cancel" and self._trimmed.get(order.order_id) != held:
                    self._trimmed[order.order_id] = held
                    self._cancel(order)

    def _exits(self, like: Order, side: Side) -> list[Order]:
        """Orders at the venue of its account and market that only reduce, and are kept here."""
        return [
            order
            for order in self._blotter.working(account=like.account, fqme=like.fqme)
            if order.side == side
            and order.state is not OrderState.DARK
            and "reduce_only" in self._kept(order)
        ]

    def _held(self, like: Order, side: Side) -> Decimal:
        """What an order of that side could reduce."""
        size = self._blotter.position(like.account, like.fqme).size
        return max(size if side == "sell" else -size, ZERO)

    def _kept(self, order: Order) -> tuple[str, ...]:
        capabilities = self._capabilities_of(order.account)
        return () if capabilities is None else terms_kept(order, capabilities)
