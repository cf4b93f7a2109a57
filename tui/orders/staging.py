"""What is staged and not yet sent: its type, its prices, its terms. Pure values, no screen.

A price is always on a tick and inside the instrument's limits, a size always on a step. What a
line on the chart stands for, and what arrows move, is the price of a limit order, the stop of
one that waits for a stop, and of a trailing stop the place where its stop would begin.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from engine.instruments import Instrument, Rounding
from engine.messages import (
    Amend,
    Order,
    OrderType,
    Quote,
    Reference,
    Route,
    SetAlert,
    Side,
    Submit,
    TimeInForce,
    TrailUnit,
)
from tui.orders.sizing import LARGEST
from tui.orders.terms import HAS_LIMIT, HAS_STOP, TRAILS, WAITS

STOP_SHARE = Decimal("0.0025")
"""How far a stop is put from the market until it is moved, as a share of the price."""

LIMIT_SHARE = Decimal("0.0005")
"""How far beyond its stop a limit is put: that much may the market jump, and it is filled."""

LEAST_TICKS = 10
"""Nearer than this neither is put."""

PERCENT_STEP = Decimal("0.01")
"""What a trail in percent is a multiple of."""

_NICE = (1, 2, 5)
_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """An intent: what Enter would send. Nothing has left the deck."""

    kind: Literal["order", "alert", "amend"]
    intent_id: str
    """The order's or alert's id, made when it was staged: one intent, one order. For an
    amend, the id of the working order."""
    fqme: str
    price: Decimal | None
    """Limit price, or where a dark order or an alert waits. None for what has no limit, or an
    amend of an order that has no price to move."""
    side: Side = "buy"
    size: Decimal = _ZERO
    account: str = ""
    route: Route = "dark"
    order_type: OrderType = "limit"
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    trail_unit: TrailUnit = "price"
    limit_offset: Decimal | None = None
    reference: Reference = "last"
    time_in_force: TimeInForce = "gtc"
    expires_ns: int = 0
    """When a `gtd` order ends, in the market's time."""
    post_only: bool = False
    reduce_only: bool = False
    accepts_stale: bool = False
    note: str = ""
    size_reason: str = ""
    """Why it is smaller than was asked for."""
    keeps_size: bool = False
    """Its size is a part of what is held, until another is set."""
    amended: Order | None = None
    """The working order, as it was when the amend was staged."""

    @property
    def is_changed(self) -> bool:
        """Sending it would change something."""
        order = self.amended
        return order is None or self.price != working_price(order) or self.size != order.size


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was typed. It gets its id when it is placed."""

    side: Side
    size: Decimal
    fqme: str
    order_type: OrderType
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    trail_unit: TrailUnit = "price"
    limit_offset: Decimal | None = None
    reference: Reference = "last"
    time_in_force: TimeInForce = "gtc"
    expires_ns: int = 0
    post_only: bool = False
    reduce_only: bool = False
    route: Route | None = None
    """None for the route that order mode has set."""
    account: str = ""
    """Empty for the account that order mode has set."""
    is_sure: bool = False
    """It was typed with `!`: a market order is not asked about."""


def working_price(order: Order) -> Decimal | None:
    """The price that an amend moves: the trigger of what is held dark, else the limit. None of
    a trigger that trails: it moves by itself."""
    if order.state == "dark":
        return None if order.trail is not None else order.trigger_price
    return order.price


def staged_amend(order: Order) -> Staged:
    """An amend that does not change anything yet."""
    return Staged(
        kind="amend",
        intent_id=order.order_id,
        fqme=order.fqme,
        price=working_price(order),
        side=order.side,
        size=order.size,
        account=order.account,
        route=order.route,
        order_type=order.order_type,
        stop_price=order.stop_price,
        trail=order.trail,
        trail_unit=order.trail_unit,
        limit_offset=order.limit_offset,
        reference=order.reference,
        time_in_force=order.time_in_force,
        expires_ns=order.expires_ns,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        amended=order,
    )


def staged_request(request: OrderRequest, order_id: str, account: str, route: Route) -> Staged:
    """A typed order as an intent. What has no price to be held for, or rests at the venue by
    its terms, goes live whatever order mode has set; so does a stop, which waits in any case."""
    can_wait = request.order_type == "limit" and not request.post_only
    return Staged(
        kind="order",
        intent_id=order_id,
        fqme=request.fqme,
        price=request.price,
        side=request.side,
        size=request.size,
        account=account,
        route=request.route or (route if can_wait else "live"),
        order_type=request.order_type,
        stop_price=request.stop_price,
        trail=request.trail,
        trail_unit=request.trail_unit,
        limit_offset=request.limit_offset,
        reference=request.reference,
        time_in_force=request.time_in_force,
        expires_ns=request.expires_ns,
        post_only=request.post_only,
        reduce_only=request.reduce_only,
    )


def command_of(staged: Staged) -> Submit | Amend | SetAlert:
    """The command that sends `staged`."""
    if staged.kind == "alert":
        price = staged.price if staged.price is not None else _ZERO
        return SetAlert(alert_id=staged.intent_id, fqme=staged.fqme, price=price, note=staged.note)
    if staged.amended is not None:
        order = staged.amended
        return Amend(
            order_id=staged.intent_id,
            price=None if staged.price == working_price(order) else staged.price,
            size=None if staged.size == order.size else staged.size,
            of_trigger=order.state == "dark",
        )
    # A limit order that waits here gets its limit when it is sent: through the market of that
    # moment. A stop has a trigger of its own.
    waits_here = staged.route == "dark" and staged.order_type == "limit"
    return Submit(
        order_id=staged.intent_id,
        account=staged.account,
        fqme=staged.fqme,
        side=staged.side,
        order_type=staged.order_type,
        size=staged.size,
        price=None if waits_here else staged.price,
        stop_price=staged.stop_price,
        time_in_force=staged.time_in_force,
        post_only=staged.post_only,
        route=staged.route,
        trigger_price=staged.price if waits_here else None,
        reduce_only=staged.reduce_only,
        expires_ns=staged.expires_ns,
        trail=staged.trail,
        trail_unit=staged.trail_unit,
        limit_offset=staged.limit_offset,
        reference=staged.reference,
        accepts_stale=staged.accepts_stale,
    )


# -- prices -------------------------------------------------------------------------------------


def price_bounds(instrument: Instrument) -> tuple[Decimal, Decimal]:
    """Lowest and highest price on a tick that an order may have."""
    low = instrument.min_price
    if low is None:
        low = -LARGEST if instrument.allows_negative_price else instrument.price_tick
    high = instrument.max_price if instrument.max_price is not None else LARGEST
    return instrument.round_price(low, "up"), instrument.round_price(high, "down")


def fit_price(price: Decimal | float, instrument: Instrument) -> Decimal:
    """`price` on the nearest tick, inside the instrument's limits."""
    low, high = price_bounds(instrument)
    exact = price if isinstance(price, Decimal) else Decimal(repr(float(price)))
    return instrument.round_price(min(max(exact, low), high))


