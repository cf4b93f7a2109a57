"""What has been told of orders, fills, positions, alerts and algos: the newest of each.

A deck that attaches is told this, and not what the router knows already: what is not on
record yet is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Hashable

from engine.messages import (
    AlertUpdate,
    AlgoUpdate,
    Event,
    FillReport,
    OrderUpdate,
    PositionUpdate,
)


class Shown:
    """Keeps the newest event of each thing, by kind in the order of their first telling."""

    def __init__(self) -> None:
        self._newest: dict[type, dict[Hashable, Event]] = {
            OrderUpdate: {},
            FillReport: {},
            PositionUpdate: {},
            AlertUpdate: {},
            AlgoUpdate: {},
        }

    def keep(self, event: Event) -> None:
        """Remember an event that everyone is told."""
        match event:
            case OrderUpdate():
                # Whoever attaches sees the order as it is, not what moved it.
                self._newest[OrderUpdate][event.order.order_id] = OrderUpdate(order=event.order)
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

    def events(self) -> list[Event]:
        """Orders, then fills, positions, alerts and algos."""
        return [event for kind in self._newest.values() for event in kind.values()]
