"""The state table of orders, and the fold of order events into an order.

Rows that look strange are things that happen: a fill overtakes the acknowledgement or crosses
a cancel on the wire, an answer that was lost comes after all, a venue repeats itself. What is
not in the table is a bug, ours or the venue's, and raises `BadTransition`.
"""

from __future__ import annotations

from decimal import Context
from typing import Final

from msgspec.structs import replace

from engine.errors import BadTransition
from engine.messages import (
    DONE,
    Accepted,
    Amended,
    AmendRequested,
    Canceled,
    CancelRequested,
    Denied,
    Expired,
    Filled,
    Held,
    Lost,
    Order,
    OrderEvent,
    OrderState,
    OrderType,
    Rejected,
    Reopened,
    RequestRefused,
    Submit,
    Triggered,
)

S = OrderState

EXACT: Final = Context(prec=60)
"""For averages: a price and a size of 20 digits each multiply without loss."""

NEXT: Final[dict[tuple[OrderState, type], OrderState]] = {
    # On its way to the venue. A cancel may be asked for before the acknowledgement is here.
    (S.PENDING, Accepted): S.OPEN,
    (S.PENDING, Rejected): S.REJECTED,
    (S.PENDING, Denied): S.DENIED,
    (S.PENDING, Held): S.DARK,
    (S.PENDING, Filled): S.PARTIAL,
    (S.PENDING, Canceled): S.CANCELED,
    (S.PENDING, Expired): S.EXPIRED,
    (S.PENDING, Amended): S.OPEN,
    (S.PENDING, AmendRequested): S.PENDING,
    (S.PENDING, CancelRequested): S.PENDING,
    (S.PENDING, RequestRefused): S.PENDING,
    (S.PENDING, Lost): S.UNKNOWN,
    # Working at the venue.
    (S.OPEN, Accepted): S.OPEN,
    (S.OPEN, Filled): S.PARTIAL,
    (S.OPEN, Canceled): S.CANCELED,
    (S.OPEN, Expired): S.EXPIRED,
    (S.OPEN, Amended): S.OPEN,
    (S.OPEN, AmendRequested): S.OPEN,
    (S.OPEN, CancelRequested): S.OPEN,
    (S.OPEN, RequestRefused): S.OPEN,
    (S.OPEN, Lost): S.UNKNOWN,
    (S.PARTIAL, Accepted): S.PARTIAL,  # the fill overtook it
    (S.PARTIAL, Filled): S.PARTIAL,
    (S.PARTIAL, Canceled): S.CANCELED,
    (S.PARTIAL, Expired): S.EXPIRED,
    (S.PARTIAL, Amended): S.PARTIAL,
    (S.PARTIAL, AmendRequested): S.PARTIAL,
    (S.PARTIAL, CancelRequested): S.PARTIAL,
    (S.PARTIAL, RequestRefused): S.PARTIAL,
    (S.PARTIAL, Lost): S.UNKNOWN,
    # Held here. `Triggered` is not repeated: what was sent once is never sent again.
    (S.DARK, Held): S.DARK,
    (S.DARK, Triggered): S.TRIGGERED,
    (S.DARK, Canceled): S.CANCELED,
    (S.DARK, Expired): S.EXPIRED,
    (S.DARK, AmendRequested): S.DARK,
    (S.DARK, Amended): S.DARK,
    (S.DARK, CancelRequested): S.DARK,
    (S.DARK, RequestRefused): S.DARK,
    # Triggered is pending, with a past.
    (S.TRIGGERED, Accepted): S.OPEN,
    (S.TRIGGERED, Rejected): S.REJECTED,
    (S.TRIGGERED, Denied): S.DENIED,
    (S.TRIGGERED, Filled): S.PARTIAL,
    (S.TRIGGERED, Canceled): S.CANCELED,
    (S.TRIGGERED, Expired): S.EXPIRED,
    (S.TRIGGERED, Amended): S.OPEN,
    (S.TRIGGERED, AmendRequested): S.TRIGGERED,
    (S.TRIGGERED, CancelRequested): S.TRIGGERED,
    (S.TRIGGERED, RequestRefused): S.TRIGGERED,
    (S.TRIGGERED, Lost): S.UNKNOWN,
    # No answer. Only evidence from the venue resolves it; a refused request says nothing of
    # the order ("no such order" may mean gone, or not there yet).
    (S.UNKNOWN, Accepted): S.OPEN,
    (S.UNKNOWN, Rejected): S.REJECTED,
    (S.UNKNOWN, Filled): S.PARTIAL,
    (S.UNKNOWN, Canceled): S.CANCELED,
    (S.UNKNOWN, Expired): S.EXPIRED,
    (S.UNKNOWN, Amended): S.OPEN,
    (S.UNKNOWN, CancelRequested): S.UNKNOWN,
    (S.UNKNOWN, RequestRefused): S.UNKNOWN,
    (S.UNKNOWN, Lost): S.UNKNOWN,
    # Done. Late answers change nothing, late fills count: they happened before the end.
    (S.FILLED, Accepted): S.FILLED,
    (S.FILLED, Filled): S.FILLED,
    (S.FILLED, Canceled): S.FILLED,
    (S.FILLED, Expired): S.FILLED,
    (S.FILLED, Amended): S.PARTIAL,  # if it grew; else it stays filled
    (S.FILLED, RequestRefused): S.FILLED,
    (S.FILLED, Lost): S.FILLED,
    (S.CANCELED, Accepted): S.CANCELED,
    (S.CANCELED, Filled): S.CANCELED,
    (S.CANCELED, Canceled): S.CANCELED,
    (S.CANCELED, Expired): S.CANCELED,
    (S.CANCELED, Amended): S.CANCELED,
    (S.CANCELED, RequestRefused): S.CANCELED,
    (S.CANCELED, Lost): S.CANCELED,
    (S.EXPIRED, Accepted): S.EXPIRED,
    (S.EXPIRED, Filled): S.EXPIRED,
    (S.EXPIRED, Canceled): S.EXPIRED,
    (S.EXPIRED, Expired): S.EXPIRED,
    (S.EXPIRED, Amended): S.EXPIRED,
    (S.EXPIRED, RequestRefused): S.EXPIRED,
    (S.EXPIRED, Lost): S.EXPIRED,
    (S.REJECTED, Rejected): S.REJECTED,
    (S.REJECTED, RequestRefused): S.REJECTED,
    (S.REJECTED, Lost): S.REJECTED,
    # The venue contradicts itself: whether the rest works nobody knows, and it must not look as
    # if it did.
    (S.REJECTED, Filled): S.UNKNOWN,
    (S.OPEN, Rejected): S.UNKNOWN,
    (S.PARTIAL, Rejected): S.UNKNOWN,
    # The venue's list of what works is evidence against whatever ended it here.
    (S.CANCELED, Reopened): S.OPEN,
    (S.EXPIRED, Reopened): S.OPEN,
    (S.REJECTED, Reopened): S.OPEN,
}
"""(state, event) -> state. A fill that completes the order leads to `filled` instead."""


