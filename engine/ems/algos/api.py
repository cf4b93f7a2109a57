"""What an algo sees, what it may ask for, and how it keeps count of its orders.

Pure. Each order that an algo makes is named by the algo, a role and a number, so that one that
is asked for twice, also across a crash, is made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from msgspec.structs import replace

from engine.ems.reconcile import GONE, NEVER_THERE
from engine.instruments import Instrument
from engine.messages import Algo, Order, OrderState, Quote, Side, Submit

ZERO: Final = Decimal(0)
REFUSED: Final = frozenset({OrderState.DENIED, OrderState.REJECTED})
OPPOSITE: Final[dict[Side, Side]] = {"buy": "sell", "sell": "buy"}


class View(NamedTuple):
    """What is so now, as far as an algo cares."""

    children: Mapping[str, Order]
    """All orders that it ever made, by id, oldest first."""
    quote: Quote | None
    instrument: Instrument
    can_link: bool
    """The venue links orders so that one cancels the others."""
    now_ns: int
    """The market's time."""
    can_amend: bool = True
    """The venue gives a working order another price; else it is replaced."""
    can_iceberg: bool = False
    """The venue takes an order of which its book sees only a part."""
    forgets: bool = False
    """The venue ends with the engine: what worked there is gone after a start, and nobody ended
    it."""
    can_amend_linked: bool = True
    """The venue gives an order that is linked to another one another price; else both are
    replaced."""


class Change(NamedTuple):
    """Amend an order to this price."""

    order_id: str
    price: Decimal


class Stop(NamedTuple):
    """Cancel an order."""

    order_id: str


Action = Submit | Change | Stop


class Trigger(NamedTuple):
    """A price that is to be watched for it; when it is touched, so is the algo."""

    price: Decimal
    direction: Literal["up", "down"]


class Step(NamedTuple):
    """What has to be done, and the algo after it."""

    algo: Algo
    actions: tuple[Action, ...]
    trigger: Trigger | None = None


