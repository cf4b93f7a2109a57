"""What the venue says of an account when it is asked, over real sockets."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio
import trio.testing

from brokers.binance import account_history
from engine.messages import Accepted, Canceled, Order
from tests.brokers.binance.live_venue import (
    BTC,
    START_NS,
    logged_in,
    open_desk,
    rename_canceled,
)

D = Decimal
AutojumpClock = trio.testing.MockClock


@pytest.mark.parametrize("is_renamed", [True, False])
async def test_orders_are_found_by_their_ids_whatever_became_of_them(
    is_renamed: bool, monkeypatch: pytest.MonkeyPatch, autojump_clock: AutojumpClock
) -> None:
    if is_renamed:
        rename_canceled(monkeypatch)
    async with open_desk() as desk:
        for name, share in (("works", 0.85), ("canceled", 0.86), ("filled", 0.9)):
            await desk.submit(name, price=desk.price(share))
        await desk.client.cancel(desk.order("canceled"))
        desk.fill("filled", "0.01")
        async with logged_in(desk.venue, desk.broker) as later:
            unknown = desk.order("unknown")
            names = ("works", "canceled", "filled", "unknown")
            later.client.note([desk.order(name) for name in names], [])
            found = {name: await later.client.order(name) for name in names}

            assert {name: one and one.state for name, one in found.items()} == {
                "works": "open",
                "canceled": "canceled",
                "filled": "filled",
                "unknown": None,
            }
            assert unknown.order_id == "unknown"


async def test_fills_of_long_ago_are_found_page_by_page(
    autojump_clock: AutojumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_history, "PAGE", 3)
    async with open_desk() as desk:
        desk.offer("sell", 1.001)
        for number in range(8):
            await desk.submit(f"o{number}", order_type="market")
            await trio.sleep(0.1)
        middle_ns = desk.broker.now_ns()
        desk.clock.skipped_ns += 3 * 86_400 * 10**9
        for number in range(8, 16):
            await desk.submit(f"o{number}", order_type="market")
            await trio.sleep(0.1)
        truth = [str(one.trade_id) for one in desk.account.executions]
        since = [str(one.trade_id) for one in desk.account.executions if one.time_ns >= middle_ns]
        async with logged_in(desk.venue, desk.broker) as later:
            later.client.note([], [BTC])
            fills = await later.client.fills(0)
            newer = await later.client.fills(middle_ns)
            lately = await later.client.fills(desk.broker.now_ns() - 60 * 10**9)

            assert sorted(fill.trade_id for fill in fills) == sorted(truth)
            assert {fill.order_id for fill in fills} == {f"o{number}" for number in range(16)}
            assert sorted(fill.trade_id for fill in newer) == sorted(since)
            assert sorted(fill.trade_id for fill in lately) == sorted(since)
            assert [fill.venue_ns for fill in fills] == sorted(fill.venue_ns for fill in fills)


@pytest.mark.parametrize("is_renamed", [True, False])
async def test_fills_of_a_canceled_order_are_known_for_ours(
    is_renamed: bool, monkeypatch: pytest.MonkeyPatch, autojump_clock: AutojumpClock
) -> None:
    if is_renamed:
        rename_canceled(monkeypatch)
    async with open_desk() as desk:
        order = await desk.submit()
        desk.fill("o1", "0.004")
        await desk.client.cancel(order)
        async with logged_in(desk.venue, desk.broker) as later:
            later.client.note([], [BTC])
            (fill,) = await later.client.fills(START_NS)

            assert (fill.order_id, fill.size, fill.side) == ("o1", D("0.004"), "buy")


async def test_an_order_from_elsewhere_is_listed_by_its_name_there(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        price = str(desk.price(0.9))
        terms = {"symbol": "BTCUSDT", "side": "buy", "kind": "limit", "size": "0.01"}
        extra = {"type": "LIMIT", "tif": "GTC"}
        desk.do("submit", account="demo", client_id="web_1", price=price, extra=extra, **terms)
        desk.venue._settle()
        await desk.wait(":web_1", Accepted)
        (listed,) = await desk.client.open_orders()
        await desk.client.cancel(listed)
        await desk.wait(":web_1", Canceled)

        assert listed.order_id == ":web_1"
        assert isinstance(listed, Order)
