"""Checks between an intent and the venue: pure, each with the reason, the limit and the value.

The order of the checks is that of what can be known: the account, the market, the order by
itself, then the order against the market and against what is held and works already.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from engine.broker import Capabilities
from engine.clock import NANOS
from engine.ems.filters import check_range, check_worth
from engine.ems.hours import Hours
from engine.ems.limits import (
    PAPER_LIMITS,
    REQUIRED_LIVE,
    MarketLimits,
    RiskLimits,
    missing_live_limits,
)
from engine.ems.shape import check_shape, denied, text
from engine.instruments import Instrument
from engine.messages import Denied, Order, OrderState, Position, Quote

__all__ = [
    "PAPER_LIMITS",
    "REQUIRED_LIVE",
    "RiskLimits",
    "Terms",
    "check",
    "check_limits",
    "dearest_price",
    "exposure",
    "free_to_close",
    "missing_live_limits",
    "reduces",
    "reference_price",
]

ZERO: Final = Decimal(0)

_WAITS: Final = frozenset(
    {
        "stop",
        "stop_limit",
        "take_profit",
        "take_profit_limit",
        "trailing_stop",
        "trailing_stop_limit",
    }
)
"""Types that a venue holds until their price is reached."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an order is checked against; everything as known at one moment."""

    limits: MarketLimits
    instrument: Instrument
    capabilities: Capabilities
    quote: Quote | None
    now_ns: int
    """The market's time."""
    position: Position
    working: tuple[Order, ...]
    """All other orders of the account that can still trade, unknown ones included."""
    average_price: Decimal | None = None
    """Of the trades of the instrument's `average_minutes`; None where it is not known."""
    is_stale: bool = False
    """The stream said that its data is void; age is looked at in any case."""
    is_exit: bool = False
    """It is to leave a market whatever that is like: no limit on what is held, worth or fresh
    keeps it."""
    is_held_here: bool = False
    """The venue does not see to it that a reduce-only order only reduces: we do."""
    confirms_stale: bool = False
    """What a person wants in a stale market passes."""
    hours: Hours | None = None
    """When the market is traded; None where nothing is known."""
    whose: str = "the account"
    """What the limits are of, in words."""


def check(order: Order, terms: Terms) -> Denied | None:
    """Why this order must not leave the machine; None if it may.

    Used for a new order, for a dark one again when its trigger is touched, and for an amend
    with the order as it would be.
    """
    return (
        check_shape(order, terms.instrument, terms.capabilities)
        or _check_reduce_only(order, terms)
        or check_limits(order, terms)
    )


def check_limits(order: Order, terms: Terms) -> Denied | None:
    """What depends on whose limits they are, and on the market as it stands."""
    return (
        _check_hours(order, terms)
        or _check_fresh(order, terms)
        or _check_size(order, terms)
        or _check_band(order, terms)
        or _check_range(order, terms)
        or _check_notional(order, terms)
        or _check_open_orders(order, terms)
        or _check_position(order, terms)
    )


def free_to_close(
    order: Order, position: Position, working: Iterable[Order], *, is_held_here: bool
) -> Decimal:
    """How much of the position this order may close: what is held, less what others that work
    may close already. 0 where it would not close anything.

    Orders of one group count once: at most one of them trades. Where the venue itself keeps
    reduce-only orders from more, stops that wait there do not count, nor others than exits; those
    of algos do, for they are not reduce-only and would open the other side later.
    """
    if position.size == 0 or (position.size > 0) is (order.side == "buy"):
        return ZERO
    groups: dict[str, Decimal] = {}
    taken = ZERO
    for other in working:
        if other.fqme != order.fqme or other.side != order.side:
            continue
        if other.state is OrderState.DARK or (
            not is_held_here
            and (not (other.reduce_only or other.parent_id) or other.order_type in _WAITS)
        ):
            continue
        if not other.link_group:
            taken += other.exposed
        elif other.link_group != order.link_group:
            groups[other.link_group] = max(groups.get(other.link_group, ZERO), other.exposed)
    return max(abs(position.size) - taken - sum(groups.values(), ZERO), ZERO)


