"""What the order pane says before something is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.messages import EngineReady, OrderState, OrderUpdate, Position, PositionUpdate
from tests.support.scenes import BTC, order
from tests.support.scripted_link import ACCOUNTS, NOW_NS, ScriptedLink
from tui.orders.desk import OrderDesk
from tui.state import DeckState
from tui.widgets.lines import Line
from tui.widgets.order_pane import pane_lines, strip_spans


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
    assert "staged 0.3000 BTC @ 64231.06" in lines
    assert "notional 19 269.32 USDT" in lines
    assert "then -0.0500 @ 64231.06" in lines


def test_a_live_order_is_loud_and_says_where_it_goes():
    desk, state = desk_and_state()
    desk.arm()
    desk.set_route("live")
    desk.stage("buy")
    lines = pane_lines(state, desk.summary(), 36, 24)
    chips = [span for line in lines for span in line.spans if "BUY LIVE" in span.text]

    assert chips[0].ink == "chip-live bold"
    assert "BUY LIVE to the venue at once" in text(lines)


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


def test_the_strip_says_it_in_one_row():
    desk, _ = desk_and_state()
    desk.arm()
    desk.stage("buy")
    spans = strip_spans(desk.summary(), 120)

    assert spans[0].text == " DARK "
    assert "BUY 0.3892 BTC @ 64231.05" in spans[1].text
