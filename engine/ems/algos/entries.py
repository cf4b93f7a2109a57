"""Ways to trade a size: scale, iceberg, TWAP, chase, and one order after another (OTO).

The words are those of venues: TWAP, chase and iceberg as in
https://bybit-exchange.github.io/docs/v5/strategy/create-strategy (equal parts at fixed times; a
limit order that is moved along with the best price up to a most; the next part when one is
filled), the disclosed quantity of an iceberg also as in
https://library.tradingtechnologies.com/tt-net-sdk/articles/as-tt-iceberg.html, OTO "one triggers
the other" as in https://github.com/binance/binance-spot-api-docs (rest-api.md, "New order list -
OTO"). Two differences: what a part of a TWAP leaves open goes into the next one, and the second
order of an OTO is sent also for a first one that ended with a part of it filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

from engine.clock import NANOS
from engine.ems.algos.api import ZERO, Hand
from engine.ems.shape import text
from engine.instruments import Instrument
from engine.messages import (
    ChaseTerms,
    IcebergTerms,
    Order,
    OrderState,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)


def scale(hand: Hand, terms: ScaleTerms) -> None:
    """Every rung of the ladder at once; over when none works any more."""
    rungs = scale_rungs(terms, hand.view.instrument)
    roles = [str(number) for number in range(1, len(rungs) + 1)]
    hand.change(filled=sum((hand.filled(role) for role in roles), ZERO))
    if any(hand.fails_by(role) for role in roles):
        return
    if not hand.may_open:
        for role in roles:
            hand.pause(role)
        return
    placed = [
        hand.cover(role, size, terms.side, price=price, reduce_only=terms.reduce_only)
        for role, (price, size) in zip(roles, rungs, strict=True)
    ]
    if not any(placed) and not hand.working():
        hand.done(next(filter(None, map(hand.given_up, roles)), ""))


def scale_rungs(terms: ScaleTerms, instrument: Instrument) -> list[tuple[Decimal, Decimal]]:
    """(price, size) of each order of a scale, first to last, on the grid: prices to the nearest
    tick, sizes so that they add up to the whole. What no rung can be given goes to the largest.
    """
    count = terms.count
    weights = {
        "flat": [1] * count,
        "rising": list(range(1, count + 1)),
        "falling": list(range(count, 0, -1)),
    }[terms.shape]
    with localcontext(prec=60):
        span = terms.last_price - terms.first_price
        gaps = max(count - 1, 1)
        prices = [
            instrument.round_price(terms.first_price + span * at / gaps) for at in range(count)
        ]
        sizes = [instrument.round_size(terms.size * w / sum(weights)) for w in weights]
        largest = max(range(count), key=lambda at: weights[at])
        sizes[largest] += terms.size - sum(sizes)
    return list(zip(prices, sizes, strict=True))


def iceberg(hand: Hand, terms: IcebergTerms) -> None:
    """One part in the book at a time; the next when it is filled. Where the venue takes icebergs
    it is one order of which that shows a part; other parts are asked for by another order."""
    parts = hand.of()
    filled = sum((part.filled for part in parts), ZERO)
    hand.change(filled=filled, placed=len(parts))
    if hand.fails_by("part"):
        return
    if not hand.may_open:
        hand.pause("part")
        return
    if working := hand.working():
        shown = {part.shown == min(terms.shown, part.size) for part in working if part.shown}
        if False in shown:
            hand.pause("part")
        else:
            hand.reprice("part", terms.price)
        return
    if reason := hand.given_up("part"):
        hand.end("canceled", reason)
        return
    is_native = hand.view.can_iceberg
    wanted = terms.size if is_native else min(filled + terms.shown, terms.size)
    how = {"shown": min(terms.shown, terms.size - filled)} if is_native else {}
    if hand.cover("part", wanted, terms.side, price=terms.price, **how):
        hand.change(is_native=is_native)
    else:
        hand.done()


def twap(hand: Hand, terms: TwapTerms) -> None:
    """The next part when its time has come; what the last one left open is in it."""
    algo, now_ns = hand.algo, hand.view.now_ns
    filled = hand.filled("part")
    hand.change(filled=filled)
    if filled >= terms.size:
        hand.stop()
        if not hand.working():
            hand.done()
        return
    if hand.fails_by("part"):
        return
    if not hand.may_open:
        hand.pause("part")
        return
    if now_ns < algo.next_ns:
        hand.reprice("part", terms.price)
        return
    if hand.working():
        hand.pause("part")  # its time is over: what it leaves goes to the next
        return
    if algo.placed >= terms.count:
        hand.done(f"{text(terms.size - filled)} was not filled in time")
        return
    with localcontext(prec=60):
        due = terms.size * (algo.placed + 1) / terms.count
    size = hand.view.instrument.round_size(due - filled)
    hand.change(placed=algo.placed + 1, next_ns=now_ns + round(terms.interval_s * NANOS))
    if size >= hand.view.instrument.min_size:
        hand.place("part", size, terms.side, price=terms.price, reduce_only=terms.reduce_only)


def chase(hand: Hand, terms: ChaseTerms) -> None:
    """One order, amended to stay at the best price of its side."""
    hand.change(filled=hand.filled("order"))
    if hand.fails_by("order"):
        return
    if not hand.may_open:
        hand.pause("order")
        return
    price = chase_price(hand, terms)
    working = hand.working("order")
    if not working and hand.asked("order") >= terms.size:
        reason = hand.given_up("order")
        hand.end("canceled", reason) if reason else hand.done()
    elif not working and price is not None:
        hand.change(next_ns=hand.view.now_ns + round(terms.every_s * NANOS))
        kept = {"post_only": terms.post_only, "reduce_only": terms.reduce_only}
        if not hand.cover("order", terms.size, terms.side, price=price, **kept):
            hand.done()
    elif working and price is not None:
        _follow(hand, terms, working[0], price)


def _follow(hand: Hand, terms: ChaseTerms, order: Order, price: Decimal) -> None:
    is_free = order.state in (OrderState.OPEN, OrderState.PARTIAL) and not order.awaiting
    is_time = hand.view.now_ns >= hand.algo.next_ns and hand.algo.moves < terms.most_moves
    if is_free and is_time and order.price != price:
        hand.move(order.order_id, price)
        hand.change(
            moves=hand.algo.moves + 1,
            next_ns=hand.view.now_ns + round(terms.every_s * NANOS),
        )


def chase_price(hand: Hand, terms: ChaseTerms) -> Decimal | None:
    """Where a chasing order should be now; None while its side of the market is empty."""
    quote, instrument = hand.view.quote, hand.view.instrument
    best = None if quote is None else quote.bid if terms.side == "buy" else quote.ask
    if best is None:
        return None
    behind = terms.offset_ticks * instrument.price_tick
    if terms.side == "buy":
        return min(instrument.round_price(best, "down") - behind, terms.limit_price)
    return max(instrument.round_price(best, "up") + behind, terms.limit_price)


def oto(hand: Hand, terms: OtoTerms) -> None:
    """The second order for what the first one filled, when the first one is over."""
    filled = hand.filled("first")
    hand.change(filled=filled)
    if hand.fails_by("first") or hand.fails_by("then"):
        return
    if not hand.may_open:
        hand.pause("first")
        return
    if hand.cover("first", terms.size, terms.side, price=terms.price) or hand.working("first"):
        hand.reprice("first", terms.price)
        return
    if not filled:
        hand.end("canceled", hand.given_up("first"))
    elif not hand.cover("then", filled, terms.then_side, price=terms.then_price):
        hand.reprice("then", terms.then_price)
        _end_when_quiet(hand, ("then",))


def _end_when_quiet(hand: Hand, roles: Sequence[str]) -> None:
    if not any(hand.working(role) for role in roles):
        hand.done()
