"""Inks and texts that tables share."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

import pytest

from engine.messages import DONE, OrderState
from tests.support.scenes import BTC
from tests.support.scripted_link import NOW_NS, ScriptedLink
from tui.state import DeckState
from tui.widgets.inks import STATE_INKS, money_ink, price_text, side_ink, size_text, time_text


def test_states_that_look_alike_mean_alike():
    assert STATE_INKS[OrderState.OPEN] == STATE_INKS[OrderState.PARTIAL]
    kinds = ("staged", "pending", "open", "dark", "triggered", "unknown")
    assert len({STATE_INKS[OrderState(kind)] for kind in kinds}) == len(kinds)


def test_what_is_over_is_muted_but_for_fills_and_refusals():
    shown = {state for state in DONE if state in STATE_INKS}

    assert shown == {OrderState.FILLED, OrderState.REJECTED, OrderState.DENIED}


@pytest.mark.parametrize(("value", "ink"), [("1", "up"), ("-1", "down"), ("0", "muted")])
def test_money_is_inked_by_its_sign(value: str, ink: str):
    assert money_ink(Decimal(value)) == ink


def test_a_side_that_works_no_more_is_muted():
    assert (side_ink("buy"), side_ink("sell"), side_ink("buy", False)) == ("up", "down", "muted")


def test_a_time_that_is_not_known_is_not_shown():
    assert time_text(0, UTC) == ""
    assert time_text(NOW_NS, UTC) == "14:00:00"


def test_numbers_have_the_digits_of_their_market_once_that_is_open():
    state = DeckState([BTC])
    assert price_text(state, BTC, Decimal("64000")) == "64000"
    assert size_text(state, BTC, Decimal("0.5")) == "0.5"

    state.fold(ScriptedLink()._opened(BTC))
    assert price_text(state, BTC, Decimal("64000")) == "64000.00"
    assert size_text(state, BTC, Decimal("0.5")) == "0.5000"
