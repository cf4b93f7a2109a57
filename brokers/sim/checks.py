"""Why the matching engine does not take an order or an amend: each as the words that are told."""

from __future__ import annotations

from brokers.sim.orders import BUY, SELL, NewOrder, WorkingOrder

HAVE_LIMITS = frozenset({"limit", "stop_limit", "take_profit_limit"})
HAVE_STOPS = frozenset({"stop", "stop_limit", "take_profit", "take_profit_limit"})
TRAIL = frozenset({"trailing_stop", "trailing_stop_limit"})
REST = frozenset({"gtc", "gtd"})

NOT_WORKING = "the order is not working"
WOULD_TAKE = "post-only order would take"


def new_fault(new: NewOrder, last_price: int | None, opposite: int | None) -> str:
    """Why `new` cannot be taken; empty if it can.

    `last_price` is that of the last trade, `opposite` the best price of the other side, both in
    ticks and None where there is none.
    """
    fault = _terms_fault(new)
    if not fault and new.post_only:
        fault = _post_only_fault(new, opposite)
    if not fault and (new.kind in TRAIL or new.trail or new.trail_ppm or new.limit_offset):
        fault = _trail_fault(new, last_price)
    return fault or (_shown_fault(new) if new.shown else "")


def amend_fault(
    order: WorkingOrder | None, price: int | None, size: int, opposite: int | None
) -> str:
    """Why a working order cannot be given this price and total size; empty if it can."""
    if order is None:
        return NOT_WORKING
    if size <= order.filled:
        return "size is not above what is filled"
    if order.trails and order.stop_price is not None and price is not None:
        return "the stop of a trailing order is moved by the market"
    if order.post_only and price is not None and would_take(order.side, price, opposite):
        return WOULD_TAKE
    return ""


def would_take(side: int, price: int | None, opposite: int | None) -> bool:
    """Whether an order at `price` would trade with the best of the other side."""
    return opposite is not None and (price is None or (opposite - price) * side <= 0)


def _terms_fault(new: NewOrder) -> str:
    if new.size <= 0:
        return "size must be positive"
    if new.side not in (BUY, SELL):
        return "side must be buy or sell"
    if (new.kind in HAVE_LIMITS) != (new.price is not None):
        return "limit orders, and only they, need a price"
    if (new.kind in HAVE_STOPS) != (new.stop_price is not None):
        return "stop orders, and only they, need a stop price"
    if (new.time_in_force == "gtd") != bool(new.expires_ns):
        return "gtd orders, and only they, need a time to end at"
    return ""


def _post_only_fault(new: NewOrder, opposite: int | None) -> str:
    if new.kind != "limit" or new.time_in_force not in REST:
        return "only a good-till-cancelled limit order can be post-only"
    return WOULD_TAKE if would_take(new.side, new.price, opposite) else ""


def _trail_fault(new: NewOrder, last_price: int | None) -> str:
    if min(new.trail, new.trail_ppm, new.limit_offset) < 0 or new.trail_ppm >= 1_000_000:
        return "a trail is a distance less than the price"
    trails = new.kind in TRAIL
    if trails != bool(new.trail) ^ bool(new.trail_ppm):
        return "trailing orders, and only they, need one trail"
    if new.limit_offset and new.kind != "trailing_stop_limit":
        return "only a trailing stop-limit order has a limit offset"
    if trails and last_price is None:
        return "there is no price to trail yet"
    return ""


def _shown_fault(new: NewOrder) -> str:
    if new.shown < 0:
        return "an iceberg shows a part of itself"
    rests = new.kind in HAVE_LIMITS or new.kind == "trailing_stop_limit"
    if not rests or new.time_in_force not in REST:
        return "only an order that can rest can be an iceberg"
    return ""
