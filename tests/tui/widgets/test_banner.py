"""What is said once the engine is gone, and while the kill switch is on."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from engine.messages import EngineFailed, GuardsUpdate, OrderState, OrderUpdate
from tests.support.scenes import order
from tests.support.scripted_link import NOW_NS
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


def test_what_to_do_about_it_is_told_where_no_order_is_in_doubt() -> None:
    state = _failed(reason="damaged:\n page 4")
    state.fold(EngineFailed(reason="damaged:\n page 4", hint="start it again"))

    assert banner_texts(state) == (
        " ENGINE FAILED  damaged: page 4",
        " Start it again. q quits; the log says more.",
    )
    state.fold(OrderUpdate(order=order(1, OrderState.UNKNOWN)))
    assert banner_texts(state)[1].startswith(" 1 order in an UNKNOWN state: look at the venue.")


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


# -- the kill switch ------------------------------------------------------------------------------


def _killed(*unconfirmed: str, states: tuple[OrderState, ...] = ()) -> DeckState:
    state = DeckState()
    for number, order_state in enumerate(states, 1):
        state.fold(OrderUpdate(order=order(number, order_state)))
    state.fold(
        GuardsUpdate(
            is_killed=True, kill_reason="fat finger", killed_ns=NOW_NS, unconfirmed=unconfirmed
        )
    )
    return state


def _texts(state: DeckState, width: int = 120) -> list[str]:
    banner = Banner(state, number_of=lambda order_id: int(order_id.split("-")[1]))
    return [line.spans[0].text.rstrip() for line in banner.paint(width, 2)]


def test_while_the_kill_switch_is_on_why_since_when_and_how_it_is_lifted_is_said() -> None:
    first, second = _texts(_killed())

    assert first.startswith(" KILL SWITCH ON since 14:00:00  fat finger  ")
    assert first.endswith(":kill off lifts it")
    assert second == " Nothing works. No new order is taken, also after a restart."


def test_it_is_calmer_than_a_failure_which_comes_before_it() -> None:
    state = _killed()
    assert {line.spans[0].ink for line in Banner(state).paint(80, 2)} == {"chip-warning bold"}

    state.fold(EngineFailed(reason="disk full"))
    assert {line.spans[0].ink for line in Banner(state).paint(80, 2)} == {"chip-error bold"}
    assert "ENGINE FAILED" in _texts(state)[0]


def test_what_did_not_confirm_is_listed_in_as_many_words_as_fit() -> None:
    state = _killed("order-1", "order-2", states=(OrderState.UNKNOWN, OrderState.OPEN))
    said = " NOT CONFIRMED as canceled, may work still: "

    assert _texts(state, 160)[1] == said + (
        "#1 buy 0.25 btcusdt.spot.sim, #2 buy 0.25 btcusdt.spot.sim"
    )
    assert _texts(state, 80)[1] == said + "#1 buy 0.25, #2 buy 0.25"
    assert _texts(state, 60)[1] == said + "#1, #2"


def test_more_than_fit_are_counted() -> None:
    names = [f"order-{number}" for number in range(1, 60)]
    state = _killed(*names, states=(OrderState.OPEN,) * 59)

    assert _texts(state, 80)[1].endswith("#1, #2, #3, #4, #5, #6 and 53 more")
    assert _texts(state, 54)[1].endswith("59 orders")


def test_an_order_that_was_never_told_of_is_named_by_its_id() -> None:
    assert _texts(_killed("strange-1"))[1].endswith("may work still: strange-1")


def test_what_works_and_is_not_listed_is_counted() -> None:
    state = _killed(states=(OrderState.OPEN,))

    assert _texts(state)[1].startswith(" 1 still working: look at the blotter.")


@pytest.mark.parametrize("width", [1, 20, 47, 80, 200])
def test_the_kill_switch_too_is_two_rows_as_wide_as_the_screen(width: int) -> None:
    state = _killed("order-1", states=(OrderState.OPEN,))
    for line in Banner(state, number_of=lambda _: 1).paint(width, 2):
        assert cell_len(line.spans[0].text) == width
