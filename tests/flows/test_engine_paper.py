"""Orders of a paper account on a playback, from command to position, through the whole engine."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from trio.testing import MockClock

from engine.ems.accounts import Account
from engine.messages import CommandRefused, Fill, FillReport, Flatten, OrderState, PositionUpdate
from tests.support.engine_rig import Rig, open_rig
from tests.support.tapes import MemoryTape, at, instrument, prices, quote, trade

VENUE = "btcusdt.spot.binance"
BTC = "btcusdt.spot.replay"
DELAY_S = 0.02
"""What paper's default delay is."""


def flat(seconds: int = 60, price: float = 100) -> MemoryTape:
    """A market that stands at 99 to 101."""
    return MemoryTape(prices(VENUE, *((second, price) for second in range(seconds))))


def moving(*steps: tuple[float, float], size: float = 5.0) -> MemoryTape:
    return MemoryTape(prices(VENUE, *steps, size=size), end_ns=at(600))


async def test_a_market_order_becomes_a_position(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "2")
        assert rig.order(order_id).state is OrderState.PENDING

        await rig.advance(1.0)

        assert rig.states[order_id] == ["pending", "open", "filled"]
        assert rig.happened(order_id) == ["Accepted", "Filled"]
        (fill,) = rig.fills
        assert (fill.price, fill.size, fill.liquidity) == (101, 2, "taker")
        assert rig.position().size == 2
        assert rig.position().average_price == 101


async def test_an_order_arrives_after_the_delay_in_the_markets_time(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat(), options={"replay": {"speed": 0.1}}) as rig:
        await rig.watch(BTC)
        await rig.advance(1.0)
        sent_ns = rig.engine.hub.now_ns_of(BTC)
        order_id = await rig.submit("buy", "1")

        await rig.advance(DELAY_S * 9)
        assert rig.order(order_id).state is OrderState.PENDING

        await rig.advance(DELAY_S * 2)
        assert rig.order(order_id).state is OrderState.FILLED
        assert sent_ns is not None
        assert rig.fills[0].venue_ns == sent_ns + round(DELAY_S * 1e9)


async def test_buying_and_selling_realises_the_difference(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 110), (60, 110))) as rig:
        await rig.watch(BTC)
        await rig.submit("buy", "2")
        await rig.advance(6.0)
        await rig.submit("sell", "3")
        await rig.advance(1.0)

        held = rig.position()
        assert held.size == -1
        assert held.average_price == 109
        assert held.realised == 2 * (109 - 101)


async def test_a_resting_order_fills_when_the_market_trades_through_it(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, moving((0, 100), (3, 99), (6, 97))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "4", price="98.5")
        await rig.advance(5.0)
        assert rig.order(order_id).state is OrderState.OPEN

        await rig.advance(2.0)

        assert rig.order(order_id).state is OrderState.FILLED
        (fill,) = rig.fills
        assert (fill.price, fill.liquidity) == (Decimal("98.5"), "maker")


async def test_a_trade_at_its_price_fills_only_what_is_not_ahead(mock_clock: MockClock) -> None:
    tape = MemoryTape(
        [
            trade(VENUE, 0, 100),
            quote(VENUE, 1, 99, 101, size=5),
            trade(VENUE, 3, 99, size=3),
            trade(VENUE, 4, 99, size=3),
            trade(VENUE, 5, 99, size=9),
            trade(VENUE, 99, 100),
        ]
    )
    async with open_rig(mock_clock, tape) as rig:
        await rig.watch(BTC)
        await rig.advance(2.0)
        order_id = await rig.submit("buy", "4", price="99")

        await rig.advance(1.5)
        assert rig.fills == []  # 3 of the 5 that stood there before it

        await rig.advance(1.0)
        assert [fill.size for fill in rig.fills] == [1]
        assert rig.order(order_id).state is OrderState.PARTIAL

        await rig.advance(1.0)
        assert [fill.size for fill in rig.fills] == [1, 3]
        assert rig.order(order_id).state is OrderState.FILLED


