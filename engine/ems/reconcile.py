"""What we believe of an account held against what its venue says: a pure function.

`reconcile(ours, theirs)` gives the events that make ours agree with theirs, and what no event
can settle. Applying them and asking again gives nothing: a restart in the middle does no harm.

What counts as evidence:

* a fill that the venue lists happened, whoever sent the order;
* an order in the venue's list of open orders works, whatever we took it for;
* an order that is *not* in that list does not work, if the venue's list is proof of that
  (`Theirs.is_proof`), it was sent well before the list was asked for, and the fills that were
  asked for reach back to when it was made. Otherwise nothing is concluded of it.

The venue is asked for open orders first and for fills after that: an order that filled in
between is in both, and one that filled before is in the second; the other way round its fill
could be in neither.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from engine.messages import (
    DONE,
    Accepted,
    Amended,
    Canceled,
    Fill,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Position,
    Rejected,
    Reopened,
)

GONE = "no longer at the venue"
"""Reason of the cancel of an order whose end we did not see."""

NEVER_THERE = "it never reached the venue"
"""The same of one that the venue never acknowledged: whatever stopped us came before."""

_UNSENT = frozenset({OrderState.DARK, OrderState.STAGED})


class Ours(NamedTuple):
    """What we believe of one account, after everything that the journal has."""

    orders: Mapping[str, Order]
    """By order id; those of other accounts are left out."""
    trade_ids: Container[tuple[str, str]]
    """(fqme, trade id) of every fill that is known; only asked whether it has one."""
    positions: Mapping[str, Position]
    """By fqme."""
    newer: frozenset[str] = frozenset()
    """Ids of orders that were asked for or heard of since the venue was asked: what it answered
    is older than what we know of them."""


class Theirs(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue says of the account."""

    asked_ns: int
    """When its open orders were asked for."""
    open_orders: Sequence[Order]
    fills: Sequence[Fill]
    """Asked for after the open orders, oldest first."""
    fills_since_ns: int
    """From when on `fills` has them all."""
    ended: Sequence[Order] = ()
    """Orders that were asked for by their id, and that the venue has as done."""
    missing: frozenset[str] = frozenset()
    """Ids that were asked for and that the venue does not know, if by its rules that is proof."""
    positions: Sequence[Position] | None = None
    """None where the venue keeps no positions."""
    is_proof: bool = True
    """By the venue's rules an order that is not listed does not work."""
    settle_ns: int = 0
    """How long an order may take to get into the venue's lists."""


class Difference(NamedTuple):
    """Two numbers that should be the same, and that no event can make so."""

    what: str
    """`position` of a market, or `filled` of an order."""
    name: str
    """The fqme, or the order id."""
    ours: Decimal
    theirs: Decimal


class Agreement(NamedTuple):
    """What it takes to agree."""

    adopted: tuple[Order, ...]
    """Orders that the venue has and we do not: taken in as external, before the events."""
    events: tuple[OrderEvent, ...]
    """To be folded in this order."""
    unresolved: tuple[str, ...]
    """Ids of orders of which nothing can be concluded yet."""
    differences: tuple[Difference, ...]


def reconcile(ours: Ours, theirs: Theirs) -> Agreement:
    """What makes ours agree with theirs. See the module for what is concluded from what."""
    fills = [fill for fill in theirs.fills if (fill.fqme, fill.trade_id) not in ours.trade_ids]
    listed = {order.order_id: order for order in theirs.open_orders}
    adopted = _adopted(ours, listed, fills, theirs)
    events: list[OrderEvent] = [_filled(fill) for fill in fills]
    traded = _sums(fills)
    differences: list[Difference] = []
    for order_id, order in listed.items():
        mine = ours.orders.get(order_id)
        if mine is not None:
            events += [] if order_id in ours.newer else _agree(mine, order)
            differences += _filled_apart(mine, order, traded.get(order_id, Decimal(0)))
        elif _has_all_fills(theirs, order) and order.filled > traded.get(order_id, Decimal(0)):
            ours_of_it = traded.get(order_id, Decimal(0))
            differences.append(Difference("filled", order_id, ours_of_it, order.filled))
    ended, unresolved = _ended(ours, listed, traded, theirs)
    events += ended
    differences += _positions_apart(ours, fills, theirs.positions)
    return Agreement(tuple(adopted), tuple(events), tuple(unresolved), tuple(differences))


def _has_all_fills(theirs: Theirs, order: Order) -> bool:
    """The fills that were asked for reach back to when it was made: one that is not among them is
    on its way."""
    return 0 < order.created_ns >= theirs.fills_since_ns


def _adopted(
    ours: Ours, listed: Mapping[str, Order], fills: Sequence[Fill], theirs: Theirs
) -> list[Order]:
    """Orders that are not ours: those that work, and those of which only fills are left."""
    traded = _sums(fills)
    adopted = [
        _as_external(
            order,
            order.filled if _has_all_fills(theirs, order) else traded.get(order_id, Decimal(0)),
        )
        for order_id, order in listed.items()
        if order_id not in ours.orders
    ]
    unknown = dict.fromkeys(
        fill.order_id
        for fill in fills
        if fill.order_id not in ours.orders and fill.order_id not in listed
    )
    return adopted + [_order_of(order_id, fills) for order_id in unknown]


