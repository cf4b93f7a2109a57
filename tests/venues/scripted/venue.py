"""The truth of the scripted venue, and its switches. Pure: a request in, answers out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass
class Switches:
    """What the venue does wrong. All are off at first."""

    drop_before_ack: bool = False
    """Break the connection before a submit is taken."""
    drop_after_ack: bool = False
    """Take a submit, and break the connection before it is acknowledged."""
    mute: bool = False
    """Take requests, and acknowledge none."""
    duplicate: bool = False
    """Say everything twice."""
    reorder: bool = False
    """Say what belongs to one request in the reverse order."""
    fill: str = ""
    """Fill so much of each order when it comes; `all` for all of it."""
    fill_before_ack: bool = False
    fill_after_cancel: str = ""
    """Fill so much of an order after its cancel was confirmed."""
    overfill: str = ""
    """Fill so much more than was ordered."""
    deny_knowing: bool = False
    """Lie: lists and queries know of no order."""
    delay_s: float = 0.0
    """Say everything this much later."""
    price_tick: str = "0.01"


@dataclass
class Venue:
    """One account. Numbers are text here, as on the wire."""

    switches: Switches = field(default_factory=Switches)
    orders: dict[str, Message] = field(default_factory=dict)
    """Every order that was ever taken, by client id."""
    fills: list[Message] = field(default_factory=list)
    submits: dict[str, int] = field(default_factory=dict)
    """How often each id was sent here, taken or not."""

    def submit(self, order: Message, now_ns: int) -> list[Message]:
        """Take an order; what is said of it."""
        order_id = order["order_id"]
        self.submits[order_id] = self.submits.get(order_id, 0) + 1
        if order_id in self.orders:
            return [_event("rejected", order_id, reason="this id was used before")]
        self.orders[order_id] = {**order, "state": "open", "filled": "0", "created_ns": now_ns}
        accepted = _event("accepted", order_id, venue_order_id=f"v-{order_id}", venue_ns=now_ns)
        said = [] if self.switches.mute else [accepted]
        size = order["size"] if self.switches.fill == "all" else self.switches.fill
        if self.switches.overfill:
            size = str(float(order["size"]) + float(self.switches.overfill))
        filled = [self.trade(order_id, size, now_ns)] if size else []
        return filled + said if self.switches.fill_before_ack else said + filled

    def cancel(self, order_id: str, now_ns: int) -> list[Message]:
        order = self.orders.get(order_id)
        if order is None or order["state"] != "open":
            return [_event("requestrefused", order_id, request="cancel", reason="no such order")]
        order["state"] = "canceled"
        said = [_event("canceled", order_id, venue_ns=now_ns)]
        if self.switches.fill_after_cancel:
            said.append(self.trade(order_id, self.switches.fill_after_cancel, now_ns))
            order["state"] = "canceled"
        return [] if self.switches.mute else said

    def amend(self, order_id: str, price: str | None, size: str, now_ns: int) -> list[Message]:
        order = self.orders.get(order_id)
        if order is None or order["state"] != "open":
            return [_event("requestrefused", order_id, request="amend", reason="no such order")]
        order["price"], order["size"] = price, size
        amended = _event("amended", order_id, price=price, size=size, venue_ns=now_ns)
        return [] if self.switches.mute else [amended]

    def trade(self, order_id: str, size: str, now_ns: int) -> Message:
        """Somebody traded with an order; works for one that is done too."""
        order = self.orders[order_id]
        filled = float(order["filled"]) + float(size)
        order["filled"] = f"{filled:g}"
        if filled >= float(order["size"]):
            order["state"] = "filled"
        fill = {
            "order_id": order_id,
            "account": order["account"],
            "fqme": order["fqme"],
            "side": order["side"],
            "trade_id": f"t{len(self.fills) + 1}",
            "price": order["price"] or "100",
            "size": size,
            "venue_ns": now_ns,
        }
        self.fills.append(fill)
        told = {key: fill[key] for key in ("trade_id", "price", "size", "venue_ns")}
        return _event("filled", order_id, **told)

    def order(self, order_id: str) -> Message | None:
        return None if self.switches.deny_knowing else self.orders.get(order_id)

    def open_orders(self) -> list[Message]:
        if self.switches.deny_knowing:
            return []
        return [order for order in self.orders.values() if order["state"] == "open"]

    def positions(self) -> dict[str, float]:
        """Size held by market."""
        held: dict[str, float] = {}
        for fill in self.fills:
            size = float(fill["size"]) * (1 if fill["side"] == "buy" else -1)
            held[fill["fqme"]] = held.get(fill["fqme"], 0.0) + size
        return held

    def said(self, messages: list[Message]) -> list[Message]:
        """What leaves, by the switches."""
        if self.switches.reorder:
            messages = messages[::-1]
        return [one for one in messages for _ in range(2 if self.switches.duplicate else 1)]


def _event(kind: str, order_id: str, **fields: Any) -> Message:
    return {"kind": kind, "order_id": order_id, **fields}


Answer = Callable[[Message], None]