async def test_what_is_shown_fills_a_part_and_the_rest_waits(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 100), (10, 99), size=2)) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "5", price="101")
        await rig.advance(1.0)

        order = rig.order(order_id)
        assert (order.state, order.filled, order.remaining) == (OrderState.PARTIAL, 2, 3)
        assert rig.position().size == 2

        await rig.advance(10.0)

        order = rig.order(order_id)
        assert (order.state, order.filled) == (OrderState.FILLED, 5)
        assert [fill.liquidity for fill in rig.fills] == ["taker", "maker", "maker"]
        assert order.average_price == rig.position().average_price == 101
        assert rig.position().size == 5


async def test_a_fill_is_told_with_its_order_and_its_position(mock_clock: MockClock) -> None:
    """In one go: no screen can show a filled order without what it did."""
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        await rig.submit("buy", "1")
        await rig.advance(1.0)

        told = [type(event).__name__ for event in rig.events]
        first = told.index("FillReport")
        assert sorted(told[first - 1 : first + 2]) == [
            "FillReport",
            "OrderUpdate",
            "PositionUpdate",
        ]
        assert len(rig.told(FillReport)) == len(rig.told(PositionUpdate)) == 1


async def test_an_amended_price_can_fill_at_once(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", price="90")
        await rig.advance(1.0)
        await rig.amend(order_id, price="101.5")
        assert rig.order(order_id).awaiting == "amend"

        await rig.advance(1.0)

        assert rig.happened(order_id) == ["Accepted", "AmendRequested", "Amended", "Filled"]
        order = rig.order(order_id)
        assert (order.state, order.price, order.awaiting) == (
            OrderState.FILLED,
            Decimal("101.5"),
            "",
        )
        assert rig.fills[0].price == 101


async def test_an_amended_size_counts_what_is_filled(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (30, 100), (31, 97), size=2)) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "5", price="101")
        await rig.advance(1.0)
        await rig.amend(order_id, size="3")
        await rig.advance(1.0)
        assert (rig.order(order_id).size, rig.order(order_id).remaining) == (3, 1)

        await rig.advance(40.0)

        assert rig.order(order_id).state is OrderState.FILLED
        assert rig.position().size == 3


async def test_of_many_amends_on_the_way_the_last_one_counts(mock_clock: MockClock) -> None:
    """Arrow keys amend faster than a venue answers."""
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", price="90")
        await rig.advance(1.0)
        for price in ("91", "92", "93", "94"):
            await rig.amend(order_id, price=price)
        await rig.advance(1.0)

        assert rig.order(order_id).price == 94
        assert rig.order(order_id).state is OrderState.OPEN
        assert rig.happened(order_id).count("AmendRequested") <= 2


async def test_a_canceled_order_fills_no_more(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 90), (6, 100))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", price="95")
        await rig.advance(1.0)
        await rig.cancel(order_id)
        assert rig.order(order_id).awaiting == "cancel"

        await rig.advance(10.0)

        assert rig.happened(order_id) == ["Accepted", "CancelRequested", "Canceled"]
        assert rig.order(order_id).state is OrderState.CANCELED
        assert rig.fills == []


async def test_a_cancel_keeps_what_was_filled(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (9, 100), size=2)) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "5", price="101")
        await rig.advance(1.0)
        await rig.cancel(order_id)
        await rig.advance(1.0)

        order = rig.order(order_id)
        assert (order.state, order.filled) == (OrderState.CANCELED, 2)
        assert rig.position().size == 2


