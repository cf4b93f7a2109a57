"""What the order pane says before something is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.messages import (
    AccountGuards,
    AccountInfo,
    EngineReady,
    GuardsUpdate,
    OrderState,
    OrderUpdate,
    Position,
    PositionUpdate,
)
from tests.support.scenes import BTC, order
from tests.support.scripted_link import ACCOUNTS, NOW_NS, ScriptedLink
from tui.orders.desk import OrderDesk
from tui.state import DeckState
from tui.widgets.lines import Line
from tui.widgets.order_pane import pane_lines


def desk_and_state() -> tuple[OrderDesk, DeckState]:
    state = DeckState([BTC])
    link = ScriptedLink()
    state.fold(EngineReady(brokers=(), accounts=ACCOUNTS, now_ns=NOW_NS))
    state.fold(link._opened(BTC))
    desk = OrderDesk(state, link.send, notify=lambda *_: None, ask=lambda _: None)
    return desk, state


def held(**changes: Any) -> PositionUpdate:
    values: dict[str, Any] = {
        "account": "sim",
        "fqme": BTC,
        "size": Decimal("0.25"),
        "average_price": Decimal("64102.31"),
        "realised": Decimal("112.20"),
        "fees": Decimal("8.01"),
    }
    return PositionUpdate(position=Position(**(values | changes)))


def text(lines: list[Line]) -> list[str]:
    return [" ".join("".join(span.text for span in line.spans).split()) for line in lines]


def said(desk: OrderDesk, state: DeckState, width: int = 36, height: int = 24) -> list[str]:
    return text(pane_lines(state, desk.summary(), width, height))


def test_a_position_has_its_average_and_both_kinds_of_profit():
    desk, state = desk_and_state()
    state.fold(held())
    lines = said(desk, state)

    assert "position +0.2500 @ 64102.31" in lines
    assert "unrealised +32.18 USDT" in lines
    assert "realised +112.20 USDT" in lines
    assert "fees -8.01 USDT" in lines
    assert "limit 100k USDT 16% used" in lines


def test_fees_in_other_assets_are_told_and_not_added_up():
    desk, state = desk_and_state()
    state.fold(held(fees=Decimal(0), fees_in_other={"bnb": Decimal("0.0021")}))

    assert "fees -0.0021 BNB" in said(desk, state)


def test_what_is_staged_is_told_with_what_comes_of_it():
    desk, state = desk_and_state()
    state.fold(held())
    desk.arm()
    desk.stage("sell")
    desk.set_size_unit("units")
    desk.set_size(Decimal("0.3"))
    lines = said(desk, state)

    assert "SELL DARK held until touched" in lines
    assert "staged 0.2500 BTC @ 64231.06" in lines
    assert "terms reduce-only" in lines
    assert "notional 16 057.76 USDT fee 8.03" in lines
    assert "then flat 0.0 of 4 slots" in lines
    assert "! no more is held than that" in lines


def test_a_live_order_says_where_it_goes_and_has_not_the_colour_of_real_money():
    desk, state = desk_and_state()
    desk.arm()
    desk.set_route("live")
    desk.stage("buy")
    lines = pane_lines(state, desk.summary(), 36, 24)
    chips = [span for line in lines for span in line.spans if "BUY LIVE" in span.text]

    assert chips[0].ink == "chip-working bold"
    assert "BUY LIVE to the venue at once" in text(lines)
    assert not any("live" in span.ink for line in lines for span in line.spans)


def real_money(*, is_armed: bool, **guards: Any) -> tuple[OrderDesk, DeckState]:
    desk, state = desk_and_state()
    live = AccountInfo(name="main", broker="sim", mode="live", serves=("sim",), slots=4)
    state.fold(EngineReady(brokers=(), accounts=(live,), now_ns=NOW_NS))
    known = AccountGuards(account="main", is_armed=is_armed, **guards)
    state.fold(GuardsUpdate(accounts=(known,)))
    return desk, state


def test_real_money_has_a_colour_of_its_own_and_is_loud_once_armed():
    desk, state = real_money(is_armed=False)
    desk.arm()
    desk.stage("buy")
    lines = pane_lines(state, desk.summary(), 36, 30)
    inks = {span.text.strip(): span.ink for line in lines for span in line.spans}

    assert inks["real money"] == "live bold"
    assert inks["BUY DARK"] == "chip-live bold"
    assert "! main is real money and not" in text(lines)
    assert "not armed: L arms it" in text(lines)
    assert "cannot be sent as it is" in text(lines)

    desk, state = real_money(is_armed=True)
    lines = pane_lines(state, desk.summary(), 36, 30)
    inks = {span.text.strip(): span.ink for line in lines for span in line.spans}
    assert inks["REAL MONEY"] == "chip-live bold"


def test_an_account_that_only_reduces_says_so_and_why():
    desk, state = real_money(is_armed=True, state="reducing", reason="loss of the day")

    lines = said(desk, state)
    at = lines.index("state only reduces")
    assert lines[at + 1] == "loss of the day"


def test_slots_in_use_are_told_with_how_they_are_loaded():
    desk, state = desk_and_state()
    front = AccountInfo(
        name="sim",
        broker="sim",
        slots=4,
        position_limit=Decimal("0.5"),
        limit_unit="units",
        loading="front",
    )
    state.fold(EngineReady(brokers=(), accounts=(front,), now_ns=NOW_NS))
    state.fold(held())
    lines = said(desk, state)

    assert "slots 1.3 of 4 front-loaded" in lines
    assert "limit 0.5 BTC" in lines


@pytest.mark.parametrize(
    ("changes", "said_of_it"),
    [
        ({}, "limit none set"),
        ({"position_limit": Decimal(100_000)}, "limit 100k USDT"),
        ({"position_limit": Decimal(20), "limit_unit": "percent"}, "limit 20 % of equity"),
    ],
)
def test_what_the_slots_share_is_the_limit_where_there_is_no_other(
    changes: dict[str, Any], said_of_it: str
):
    desk, state = desk_and_state()
    account = AccountInfo(name="sim", broker="sim", **changes)
    state.fold(EngineReady(brokers=(), accounts=(account,), now_ns=NOW_NS))

    assert said_of_it in said(desk, state)


def test_breakeven_counts_fees_or_says_which_have_no_price():
    desk, state = desk_and_state()
    state.fold(held(entry_fees={"usdt": Decimal("6.41")}))
    assert "breakeven 64160.04" in said(desk, state)

    state.fold(held(entry_fees={"bnb": Decimal("0.01")}))
    assert "breakeven – fees in BNB" in said(desk, state)


@pytest.mark.parametrize("height", [8, 10, 12, 16, 20, 40])
def test_what_is_staged_keeps_its_place_where_room_is_short(height: int):
    desk, state = desk_and_state()
    state.fold(held())
    desk.arm()
    desk.stage("buy")
    lines = said(desk, state, height=height)

    assert len(lines) <= height
    assert any(line.startswith("BUY DARK") for line in lines)
    assert "enter sends esc drops" in lines


def test_a_picked_order_says_what_keys_do_to_it():
    desk, state = desk_and_state()
    state.fold(OrderUpdate(order=order(1, OrderState.OPEN)))
    desk.arm()
    desk.pick(1)
    lines = said(desk, state)

    assert "picked buy 0.2500 @ 64100.00" in lines
    assert "↑↓ amends c cancels" in lines


def test_no_line_is_wider_than_the_pane():
    desk, state = desk_and_state()
    state.fold(held(average_price=Decimal("64102.31231231231231")))
    desk.arm()
    desk.stage("buy")
    for width in (24, 30, 36, 40):
        for line in pane_lines(state, desk.summary(), width, 30):
            assert sum(len(span.text) for span in line.spans) <= width


def test_profit_of_an_inverse_contract_is_told_in_the_asset_that_it_is_paid_in():
    desk, state = desk_and_state()
    market = state.markets[BTC]
    market.instrument = replace(market.instrument, is_inverse=True, size_step=Decimal(1))
    state.fold(held(size=Decimal(1000), realised=Decimal("0.00125")))
    lines = said(desk, state)

    assert "realised +0.001250 BTC" in lines
    assert "unrealised +0.000031 BTC" in lines
