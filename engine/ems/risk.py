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
from engine.ems.shape import check_shape, denied, text
from engine.instruments import Instrument
from engine.messages import Denied, Order, OrderState, Position, Quote

ZERO: Final = Decimal(0)


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[accounts.NAME.limits]`. None: there is no such limit."""

    max_order_size: Decimal | None = None
    """Of one order, in base units or contracts."""
    max_order_notional: Decimal | None = None
    """Of one order, in quote."""
    max_position_notional: Decimal | None = None
    """Of a market's position if all that works on one side were filled, in quote."""
    price_band_pct: Decimal | None = None
    """How far from the market a price may be, in percent of it."""
    stale_quote_s: float | None = None
    """Seconds without data after which a market is not traded."""
    max_open_orders: int | None = None
    """Orders of the account that may work at once, dark ones included."""


PAPER_LIMITS: Final = RiskLimits(
    max_order_notional=Decimal(400_000),
    max_position_notional=Decimal(400_000),
    price_band_pct=Decimal(50),
    stale_quote_s=60.0,
    max_open_orders=500,
)
"""For paper accounts that state none: a slipped digit is caught, play is not hindered. One of
four slots is what the best prices of a liquid market can take; all of them, one contract of a
large future."""

REQUIRED_LIVE: Final = (
    "max_order_notional",
    "max_position_notional",
    "price_band_pct",
    "stale_quote_s",
    "max_open_orders",
)
"""What a live account has to state: there are no silent defaults for real money."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an order is checked against; everything as known at one moment."""

    limits: RiskLimits
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
    """It only closes what is held: limits on size, notional and position let it pass."""


def check(order: Order, terms: Terms) -> Denied | None:
    """Why this order must not leave the machine; None if it may.

    Used for a new order, for a dark one again when its trigger is touched, and for an amend
    with the order as it would be.
    """
    return (
        check_shape(order, terms.instrument, terms.capabilities)
        or _check_fresh(order, terms)
        or _check_size(order, terms)
        or _check_band(order, terms)
        or _check_range(order, terms)
        or _check_notional(order, terms)
        or _check_open_orders(order, terms)
        or _check_position(order, terms)
    )


def missing_live_limits(limits: RiskLimits | None) -> tuple[str, ...]:
    """Limits that a live account would have to state and does not."""
    return tuple(name for name in REQUIRED_LIVE if getattr(limits, name, None) is None)


def reference_price(order: Order, quote: Quote, instrument: Instrument) -> Decimal:
    """What a venue takes one unit of the order to be worth: its own price, else the best of the
    side that it would take."""
    for price in (order.price, order.stop_price, order.trigger_price):
        if price is not None:
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


def _check_fresh(order: Order, terms: Terms) -> Denied | None:
    if terms.quote is None:
        reason = f"no price of {order.fqme} is known yet"
        return denied(order, "quote", reason, "a price", "none")
    limit_s = terms.limits.stale_quote_s
    if terms.is_stale:
        reason = f"the data of {order.fqme} is void until it resumes"
        return denied(order, "stale_quote", reason, "live", "void")
    age_s = (terms.now_ns - terms.quote.recv_ns) / NANOS
    if limit_s is not None and age_s > limit_s:
        reason = f"the last data of {order.fqme} is {age_s:.1f} s old"
        return denied(order, "stale_quote", reason, f"{limit_s:g} s", f"{age_s:.1f} s")
    return None


def _check_size(order: Order, terms: Terms) -> Denied | None:
    limit = terms.limits.max_order_size
    if limit is None or terms.is_exit or order.size <= limit:
        return None
    reason = "the order is larger than the account allows"
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
    if limit is not None and value > limit and not terms.is_exit:
        reason = f"the order is worth more than the account allows, in {instrument.quote}"
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
    if limit is None or count < limit or terms.is_exit:
        return None
    reason = f"{count} orders of the account work already"
    return denied(order, "max_open_orders", reason, limit, count)


def _check_position(order: Order, terms: Terms) -> Denied | None:
    limit = terms.limits.max_position_notional
    if limit is None or terms.quote is None or terms.is_exit:
        return None
    held = exposure(terms.position, terms.working, order.side, fqme=order.fqme)
    after = held + (order.remaining if order.side == "buy" else -order.remaining)
    if abs(after) <= abs(terms.position.size) and after * terms.position.size >= 0:
        return None  # it takes off risk, and does so even if a limit is already exceeded
    price = dearest_price(order, terms.quote, terms.instrument)
    value = abs(terms.instrument.notional(price, after))
    if value <= limit:
        return None
    reason = f"the position could become {text(after)}, in {terms.instrument.quote}"
    return denied(order, "max_position_notional", reason, limit, value)


def _market_price(quote: Quote, instrument: Instrument) -> Decimal:
    """Where the market is: between bid and ask, or the last price where one is not known."""
    if quote.bid is None or quote.ask is None:
        return Decimal(repr(quote.last))
    return Decimal(repr((quote.bid + quote.ask) / 2))


def _prices(order: Order) -> list[tuple[str, Decimal]]:
    named = (
        ("limit price", order.price),
        ("stop price", order.stop_price),
        ("trigger price", order.trigger_price),
    )
    return [(name, price) for name, price in named if price is not None]
