"""Commands about guards, and what follows from them: sweeps, and what everyone is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from engine.clock import NANOS
from engine.ems.accounts import Account
from engine.ems.blotter import Blotter
from engine.ems.guards import ALL, Guards
from engine.ems.journal import KillSwitched, StateSet
from engine.ems.limits import missing_live_limits
from engine.ems.outcome import Decisions
from engine.ems.replay import Replayed
from engine.ems.shape import text
from engine.ems.usage import Usage, amount_text
from engine.messages import (
    ArmAccount,
    GuardsUpdate,
    KillSwitch,
    Order,
    OrderState,
    SetTradingState,
)
from engine.text import safe

GAUGES_EVERY_NS: Final = NANOS
"""How often gauges are told, and the loss of the day is looked at, while there is something."""

_AT_VENUE: Final = (OrderState.OPEN, OrderState.PARTIAL)


class GuardDesk:
    """Turns what is set, and sees that it holds."""

    def __init__(
        self,
        *,
        guards: Guards,
        usage: Usage,
        decided: Decisions,
        blotter: Blotter,
        accounts: Mapping[str, Account],
        cancel: Callable[[Order], None],
        cancel_algos: Callable[[str, str, str], None],
    ) -> None:
        self._guards = guards
        self._usage = usage
        self._decided = decided
        self._blotter = blotter
        self._accounts = accounts
        self._cancel = cancel
        self._cancel_algos = cancel_algos
        self._told: GuardsUpdate | None = None
        self._is_due = True
        """Something other than a gauge may have changed."""
        self._has_moved = False
        """A gauge may have changed."""
        self._gauged_ns = 0

    # -- commands -------------------------------------------------------------------------------

    def on_set_state(self, command: SetTradingState) -> None:
        account = command.account
        if account != ALL and not self._is_known("settradingstate", account):
            return
        self._set_state(
            StateSet(account=account, state=command.state, reason=safe(command.note, 400))
        )

    def on_kill(self, command: KillSwitch) -> None:
        """Blocks first, then cancels; a second time it cancels what was not confirmed."""
        now_ns = self._decided.wall_ns()
        entry = KillSwitched(is_on=command.is_on, reason=safe(command.note, 400))
        if command.is_on or self._guards.is_killed:
            self._decided.record(entry, now_ns)
        self._guards.kill(entry, now_ns)
        self._is_due = True
        if command.is_on:
            self.sweep()

    def on_arm(self, command: ArmAccount) -> None:
        """Arming is not on record: it ends with the engine."""
        if not self._is_known("armaccount", command.account):
            return
        account = self._accounts[command.account]
        missing = missing_live_limits(account.risk_limits) if account.mode == "live" else ()
        if command.is_armed and missing:
            reason = f"live account {account.name} lacks limits, and trades nothing"
            limit = ", ".join(missing)
            self._decided.refuse("armaccount", "limits", reason, limit=limit, value="not stated")
            return
        self._guards.arm(command.account, command.is_armed)
        self._is_due = True

    def _is_known(self, command: str, account: str) -> bool:
        if account in self._accounts:
            return True
        reason = f"there is no account {safe(account, 80)!r}"
        known = ", ".join(sorted(self._accounts))
        self._decided.refuse(command, "account", reason, limit=known, value=account)
        return False

    def _set_state(self, entry: StateSet) -> None:
        self._decided.record(entry)
        self._guards.set_state(entry)
        self._is_due = True

    # -- what follows ---------------------------------------------------------------------------

    def restore(self, replayed: Replayed) -> None:
        """What was set before this run holds; arming does not."""
        for entry in replayed.states.values():
            self._guards.set_state(entry)
        if replayed.kill is not None:
            self._guards.kill(replayed.kill, replayed.killed_ns)
        if self._guards.is_killed:
            self.sweep()

    def sweep(self, account: str = "") -> None:
        """While the kill switch is on: cancel everything that works, also what turned up only
        now. What does not confirm is asked again whenever its venue was asked."""
        if not self._guards.is_killed:
            return
        self._cancel_algos(account, "", "the kill switch is on")
        for order in self._blotter.working(account=account):
            self._cancel(order)

    def on_change(self, order: Order) -> None:
        """An order is new, or has changed."""
        self._has_moved = True
        if not self._guards.is_killed:
            return
        self._is_due = True
        if order.state in _AT_VENUE and not order.awaiting:
            # It works though everything was canceled: its venue is asked, and told again.
            self._decided.outcome.doubts.add(order.account)

    @property
    def needs_time(self) -> bool:
        """`on_time` has something to do, or will have."""
        return self._has_moved or any(map(self._watches_loss, self._accounts.values()))

    def on_time(self) -> None:
        """Look at what moves with the market, once in a while."""
        now_ns = self._decided.wall_ns()
        if 0 <= now_ns - self._gauged_ns < GAUGES_EVERY_NS:
            return
        self._gauged_ns = now_ns
        for account in self._accounts.values():
            if self._watches_loss(account):
                self._watch_loss(account)
        self._is_due, self._has_moved = True, False

    def tell(self) -> None:
        """Say what changed, if anything did."""
        if not self._is_due:
            return
        self._is_due = False
        unconfirmed: tuple[str, ...] = ()
        if self._guards.is_killed:
            unconfirmed = tuple(order.order_id for order in self._blotter.working())
        gauges = {
            name: self._usage.gauges(name, account.risk_limits)
            for name, account in self._accounts.items()
        }
        update = self._guards.update(unconfirmed, gauges)
        if update != self._told:
            self._told = update
            self._decided.tell(update)

    def _watches_loss(self, account: Account) -> bool:
        """It holds something, and what that costs is limited."""
        limits = account.risk_limits
        if limits is None or limits.max_day_loss is None:
            return False
        held = self._blotter.positions.items()
        return any(name == account.name and position.size for (name, _), position in held)

    def _watch_loss(self, account: Account) -> None:
        """What the day costs may fall below its limit again; the account does not go on by itself
        then: a person says so."""
        limits = account.risk_limits
        if limits is None or limits.max_day_loss is None:
            return
        if self._guards.own(account.name).state != "active":
            return
        loss = self._usage.loss_of_day((account.name,), limits.loss_currency)
        if loss is None or loss < limits.max_day_loss:
            return
        reason = _loss_text(loss, limits.max_day_loss, limits.loss_currency)
        self._set_state(StateSet(account=account.name, state="reducing", reason=reason))
        self._decided.notice("error", f"account {account.name} only reduces from now on: {reason}")


def _loss_text(loss: Decimal, limit: Decimal, currency: str) -> str:
    return f"the day has cost {amount_text(loss)} of {text(limit)} {currency}"
