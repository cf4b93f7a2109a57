"""From key press to fill, by type of order: stops, exits, arming; on a recorded market."""

from __future__ import annotations

from decimal import Decimal

from engine.ems.accounts import Account
from engine.ems.risk import RiskLimits
from engine.messages import ArmAccount, Flatten, OrderState, Reverse, Submit
from tests.flows.test_deck_orders import FQME, SOURCE, calm
from tests.support.deck_rig import DeckRig, Flow, run_flow
from tests.support.tapes import MemoryTape, quote, trade

D = Decimal
LIMITS = RiskLimits(
    max_order_notional=D(10_000),
    max_position_notional=D(20_000),
    price_band_pct=D(20),
    stale_quote_s=60.0,
    max_open_orders=20,
)


def falling(at: int = 60, to: float = 99.0, end: int = 600) -> MemoryTape:
    """A market that stays at 100 for `at` seconds, then falls."""
    fall = [quote(SOURCE, at, to - 0.01, to + 0.01, size=5.0), trade(SOURCE, at + 0.1, to, 1.0)]
    return MemoryTape([*calm(0, at), *fall, *calm(at + 1, end, to)])


def run(flow: Flow, tape: MemoryTape, *, mode: str = "paper") -> None:
    account = Account(name="main", broker="paper", mode=mode, limits=LIMITS)  # type: ignore[arg-type]
    run_flow(flow, tape, accounts=[account])


async def buy_two(rig: DeckRig) -> None:
    """Hold 2, bought at the market by keys."""
    await rig.press("o", "s", "f", "u", "2", "t", "enter")
    await rig.until(lambda: rig.state.position("main", FQME).size == 2)


def held(rig: DeckRig) -> Decimal:
    return rig.state.position("main", FQME).size


def test_a_stop_set_by_keys_leaves_when_the_market_falls() -> None:
    async def flow(rig: DeckRig) -> None:
        await buy_two(rig)
        await rig.press("d", "t", "t", "enter")
        await rig.until(lambda: len(rig.orders) == 2)
        stop = rig.orders[-1]
        assert (stop.order_type, stop.stop_price) == ("stop", D("99.75"))
        assert (stop.size, stop.reduce_only, stop.held_at) == (D(2), True, "venue")

        await rig.advance(60)
        assert held(rig) == 0
        assert rig.orders[-1].state is OrderState.FILLED

    run(flow, falling())


def test_a_trailing_stop_that_is_held_here_leaves_when_the_market_falls() -> None:
    async def flow(rig: DeckRig) -> None:
        await buy_two(rig)
        await rig.press("s", "d", "T", "percent_sign", "enter")
        await rig.until(lambda: len(rig.orders) == 2)
        stop = rig.orders[-1]
        assert (stop.state, stop.held_at) == (OrderState.DARK, "engine")
        assert (stop.trail, stop.trail_unit) == (D("0.25"), "percent")

        await rig.advance(60)
        assert held(rig) == 0
        assert rig.orders[-1].state is OrderState.FILLED

    run(flow, falling())


def test_a_typed_order_ends_at_its_time() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.press("o", "colon")
        await rig.type("buy 1 @ 90 live post gtd 1m")
        await rig.until(lambda: rig.orders and rig.order.state is OrderState.OPEN)
        assert (rig.order.time_in_force, rig.order.post_only) == ("gtd", True)

        await rig.advance(70)
        assert rig.order.state is OrderState.EXPIRED

    run(flow, falling(at=300))


def test_exits_pressed_again_and_again_never_flip_the_position() -> None:
    async def flow(rig: DeckRig) -> None:
        await buy_two(rig)
        for _ in range(3):
            await rig.press("d", "2", "enter", "H", "enter")
        await rig.advance(120)

        assert held(rig) == 0
        sold = [order for order in rig.orders if order.side == "sell"]
        assert sum(order.filled for order in sold) == 2

    run(flow, falling(to=101.0))


def test_a_target_stands_beside_a_stop_and_only_one_of_them_leaves() -> None:
    async def flow(rig: DeckRig) -> None:
        await buy_two(rig)
        await rig.press("d", "t", "t", "enter")
        await rig.until(lambda: len(rig.orders) == 2)
        await rig.press("d", "shift+up", "enter")
        await rig.until(lambda: len(rig.orders) == 3 and rig.orders[2].state is OrderState.OPEN)
        stop, target = rig.orders[1:]
        assert (stop.size, target.size) == (D(2), D(2))

        await rig.advance(120)
        assert held(rig) == 0
        assert sum(fill.size for fill in rig.state.fills) == 4

    run(flow, falling())


def test_reverse_and_flatten_are_asked_about_and_cancel_what_works_first() -> None:
    async def flow(rig: DeckRig) -> None:
        await buy_two(rig)
        await rig.press("d", "t", "t", "enter")
        await rig.until(lambda: len(rig.orders) == 2)
        await rig.press("R")
        assert not rig.sent(Reverse)
        await rig.press("y")
        await rig.until(lambda: held(rig) == -2)
        assert rig.orders[1].state is OrderState.CANCELED

        await rig.press("X", "y")
        await rig.until(lambda: held(rig) == 0)
        assert len(rig.sent(Flatten)) == len(rig.sent(Reverse)) == 1

    run(flow, falling(at=300))


def test_real_money_trades_only_once_it_was_armed_and_asked_about() -> None:
    async def flow(rig: DeckRig) -> None:
        await rig.press("o", "s", "f", "u", "2", "t", "enter")
        await rig.advance(1.0)
        assert not rig.sent(Submit)

        await rig.press("L", "y")
        await rig.until(lambda: rig.app.desk.is_live)
        assert len(rig.sent(ArmAccount)) == 1
        await rig.press("enter")
        assert not rig.sent(Submit)
        await rig.press("y")
        await rig.until(lambda: held(rig) == 2)

        await rig.press("L")
        await rig.until(lambda: not rig.app.desk.is_live)
        await rig.press("d", "2", "t", "enter", "y")
        await rig.until(lambda: held(rig) == 0)

    run(flow, falling(at=300), mode="live")
