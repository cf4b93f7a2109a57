"""What leaving says of orders that still work."""

from __future__ import annotations

from typing import Any

from engine.messages import (
    AccountInfo,
    Alert,
    AlertUpdate,
    EngineReady,
    OrderState,
    OrderUpdate,
)
from tests.support.scenes import order
from tui.screens.quit import CANCEL, LEAVE, STAY, quit_prompt
from tui.state import DeckState


def state_with(*orders: tuple[OrderState, str], **alert: Any) -> DeckState:
    state = DeckState()
    accounts = (
        AccountInfo(name="sim", broker="sim"),
        AccountInfo(name="real", broker="venue", mode="live"),
    )
    state.fold(EngineReady(brokers=(), accounts=accounts))
    for number, (order_state, account) in enumerate(orders):
        state.fold(OrderUpdate(order=order(number, order_state, account=account)))
    if alert:
        state.fold(AlertUpdate(alert=Alert(**alert)))
    return state


def test_nothing_is_asked_where_nothing_works():
    assert quit_prompt(state_with((OrderState.FILLED, "sim"))) is None


def test_each_kind_of_order_has_its_own_fate():
    prompt = quit_prompt(
        state_with(
            (OrderState.DARK, "real"),
            (OrderState.OPEN, "sim"),
            (OrderState.PARTIAL, "sim"),
            (OrderState.OPEN, "real"),
            (OrderState.UNKNOWN, "real"),
        )
    )

    assert prompt is not None
    assert prompt.title == "5 orders still working"
    assert prompt.text.splitlines() == [
        "1 order held dark here: ends with this process; no venue will see it.",
        "2 orders on paper or the embedded exchange: end with this process.",
        "1 order at a venue, with real money: keeps working there after you quit.",
        "1 order in an unknown state: may be at work at the venue; look there.",
    ]


def test_staying_is_the_default_and_the_rest_is_marked_as_dangerous():
    prompt = quit_prompt(state_with((OrderState.OPEN, "sim")))

    assert prompt is not None
    assert [answer.value for answer in prompt.answers] == [STAY, CANCEL, LEAVE]
    assert [answer.is_dangerous for answer in prompt.answers] == [False, True, True]


def test_alerts_alone_are_told_and_nothing_is_offered_to_cancel():
    prompt = quit_prompt(state_with(alert_id="a", fqme="x.sim", price=1))

    assert prompt is not None
    assert "1 alert ends with this process." in prompt.text
    assert [answer.value for answer in prompt.answers] == [STAY, LEAVE]
