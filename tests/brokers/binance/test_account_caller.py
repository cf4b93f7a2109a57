"""Requests of an account: which way they go, what they may cost, and what each answer means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from engine.clock import NANOS, TrioClock
from engine.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Expired,
    Filled,
)
from engine.services import sole_error
from tests.brokers.binance.live_venue import (
    START_NS,
    Desk,
    Kind,
    logged_in,
    open_desk,
    running_broker,
    running_venue,
    until,
)
from tests.venues.fault_proxy import FaultProxy, open_proxy

D = Decimal
AutojumpClock = trio.testing.MockClock


def by_rest(desk: Desk) -> None:
    """Have requests go by REST while events still come."""
    desk.client._session._is_live = False


WAYS = ["socket", "rest"]


def go(desk: Desk, way: str) -> None:
    if way == "rest":
        by_rest(desk)


# -- what each answer means ------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "switches",
    [
        {"drop_before_ack": True},
        {"drop_after_ack": True},
        {"mute": True},
        {"unknown": True},
        {"fail_status": 500},
        {"fail_status": 503},
        {"fail_after_status": 502},
    ],
    ids=lambda one: "-".join(map(str, one.items())),
)
async def test_no_answer_is_an_outcome_that_nobody_knows_and_nothing_is_sent_again(
    switches: dict[str, Any], way: str, autojump_clock: AutojumpClock
) -> None:
    said: list[Exception] = []
    submits: dict[str, int] = {}
    async with ending(), open_desk() as desk:
        go(desk, way)
        submits = desk.account.submits
        desk.do("switch", switches=switches)
        try:
            await desk.submit()
        except OutcomeUnknown as error:
            said.append(error)
        desk.do("clear")
        await trio.sleep(20)

    assert len(said) == 1
    assert submits.get("o1", 0) <= 1


@asynccontextmanager
async def ending() -> AsyncIterator[list[str]]:
    """The client that is opened in the block may end by itself; why it did."""
    why: list[str] = []
    try:
        yield why
    except* BrokerUnavailable as group:
        why.append(str(sole_error(group)))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("hits", ["submit", "cancel", "amend"])
async def test_throttling_is_a_refusal_and_nothing_happened(
    hits: str, way: str, autojump_clock: AutojumpClock
) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        go(desk, way)
        desk.do("switch", switches={"hits": hits, "throttle_s": 5.0})
        calls = {
            "submit": lambda: desk.submit("o2"),
            "cancel": lambda: desk.client.cancel(order),
            "amend": lambda: desk.client.amend(order, None, D("0.005")),
        }
        with pytest.raises(OrderRejected, match=r"throttled|nothing was"):
            await calls[hits]()
        desk.do("clear")
        with pytest.raises(OrderRejected, match="nothing was sent: throttled"):
            await desk.submit("o3")  # it is not asked again before the venue wants that
        await trio.sleep(6)
        await desk.submit("o4")

        first, last = desk.account.orders.values()
        assert (first.status, first.size) == ("new", D("0.01"))
        assert last.client_id == "o4"


async def test_a_ban_is_obeyed_by_all_until_its_end(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        desk.do("switch", switches={"hits": "submit", "ban_s": 120.0})
        with pytest.raises(OrderRejected):
            await desk.submit()
        desk.do("clear")
        until_ns = desk.client._access.bans.until_ns()
        with pytest.raises(OrderRejected, match="nothing was sent: banned"):
            await desk.submit("o2")
        with pytest.raises(BrokerUnavailable, match="banned"):
            await desk.client.open_orders()

        assert until_ns > desk.broker.now_ns() + 100 * NANOS
        assert "o2" not in desk.account.submits


@pytest.mark.parametrize("way", WAYS)
async def test_a_request_from_another_time_is_refused_and_the_clock_read_anew(
    way: str, autojump_clock: AutojumpClock
) -> None:
    async with open_desk() as desk:
        go(desk, way)
        offset = desk.client._access.offset
        offset.clear()
        offset.add(0, -3600 * NANOS, 0)  # an hour behind
        with pytest.raises(OrderRejected, match="-1021"):
            await desk.submit()
        again = await desk.submit("o2")
        offset.clear()
        offset.add(0, 3600 * NANOS, 0)
        listed = await desk.client.open_orders()  # what only reads is asked again

        assert desk.account.submits.get("o1", 0) <= 1
        assert [order.order_id for order in listed] == [again.order_id]


async def test_orders_beyond_the_venues_count_are_not_sent(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        interval = desk.client._caller.counts._intervals[10]
        interval.count = interval.limit
        with pytest.raises(OrderRejected, match=r"nothing was sent: .* orders in 10 s"):
            await desk.submit("o2")
        await desk.client.cancel(order)

        assert "o2" not in desk.account.submits
        assert desk.of("o1", Canceled)


async def test_cancels_go_while_nothing_else_may(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        weight = desk.client._access.weight
        weight.note_used(weight.limit - weight.kept_back)
        with pytest.raises(OrderRejected, match=r"nothing was sent: .*weight"):
            await desk.submit("o2")
        await desk.client.cancel(order)

        assert "o2" not in desk.account.submits
        assert desk.of("o1", Canceled)


async def test_what_the_venue_counts_is_taken_over(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        await desk.submit()
        by_socket = desk.client._caller.counts._intervals[10].count
        by_rest(desk)
        await desk.submit("o2")

        assert by_socket == 1
        assert desk.client._caller.counts._intervals[10].count == 2
        assert desk.client.status().budget_used


# -- without the WebSocket API ---------------------------------------------------------------------


@asynccontextmanager
async def open_rest_desk(kind: Kind) -> AsyncIterator[Desk]:
    """Logged in while the WebSocket API takes nobody."""
    nowhere = "ws://127.0.0.1:1/ws-api/v3"
    async with open_desk(kind=kind, ws_api_url=nowhere) as desk:
        yield desk


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
async def test_orders_go_by_rest_and_what_becomes_of_them_is_asked_for(
    kind: Kind, autojump_clock: AutojumpClock
) -> None:
    async with open_rest_desk(kind) as desk:
        desk.offer("sell", 1.001)
        await desk.submit("filled", order_type="market")
        await desk.submit("expired", price=desk.price(0.8), time_in_force="ioc")
        for name, share in (("works", 0.8), ("traded", 0.9), ("ended", 0.85)):
            await desk.submit(name, price=desk.price(share))
        desk.fill("traded", "0.004")
        desk.do("cancel", account="demo", client_id="ended")
        await desk.wait("traded", Filled)
        await desk.wait("ended", Canceled)
        amended = desk.order("works", price=desk.price(0.8))
        await desk.client.amend(amended, desk.price(0.79), amended.size)
        await desk.client.cancel(amended)
        desk.fill("traded", "0.006")
        await until(lambda: desk.filled("traded") == D("0.01"))
        state = {one.name: one for one in desk.broker.connections()}["account main"].state

        kinds = {name: [type(event) for event in desk.of(name)] for name in ("works", "ended")}
        assert desk.filled("filled") == D("0.01")
        assert [type(event) for event in desk.of("expired")] == [Accepted, Expired]
        assert kinds["works"] == [Accepted, Amended, Canceled]
        assert kinds["ended"] == [Accepted, Canceled]
        assert [event.size for event in desk.of("traded", Filled)] == [D("0.004"), D("0.006")]
        assert state in ("backing_off", "connecting")


async def test_a_client_ends_when_events_can_be_had_again(autojump_clock: AutojumpClock) -> None:
    async with ending() as why, open_half_dead() as (desk, proxy):
        await desk.submit()
        proxy.faults.stalled.clear()
        proxy.faults.go_on()
        await trio.sleep(600)

    assert why == ["events of the account can be had again"]


@asynccontextmanager
async def open_half_dead() -> AsyncIterator[tuple[Desk, FaultProxy]]:
    """The WebSocket API is behind a proxy that lets nothing through."""
    clock = TrioClock(START_NS)
    async with running_venue(clock) as venue, open_proxy(venue.port) as proxy:
        proxy.faults.stalled.add("down")
        address = f"ws://127.0.0.1:{proxy.port}/ws-api/v3"
        async with (
            running_broker(venue, clock, ws_api_url=address) as broker,
            logged_in(venue, broker) as desk,
        ):
            yield desk, proxy


# -- connections -----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["cut", "stream"])
async def test_a_client_ends_when_events_may_be_missing(
    word: str, autojump_clock: AutojumpClock
) -> None:
    async with ending() as why, open_desk() as desk:
        if word == "cut":
            desk.do("cut", which="api")
        else:
            desk.client._take(desk.client._session.receive(TERMINATED, 1))
        await trio.sleep(600)

    assert len(why) == 1
    assert "lost" in why[0] or "ended the stream" in why[0]


TERMINATED = b'{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}'


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
async def test_another_connection_takes_over_in_time_and_nothing_is_missed_or_told_twice(
    kind: Kind, autojump_clock: AutojumpClock
) -> None:
    async with open_desk(kind=kind, lifetime_s=20.0) as desk:
        price = desk.price(0.9)
        for number in range(20):
            await desk.submit(f"o{number}", size=D("0.001"), price=price)
            desk.fill(f"o{number}", "0.001")
            await trio.sleep(4)
        status = {one.name: one for one in desk.broker.connections()}["account main"]
        await until(lambda: desk.filled("o19") == D("0.001"))

        assert status.reconnects >= 3
        for number in range(20):
            kinds = [type(event) for event in desk.of(f"o{number}")]
            assert kinds == [Accepted, Filled], number


async def test_the_venues_notice_of_its_end_has_another_connection_take_over(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        desk.do("shutdown", which="api", after_s=60)
        desk.venue._settle()
        await trio.sleep(30)
        await desk.submit()
        await trio.sleep(60)
        status = {one.name: one for one in desk.broker.connections()}["account main"]

        assert status.reconnects == 1
        assert desk.of("o1", Accepted)
