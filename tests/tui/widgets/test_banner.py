"""What is said once the engine is gone."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from engine.messages import EngineFailed, OrderState, OrderUpdate
from tests.support.scenes import order
from tui.state import DeckState
from tui.widgets.banner import Banner, banner_texts


def _failed(*states: OrderState, reason: str = "disk full") -> DeckState:
    state = DeckState()
    for number, order_state in enumerate(states):
        state.fold(OrderUpdate(order=order(number, order_state)))
    state.fold(EngineFailed(reason=reason))
    return state


def test_the_reason_is_told_and_what_it_means_for_the_screen() -> None:
    what, so = banner_texts(_failed())

    assert what == " ENGINE FAILED  disk full"
    assert so == " Nothing here is of now any more. q quits; the log says more."


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([OrderState.OPEN], " 1 order in an UNKNOWN state: look at the venue. "),
        ([OrderState.OPEN, OrderState.PENDING], " 2 orders in an UNKNOWN state: "),
        ([OrderState.UNKNOWN, OrderState.FILLED, OrderState.CANCELED], " 1 order in an "),
    ],
)
def test_orders_that_may_still_work_are_counted(states: list[OrderState], said: str) -> None:
    assert banner_texts(_failed(*states))[1].startswith(said)


def test_orders_that_are_done_are_not_counted() -> None:
    assert "UNKNOWN" not in banner_texts(_failed(OrderState.FILLED, OrderState.DENIED))[1]


@pytest.mark.parametrize("width", [1, 20, 80, 200])
def test_it_is_two_loud_rows_as_wide_as_the_screen(width: int) -> None:
    state = _failed(OrderState.OPEN, reason="日本 " * 30)
    lines = Banner(state).paint(width, 2)

    assert len(lines) == 2
    for line in lines:
        (span,) = line.spans
        assert span.ink == "chip-error bold"
        assert cell_len(span.text) == width
