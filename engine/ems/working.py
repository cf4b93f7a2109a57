"""Orders that work: amended, canceled, and what becomes of requests that waited for answers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.ems.blotter import Blotter
from engine.ems.changes import Changes
from engine.ems.gate import Gate, amended
from engine.ems.held import HeldOrders
from engine.ems.journal import Resolved
from engine.ems.lanes import Lanes, Request
from engine.ems.outcome import Decisions
from engine.ems.shape import denied
from engine.messages import (
    DONE,
    Accepted,
    Amend,
    AmendRequested,
    Canceled,
    CancelRequested,
    Denied,
    Lost,
    Order,
    OrderState,
    Rejected,
    RequestRefused,
    Resolve,
)
from engine.text import safe


class WorkingOrders:
    """What is asked of orders that can still trade."""

    def __init__(
        self,
        *,
        decided: Decisions,
        changes: Changes,
        blotter: Blotter,
        lanes: Lanes,
        gate: Gate,
        held: HeldOrders,
    ) -> None:
        self._decided = decided
        self._apply = changes.apply
        self._blotter = blotter
        self._lanes = lanes
        self._gate = gate
        self._held = held

    def find(self, order_id: str, command: str) -> Order | None:
        """The order, if it can still trade; else the command is refused."""
        order = self._blotter.orders.get(order_id)
        if order is None or not order.is_working:
            state = "not known" if order is None else order.state
            reason = f"the order is {state}"
            self._decided.refuse(command, "order", reason, limit="working", value=order_id)
            return None
        return order

    def amend(self, order: Order, amend: Amend) -> None:
        """Give the order other terms, if they pass."""
        wanted = replace(order, **amended(order, amend))
        refusal = self._gate.refuse_amend(order, wanted, amend)
        if refusal is not None:
            self._refuse_amend(order, refusal)
        elif amend.of_trigger and amend.price is not None and order.state is not OrderState.DARK:
            sent = denied(order, "state", "its trigger was touched meanwhile", "dark", order.state)
            self._refuse_amend(order, sent)
        elif order.state is OrderState.PENDING and not self._is_asked(order):
            waits = denied(order, "state", "it is not sent yet", "at the venue", order.state)
            self._refuse_amend(order, waits)
        elif order.state is OrderState.DARK and not self._held.is_held(order.order_id):
            touched = denied(order, "state", "its trigger was just touched", "dark", "touched")
            self._refuse_amend(order, touched)
        elif order.state is OrderState.DARK:
            self._held.amend(order, wanted)
        else:
            self._lanes.lane(order.order_id).want(amend.price, amend.size)
            self._send_wanted_amend(order)

    def _is_asked(self, order: Order) -> bool:
        """Something was asked of its venue, and is not answered."""
        lane = self._lanes.find(order.order_id)
        return lane is not None and bool(lane.open)

    def cancel(self, order: Order) -> None:
        """Cancel a working order: at once where nothing has left, else its venue is asked."""
        if order.state is OrderState.DARK:
            self._held.release(order.order_id)
            self._apply(Canceled(order_id=order.order_id))
            return
        lane = self._lanes.lane(order.order_id)
        if order.state is OrderState.PENDING and not lane.open:
            # Its account is still being logged in: nothing has left.
            self._apply(Canceled(order_id=order.order_id, reason="canceled before it was sent"))
            return
        if lane.has_open("cancel"):
            return
        lane.wanted_terms = None
        self._apply(CancelRequested(order_id=order.order_id))
        self._decided.ask(Request(kind="cancel", order_id=order.order_id))

    def resolve(self, command: Resolve) -> None:
        """A person says what became of an order of which nobody knows."""
        order = self.find(command.order_id, "resolve")
        if order is None:
            return
        if order.state is not OrderState.UNKNOWN:
            reason = f"the order is {order.state}: only what is unknown can be resolved"
            self._decided.refuse(
                "resolve", "state", reason, limit="unknown", value=command.order_id
            )
            return
        order_id, note = command.order_id, safe(command.note, 400)
        resolved = Resolved(order_id=order_id, outcome=command.outcome, note=note)
        self._decided.record(resolved)
        said = f"resolved by hand: {note}" if note else "resolved by hand"
        if command.outcome == "open":
            self._apply(Accepted(order_id=order_id, venue_order_id=order.venue_order_id))
        elif command.outcome == "canceled":
            self._apply(Canceled(order_id=order_id, reason=said))
        else:
            self._apply(Rejected(order_id=order_id, reason=said))

    def on_change(self, order: Order) -> None:
        """What follows from an order's new state: answered requests, an amend that waited."""
        lane = self._lanes.find(order.order_id)
        if lane is None:
            return
        lane.mark_answers(order)
        if order.state in DONE or lane.has_open("cancel"):
            lane.wanted_terms = None
        self._send_wanted_amend(order)

    def on_no_answer(self, request: Request, reason: str) -> None:
        """Nobody knows whether the venue took the request."""
        if request.answered.is_set():
            return
        self._lanes.lane(request.order_id).give_up(request)
        self._apply(Lost(order_id=request.order_id, reason=reason))

    def without_record(self, requests: Sequence[Request], reason: str) -> list[Request]:
        """What may be sent though nothing can be written: cancels. The others are refused."""
        kept = []
        for request in requests:
            if request.kind == "cancel":
                kept.append(request)
                continue
            self._lanes.lane(request.order_id).give_up(request)
            order = self._blotter.orders[request.order_id]
            if request.kind == "submit":
                self._apply(denied(order, "journal", reason, "on record", "no room"))
            else:
                refused = RequestRefused(
                    order_id=order.order_id, request=request.kind, reason=reason
                )
                self._apply(refused)
        return kept

    def _send_wanted_amend(self, order: Order) -> None:
        """Send the newest wanted terms once the venue has answered what came before."""
        lane = self._lanes.find(order.order_id)
        if lane is None or lane.wanted_terms is None or lane.open:
            return
        price, size = lane.wanted_terms
        lane.wanted_terms = None
        terms = Amend(order_id=order.order_id, price=price, size=size)
        wanted = replace(order, **amended(order, terms))
        price, size = wanted.price, wanted.size
        refusal = self._gate.refuse_amend(order, wanted, terms)
        if refusal is not None:
            self._refuse_amend(order, refusal)
            return
        self._apply(AmendRequested(order_id=order.order_id, price=price, size=size))
        self._decided.ask(Request(kind="amend", order_id=order.order_id, price=price, size=size))

    def _refuse_amend(self, order: Order, refusal: Denied) -> None:
        self._apply(
            RequestRefused(
                order_id=order.order_id,
                request="amend",
                reason=refusal.reason,
                check=refusal.check,
                limit=refusal.limit,
                value=refusal.value,
            )
        )