def reduces(order: Order, position: Position, working: Iterable[Order]) -> bool:
    """Whatever becomes of it and of all that works, its position only gets smaller: by what it
    is, or by how much it is."""
    if order.reduce_only:
        return True
    return order.exposed <= free_to_close(order, position, working, is_held_here=True)


def reference_price(order: Order, quote: Quote, instrument: Instrument) -> Decimal:
    """What a venue takes one unit of the order to be worth: its own price, else the best of the
    side that it would take."""
    for _, price in _prices(order):
        return price
    touch = quote.ask if order.side == "buy" else quote.bid
    return instrument.round_price(quote.last if touch is None else touch)


def dearest_price(order: Order, quote: Quote, instrument: Instrument) -> Decimal:
    """The most that one unit of the order can be expected to trade for.

    A limit price is where an order stops, not where it trades: a sale far below the bid trades
    at the bid, one that waits for a stop or a trigger near that.
    """
    prices = [price for _, price in _prices(order)]
    if not prices:
        return reference_price(order, quote, instrument)
    touch = quote.ask if order.side == "buy" else quote.bid
    if order.price is not None and len(prices) == 1 and touch is not None:
        reached = instrument.round_price(touch)
        if order.price >= reached if order.side == "buy" else order.price <= reached:
            prices.append(reached)
    return max(prices, key=abs)


def exposure(position: Position, working: Iterable[Order], side: str, *, fqme: str) -> Decimal:
    """The position if everything that works at the venue on `side` were filled.

    Orders of unknown state count as if they worked. Dark ones do not: they are checked again
    when they are sent.
    """
    reserved = sum(
        (
            order.exposed
            for order in working
            if order.fqme == fqme and order.side == side and order.state is not OrderState.DARK
        ),
        ZERO,
    )
    return position.size + (reserved if side == "buy" else -reserved)


def _check_reduce_only(order: Order, terms: Terms) -> Denied | None:
    """Exits together never close more than is held: pressed twice, they do not open the other
    side. What waits is checked when it is sent; here, or by a venue that sees to it."""
    is_waiting = order.state is OrderState.PENDING and order.route == "dark"
    if not order.reduce_only or is_waiting or order.state is OrderState.DARK:
        return None
    if terms.is_exit:
        return None  # sized here, with no other exit beside it
    held = terms.position.size if order.side == "sell" else -terms.position.size
    if not terms.is_held_here and (held <= 0 or order.order_type in _WAITS):
        return None  # what was traded elsewhere, or is only to be closed later, the venue knows
    free = free_to_close(order, terms.position, terms.working, is_held_here=terms.is_held_here)
    if order.exposed <= free:
        return None
    reason = f"there is nothing to reduce: {text(terms.position.size)} is held"
    if held > 0:
        reason = f"only {text(held)} is held"
    if free < held:
        reason = f"{text(held - free)} of the {text(held)} held may be closed by others already"
    return denied(order, "reduce_only", reason, free, order.exposed)


def _check_hours(order: Order, terms: Terms) -> Denied | None:
    if terms.hours is None or terms.is_exit or terms.hours.is_open(terms.now_ns):
        return None
    if order.state is OrderState.PENDING and order.route == "dark":
        return None  # it waits here, and is asked about again when it is sent
    reason = f"{order.fqme} is not traded at this time"
    return denied(order, "hours", reason, "open", "closed")


def _check_fresh(order: Order, terms: Terms) -> Denied | None:
    if terms.is_exit:
        return None
    if terms.quote is None:
        reason = f"no price of {order.fqme} is known yet"
        return denied(order, "quote", reason, "a price", "none")
    if terms.confirms_stale and order.accepts_stale:
        return None
    asks = ", and nobody confirmed that it is wanted all the same" if terms.confirms_stale else ""
    limit_s = terms.limits.stale_quote_s
    if terms.is_stale:
        reason = f"the data of {order.fqme} is void until it resumes{asks}"
        return denied(order, "stale_quote", reason, "live", "void")
    age_s = (terms.now_ns - terms.quote.recv_ns) / NANOS
    if limit_s is not None and age_s > limit_s:
        reason = f"the last data of {order.fqme} is {age_s:.1f} s old{asks}"
        return denied(order, "stale_quote", reason, f"{limit_s:g} s", f"{age_s:.1f} s")
    return None


