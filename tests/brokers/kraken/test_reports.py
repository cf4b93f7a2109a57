"""What the executions channel says, as events of our orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.kraken.account_wire import decode_envelope, decode_executions
from brokers.kraken.markets import Markets
from brokers.kraken.order_names import Names, name_of
from brokers.kraken.reports import Reports
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Expired,
    Filled,
    Lost,
    Order,
    OrderEvent,
    Rejected,
)
from tests.brokers.kraken.test_markets import listed

D = Decimal
NAME = name_of("o1")
TIME = "2026-11-21T12:00:00.123456Z"
TIME_NS = 1_795_262_400_123_456_000
ALGO_ORDER = "0" * 32 + ".exit-1"


def order(**fields: Any) -> Order:
    usual: dict[str, Any] = {
        "order_id": "o1",
        "account": "main",
        "fqme": "btcusd.spot.kraken",
        "side": "buy",
        "order_type": "limit",
        "size": D("2"),
        "price": D("27000"),
    }
    return Order(**{**usual, **fields})


class Teller:
    """Says entries to reports, as they come over the wire."""

    def __init__(self) -> None:
        self.names = Names()
        self.reports = Reports("main", self.names, Markets(listed("BTC/USD", "ETH/USD")))

    def say(self, exec_type: str, **fields: Any) -> list[OrderEvent]:
        return self.reports.on_update(self.entry(exec_type, **fields))

    def entry(self, exec_type: str, **fields: Any) -> Any:
        usual = {"exec_type": exec_type, "order_id": "OABC", "timestamp": TIME}
        return decode_executions(msgspec.json.encode([{**usual, **fields}]))[0]

    def pending(self, **fields: Any) -> list[OrderEvent]:
        usual = {
            "cl_ord_id": NAME,
            "symbol": "BTC/USD",
            "side": "buy",
            "order_type": "limit",
            "order_qty": 2,
            "limit_price": 27000,
            "order_status": "pending_new",
        }
        return self.say("pending_new", **{**usual, **fields})

    def trade(self, trade_id: str = "TABC", **fields: Any) -> list[OrderEvent]:
        usual = {
            "exec_id": trade_id,
            "symbol": "BTC/USD",
            "side": "buy",
            "last_qty": 0.5,
            "last_price": 26999.9,
            "liquidity_ind": "t",
            "fees": [{"asset": "USD", "qty": 3.5}],
        }
        return self.say("trade", **{**usual, **fields})


ACCEPTED = Accepted(order_id="o1", venue_order_id="OABC", venue_ns=TIME_NS)


def test_an_order_is_accepted_once_it_is_in_the_book() -> None:
    teller = Teller()
    teller.reports.expect(order())

    assert teller.pending() == []
    assert teller.say("new") == [ACCEPTED]
    assert teller.say("new") == []


def test_the_answer_to_the_request_says_it_too_and_only_one_of_both_is_told() -> None:
    teller = Teller()
    teller.reports.expect(order())

    assert teller.reports.on_placed(order(), "OABC", TIME_NS) == [ACCEPTED]
    assert teller.pending() == []
    assert teller.say("new") == []


def test_a_trade_is_told_with_its_fee_and_only_once() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()

    events = teller.trade()

    assert events == [
        ACCEPTED,
        Filled(
            order_id="o1",
            trade_id="TABC",
            price=D("26999.9"),
            size=D("0.5"),
            fee=D("3.5"),
            fee_asset="USD",
            liquidity="taker",
            venue_ns=TIME_NS,
        ),
    ]
    assert teller.trade() == []
    fill = teller.reports.fill("TABC")
    assert fill is not None
    assert (fill.order_id, fill.fqme, fill.side) == ("o1", "btcusd.spot.kraken", "buy")


def test_a_fill_may_come_before_anything_else_is_known_of_the_order() -> None:
    teller = Teller()
    teller.reports.expect(order())

    events = teller.trade(cl_ord_id=NAME)

    assert [type(event) for event in events] == [Accepted, Filled]
    assert teller.reports.on_placed(order(), "OABC", TIME_NS) == []


def test_that_an_order_is_filled_counts_nothing_again() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.trade(cl_ord_id=NAME)

    assert teller.say("filled", order_status="filled", cum_qty=0.5) == []


def test_parts_of_a_fee_in_one_asset_are_added_up() -> None:
    teller = Teller()
    teller.reports.expect(order())
    fees = [{"asset": "USD", "qty": 1.5}, {"asset": "ZUSD", "qty": 2}, {"asset": "BTC", "qty": 0}]

    (_, filled) = teller.trade(cl_ord_id=NAME, fees=fees, liquidity_ind="m")

    assert isinstance(filled, Filled)
    assert (filled.fee, filled.fee_asset, filled.liquidity) == (D("3.5"), "USD", "maker")


def test_a_cancel_says_the_venue_s_reason() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()
    teller.say("new")

    (event,) = teller.say("canceled", reason="User requested", order_status="canceled")

    assert event == Canceled(order_id="o1", reason="User requested", venue_ns=TIME_NS)


def test_an_answer_after_the_end_is_no_news() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()
    teller.say("canceled", reason="User requested")

    assert teller.reports.on_placed(order(), "OABC", TIME_NS) == []


def test_an_order_that_expires_says_so() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()

    assert teller.say("expired") == [Expired(order_id="o1", venue_ns=TIME_NS)]


def test_a_post_only_order_that_would_take_is_rejected() -> None:
    teller = Teller()
    teller.reports.expect(order(post_only=True))

    assert teller.reports.on_placed(order(post_only=True), "OABC", TIME_NS) == []
    teller.pending(post_only=True)
    (event,) = teller.say("canceled", reason="Post only order")

    assert event == Rejected(order_id="o1", reason="Post only order", venue_ns=TIME_NS)


def test_an_amend_says_all_terms_though_the_venue_names_only_what_changed() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()
    teller.say("new")

    priced = teller.say("amended", limit_price=26500)
    sized = teller.say("amended", order_qty=1.5)

    assert priced == [Amended(order_id="o1", price=D(26500), size=D(2), venue_ns=TIME_NS)]
    assert sized == [Amended(order_id="o1", price=D(26500), size=D("1.5"), venue_ns=TIME_NS)]


def test_what_the_venue_restates_is_told_where_it_changes_the_terms() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()
    teller.say("new")

    assert teller.say("restated", order_qty=2, limit_price=27000) == []
    (event,) = teller.say("restated", order_qty=1)
    assert event == Amended(order_id="o1", price=D(27000), size=D(1), venue_ns=TIME_NS)


def test_an_amend_of_unknown_terms_is_a_doubt() -> None:
    teller = Teller()
    teller.say("new", cl_ord_id=NAME)

    (event,) = teller.say("amended", limit_price=1)

    assert isinstance(event, Lost)


@pytest.mark.parametrize("exec_type", ["status", "iceberg_refill", "what_comes_next_year"])
def test_entries_that_change_nothing_here_tell_nothing(exec_type: str) -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()

    assert teller.say(exec_type, limit_price=5) == []


def test_a_stop_keeps_no_limit_price_of_a_trailing_one() -> None:
    teller = Teller()
    teller.reports.expect(order(order_type="trailing_stop_limit", price=None))
    teller.pending(order_type="trailing-stop-limit", limit_price=20, limit_price_type="quote")

    (_, event) = teller.say("amended", order_qty=1)

    assert event == Amended(order_id="o1", price=None, size=D(1), venue_ns=TIME_NS)


def test_an_order_made_elsewhere_goes_by_the_venue_s_id() -> None:
    teller = Teller()

    teller.pending(cl_ord_id="arb-20240509-00010")
    (event,) = teller.say("new")

    assert event == Accepted(order_id="OABC", venue_order_id="OABC", venue_ns=TIME_NS)


def test_an_order_of_ours_that_is_not_on_record_yet_is_held_back_until_it_is() -> None:
    teller = Teller()
    name = name_of(ALGO_ORDER)

    assert teller.pending(cl_ord_id=name) == []
    assert teller.say("new") == []
    assert teller.reports.held_back == 2
    teller.names.recognise([ALGO_ORDER])

    (event,) = teller.say("canceled")
    assert event == Canceled(order_id=ALGO_ORDER, venue_ns=TIME_NS)


def test_a_snapshot_tells_nothing_and_is_the_ground_of_what_follows() -> None:
    teller = Teller()
    entries = [
        teller.entry(
            "new",
            cl_ord_id=NAME,
            symbol="BTC/USD",
            side="buy",
            order_type="limit",
            order_qty=2,
            limit_price=27000,
        ),
        teller.entry(
            "trade",
            order_id="OOLD",
            symbol="ETH/USD",
            side="sell",
            exec_id="TOLD",
            last_qty=1,
            last_price=1800,
        ),
    ]

    teller.reports.on_snapshot(entries)

    assert teller.reports.fill("TOLD") is not None
    assert teller.say("new") == []
    assert teller.say("amended", order_qty=1) == [
        Amended(order_id="o1", price=D(27000), size=D(1), venue_ns=TIME_NS)
    ]


def test_an_old_trade_that_makes_no_sense_keeps_nobody_from_logging_in() -> None:
    teller = Teller()

    teller.reports.on_snapshot([teller.entry("trade", exec_id="TOLD", side="both")])

    assert teller.reports.fill("TOLD") is None


def test_a_new_connection_tells_again_what_works() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.pending()
    teller.say("new")
    teller.reports.begin()

    teller.pending()

    assert teller.say("new") == [ACCEPTED]


@pytest.mark.parametrize(
    "fields",
    [
        {"last_qty": None},
        {"exec_id": ""},
        {"last_price": "NaN"},
        {"side": "both"},
        {"timestamp": "yesterday"},
    ],
)
def test_a_trade_that_is_not_told_in_full_is_never_guessed(fields: dict[str, Any]) -> None:
    teller = Teller()

    with pytest.raises(ValueError):  # noqa: PT011 - whichever of them
        teller.trade(cl_ord_id=NAME, **fields)


def test_what_the_venue_s_pages_show_is_read() -> None:
    message = b"""{"channel":"executions","type":"update","data":[{"order_id":"OK4GJX-KSTLS-7DZZO5",
    "order_userref":3,"symbol":"BTC/USD","order_qty":0.005,"cum_cost":0.0,"time_in_force":"GTC",
    "exec_type":"pending_new","side":"sell","order_type":"limit","limit_price_type":"static",
    "limit_price":26500.0,"stop_price":0.0,"order_status":"pending_new","fee_usd_equiv":0.0,
    "fee_ccy_pref":"fciq","timestamp":"2023-09-22T10:33:05.709950Z"}],"sequence":8}"""

    envelope = decode_envelope(message)
    (entry,) = decode_executions(envelope.data)

    assert (envelope.channel, envelope.sequence) == ("executions", 8)
    assert (entry.order_qty, entry.limit_price) == (D("0.005"), D("26500.0"))


@given(
    st.lists(
        st.sampled_from(["pending", "new", "t1", "t2", "amended", "canceled", "filled", "placed"]),
        max_size=12,
    )
)
def test_however_often_things_are_said_each_trade_counts_once(said: list[str]) -> None:
    teller = Teller()
    teller.reports.expect(order())
    events: list[OrderEvent] = []
    for what in said:
        match what:
            case "pending":
                events += teller.pending()
            case "t1" | "t2":
                events += teller.trade(what, cl_ord_id=NAME)
            case "placed":
                events += teller.reports.on_placed(order(), "OABC", TIME_NS)
            case _:
                events += teller.say(what, cl_ord_id=NAME)

    told = [event.trade_id for event in events if isinstance(event, Filled)]
    assert sorted(told) == sorted({"t1", "t2"} & set(said))
    assert sum(isinstance(event, Accepted) for event in events) <= 1
    assert {event.order_id for event in events} <= {"o1"}
