"""Guards by hand: kill switch and states of trading: the target `guards` of actions.

What takes risk away is done at once where it was typed, and after a question where one key asks
for it. What lets orders pass again is always asked about: lifting the kill switch, making an
account active. What is shown is what the engine then says.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import LinkClosed, UsageError
from engine.messages import Command, KillSwitch, SetTradingState, TradingState
from engine.text import safe
from tui.orders.question import Question
from tui.state import DeckState

BY_HAND = "by hand"
"""Why, where the user gave no other reason."""


class GuardControls:
    """What keys and typed commands do with guards."""

    def __init__(
        self,
        state: DeckState,
        send: Callable[[Command], None],
        *,
        notify: Callable[[str, str], None],
        ask: Callable[[Question], None],
    ) -> None:
        """
        Args:
            state: what the deck knows; only read.
            send: hands a command to the engine; raises `LinkClosed`.
            notify: says something, with its level.
            ask: puts a question on the screen.
        """
        self._state = state
        self._send = send
        self._notify = notify
        self._ask = ask

    # -- the kill switch ------------------------------------------------------------------------

    def ask_kill(self) -> None:
        """Ask whether to turn the kill switch on; or off, while it is on."""
        if self._state.is_killed:
            self.lift()
            return
        count = len(self._state.working())
        detail = f"Cancels {_count(count, 'working order')} of all accounts, those held here too, "
        detail += "ends algos, and takes no new order until it is lifted, also after a restart."
        question = Question("Turn the KILL SWITCH on?", self._kill, detail=detail)
        self._ask(question)

    def kill(self, note: str = "", *, at: float | None = None) -> None:
        """Turn it on. On already: cancels again what was not confirmed."""
        self._kill(note)

    def lift(self) -> None:
        """Turn it off, after a question."""
        guards = self._state.guards
        if guards is None or not guards.is_killed:
            self._notify("the kill switch is off", "info")
            return
        detail = "New orders pass again; nothing that was canceled comes back."
        if count := len(guards.unconfirmed):
            detail += f"\n{_count(count, 'order')} may work still: not confirmed as canceled."
        command = KillSwitch(is_on=False, note=BY_HAND)
        text = "Lift the kill switch?"
        self._ask(Question(text, lambda: self._try_send(command), detail=detail))

    def _kill(self, note: str = "") -> None:
        if self._try_send(KillSwitch(is_on=True, note=note or BY_HAND)):
            self._notify("kill switch asked for", "warning")

    # -- states of trading ----------------------------------------------------------------------

    def set_state(
        self,
        state: TradingState,
        account: str = "",
        note: str = "",
        is_sure: bool = False,
        *,
        at: float | None = None,
    ) -> None:
        """Put an account, or all of them, in a state of trading; asks before `active`, unless
        sure.

        Raises:
            UsageError: there is no such account.
        """
        if account and account not in self._state.accounts:
            raise UsageError(f"there is no account {safe(account, 40)!r}")
        command = SetTradingState(state=state, account=account, note=note or BY_HAND)
        if state != "active" or is_sure:
            self._try_send(command)
            return
        whose = f"account {account}" if account else "all accounts"
        detail = "New orders pass again, within the limits."
        if self._state.is_killed:
            detail = "The kill switch is on all the same: no order passes until it is lifted."
        text = f"Make {whose} active?"
        self._ask(Question(text, lambda: self._try_send(command), detail=detail))

    # -- inside ---------------------------------------------------------------------------------

    def _try_send(self, command: Command) -> bool:
        """Whether it was sent; says so if not."""
        try:
            self._send(command)
        except LinkClosed as error:
            self._notify(f"not sent: {error}", "error")
            return False
        return True


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