def _check_size(order: Order, terms: Terms) -> Denied | None:
    limit = terms.limits.max_order_size
    if limit is None or _may_leave(order, terms) or order.size <= limit:
        return None
    reason = f"the order is larger than {terms.whose} allows"
    return denied(order, "max_order_size", reason, limit, order.size)


def _check_band(order: Order, terms: Terms) -> Denied | None:
    band = terms.limits.price_band_pct
    market = None if terms.quote is None else _market_price(terms.quote, terms.instrument)
    if band is None or not market:
        return None
    for name, price in _prices(order):
        off_pct = abs(price - market) / abs(market) * 100
        if off_pct > band:
            reason = f"the {name} is {off_pct:.1f} % from the market at {text(market)}"
            return denied(order, "price_band", reason, f"{text(band)} %", f"{off_pct:.1f} %")
    return None


def _check_notional(order: Order, terms: Terms) -> Denied | None:
    if terms.quote is None:
        return None
    price = reference_price(order, terms.quote, terms.instrument)
    instrument = terms.instrument
    if order.order_type == "market" and terms.average_price is not None:
        price = terms.average_price
    if refusal := check_worth(order, instrument, price):
        return refusal
    dearest = dearest_price(order, terms.quote, instrument)
    value = abs(instrument.notional(dearest, order.size))
    limit = terms.limits.max_order_notional
    if limit is not None and value > limit and not _may_leave(order, terms):
        reason = f"the order is worth more than {terms.whose} allows, in {instrument.quote}"
        return denied(order, "max_order_notional", reason, limit, value)
    return None


def _check_range(order: Order, terms: Terms) -> Denied | None:
    return check_range(order, terms.instrument, _average_price(terms))


def _average_price(terms: Terms) -> Decimal | None:
    """By which the venue judges a price; None where it is not known here."""
    if terms.average_price is None and not terms.instrument.average_minutes and terms.quote:
        return terms.instrument.round_price(terms.quote.last)
    return terms.average_price


def _check_open_orders(order: Order, terms: Terms) -> Denied | None:
    limit = terms.limits.max_open_orders
    count = len(terms.working)
    if limit is None or count < limit or _may_leave(order, terms):
        return None
    reason = f"{count} orders of {terms.whose} work already"
    return denied(order, "max_open_orders", reason, limit, count)


def _check_position(order: Order, terms: Terms) -> Denied | None:
    in_units, in_quote = terms.limits.max_position, terms.limits.max_position_notional
    if (in_units is None and in_quote is None) or _may_leave(order, terms):
        return None
    held = exposure(terms.position, terms.working, order.side, fqme=order.fqme)
    after = held + (order.exposed if order.side == "buy" else -order.exposed)
    if abs(after) <= abs(terms.position.size) and after * terms.position.size >= 0:
        return None  # it takes off risk, and does so even if a limit is already exceeded
    reason = f"the position of {terms.whose} could become {text(after)}"
    if in_units is not None and abs(after) > in_units:
        return denied(order, "max_position", reason, in_units, abs(after))
    if in_quote is None or terms.quote is None:
        return None
    price = dearest_price(order, terms.quote, terms.instrument)
    value = abs(terms.instrument.notional(price, after))
    if value <= in_quote:
        return None
    reason = f"{reason}, in {terms.instrument.quote}"
    return denied(order, "max_position_notional", reason, in_quote, value)


def _may_leave(order: Order, terms: Terms) -> bool:
    """No limit keeps anyone from closing what is held."""
    return terms.is_exit or order.reduce_only


def _market_price(quote: Quote, instrument: Instrument) -> Decimal:
    """Where the market is: between bid and ask, or the last price where one is not known."""
    if quote.bid is None or quote.ask is None:
        return Decimal(repr(quote.last))
    return Decimal(repr((quote.bid + quote.ask) / 2))


def _prices(order: Order) -> list[tuple[str, Decimal]]:
    """The prices that the order is to trade or to wait at. A trigger that was touched is past: the
    market may have gone far through it, and a stop is to get out just then."""
    is_touched = order.state is OrderState.TRIGGERED
    named = (
        ("limit price", order.price),
        ("stop price", order.stop_price),
        ("trigger price", None if is_touched else order.trigger_price),
    )
    return [(name, price) for name, price in named if price is not None]
