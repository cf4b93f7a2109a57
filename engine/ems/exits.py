"""Leaving a market: what works there is canceled first, then what is held is closed, once."""

from __future__ import annotations

from collections.abc import Callable, Collection

from engine.ems.blotter import Blotter
from engine.ems.outcome import Decisions
from engine.messages import Flatten, Order, Submit
from engine.text import safe


class Exits:
    """Flattens markets. The router calls `finish` once what worked there is canceled."""

    def __init__(
        self,
        *,
        decided: Decisions,
        blotter: Blotter,
        accounts: Collection[str],
        cancel: Callable[[Order], None],
        cancel_algos: Callable[[str, str, str], None],
        submit: Callable[[Submit], None],
    ) -> None:
        """
        Args:
            cancel_algos: ends the algos of an account in a market, with a reason.
            submit: takes the closing order, as any other.
        """
        self._decided = decided
        self._blotter = blotter
        self._accounts = accounts
        self._cancel = cancel
        self._cancel_algos = cancel_algos
        self._submit = submit
        self._exits: set[str] = set()
        """Ids of orders that flatten; each is sized once."""
        self._leaving: set[tuple[str, str]] = set()
        """Account and market of each exit that waits until nothing works there."""

    def __contains__(self, order_id: str) -> bool:
        """The order closes a position, and does nothing else."""
        return order_id in self._exits

    def begin(self, command: Flatten) -> None:
        """Cancel what works in the market; its position is closed by `finish`."""
        if command.order_id in self._exits:
            return
        if command.order_id in self._blotter.orders:
            reason = "an order of this id exists already"
            self._decided.refuse(
                "flatten", "order", reason, limit="a new id", value=command.order_id
            )
            return
        if command.account not in self._accounts:
            reason = f"there is no account {safe(command.account, 80)!r}"
            known = ", ".join(sorted(self._accounts))
            self._decided.refuse("flatten", "account", reason, limit=known, value=command.account)
            return
        key = (command.account, command.fqme)
        if key in self._leaving:
            reason = f"{command.account} is leaving {safe(command.fqme, 80)} already"
            self._decided.refuse("flatten", "exit", reason, limit="one", value=command.order_id)
            return
        self._leaving.add(key)
        # What an algo would close later is closed now: it would open the other side.
        self._cancel_algos(command.account, command.fqme, "its market was left")
        self._exits.add(command.order_id)
        for order in self._blotter.working(account=command.account, fqme=command.fqme):
            self._cancel(order)
        self._decided.outcome.exits.append(command)

    def finish(self, command: Flatten) -> None:
        """Close what is held now. What could not be canceled does not keep anyone in, but for
        an exit: with two of them the position would flip."""
        self._leaving.discard((command.account, command.fqme))
        left = self._blotter.working(account=command.account, fqme=command.fqme)
        if exits := [order.order_id for order in left if order.order_id in self._exits]:
            reason = f"{exits[0]} may close the position still: what becomes of it is not known"
            self._decided.refuse("flatten", "exit", reason, limit="one", value=command.order_id)
            return
        if left:
            ids = ", ".join(order.order_id for order in left)
            text = f"{command.fqme} is closed while orders may work still: {ids}"
            self._decided.notice("warning", text)
        size = self._blotter.position(command.account, command.fqme).size
        if size == 0:
            self._decided.notice("info", f"{command.account} holds nothing in {command.fqme}")
            return
        self._submit(
            Submit(
                order_id=command.order_id,
                account=command.account,
                fqme=command.fqme,
                side="sell" if size > 0 else "buy",
                order_type="market",
                size=abs(size),
            )
        )