def line_price(staged: Staged, instrument: Instrument, quote: Quote) -> Decimal | None:
    """Where its line stands, and what arrows move; None for a market order."""
    if staged.kind == "order" and staged.order_type in HAS_STOP:
        return staged.stop_price
    if staged.kind == "order" and staged.order_type in TRAILS:
        return _trailing_stop(staged, instrument, quote)
    return staged.price


def _trailing_stop(staged: Staged, instrument: Instrument, quote: Quote) -> Decimal | None:
    """Where the stop of a trailing order would begin if it were sent now."""
    if staged.trail is None:
        return None
    last = fit_price(quote.last, instrument)
    distance = staged.trail
    if staged.trail_unit == "percent":
        distance = abs(last) * staged.trail / _HUNDRED
    rounding: Rounding = "up" if staged.side == "buy" else "down"
    stop = last + distance if staged.side == "buy" else last - distance
    return fit_price(instrument.round_price(stop, rounding), instrument)


def moved(staged: Staged, ticks: int, instrument: Instrument, quote: Quote) -> Staged:
    """`staged` with its line so many ticks higher; a trail in percent goes by hundredths."""
    if staged.kind == "order" and staged.trail is not None and staged.trail_unit == "percent":
        farther = ticks if staged.side == "buy" else -ticks
        trail = max(PERCENT_STEP, staged.trail + farther * PERCENT_STEP)
        return replace(staged, trail=min(trail, _HUNDRED - PERCENT_STEP))
    price = line_price(staged, instrument, quote)
    if price is None:
        return staged
    return at_price(staged, price + ticks * instrument.price_tick, instrument, quote)


def at_price(
    staged: Staged, price: Decimal | float, instrument: Instrument, quote: Quote
) -> Staged:
    """`staged` with its line at the tick nearest to `price`; what has no line stays as it is. A
    stop takes its limit along."""
    to = fit_price(price, instrument)
    if staged.kind == "order" and staged.order_type in TRAILS:
        return replace(staged, trail=_trail_to(staged, to, instrument, quote))
    if staged.kind == "order" and staged.order_type in HAS_STOP:
        limit = staged.price
        if limit is not None and staged.stop_price is not None:
            limit = fit_price(limit + to - staged.stop_price, instrument)
        return replace(staged, stop_price=to, price=limit)
    return staged if staged.price is None else replace(staged, price=to)


def _trail_to(staged: Staged, to: Decimal, instrument: Instrument, quote: Quote) -> Decimal:
    """The trail that puts the stop at `to`; at least the least there is."""
    last = fit_price(quote.last, instrument)
    away = to - last if staged.side == "buy" else last - to
    if staged.trail_unit == "price":
        return max(away, instrument.price_tick)
    share = away * _HUNDRED / abs(last) if last else _ZERO
    steps = (share / PERCENT_STEP).to_integral_value() * PERCENT_STEP
    return min(max(steps, PERCENT_STEP), _HUNDRED - PERCENT_STEP)


