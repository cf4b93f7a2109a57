"""What leaving says of orders that still work."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from engine.messages import (
    AccountInfo,
    Alert,
    AlertUpdate,
    AlgoUpdate,
    EngineReady,
    JournalUpdate,
    OrderState,
    OrderUpdate,
)
from tests.support.scenes import bracket, order
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
        "1 order held here: not watched while tickdeck is closed; goes on when it opens.",
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
    assert prompt.text == ("1 alert: not watched while tickdeck is closed; goes on when it opens.")
    assert [answer.value for answer in prompt.answers] == [STAY, LEAVE]


def test_what_is_not_on_record_ends_with_the_process():
    state = state_with((OrderState.DARK, "sim"), alert_id="a", fqme="x.sim", price=1)
    prompt = quit_prompt(state, is_on_record=False)

    assert prompt is not None
    assert prompt.text == (
        "1 order held here and 1 alert: end with this process: nothing of it is on record."
    )


def test_records_that_wait_for_the_disk_are_lost_and_that_is_said_first():
    state = state_with()
    state.fold(JournalUpdate(is_written=False, waiting=3, reason="the disk is full"))
    prompt = quit_prompt(state)

    assert prompt is not None
    assert prompt.title == "Not everything is on record"
    assert prompt.text.startswith("3 records could not be written and are only in memory: LOST")
    assert [answer.value for answer in prompt.answers] == [STAY, LEAVE]


def test_algos_are_counted_and_a_stop_that_is_held_here_is_said_to_protect_nothing():
    state = state_with()
    state.fold(AlgoUpdate(algo=bracket()))
    entry = order(1, OrderState.FILLED, order_id="a.entry-1", parent_id="a", filled=Decimal("0.5"))
    state.fold(OrderUpdate(order=entry))
    prompt = quit_prompt(state)

    assert prompt is not None
    assert prompt.title == "1 algo still working"
    assert prompt.text.splitlines() == [
        "1 algo: not watched while tickdeck is closed; goes on when it opens.",
        "The stop of an algo is held here: it protects nothing until then.",
    ]
    assert CANCEL in [answer.value for answer in prompt.answers]


def test_a_stop_at_the_venue_protects_meanwhile_and_nothing_is_said_of_it():
    state = state_with()
    state.fold(AlgoUpdate(algo=bracket(is_native=True)))
    for role, changes in (
        ("entry", {"state": OrderState.FILLED, "filled": Decimal("0.5")}),
        ("stop1", {"order_type": "stop", "stop_price": Decimal(63000), "price": None}),
    ):
        child = order(1, OrderState.OPEN, order_id=f"a.{role}-1", parent_id="a")
        state.fold(OrderUpdate(order=msgspec.structs.replace(child, **changes)))
    prompt = quit_prompt(state)

    assert prompt is not None
    assert "protects nothing" not in prompt.text
