"""What an order says of itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import DONE, WORKING, Order, OrderState, OrderUpdate, encoder, event_decoder

D = Decimal
sizes = st.decimals("0.001", "1000", places=3)


def order(**changes: Any) -> Order:
    values = {
        "order_id": "1",
        "account": "sim",
        "fqme": "a.sim",
        "side": "buy",
        "order_type": "market",
        "size": D(3),
    }
    return Order(**(values | changes))


def test_every_state_is_staged_working_or_done() -> None:
    assert set(OrderState) == {OrderState.STAGED} | WORKING | DONE
    assert not WORKING & DONE


def test_remaining_is_what_is_not_filled() -> None:
    partial = order(filled=D(1), state=OrderState.PARTIAL)

    assert partial.remaining == D(2)
    assert partial.is_working
    update = OrderUpdate(order=partial)
    assert event_decoder.decode(encoder.encode(update)) == update


@pytest.mark.parametrize("state", WORKING)
def test_what_works_is_exposed_with_all_that_is_not_filled(state: OrderState) -> None:
    assert order(filled=D(1), state=state).exposed == D(2)


@pytest.mark.parametrize("state", [OrderState.STAGED, *DONE])
def test_what_does_not_work_is_not_exposed_and_held_nowhere(state: OrderState) -> None:
    ended = order(filled=D(1), state=state, asked_size=D(9))

    assert (ended.exposed, ended.held_at) == (D(0), "")


def test_an_amend_under_way_counts_where_it_makes_more_and_not_where_it_makes_less() -> None:
    assert order(asked_size=D(5)).exposed == D(5)
    assert order(asked_size=D(2)).exposed == D(3)
    assert order(asked_size=D(2)).largest_size == D(3)


def test_more_fills_than_were_asked_for_expose_nothing() -> None:
    assert order(filled=D(4), state=OrderState.PARTIAL).exposed == D(0)


@given(sizes, sizes, st.none() | sizes, st.sampled_from(sorted(OrderState)))
def test_exposure_is_never_less_than_what_remains_of_a_working_order(
    size: Decimal, filled: Decimal, asked: Decimal | None, state: OrderState
) -> None:
    one = order(size=size, filled=filled, asked_size=asked, state=state)

    assert one.exposed >= 0
    if one.is_working:
        assert one.exposed >= one.remaining


@pytest.mark.parametrize("state", WORKING)
def test_only_a_dark_order_is_held_here(state: OrderState) -> None:
    assert order(state=state).held_at == ("engine" if state is OrderState.DARK else "venue")
