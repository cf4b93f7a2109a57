"""Orders that the venue does not take: held here, trailing, expiring, sent by today's rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
from msgspec.structs import replace

from engine.broker import Capabilities
from engine.ems.risk import RiskLimits
from engine.messages import Ask, Bid, OrderState, Submit
from tests.support.orders import AutojumpClock, Desk, hold, open_desk
from tests.support.venue import EVERYTHING, FQME

SIMPLE = replace(
    EVERYTHING,
    order_types=frozenset({"limit", "market"}),
    times_in_force=frozenset({"gtc", "ioc", "gtd"}),
    can_reduce_only=False,
    can_link=False,
)


async def held(desk: Desk, **fields: Any) -> str:
    order_id = desk.submit(**{"price": None, **fields})
    await desk.router.wait_idle()
    order = desk.order(order_id)
    assert (order.state, order.route, order.held_at) == (OrderState.DARK, "dark", "engine")
    return order_id


@pytest.mark.parametrize(
    ("fields", "untouched", "touching", "sent"),
    [
        ({"order_type": "stop", "stop_price": Decimal(105)}, 104.99, 105.0, ("market", None)),
        (
            {"order_type": "stop", "side": "sell", "stop_price": Decimal(95)},
            95.01,
            95.0,
            ("market", None),
        ),
        (
            {"order_type": "take_profit", "stop_price": Decimal(95)},
            95.01,
            95.0,
            ("market", None),
        ),
        (
            {"order_type": "stop_limit", "stop_price": Decimal(105), "price": Decimal(106)},
            104.99,
            105.0,
            ("limit", Decimal(106)),
        ),
    ],
)
async def test_a_stop_that_the_venue_does_not_take_is_held_here_and_said_so(
    fields: dict[str, Any], untouched: float, touching: float, sent: tuple[str, Decimal | None]
) -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        order_id = await held(desk, **fields)
        desk.tick(desk.trade(untouched))
        await desk.router.wait_idle()
        before = list(desk.venue.calls)
        desk.tick(desk.trade(touching))
        await desk.router.wait_idle()

        order = desk.order(order_id)
        assert before == []
        assert desk.venue.calls == [("submit", order_id)]
        assert (order.order_type, order.price, order.held_at) == (*sent, "venue")


async def test_a_stop_that_is_reached_already_is_sent_with_the_next_price() -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        order_id = await held(desk, order_type="stop", side="sell", stop_price=Decimal(103))
        desk.tick(desk.trade(100.0))
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", order_id)]


async def test_a_venue_that_takes_the_stop_gets_it_unless_it_watches_another_price() -> None:
    async with open_desk() as desk:
        native = desk.submit(order_type="stop", price=None, stop_price=Decimal(105))
        ours = await held(desk, order_type="stop", stop_price=Decimal(105), reference="touch")
        desk.tick(desk.trade(104.0), Bid(FQME, 103.0, 1.0), Ask(FQME, 105.0, 1.0))
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", native), ("submit", ours)]
        assert desk.order(native).order_type == "stop"


async def test_a_stop_is_held_here_by_choice_and_stays_a_stop_though_the_market_passed_it() -> None:
    async with open_desk() as desk:
        until = desk.markets.now + 5_000_000_000
        terms: dict[str, Any] = {"route": "dark", "time_in_force": "gtd", "expires_ns": until}
        waits = await held(
            desk, order_type="stop", side="sell", stop_price=Decimal(95), reduce_only=False, **terms
        )
        passed = await held(
            desk, order_type="stop_limit", stop_price=Decimal(99), price=Decimal(101), **terms
        )
        directions = [desk.order(order_id).trigger_direction for order_id in (waits, passed)]
        desk.tick(desk.trade(100.0))
        await desk.router.wait_idle()

        assert directions == ["down", "up"]
        assert desk.venue.calls == [("submit", passed)]
        assert desk.order(passed).price == 101
        assert desk.order(waits).held_at == "engine"


async def test_a_trailing_stop_tells_where_it_is_and_goes_by_its_offset(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        order_id = await held(
            desk,
            side="sell",
            order_type="trailing_stop_limit",
            trail=Decimal(2),
            limit_offset=Decimal("0.5"),
        )
        first = desk.order(order_id).trigger_price
        desk.tick(desk.trade(103.0), desk.trade(104.5), desk.trade(103.0))
        await trio.sleep(1)
        second = desk.order(order_id).trigger_price
        desk.tick(desk.trade(105.0), desk.trade(102.9))
        await desk.router.wait_idle()

        order = desk.order(order_id)
        assert (first, second, order.trigger_price) == (98, Decimal("102.5"), 103)
        assert (order.order_type, order.price) == ("limit", Decimal("102.5"))


async def test_a_trigger_that_trails_by_percent_lies_between_ticks_and_is_sent_all_the_same() -> (
    None
):
    async with open_desk(capabilities=SIMPLE) as desk:
        order_id = await held(
            desk,
            side="sell",
            order_type="trailing_stop",
            trail=Decimal("0.33"),
            trail_unit="percent",
        )
        desk.tick(desk.trade(100.37), desk.trade(99.0))
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", order_id)]
        assert desk.order(order_id).trigger_price == Decimal("100.038779")


async def test_a_held_order_ends_at_its_time(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        until = desk.markets.now + 5_000_000_000
        terms = {"route": "dark", "trigger_price": Decimal(105), "price": Decimal(105)}
        first = await held(desk, **terms, time_in_force="gtd", expires_ns=until)
        await trio.sleep(1)
        before = desk.order(first).state
        desk.markets.now = until
        desk.markets.set_quote(FQME)
        await trio.sleep(1)

        assert before is OrderState.DARK
        assert desk.order(first).state is OrderState.EXPIRED
        desk.tick(desk.trade(106.0))
        await desk.router.wait_idle()
        assert desk.venue.calls == []


async def test_a_held_order_whose_time_ended_while_nobody_was_here_is_never_sent(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        until = desk.markets.now + 5_000_000_000
        terms = {"route": "dark", "trigger_price": Decimal(105), "price": Decimal(105)}
        order_id = await held(desk, **terms, time_in_force="gtd", expires_ns=until)
    async with open_desk(before=desk) as after:
        after.markets.now = until + 1
        after.tick(after.trade(106.0))
        await after.router.wait_idle()
        await trio.sleep(1)

        assert after.order(order_id).state is OrderState.EXPIRED
        assert after.venue.calls == []


async def test_what_goes_through_the_market_goes_by_the_tick_of_today() -> None:
    async with open_desk() as desk:
        order_id = await held(desk, route="dark", trigger_price=Decimal(105))
        instrument = desk.markets.instruments[FQME]
        desk.markets.instruments[FQME] = replace(instrument, price_tick=Decimal("0.5"))
        desk.tick(desk.trade(105.0))
        await desk.router.wait_idle()

        # Five ticks of 0.5 through the ask at 101.
        assert desk.order(order_id).price == Decimal("103.5")


async def test_the_direction_of_a_held_order_is_on_record() -> None:
    async with open_desk() as desk:
        up = await held(desk, route="dark", trigger_price=Decimal(105))
        down = await held(desk, route="dark", trigger_price=Decimal(95))

        assert desk.order(up).trigger_direction == "up"
        assert desk.order(down).trigger_direction == "down"


async def test_a_reduce_only_order_is_denied_where_nothing_is_left_to_reduce() -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        desk.router.handle(
            Submit(
                order_id="o",
                account="main",
                fqme=FQME,
                side="sell",
                order_type="market",
                size=Decimal(1),
                reduce_only=True,
            )
        )
        await desk.router.wait_idle()

        assert desk.denial("o").check == "reduce_only"


@pytest.mark.parametrize("capabilities", [EVERYTHING, SIMPLE])
async def test_a_stop_closes_what_is_left_of_the_position_that_it_was_set_for(
    capabilities: Capabilities,
) -> None:
    """Denied for being too large it would protect nothing when it is needed."""
    async with open_desk(capabilities=capabilities) as desk:
        await hold(desk, "2")
        stop = await held(
            desk,
            order_type="stop",
            route="dark",
            side="sell",
            size=Decimal(2),
            stop_price=Decimal(95),
            reduce_only=True,
        )
        await hold(desk, "1.5", "sell")
        desk.tick(desk.trade(94.0))
        await desk.router.wait_idle()

        assert desk.order(stop).state is OrderState.OPEN
        assert desk.venue.working[stop].size == Decimal("0.5")
        assert desk.order(stop).size == Decimal("0.5")


async def test_a_stop_that_the_market_fell_far_through_is_sent_all_the_same() -> None:
    """The band is for prices that somebody typed, not for where the market has gone since."""
    async with open_desk(limits=RiskLimits(price_band_pct=Decimal(10))) as desk:
        order_id = await held(desk, side="sell", route="dark", trigger_price=Decimal(95))
        desk.markets.set_quote(bid=59.0, ask=61.0, last=60.0)
        desk.router.on_ticks(FQME, [desk.trade(60.0)])
        await desk.router.wait_idle()

        assert desk.venue.calls == [("submit", order_id)]
        assert desk.order(order_id).price == Decimal("58.95")


async def test_what_is_touched_while_its_market_is_closed_waits_until_it_is_open() -> None:
    """START_NS is a Tuesday, 22:13:20 UTC."""
    async with open_desk(limits=RiskLimits(hours="mon-fri 08:00-16:00")) as desk:
        order_id = await held(desk, side="sell", route="dark", trigger_price=Decimal(95))
        desk.tick(desk.trade(94.0))
        await desk.router.wait_idle()
        closed = desk.states(order_id)
        desk.markets.now += 10 * 3600 * 1_000_000_000
        desk.tick(desk.trade(96.0))
        await desk.router.wait_idle()
        opened = list(desk.venue.calls)
        desk.tick(desk.trade(94.5))
        await desk.router.wait_idle()

        assert closed == ["pending", "dark"]
        assert opened == []
        assert desk.venue.calls == [("submit", order_id)]


async def test_stops_that_one_price_touches_go_out_as_fast_as_the_account_allows(
    autojump_clock: AutojumpClock,
) -> None:
    limits = RiskLimits(max_orders_per_second=2)
    async with open_desk(limits=limits) as desk:
        ids = [
            await held(desk, side="buy", route="dark", trigger_price=Decimal(105 + number))
            for number in range(4)
        ]
        desk.tick(desk.trade(110.0))
        await desk.router.wait_idle()
        first = [order_id for _, order_id in desk.venue.calls]
        await trio.sleep(1.5)
        desk.tick(desk.trade(110.0))
        await desk.router.wait_idle()

        assert first == ids[:2]
        assert [order_id for _, order_id in desk.venue.calls] == ids
