"""What became of orders, asked for while no events come."""

from __future__ import annotations

from decimal import Decimal

from brokers.binance.account_history import AccountHistory
from brokers.binance.account_wire import ZERO, OrderReply
from brokers.binance.client_ids import order_id as our_id
from brokers.binance.order_table import OrderTable, Tracked
from engine.messages import OrderEvent


async def poll(table: OrderTable, history: AccountHistory) -> list[OrderEvent]:
    """What the venue has to say of orders that work, or did when they were last asked for.

    Raises:
        BrokerUnavailable: it cannot be asked.
    """
    known = list(table.working())
    events: list[OrderEvent] = []
    listed: set[str] = set()
    for reply in await history.open_replies():
        order_id = table.order_id(reply.symbol, reply.order_id) or our_id(reply.client_order_id)
        listed.add(order_id)
        events += await _news(table, history, reply, order_id)
    for tracked in known:
        if tracked.order_id in listed or not tracked.current:
            continue
        ended = await history.reply(tracked.symbol, tracked.current)
        if ended is not None:
            events += await _news(table, history, ended, tracked.order_id)
    return events


async def _news(
    table: OrderTable, history: AccountHistory, reply: OrderReply, order_id: str
) -> list[OrderEvent]:
    """What is new about one order: its fills first, for what ends it comes after them."""
    tracked = table.get(order_id)
    events: list[OrderEvent] = []
    if reply.executed > _executed(tracked, reply.order_id):
        fills = await history.fills_of(reply.symbol, reply.order_id, order_id)
        events += table.filled(order_id, reply.symbol, fills)
    return events + table.placed(order_id, reply)


def _executed(tracked: Tracked | None, venue_id: int) -> Decimal:
    return tracked.parts.get(venue_id, ZERO) if tracked else ZERO
