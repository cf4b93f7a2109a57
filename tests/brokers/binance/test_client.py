"""An account's client against the test venue, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from engine.clock import TrioClock
from engine.errors import (
    BrokerUnavailable,
    NotSupported,
    OrderRejected,
    OutcomeUnknown,
)
from engine.messages import (
    Accepted,
    AccountInfo,
    Canceled,
    Expired,
    Filled,
    OrderState,
)
from tests.brokers.binance.live_venue import (
    ACCOUNT,
    BTC,
    KEYS,
    START_NS,
    Desk,
    Kind,
    logged_in,
    open_desk,
    running_broker,
    running_venue,
    until,
)
from tests.check_broker import PARTS, Harness, check_broker
from tests.venues.binance import demo

D = Decimal
AutojumpClock = trio.testing.MockClock


ABOUT_ORDERS = [
    "fills_a_market_order",
    "fills_a_limit_order_at_its_price_or_better",
    "lets_a_far_stop_sleep",
    "refuses_to_cancel_what_is_filled",
    "rests_a_far_order_and_cancels_it",
    "refuses_to_cancel_what_it_does_not_have",
    "amends_price_and_size",
    "ends_the_rest_of_an_immediate_order",
    "refuses_a_post_only_order_that_would_take",
    "refuses_prices_and_sizes_off_the_grid",
    "trades_one_order_id_at_most_once",
    "reports_a_sale_that_closes_the_position",
]


@pytest.mark.parametrize("kind", list(KEYS))
async def test_keeps_every_promise_of_the_port_about_orders(
    kind: Kind, autojump_clock: AutojumpClock
) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Harness]:
        async with open_desk(kind=kind, venue_options={"is_quiet": False}) as desk:
            yield Harness(broker=desk.broker, fqme=BTC, account=ACCOUNT)

    await check_broker(make, leave_out=PARTS.keys() - set(ABOUT_ORDERS))


# -- logging in ------------------------------------------------------------------------------------


async def test_a_key_that_the_venue_does_not_know_logs_nobody_in(
    autojump_clock: AutojumpClock,
) -> None:
    clock = TrioClock(START_NS)
    async with running_venue(clock) as venue, running_broker(venue, clock) as broker:
        venue.state.keys.clear()
        with pytest.raises(BrokerUnavailable, match="does not log main in: Invalid API-key"):
            async with logged_in(venue, broker):
                raise AssertionError("logged in")


async def test_an_account_without_keys_says_so(autojump_clock: AutojumpClock) -> None:
    clock = TrioClock(START_NS)
    async with (
        running_venue(clock) as venue,
        running_broker(venue, clock, keys={}) as broker,
    ):
        with pytest.raises(BrokerUnavailable, match="no keys for account main"):
            async with logged_in(venue, broker):
                raise AssertionError("logged in")


async def test_a_clock_that_is_wrong_is_corrected_by_the_venues(
    autojump_clock: AutojumpClock,
) -> None:
    ours, theirs = TrioClock(START_NS), TrioClock(START_NS + 3600 * 10**9)
    async with (
        running_venue(theirs) as venue,
        running_broker(venue, ours) as broker,
        logged_in(venue, broker) as desk,
    ):
        await desk.submit()

        assert desk.of("o1", Accepted)
        status = desk.client.status()
        assert status.clock_offset_ms is not None
        assert abs(status.clock_offset_ms - 3_600_000) < 1000


async def test_what_ends_an_account_leaves_it_as_what_it_is(autojump_clock: AutojumpClock) -> None:
    clock = TrioClock(START_NS)
    async with running_venue(clock) as venue, running_broker(venue, clock) as broker:
        with pytest.raises(OrderRejected, match="of the block"):
            async with broker.open_client(ACCOUNT, lambda event: None):
                raise OrderRejected("of the block")


async def test_several_accounts_have_clients_of_their_own(autojump_clock: AutojumpClock) -> None:
    clock = TrioClock(START_NS)
    keys = {"main": KEYS["hmac"], "other": KEYS["ed25519"]}
    async with running_venue(clock) as venue, running_broker(venue, clock, keys=keys) as broker:
        venue.state.open_account("second", demo.BALANCES, demo.demo_keys("second")[1:])
        other = AccountInfo(name="other", broker="binance")
        async with (
            logged_in(venue, broker) as one,
            logged_in(venue, broker, other) as two,
        ):
            await one.submit("o1")
            await two.submit("o2")
            names = [status.name for status in broker.connections()]
            theirs = await two.client.open_orders()

            assert [order.order_id for order in theirs] == ["o2"]
            assert {event.order_id for event in one.events} == {"o1"}
            assert {event.order_id for event in two.events} == {"o2"}
            assert names[-2:] == ["account main", "account other"]


# -- orders ----------------------------------------------------------------------------------------


async def test_fees_liquidity_and_times_of_a_fill_are_those_of_the_venue(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await desk.submit("maker")
        desk.fill("maker", "0.004")
        desk.offer("sell", 1.001)
        await desk.submit("taker", order_type="market")
        maker = await desk.wait("maker", Filled)
        await until(lambda: desk.filled("taker") == D("0.01"))
        truth = {str(one.trade_id): one for one in desk.account.executions}
        (listed,) = [one for one in await desk.client.fills(START_NS) if one.order_id == "maker"]

        assert maker.liquidity == "maker"
        assert {one.liquidity for one in desk.of("taker", Filled)} == {"taker"}
        for filled in desk.of("maker", Filled) + desk.of("taker", Filled):
            true = truth[filled.trade_id]
            assert (filled.price, filled.size) == (true.price, true.size)
            assert (filled.fee, filled.fee_asset) == (true.commission, true.commission_asset)
            assert filled.venue_ns == true.time_ns // 10**6 * 10**6
        assert (listed.trade_id, listed.fee, listed.liquidity) == (
            maker.trade_id,
            maker.fee,
            "maker",
        )


async def test_a_refusal_has_the_venues_words_and_its_filter(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        with pytest.raises(OrderRejected, match="insufficient balance"):
            await desk.submit("o1", size=D(3))
        with pytest.raises(OrderRejected, match="Filter failure: LOT_SIZE"):
            await desk.submit("o2", size=D("0.000001"))
        desk.offer("sell", 1.001)
        with pytest.raises(OrderRejected, match="immediately match and take"):
            await desk.submit("o3", price=desk.price(1.05), post_only=True)

        assert desk.events == []


async def test_an_order_that_is_too_long_named_is_not_sent(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        with pytest.raises(OrderRejected, match="nothing was sent"):
            await desk.submit("x" * 37)
        with pytest.raises(OrderRejected, match="nothing was sent"):
            await desk.client.cancel(desk.order("x" * 37))

        assert desk.account.submits == {}


async def test_orders_of_algos_keep_their_names(autojump_clock: AutojumpClock) -> None:
    name = f"{'0123456789abcdef' * 2}.target1-2"
    async with open_desk() as desk:
        order = await desk.submit(name)
        (listed,) = await desk.client.open_orders()
        await desk.client.cancel(order)
        found = await desk.client.order(name)

        assert listed.order_id == name
        assert found is not None
        assert (found.order_id, found.state) == (name, OrderState.CANCELED)
        assert [type(event) for event in desk.of(name)] == [Accepted, Canceled]


async def test_icebergs_and_trailing_stops_are_what_they_were_asked_to_be(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await desk.submit("iceberg", size=D("0.01"), shown=D("0.002"))
        await desk.submit(
            "trails", side="sell", order_type="trailing_stop", trail=D("1.5"), trail_unit="percent"
        )
        found = {order.order_id: order for order in await desk.client.open_orders()}

        assert found["iceberg"].shown == D("0.002")
        assert (found["trails"].order_type, found["trails"].trail) == ("trailing_stop", D("1.5"))


async def test_an_order_can_be_tried_without_being_placed(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        await desk.client.test(desk.order(), desk.instrument)
        with pytest.raises(BrokerUnavailable, match="LOT_SIZE"):
            await desk.client.test(desk.order(size=D("0.000001")), desk.instrument)

        assert desk.account.orders == {}


async def test_balances_are_totals_and_positions_there_are_none(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await desk.submit()  # locks some of it
        balances = await desk.client.balances()

        assert balances["USDT"] == demo.BALANCES["USDT"]
        assert balances["BTC"] == demo.BALANCES["BTC"]
        with pytest.raises(NotSupported):
            await desk.client.positions()


async def test_self_trade_prevention_ends_the_order_and_says_so(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        price = desk.price(1.0) - desk.instrument.price_tick
        await desk.submit("rests", price=price)
        await desk.submit("takes", side="sell", price=price, time_in_force="ioc")
        rests = await desk.wait("rests", Expired)

        assert "self-trade" in rests.reason
        assert desk.of("takes", Expired)
        assert desk.filled("rests") == 0


# -- order lists -----------------------------------------------------------------------------------


async def submit_pair(desk: Desk, **fields: Any) -> dict[str, Any]:
    said: dict[str, Any] = {}

    async def send(name: str, **terms: Any) -> None:
        try:
            await desk.submit(name, side="sell", link_group="g", **{**terms, **fields})
            said[name] = "taken"
        except (OrderRejected, OutcomeUnknown) as error:
            said[name] = error

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: send("stop", order_type="stop", stop_price=desk.price(0.9)))
        nursery.start_soon(lambda: send("limit", price=desk.price(1.1)))
    return said


async def test_a_stop_and_a_limit_are_one_list_of_the_venue(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        said = await submit_pair(desk)
        listed = {order.order_id: order for order in await desk.client.open_orders()}
        desk.fill("limit", "0.01")
        await until(lambda: desk.filled("limit") == D("0.01"))
        end = await desk.wait("stop", Expired, Canceled)

        assert said == {"stop": "taken", "limit": "taken"}
        assert listed["stop"].link_group == listed["limit"].link_group != ""
        assert (listed["limit"].post_only, listed["stop"].order_type) == (True, "stop")
        assert [type(event) for event in desk.of("stop")] == [Accepted, type(end)]
        assert await desk.client.open_orders() == []


async def test_a_list_that_the_venue_refuses_is_refused_whole(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        said = await submit_pair(desk, size=D(100))

        assert [type(said[name]) for name in ("stop", "limit")] == [OrderRejected] * 2
        assert desk.account.orders == {}


async def test_the_cancel_of_one_of_a_list_ends_both(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        await submit_pair(desk)
        stop = desk.order("stop", side="sell")
        await desk.client.cancel(stop)
        await desk.wait("limit", Canceled, Expired)

        assert len(desk.of("stop", Canceled)) == len(desk.of("limit", Canceled)) == 1


async def test_one_of_a_list_is_given_no_other_price(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        await submit_pair(desk)
        limit = desk.order("limit", side="sell", price=desk.price(1.1))
        with pytest.raises(OrderRejected, match="order list"):
            await desk.client.amend(limit, desk.price(1.2), limit.size)

        assert len(await desk.client.open_orders()) == 2
