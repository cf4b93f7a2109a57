"""From key press to fill: a deck, its engine, the paper venue and a recorded market."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.events import Key, Paste

from brokers.replay.tape import Played
from engine.ems.accounts import Account
from engine.ems.risk import RiskLimits
from engine.messages import (
    Amend,
    Cancel,
    CancelAll,
    Flatten,
    Order,
    OrderState,
    SetAlert,
    Submit,
)
from tests.support.deck_rig import DeckRig, Flow, run_flow
from tests.support.tapes import MemoryTape, quote, trade

SOURCE = "btcusdt.spot.binance"
FQME = "btcusdt.spot.replay"
D = Decimal


def calm(start: int = 0, end: int = 600, price: float = 100.0) -> list[Played]:
    """A market that stays where it is, a cent around `price`."""
    played: list[Played] = []
    for second in range(start, end):
        played.append(quote(SOURCE, second, price - 0.01, price + 0.01, size=5.0))
        played.append(trade(SOURCE, second + 0.5, price, 0.001))
    return played


def tape(*played: Played, calm_until: int = 600) -> MemoryTape:
    return MemoryTape(sorted([*calm(0, calm_until), *played], key=lambda one: one[0]))


def run(flow: Flow, *tapes: MemoryTape, limits: RiskLimits | None = None) -> None:
    account = Account(name="paper", broker="paper", limits=limits)
    run_flow(flow, *(tapes or (tape(),)), accounts=[account])


async def stage(rig: DeckRig, side: str, *, size: str = "2", route: str = "live") -> None:
    """Arm, stage at the touch of the own side, in units."""
    await rig.press("o", side, "u", *size)
    if route == "live":
        await rig.press("s")


def total(rig: DeckRig) -> Decimal:
    return sum((fill.size for fill in rig.state.fills), D(0))


# -- staging and sending ------------------------------------------------------------------------


def test_enter_sends_one_order_that_fills_and_shows_as_a_position() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("right_square_bracket")
        assert not rig.sent(Submit)
        await rig.press("enter")
        await rig.advance(1.0)

        assert OrderState.FILLED == rig.order.state
        assert D(2) == total(rig)
        position = rig.state.positions["paper", FQME]
        assert (D(2), D("100.01")) == (position.size, position.average_price)

    run(flow)


def test_a_held_enter_key_is_one_order() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("enter", "enter", "enter")
        await rig.advance(1.0)

        assert 1 == len(rig.sent(Submit))
        assert 1 == len(rig.orders)

    run(flow)


def test_escape_drops_what_is_staged() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("escape", "enter")
        await rig.advance(1.0)

        assert not rig.sent(Submit)
        assert not rig.orders

    run(flow)


def test_nothing_is_sent_while_disarmed() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.press("f", "enter", "d", "enter")
        await rig.advance(1.0)

        assert not rig.sent(Submit)

    run(flow)


def test_a_key_typed_ahead_of_the_screen_does_not_trade() -> None:
    async def flow(rig: DeckRig) -> None:
        typed_ahead = Key("enter", "\r")  # before the staged order can have been seen
        await rig.press("o", "f", "s")
        rig.app.post_message(typed_ahead)
        await rig.advance(1.0)

        assert not rig.sent(Submit)

    run(flow)


def test_pasted_text_does_not_trade() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        rig.app.post_message(Paste("\rof\r:flatten!\r"))
        await rig.advance(1.0)

        assert not rig.sent(Submit)
        assert not rig.sent(Flatten)

    run(flow)


def test_an_order_rests_where_it_was_moved_to() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("down", "shift+down", "enter")
        await rig.advance(1.0)

        assert (OrderState.OPEN, D("99.88")) == (rig.order.state, rig.order.price)

    run(flow)


# -- what rests ---------------------------------------------------------------------------------


def test_a_trade_through_a_resting_order_fills_it() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("shift+down", "enter")
        await rig.advance(2.0)
        assert OrderState.OPEN == rig.order.state
        await rig.until(lambda: rig.order.state == OrderState.FILLED)

        (fill,) = rig.state.fills
        assert (D("99.89"), D(2), "maker") == (fill.price, fill.size, fill.liquidity)

    run(flow, tape(trade(SOURCE, 8.2, 99.5, 10.0)))


def test_a_trade_at_the_price_fills_what_is_left_of_it_after_the_queue() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")  # joins the bid, behind the 5 that are there
        await rig.press("enter")
        await rig.advance(1.0)
        assert OrderState.OPEN == rig.order.state
        await rig.until(lambda: rig.order.state == OrderState.PARTIAL)
        assert D("0.5") == rig.order.filled
        await rig.until(lambda: rig.order.state == OrderState.FILLED)

        assert [D("0.5"), D("1.5")] == [fill.size for fill in rig.state.fills]
        assert D(2) == rig.state.positions["paper", FQME].size

    run(flow, tape(trade(SOURCE, 8.2, 99.99, 5.5), trade(SOURCE, 9.2, 99.0, 9.0)))


def test_a_picked_order_is_amended_when_enter_says_so() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("shift+down", "enter")
        await rig.advance(1.0)
        await rig.press("tab", "down", "down")
        assert not rig.sent(Amend)
        await rig.press("enter")
        await rig.advance(1.0)

        assert (OrderState.OPEN, D("99.87")) == (rig.order.state, rig.order.price)
        assert 1 == len(rig.sent(Amend))

    run(flow)


def test_a_picked_order_is_canceled() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("shift+down", "enter")
        await rig.advance(1.0)
        await rig.press("tab", "c")
        await rig.advance(1.0)

        assert OrderState.CANCELED == rig.order.state
        assert 1 == len(rig.sent(Cancel))

    run(flow)


def test_canceling_a_whole_market_asks_first() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("shift+down", "enter")
        await rig.advance(1.0)
        await rig.press("f", "ctrl+down", "enter")
        await rig.advance(1.0)
        await rig.press("C")
        assert not rig.sent(CancelAll)
        await rig.press("y")
        await rig.advance(1.0)

        assert [OrderState.CANCELED] * 2 == [order.state for order in rig.orders]

    run(flow)


# -- dark orders and alerts ---------------------------------------------------------------------


def test_a_dark_order_is_held_until_its_price_is_touched() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f", route="dark")
        await rig.press("ctrl+down", "enter")
        await rig.advance(3.0)
        assert OrderState.DARK == rig.order.state
        assert not rig.state.fills
        await rig.until(lambda: rig.order.state == OrderState.FILLED)

        assert D(2) == rig.state.positions["paper", FQME].size
        assert all(fill.price <= D("99.04") for fill in rig.state.fills)

    dip = [quote(SOURCE, 8.1, 98.97, 98.99, 5.0), trade(SOURCE, 8.2, 98.98, 1.0)]
    run(flow, MemoryTape([*calm(0, 8), *dip, *calm(9, 20, 98.98)]))


def test_a_dark_order_that_is_canceled_is_never_sent() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f", route="dark")
        await rig.press("ctrl+down", "enter")
        await rig.advance(1.0)
        await rig.press("tab", "c")
        await rig.advance(15.0)

        assert OrderState.CANCELED == rig.order.state
        assert not rig.state.fills

    dip = [trade(SOURCE, 8.2, 98.0, 1.0)]
    run(flow, MemoryTape([*calm(0, 8), *dip, *calm(9, 20, 98.0)]))


def test_an_alert_calls_when_its_price_is_reached_and_once_only() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.press("o", "a", "shift+up", "enter")
        await rig.advance(1.0)
        (alert,) = rig.state.alerts.values()
        assert ("armed", D("100.10"), "up") == (alert.state, alert.price, alert.direction)
        await rig.until(lambda: next(iter(rig.state.alerts.values())).state == "triggered")

        assert 1 == len(rig.sent(SetAlert))
        assert not rig.orders

    run(flow, tape(trade(SOURCE, 8.2, 100.2, 1.0), trade(SOURCE, 9.2, 100.3, 1.0)))


# -- the command line ---------------------------------------------------------------------------


def test_a_typed_order_is_asked_about_and_then_the_same_order() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.press("colon")
        await rig.type(f"buy 0.5 {FQME} @ 99.50 live")
        assert not rig.sent(Submit)
        await rig.press("y")
        await rig.advance(1.0)

        order: Order = rig.order
        assert ("buy", D("0.5"), D("99.50")) == (order.side, order.size, order.price)
        assert OrderState.OPEN == order.state

    run(flow)


def test_a_mistyped_line_is_pointed_at_and_kept() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.press("colon")
        await rig.type("buy half btcusdt")
        await rig.advance(1.0)

        assert not rig.orders
        assert "half" in rig.app.export_screenshot()

    run(flow)


def test_flatten_cancels_what_works_and_closes_what_is_held() -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("right_square_bracket", "enter")
        await rig.advance(1.0)
        await rig.press("f", "ctrl+down", "enter")
        await rig.advance(1.0)
        await rig.press("colon")
        await rig.type("flatten!")
        await rig.advance(3.0)

        assert 1 == len(rig.sent(Flatten))
        assert D(0) == rig.state.positions["paper", FQME].size
        assert not [order for order in rig.orders if order.is_working]

    run(flow)


# -- what is denied -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "check"),
    [
        (RiskLimits(max_order_size=D(1)), "max_order_size"),
        (RiskLimits(max_order_notional=D(100)), "max_order_notional"),
        (RiskLimits(max_open_orders=0), "max_open_orders"),
        (RiskLimits(max_position_notional=D(150)), "max_position_notional"),
    ],
)
def test_a_denied_order_says_which_limit_and_never_leaves(limits: RiskLimits, check: str) -> None:
    async def flow(rig: DeckRig) -> None:
        await stage(rig, "f")
        await rig.press("enter")
        await rig.advance(1.0)

        assert OrderState.DENIED == rig.order.state
        assert rig.order.reason
        assert not rig.state.fills
        assert [check] == [
            event.event.check  # type: ignore[union-attr]
            for event in rig.link.taken
            if type(getattr(event, "event", None)).__name__ == "Denied"
        ]

    run(flow, limits=limits)


def test_an_order_far_from_the_market_is_denied() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.press("colon")
        await rig.type(f"buy 1 {FQME} @ 80 live")
        await rig.press("y")
        await rig.advance(1.0)

        assert OrderState.DENIED == rig.order.state
        assert "10" in rig.order.reason

    run(flow, limits=RiskLimits(price_band_pct=D(10)))


def test_a_market_without_data_is_not_traded() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.advance(60.0)
        await stage(rig, "f")
        await rig.press("enter")
        await rig.advance(1.0)

        assert OrderState.DENIED == rig.order.state

    late = [quote(SOURCE, 500, 99.99, 100.01)]
    run(flow, tape(*late, calm_until=10), limits=RiskLimits(stale_quote_s=20.0))
