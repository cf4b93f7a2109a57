"""Which account the next order of a market names."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import UsageError
from engine.messages import AccountInfo
from engine.text import safe
from tui.state import DeckState


class AccountChoice:
    """The account chosen for each broker's markets; until then the first that trades them."""

    def __init__(self, state: DeckState) -> None:
        self._state = state
        self._chosen: dict[str, str] = {}
        """Names by broker of the market."""

    def of(self, fqme: str) -> AccountInfo | None:
        """The account that the next order of `fqme` names; None if none trades it."""
        serving = self.serving(fqme)
        chosen = self._chosen.get(_broker_of(fqme), "")
        return next((account for account in serving if account.name == chosen), None) or (
            serving[0] if serving else None
        )

    def serving(self, fqme: str) -> Sequence[AccountInfo]:
        """Accounts that trade `fqme`, in the order of the configuration."""
        accounts = self._state.accounts.values()
        return [account for account in accounts if _serves(account, fqme)]

    def named(self, name: str, fqme: str) -> AccountInfo:
        """The account of this name.

        Raises:
            UsageError: there is none, or it does not trade `fqme`.
        """
        if (account := self._state.accounts.get(name)) is None:
            known = ", ".join(sorted(self._state.accounts))
            raise UsageError(f"there is no account {safe(name, 40)!r}", hint=f"accounts: {known}")
        if not _serves(account, fqme):
            raise UsageError(f"account {name} does not trade {fqme}")
        return account

    def choose(self, name: str, fqme: str) -> AccountInfo:
        """Name `name` in the next orders of `fqme` and of its broker's other markets.

        Raises:
            UsageError: as `named`.
        """
        account = self.named(name, fqme)
        self._chosen[_broker_of(fqme)] = name
        return account

    def beside(self, fqme: str, step: int) -> AccountInfo | None:
        """The account that many places behind the present one, around the end."""
        serving, present = self.serving(fqme), self.of(fqme)
        return serving[(serving.index(present) + step) % len(serving)] if present else None


def _serves(account: AccountInfo, fqme: str) -> bool:
    return not account.serves or _broker_of(fqme) in account.serves


def _broker_of(fqme: str) -> str:
    return fqme.rpartition(".")[2]
