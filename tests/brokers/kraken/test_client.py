"""An account at Kraken over real sockets: what is promised of every broker, and what is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from brokers.kraken.broker import KrakenBroker
from brokers.kraken.order_names import name_of
from engine.broker import AsksByMarket, TradingClient
from engine.clock import NANOS, TrioClock
from engine.errors import BrokerUnavailable, NotSupported, OrderRejected
from engine.messages import (
    Accepted,
    AccountInfo,
    Canceled,
    ConnectionStatus,
    Expired,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Rejected,
)
from tests.brokers.kraken.live_venue import (
    ACCOUNT,
    BTC,
    START_NS,
    logged_in,
    open_rig,
    running_broker,
)
from tests.check_broker import PARTS, Harness, check_broker
from tests.venues.kraken.keys import ALL_RIGHTS, DEMO_KEY, ApiKey
from tests.venues.kraken.server import Running, open_kraken

D = Decimal
OF_MARKETS = [
    "tells_its_name_and_time",
    "raises_not_supported_for_what_its_flags_deny",
    "describes_its_market",
    "says_which_market_it_does_not_know",
    "streams_a_quote_then_ticks",
    "keeps_bid_below_ask",
    "stops_a_stream_when_cancelled_and_opens_it_again",
    "finds_its_market",
    "serves_history_in_pages_that_join",
    "refuses_periods_it_does_not_have",
]
OTHER_KEY = msgspec.structs.replace(
    DEMO_KEY, key="another-key-of-another-account", account="other", rights=ALL_RIGHTS
)


class Desk:
    """A client that is logged in, what it was told, and the venue."""

    def __init__(self, venue: Running, broker: KrakenBroker) -> None:
        self.running = venue
        self.venue = venue.venue
        self.broker = broker
        self.client: TradingClient
        self.events: list[OrderEvent] = []

    def order(self, order_id: str = "o1", **fields: Any) -> Order:
        usual: dict[str, Any] = {
            "order_id": order_id,
            "account": "main",
            "fqme": BTC,
            "side": "buy",
            "order_type": "limit",
            "size": D("0.01"),
            "price": self.price(0.9),
        }
        return Order(**{**usual, **fields})

    def price(self, share: float) -> Decimal:
        return (self.market.last_price * D(str(share))).quantize(D("0.1"))

    @property
    def market(self) -> Any:
        return self.venue.desk.market(self.venue.listing.by_symbol["BTC/USD"])

    async def submit(self, order: Order) -> Order:
        await self.client.submit(order, await self.broker.instrument(BTC))
        await trio.sleep(0.1)
        return order

    def of(self, order: Order) -> list[type]:
        return [type(event) for event in self.events if event.order_id == order.order_id]

    def status(self) -> ConnectionStatus:
        (found,) = [one for one in self.broker.connections() if one.name == "account main"]
        return found

    async def working(self) -> dict[str, Order]:
        return {order.order_id: order for order in await self.client.open_orders()}


@asynccontextmanager
async def open_desk(**options: Any) -> AsyncIterator[Desk]:
    async with open_rig(**options) as (venue, broker):
        desk = Desk(venue, broker)
        async with logged_in(broker, desk.events) as desk.client:
            yield desk


# -- what is promised of every broker -------------------------------------------------------------


async def test_keeps_every_promise_of_the_port_about_orders(
    autojump_clock: trio.testing.MockClock,
) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Harness]:
        async with open_rig(venue_options={"is_quiet": False}) as (_, broker):
            yield Harness(broker=broker, fqme=BTC, account=ACCOUNT)

    assert set(OF_MARKETS) < PARTS.keys()
    await check_broker(make, leave_out=OF_MARKETS)


# -- types and terms ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"order_type": "stop", "price": None, "stop": 1.1}, {"stop_price"}),
        ({"order_type": "stop_limit", "stop": 1.1}, {"stop_price", "price"}),
        ({"order_type": "take_profit", "price": None, "stop": 0.9}, {"stop_price"}),
        ({"order_type": "take_profit_limit", "stop": 0.9}, {"stop_price", "price"}),
        ({"order_type": "trailing_stop", "price": None, "trail": D(150)}, {"trail", "trail_unit"}),
        (
            {
                "order_type": "trailing_stop",
                "price": None,
                "trail": D("2.5"),
                "trail_unit": "percent",
            },
            {"trail", "trail_unit"},
        ),
        (
            {
                "order_type": "trailing_stop_limit",
                "price": None,
                "trail": D(150),
                "limit_offset": D(20),
            },
            {"trail", "limit_offset"},
        ),
        ({"time_in_force": "gtd", "expires_ns": START_NS + 3600 * NANOS}, {"expires_ns"}),
        ({"post_only": True}, {"post_only", "price"}),
        ({"size": D("0.1"), "shown": D("0.01")}, {"price", "size"}),
    ],
)
@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_each_kind_of_order_works_at_the_venue_as_it_was_asked_for(
    side: str, fields: dict[str, Any], seen: set[str], autojump_clock: trio.testing.MockClock
) -> None:
    async with open_desk() as desk:
        desk.market.place("buy", desk.price(0.999), D(1))
        desk.market.place("sell", desk.price(1.001), D(1))
        terms = dict(fields)
        if "price" not in terms:
            terms["price"] = desk.price(0.9 if side == "buy" else 1.1)
        if "stop" in terms:
            share = terms.pop("stop")
            terms["stop_price"] = desk.price(share if side == "buy" else 2 - share)
        order = await desk.submit(desk.order(side=side, **terms))

        assert desk.of(order) == [Accepted]
        found = (await desk.working())["o1"]
        assert found.order_type == order.order_type
        assert {name: getattr(found, name) for name in seen} == {
            name: getattr(order, name) for name in seen
        }
        await desk.client.cancel(order)
        await trio.sleep(0.1)
        assert desk.of(order) == [Accepted, Canceled]


async def test_a_gtd_order_expires_at_the_venue(autojump_clock: trio.testing.MockClock) -> None:
    async with open_desk() as desk:
        order = desk.order(time_in_force="gtd", expires_ns=START_NS + 30 * NANOS)
        await desk.submit(order)
        await trio.sleep(40)

        assert desk.of(order) == [Accepted, Expired]


async def test_a_stop_trades_once_it_is_touched(autojump_clock: trio.testing.MockClock) -> None:
    async with open_desk() as desk:
        order = await desk.submit(
            desk.order(order_type="stop", price=None, stop_price=desk.price(1.01))
        )
        desk.market.place("sell", desk.price(1.02), D(1))
        desk.market.place("buy", desk.price(1.02), D("0.1"))
        await trio.sleep(1)

        assert desk.of(order) == [Accepted, Filled]
        assert desk.client is not None


async def test_what_the_venue_has_no_order_for_never_leaves(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_desk() as desk:
        for order in (
            desk.order("reduces", reduce_only=True),
            desk.order("parts", size=D(1), shown=D("0.01")),
            desk.order("elsewhere", fqme="nothing.spot.kraken"),
        ):
            with pytest.raises(OrderRejected):
                await desk.submit(order)

        assert list(desk.venue.records.orders("demo")) == []


async def test_an_order_in_a_market_that_is_not_listed_any_more_can_be_canceled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_desk() as desk:
        order = await desk.submit(desk.order())
        (working,) = (await desk.working()).values()
        await desk.client.cancel(msgspec.structs.replace(working, fqme="gone.spot.kraken"))
        await trio.sleep(0.1)

        assert desk.of(order) == [Accepted, Canceled]


async def test_a_post_only_order_that_is_thrown_out_of_the_book_is_refused(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_desk() as desk:
        desk.market.place("sell", desk.price(1.0), D(1))
        with pytest.raises(OrderRejected, match="Post only"):
            await desk.submit(desk.order(price=desk.price(1.01), post_only=True))

        assert not any(isinstance(event, Filled | Accepted) for event in desk.events)
        assert all(isinstance(event, Rejected) for event in desk.events)


# -- fills ----------------------------------------------------------------------------------------


async def test_a_fill_is_the_same_whoever_tells_it(autojump_clock: trio.testing.MockClock) -> None:
    async with open_desk() as desk:
        desk.market.place("sell", desk.price(1.0), D("0.004"))
        desk.market.place("sell", desk.price(1.001), D(1))
        order = await desk.submit(desk.order(order_type="market", price=None))
        told = [event for event in desk.events if isinstance(event, Filled)]
        asked = await desk.client.fills(START_NS)

    assert len(told) == 2
    for event, fill in zip(told, asked, strict=True):
        assert (event.trade_id, event.price, event.size) == (fill.trade_id, fill.price, fill.size)
        assert (event.fee, event.fee_asset, event.liquidity) == (
            fill.fee,
            fill.fee_asset,
            fill.liquidity,
        )
        assert fill.order_id == order.order_id
        assert event.fee_asset == "USD"
        assert event.liquidity == "taker"


async def test_the_history_tells_a_sale_s_fee_as_the_socket_did(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as (venue, broker):
        desk = Desk(venue, broker)
        async with logged_in(broker, desk.events) as desk.client:
            desk.market.place("buy", desk.price(1.0), D(1))
            await desk.submit(desk.order(side="sell", order_type="market", price=None))
        (told,) = [event for event in desk.events if isinstance(event, Filled)]
        async with logged_in(broker, []) as client:
            client._reports._fills.clear()  # type: ignore[attr-defined]  # it heard of nothing
            (fill,) = await client.fills(0)

    assert (fill.fee, fill.fee_asset) == (told.fee, told.fee_asset)
    assert fill.order_id == "o1"


async def test_an_order_is_found_by_its_id_working_or_done(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_desk() as desk:
        order = await desk.submit(desk.order())
        working = await desk.client.order("o1")
        await desk.client.cancel(order)
        await trio.sleep(0.1)
        done = await desk.client.order("o1")

        assert working is not None
        assert working.state is OrderState.OPEN
        assert done is not None
        assert done.state is OrderState.CANCELED
        assert await desk.client.order("o2") is None


async def test_balances_are_told_and_positions_are_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_desk() as desk:
        before = await desk.client.balances()
        desk.market.place("sell", desk.price(1.0), D(1))
        await desk.submit(desk.order(order_type="market", price=None))
        after = await desk.client.balances()

        assert before["USD"] == 100_000
        assert after["BTC"] == before["BTC"] + D("0.01")
        assert after["USD"] < before["USD"]
        with pytest.raises(NotSupported):
            await desk.client.positions()


# -- counters -------------------------------------------------------------------------------------


async def test_orders_that_would_be_refused_for_their_rate_are_not_sent_and_cancels_are(
    autojump_clock: trio.testing.MockClock,
) -> None:
    key = msgspec.structs.replace(DEMO_KEY, tier="starter")
    venue_options = {"patience": 1.0, "keys": [key]}
    async with open_desk(venue_options=venue_options, tier="starter") as desk:
        refused: list[str] = []
        orders = [desk.order(f"o{number}") for number in range(60)]
        instrument = await desk.broker.instrument(BTC)

        async def submit(order: Order) -> None:
            try:
                await desk.client.submit(order, instrument)
            except OrderRejected as error:
                refused.append(str(error))

        async with trio.open_nursery() as nursery:
            for order in orders:
                nursery.start_soon(submit, order)
        await trio.sleep(0.1)
        placed = list(desk.venue.records.orders("demo"))
        for order in orders:
            if Accepted in desk.of(order):
                await desk.client.cancel(order)

        assert 40 < len(placed) < 60
        assert len(placed) + len(refused) == 60
        assert all("there is room in" in why for why in refused)
        assert desk.venue.records.working("demo") == []


# -- the account, its key, its connection ---------------------------------------------------------


async def test_the_connection_is_shown_with_what_is_used_of_its_limits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_desk() as desk:
        status = desk.status()

        assert status.state == "live"
        assert status.note == ""
        assert status.budget_used is not None
        assert 0 < status.budget_used < 1
    assert not [one for one in desk.broker.connections() if one.name == "account main"]


async def test_a_key_that_may_withdraw_is_warned_about(
    autojump_clock: trio.testing.MockClock,
) -> None:
    key = msgspec.structs.replace(DEMO_KEY, rights=ALL_RIGHTS)
    async with open_desk(venue_options={"keys": [key]}) as desk:
        await trio.sleep(1)

        assert "WITHDRAW" in desk.status().note


async def test_the_dead_man_s_switch_is_shown_while_it_is_on(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_desk(dead_man_s={"main": 60}) as desk:
        await trio.sleep(1)
        assert "cancels ALL orders of the account in 60 s" in desk.status().note
        desk.venue.faults.set({"hits": "all", "mute": True})
        await trio.sleep(50)

        assert "FAILS to renew" in desk.status().note


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ({"key": "nobody-s-key"}, "EAPI:Invalid key"),
        ({"secret": "bm90IHRoZSBzZWNyZXQ="}, "EAPI:Invalid signature"),
        ({"secret": "no base64"}, "not base64"),
    ],
)
async def test_a_key_that_the_venue_does_not_take_is_said_at_once(
    key: dict[str, str], word: str, autojump_clock: trio.testing.MockClock
) -> None:
    wrong = msgspec.structs.replace(DEMO_KEY, **key)
    async with open_rig(keys={"main": wrong}) as (_, broker):
        with pytest.raises(BrokerUnavailable, match=word):
            async with logged_in(broker, []):
                pass


@pytest.mark.parametrize(
    ("lacking", "word"),
    [
        ({"create-ws-token"}, "EGeneral:Permission denied"),
        ({"query-open-trades", "query-closed-trades"}, "EGeneral:Permission denied"),
    ],
)
async def test_a_key_that_may_not_follow_orders_is_said_at_once(
    lacking: set[str], word: str, autojump_clock: trio.testing.MockClock
) -> None:
    key = msgspec.structs.replace(DEMO_KEY, rights=DEMO_KEY.rights - lacking)
    async with open_rig(venue_options={"keys": [key]}) as (_, broker):
        with pytest.raises(BrokerUnavailable, match=word):
            async with logged_in(broker, []):
                pass


async def test_an_account_without_keys_says_where_to_set_them(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig(keys={}) as (_, broker):
        with pytest.raises(BrokerUnavailable, match="no keys for account main"):
            async with logged_in(broker, []):
                pass


async def test_each_account_has_its_own_key_token_and_orders(
    autojump_clock: trio.testing.MockClock,
) -> None:
    clock = TrioClock(START_NS)
    keys: dict[str, ApiKey] = {"main": DEMO_KEY, "second": OTHER_KEY}
    async with (
        open_kraken(clock, is_quiet=True, patience=100.0, keys=list(keys.values())) as venue,
        running_broker(venue, clock, keys=keys) as broker,
    ):
        desk = Desk(venue, broker)
        second = AccountInfo(name="second", broker="kraken", mode="live")
        others: list[OrderEvent] = []
        async with (
            logged_in(broker, desk.events) as desk.client,
            logged_in(broker, others, second) as other,
        ):
            await desk.submit(desk.order("o1"))
            await other.submit(desk.order("o2", account="second"), await broker.instrument(BTC))
            await trio.sleep(0.1)

            assert set(await desk.working()) == {"o1"}
            assert [order.order_id for order in await other.open_orders()] == ["o2"]
            assert {event.order_id for event in desk.events} == {"o1"}
            assert {event.order_id for event in others} == {"o2"}
            assert len(list(venue.venue.records.orders("demo"))) == 1
            names = {one.name for one in broker.connections()}
            assert {"account main", "account second"} <= names


async def test_a_client_ends_with_its_connection(autojump_clock: trio.testing.MockClock) -> None:
    async def stay(venue: Running, broker: KrakenBroker) -> None:
        async with logged_in(broker, []):
            venue.venue.disconnect()
            await trio.sleep(60)

    async with open_rig() as (venue, broker):
        with pytest.raises(BrokerUnavailable, match="connection of the account broke"):
            await stay(venue, broker)


async def test_what_is_on_record_is_taken_note_of(autojump_clock: trio.testing.MockClock) -> None:
    algo_order = "0" * 32 + ".exit-1"
    async with open_rig() as (venue, broker):
        desk = Desk(venue, broker)
        async with logged_in(broker, desk.events) as desk.client:
            await desk.submit(desk.order(algo_order))
        async with logged_in(broker, []) as client:
            (unknown,) = await client.open_orders()
            assert isinstance(client, AsksByMarket)
            client.note([desk.order(algo_order)], [])
            (known,) = await client.open_orders()

    assert unknown.order_id == unknown.venue_order_id
    assert known.order_id == algo_order
    assert venue.venue.records.working("demo")[0].terms.cl_ord_id == name_of(algo_order)
