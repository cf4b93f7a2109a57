"""OCO and bracket: a stop and targets, of which one cancels the other.

Where the venue links orders, both are there, and hold without us. Where it does not, the targets
rest there and the stop is held here: when it is touched, the targets are canceled first, and
only when the venue has confirmed that does what they left go out at the market. A bracket is what
Binance calls an OTOCO (rest-api.md, "New order list - OTOCO"), whose exits too are sent once the
entry is over; where the stop is held here it protects each part from its first fill on. Sending
both would close a position twice where the market reaches both before a cancel does.

No venue amends a stop by the port that brokers have: a pair whose stop is to be elsewhere is
canceled and placed anew, and its stop is held here until the new one works.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import takewhile
from typing import Final, Literal, NamedTuple

from engine.clock import NANOS
from engine.ems.algos.api import OPPOSITE, ZERO, Hand, Trigger
from engine.ems.shape import text
from engine.messages import BracketTerms, OcoTerms, OrderState, Side

TRIES: Final = 10
"""Times that an exit at the market is tried where its venue refuses it or it finds nobody, a second
apart. What we deny ourselves (a market that is not open yet, a halt) is tried on without end: at
first after seconds, then once a minute."""
_MOST_WAIT_S: Final = 60


def _towards(side: Side) -> Literal["up", "down"]:
    """From where a stop of this side is touched."""
    return "up" if side == "buy" else "down"


class Pair(NamedTuple):
    """A stop and a limit order at the venue that link to each other."""

    stop_role: str
    role: str
    """Of the limit order."""
    size: Decimal
    side: Side
    stop_price: Decimal
    price: Decimal
    group: str
    reduce_only: bool = False


def oco(hand: Hand, terms: OcoTerms) -> None:
    hand.renew_unsent("limit", "stop")
    traded = hand.filled("limit") + hand.filled("stop")
    is_native = hand.view.can_link and not hand.algo.touched
    hand.change(
        filled=traded + hand.filled("out"),
        is_native=hand.algo.is_native or (is_native and not hand.of()),
    )
    if hand.algo.touched:
        # First of all: whatever becomes of the limit order, the market is to be left.
        wanted = terms.size - traded
        _leave(hand, wanted, terms.side, terms.reduce_only, ("limit", "stop"))
        return
    if hand.algo.is_native:
        _linked_oco(hand, terms)
        return
    if hand.fails_by("limit"):
        return
    if hand.cover(
        "limit", terms.size, terms.side, price=terms.price, reduce_only=terms.reduce_only
    ) or hand.working("limit"):
        hand.reprice("limit", terms.price)
        hand.trigger = Trigger(terms.stop_price, _towards(terms.side))
    elif reason := hand.given_up("limit"):
        hand.end("canceled", reason)
    else:
        hand.done()


def _linked_oco(hand: Hand, terms: OcoTerms) -> None:
    if hand.fails_by("limit") or hand.fails_by("stop"):
        return
    of_venue = (terms.side, terms.stop_price, terms.price, hand.algo.algo_id, terms.reduce_only)
    _keep_pair(hand, Pair("stop", "limit", terms.size, *of_venue))
    if hand.working() or hand.actions:
        return
    if hand.filled("stop") + hand.filled("limit"):
        hand.done()
    else:
        hand.end("canceled", hand.given_up("stop") or hand.given_up("limit"))


def _keep_pair(hand: Hand, pair: Pair) -> None:
    """See that the pair is at the venue as it should be, for what it has not traded."""
    stops = hand.working(pair.stop_role)
    if hand.leaving(pair.stop_role, pair.role) or _is_elsewhere(hand, pair):
        hand.pause(pair.stop_role)
        hand.pause(pair.role)
        hand.trigger = Trigger(pair.stop_price, _towards(pair.side))
        return
    # One that takes the place of another has a name of its own at the venue.
    place = sum(order.order_id in hand.algo.stopped for order in hand.of(pair.stop_role))
    group = f"{pair.group}.{place}" if place else pair.group
    for order in (*stops, *hand.working(pair.role)):
        group = order.link_group  # the half that works is what the other one is linked to
    both = {"link_group": group, "reduce_only": pair.reduce_only}
    stop = {"order_type": "stop", "stop_price": pair.stop_price}
    # The stop first: there is no moment without it. One that is over needs no partner.
    if not hand.is_over(pair.stop_role):
        left = pair.size - hand.filled(pair.role)
        is_new = hand.cover(pair.stop_role, left, pair.side, **stop, **both)
        if not hand.is_over(pair.role):
            left = pair.size - hand.filled(pair.stop_role)
            hand.cover(pair.role, left, pair.side, price=pair.price, **both)
        is_new = is_new or any(order.state is OrderState.PENDING for order in stops)
        if is_new and hand.of(pair.stop_role):
            # In place of another: until it works the stop is held here.
            hand.trigger = Trigger(pair.stop_price, _towards(pair.side))
    if hand.working(pair.role) and hand.is_over(pair.stop_role):
        # Its venue ended the stop as a part of the limit order traded; the rest is stopped here.
        hand.trigger = Trigger(pair.stop_price, _towards(pair.side))
    hand.reprice(pair.role, pair.price)


def _is_elsewhere(hand: Hand, pair: Pair) -> bool:
    """The pair works at other prices, and no amend takes it to these."""
    if any(order.stop_price != pair.stop_price for order in hand.working(pair.stop_role)):
        return True
    limits, is_linked = hand.working(pair.role), bool(hand.working(pair.stop_role))
    can_amend = hand.view.can_amend and (hand.view.can_amend_linked or not is_linked)
    return not can_amend and any(order.price != pair.price for order in limits)


def bracket(hand: Hand, terms: BracketTerms) -> None:
    entered = hand.filled("entry")
    hand.change(filled=entered)
    hand.renew_unsent(*_exit_roles(terms))  # what protects; an entry is for a person to repeat
    if hand.algo.touched:
        _stop_out(hand, terms, entered)
        return
    if not entered and hand.fails_by("entry"):
        return
    if refused := hand.refused("entry"):
        # What is entered goes on being protected, and the rest is not asked for again.
        hand.change(reason=f"{refused[-1].order_id}: {refused[-1].reason}")
    if hand.may_open and not refused:
        placed = hand.cover("entry", terms.size, terms.side, price=terms.price)
        hand.reprice("entry", terms.price)
        is_entering = placed or bool(hand.working("entry"))
        if not is_entering and not entered:
            hand.end("canceled", hand.given_up("entry"))
            return
    else:
        is_entering = bool(hand.working("entry"))
        hand.pause("entry")
    if not hand.algo.is_native and hand.view.can_link and not hand.of("target1"):
        # Linked orders are sent once, for all that was entered; the stop is here until then.
        if is_entering or not entered:
            hand.trigger = Trigger(terms.stop_price, _towards(OPPOSITE[terms.side]))
            return
        hand.change(is_native=True)
    if hand.algo.is_native:
        _linked_exits(hand, terms, entered)
    else:
        _held_exits(hand, terms, entered, is_entering=is_entering or not hand.may_open)


def shares(terms: BracketTerms, entered: Decimal) -> list[Decimal]:
    """How much of what is entered leaves at each target: the nearest is served first."""
    left, each = entered, []
    for _, size in terms.targets:
        each.append(min(size, left))
        left -= each[-1]
    return each


def _target_roles(terms: BracketTerms) -> list[str]:
    return [f"target{number}" for number in range(1, len(terms.targets) + 1)]


def _exit_roles(terms: BracketTerms) -> list[str]:
    targets = _target_roles(terms)
    return targets + [role.replace("target", "stop") for role in targets]


def _exited(hand: Hand, terms: BracketTerms) -> Decimal:
    return sum((hand.filled(role) for role in [*_exit_roles(terms), "out"]), ZERO)


def _held_exits(hand: Hand, terms: BracketTerms, entered: Decimal, *, is_entering: bool) -> None:
    """Targets at the venue, as far as it is entered; the stop here."""
    side = OPPOSITE[terms.side]
    for role, (price, _), size in zip(
        _target_roles(terms), terms.targets, shares(terms, entered), strict=True
    ):
        refused = hand.refused(role)
        if refused and refused[-1].price == price:
            # The stop protects it; and the same again would be refused again.
            hand.change(reason=f"{refused[-1].order_id}: {refused[-1].reason}")
        elif size:
            hand.cover(role, size, side, price=price)
            hand.reprice(role, price)
    left = entered - _exited(hand, terms)
    if left > 0 or is_entering:
        # Before the first fill too: a market that is through the stop is not to be entered.
        hand.trigger = Trigger(terms.stop_price, _towards(side))
    elif not hand.working():
        hand.done()


def _linked_exits(hand: Hand, terms: BracketTerms, entered: Decimal) -> None:
    """Pairs of a stop and a target at the venue, once it is entered."""
    side = OPPOSITE[terms.side]
    is_alone = False
    for role, (price, _), size in zip(
        _target_roles(terms), terms.targets, shares(terms, entered), strict=True
    ):
        stop_role, group = role.replace("target", "stop"), f"{hand.algo.algo_id}.{role}"
        if refused := [*hand.refused(stop_role), *hand.refused(role)]:
            hand.change(reason=f"{refused[-1].order_id}: {refused[-1].reason}")
            is_alone = True
        elif size:
            _keep_pair(hand, Pair(stop_role, role, size, side, terms.stop_price, price, group))
    if is_alone:
        # A pair that is not whole: the stop of all is held here from now on.
        hand.trigger = Trigger(terms.stop_price, _towards(side))
    if not hand.working() and not hand.actions:
        left = entered - _exited(hand, terms)
        if left > 0 and is_alone:
            return
        least = max(hand.view.instrument.min_size, hand.view.instrument.size_step)
        if left < least:
            hand.done(f"{text(left)} was entered and not left" if left > 0 else "")
        else:
            why = next(filter(None, map(hand.given_up, _exit_roles(terms))), "its exits are over")
            hand.end("failed", f"{text(left)} was entered and is not protected: {why}")


def _stop_out(hand: Hand, terms: BracketTerms, entered: Decimal) -> None:
    roles = ["entry", *_exit_roles(terms)]
    wanted = entered - (_exited(hand, terms) - hand.filled("out"))
    _leave(hand, wanted, OPPOSITE[terms.side], False, tuple(roles))


def _leave(
    hand: Hand, wanted: Decimal, side: Side, reduce_only: bool, before: tuple[str, ...]
) -> None:
    """Cancel what works in the roles `before`; when it is over, send what is left at the market.

    An order of unknown state counts as working: nothing is sent while it could trade still."""
    for role in before:
        hand.stop(role)
    if any(hand.working(role) for role in before):
        return
    if hand.working("out"):
        return
    tries, now_ns = hand.of("out"), hand.view.now_ns
    missing = hand.view.instrument.round_size(wanted - hand.filled("out"))
    if missing <= 0 or missing < hand.view.instrument.min_size:
        hand.done()
    elif sum(order.state is not OrderState.DENIED for order in tries) >= TRIES:
        why = tries[-1].reason or tries[-1].state
        hand.end("failed", f"{text(missing)} could not leave the market: {why}")
    elif not tries or now_ns >= hand.algo.next_ns:
        hand.place("out", missing, side, reduce_only=reduce_only)
        denied = list(takewhile(lambda order: order.state is OrderState.DENIED, reversed(tries)))
        wait_s = min(2 ** min(len(denied), 6), _MOST_WAIT_S)
        reason = f"{denied[0].order_id}: {denied[0].reason}" if denied else hand.algo.reason
        hand.change(next_ns=now_ns + wait_s * NANOS, reason=reason)
