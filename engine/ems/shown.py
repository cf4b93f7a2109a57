"""What has been told of orders, fills, positions, alerts and algos: the newest of each.

A deck that attaches is told this, and not what the router knows already: what is not on
record yet is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Hashable

from engine.ems.blotter import Blotter
from engine.ems.replay import Replayed
from engine.messages import (
    AccountUpdate,
    AlertUpdate,
    AlgoUpdate,
    Denied,
    Event,
    FillReport,
    GuardsUpdate,
    JournalUpdate,
    OrderUpdate,
    PositionUpdate,
)

SHOWN_DONE = 500
"""Newest orders and fills of runs before this one that a deck is told of."""


class Shown:
    """Keeps the newest event of each thing, by kind in the order of their first telling."""

    def __init__(self) -> None:
        self._newest: dict[type, dict[Hashable, Event]] = {
            OrderUpdate: {},
            FillReport: {},
            PositionUpdate: {},
            AlertUpdate: {},
            AlgoUpdate: {},
            AccountUpdate: {},
            JournalUpdate: {},
            GuardsUpdate: {},
        }

    def keep(self, event: Event) -> None:
        """Remember an event that everyone is told."""
        match event:
            case OrderUpdate():
                # Whoever attaches sees the order as it is, not what moved it, but for the limit
                # and the value by which it was denied.
                denial = event.event if isinstance(event.event, Denied) else None
                told = OrderUpdate(order=event.order, event=denial)
                self._newest[OrderUpdate][event.order.order_id] = told
            case FillReport():
                fill = event.fill
                self._newest[FillReport][fill.account, fill.fqme, fill.trade_id] = event
            case PositionUpdate():
                held = event.position
                self._newest[PositionUpdate][held.account, held.fqme] = event
            case AlertUpdate():
                self._newest[AlertUpdate][event.alert.alert_id] = event
            case AlgoUpdate():
                self._newest[AlgoUpdate][event.algo.algo_id] = event
            case AccountUpdate():
                self._newest[AccountUpdate][event.account] = event
            case JournalUpdate():
                self._newest[JournalUpdate][""] = event
            case GuardsUpdate():
                self._newest[GuardsUpdate][""] = event

    def events(self) -> list[Event]:
        """Orders, then fills, positions, alerts and algos."""
        return [event for kind in self._newest.values() for event in kind.values()]


def newest_of(blotter: Blotter, replayed: Replayed) -> list[Event]:
    """What a journal came to, as it would be told: the newest orders and fills, and everything
    that works, is held or rests."""
    orders = list(blotter.orders.values())
    recent = {order.order_id for order in orders[-SHOWN_DONE:]}
    denials = replayed.denials
    events: list[Event] = [
        OrderUpdate(order=order, event=denials.get(order.order_id))
        for order in orders
        if order.is_working or order.order_id in recent
    ]
    events += [FillReport(fill=fill) for fill in list(blotter.fills.values())[-SHOWN_DONE:]]
    events += [PositionUpdate(position=position) for position in blotter.positions.values()]
    events += [
        AlertUpdate(alert=alert) for alert in replayed.alerts.values() if alert.state == "armed"
    ]
    events += [AlgoUpdate(algo=algo) for algo in replayed.algos.values() if not algo.is_ended]
    return events
