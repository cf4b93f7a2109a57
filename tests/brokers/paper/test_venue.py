"""Accounts, requests and reports of the paper venue, in market time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from brokers.paper.models import PaperOptions
from brokers.paper.venue import PaperVenue
from engine.errors import OrderRejected
from engine.instruments import Instrument, PriceRange
from engine.messages import (
    Accepted,
    Amended,
    Ask,
    Bid,
    Break,
    Canceled,
    Expired,
    Filled,
    Order,
    OrderEvent,
    Rejected,
    RequestRefused,
    Tick,
    Trade,
)
from tests.support.venue import FQME, INSTRUMENT, START_NS

MS = 1_000_000


class Floor:
    """A venue with one market at 99 x 5 / 101 x 2, and everything that it said."""

    def __init__(self, instrument: Instrument = INSTRUMENT, **options: Any) -> None:
        self.venue = PaperVenue(PaperOptions(**options))
        self.venue.open_market(instrument)
        self.now = START_NS
        self.said: list[OrderEvent] = []
        self.tell(Bid(FQME, 99.0, 5.0), Ask(FQME, 101.0, 2.0), Trade(FQME, 100.0, 1.0))

    def tell(self, *ticks: Tick) -> None:
        stamped = [replace(tick, venue_ns=self.now, recv_ns=self.now) for tick in ticks]
        self.said += [said.event for said in self.venue.on_ticks(FQME, stamped)]

    def wait(self, ms: float) -> None:
        self.now += round(ms * MS)
        self.said += [said.event for said in self.venue.advance(FQME, self.now)]

    def submit(self, order: Order) -> Order:
        self.venue.submit(order, self.now)
        return order

    def kinds(self) -> list[type]:
        return [type(event) for event in self.said]


def order(order_id: str = "o", **changes: Any) -> Order:
    fields = {
        "account": "a",
        "fqme": FQME,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal(1),
        "price": Decimal(99),
    }
    return Order(order_id=order_id, **{**fields, **changes})


def test_a_request_and_its_report_are_each_under_way_for_their_delay() -> None:
    floor = Floor(delay_ms=10, report_delay_ms=5)
    floor.submit(order())
    floor.wait(14.999)
    early = floor.kinds()
    floor.wait(0.001)

    assert early == []
    assert floor.said == [
        Accepted(order_id="o", venue_order_id="paper-o", venue_ns=START_NS + 10 * MS)
    ]


def test_a_tick_before_the_arrival_is_not_traded_against() -> None:
    floor = Floor(delay_ms=10)
    floor.submit(order())
    floor.now += 9 * MS
    floor.tell(Trade(FQME, 98.0, 100.0))
    floor.now += 1 * MS
    floor.tell(Trade(FQME, 99.5, 1.0))

    assert floor.kinds() == [Accepted]


def test_a_cancel_can_come_too_late() -> None:
    floor = Floor(delay_ms=10)
    resting = floor.submit(order())
    floor.wait(20)
    floor.venue.cancel(resting, floor.now)
    floor.now += 5 * MS
    floor.tell(Trade(FQME, 98.0, 1.0))
    floor.wait(10)

    assert floor.kinds() == [Accepted, Filled, RequestRefused]


def test_jitter_is_the_same_for_the_same_seed() -> None:
    def log(seed: int) -> list[OrderEvent]:
        floor = Floor(delay_ms=10, jitter_ms=50, seed=seed)
        for number in range(20):
            floor.submit(order(str(number)))
        floor.wait(100)
        return floor.said

    assert log(1) == log(1)
    assert log(1) != log(2)


def test_no_request_overtakes_what_its_account_sent_before() -> None:
    for seed in range(20):
        floor = Floor(delay_ms=10, jitter_ms=500, seed=seed)
        placed = floor.submit(order())
        floor.wait(1)
        floor.venue.cancel(placed, floor.now)
        floor.wait(1000)

        assert floor.kinds() == [Accepted, Canceled]


def test_after_a_seek_back_requests_do_not_wait_for_a_time_that_was_left() -> None:
    floor = Floor(delay_ms=10)
    floor.submit(order("before"))
    floor.now -= 3600_000 * MS
    floor.tell(Break(FQME, "seek"))
    floor.submit(order("after"))
    floor.wait(10)

    assert [event.order_id for event in floor.said if isinstance(event, Accepted)] == [
        "before",
        "after",
    ]


def test_fees_are_those_of_the_instrument_unless_configured() -> None:
    floor = Floor()
    floor.submit(order("take", order_type="market", price=None))
    floor.submit(order("rest", price=Decimal("99.5")))
    floor.wait(20)
    floor.tell(Trade(FQME, 99.0, 1.0))
    own = Floor(taker_fee=Decimal("-0.01"))
    own.submit(order(order_type="market", price=None))
    own.wait(20)

    fees = [(e.liquidity, e.fee, e.fee_asset) for e in floor.said if isinstance(e, Filled)]
    assert fees == [
        ("taker", Decimal("0.202"), "usdt"),
        ("maker", Decimal("0.0995"), "usdt"),
    ]
    assert [e.fee for e in own.said if isinstance(e, Filled)] == [Decimal("-1.01")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"price": Decimal("99.001")}, "price tick"),
        ({"size": Decimal("0.0001")}, "smaller"),
        ({"price": None, "route": "dark", "trigger_price": Decimal(1)}, "needs a price"),
        ({"price": Decimal(101), "post_only": True}, "post-only"),
    ],
)
def test_the_venue_rejects_what_is_no_order(fields: dict[str, Any], reason: str) -> None:
    floor = Floor()
    floor.submit(order(**fields))
    floor.wait(20)

    (rejected,) = floor.said
    assert isinstance(rejected, Rejected)
    assert reason in rejected.reason
    assert floor.venue.open_orders("a") == ()


def test_an_order_id_is_used_once() -> None:
    floor = Floor()
    floor.submit(order())
    with pytest.raises(OrderRejected, match="used before"):
        floor.submit(order())


def test_an_amend_is_counted_in_the_size_with_what_is_filled() -> None:
    floor = Floor()
    resting = floor.submit(order(size=Decimal(3), price=Decimal("99.5")))
    floor.wait(20)
    floor.tell(Trade(FQME, 99.5, 1.0))
    floor.venue.amend(resting, Decimal("99.5"), Decimal(2), floor.now)
    floor.wait(20)
    floor.tell(Trade(FQME, 99.0, 9.0))

    assert floor.kinds() == [Accepted, Filled, Amended, Filled]
    assert [fill.size for fill in floor.venue.fills("a", 0)] == [1, 1]
    assert floor.venue.open_orders("a") == ()


@pytest.mark.parametrize(
    ("fields", "price", "size", "reason"),
    [
        ({"size": Decimal(2)}, "99.5", "1", "filled already"),
        ({"size": Decimal(2), "post_only": True}, "101", "2", "post-only"),
        ({"size": Decimal(2)}, "99.501", "2", "price tick"),
    ],
)
def test_an_amend_that_cannot_be_is_refused_and_changes_nothing(
    fields: dict[str, Any], price: str, size: str, reason: str
) -> None:
    floor = Floor()
    resting = floor.submit(order(**{"price": Decimal("99.5"), **fields}))
    floor.wait(20)
    floor.tell(Trade(FQME, 99.5, 1.0))
    before = floor.venue.open_orders("a")
    floor.venue.amend(resting, Decimal(price), Decimal(size), floor.now)
    floor.wait(20)

    refused = floor.said[-1]
    assert isinstance(refused, RequestRefused)
    assert reason in refused.reason
    assert floor.venue.open_orders("a") == before


def test_a_stop_works_in_the_list_of_open_orders_and_can_be_canceled() -> None:
    floor = Floor()
    stop = floor.submit(order(order_type="stop", price=None, stop_price=Decimal(105)))
    floor.wait(20)
    listed = floor.venue.open_orders("a")
    floor.venue.cancel(stop, floor.now)
    floor.wait(20)
    floor.tell(Trade(FQME, 106.0, 1.0))

    assert [one.stop_price for one in listed] == [105]
    assert floor.kinds() == [Accepted, Canceled]


def test_an_order_that_is_over_at_once_says_so_after_its_acceptance() -> None:
    floor = Floor()
    floor.submit(order(time_in_force="ioc"))
    floor.wait(20)

    assert floor.kinds() == [Accepted, Expired]


def test_a_seek_back_leaves_nothing_under_way_behind() -> None:
    floor = Floor(delay_ms=1000)
    floor.submit(order())
    floor.now = START_NS - 3_600_000 * MS
    floor.tell(Break(FQME, "seek"))
    floor.wait(1)
    resting = floor.submit(order("later"))
    floor.venue.cancel(resting, floor.now)
    floor.wait(1000)

    assert floor.kinds() == [Accepted, Accepted, Canceled]


def test_accounts_are_kept_apart_and_begin_with_their_balances() -> None:
    floor = Floor(balances={"usdt": Decimal(1000)})
    floor.submit(order("1", order_type="market", price=None))
    floor.submit(order("2", account="b", side="sell", order_type="market", price=None))
    floor.wait(20)

    assert [held.size for held in floor.venue.positions("a")] == [1]
    assert [held.size for held in floor.venue.positions("b")] == [-1]
    assert floor.venue.balances("a") == {"usdt": Decimal("898.798"), "btc": 1}
    assert floor.venue.balances("c") == {"usdt": 1000}


def test_every_fill_has_an_id_of_its_own() -> None:
    floor = Floor()
    floor.submit(order("1", order_type="market", price=None, size=Decimal(3)))
    floor.submit(order("2", order_type="market", price=None, size=Decimal(3)))
    floor.wait(20)

    ids = [fill.trade_id for fill in floor.venue.fills("a", 0)]
    assert len(ids) == len(set(ids)) == 3


# -- money and rules of the market ------------------------------------------------------------


def test_contracts_are_settled_by_their_profit_in_the_asset_they_settle_in() -> None:
    future = replace(INSTRUMENT, multiplier=Decimal(10))
    floor = Floor(future, delay_ms=0)
    floor.submit(order("in", order_type="market", price=None))
    floor.wait(0)
    floor.tell(Bid(FQME, 111.0, 5.0))
    floor.submit(order("out", side="sell", order_type="market", price=None))
    floor.wait(0)

    fees = (101 + 111) * 10 * Decimal("0.002")
    assert floor.venue.balances("a") == {"usdt": 100 - fees}


def test_an_inverse_contract_pays_fees_and_profit_in_its_base() -> None:
    inverse = replace(INSTRUMENT, is_inverse=True, multiplier=Decimal(100))
    floor = Floor(inverse, delay_ms=0)
    floor.submit(order("in", order_type="market", price=None, size=Decimal(1)))
    floor.wait(0)

    (fill,) = (event for event in floor.said if isinstance(event, Filled))
    assert fill.fee_asset == "btc"
    assert float(fill.fee) == pytest.approx(100 / 101 * 0.002)
    assert floor.venue.balances("a") == {"btc": -fill.fee}


def test_a_stated_fee_is_charged_in_place_of_that_of_the_instrument() -> None:
    floor = Floor(delay_ms=0, taker_fee=Decimal("0.01"))
    floor.submit(order("in", order_type="market", price=None))
    floor.wait(0)

    (fill,) = (event for event in floor.said if isinstance(event, Filled))
    assert fill.fee == Decimal("1.01")


def test_the_published_commissions_of_a_sale_add_up() -> None:
    """Binance, commission FAQ: 0.49975 BTC sold at 35,000 by the taker; standard 0.00000060,
    tax 0.00000230 and special 0.06 of the notional."""
    rates = [Decimal("0.00000060"), Decimal("0.00000230"), Decimal("0.06")]
    fine = replace(INSTRUMENT, size_step=Decimal("0.00001"))
    floor = Floor(fine, delay_ms=0, taker_fee=sum(rates))
    floor.tell(Bid(FQME, 35_000.0, 5.0))
    floor.submit(order(side="sell", order_type="market", price=None, size=Decimal("0.49975")))
    floor.wait(0)

    (fill,) = (event for event in floor.said if isinstance(event, Filled))
    assert fill.fee == Decimal("0.01049475") + Decimal("0.0402298750") + Decimal("1049.475")
    assert floor.venue.balances("a") == {
        "usdt": Decimal("17491.25") - fill.fee,
        "btc": Decimal("-0.49975"),
    }


RULED = replace(
    INSTRUMENT,
    market_max_size=Decimal(2),
    price_range=PriceRange(buy_high=Decimal("1.1"), sell_low=Decimal("0.9")),
    average_minutes=5,
)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"order_type": "market", "price": None, "size": Decimal("2.001")}, "no larger market"),
        ({"price": Decimal("110.01")}, "too far above"),
        ({"price": Decimal("89.99"), "side": "sell"}, "too far below"),
        ({"size": Decimal("0.05")}, "worth less"),
        ({"size": Decimal("0.049"), "order_type": "market", "price": None}, "worth less"),
    ],
)
def test_the_rules_of_the_market_are_those_of_its_venue(terms: dict[str, Any], said: str) -> None:
    floor = Floor(RULED, delay_ms=0)
    floor.submit(order(**terms))
    floor.wait(0)

    (rejected,) = floor.said
    assert isinstance(rejected, Rejected)
    assert said in rejected.reason


def test_an_amend_is_held_to_the_rules_of_the_market() -> None:
    floor = Floor(RULED, delay_ms=0)
    resting = floor.submit(order())
    floor.wait(0)
    floor.venue.amend(resting, Decimal("110.01"), Decimal(1), floor.now)
    floor.wait(0)

    refused = floor.said[-1]
    assert isinstance(refused, RequestRefused)
    assert "too far above" in refused.reason


def test_the_average_of_a_market_forgets_what_is_long_ago() -> None:
    floor = Floor(RULED, delay_ms=0)  # one traded at 100
    floor.tell(Trade(FQME, 200.0, 3.0))
    assert floor.venue.average_price(FQME) == 175
    floor.wait(4 * 60_000)
    floor.tell(Trade(FQME, 200.0, 1.0))
    assert floor.venue.average_price(FQME) == 180
    floor.wait(60_000)
    assert floor.venue.average_price(FQME) == 200
    floor.wait(5 * 60_000)
    assert floor.venue.average_price(FQME) == 200, "the last price, where nothing traded"
