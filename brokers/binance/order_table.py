"""The orders of an account as the venue tells of them, and what that means for ours. Pure.

One order of ours can be several of the venue's, one after the other: another price means that it is
canceled and placed anew, under the same client order id. To the engine that is one order that was
amended; its size is what the parts before have traded and what the last one may.

The venue says most things twice: in the answer to a request and as an event, in any order, and once
more over a second connection. Each is passed on once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from brokers.binance.account_wire import ZERO, ExecutionReport, OrderReply
from brokers.binance.client_ids import order_id as our_id
from brokers.binance.client_ids import parse
from brokers.binance.orders import REPLACES, ended_by
from brokers.binance.wire import time_ns
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Expired,
    Fill,
    Filled,
    Order,
    OrderEvent,
    Rejected,
)
from engine.text import safe

KEPT: Final = 5000
"""Orders that are done are known this long: of them something may still be said."""

ELSEWHERE: Final = "canceled at the venue, not from here"
NOT_REPLACED: Final = "canceled for its new terms, which the venue refused"

_ENDED: Final = frozenset({"CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED", "FILLED"})


@dataclass(eq=False, slots=True, kw_only=True)
class Tracked:
    """One order of ours, or one that was made elsewhere."""

    order_id: str
    symbol: str
    fqme: str = ""
    price: Decimal | None = None
    size: Decimal = ZERO
    """In all, as it was told last."""
    current: int = 0
    """The venue's id of the part that works, or did last; 0 before there is one."""
    parts: dict[int, Decimal] = field(default_factory=dict)
    """Executed of each of the venue's orders, by its id."""
    list_id: int = -1
    is_told: bool = False
    """Its acknowledgement was passed on."""
    is_done: bool = False
    ended: set[int] = field(default_factory=set)
    """Parts of which the end was told, also before their beginning."""
    trades: set[int] = field(default_factory=set)
    """Ids of trades that were passed on."""

    @property
    def executed(self) -> Decimal:
        return sum(self.parts.values(), ZERO)

    @property
    def before(self) -> Decimal:
        """Executed of the parts that are over."""
        return self.executed - self.parts.get(self.current, ZERO)

    @property
    def with_fills(self) -> int:
        """The venue's id of the newest part that traded; 0 where none did."""
        traded = [venue_id for venue_id, executed in self.parts.items() if executed]
        return max(traded, default=0)


