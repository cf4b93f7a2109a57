"""Arming a live account: what stands between a key and real money."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import UsageError
from engine.messages import AccountInfo, ArmAccount, Command
from engine.text import safe
from tui.orders.guarded import guards_of, is_armed
from tui.orders.question import Question
from tui.orders.slate import Notify
from tui.state import DeckState


class Arming:
    """Asks, and tells the engine which live accounts may add risk until it stops."""

    def __init__(
        self,
        state: DeckState,
        *,
        send: Callable[[Command], None],
        ask: Callable[[Question], None],
        notify: Notify,
    ) -> None:
        self._state = state
        self._send = send
        self._ask = ask
        self._notify = notify

    def toggle(self, name: str) -> None:
        """Arm a live account, after a question; or disarm it, at once.

        Raises:
            UsageError: as `arm`.
        """
        account = self._live(name)
        if account is not None and is_armed(self._state.guards, account):
            self.disarm(name)
        elif account is not None:
            self.arm(name)

    def arm(self, name: str) -> None:
        """Let a live account take orders that add risk until the engine stops, after a question.

        Raises:
            UsageError: there is no such account, or it may not be armed.
        """
        account = self._live(name)
        if account is None:
            return
        guards = guards_of(self._state.guards, name)
        if guards is not None and guards.missing_limits:
            missing = ", ".join(guards.missing_limits)
            raise UsageError(
                f"{name} cannot be armed: it has no limit of {missing}",
                hint="state them in brokers.toml",
            )
        if is_armed(self._state.guards, account):
            self._notify(f"{name} is armed", "info")
            return
        command = ArmAccount(account=name, is_armed=True)
        text = f"REAL MONEY. Arm {name} at {account.broker}?"
        detail = "its orders trade real money until it is disarmed or the engine stops"
        self._ask(Question(text, lambda: self._send(command), detail=detail))

    def disarm(self, name: str) -> None:
        """Let a live account take no order any more that adds risk.

        Raises:
            UsageError: there is no such account.
        """
        if self._live(name) is not None:
            self._send(ArmAccount(account=name, is_armed=False))
            self._notify(f"{name}: disarming; what works there goes on", "info")

    def _live(self, name: str) -> AccountInfo | None:
        """The live account of this name; None, and it says so, for one of paper."""
        if (account := self._state.accounts.get(name)) is None:
            known = ", ".join(sorted(self._state.accounts))
            raise UsageError(f"there is no account {safe(name, 40)!r}", hint=f"accounts: {known}")
        if account.mode != "live":
            self._notify(f"{name} is paper: it needs no arming", "info")
            return None
        return account