async def test_a_cancel_that_comes_too_late_is_refused_and_the_fill_stands(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, moving((0, 100), (2, 90), (9, 100))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", price="95")
        await rig.advance(1.99)
        await rig.cancel(order_id)  # it is under way when the market falls
        await rig.advance(1.0)

        assert rig.order(order_id).state is OrderState.FILLED
        assert rig.order(order_id).awaiting == ""
        assert rig.position().size == 1


async def test_what_is_over_cannot_be_canceled(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1")
        await rig.advance(1.0)
        await rig.cancel(order_id)
        await rig.cancel("nothing")

        assert [refusal.command for refusal in rig.told(CommandRefused)] == ["cancel", "cancel"]
        assert rig.order(order_id).state is OrderState.FILLED


async def test_flatten_cancels_what_works_and_closes_what_is_held(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        await rig.submit("buy", "3")
        resting = await rig.submit("buy", "1", price="90")
        dark = await rig.submit("sell", "1", route="dark", trigger_price="120")
        await rig.advance(1.0)
        rig.send(Flatten(order_id="exit", fqme=BTC, account="paper"))
        await rig.advance(1.0)

        assert rig.order(resting).state is OrderState.CANCELED
        assert rig.order(dark).state is OrderState.CANCELED
        assert (rig.order("exit").side, rig.order("exit").size) == ("sell", 3)
        assert rig.position().size == 0
        assert rig.position().realised == 3 * (99 - 101)


async def test_one_intent_is_one_order_however_often_it_is_sent(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        for _ in range(3):
            await rig.submit("buy", "1", order_id="once")
        await rig.advance(1.0)
        await rig.submit("buy", "1", order_id="once")
        await rig.advance(1.0)

        assert rig.position().size == 1
        assert len(rig.fills) == 1


async def test_an_order_is_in_the_journal_before_it_is_at_the_venue(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC)
        await rig.submit("buy", "1")
        kinds = [type(entry).__name__ for entry in rig.entries()]
        assert kinds == ["Intent"]

        await rig.advance(1.0)

        kinds = [type(entry).__name__ for entry in rig.entries()]
        assert kinds == ["Intent", "Accepted", "Filled", "Executed"]


async def test_orders_of_two_accounts_are_kept_apart(mock_clock: MockClock) -> None:
    accounts = [Account(name="one", broker="paper"), Account(name="two", broker="paper")]
    async with open_rig(mock_clock, flat(), accounts=accounts) as rig:
        await rig.watch(BTC)
        await rig.submit("buy", "1", account="one")
        await rig.submit("sell", "2", account="two")
        await rig.advance(1.0)

        assert rig.position("one").size == 1
        assert rig.position("two").size == -2


# -- and the playback moves -----------------------------------------------------------------------


async def fills_at(clock: MockClock, speed: float) -> tuple[list[Fill], list[str]]:
    """Fills of the same orders, given at the same place of a tape that runs at `speed`."""
    steps = [(second / 4, 100 + (second * 7) % 13 / 2) for second in range(200)]
    async with open_rig(clock, moving(*steps, size=3), options={"replay": {"paused": True}}) as rig:
        await rig.watch(BTC)
        await rig.submit("buy", "5", price="101")
        await rig.submit("sell", "4", price="104.5")
        await rig.submit("sell", "2", route="dark", trigger_price="105.5")
        await rig.advance(1.0)
        rig.play("speed", speed)
        rig.play("resume")
        await rig.until("end", lambda: rig.engine.venues.playbacks()[0].is_ended, within_s=7000)
        await rig.settle()
        return [replace(fill, recv_ns=0) for fill in rig.fills], [
            str(order.state) for order in rig.orders.values()
        ]


async def test_fills_are_the_same_at_every_speed(mock_clock: MockClock) -> None:
    at_speed = {speed: await fills_at(mock_clock, speed) for speed in (1, 20, 1000, 0)}

    fills, states = at_speed[1]
    assert len(fills) >= 4
    assert states == ["filled", "filled", "filled"]
    for speed in (20, 1000, 0):
        assert at_speed[speed] == (fills, states), f"at speed {speed}"


async def test_time_that_stands_still_fills_all_the_same(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat(), options={"replay": {"paused": True}}) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", price="101")
        await rig.advance(1.0)

        assert rig.order(order_id).state is OrderState.FILLED
        assert rig.engine.hub.now_ns_of(BTC) == at(0.01)


async def test_a_seek_does_not_undo_or_repeat_a_fill(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (5, 90), (10, 100), (20, 90))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", price="95")
        await rig.advance(8.0)
        assert rig.order(order_id).state is OrderState.FILLED
        rig.play("seek", -7.0)
        await rig.advance(8.0)

        assert len(rig.fills) == 1
        assert rig.position().size == 1


async def test_an_order_that_works_goes_on_working_after_a_seek(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, moving((0, 100), (100, 90), (200, 100))) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", price="95")
        await rig.advance(2.0)
        rig.play("seek", 96.0)
        await rig.advance(1.0)
        assert rig.order(order_id).state is OrderState.OPEN

        await rig.advance(2.0)

        assert rig.order(order_id).state is OrderState.FILLED


async def test_after_the_end_of_the_recording_orders_are_denied(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat(5)) as rig:
        await rig.watch(BTC)
        await rig.advance(10.0)
        order_id = await rig.submit("buy", "1")
        await rig.advance(1.0)

        assert rig.order(order_id).state is OrderState.DENIED
        assert rig.fills == []


async def test_two_recordings_trade_side_by_side(mock_clock: MockClock) -> None:
    other, eth = "ethusdt.spot.kraken", "ethusdt.spot.replay"
    second = MemoryTape(prices(other, (0.5, 10), (5, 8), (60, 8)), name="second")
    async with open_rig(mock_clock, flat(), second) as rig:
        await rig.watch(BTC, eth)
        assert rig.engine.hub.now_ns_of(BTC) == rig.engine.hub.now_ns_of(eth) == at(0.51)
        await rig.submit("buy", "1")
        resting = await rig.submit("buy", "2", fqme=eth, price="9")
        await rig.advance(6.0)

        assert rig.position().average_price == 101
        assert rig.order(resting).state is OrderState.FILLED
        assert rig.position(fqme=eth).size == 2


async def test_where_only_trades_were_recorded_orders_fill_at_the_last_price(
    mock_clock: MockClock,
) -> None:
    tape = MemoryTape([trade(VENUE, second, 100 - second) for second in range(60)])
    async with open_rig(mock_clock, tape) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        taken = await rig.submit("buy", "1")
        resting = await rig.submit("buy", "1", price="95.5")
        await rig.advance(6.0)

        assert [fill.price for fill in rig.fills_of(taken)] == [Decimal("99.01")]  # and a tick
        assert [fill.price for fill in rig.fills_of(resting)] == [Decimal("95.5")]


async def test_a_playback_that_cannot_be_moved_says_so(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        rig.play("speed", -3)
        rig.play("pause", broker="sim")
        await rig.settle()

        assert [refusal.command for refusal in rig.told(CommandRefused)] == ["playback"] * 2


# -- the exchange of the house --------------------------------------------------------------------


async def resting_at_the_bid(rig: Rig) -> str:
    await rig.watch("acme.stock.sim")
    await rig.advance(2.0)
    bid = rig.quote().bid
    assert bid is not None
    return await rig.submit(
        "buy", "50", account="sim", price=str(rig.instrument().round_price(bid))
    )


async def test_an_order_rests_in_the_sims_book_until_the_market_comes(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock) as rig:
        order_id = await resting_at_the_bid(rig)
        assert rig.states[order_id] == ["pending", "open"]

        await rig.until("fill", lambda: rig.order(order_id).state == "filled", within_s=1800)

        assert all(fill.liquidity == "maker" for fill in rig.fills_of(order_id))
        assert rig.position("sim").size == 50


async def test_the_sim_serves_its_own_markets_only(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, flat()) as rig:
        await rig.watch(BTC, "btcusdt.spot.sim")
        order_id = await rig.submit("buy", "1", account="sim")

        assert rig.order(order_id).state is OrderState.DENIED
        assert "sim" in rig.order(order_id).reason


async def test_paper_trades_the_sims_markets_without_touching_them(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch("btcusdt.spot.sim")
        await rig.advance(1.0)
        order_id = await rig.submit("buy", "0.01")
        await rig.advance(1.0)

        assert rig.order(order_id).state is OrderState.FILLED
        assert rig.position("paper").size == Decimal("0.01")
        assert rig.position("sim").size == 0


@pytest.mark.parametrize("price_tick", ["0.01", "0.5"])
async def test_fees_are_those_of_the_instrument(mock_clock: MockClock, price_tick: str) -> None:
    market = replace(
        instrument(VENUE, price_tick=price_tick),
        maker_fee=Decimal("-0.0001"),
        taker_fee=Decimal("0.001"),
    )
    tape = MemoryTape(prices(VENUE, (0, 100), (5, 90), (9, 90)), markets=[market])
    async with open_rig(mock_clock, tape) as rig:
        await rig.watch(BTC)
        taken = await rig.submit("buy", "1")
        made = await rig.submit("buy", "1", price="95")
        await rig.advance(8.0)

        assert [fill.fee for fill in rig.fills_of(taken)] == [Decimal("0.101")]
        assert [fill.fee for fill in rig.fills_of(made)] == [Decimal("-0.0095")]
        assert rig.position().fees == Decimal("0.0915")