def new_order(submit: Submit, now_ns: int) -> Order:
    """The order that an intent begins as: pending, before anything left the machine."""
    return Order(
        order_id=submit.order_id,
        account=submit.account,
        fqme=submit.fqme,
        side=submit.side,
        order_type=submit.order_type,
        size=submit.size,
        price=submit.price,
        stop_price=submit.stop_price,
        time_in_force=submit.time_in_force,
        post_only=submit.post_only,
        route=submit.route,
        trigger_price=submit.trigger_price,
        reduce_only=submit.reduce_only,
        expires_ns=submit.expires_ns,
        trail=submit.trail,
        trail_unit=submit.trail_unit,
        limit_offset=submit.limit_offset,
        reference=submit.reference,
        parent_id=submit.parent_id,
        link_group=submit.link_group,
        shown=submit.shown,
        accepts_stale=submit.accepts_stale,
        created_ns=now_ns,
        updated_ns=now_ns,
    )


def fold(order: Order | None, event: OrderEvent, now_ns: int) -> Order:
    """`order` after `event`.

    Repeated acknowledgements, cancels and refusals change nothing. Fills are counted each time:
    whoever calls has made sure that a trade id is seen once.

    Raises:
        BadTransition: there is no such order, or its state does not allow the event.
    """
    name = type(event).__name__
    if order is None:
        raise BadTransition(f"{name} for order {event.order_id}, which is not known")
    if order.order_id != event.order_id:
        raise BadTransition(f"{name} of order {event.order_id} given to {order.order_id}")
    state = NEXT.get((order.state, type(event)))
    if state is None:
        raise BadTransition(f"{name} while {order.state}: order {order.order_id}")
    if isinstance(event, Amended) and _is_old(order, event):
        return order
    changed = _with_facts(order, event)
    state = _settled(order, changed, event, state)
    if state in DONE:
        # Of one that was ended an amend may be answered after the end: what it asked for is kept.
        is_ended = state in (S.CANCELED, S.EXPIRED)
        asked_size = changed.asked_size if is_ended else None
        changed = replace(changed, awaiting="", asked_size=asked_size)
    return replace(changed, state=state, updated_ns=max(now_ns, order.updated_ns))