class Hand:
    """The orders of one algo during one step, and what is to be done with them."""

    def __init__(self, algo: Algo, view: View) -> None:
        self.algo = algo
        self.view = view
        self.actions: list[Action] = []
        self.trigger: Trigger | None = None

    @property
    def may_open(self) -> bool:
        """It may send what makes a position; a paused algo may not."""
        return self.algo.status == "running"

    def change(self, **fields: Any) -> None:
        self.algo = replace(self.algo, **fields)

    def step(self) -> Step:
        return Step(self.algo, tuple(self.actions), self.trigger)

    # -- counting -------------------------------------------------------------------------------

    def of(self, role: str = "") -> list[Order]:
        """Its orders in a role, oldest first; all of them for ""."""
        begin = f"{self.algo.algo_id}.{role}-" if role else ""
        return [
            order for order_id, order in self.view.children.items() if order_id.startswith(begin)
        ]

    def working(self, role: str = "") -> list[Order]:
        return [order for order in self.of(role) if order.is_working]

    def filled(self, role: str) -> Decimal:
        return sum((order.filled for order in self.of(role)), ZERO)

    def is_over(self, role: str) -> bool:
        """It made something in this role, nothing of which works any more, and which was not
        canceled to be traded later."""
        made = self.of(role)
        is_quiet = bool(made) and not any(order.is_working for order in made)
        return is_quiet and made[-1].order_id not in self.algo.stopped

    def leaving(self, *roles: str) -> bool:
        """Something in these roles that is to be traded later works still: its cancel is on its
        way, and until it is answered more of it may trade."""
        return any(
            order.order_id in self.algo.stopped for role in roles for order in self.working(role)
        )

    def refused(self, role: str) -> list[Order]:
        return [order for order in self.of(role) if order.state in REFUSED]

    def asked(self, role: str) -> Decimal:
        """How much of a role is traded, works, or was given up by whoever canceled it. What was
        refused never was; what a pause canceled is to be traded still."""
        return sum((self._counts(order) for order in self.of(role)), ZERO)

    def _counts(self, order: Order) -> Decimal:
        if order.state in REFUSED:
            return order.filled
        if not order.is_working and order.order_id in self.algo.stopped:
            return order.filled
        return max(order.size, order.filled)

    # -- asking ---------------------------------------------------------------------------------

    def cover(self, role: str, wanted: Decimal, side: Side, **terms: Any) -> bool:
        """See that `wanted` is asked for in a role: place an order for what is not. Whether one
        was placed."""
        missing = self.view.instrument.round_size(wanted - self.asked(role))
        if missing <= 0 or missing < self.view.instrument.min_size:
            return False
        self.place(role, missing, side, **terms)
        return True

    def place(self, role: str, size: Decimal, side: Side, **terms: Any) -> None:
        price = terms.get("price")
        fields = {"order_type": "market" if price is None else "limit", **terms}
        self.actions.append(
            Submit(
                order_id=f"{self.algo.algo_id}.{role}-{len(self.of(role)) + 1}",
                account=self.algo.account,
                fqme=self.algo.fqme,
                side=side,
                size=size,
                parent_id=self.algo.algo_id,
                **fields,
            )
        )

    def move(self, order_id: str, price: Decimal) -> None:
        self.actions.append(Change(order_id, price))

    def reprice(self, role: str, price: Decimal | None) -> None:
        """See that what works in a role has this price: by an amend, or where the venue has none
        by a cancel, after which it is placed anew."""
        for order in self.working(role):
            is_free = order.state in (OrderState.OPEN, OrderState.PARTIAL) and not order.awaiting
            if price is None or order.price == price or not is_free:
                continue
            if self.view.can_amend:
                self.move(order.order_id, price)
            else:
                self.pause(role)

    def stop(self, role: str = "") -> None:
        """Cancel what works in a role; all of it for ""."""
        for order in self.working(role):
            if order.awaiting != "cancel":
                self.actions.append(Stop(order.order_id))

    def pause(self, role: str) -> None:
        """Cancel what works in a role, to be traded later."""
        ids = [order.order_id for order in self.working(role)]
        new = tuple(order_id for order_id in ids if order_id not in self.algo.stopped)
        if new:
            self.change(stopped=self.algo.stopped + new)
        self.stop(role)

    def renew_unsent(self, *roles: str) -> None:
        """What never reached the venue, since the engine stopped before, nobody gave up, nor what
        a venue forgot: it is to be traded still."""
        unended = (NEVER_THERE, GONE) if self.view.forgets else (NEVER_THERE,)
        ids = tuple(
            order.order_id
            for role in roles
            for order in self.of(role)
            if order.state is OrderState.CANCELED and order.reason in unended
        )
        new = tuple(order_id for order_id in ids if order_id not in self.algo.stopped)
        if new:
            self.change(stopped=self.algo.stopped + new)

    # -- ending ---------------------------------------------------------------------------------

    def end(self, will_be: Literal["canceled", "failed"], reason: str) -> None:
        """Cancel everything; once nothing works it is over."""
        self.change(status="canceling", will_be=will_be, reason=reason)
        self.trigger = None
        # What was to be sent has not been, and is not.
        self.actions = [action for action in self.actions if isinstance(action, Stop)]
        stopping = {action.order_id for action in self.actions if isinstance(action, Stop)}
        for order in self.working():
            if order.awaiting != "cancel" and order.order_id not in stopping:
                self.actions.append(Stop(order.order_id))
        if not self.working():
            self.change(status=will_be)

    def done(self, reason: str = "") -> None:
        self.change(status="done", reason=reason)
        self.trigger = None

    def fails_by(self, role: str) -> bool:
        """An order of this role was refused: the algo ends, and says why."""
        refused = self.refused(role)
        if not refused:
            return False
        self.end("failed", f"{refused[-1].order_id}: {refused[-1].reason}")
        return True

    def given_up(self, role: str) -> str:
        """Why the rest of a role that ended early will not trade: somebody canceled it."""
        for order in self.of(role):
            is_over = not order.is_working and order.state not in REFUSED
            if is_over and order.remaining > 0 and order.order_id not in self.algo.stopped:
                return f"{order.order_id} is {order.state}: {order.reason or 'as asked'}"
        return ""
