"""Commands about algos, and what algos ask for: it goes the way of every order."""

from __future__ import annotations

from collections.abc import Callable, Collection

from engine.ems.algos.api import Action, Change
from engine.ems.algos.runner import Algos
from engine.ems.blotter import Blotter
from engine.ems.journal import AlgoChanged
from engine.ems.outcome import Decisions
from engine.ems.working import WorkingOrders
from engine.messages import (
    Algo,
    AlgoUpdate,
    Amend,
    AmendAlgo,
    CancelAlgo,
    CommandRefused,
    PauseAlgo,
    ResumeAlgo,
    Submit,
    SubmitAlgo,
)
from engine.text import safe


class AlgoDesk:
    """Keeps the journal and the decks up to date of algos."""

    def __init__(
        self,
        *,
        decided: Decisions,
        blotter: Blotter,
        algos: Algos,
        working: WorkingOrders,
        accounts: Collection[str],
        blocks: Callable[[str], tuple[str, str, str, str] | None],
        submit: Callable[[Submit], None],
        log_in: Callable[[str], None],
    ) -> None:
        """
        Args:
            blocks: check, reason, limit and value by which an account takes nothing new.
            submit: takes an algo's order, as any other.
            log_in: has an account logged in unless it is: what its venue does by itself is known
                then.
        """
        self._decided = decided
        self._blotter = blotter
        self._algos = algos
        self._working = working
        self._accounts = accounts
        self._blocks = blocks
        self._submit = submit
        self._log_in = log_in

    def on_submit(self, command: SubmitAlgo) -> None:
        if command.account not in self._accounts:
            reason = f"there is no account {safe(command.account, 80)!r}"
            known = ", ".join(sorted(self._accounts))
            self._decided.refuse(
                "submitalgo", "account", reason, limit=known, value=command.account
            )
            return
        if self._is_blocked("submitalgo", command.account):
            return
        self.tell(self._algos.submit(command))
        self._log_in(command.account)

    def on_amend(self, command: AmendAlgo) -> None:
        self.tell(self._algos.amend(command))

    def on_pause(self, command: PauseAlgo) -> None:
        self.tell(self._algos.set_status(command))

    def on_resume(self, command: ResumeAlgo) -> None:
        algo = self._algos.algo(command.algo_id)
        if algo is not None and self._is_blocked("resumealgo", algo.account):
            return
        self.tell(self._algos.set_status(command))

    def on_cancel(self, command: CancelAlgo) -> None:
        self.tell(self._algos.cancel(command.algo_id))

    def _is_blocked(self, command: str, account: str) -> bool:
        """Nothing new passes of the account; it was said."""
        blocked = self._blocks(account)
        if blocked is not None:
            check, reason, limit, value = blocked
            self._decided.refuse(command, check, reason, limit=limit, value=value)
        return blocked is not None

    def on_account_failed(self, account: str, reason: str) -> None:
        """The account cannot be logged in: what has made no order yet ends."""
        for algo in self._algos.without_orders(account):
            self.tell(self._algos.cancel(algo.algo_id, reason, fails=True))

    def cancel_all(self, account: str, fqme: str, reason: str) -> None:
        """End what would go on by itself; an empty string means all."""
        for algo in self._algos.algos():
            is_meant = account in ("", algo.account) and fqme in ("", algo.fqme)
            if is_meant and algo.status in ("running", "paused"):
                self.tell(self._algos.cancel(algo.algo_id, reason))

    def tell(self, result: Algo | CommandRefused | None) -> None:
        """Put an algo's change on record, and say it."""
        if isinstance(result, Algo):
            self._decided.record(AlgoChanged(algo=result))
            self._decided.tell(AlgoUpdate(algo=result))
            if result.status == "failed":
                text = f"algo {safe(result.algo_id, 80)} failed: {result.reason}"
                self._decided.notice("error", text)
        elif result is not None:
            self._decided.tell(result)

    def run(self) -> None:
        """Look at every algo that something happened to."""
        self._algos.run(self._do, self.tell)

    def _do(self, action: Action) -> None:
        if isinstance(action, Submit):
            self._submit(action)
            return
        order = self._blotter.orders[action.order_id]
        if isinstance(action, Change):
            if self._working.find(action.order_id, "amend") is not None:
                self._working.amend(order, Amend(order_id=action.order_id, price=action.price))
        elif order.is_working:
            self._working.cancel(order)