def _settled(before: Order, after: Order, event: OrderEvent, state: OrderState) -> OrderState:
    """The state that the table names, corrected by how much of the order is filled."""
    match event:
        case Filled() if after.filled >= after.largest_size:
            # More than ordered is the venue's error, but what traded is held all the same.
            return S.FILLED
        case Filled() if before.state is S.UNKNOWN and before.awaiting:
            return S.UNKNOWN  # it traded; whether the lost cancel or amend got there is open
        case Amended() if state in (S.OPEN, S.PARTIAL):
            if after.awaiting == "cancel" and before.state is S.UNKNOWN:
                return S.UNKNOWN
            return _working(after)
        case Accepted() | Reopened() if state is S.OPEN:
            return _working(after)
        case RequestRefused() if state is S.PARTIAL:
            return _working(after)  # what an amend would have added is not there
    return state


def _working(order: Order) -> OrderState:
    if order.filled >= order.largest_size:
        return S.FILLED
    return S.PARTIAL if order.filled else S.OPEN


def _with_facts(order: Order, event: OrderEvent) -> Order:
    """What the event says, put into the order; the state is not touched."""
    match event:
        case Accepted():
            # The venue has it: whatever answer was lost before is no longer waited for.
            known = {"venue_order_id": event.venue_order_id or order.venue_order_id}
            if order.state is S.UNKNOWN:
                return replace(order, awaiting="", asked_size=None, **known)
            return replace(order, **known)
        case Filled():
            return _with_fill(order, event)
        case Amended():
            return _with_terms(order, event)
        case Triggered():
            return replace(order, price=event.price)
        case AmendRequested():
            return replace(order, awaiting=order.awaiting or "amend", asked_size=event.size)
        case CancelRequested():
            return replace(order, awaiting="cancel")
        case RequestRefused():
            # With a check it was refused here: a request that went out before is still open.
            is_answer = order.awaiting == event.request and not event.check
            awaiting = "" if is_answer else order.awaiting
            reason = order.reason if order.state in DONE else event.reason
            is_final = event.request == "amend" and not event.check and order.state is not S.UNKNOWN
            asked_size = None if is_final else order.asked_size
            return replace(order, awaiting=awaiting, reason=reason, asked_size=asked_size)
        case Lost():
            return order if order.state in DONE else replace(order, reason=event.reason)
        case Rejected() | Denied():
            return replace(order, reason=event.reason)
        case Canceled() | Expired():
            return order if order.state in DONE else replace(order, reason=event.reason)
        case Reopened():
            return replace(order, reason=event.reason, awaiting="", asked_size=None)
        case Held():
            held = order if event.as_type is None else as_dark(order, event.as_type)
            return replace(held, trigger_direction=event.direction or order.trigger_direction)


def as_dark(order: Order, as_type: OrderType) -> Order:
    """The dark order that stands for a stop which its venue does not take."""
    return replace(
        order,
        route="dark",
        order_type=as_type,
        trigger_price=order.trigger_price if order.stop_price is None else order.stop_price,
        stop_price=None,
    )


def _with_fill(order: Order, event: Filled) -> Order:
    """Sums, so that it does not matter in which order fills come."""
    is_known = not order.filled or order.average_price is not None
    before = order.traded
    if not before and order.average_price is not None:
        before = EXACT.multiply(order.average_price, order.filled)  # made elsewhere
    filled = EXACT.add(order.filled, event.size)
    traded = EXACT.fma(event.price, event.size, before)
    fees, fee_asset = order.fees, order.fee_asset
    if event.fee and event.fee_asset == fee_asset:
        fees = EXACT.add(fees, event.fee)
    elif event.fee and (not fee_asset or event.fee_asset < fee_asset):
        fees, fee_asset = event.fee, event.fee_asset
    return replace(
        order,
        filled=filled,
        traded=traded,
        average_price=EXACT.divide(traded, filled) if is_known else None,
        fees=fees,
        fee_asset=fee_asset,
    )


def _is_old(order: Order, event: Amended) -> bool:
    """The amend is told late, or again: the order was amended since. Venues count in milliseconds
    too, so that of one moment only the same terms are the same amend."""
    if not 0 < event.venue_ns <= order.terms_ns:
        return False
    is_same = (event.price, event.size) == (order.price, order.size)
    return event.venue_ns < order.terms_ns or is_same


def _with_terms(order: Order, event: Amended) -> Order:
    return replace(
        order,
        price=order.price if event.price is None else event.price,
        size=event.size,
        stop_price=order.stop_price if event.stop_price is None else event.stop_price,
        trigger_price=(order.trigger_price if event.trigger_price is None else event.trigger_price),
        awaiting="" if order.awaiting == "amend" else order.awaiting,
        asked_size=None,
        terms_ns=max(order.terms_ns, event.venue_ns),
    )
