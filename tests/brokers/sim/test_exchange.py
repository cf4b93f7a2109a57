"""Orders, fills and money of accounts at the embedded exchange."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokers.sim.accounts import SimAccount
from brokers.sim.exchange import Exchange
from brokers.sim.instruments import LISTINGS
from engine.clock import NANOS
from engine.errors import BrokerUnavailable, OrderRejected, UnknownSymbol
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Expired,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Side,
)

START_NS = 1_795_226_417 * NANOS
BTC = "btcusdt.spot.sim"
ES = "es.cme.202612.sim"


class Venue:
    """An exchange with a clock, and accounts that note what they are told."""

    def __init__(
        self, self_trade: Any = "expire_taker", trade_groups: dict[str, str] | None = None
    ) -> None:
        self.exchange = Exchange(
            LISTINGS,
            seed=7,
            cash=Decimal(100_000),
            self_trade=self_trade,
            trade_groups=trade_groups,
        )
        self.now_ns = START_NS
        self.told: dict[str, list[OrderEvent]] = {}
        self.made = 0

    def account(self, name: str = "me") -> SimAccount:
        account = self.exchange.account(name)
        if name not in self.told:
            self.told[name] = []
            account.reports.append(self.told[name].append)
        return account

    def go(self, seconds: float) -> None:
        self.now_ns += round(seconds * NANOS)
        self.exchange.advance(self.now_ns)

    def best(self, side: Side, fqme: str = BTC) -> Decimal:
        market = self.exchange.market(fqme, self.now_ns)
        level = market.engine.side(1 if side == "buy" else -1).best
        assert level is not None
        return level.price * market.instrument.price_tick

    def send(
        self, side: Side, size: str, price: Decimal | None = None, name: str = "me", **terms: Any
    ) -> Order:
        self.made += 1
        order = Order(
            order_id=terms.pop("order_id", f"order-{self.made}"),
            account=name,
            fqme=terms.pop("fqme", BTC),
            side=side,
            order_type=terms.pop("order_type", "market" if price is None else "limit"),
            size=Decimal(size),
            price=price,
            **terms,
        )
        self.exchange.submit(self.account(name), order, self.now_ns)
        return order

    def events(self, order: Order, *kinds: type) -> list[Any]:
        return [
            event
            for event in self.told[order.account]
            if event.order_id == order.order_id and (not kinds or isinstance(event, kinds))
        ]


def test_takes_an_order_and_tells_what_became_of_it() -> None:
    venue = Venue()
    order = venue.send("buy", "0.5")

    accepted, *fills = venue.events(order)

    assert isinstance(accepted, Accepted)
    assert accepted.venue_order_id
    assert all(isinstance(fill, Filled) for fill in fills)
    assert sum(fill.size for fill in fills) == Decimal("0.5")
    assert {fill.liquidity for fill in fills} == {"taker"}
    assert not venue.account().working


def test_books_fees_position_and_money_of_a_round_trip() -> None:
    venue = Venue()
    fills = venue.events(venue.send("buy", "0.5"), Filled)
    fills += venue.events(venue.send("sell", "0.5"), Filled)
    account = venue.account()
    paid = sum(f.price * f.size * (1 if f.order_id == "order-1" else -1) for f in fills)
    fees = sum(fill.price * fill.size * Decimal("0.0005") for fill in fills)

    position = account.positions[BTC]

    assert position.size == 0
    assert position.average_price is None
    assert position.realised == pytest.approx(-paid)
    assert position.fees == fees == sum(fill.fee for fill in fills)
    assert account.balances["BTC"] == 0
    assert account.balances["USDT"] == Decimal(100_000) - paid - fees
    assert account.balances["USD"] == 100_000


def test_settles_a_future_by_its_profit() -> None:
    venue = Venue()
    venue.send("buy", "2", fqme=ES)
    account = venue.account()
    fees = account.positions[ES].fees
    assert "ES" not in account.balances
    assert account.balances["USD"] == Decimal(100_000) - fees
    (fill, *_) = account.fills
    assert fill.fee == fill.price * fill.size * 50 * Decimal("0.000008")

    venue.go(60)
    venue.send("sell", "2", fqme=ES)

    position = account.positions[ES]
    assert position.realised != 0
    assert account.balances["USD"] == Decimal(100_000) + position.realised - position.fees


def test_rests_in_the_book_and_fills_as_a_maker() -> None:
    venue = Venue()
    order = venue.send("buy", "0.05", venue.best("buy") + Decimal("0.1"))
    assert [type(event) for event in venue.events(order)] == [Accepted]
    working = venue.account().working[order.order_id].order
    assert (working.state, working.remaining) == (OrderState.OPEN, Decimal("0.05"))

    venue.go(600)

    fills = venue.events(order, Filled)
    assert sum(fill.size for fill in fills) == order.size
    assert all(fill.price == order.price for fill in fills)
    assert {fill.liquidity for fill in fills} == {"maker"}
    assert sum(fill.fee for fill in fills) == order.price * order.size * Decimal("0.0002")


def test_shows_an_order_that_is_filled_in_part() -> None:
    venue = Venue()
    maker = venue.send("buy", "1", venue.best("buy") + Decimal("0.1"), "maker")
    taker = venue.send("sell", "0.3", maker.price, "taker")
    assert venue.events(taker, Filled)[0].size == Decimal("0.3")

    shown = venue.account("maker").working[maker.order_id].order

    assert shown.state is OrderState.PARTIAL
    assert shown.filled == Decimal("0.3")
    assert shown.average_price == maker.price
    assert shown.fees == venue.events(maker, Filled)[0].fee
    ids = [event.trade_id for order in (maker, taker) for event in venue.events(order, Filled)]
    assert ids[0] == ids[1], "both sides of a trade have its number"


def test_an_exchange_that_is_started_again_does_not_repeat_a_trade_id() -> None:
    first, second = Venue(), Venue()
    second.now_ns += 60 * NANOS
    ids = []
    for venue in (first, second):
        order = venue.send("buy", "0.1", None)
        ids.append({event.trade_id for event in venue.events(order, Filled)})

    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]


def test_amends_and_cancels() -> None:
    venue = Venue()
    order = venue.send("buy", "1", Decimal("40000.0"))
    account = venue.account()

    venue.exchange.amend(account, order.order_id, Decimal("40001.5"), Decimal("0.4"), venue.now_ns)
    venue.exchange.amend(account, order.order_id, None, Decimal("0.3"), venue.now_ns)

    first, second = venue.events(order, Amended)
    assert (first.price, first.size) == (Decimal("40001.5"), Decimal("0.4"))
    assert (second.price, second.size) == (Decimal("40001.5"), Decimal("0.3"))
    assert account.working[order.order_id].order.price == Decimal("40001.5")
    venue.exchange.cancel(account, order.order_id, venue.now_ns)
    assert venue.events(order, Canceled)
    assert not account.working
    with pytest.raises(OrderRejected, match="is not working"):
        venue.exchange.cancel(account, order.order_id, venue.now_ns)
    with pytest.raises(OrderRejected, match="is not working"):
        venue.exchange.amend(account, order.order_id, None, Decimal(1), venue.now_ns)


def test_lets_nobody_touch_the_orders_of_others() -> None:
    venue = Venue()
    order = venue.send("buy", "1", Decimal("40000.0"))

    with pytest.raises(OrderRejected, match="is not working"):
        venue.exchange.cancel(venue.account("other"), order.order_id, venue.now_ns)

    assert order.order_id in venue.account().working


def test_works_a_stop_and_a_stop_limit_order() -> None:
    venue = Venue()
    above = venue.best("sell") + Decimal(5)
    stop = venue.send("buy", "0.1", order_type="stop", stop_price=above)
    limit = venue.send(
        "buy", "0.1", above + 500, order_type="stop_limit", stop_price=above + Decimal(1)
    )
    assert {len(venue.events(order)) for order in (stop, limit)} == {1}
    assert venue.account().working[stop.order_id].order.stop_price == above

    venue.send("buy", "200", above + 5, "mover", time_in_force="ioc")

    assert venue.events(stop, Filled)
    assert venue.events(limit, Filled)


def test_trails_by_a_price_and_by_a_percentage() -> None:
    venue = Venue()
    market = venue.exchange.market(BTC, venue.now_ns)
    last = market.engine.last_price
    assert last is not None
    tick = market.instrument.price_tick
    price = venue.send("sell", "0.1", order_type="trailing_stop", trail=Decimal(500))
    percent = venue.send(
        "sell", "0.1", order_type="trailing_stop", trail=Decimal("2.5"), trail_unit="percent"
    )
    stops = [order.stop_price for order in market.engine.orders() if order.owner == "me"]

    assert stops == [last - int(500 / tick), last - -(-last * 25_000 // 1_000_000)]
    assert venue.events(price, Accepted)
    assert venue.events(percent, Accepted)
    fine = {"trail": Decimal("0.00001"), "trail_unit": "percent"}
    with pytest.raises(OrderRejected, match="up to 4 decimals"):
        venue.send("sell", "0.1", order_type="trailing_stop", **fine)


def test_ends_an_order_good_till_a_date_when_its_time_has_come() -> None:
    venue = Venue()
    until = venue.now_ns + 3 * NANOS
    low = venue.best("buy") - Decimal(5000)
    order = venue.send("buy", "0.1", low, time_in_force="gtd", expires_ns=until)
    venue.go(2.9)
    assert venue.events(order, Expired) == []

    venue.go(5)

    assert [event.venue_ns for event in venue.events(order, Expired)] == [until]
    assert venue.account().working == {}


def test_reduces_a_position_and_no_more() -> None:
    venue = Venue()
    with pytest.raises(OrderRejected, match="nothing to reduce"):
        venue.send("sell", "0.1", reduce_only=True)
    venue.send("buy", "0.1")
    order = venue.send("sell", "0.5", reduce_only=True)

    assert venue.account().positions[BTC].size == 0
    assert [event.reason for event in venue.events(order, Expired)] == [
        "there is nothing to reduce"
    ]


def test_cancels_the_rest_of_a_group_when_one_of_it_trades() -> None:
    venue = Venue()
    far = venue.send("buy", "0.1", venue.best("buy") - 5000, link_group="g")
    near = venue.send("buy", "0.1", venue.best("sell") + 50, link_group="g")

    assert venue.events(near, Filled)
    assert venue.events(far, Canceled)


def test_moves_a_stop_by_its_stop_price() -> None:
    venue = Venue()
    stop = venue.send("sell", "0.1", order_type="stop", stop_price=Decimal("40000.0"))
    account = venue.account()

    venue.exchange.amend(account, stop.order_id, Decimal("41000.0"), Decimal("0.1"), venue.now_ns)

    (amended,) = venue.events(stop, Amended)
    assert (amended.price, amended.stop_price) == (None, Decimal("41000.0"))
    assert account.working[stop.order_id].order.stop_price == Decimal("41000.0")


@pytest.mark.parametrize(
    ("mode", "taker_ends", "maker_ends", "is_traded"),
    [
        ("none", False, False, True),
        ("expire_taker", True, False, False),
        ("expire_maker", False, True, False),
        ("expire_both", True, True, False),
    ],
)
def test_keeps_an_account_from_trading_with_itself(
    mode: str, taker_ends: bool, maker_ends: bool, is_traded: bool
) -> None:
    venue = Venue(mode)
    price = venue.best("buy") + Decimal("0.1")
    maker = venue.send("buy", "0.2", price)
    taker = venue.send("sell", "0.2", price)

    assert bool(venue.events(taker, Expired)) == taker_ends
    assert bool(venue.events(maker, Expired)) == maker_ends
    assert bool(venue.events(maker, Filled)) == is_traded
    ids = [fill.trade_id for fill in venue.account().fills]
    assert len(set(ids)) == len(ids) == (2 if is_traded else 0)


@pytest.mark.parametrize(
    ("size", "price", "terms", "said"),
    [
        ("0.000001", "60000.0", {}, "not a multiple"),
        ("1", "60000.05", {}, "not a multiple"),
        ("0", "60000.0", {}, "not a size"),
        ("-1", "60000.0", {}, "not a size"),
        ("NaN", "60000.0", {}, "not a size"),
        ("1", "-1", {}, "not a price"),
        ("1", "Infinity", {}, "not a price"),
        ("501", "60000.0", {}, "above the most"),
        ("0.00001", "20000.0", {}, "worth less"),
        ("1", "12000.0", {}, "too far below the average price"),
        ("120.00001", None, {}, "no larger market order"),
        ("0.00001", None, {}, "worth less"),
        ("1", "60000.0", {"stop_price": Decimal("NaN")}, "not a price"),
        ("1", "60000.0", {"stop_price": Decimal(1)}, "stop price"),
        ("1", "90000.0", {"post_only": True}, "would take"),
        ("1", None, {"post_only": True}, "post-only"),
    ],
)
def test_rejects_what_it_cannot_take(
    size: str, price: str | None, terms: dict[str, Any], said: str
) -> None:
    venue = Venue()
    with pytest.raises(OrderRejected, match=said):
        venue.send("buy", size, None if price is None else Decimal(price), **terms)
    assert venue.told["me"] == []


def test_an_amend_is_held_to_the_same_rules() -> None:
    venue = Venue()
    order = venue.send("buy", "1", Decimal("40000.0"))
    account = venue.account()

    for price, size, said in (
        ("400.0", "1", "too far below"),
        (None, "0.00001", "worth less"),
        ("40000.05", "1", "not a multiple"),
    ):
        wanted = None if price is None else Decimal(price)
        with pytest.raises(OrderRejected, match=said):
            venue.exchange.amend(account, order.order_id, wanted, Decimal(size), venue.now_ns)
    assert account.working[order.order_id].order.price == Decimal("40000.0")


def test_a_decremented_order_is_told_its_new_size_and_goes_on() -> None:
    venue = Venue("decrement")
    price = venue.best("buy") + Decimal("0.1")
    maker = venue.send("buy", "0.5", price)
    taker = venue.send("sell", "0.2", price)

    (amended,) = venue.events(maker, Amended)
    assert (amended.size, amended.price) == (Decimal("0.3"), price)
    assert venue.events(taker, Expired)
    left = venue.account().working[maker.order_id].order
    assert (left.size, left.filled, left.remaining) == (Decimal("0.3"), 0, Decimal("0.3"))
    assert not venue.account().fills


def test_a_transfer_moves_position_and_money_between_two_accounts() -> None:
    """Scenario H of the published page: 0.2 at 0.2 change hands, free of charge."""
    venue = Venue("transfer", {"maker": "1", "taker": "1"})
    market = venue.exchange.market(BTC, venue.now_ns)
    for order in list(market.engine.orders()):
        market.cancel(order.order_id, venue.now_ns)
    before = venue.exchange.market(BTC, venue.now_ns).quote().last
    price = Decimal("60000.0")
    maker = venue.send("buy", "0.6", price, "maker")
    taker = venue.send("sell", "0.2", price, "taker")
    buyer, seller = venue.account("maker"), venue.account("taker")

    assert buyer.balances == {"USDT": 100_000 - 12_000, "USD": 100_000, "BTC": Decimal("0.2")}
    assert seller.balances == {"USDT": 100_000 + 12_000, "USD": 100_000, "BTC": Decimal("-0.2")}
    assert (buyer.positions[BTC].size, seller.positions[BTC].size) == (
        Decimal("0.2"),
        Decimal("-0.2"),
    )
    (bought,), (sold,) = venue.events(maker, Filled), venue.events(taker, Filled)
    assert (bought.size, bought.fee, bought.liquidity) == (Decimal("0.2"), 0, "")
    assert bought.trade_id == sold.trade_id
    assert list(buyer.working) == [maker.order_id]
    assert buyer.working[maker.order_id].order.remaining == Decimal("0.4")
    assert not seller.working
    # Nobody else sees a trade.
    assert venue.exchange.market(BTC, venue.now_ns).quote().last == before


def test_shows_a_part_of_an_iceberg_and_fills_all_of_it() -> None:
    venue = Venue()
    price = venue.best("buy") + Decimal("0.1")
    order = venue.send("buy", "1", price, shown=Decimal("0.25"))
    market = venue.exchange.market(BTC, venue.now_ns)
    assert market.quote().bid_size == 0.25

    venue.send("sell", "1", price, "other", time_in_force="fok")

    fills = venue.events(order, Filled)
    assert [fill.size for fill in fills] == [Decimal("0.25")] * 4
    assert len({fill.trade_id for fill in fills}) == 4


def test_takes_an_order_id_once() -> None:
    venue = Venue()
    venue.send("buy", "0.1", order_id="twice")
    with pytest.raises(OrderRejected, match="used before"):
        venue.send("buy", "0.1", order_id="twice")
    assert sum(fill.size for fill in venue.account().fills) == Decimal("0.1")
    # A rejected order never was: its id may be used.
    with pytest.raises(OrderRejected):
        venue.send("buy", "0", order_id="again")
    venue.send("buy", "0.1", order_id="again")


def test_knows_only_what_it_lists() -> None:
    venue = Venue()
    with pytest.raises(UnknownSymbol):
        venue.send("buy", "1", fqme="nothing.spot.sim")


def test_lets_no_account_pass_for_the_crowd() -> None:
    with pytest.raises(BrokerUnavailable, match="needs a name"):
        Venue().exchange.account("")


def test_forgets_orders_that_are_done() -> None:
    venue = Venue()
    for _ in range(20):
        venue.send("buy", "0.01")
        venue.send("buy", "0.01", Decimal("40000.0"), time_in_force="ioc")
    assert not venue.account().working
    assert not venue.exchange._owners[BTC]
