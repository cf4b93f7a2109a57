"""What an order must look like to be one: fields that fit its type, numbers on the grid.

Needs no market: only the instrument, and what the account's venue can do.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal, localcontext
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import astuple, replace

from engine.broker import Capabilities
from engine.instruments import Instrument
from engine.messages import Denied, Order, OrderType

_HAS_LIMIT = {"limit", "stop_limit", "take_profit_limit"}
_HAS_STOP = {"stop", "stop_limit", "take_profit", "take_profit_limit"}
_TRAILS = {"trailing_stop", "trailing_stop_limit"}

KeptTerm = Literal["gtd", "reduce_only"]

LARGEST: Final = Decimal(10) ** 15
"""No size or price is larger; keeps every product within what Decimal computes exactly."""

_WIDE: Final = Context(prec=60)


def check_shape(order: Order, instrument: Instrument, capabilities: Capabilities) -> Denied | None:
    """Why this is not an order that the venue could take; None if it is."""
    return (
        _check_fields(order)
        or _check_capabilities(order, capabilities)
        or _check_size(order, instrument)
        or _check_prices(order, instrument)
    )


def held_as(order: Order, capabilities: Capabilities) -> OrderType | None:
    """What a stop is sent as if it is held here, because it is to be (`dark`), or the venue does
    not take its type or does not hold its reference against it; None for what the venue does by
    itself.

    A stop without a limit is sent as the market order that it means, where the venue takes
    those; else as a limit order that goes through the market.
    """
    if order.order_type not in _HAS_STOP | _TRAILS or order.trigger_price is not None:
        return None
    is_taken = order.order_type in capabilities.order_types and order.reference == "last"
    is_taken = is_taken and (order.trail is None or order.trail_unit in capabilities.trail_units)
    if is_taken and order.route != "dark":
        return None
    if order.order_type in _HAS_LIMIT or order.order_type == "trailing_stop_limit":
        return "limit"
    return "market" if "market" in capabilities.order_types else "limit"


def terms_kept(order: Order, capabilities: Capabilities) -> tuple[KeptTerm, ...]:
    """Terms of the order that its venue does not take, and that are kept here instead: they
    depend on this host. Its end at a time is a cancel by us then; that it only reduces is seen to
    by its size, and by a cancel when there is less to reduce."""
    kept: list[KeptTerm] = []
    if order.time_in_force == "gtd" and "gtd" not in capabilities.times_in_force:
        kept.append("gtd")
    if order.reduce_only and not capabilities.can_reduce_only:
        kept.append("reduce_only")
    return tuple(kept)


def as_sent(order: Order, capabilities: Capabilities) -> Order:
    """The order as its venue is asked for it: without the terms that are kept here."""
    kept = terms_kept(order, capabilities)
    if "gtd" in kept:
        order = replace(order, time_in_force="gtc", expires_ns=0)
    return replace(order, reduce_only=False) if "reduce_only" in kept else order


def has_signal(value: object) -> bool:
    """There is a number in it, however deep, that raises when it is compared (`sNaN`)."""
    if isinstance(value, Decimal):
        return value.is_snan()
    if isinstance(value, tuple):
        return any(map(has_signal, value))
    return isinstance(value, Struct) and any(map(has_signal, astuple(value)))


def _check_fields(order: Order) -> Denied | None:
    return (
        _check_trigger(order)
        or _check_limit_and_stop(order)
        or _check_trail(order)
        or _check_term(order)
        or _check_post_only(order)
        or _check_shown(order)
    )


def _check_trigger(order: Order) -> Denied | None:
    trigger = order.trigger_price
    if order.route == "dark" and trigger is None and order.trail is None:
        reason = "a dark order needs a trigger price or a trail"
        return denied(order, "shape", reason, "a price", "none")
    if order.route != "dark" and trigger is not None:
        return denied(order, "shape", "only a dark order has a trigger price", "none", trigger)
    if order.route != "dark" and order.reference != "last":
        reason = "only what is held here is held against another price than the last"
        return denied(order, "shape", reason, "last", order.reference)
    if order.route == "dark" and order.order_type in _HAS_STOP | _TRAILS:
        reason = "a dark order has a trigger of its own and no stop"
        return denied(order, "shape", reason, "limit, market", order.order_type)
    return None


def _check_limit_and_stop(order: Order) -> Denied | None:
    kind, price, stop = order.order_type, order.price, order.stop_price
    # A dark limit order without a price is given one through the market when it is sent.
    if kind in _HAS_LIMIT and price is None and order.route != "dark":
        return denied(order, "shape", f"a {kind} order needs a price", "a price", "none")
    if kind not in _HAS_LIMIT and price is not None:
        return denied(order, "shape", f"a {kind} order has no limit price", "none", price)
    if kind in _HAS_STOP and stop is None:
        return denied(order, "shape", f"a {kind} order needs a stop price", "a price", "none")
    if kind not in _HAS_STOP and stop is not None:
        return denied(order, "shape", f"a {kind} order has no stop price", "none", stop)
    return None


def _check_trail(order: Order) -> Denied | None:
    kind, trail, offset = order.order_type, order.trail, order.limit_offset
    if kind in _TRAILS and trail is None:
        return denied(order, "shape", f"a {kind} order needs a trail", "a distance", "none")
    if trail is None:
        if offset is None:
            return None
        return denied(order, "shape", "only what trails has a limit offset", "none", offset)
    if kind not in _TRAILS and order.route != "dark":
        return denied(order, "shape", f"a {kind} order does not trail", "none", trail)
    if not trail.is_finite() or trail <= 0 or trail > LARGEST:
        return denied(order, "trail", "the trail is not a positive distance", "0", trail)
    if order.trail_unit == "percent" and trail >= 100:
        return denied(order, "trail", "a trail is less than the whole price", "100 %", trail)
    if kind == "trailing_stop_limit" and offset is None:
        return denied(order, "shape", f"a {kind} order needs a limit offset", "a distance", "none")
    if kind != "trailing_stop_limit" and order.route != "dark" and offset is not None:
        return denied(order, "shape", f"a {kind} order has no limit offset", "none", offset)
    if offset is not None and (not offset.is_finite() or not 0 <= offset <= LARGEST):
        return denied(order, "trail", "the limit offset is not a distance", "0", offset)
    return None


def _check_term(order: Order) -> Denied | None:
    if order.time_in_force != "gtd":
        if not order.expires_ns:
            return None
        given = order.time_in_force
        return denied(order, "shape", "only a gtd order has a time of its own end", "gtd", given)
    if not order.expires_ns:
        return denied(order, "shape", "a gtd order needs a time to end at", "a time", "none")
    if order.expires_ns <= order.created_ns:
        late_s = (order.created_ns - order.expires_ns) / 1e9
        reason = "the time to end at is past"
        return denied(order, "shape", reason, "the future", f"{late_s:g} s ago")
    # One that is held here does: for its trigger.
    if order.order_type == "market" and order.route != "dark":
        return denied(order, "shape", "a market order does not wait", "no gtd", "gtd")
    return None


def _check_post_only(order: Order) -> Denied | None:
    if not order.post_only:
        return None
    if order.order_type != "limit" or order.time_in_force not in ("gtc", "gtd"):
        given = f"{order.order_type} {order.time_in_force}"
        reason = "only a resting limit order can be post-only"
        return denied(order, "shape", reason, "limit gtc", given)
    if order.price is None:
        reason = "what is sent through the market cannot be post-only"
        return denied(order, "shape", reason, "a price", "none")
    return None


def _check_shown(order: Order) -> Denied | None:
    shown = order.shown
    if shown is None:
        return None
    if order.order_type not in _HAS_LIMIT or order.time_in_force not in ("gtc", "gtd"):
        given = f"{order.order_type} {order.time_in_force}"
        reason = "only a limit order that can rest shows a part of itself"
        return denied(order, "shape", reason, "limit gtc", given)
    if not shown.is_finite() or not 0 < shown <= order.size:
        reason = "an iceberg shows a part of its size"
        return denied(order, "shown", reason, order.size, shown)
    return None


def _check_capabilities(order: Order, capabilities: Capabilities) -> Denied | None:
    if not capabilities.can_trade:
        reason = "the account's broker takes no orders"
        return denied(order, "capability", reason, "none", order.order_type)
    if order.order_type not in capabilities.order_types:
        known = ", ".join(sorted(capabilities.order_types))
        reason = f"the venue takes no {order.order_type} orders"
        return denied(order, "capability", reason, known, order.order_type)
    needs_term = order.order_type != "market"
    terms = {order.time_in_force, *(["gtc"] if order.time_in_force == "gtd" else [])}
    if needs_term and not terms & capabilities.times_in_force:
        known = ", ".join(sorted(capabilities.times_in_force))
        reason = f"the venue takes no {order.time_in_force} orders"
        return denied(order, "capability", reason, known, order.time_in_force)
    if order.post_only and not capabilities.can_post_only:
        reason = "the venue takes no post-only orders"
        return denied(order, "capability", reason, "may take", "post-only")
    if order.shown is not None and not capabilities.can_iceberg:
        reason = "the venue takes no icebergs"
        return denied(order, "capability", reason, "all shown", "a part shown")
    if order.link_group and not capabilities.can_link:
        reason = "the venue does not link orders"
        return denied(order, "capability", reason, "alone", "linked")
    return None


def _check_size(order: Order, instrument: Instrument) -> Denied | None:
    size = order.size
    if not size.is_finite() or size <= 0:
        return denied(order, "size", "the size is not a positive number", "0", size)
    if size > LARGEST:
        return denied(order, "size", "no market has that much", LARGEST, size)
    if size < instrument.min_size:
        reason = "the venue takes no smaller order"
        return denied(order, "min_size", reason, instrument.min_size, size)
    if instrument.max_size is not None and size > instrument.max_size:
        reason = "the venue takes no larger order"
        return denied(order, "max_size", reason, instrument.max_size, size)
    if not _is_multiple(size, instrument.size_step):
        reason = "the size is not a multiple of the size step"
        return denied(order, "size_step", reason, instrument.size_step, size)
    if order.shown is not None and (refusal := _check_parts(order, order.shown, instrument)):
        return refusal
    return check_market_size(order, instrument) if order.order_type == "market" else None


def _check_parts(order: Order, shown: Decimal, instrument: Instrument) -> Denied | None:
    if not _is_multiple(shown, instrument.size_step):
        reason = "what an iceberg shows is not a multiple of the size step"
        return denied(order, "size_step", reason, instrument.size_step, shown)
    most = instrument.max_iceberg_parts
    parts = (order.size / shown).to_integral_value(rounding=ROUND_CEILING)
    if most is not None and parts > most:
        return denied(order, "iceberg_parts", "the iceberg has too many parts", most, parts)
    return None


def check_market_size(order: Order, instrument: Instrument) -> Denied | None:
    """What a venue asks of the size of market orders alone (MARKET_LOT_SIZE of Binance)."""
    size, step = order.size, instrument.market_size_step
    if instrument.market_min_size is not None and size < instrument.market_min_size:
        reason = "the venue takes no smaller market order"
        return denied(order, "market_min_size", reason, instrument.market_min_size, size)
    if instrument.market_max_size is not None and size > instrument.market_max_size:
        reason = "the venue takes no larger market order"
        return denied(order, "market_max_size", reason, instrument.market_max_size, size)
    if step is not None and not _is_multiple(size, step):
        reason = "the size is not a multiple of the step of market orders"
        return denied(order, "market_size_step", reason, step, size)
    return None


def _check_prices(order: Order, instrument: Instrument) -> Denied | None:
    prices = (
        ("limit price", order.price),
        ("stop price", order.stop_price),
        ("trigger price", order.trigger_price),
    )
    for name, price in prices:
        if price is not None and (refusal := _check_price(order, name, price, instrument)):
            return refusal
    trail = order.trail if order.trail_unit == "price" else None
    for name, distance in (("trail", trail), ("limit offset", order.limit_offset)):
        if distance is not None and not _is_multiple(distance, instrument.price_tick):
            reason = f"the {name} is not a multiple of the price tick"
            return denied(order, "price_tick", reason, instrument.price_tick, distance)
    if order.trail is not None and order.trail_unit == "percent":
        return _check_trail_range(order, order.trail, instrument)
    return None


def _check_trail_range(order: Order, trail: Decimal, instrument: Instrument) -> Denied | None:
    """What is held here trails as far as it likes."""
    if instrument.trail_range is None or order.route == "dark":
        return None
    least, most = instrument.trail_range.bounds(order.side)
    if trail < least:
        return denied(order, "trail_range", "the venue trails no closer, in percent", least, trail)
    if trail > most:
        return denied(order, "trail_range", "the venue trails no farther, in percent", most, trail)
    return None


def _check_price(order: Order, name: str, price: Decimal, instrument: Instrument) -> Denied | None:
    if not price.is_finite() or abs(price) > LARGEST:
        return denied(order, "price", f"the {name} is not a price", LARGEST, price)
    if price <= 0 and not instrument.allows_negative_price:
        return denied(order, "price", f"the {name} is not positive", "0", price)
    # A trigger that trails by a percentage lies between ticks; no venue sees it.
    is_exact = name == "trigger price" and order.trail is not None
    if not is_exact and not _is_multiple(price, instrument.price_tick):
        reason = f"the {name} is not a multiple of the price tick"
        return denied(order, "price_tick", reason, instrument.price_tick, price)
    if instrument.min_price is not None and price < instrument.min_price:
        reason = f"the {name} is lower than the venue takes"
        return denied(order, "min_price", reason, instrument.min_price, price)
    if instrument.max_price is not None and price > instrument.max_price:
        reason = f"the {name} is higher than the venue takes"
        return denied(order, "max_price", reason, instrument.max_price, price)
    return None


def denied(order: Order, name: str, reason: str, limit: object, value: object) -> Denied:
    """A refusal by check `name`: what would have passed, and what was given."""
    return Denied(
        order_id=order.order_id, check=name, reason=reason, limit=text(limit), value=text(value)
    )


def text(value: object) -> str:
    """A limit or a value for people: numbers without exponent and trailing zeros."""
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < LARGEST:
        return f"{value.normalize():f}"
    return str(value)


def _is_multiple(value: Decimal, step: Decimal) -> bool:
    with localcontext(_WIDE):
        return value % step == 0
