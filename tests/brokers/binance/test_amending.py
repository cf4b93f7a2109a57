"""Other terms for orders that work, against the test venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio.testing

from engine.ems.orders import fold
from engine.errors import OrderRejected
from engine.messages import Accepted, Amended, Canceled, Filled, Order, OrderState
from tests.brokers.binance.live_venue import (
    BTC,
    START_NS,
    Desk,
    logged_in,
    open_desk,
    rename_canceled,
    until,
)
from tests.venues.exchange.orders import OrderRecord

D = Decimal
AutojumpClock = trio.testing.MockClock


@pytest.fixture(autouse=True, params=["renamed", "kept"])
def _canceled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the venue still finds a canceled order by the id that it was made with."""
    if request.param == "renamed":
        rename_canceled(monkeypatch)


def parts(desk: Desk) -> list[OrderRecord]:
    """The venue's orders, oldest first."""
    return list(desk.account.orders.values())


def folded(desk: Desk, order: Order) -> Order:
    """The order as the engine has it after everything that was reported."""
    for event in desk.of(order.order_id):
        order = fold(order, event, START_NS)
    return order


def most(desk: Desk) -> Decimal:
    """What the venue's orders have traded, and could trade yet."""
    return sum((one.filled + (one.left if one.is_open else 0) for one in parts(desk)), D(0))


async def amend(desk: Desk, order: Order, share: float | None, size: str) -> None:
    price = None if share is None else desk.price(share)
    await desk.client.amend(order, price, D(size))