def _as_external(order: Order, traded: Decimal) -> Order:
    """An order of which `traded` is counted as its fills are folded, now or once they are told."""
    filled = max(Decimal(0), order.filled - traded)
    state = OrderState.PARTIAL if filled else OrderState.OPEN
    return msgspec.structs.replace(order, filled=filled, state=state, is_external=True, awaiting="")


def _order_of(order_id: str, fills: Sequence[Fill]) -> Order:
    """An order of which only its fills are known: as large as they are."""
    of_it = [fill for fill in fills if fill.order_id == order_id]
    first = of_it[0]
    return Order(
        order_id=order_id,
        account=first.account,
        fqme=first.fqme,
        side=first.side,
        order_type="market",
        size=sum((fill.size for fill in of_it), Decimal(0)),
        state=OrderState.OPEN,
        is_external=True,
        reason="made elsewhere; only its fills are known",
        created_ns=first.venue_ns or first.recv_ns,
        updated_ns=first.recv_ns,
    )


def _agree(mine: Order, order: Order) -> list[OrderEvent]:
    """Events after which our order is what the venue lists."""
    events: list[OrderEvent] = []
    if mine.state in DONE and mine.state is not OrderState.FILLED:
        events.append(Reopened(order_id=mine.order_id, reason="the venue lists it as open"))
    elif mine.state not in (OrderState.OPEN, OrderState.PARTIAL, OrderState.FILLED):
        events.append(Accepted(order_id=mine.order_id, venue_order_id=order.venue_order_id))
    if (mine.price, mine.size) != (order.price, order.size):
        events.append(Amended(order_id=mine.order_id, price=order.price, size=order.size))
    return events


def _filled_apart(mine: Order, order: Order, traded: Decimal) -> list[Difference]:
    """The venue counts more as filled than its list of fills shows: some are missing."""
    ours = mine.filled + traded
    if order.filled > ours:
        return [Difference("filled", mine.order_id, ours, order.filled)]
    return []


def _ended(
    ours: Ours, listed: Mapping[str, Order], traded: Mapping[str, Decimal], theirs: Theirs
) -> tuple[list[OrderEvent], list[str]]:
    """Ends of orders of ours that do not work any more, and those of which that cannot be said."""
    found = {order.order_id: order for order in theirs.ended}
    ends: list[OrderEvent] = []
    unresolved = []
    for order_id, order in ours.orders.items():
        if not order.is_working or order.state in _UNSENT or order_id in listed:
            continue
        if order_id in ours.newer:
            unresolved += [order_id] if order.state is OrderState.UNKNOWN else []
            continue
        filled = order.filled + traded.get(order_id, Decimal(0))
        if filled >= order.largest_size:
            continue  # its fills end it
        end = _end_of(order, filled, found.get(order_id), theirs)
        if end is None:
            unresolved.append(order_id)
        else:
            ends.append(end)
    return ends, unresolved


def _end_of(
    order: Order, filled: Decimal, found: Order | None, theirs: Theirs
) -> OrderEvent | None:
    """How an order ended that is not listed; None where nothing says that."""
    if found is not None:
        if found.filled > filled:
            return None  # fills of it are still to come
        reason = found.reason or f"{found.state} at the venue"
        if found.state is OrderState.REJECTED:
            return Rejected(order_id=order.order_id, reason=reason)
        return Canceled(order_id=order.order_id, reason=reason)
    is_old = order.updated_ns + theirs.settle_ns <= theirs.asked_ns
    reaches_back = theirs.fills_since_ns <= order.created_ns
    is_gone = theirs.is_proof or order.order_id in theirs.missing
    if is_gone and is_old and reaches_back:
        was_there = order.venue_order_id or filled
        return Canceled(order_id=order.order_id, reason=GONE if was_there else NEVER_THERE)
    return None


def _positions_apart(
    ours: Ours, fills: Sequence[Fill], positions: Sequence[Position] | None
) -> list[Difference]:
    """Markets of which the venue says that another size is held."""
    if positions is None:
        return []
    held = {fqme: position.size for fqme, position in ours.positions.items()}
    for fill in fills:
        signed = fill.size if fill.side == "buy" else -fill.size
        held[fill.fqme] = held.get(fill.fqme, Decimal(0)) + signed
    said = {position.fqme: position.size for position in positions}
    return [
        Difference("position", fqme, held.get(fqme, Decimal(0)), said.get(fqme, Decimal(0)))
        for fqme in sorted(held.keys() | said.keys())
        if held.get(fqme, Decimal(0)) != said.get(fqme, Decimal(0))
    ]


def _sums(fills: Sequence[Fill]) -> dict[str, Decimal]:
    """Size traded by order."""
    sums: dict[str, Decimal] = {}
    for fill in fills:
        sums[fill.order_id] = sums.get(fill.order_id, Decimal(0)) + fill.size
    return sums


def _filled(fill: Fill) -> Filled:
    return Filled(
        order_id=fill.order_id,
        trade_id=fill.trade_id,
        price=fill.price,
        size=fill.size,
        fee=fill.fee,
        fee_asset=fill.fee_asset,
        liquidity=fill.liquidity,
        venue_ns=fill.venue_ns,
    )
