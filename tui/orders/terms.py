"""The words of an order's terms: its type, how long it lasts, where it waits.

Words are those of the field: a stop, a stop-limit, a take-profit, a trailing stop; `gtc`, `gtd`,
`ioc`, `fok`; post-only, reduce-only. What is held by the engine has the type that it is sent as;
it is called by what it does.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from engine.clock import NANOS
from engine.instruments import Instrument
from engine.messages import BrokerInfo, Order, OrderState, OrderType, TrailUnit
from tui.paint import format as text_of

if TYPE_CHECKING:
    from tui.orders.staging import Staged

HAS_STOP: Final[frozenset[str]] = frozenset(
    {"stop", "stop_limit", "take_profit", "take_profit_limit"}
)
"""Types with a stop price."""

TRAILS: Final[frozenset[str]] = frozenset({"trailing_stop", "trailing_stop_limit"})

FOLLOWS: Final = TRAILS | {"stop", "stop_limit"}
"""Types that trade the way the market goes: they give a position up."""

HAS_LIMIT: Final[frozenset[str]] = frozenset({"limit", "stop_limit", "take_profit_limit"})

WAITS: Final = HAS_STOP | TRAILS
"""Types that wait until the market gets to their stop."""

BY_KEYS: Final[tuple[OrderType, ...]] = (
    "limit",
    "market",
    "stop",
    "stop_limit",
    "take_profit",
    "trailing_stop",
)
"""Types that a key steps through; all of them can be typed."""

WORDS: Final[dict[str, str]] = {
    "limit": "limit",
    "market": "market",
    "stop": "stop",
    "stop_limit": "stop-limit",
    "take_profit": "take-profit",
    "take_profit_limit": "take-profit limit",
    "trailing_stop": "trailing stop",
    "trailing_stop_limit": "trailing stop-limit",
}


def type_of(order: Order) -> OrderType:
    """What an order is to a trader. One that is held here, or was, is sent as a market or a
    limit order once its trigger is touched: it is a stop where it follows the market, a
    take-profit where it meets it."""
    if order.route != "dark" or order.order_type in WAITS:
        return order.order_type
    has_limit = order.price is not None and order.state is OrderState.DARK
    if order.trail is not None:
        return "trailing_stop" if order.limit_offset is None else "trailing_stop_limit"
    if not order.trigger_direction:
        return order.order_type
    if order.trigger_direction == ("up" if order.side == "buy" else "down"):
        return "stop_limit" if has_limit else "stop"
    if order.order_type == "limit" and not has_limit:
        return "limit"
    return "take_profit_limit" if has_limit else "take_profit"


def type_words(order: Order) -> str:
    """`limit`, `stop-limit`, `trailing stop` ..."""
    return WORDS[type_of(order)]


def trail_words(trail: Decimal, unit: TrailUnit, instrument: Instrument | None = None) -> str:
    """`1.5%`, or a distance of prices: `12.50`."""
    if unit == "percent":
        return f"{text_of.plain(trail)}%"
    return text_of.price(trail, instrument) if instrument else text_of.plain(trail)


def notes(
    order: Order | Staged, instrument: Instrument | None = None, zone: tzinfo | None = UTC
) -> list[str]:
    """Terms beyond type and prices, where they are not the usual ones: `trails 1.5%`,
    `gtd 14:30`, `post-only`, `reduce-only`."""
    told = []
    if order.trail is not None:
        told.append(f"trails {trail_words(order.trail, order.trail_unit, instrument)}")
    if order.limit_offset is not None:
        told.append(f"limit {trail_words(order.limit_offset, 'price', instrument)} beyond")
    if order.time_in_force == "gtd":
        told.append(f"gtd {until(order.expires_ns, zone)}")
    elif order.time_in_force != "gtc":
        told.append(order.time_in_force)
    if order.post_only:
        told.append("post-only")
    if order.reduce_only:
        told.append("reduce-only")
    if order.reference != "last":
        told.append(f"by {order.reference}")
    return told


def until(expires_ns: int, zone: tzinfo | None) -> str:
    """When a `gtd` order ends: `21 Nov 14:30`, with seconds where it has some."""
    is_whole = expires_ns % (60 * NANOS) == 0
    return text_of.stamp(expires_ns, zone, period_s=60 if is_whole else 1)


def held_words(order: Order) -> str:
    """Where an order waits: `held here`, `at the venue`, `on its way`, or nothing once it is
    done."""
    if order.held_at == "engine":
        return "held here"
    if order.state in (OrderState.PENDING, OrderState.TRIGGERED):
        return "on its way"
    if order.state is OrderState.UNKNOWN:
        return "not known where"
    return "at the venue" if order.held_at else ""


def is_held_here(route: str, order_type: OrderType, broker: BrokerInfo | None) -> bool | None:
    """Whether the engine would hold such an order until its price is touched: it was asked to,
    or the venue takes no such type. None where the venue's types are not known."""
    if route == "dark":
        return True
    if order_type not in WAITS:
        return False
    if broker is None or not broker.order_types:
        return None
    return order_type not in broker.order_types
