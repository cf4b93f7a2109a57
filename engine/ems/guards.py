"""States of trading, the kill switch and arming: what may pass before any limit is looked at.

States and the kill switch are on record and hold across restarts; arming is not, and ends with
the engine. What counts for an account is the stricter of its own state and that of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from engine.ems.accounts import Account
from engine.ems.journal import KillSwitched, StateSet
from engine.ems.limits import missing_live_limits
from engine.ems.shape import denied
from engine.messages import AccountGuards, Denied, Gauge, GuardsUpdate, Order, TradingState

_STRICT: Final[Mapping[TradingState, int]] = {"active": 0, "reducing": 1, "halted": 2}

ALL: Final = ""
"""The name under which a state is one of all accounts."""


class Standing(NamedTuple):
    """A state of trading, and who or what set it."""

    state: TradingState = "active"
    reason: str = ""


class Guards:
    """What is set now. Says yes or no, and what to tell; waits for nothing."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts
        self._states: dict[str, Standing] = {}
        self._armed: set[str] = set()
        self.is_killed = False
        self.kill_reason = ""
        self.killed_ns = 0

    # -- what is set ----------------------------------------------------------------------------

    def set_state(self, entry: StateSet) -> None:
        self._states[entry.account] = Standing(entry.state, entry.reason)

    def kill(self, entry: KillSwitched, now_ns: int) -> None:
        """Turn the kill switch. One that is on already keeps since when, and why."""
        if entry.is_on and self.is_killed:
            return
        self.is_killed = entry.is_on
        self.kill_reason = entry.reason if entry.is_on else ""
        self.killed_ns = now_ns if entry.is_on else 0

    def arm(self, account: str, is_armed: bool) -> None:
        if is_armed:
            self._armed.add(account)
        else:
            self._armed.discard(account)

    # -- what it comes to -----------------------------------------------------------------------

    def own(self, account: str) -> Standing:
        """The state that was set for this account, or for all under `ALL`."""
        return self._states.get(account, Standing())

    def standing(self, account: str) -> Standing:
        """What counts for the account."""
        own, of_all = self.own(account), self.own(ALL)
        return own if _STRICT[own.state] >= _STRICT[of_all.state] else of_all

    def is_armed(self, account: str) -> bool:
        """It takes orders that add risk, as far as arming goes."""
        known = self._accounts.get(account)
        return known is None or known.mode != "live" or account in self._armed

    def refuse(self, order: Order, *, is_reducing: bool) -> Denied | None:
        """Why the order does not pass.

        Args:
            is_reducing: whatever becomes of it, its position only gets smaller.
        """
        if self.is_killed:
            why = f": {self.kill_reason}" if self.kill_reason else ""
            return denied(order, "kill_switch", f"the kill switch is on{why}", "off", "on")
        standing = self.standing(order.account)
        why = f": {standing.reason}" if standing.reason else ""
        if standing.state == "halted":
            reason = f"account {order.account} is halted{why}"
            return denied(order, "state", reason, "active", "halted")
        if is_reducing:
            return None
        if standing.state == "reducing":
            reason = f"account {order.account} only reduces positions{why}"
            return denied(order, "state", reason, "what reduces", "what adds")
        if not self.is_armed(order.account):
            reason = f"account {order.account} is real money and is not armed"
            return denied(order, "armed", reason, "armed, or what reduces", "not armed")
        return None

    def blocks(self, account: str) -> tuple[str, str, str, str] | None:
        """Check, reason, limit and value by which nothing new of the account passes at all, not
        even what reduces; None if something may."""
        probe = Order(
            order_id="", account=account, fqme="", side="buy", order_type="market", size=Decimal(0)
        )
        refusal = self.refuse(probe, is_reducing=True)
        if refusal is None:
            return None
        return refusal.check, refusal.reason, refusal.limit, refusal.value

    def update(
        self, unconfirmed: tuple[str, ...], gauges: Mapping[str, tuple[Gauge, ...]]
    ) -> GuardsUpdate:
        """What everyone is told.

        Args:
            unconfirmed: ids of what may work though it was to be canceled.
            gauges: by account.
        """
        of_all = self.own(ALL)
        return GuardsUpdate(
            is_killed=self.is_killed,
            kill_reason=self.kill_reason,
            killed_ns=self.killed_ns,
            unconfirmed=unconfirmed,
            state=of_all.state,
            reason=of_all.reason,
            accounts=tuple(
                self._of(account, gauges.get(name, ())) for name, account in self._accounts.items()
            ),
        )

    def _of(self, account: Account, gauges: tuple[Gauge, ...]) -> AccountGuards:
        standing = self.standing(account.name)
        is_live = account.mode == "live"
        return AccountGuards(
            account=account.name,
            state=standing.state,
            reason=standing.reason,
            is_armed=self.is_armed(account.name),
            missing_limits=missing_live_limits(account.risk_limits) if is_live else (),
            gauges=gauges,
        )