# -- types --------------------------------------------------------------------------------------


def as_type(staged: Staged, order_type: OrderType, instrument: Instrument, quote: Quote) -> Staged:
    """`staged` as an order of another type, near where its line was.

    A stop is put on its own side of the market, a buy above it, a sale below, a take-profit on
    the other; and not so near that it would be touched before it is seen. Terms that the type
    does not have are dropped.
    """
    line = line_price(staged, instrument, quote)
    touch = quote.bid if staged.side == "buy" else quote.ask
    start = fit_price(quote.last if touch is None else touch, instrument)
    at = start if line is None else line
    bare = replace(
        staged,
        order_type=order_type,
        price=None,
        stop_price=None,
        trail=None,
        trail_unit="price",
        limit_offset=None,
        post_only=staged.post_only and order_type == "limit",
    )
    if order_type in ("limit", "market"):
        return replace(bare, price=at if order_type == "limit" else None)
    if bare.time_in_force in ("ioc", "fok"):
        bare = replace(bare, time_in_force="gtc")
    stop = _on_its_side(at, bare, instrument, quote)
    offset = _distance(LIMIT_SHARE, instrument, quote)
    if order_type in TRAILS:
        trailing = replace(bare, trail=_trail_to(bare, stop, instrument, quote))
        is_limited = order_type == "trailing_stop_limit"
        return replace(trailing, limit_offset=offset if is_limited else None)
    beyond = stop + offset if staged.side == "buy" else stop - offset
    limit = fit_price(beyond, instrument) if order_type in HAS_LIMIT else None
    return replace(bare, stop_price=stop, price=limit)


def waits_above(order_type: str, side: Side) -> bool:
    """Whether a stop waits above the market: to buy, and to take the profit of a sale."""
    return (side == "buy") != order_type.startswith("take_profit")


def is_on_its_side(order_type: str, side: Side, stop: Decimal, last: Decimal) -> bool:
    """Whether a stop would wait where the market is now: it would be touched at once where it
    is on the other side of it."""
    return stop > last if waits_above(order_type, side) else stop < last


def _on_its_side(at: Decimal, staged: Staged, instrument: Instrument, quote: Quote) -> Decimal:
    last = fit_price(quote.last, instrument)
    is_near = abs(at - last) < _distance(LIMIT_SHARE, instrument, quote)
    if is_on_its_side(staged.order_type, staged.side, at, last) and not is_near:
        return at
    away = max(abs(at - last), _distance(STOP_SHARE, instrument, quote))
    is_above = waits_above(staged.order_type, staged.side)
    return fit_price(last + away if is_above else last - away, instrument)


def _distance(share: Decimal, instrument: Instrument, quote: Quote) -> Decimal:
    wanted = abs(fit_price(quote.last, instrument)) * share
    return max(instrument.round_price(wanted), LEAST_TICKS * instrument.price_tick)


def wider(staged: Staged, step: int, instrument: Instrument) -> Staged:
    """`staged` with its trail, or the distance of its limit from its stop, a step wider or
    narrower: 1, 2, 5, 10, 20 ... ticks, or hundredths of a percent."""
    if staged.trail is not None:
        unit = PERCENT_STEP if staged.trail_unit == "percent" else instrument.price_tick
        trail = _nice(staged.trail / unit, step) * unit
        if staged.trail_unit == "percent":
            trail = min(trail, _HUNDRED - PERCENT_STEP)
        return replace(staged, trail=trail)
    if staged.stop_price is None or staged.price is None:
        return staged
    way = 1 if staged.side == "buy" else -1
    ticks = (staged.price - staged.stop_price) * way / instrument.price_tick
    offset = _nice(max(ticks, _ZERO), step, least=0) * instrument.price_tick
    return replace(staged, price=fit_price(staged.stop_price + way * offset, instrument))


def in_trail_unit(staged: Staged, unit: TrailUnit, instrument: Instrument, quote: Quote) -> Staged:
    """`staged` with its trail counted in `unit`, its stop about where it is."""
    stop = line_price(staged, instrument, quote)
    if staged.trail is None or stop is None or unit == staged.trail_unit:
        return staged
    counted = replace(staged, trail_unit=unit)
    return replace(counted, trail=_trail_to(counted, stop, instrument, quote))


def waits(staged: Staged) -> bool:
    """Whether it waits for a stop."""
    return staged.order_type in WAITS


def _nice(value: Decimal, step: int, *, least: int = 1) -> Decimal:
    """The next number above, or below, among `least` and 1, 2, 5, 10, 20, 50 ..."""
    known = [Decimal(least), *(Decimal(part * 10**power) for power in range(12) for part in _NICE)]
    if step > 0:
        return next((number for number in known if number > value), known[-1])
    return next((number for number in reversed(known) if number < value), Decimal(least))
