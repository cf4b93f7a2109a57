"""What REST says of an account, as orders, fills and balances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from brokers.kraken.markets import Markets
from brokers.kraken.order_names import Names, name_of
from brokers.kraken.queries import Queries
from brokers.kraken.reports import Reports
from engine.clock import NANOS
from engine.errors import BrokerUnavailable
from engine.messages import Order, OrderState
from tests.brokers.kraken.rest_venue import RestVenue, private_rest, refusal, result
from tests.brokers.kraken.test_markets import listed
from tests.brokers.kraken.test_reports import ALGO_ORDER, Teller, order

D = Decimal
OPENED_NS = 1_688_666_559_897_400_000


def venue_order(**fields: Any) -> dict[str, Any]:
    descr = {
        "pair": "XBTUSD",
        "type": "buy",
        "ordertype": "limit",
        "price": "30010.0",
        "price2": "0",
        **fields.pop("descr", {}),
    }
    return {
        "refid": None,
        "userref": 0,
        "cl_ord_id": None,
        "status": "open",
        "opentm": 1688666559.8974,
        "starttm": 0,
        "expiretm": 0,
        "descr": descr,
        "vol": "1.25000000",
        "vol_exec": "0.00000000",
        "cost": "0.00000",
        "fee": "0.00000",
        "price": "0.00000",
        "misc": "",
        "oflags": "fciq",
        **fields,
    }


def trade(order_id: str = "OABC", seconds: float = 1000.5, **fields: Any) -> dict[str, Any]:
    return {
        "ordertxid": order_id,
        "pair": "XXBTZUSD",
        "time": seconds,
        "type": "buy",
        "ordertype": "limit",
        "price": "30010.00000",
        "cost": "600.20000",
        "fee": "0.96",
        "vol": "0.02000000",
        "margin": "0.00000",
        "misc": "",
        "trade_id": 40274859,
        "maker": True,
        **fields,
    }


@asynccontextmanager
async def queries(venue: RestVenue, reports: Reports | None = None) -> AsyncIterator[Queries]:
    names, markets = Names(), Markets(listed("BTC/USD", "ETH/USD"))
    async with private_rest(venue) as private:
        yield Queries(
            "main",
            private=private,
            names=names,
            markets=markets,
            reports=reports or Reports("main", names, markets),
        )


async def the_order(**fields: Any) -> Order:
    venue = RestVenue(OpenOrders=[result({"open": {"OABC": venue_order(**fields)}})])
    async with queries(venue) as asked:
        (found,) = await asked.open_orders()
    return found


async def test_an_open_order_is_read_in_full() -> None:
    found = await the_order(
        cl_ord_id=name_of("o1"),
        vol_exec="0.37500000",
        price="30010.0",
        cost="11253.7",
        fee="18.0",
        oflags="post,fciq",
        expiretm=1688670000,
    )

    assert found == Order(
        order_id="o1",
        account="main",
        fqme="btcusd.spot.kraken",
        side="buy",
        order_type="limit",
        size=D("1.25000000"),
        price=D("30010.0"),
        time_in_force="gtd",
        expires_ns=1688670000 * NANOS,
        post_only=True,
        state=OrderState.PARTIAL,
        filled=D("0.37500000"),
        average_price=D("30010.0"),
        traded=D("11253.7"),
        fees=D("18.0"),
        fee_asset="USD",
        venue_order_id="OABC",
        created_ns=OPENED_NS,
        updated_ns=OPENED_NS,
    )


@pytest.mark.parametrize(
    ("descr", "fields"),
    [
        ({"ordertype": "market", "price": "0"}, {"order_type": "market"}),
        ({"ordertype": "stop-loss", "price": "27500.0"}, {"stop_price": D("27500.0")}),
        (
            {"ordertype": "take-profit-limit", "price": "27743.0", "price2": "27700.0"},
            {
                "order_type": "take_profit_limit",
                "stop_price": D("27743.0"),
                "price": D("27700.0"),
            },
        ),
        (
            {"ordertype": "trailing-stop", "price": "+5.0000%"},
            {"order_type": "trailing_stop", "trail": D("5.0000"), "trail_unit": "percent"},
        ),
        (
            {"ordertype": "trailing-stop-limit", "price": "+100.0", "price2": "-20.0"},
            {
                "order_type": "trailing_stop_limit",
                "trail": D("100.0"),
                "limit_offset": D("20.0"),
                "price": None,
            },
        ),
        ({"ordertype": "iceberg", "price": "5"}, {"order_type": "limit", "price": D(5)}),
    ],
)
async def test_each_type_has_its_prices_where_they_belong(
    descr: dict[str, str], fields: dict[str, Any]
) -> None:
    found = await the_order(descr=descr)

    assert {name: getattr(found, name) for name in fields} == fields


async def test_an_order_made_elsewhere_goes_by_the_venue_s_id() -> None:
    found = await the_order(cl_ord_id="arb-20240509-00010")

    assert found.order_id == "OABC"


async def test_a_type_that_is_not_known_is_told_by_its_name() -> None:
    found = await the_order(descr={"ordertype": "settle-position"})

    assert "settle-position" in found.reason


async def test_an_order_is_looked_for_among_open_ones_and_then_among_done_ones() -> None:
    done = venue_order(
        cl_ord_id=name_of("o1"), status="canceled", reason="User requested", closetm=1688666600
    )
    venue = RestVenue(
        OpenOrders=[result({"open": {}})],
        ClosedOrders=[result({"closed": {"OABC": done}, "count": 1})],
    )

    async with queries(venue) as asked:
        found = await asked.order("o1")

    assert venue.methods() == ["OpenOrders", "ClosedOrders"]
    assert all(fields["cl_ord_id"] == name_of("o1") for _, fields in venue.asked)
    assert found is not None
    assert (found.state, found.reason) == (OrderState.CANCELED, "User requested")


async def test_an_order_in_neither_list_is_not_there() -> None:
    venue = RestVenue(
        OpenOrders=[result({"open": {}})], ClosedOrders=[result({"closed": {}, "count": 0})]
    )

    async with queries(venue) as asked:
        assert await asked.order("o1") is None


async def test_orders_in_doubt_are_asked_for_together_by_the_venue_s_ids() -> None:
    doubtful = [
        order(order_id=f"o{number}", venue_order_id=f"OV{number}", state=OrderState.UNKNOWN)
        for number in range(3)
    ]
    told = {
        f"OV{number}": venue_order(
            status="closed", vol_exec="1.25", cl_ord_id=name_of(f"o{number}")
        )
        for number in range(3)
    }
    venue = RestVenue(OpenOrders=[result({"open": {}})], QueryOrders=[result(told)])

    async with queries(venue) as asked:
        asked.note(doubtful)
        await asked.open_orders()
        found = [await asked.order(f"o{number}") for number in range(3)]

    assert venue.methods() == ["OpenOrders", "QueryOrders"]
    assert [one.state for one in found if one] == [OrderState.FILLED] * 3


async def test_a_venue_id_that_the_venue_does_not_know_is_looked_for_by_ours() -> None:
    venue = RestVenue(
        OpenOrders=[result({"open": {}})],
        ClosedOrders=[result({"closed": {}})],
        QueryOrders=[refusal("EOrder:Invalid order")],
    )

    async with queries(venue) as asked:
        asked.note([order(venue_order_id="OABC", state=OrderState.UNKNOWN)])
        assert await asked.order("o1") is None

    assert venue.methods() == ["QueryOrders", "OpenOrders", "ClosedOrders"]


async def test_a_post_only_order_that_was_thrown_out_is_one_that_was_refused() -> None:
    done = venue_order(cl_ord_id=name_of("o1"), status="canceled", reason="Post only order")
    venue = RestVenue(
        OpenOrders=[result({"open": {}})], ClosedOrders=[result({"closed": {"OABC": done}})]
    )

    async with queries(venue) as asked:
        found = await asked.order("o1")

    assert found is not None
    assert found.state is OrderState.REJECTED


async def test_fills_are_read_in_all_pages_oldest_first() -> None:
    every = {f"T{number}": trade(seconds=2000.25 - number) for number in range(120)}
    items = list(every.items())

    def page(fields: dict[str, str]) -> Any:
        offset = int(fields["ofs"])
        return {"trades": dict(items[offset : offset + 50]), "count": 120}

    venue = RestVenue(
        TradesHistory=[page],
        QueryOrders=[result({"OABC": venue_order(status="closed", cl_ord_id=name_of("o1"))})],
    )

    async with queries(venue) as asked:
        fills = await asked.fills(1_900_250_000_000)

    assert [fields.get("ofs") for method, fields in venue.asked if method == "TradesHistory"] == [
        "0",
        "50",
        "100",
    ]
    assert venue.asked[0][1]["start"] == "1899"
    assert venue.asked[0][1]["consolidate_taker"] == "false"
    assert [fill.trade_id for fill in fills] == [f"T{number}" for number in range(100, -1, -1)]
    assert {fill.order_id for fill in fills} == {"o1"}


async def test_a_fill_is_read_in_full() -> None:
    venue = RestVenue(
        TradesHistory=[result({"trades": {"T1": trade(type="sell")}, "count": 1})],
        QueryOrders=[result({"OABC": venue_order(status="closed")})],
    )

    async with queries(venue) as asked:
        (fill,) = await asked.fills(0)

    assert (fill.order_id, fill.trade_id, fill.fqme) == ("OABC", "T1", "btcusd.spot.kraken")
    assert (fill.side, fill.price, fill.size) == ("sell", D("30010.00000"), D("0.02000000"))
    assert (fill.fee, fill.fee_asset, fill.liquidity) == (D("0.96"), "USD", "maker")
    assert fill.venue_ns == 1_000_500_000_000


async def test_whose_a_trade_is_comes_from_the_record_where_that_has_it() -> None:
    venue = RestVenue(TradesHistory=[result({"trades": {"T1": trade()}, "count": 1})])

    async with queries(venue) as asked:
        asked.note([order(order_id=ALGO_ORDER, venue_order_id="OABC")])
        (fill,) = await asked.fills(0)

    assert fill.order_id == ALGO_ORDER
    assert venue.methods() == ["TradesHistory"]


async def test_a_fill_that_the_socket_told_stays_as_it_was_told() -> None:
    teller = Teller()
    teller.reports.expect(order())
    teller.trade("T1", cl_ord_id=name_of("o1"), fees=[{"asset": "USD", "qty": 0.9601}])
    venue = RestVenue(TradesHistory=[result({"trades": {"T1": trade()}, "count": 1})])

    async with queries(venue, teller.reports) as asked:
        (fill,) = await asked.fills(0)

    assert fill == teller.reports.fill("T1")
    assert fill.fee == D("0.9601")


async def test_balances_are_totals_by_asset() -> None:
    held = {
        "ZUSD": {"balance": "25435.21", "hold_trade": "8249.76"},
        "XXBT": {"balance": "1.2435", "hold_trade": "0.8423"},
        "BTC.F": {"balance": "0.0005"},
    }
    venue = RestVenue(BalanceEx=[result(held)])

    async with queries(venue) as asked:
        assert await asked.balances() == {"USD": D("25435.21"), "BTC": D("1.2440")}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "resting"},
        {"vol": "NaN"},
        {"opentm": 1e300},
        {"descr": {"type": "both"}},
        {"descr": {"price": "cheap"}},
    ],
)
async def test_an_order_that_makes_no_sense_is_an_error_of_the_broker(
    fields: dict[str, Any],
) -> None:
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await the_order(**fields)


@pytest.mark.parametrize("fields", [{"price": "Infinity"}, {"time": -5}, {"type": ""}])
async def test_a_trade_that_makes_no_sense_is_an_error_of_the_broker(
    fields: dict[str, Any],
) -> None:
    venue = RestVenue(
        TradesHistory=[result({"trades": {"T1": trade(**fields)}, "count": 1})],
        QueryOrders=[result({"OABC": venue_order()})],
    )

    async with queries(venue) as asked:
        with pytest.raises(BrokerUnavailable, match="cannot be read"):
            await asked.fills(0)


async def test_what_the_venue_s_pages_show_is_read() -> None:
    text = b"""{"open":{"OQCLML-BW3P3-BUCMWZ":{"refid":null,"userref":0,"status":"open",
    "opentm":1688666559.8974,"starttm":0,"expiretm":0,"descr":{"pair":"XBTUSD","type":"buy",
    "ordertype":"limit","price":"30010.0","price2":"0","leverage":"none",
    "order":"buy 1.25000000 XBTUSD @ limit 30010.0","close":""},"vol":"1.25000000",
    "vol_exec":"0.37500000","cost":"11253.7","fee":"0.00000","price":"30010.0",
    "stopprice":"0.00000","limitprice":"0.00000","misc":"","oflags":"fciq",
    "trades":["TCCCTY-WE2O6-P3NB37"]}}}"""
    venue = RestVenue(OpenOrders=[result(msgspec.json.decode(text))])

    async with queries(venue) as asked:
        (found,) = await asked.open_orders()

    assert (found.order_id, found.remaining) == ("OQCLML-BW3P3-BUCMWZ", D("0.87500000"))