class OrderTable:
    """See the module."""

    def __init__(self) -> None:
        self._orders: dict[str, Tracked] = {}
        self._by_venue: dict[tuple[str, int], str] = {}
        """Our ids by symbol and the venue's id."""

    def get(self, order_id: str) -> Tracked | None:
        return self._orders.get(order_id)

    def order_id(self, symbol: str, venue_id: int) -> str:
        """Our id of an order of the venue; empty where it is not known."""
        return self._by_venue.get((symbol, venue_id), "")

    def working(self) -> Iterator[Tracked]:
        """Those of which the end was not told."""
        return (tracked for tracked in tuple(self._orders.values()) if not tracked.is_done)

    def symbols(self) -> set[str]:
        """Of all orders that are known."""
        return {tracked.symbol for tracked in self._orders.values()}

    # -- what we know ourselves -------------------------------------------------------------------

    def send(self, order: Order, symbol: str) -> Tracked:
        """`order` is about to be sent."""
        return self._put(
            Tracked(
                order_id=order.order_id,
                symbol=symbol,
                fqme=order.fqme,
                price=order.price,
                size=order.size,
            )
        )

    def note(self, order_id: str, symbol: str, venue_id: int) -> None:
        """An order of another time has this id at the venue."""
        self._by_venue.setdefault((symbol, venue_id), order_id)

    def listed(
        self, reply: OrderReply, order: Order, parts: dict[int, Decimal], *, is_done: bool
    ) -> Tracked:
        """The venue lists `order` now, as `reply`; nobody has to be told: who asked knows."""
        tracked = self._orders.get(order.order_id)
        if tracked is None:
            tracked = self._put(Tracked(order_id=order.order_id, symbol=reply.symbol))
        tracked.fqme = order.fqme
        tracked.price, tracked.size = order.price, order.size
        tracked.list_id = reply.order_list_id
        tracked.is_told, tracked.is_done = True, is_done
        for venue_id, executed in parts.items():
            self._add_part(tracked, venue_id, executed)
        tracked.current = reply.order_id
        return tracked

    def refused(self, order_id: str) -> None:
        """It is not at the venue, and never was."""
        if tracked := self._orders.get(order_id):
            tracked.is_done = True

    def _put(self, tracked: Tracked) -> Tracked:
        self._orders[tracked.order_id] = tracked
        if len(self._orders) > KEPT:
            done = [name for name, one in self._orders.items() if one.is_done]
            for name in done[: len(self._orders) - KEPT // 2]:
                forgotten = self._orders.pop(name)
                for venue_id in forgotten.parts:
                    self._by_venue.pop((forgotten.symbol, venue_id), None)
        return tracked

    # -- answers ----------------------------------------------------------------------------------

    def placed(self, order_id: str, reply: OrderReply) -> list[OrderEvent]:
        """A new order was taken, by the answer to its request."""
        tracked = self._orders.get(order_id)
        if tracked is None:
            tracked = self._put(Tracked(order_id=order_id, symbol=reply.symbol))
        tracked.list_id = reply.order_list_id
        venue_ns = time_ns(reply.transact_time)
        events = self._appeared(tracked, reply.order_id, reply.price, reply.whole_size, venue_ns)
        for fill in reply.fills:
            if fill.trade_id < 0:
                continue
            filled = Filled(
                order_id=order_id,
                trade_id=str(fill.trade_id),
                price=fill.price,
                size=fill.size,
                fee=fill.fee,
                fee_asset=fill.fee_asset if fill.fee else "",
                liquidity="taker",  # what it met as it came
                venue_ns=venue_ns,
            )
            events += self._traded(tracked, fill.trade_id, filled)
        self._add_part(tracked, reply.order_id, reply.executed)
        return events + self._ended(tracked, reply.order_id, reply.status, "", venue_ns)

    def canceled(self, reply: OrderReply) -> list[OrderEvent]:
        """An order was canceled, by the answer to its request."""
        tracked = self._find(reply.symbol, reply.order_id, reply.original_client_order_id)
        self._add_part(tracked, reply.order_id, reply.executed)
        venue_ns = time_ns(reply.transact_time)
        mark = parse(reply.client_order_id).mark
        return self._ended(tracked, reply.order_id, reply.status or "CANCELED", mark, venue_ns)

    def amended(self, reply: OrderReply, transact_time: int) -> list[OrderEvent]:
        """An order has less size, by the answer to its request."""
        tracked = self._find(reply.symbol, reply.order_id, reply.client_order_id)
        self._add_part(tracked, reply.order_id, reply.executed)
        size = tracked.before + reply.whole_size
        return self._amend(tracked, reply.price or tracked.price, size, time_ns(transact_time))

    def filled(self, order_id: str, symbol: str, fills: Iterable[Fill]) -> list[OrderEvent]:
        """Executions of an order, by the venue's list of them."""
        tracked = self._orders.get(order_id) or self._put(Tracked(order_id=order_id, symbol=symbol))
        events: list[OrderEvent] = []
        for fill in fills:
            filled = Filled(
                order_id=order_id,
                trade_id=fill.trade_id,
                price=fill.price,
                size=fill.size,
                fee=fill.fee,
                fee_asset=fill.fee_asset,
                liquidity=fill.liquidity,
                venue_ns=fill.venue_ns,
            )
            events += self._traded(tracked, int(fill.trade_id), filled)
        return events

    def not_replaced(self, order_id: str, reason: str) -> list[OrderEvent]:
        """It was canceled for an order that the venue then refused."""
        tracked = self._orders[order_id]
        if tracked.is_done:
            return []
        tracked.is_done = True
        return [Canceled(order_id=order_id, reason=f"{NOT_REPLACED}: {reason}")]

    def filled_before_replaced(self, order_id: str, price: Decimal | None) -> list[OrderEvent]:
        """It was canceled for new terms of which nothing is left to trade."""
        tracked = self._orders[order_id]
        tracked.is_done = True
        return self._amend(tracked, price, tracked.executed, 0)

    # -- events -----------------------------------------------------------------------------------

    def take(self, report: ExecutionReport) -> list[OrderEvent]:
        """Something became of an order."""
        is_cancel = report.execution == "CANCELED"
        client = (report.original_client_order_id if is_cancel else "") or report.client_order_id
        tracked = self._find(report.symbol, report.order_id, client)
        venue_id, venue_ns = report.order_id, time_ns(report.time)
        if report.order_list_id >= 0:
            tracked.list_id = report.order_list_id
        whole = report.size - report.prevented
        match report.execution:
            case "NEW":
                if not tracked.current and report.strategy_type == REPLACES:
                    return []  # what it goes on with is not known: whoever asks is told the whole
                return self._appeared(tracked, venue_id, report.price, whole, venue_ns)
            case "TRADE":
                return self._on_trade(tracked, report, venue_ns)
            case "REPLACED":
                self._add_part(tracked, venue_id, report.executed)
                price = report.price or tracked.price
                return self._amend(tracked, price, tracked.before + whole, venue_ns)
            case "TRADE_PREVENTION" if report.status not in _ENDED:
                self._add_part(tracked, venue_id, report.executed)
                return self._amend(tracked, tracked.price, tracked.before + whole, venue_ns)
            case "REJECTED":
                return self._on_rejected(tracked, report, venue_ns)
        mark = parse(report.client_order_id).mark if is_cancel else ""
        self._add_part(tracked, venue_id, report.executed)
        return self._ended(tracked, venue_id, report.status, mark, venue_ns)

    def _on_trade(
        self, tracked: Tracked, report: ExecutionReport, venue_ns: int
    ) -> list[OrderEvent]:
        fee = report.fee or ZERO
        filled = Filled(
            order_id=tracked.order_id,
            trade_id=str(report.trade_id),
            price=report.last_price,
            size=report.last_size,
            fee=fee,
            fee_asset=(report.fee_asset or "") if fee else "",
            liquidity="maker" if report.is_maker else "taker",
            venue_ns=venue_ns,
        )
        self._add_part(tracked, report.order_id, report.executed)
        events = self._traded(tracked, report.trade_id, filled)
        return events + self._ended(tracked, report.order_id, report.status, "", venue_ns)

    def _on_rejected(
        self, tracked: Tracked, report: ExecutionReport, venue_ns: int
    ) -> list[OrderEvent]:
        """Told of orders that were to replace another one, which is gone by then."""
        if tracked.is_done:
            return []
        tracked.is_done = True
        reason = safe(report.reject_reason or "it does not say why", 200)
        if not tracked.current:
            return [Rejected(order_id=tracked.order_id, reason=reason, venue_ns=venue_ns)]
        reason = f"{NOT_REPLACED}: {reason}"
        return [Canceled(order_id=tracked.order_id, reason=reason, venue_ns=venue_ns)]

    # -- what both say ----------------------------------------------------------------------------

    def _find(self, symbol: str, venue_id: int, client: str) -> Tracked:
        order_id = self._by_venue.get((symbol, venue_id)) or our_id(client)
        tracked = self._orders.get(order_id)
        return tracked or self._put(Tracked(order_id=order_id, symbol=symbol))

    def _add_part(self, tracked: Tracked, venue_id: int, executed: Decimal) -> None:
        self._by_venue[tracked.symbol, venue_id] = tracked.order_id
        tracked.parts[venue_id] = max(executed, tracked.parts.get(venue_id, ZERO))

    def _appeared(
        self, tracked: Tracked, venue_id: int, price: Decimal, size: Decimal, venue_ns: int
    ) -> list[OrderEvent]:
        """The venue has an order: a new one of ours, or the next part of one."""
        if venue_id < tracked.current or venue_id in tracked.ended:
            return []  # it was replaced since, for the venue counts up; or this comes late
        is_next = 0 < tracked.current != venue_id
        self._add_part(tracked, venue_id, ZERO)
        tracked.current = venue_id
        if is_next:
            tracked.is_done = False
            return self._amend(tracked, price or None, tracked.before + size, venue_ns)
        if tracked.is_told:
            return []
        tracked.is_told = True
        if not tracked.size:  # made elsewhere
            tracked.price, tracked.size = price or None, size
        return [
            Accepted(order_id=tracked.order_id, venue_order_id=str(venue_id), venue_ns=venue_ns)
        ]

    def _traded(self, tracked: Tracked, trade_id: int, filled: Filled) -> list[OrderEvent]:
        if trade_id in tracked.trades:
            return []
        tracked.trades.add(trade_id)
        return [filled]

    def _amend(
        self, tracked: Tracked, price: Decimal | None, size: Decimal, venue_ns: int
    ) -> list[OrderEvent]:
        if (price, size) == (tracked.price, tracked.size):
            return []
        tracked.price, tracked.size = price, size
        return [Amended(order_id=tracked.order_id, price=price, size=size, venue_ns=venue_ns)]

    def _ended(
        self, tracked: Tracked, venue_id: int, status: str, mark: str, venue_ns: int
    ) -> list[OrderEvent]:
        """What follows from the status of a part that may be over."""
        if status not in _ENDED:
            return []
        tracked.ended.add(venue_id)
        if tracked.is_done or venue_id < tracked.current:
            return []
        if status == "CANCELED" and mark == "r":
            return []  # another part is to follow
        tracked.is_done = True
        if status == "FILLED":
            return []  # its fills say so
        if status == "CANCELED":
            reason = "" if mark == "c" else ELSEWHERE
            return [Canceled(order_id=tracked.order_id, reason=reason, venue_ns=venue_ns)]
        return [Expired(order_id=tracked.order_id, reason=ended_by(status), venue_ns=venue_ns)]