async def test_another_price_is_another_order_of_the_same_name(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        await amend(desk, order, 0.89, "0.01")
        (listed,) = await desk.client.open_orders()
        old, new = parts(desk)

        assert [type(event) for event in desk.events] == [Accepted, Amended]
        assert (old.status, new.status) == ("canceled", "new")
        assert (listed.order_id, listed.price) == ("o1", desk.price(0.89))
        assert (listed.size, listed.filled) == (D("0.01"), 0)
        assert folded(desk, order).price == desk.price(0.89)


async def test_size_is_taken_away_in_place(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        await amend(desk, order, None, "0.006")
        await until(lambda: desk.of("o1", Amended))
        (only,) = parts(desk)

        assert (only.size, only.client_id) == (D("0.006"), "o1")
        assert [type(event) for event in desk.events] == [Accepted, Amended]
        assert folded(desk, order).size == D("0.006")


async def test_more_size_is_another_order(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        await amend(desk, order, None, "0.02")

        assert [one.status for one in parts(desk)] == ["canceled", "new"]
        assert folded(desk, order).size == D("0.02")
        assert most(desk) == D("0.02")


async def test_the_rest_of_an_order_that_traded_goes_on_at_another_price(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        desk.fill("o1", "0.004")
        await desk.wait("o1", Filled)
        await amend(desk, order, 0.89, "0.01")
        await amend(desk, order, 0.88, "0.012")
        (listed,) = await desk.client.open_orders()

        assert most(desk) == D("0.012")
        assert (listed.size, listed.filled) == (D("0.012"), D("0.004"))
        ours = folded(desk, order)
        assert (ours.size, ours.filled, ours.price) == (D("0.012"), D("0.004"), desk.price(0.88))
        desk.fill("o1", "0.008")
        await until(lambda: desk.filled("o1") == D("0.012"))
        assert folded(desk, order).state is OrderState.FILLED
        assert not desk.of("o1", Canceled)


async def test_who_logs_in_later_sees_one_order_with_all_that_it_traded(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        for share, size in ((0.89, "0.004"), (0.88, "0.002")):
            desk.fill("o1", size)
            await until(lambda: desk.filled("o1") > 0)
            await amend(desk, order, share, "0.01")
        async with logged_in(desk.venue, desk.broker) as later:
            later.client.note([order], [BTC])
            (listed,) = await later.client.open_orders()
            found = await later.client.order("o1")
            fills = await later.client.fills(START_NS)
            await later.client.amend(order, desk.price(0.87), D("0.01"))
            (amended,) = await later.client.open_orders()

            for seen in (listed, found, amended):
                assert seen is not None
                assert (seen.size, seen.filled) == (D("0.01"), D("0.006"))
            assert {(fill.order_id, fill.size) for fill in fills} == {
                ("o1", D("0.004")),
                ("o1", D("0.002")),
            }
            assert most(desk) == D("0.01")


async def test_a_fill_that_comes_first_is_not_traded_twice(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        desk.venue.state.faults.mute_events = True
        desk.fill("o1", "0.004")  # nobody here hears of it
        await amend(desk, order, 0.89, "0.01")

        assert most(desk) == D("0.01")
        (listed,) = await desk.client.open_orders()
        assert (listed.size, listed.filled) == (D("0.01"), D("0.004"))


async def test_an_order_that_traded_all_that_is_wanted_is_as_large_as_that(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        desk.fill("o1", "0.004")
        await desk.wait("o1", Filled)
        desk.venue.state.faults.mute_events = True
        desk.fill("o1", "0.004")
        await amend(desk, order, 0.89, "0.006")

        assert desk.of("o1", Amended)[-1].size == D("0.008")
        assert most(desk) == D("0.008")
        assert not desk.of("o1", Canceled)


@pytest.mark.parametrize("has_traded", [False, True])
async def test_an_order_whose_new_terms_are_refused_has_ended_and_says_why(
    has_traded: bool, autojump_clock: AutojumpClock
) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        if has_traded:
            desk.fill("o1", "0.004")
            await desk.wait("o1", Filled)
        await amend(desk, order, 0.9, "2.2")  # more than there is money for
        (end,) = desk.of("o1", Canceled)

        assert "insufficient balance" in end.reason
        assert await desk.client.open_orders() == []
        assert folded(desk, order).state is OrderState.CANCELED


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(
            {"order_type": "trailing_stop", "trail": D(2), "trail_unit": "percent"}, id="trails"
        ),
        pytest.param({}, id="done"),
    ],
)
async def test_what_cannot_be_amended_is_left_as_it_is(
    fields: dict[str, Any], autojump_clock: AutojumpClock
) -> None:
    async with open_desk() as desk:
        order = await desk.submit(side="sell", **fields, price=desk.price(1.1))
        if not fields:
            await desk.client.cancel(order)
        with pytest.raises(OrderRejected):
            await amend(desk, order, None, "0.02")

        assert len(parts(desk)) == 1
        assert not desk.of("o1", Amended)


async def test_new_terms_off_the_grid_change_nothing(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        with pytest.raises(OrderRejected, match="PRICE_FILTER"):
            await desk.client.amend(order, desk.price(0.9) + D("0.001"), order.size)
        (listed,) = await desk.client.open_orders()

        assert listed.price == order.price
        assert len(parts(desk)) == 1


async def test_the_same_terms_again_are_confirmed_without_asking(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order = await desk.submit()
        await amend(desk, order, 0.9, "0.01")

        assert desk.of("o1", Amended)
        assert len(parts(desk)) == 1


async def test_stops_and_icebergs_stay_what_they_are(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        stop = await desk.submit(
            "stop",
            side="sell",
            order_type="stop_limit",
            stop_price=desk.price(0.9),
            price=desk.price(0.89),
        )
        iceberg = await desk.submit("iceberg", shown=D("0.002"))
        await desk.client.amend(stop, desk.price(0.88), stop.size)
        await desk.client.amend(iceberg, desk.price(0.89), iceberg.size)
        found = {order.order_id: order for order in await desk.client.open_orders()}

        assert found["stop"].order_type == "stop_limit"
        assert found["stop"].stop_price == desk.price(0.9)
        assert found["stop"].price == desk.price(0.88)
        assert found["iceberg"].shown == D("0.002")
