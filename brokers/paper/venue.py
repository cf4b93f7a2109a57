"""The paper venue: accounts and orders, and requests and reports on their way, in market time.

Pure: whoever drives it says what time it is in each market. The same requests, ticks and
times give the same reports.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from brokers.paper.market import NOTHING_TO_REDUCE, PaperMarket
from brokers.paper.models import QUEUES, ZERO, Delay, Fees, PaperOptions, Slippage
from brokers.paper.orders import Working
from brokers.paper.rules import check
from engine.accounting.delivery import is_delivered
from engine.accounting.positions import apply, fill_of, signed
from engine.ems.orders import fold
from engine.errors import OrderRejected
from engine.instruments import Instrument
from engine.messages import (
    Accepted,
    Amended,
    Break,
    Canceled,
    Expired,
    Fill,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Position,
    Rejected,
    RequestRefused,
    Side,
    Tick,
)

TRAILING = ("trailing_stop", "trailing_stop_limit")


class Said(NamedTuple):
    """Something that the venue says to an account."""

    account: str
    event: OrderEvent


@dataclass(eq=False)
class _Market:
    """A market, its time, and what is on its way in it."""

    matching: PaperMarket
    now_ns: int = 0
    on_the_way: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    newest_due_ns: dict[str, int] = field(default_factory=dict)
    """When the newest request of each account arrives: none overtakes another."""


class PaperVenue:
    """All paper accounts. Requests are taken at once and arrive after the delay."""

    def __init__(self, options: PaperOptions) -> None:
        self._options = options
        self._delay = Delay(options)
        self._fees = Fees(options)
        self._slippage = Slippage(options)
        self._markets: dict[str, _Market] = {}
        self._orders: dict[str, Order] = {}
        self._fills: list[Fill] = []
        self._fill_counts: Counter[str] = Counter()
        self._positions: dict[tuple[str, str], Position] = {}
        self._balances: dict[str, dict[str, Decimal]] = {}
        self._said: list[Said] = []
        self._sequence = 0

    # -- markets ----------------------------------------------------------------------------------

    def open_market(self, instrument: Instrument) -> None:
        """Know a market; orders in it that are there already stay."""
        market = self._markets.get(instrument.fqme)
        if market is not None:
            market.matching.instrument = instrument
            return
        matching = PaperMarket(
            instrument,
            queue=QUEUES[self._options.queue],
            slippage=self._slippage,
            on_fill=partial(self._on_fill, instrument.fqme),
            on_end=partial(self._on_end, instrument.fqme),
            on_cancel=partial(self._on_cancel, instrument.fqme),
        )
        self._markets[instrument.fqme] = _Market(matching)

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> list[Said]:
        """What the market did; requests that arrived before a tick are served before it."""
        market = self._markets.get(fqme)
        if market is None:
            return []
        for tick in ticks:
            if isinstance(tick, Break) and tick.reason == "seek":
                # Time may go back here: nothing on the way may be left behind.
                self._run_until(market, None)
                market.now_ns = tick.recv_ns
                market.newest_due_ns.clear()
            else:
                self._run_until(market, tick.recv_ns)
            market.matching.on_tick(tick)
        return self._take_said()

    def advance(self, fqme: str, now_ns: int) -> list[Said]:
        """Time went on, without a tick."""
        market = self._markets[fqme]
        self._run_until(market, now_ns)
        return self._take_said()

    def flush(self, fqme: str) -> list[Said]:
        """Everything on its way arrives now: for a market whose time stands still."""
        market = self._markets[fqme]
        self._run_until(market, None)
        return self._take_said()

    def average_price(self, fqme: str) -> Decimal | None:
        """By which the market judges prices; None before its first trade."""
        market = self._markets[fqme]
        return market.matching.average_price(market.now_ns)

    def waiting(self) -> tuple[str, ...]:
        """Markets in which something is on its way."""
        return tuple(fqme for fqme, market in self._markets.items() if market.on_the_way)

    # -- requests ---------------------------------------------------------------------------------

    def submit(self, order: Order, now_ns: int) -> None:
        """A new order, sent at `now_ns` of its market.

        Raises:
            OrderRejected: its id was used before.
        """
        if order.order_id in self._orders:
            raise OrderRejected(f"order id {order.order_id} was used before")
        self._orders[order.order_id] = _as_sent(order)
        self._send(order, now_ns, partial(self._arrive, order.order_id))

    def amend(self, order: Order, price: Decimal | None, size: Decimal, now_ns: int) -> None:
        """Other terms for an order."""
        step = partial(self._amend, order.account, order.fqme, order.order_id, price, size)
        self._send(order, now_ns, step)

    def cancel(self, order: Order, now_ns: int) -> None:
        """Cancel what is left of an order."""
        step = partial(self._cancel, order.account, order.fqme, order.order_id)
        self._send(order, now_ns, step)

    # -- what an account can ask ------------------------------------------------------------------

    def open_orders(self, account: str) -> tuple[Order, ...]:
        return tuple(
            order
            for order in self._orders.values()
            if order.account == account
            and order.is_working
            and order.state is not OrderState.PENDING
        )

    def fills(self, account: str, since_ns: int) -> tuple[Fill, ...]:
        return tuple(
            fill for fill in self._fills if fill.account == account and fill.venue_ns >= since_ns
        )

    def positions(self, account: str) -> tuple[Position, ...]:
        return tuple(held for (name, _), held in self._positions.items() if name == account)

    def balances(self, account: str) -> Mapping[str, Decimal]:
        return dict(self._balance(account))

    # -- time -------------------------------------------------------------------------------------

    def _send(self, order: Order, now_ns: int, arrive: Callable[[], None]) -> None:
        market = self._markets[order.fqme]
        # A request does not arrive in a past that the market has left, nor before what the
        # account sent ahead of it: a cancel would find no order, and the order then work.
        due_ns = max(now_ns, market.now_ns) + self._delay.request_ns()
        due_ns = max(due_ns, market.newest_due_ns.get(order.account, due_ns))
        market.newest_due_ns[order.account] = due_ns
        self._put(market, due_ns, arrive)

    def _put(self, market: _Market, due_ns: int, step: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(market.on_the_way, (due_ns, self._sequence, step))

    def _run_until(self, market: _Market, now_ns: int | None) -> None:
        """Serve what is due by `now_ns`; all there is for None."""
        while market.on_the_way and (now_ns is None or market.on_the_way[0][0] <= now_ns):
            due_ns, _, step = heapq.heappop(market.on_the_way)
            market.now_ns = max(market.now_ns, due_ns)
            # What ends at a time has ended when something else happens at it.
            market.matching.expire(market.now_ns)
            step()
        if now_ns is not None:
            market.now_ns = max(market.now_ns, now_ns)
        market.matching.expire(market.now_ns)

    def _say(self, account: str, fqme: str, event: OrderEvent) -> None:
        """Report an event; our own copy of the order moves at once."""
        order = self._orders.get(event.order_id)
        market = self._markets[fqme]
        if order is not None and not isinstance(event, RequestRefused):
            self._orders[event.order_id] = fold(order, event, market.now_ns)
        said = Said(account, event)
        if self._delay.report_ns:
            due_ns = market.now_ns + self._delay.report_ns
            self._put(market, due_ns, lambda: self._said.append(said))
        else:
            self._said.append(said)

    def _take_said(self) -> list[Said]:
        said, self._said = self._said, []
        return said

    # -- what happens at the venue ----------------------------------------------------------------

    def _arrive(self, order_id: str) -> None:
        order = self._orders[order_id]
        market = self._markets[order.fqme]
        working = self._working(order)
        reason = self._refusal(order, working, market.matching)
        if reason:
            rejected = Rejected(order_id=order_id, reason=reason, venue_ns=market.now_ns)
            self._say(order.account, order.fqme, rejected)
            return
        accepted = Accepted(
            order_id=order_id, venue_order_id=f"paper-{order_id}", venue_ns=market.now_ns
        )
        self._say(order.account, order.fqme, accepted)
        market.matching.add(working)

    def _refusal(self, order: Order, working: Working, matching: PaperMarket) -> str:
        refusal = check(order, matching.instrument, self.average_price(order.fqme))
        if refusal is not None:
            return refusal.reason
        if order.order_type == "limit" and order.price is None:
            return "a limit order needs a price"
        if order.post_only and matching.would_take(working):
            return "a post-only order would have traded at once"
        if working.group and matching.is_over(working.group):
            return "its group is over"
        if working.room <= 0 and not working.sleeps:
            return NOTHING_TO_REDUCE
        return ""

    def _amend(
        self, account: str, fqme: str, order_id: str, price: Decimal | None, size: Decimal
    ) -> None:
        market = self._markets[fqme]
        working = market.matching.find(order_id)
        if working is None:
            self._refuse_request(account, fqme, order_id, "amend", "there is no such order")
            return
        order = self._orders[order_id]
        wanted = price if price is not None else working.price
        reason = self._amend_refusal(order, working, wanted, size, market.matching)
        if reason:
            self._refuse_request(account, fqme, order_id, "amend", reason)
            return
        amended = Amended(order_id=order_id, price=wanted, size=size, venue_ns=market.now_ns)
        self._say(account, fqme, amended)
        market.matching.amend(working, wanted, size - order.filled)

    def _amend_refusal(
        self,
        order: Order,
        working: Working,
        price: Decimal | None,
        size: Decimal,
        matching: PaperMarket,
    ) -> str:
        if size <= order.filled:
            return "that much is filled already"
        if (price is None) != (working.price is None):
            return f"a {order.order_type} order has no limit price"
        changed = replace(order, price=price, size=size)
        if order.post_only and matching.would_take(self._working(changed)):
            return "a post-only order would have traded at once"
        refusal = check(changed, matching.instrument, self.average_price(order.fqme))
        return "" if refusal is None else refusal.reason

    def _cancel(self, account: str, fqme: str, order_id: str) -> None:
        market = self._markets[fqme]
        if market.matching.cancel(order_id) is None:
            self._refuse_request(account, fqme, order_id, "cancel", "there is no such order")
            return
        self._say(account, fqme, Canceled(order_id=order_id, venue_ns=market.now_ns))

    def _refuse_request(
        self, account: str, fqme: str, order_id: str, request: str, reason: str
    ) -> None:
        refused = RequestRefused(
            order_id=order_id,
            request="amend" if request == "amend" else "cancel",
            reason=reason,
            venue_ns=self._markets[fqme].now_ns,
        )
        self._say(account, fqme, refused)

    def _on_end(self, fqme: str, working: Working, reason: str) -> None:
        order = self._orders[working.order_id]
        now_ns = self._markets[fqme].now_ns
        self._say(
            order.account,
            fqme,
            Expired(order_id=order.order_id, reason=reason, venue_ns=now_ns),
        )

    def _on_cancel(self, fqme: str, working: Working, reason: str) -> None:
        order = self._orders[working.order_id]
        now_ns = self._markets[fqme].now_ns
        canceled = Canceled(order_id=order.order_id, reason=reason, venue_ns=now_ns)
        self._say(order.account, fqme, canceled)

    def _reducible(self, account: str, fqme: str, side: Side) -> Decimal:
        held = self._positions.get((account, fqme))
        size = ZERO if held is None else held.size
        return max(-size if side == "buy" else size, ZERO)

    def _working(self, order: Order) -> Working:
        reducible = partial(self._reducible, order.account, order.fqme, order.side)
        return Working(
            order_id=order.order_id,
            side=order.side,
            left=order.remaining,
            price=order.price,
            stop_price=order.stop_price,
            time_in_force=order.time_in_force,
            post_only=order.post_only,
            takes_profit=order.order_type in ("take_profit", "take_profit_limit"),
            trail=order.trail if order.order_type in TRAILING else None,
            trail_unit=order.trail_unit,
            limit_offset=order.limit_offset if order.order_type in TRAILING else None,
            expires_ns=order.expires_ns,
            group=f"{order.account} {order.link_group}" if order.link_group else "",
            reducible=reducible if order.reduce_only else None,
        )

    def _on_fill(
        self, fqme: str, working: Working, price: Decimal, size: Decimal, is_maker: bool
    ) -> None:
        order = self._orders[working.order_id]
        market = self._markets[fqme]
        instrument = market.matching.instrument
        number = self._fill_counts[order.order_id] = self._fill_counts[order.order_id] + 1
        filled = Filled(
            order_id=order.order_id,
            # Of the order's own id: unique also when the venue is started again.
            trade_id=f"{order.order_id}-{number}",
            price=price,
            size=size,
            fee=self._fees.fee(instrument, price, size, maker=is_maker),
            fee_asset=instrument.settle,
            liquidity="maker" if is_maker else "taker",
            venue_ns=market.now_ns,
        )
        self._keep(order, filled, instrument)
        self._say(order.account, fqme, filled)

    def _keep(self, order: Order, event: Filled, instrument: Instrument) -> None:
        fill = fill_of(order, event, event.venue_ns)
        self._fills.append(fill)
        key = (order.account, order.fqme)
        held = self._positions.get(key, Position(account=order.account, fqme=order.fqme))
        after = self._positions[key] = apply(held, fill, instrument)
        changes = [(event.fee_asset, -event.fee)]
        if is_delivered(instrument):
            change = signed(order.side, event.size)
            changes.append((instrument.base, change * instrument.multiplier))
            changes.append((instrument.quote, -instrument.notional(event.price, change)))
        else:
            changes.append((instrument.settle, after.realised - held.realised))
        balance = self._balance(order.account)
        for asset, change in changes:
            balance[asset] = balance.get(asset, ZERO) + change

    def _balance(self, account: str) -> dict[str, Decimal]:
        return self._balances.setdefault(account, dict(self._options.balances))


def _as_sent(order: Order) -> Order:
    """The venue's own copy of an order that has just left: nothing has happened to it here."""
    return replace(
        order, state=OrderState.PENDING, filled=ZERO, average_price=None, awaiting="", reason=""
    )
