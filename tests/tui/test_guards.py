"""Kill switch and states of trading, by hand."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.messages import GuardsUpdate, KillSwitch, SetTradingState
from tests.support.desk import Bench
from tui.guards import GuardControls


class Stand(Bench):
    """A bench with controls of guards."""

    def __init__(self) -> None:
        super().__init__()
        self.guards = GuardControls(
            self.state,
            self._send,
            notify=lambda text, level: self.said.append(text),
            ask=self.asked.append,
        )

    def answer(self) -> None:
        question = self.asked[-1]
        question.painted(1.0)
        assert question.accept(5.0)


def test_one_key_asks_what_the_kill_switch_would_cancel_and_turns_it_on_once() -> None:
    stand = Stand()
    stand.order("o1")
    stand.order("o2")
    stand.guards.ask_kill()

    assert stand.sent == []
    assert stand.asked[0].text == "Turn the KILL SWITCH on?"
    assert "Cancels 2 working orders of all accounts" in stand.asked[0].detail
    stand.answer()
    assert stand.sent == [KillSwitch(is_on=True, note="by hand")]


def test_typed_it_is_turned_on_at_once_with_its_note() -> None:
    stand = Stand()
    stand.guards.kill("fat finger")

    assert stand.sent == [KillSwitch(is_on=True, note="fat finger")]
    assert stand.said == ["kill switch asked for"]


def test_typed_again_it_cancels_again_what_was_not_confirmed() -> None:
    stand = Stand()
    stand.state.fold(GuardsUpdate(is_killed=True, unconfirmed=("o1",)))
    stand.guards.kill()

    assert stand.sent == [KillSwitch(is_on=True, note="by hand")]


def test_lifting_it_is_always_asked_about_and_says_what_may_work_still() -> None:
    stand = Stand()
    stand.state.fold(GuardsUpdate(is_killed=True, unconfirmed=("o1", "o2")))
    stand.guards.ask_kill()

    assert stand.sent == []
    assert "2 orders may work still" in stand.asked[0].detail
    stand.answer()
    assert stand.sent == [KillSwitch(is_on=False, note="by hand")]


def test_a_switch_that_is_off_is_not_lifted() -> None:
    stand = Stand()
    stand.guards.lift()
    stand.state.fold(GuardsUpdate())
    stand.guards.lift()

    assert (stand.sent, stand.asked) == ([], [])
    assert stand.said == ["the kill switch is off"] * 2


@pytest.mark.parametrize("state", ["halted", "reducing"])
def test_less_trading_is_not_asked_about(state: str) -> None:
    stand = Stand()
    stand.guards.set_state(state, "sim", "news")  # type: ignore[arg-type]

    assert stand.sent == [SetTradingState(state=state, account="sim", note="news")]  # type: ignore[arg-type]
    assert stand.asked == []


def test_more_trading_is_asked_about_unless_one_is_sure() -> None:
    stand = Stand()
    stand.guards.set_state("active")
    assert stand.sent == []
    assert stand.asked[0].text == "Make all accounts active?"
    stand.answer()
    stand.guards.set_state("active", "sim", is_sure=True)

    assert stand.sent == [
        SetTradingState(state="active", note="by hand"),
        SetTradingState(state="active", account="sim", note="by hand"),
    ]


def test_an_active_account_does_not_trade_while_the_kill_switch_is_on_and_is_told_so() -> None:
    stand = Stand()
    stand.state.fold(GuardsUpdate(is_killed=True))
    stand.guards.set_state("active", "sim")

    assert "kill switch is on all the same" in stand.asked[0].detail


def test_an_account_that_is_none_has_no_state() -> None:
    with pytest.raises(UsageError, match="no account 'nobody'"):
        Stand().guards.set_state("halted", "nobody")


def test_a_closed_link_is_told_and_nothing_is_said_to_be_asked() -> None:
    stand = Stand()
    stand.is_link_closed = True
    stand.guards.kill()

    assert stand.said == ["not sent: the engine is gone"]
