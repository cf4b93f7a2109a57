"""What an account is told adds up, whatever it does: reports, orders, fills, money."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.sim.exchange import Exchange
from brokers.sim.instruments import LISTINGS
from brokers.sim.orders import BUY, SELL
from engine.clock import NANOS
from engine.ems.orders import fold
from engine.errors import OrderRejected
from engine.messages import DONE, Filled, Order, OrderEvent, Side

START_NS = 1_795_226_417 * NANOS
CASH = Decimal(100_000)

sides = st.sampled_from(["buy", "sell"])
lots = st.integers(1, 30)
"""Each about half of what a usual trade is in that market."""
away = st.integers(-12, 25)
"""Ticks behind the own side's best price; negative is through the market."""

submits = st.tuples(
    st.just("submit"),
    sides,
    st.sampled_from(["limit", "limit", "market", "stop", "stop_limit"]),
    lots,
    away,
    st.sampled_from(["gtc", "gtc", "ioc", "fok"]),
    st.booleans(),
)
others = st.one_of(
    st.tuples(st.just("cancel"), st.integers(0, 30)),
    st.tuples(st.just("amend"), st.integers(0, 30), st.none() | away, lots),
    st.tuples(st.just("wait"), st.floats(0.01, 15.0)),
)
commands = st.lists(submits | others, min_size=4, max_size=25)


class Desk:
    """An account that folds what it is told, as the router does."""

    def __init__(self, fqme: str, self_trade: Any) -> None:
        self.fqme = fqme
        self.exchange = Exchange(LISTINGS, seed=5, cash=CASH, self_trade=self_trade)
        self.now_ns = START_NS
        self.account = self.exchange.account("me")
        self.account.reports.append(self.take)
        self.orders: dict[str, Order] = {}
        self.fills: list[Filled] = []
        self.moved: set[str] = set()
        """Orders that were amended: their limit does not bound the fills before."""

    def take(self, event: OrderEvent) -> None:
        self.orders[event.order_id] = fold(self.orders[event.order_id], event, self.now_ns)
        if isinstance(event, Filled):
            self.fills.append(event)

    def size(self, lots: int) -> Decimal:
        listing = self.exchange.listing(self.fqme)
        return lots * listing.instrument.size_step * (int(listing.mean_size) // 2)

    def price(self, side: Side, ticks: int) -> Decimal:
        market = self.exchange.market(self.fqme, self.now_ns)
        sign = BUY if side == "buy" else SELL
        best = market.engine.side(sign).best
        at = best.price if best else market.engine.last_price
        assert at is not None
        return (at - sign * ticks) * market.instrument.price_tick

    def submit(
        self, side: Side, kind: Any, lots: int, ticks: int, term: Any, post_only: bool
    ) -> None:
        order = Order(
            order_id=f"order-{len(self.orders)}",
            account="me",
            fqme=self.fqme,
            side=side,
            order_type=kind,
            size=self.size(lots),
            price=self.price(side, ticks) if "limit" in kind else None,
            stop_price=self.price(side, -ticks) if "stop" in kind else None,
            time_in_force=term,
            post_only=post_only,
        )
        self.orders[order.order_id] = order
        try:
            self.exchange.submit(self.account, order, self.now_ns)
        except OrderRejected:
            assert self.orders.pop(order.order_id) is order, "rejected after it was accepted"

    def cancel(self, nth: int) -> None:
        order_id = f"order-{nth}"
        try:
            self.exchange.cancel(self.account, order_id, self.now_ns)
        except OrderRejected:
            assert order_id not in self.account.working

    def amend(self, nth: int, ticks: int | None, lots: int) -> None:
        order = self.orders.get(f"order-{nth}")
        if order is None:
            return
        price = None if ticks is None else self.price(order.side, ticks)
        self.moved.add(order.order_id)
        with suppress(OrderRejected):
            size = self.size(lots)
            self.exchange.amend(self.account, order.order_id, price, size, self.now_ns)

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * NANOS)
        self.exchange.advance(self.now_ns)

    def check(self) -> None:
        working = {n: order for n, order in self.orders.items() if order.state not in DONE}
        shown = {n: entry.order for n, entry in self.account.working.items()}
        assert working.keys() == shown.keys()
        for order_id, order in working.items():
            venue = shown[order_id]
            facts = ("state", "price", "stop_price", "size", "filled", "fees", "average_price")
            assert [getattr(order, name) for name in facts] == [
                getattr(venue, name) for name in facts
            ]
        for order in self.orders.values():
            assert order.filled <= order.size
        assert len({fill.trade_id for fill in self.fills}) == len(self.fills)
        self.check_money()

    def check_money(self) -> None:
        held = paid = fees = Decimal(0)
        for fill in self.fills:
            order = self.orders[fill.order_id]
            sign = 1 if order.side == "buy" else -1
            held += sign * fill.size
            paid += sign * fill.size * fill.price
            fees += fill.fee
            if order.price is not None and order.order_id not in self.moved:
                assert (fill.price - order.price) * sign <= 0, "traded beyond its limit"
        instrument, balances = self.exchange.listing(self.fqme).instrument, self.account.balances
        assert balances.get(instrument.base, Decimal(0)) == held
        assert balances[instrument.quote] == CASH - paid - fees
        if self.fills:
            position = self.account.positions[self.fqme]
            assert (position.size, position.fees) == (held, fees)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    commands,
    st.sampled_from(["acme.stock.sim", "btcusdt.spot.sim", "eurusd.fx.sim"]),
    st.sampled_from(["none", "expire_taker", "expire_maker", "expire_both"]),
)
def test_reports_add_up_whatever_an_account_does(
    steps: list[Any], fqme: str, self_trade: Any
) -> None:
    desk = Desk(fqme, self_trade)
    for name, *arguments in steps:
        getattr(desk, name)(*arguments)
        desk.check()
    desk.wait(3600.0)  # and a laptop that sleeps in the end
    desk.check()
