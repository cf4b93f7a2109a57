"""Dark orders and alerts: held in the engine until the market touches them."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from trio.testing import MockClock

from brokers.paper.broker import PaperBroker
from brokers.replay.tape import Played
from engine.ems.accounts import Account
from engine.ems.risk import RiskLimits
from engine.messages import (
    AlertUpdate,
    Break,
    CancelAlert,
    CommandRefused,
    OrderState,
    OrderUpdate,
    RequestRefused,
    Tick,
    Triggered,
)
from tests.support.engine_rig import Rig, open_rig
from tests.support.tapes import MemoryTape, at, prices, quote, trade

VENUE = "btcusdt.spot.binance"
BTC = "btcusdt.spot.replay"


def moving(*steps: tuple[float, float]) -> MemoryTape:
    return MemoryTape(prices(VENUE, *steps), end_ns=at(600))


def at_the_venue(rig: Rig) -> int:
    """How many orders the paper venue was ever told of."""
    (paper,) = (broker for broker in rig.engine.venues.running() if broker.name == "paper")
    return len(cast(PaperBroker, paper).venue._orders)


async def test_a_dark_order_is_sent_when_its_trigger_is_touched(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 95), (10, 90), (15, 89))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "2", route="dark", trigger_price="92")
        await rig.advance(8.0)
        assert rig.order(order_id).state is OrderState.DARK
        assert at_the_venue(rig) == 0

        await rig.advance(3.0)

        assert rig.states[order_id] == ["pending", "dark", "triggered", "open", "filled"]
        assert rig.happened(order_id) == ["Held", "Triggered", "Accepted", "Filled"]
        # Quoted 89 to 91 then: it goes five ticks through the ask, and pays what is there.
        assert rig.order(order_id).price == Decimal("91.05")
        assert rig.fills[0].price == 91
        assert rig.position().size == 2


async def test_it_is_triggered_by_the_first_trade_at_its_price(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 101), (6, 102), (7, 103))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("sell", "1", route="dark", trigger_price="102")
        await rig.advance(5.995)
        assert rig.order(order_id).state is OrderState.DARK  # quoted there, not traded

        await rig.advance(0.5)

        assert rig.order(order_id).state is OrderState.FILLED
        assert rig.fills[0].price == 101
        assert rig.fills[0].venue_ns == at(6.01 + 0.02)


async def test_a_dark_market_order_takes_what_it_gets(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 90), (60, 90))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit(
            "sell", "1", route="dark", trigger_price="95", order_type="market"
        )
        await rig.advance(6.0)

        assert rig.order(order_id).price is None
        assert rig.fills[0].price == 89


async def test_a_dark_order_with_a_limit_of_its_own_may_rest(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 90), (10, 84))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", route="dark", trigger_price="92", price="85")
        await rig.advance(6.0)
        assert rig.order(order_id).state is OrderState.OPEN

        await rig.advance(5.0)

        assert rig.order(order_id).state is OrderState.FILLED
        assert rig.fills[0].price == 85


async def test_a_dark_order_that_is_canceled_is_never_sent(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 90), (6, 91))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", route="dark", trigger_price="95")
        await rig.cancel(order_id)
        await rig.advance(10.0)

        assert rig.states[order_id] == ["pending", "dark", "canceled"]
        assert at_the_venue(rig) == 0


async def test_a_dark_order_is_amended_without_the_venue(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 94), (10, 89), (11, 90))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", route="dark", trigger_price="95")
        await rig.amend(order_id, price="90", size="2")
        order = rig.order(order_id)
        assert (order.trigger_price, order.size, order.awaiting) == (90, 2, "")

        await rig.advance(8.0)
        assert rig.order(order_id).state is OrderState.DARK  # 94 touched only where it was
        assert at_the_venue(rig) == 0

        await rig.advance(5.0)
        assert rig.order(order_id).state is OrderState.FILLED
        assert rig.position().size == 2


async def test_a_trigger_amended_to_the_other_side_waits_for_the_way_back(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 103), (10, 106))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", route="dark", trigger_price="95")
        await rig.amend(order_id, price="105")
        await rig.advance(8.0)
        assert rig.order(order_id).state is OrderState.DARK

        await rig.advance(5.0)
        assert rig.order(order_id).state is OrderState.FILLED


async def test_triggers_wait_while_the_market_is_not_known(mock_clock: MockClock) -> None:
    """After a gap, quotes alone touch nothing: the next trade does."""
    gap: list[Tick] = [Break(VENUE, "gap", at(5), at(5))]
    messages: list[Played] = [
        *prices(VENUE, (0, 100)),
        (at(5), VENUE, gap),
        quote(VENUE, 6, 89, 91),
        trade(VENUE, 8, 90),
        trade(VENUE, 60, 90),
    ]
    async with open_rig(mock_clock, MemoryTape(messages)) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", route="dark", trigger_price="95")
        await rig.advance(7.0)
        assert rig.order(order_id).state is OrderState.DARK

        await rig.advance(2.0)
        assert rig.order(order_id).state is OrderState.FILLED


async def test_triggers_wait_while_the_venue_halts_the_market(mock_clock: MockClock) -> None:
    """What is shown during a halt touches nothing, and nothing new is taken then."""
    halt: list[Tick] = [Break(VENUE, "halt", at(5), at(5))]
    resume: list[Tick] = [Break(VENUE, "resume", at(20), at(20))]
    messages: list[Played] = [
        *prices(VENUE, (0, 100)),
        (at(5), VENUE, halt),
        quote(VENUE, 6, 89, 91),
        trade(VENUE, 7, 90),
        (at(20), VENUE, resume),
        quote(VENUE, 21, 95, 97),
        trade(VENUE, 22, 96),
        trade(VENUE, 30, 94),
        trade(VENUE, 60, 94),
    ]
    async with open_rig(mock_clock, MemoryTape(messages)) as rig:
        await rig.watch(BTC)
        held = await rig.submit("buy", "1", route="dark", trigger_price="95")
        await rig.advance(8.0)
        refused = await rig.submit("buy", "1")
        await rig.advance(15.0)
        assert rig.order(held).state is OrderState.DARK
        assert rig.order(refused).state is OrderState.DENIED

        await rig.advance(9.0)
        assert rig.order(held).state is OrderState.FILLED


async def test_triggers_wait_while_the_market_is_crossed(mock_clock: MockClock) -> None:
    messages = [
        *prices(VENUE, (0, 100)),
        quote(VENUE, 5, 102, 101),
        trade(VENUE, 6, 90),
        quote(VENUE, 8, 89, 91),
        trade(VENUE, 60, 90),
    ]
    async with open_rig(mock_clock, MemoryTape(messages)) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", route="dark", trigger_price="95")
        await rig.advance(7.0)
        assert rig.order(order_id).state is OrderState.DARK

        await rig.advance(2.0)
        assert rig.order(order_id).state is OrderState.FILLED


async def test_a_touched_order_is_checked_again(mock_clock: MockClock) -> None:
    """What was allowed when it was set may not be when it is sent."""
    limits = RiskLimits(max_position_notional=Decimal(250))
    accounts = [Account(name="paper", broker="paper", limits=limits)]
    async with open_rig(mock_clock, moving((0, 100), (5, 95), (60, 95)), accounts=accounts) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "2", route="dark", trigger_price="96")
        await rig.submit("buy", "1")
        await rig.advance(6.0)

        assert rig.states[order_id] == ["pending", "dark", "triggered", "denied"]
        assert rig.position().size == 1
        assert at_the_venue(rig) == 1


async def test_triggers_that_one_trade_reaches_are_touched_nearest_first(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 90), (60, 90))) as rig:
        await rig.watch(BTC)
        near = await rig.submit("sell", "1", route="dark", trigger_price="98")
        far = await rig.submit("sell", "1", route="dark", trigger_price="92")
        between = await rig.submit("sell", "1", route="dark", trigger_price="95")
        beyond = await rig.submit("sell", "1", route="dark", trigger_price="85")
        await rig.advance(6.0)

        touched = [
            update.order.order_id
            for update in rig.told(OrderUpdate)
            if isinstance(update.event, Triggered)
        ]
        assert touched == [near, between, far]
        assert len(rig.fills) == 3
        assert rig.order(beyond).state is OrderState.DARK


async def test_a_trigger_is_touched_once_also_where_a_playback_goes_back(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 90), (20, 100))) as rig:
        await rig.watch(BTC)
        await rig.submit("buy", "1", route="dark", trigger_price="95")
        await rig.advance(6.0)
        rig.play("seek", -5.0)
        await rig.advance(10.0)

        assert len(rig.fills) == 1


# -- alerts ---------------------------------------------------------------------------------------


async def test_an_alert_calls_when_its_price_is_reached(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 104), (10, 106), (15, 99))) as rig:
        await rig.watch(BTC)
        above = await rig.set_alert("105", note="breakout")
        below = await rig.set_alert("99.5")
        assert (rig.alerts[above].direction, rig.alerts[below].direction) == ("up", "down")

        await rig.advance(8.0)
        assert {alert.state for alert in rig.alerts.values()} == {"armed"}

        await rig.advance(3.0)
        called = rig.alerts[above]
        assert (called.state, called.note, called.triggered_price) == ("triggered", "breakout", 106)
        assert called.triggered_ns == at(10.01)
        assert rig.alerts[below].state == "armed"

        await rig.advance(5.0)
        assert rig.alerts[below].state == "triggered"
        assert rig.orders == {}


async def test_an_alert_calls_once(mock_clock: MockClock) -> None:
    steps = [(second, 100 + 10 * (second % 2)) for second in range(20)]
    async with open_rig(mock_clock, moving(*steps)) as rig:
        await rig.watch(BTC)
        alert_id = await rig.set_alert("105")
        await rig.advance(15.0)

        states = [update.alert.state for update in rig.told(AlertUpdate)]
        assert states == ["armed", "triggered"]
        rig.send(CancelAlert(alert_id=alert_id))
        await rig.settle()
        assert rig.told(CommandRefused)[-1].command == "cancelalert"


async def test_a_canceled_alert_is_silent(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 110))) as rig:
        await rig.watch(BTC)
        alert_id = await rig.set_alert("105")
        rig.send(CancelAlert(alert_id=alert_id))
        await rig.advance(10.0)

        assert rig.alerts[alert_id].state == "canceled"


async def test_an_alert_needs_a_market_that_is_open(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100))) as rig:
        await rig.watch(BTC)
        await rig.set_alert("105", fqme="ethusdt.spot.replay")

        (refusal,) = rig.told(CommandRefused)
        assert refusal.command == "setalert"
        assert rig.alerts == {}


async def test_an_amend_of_a_dark_order_that_risk_refuses_changes_nothing(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 94), (60, 94))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", route="dark", trigger_price="95")
        before = rig.order(order_id)
        await rig.amend(order_id, price="94.123")

        (refused,) = (
            update.event
            for update in rig.events
            if isinstance(getattr(update, "event", None), RequestRefused)
        )
        assert refused.check == "price_tick"
        assert rig.order(order_id).trigger_price == before.trigger_price
        await rig.advance(6.0)
        assert rig.order(order_id).state is OrderState.FILLED
