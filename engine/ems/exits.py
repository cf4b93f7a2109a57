"""Leaving a market, or turning its position around: what works there is canceled first, then an
order is sized from what is held, once, and not before its venue has said what that is.

A flattening that a stop of the engine cut off goes on after the next start, if that is soon;
later its market is another, and a person is told instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.clock import NANOS
from engine.ems.blotter import Blotter
from engine.ems.gate import Gate, Markets
from engine.ems.journal import Leaving, Left
from engine.ems.outcome import Decisions
from engine.ems.replay import Replayed
from engine.messages import Denied, Flatten, Order, Reverse, Submit
from engine.text import safe

RESUME_NS: Final = 60 * NANOS
"""How long after it was asked for an exit may go on that a stop of the engine cut off."""


class Exits:
    """Flattens and reverses. The router calls `finish` once what worked there is canceled."""

    def __init__(
        self,
        *,
        decided: Decisions,
        blotter: Blotter,
        markets: Markets,
        gate: Gate,
        cancel: Callable[[Order], None],
        cancel_algos: Callable[[str, str, str], None],
        submit: Callable[[Submit], None],
        is_agreed: Callable[[str], bool],
        log_in: Callable[[str], None],
    ) -> None:
        """
        Args:
            cancel_algos: ends the algos of an account in a market, with a reason.
            is_agreed: what the account holds was asked of its venue.
            log_in: has that asked; `on_log_in` is called then.
            submit: takes the closing order, as any other.
        """
        self._decided = decided
        self._blotter = blotter
        self._markets = markets
        self._gate = gate
        self._cancel = cancel
        self._cancel_algos = cancel_algos
        self._submit = submit
        self._is_agreed = is_agreed
        self._log_in = log_in
        self._closing: set[str] = set()
        """Ids of orders that flatten."""
        self._sized: set[str] = set()
        """Ids of orders that flatten or reverse; each is sized once."""
        self._leaving: set[tuple[str, str]] = set()
        """Account and market of each exit that waits until nothing works there."""
        self._resumed: dict[str, tuple[int, Flatten | Reverse]] = {}
        """Exits of the run before, by order id, with the time at which they are given up."""
        self._asking: dict[str, Flatten | Reverse] = {}
        """By order id, exits that wait until their venue has said what is held."""

    def __contains__(self, order_id: str) -> bool:
        """The order closes a position, and does nothing else."""
        return order_id in self._closing

    def markets(self) -> list[str]:
        """Markets that are still to be left, from the run before."""
        return [command.fqme for _, command in self._resumed.values()]

    def begin(self, command: Flatten | Reverse) -> None:
        """Cancel what works in the market; what is held is dealt with by `finish`."""
        order_id, account, fqme = command.order_id, command.account, command.fqme
        if order_id in self._sized:
            return
        name = type(command).__name__.lower()
        if self._blotter.is_known(order_id):
            reason = "an order of this id exists already"
            self._decided.refuse(name, "order", reason, limit="a new id", value=order_id)
            return
        if refusal := self._refuse(command):
            self._decided.refuse(
                name, refusal.check, refusal.reason, limit=refusal.limit, value=refusal.value
            )
            return
        if (account, fqme) in self._leaving or self._is_turning(command):
            reason = f"{account} is leaving {safe(fqme, 80)} already"
            self._decided.refuse(name, "exit", reason, limit="one", value=order_id)
            return
        is_reversal = isinstance(command, Reverse)
        self._decided.record(
            Leaving(order_id=order_id, account=account, fqme=fqme, is_reversal=is_reversal)
        )
        self._begin(command)

    def _is_turning(self, command: Flatten | Reverse) -> bool:
        """An order of another press is on its way: this one would turn the position back."""
        working = self._blotter.working(account=command.account, fqme=command.fqme)
        is_sized = any(order.order_id in self._sized for order in working)
        return isinstance(command, Reverse) and is_sized

    def _refuse(self, command: Flatten | Reverse) -> Denied | None:
        """Why nothing can be sent anyway: then nothing is canceled either, and what protects the
        position stays."""
        held = self._blotter.position(command.account, command.fqme).size
        is_exit = isinstance(command, Flatten)
        probe = Order(
            order_id=command.order_id,
            account=command.account,
            fqme=command.fqme,
            side="buy" if held < 0 else "sell",
            order_type="market",
            size=abs(held) if is_exit else 2 * abs(held),
        )
        refusal = self._gate.refuse_account(probe, is_reducing=is_exit)
        if refusal is not None or is_exit or not held:
            return refusal
        return self._gate.refuse(probe, is_alone=True)

    def _begin(self, command: Flatten | Reverse) -> None:
        account, fqme = command.account, command.fqme
        self._leaving.add((account, fqme))
        # What an algo would close later is closed now: it would open the other side.
        self._cancel_algos(account, fqme, "its market was left")
        self._sized.add(command.order_id)
        if isinstance(command, Flatten):
            self._closing.add(command.order_id)
        for order in self._blotter.working(account=account, fqme=fqme):
            self._cancel(order)
        self._decided.outcome.exits.append(command)

    def finish(self, command: Flatten | Reverse) -> None:
        """Deal with what is held now. What could not be canceled does not keep anyone in, but for
        an exit: with two of them the position would flip."""
        order_id, account, fqme = command.order_id, command.account, command.fqme
        if order_id in self._resumed and self._markets.instrument_of(fqme) is None:
            return  # `on_time` goes on once the market is open
        if not self._is_agreed(account):
            self._asking[order_id] = command
            self._log_in(account)
            return
        self._resumed.pop(order_id, None)
        self._leaving.discard((account, fqme))
        if not self._is_blocked(command):
            self._trade(command)
        self._decided.record(Left(order_id=order_id))

    def on_log_in(self, account: str, reason: str) -> None:
        """What the account holds is known now, or cannot be, for that reason."""
        for command in tuple(self._asking.values()):
            if command.account != account:
                continue
            del self._asking[command.order_id]
            if not reason:
                self.finish(command)
                continue
            self._resumed.pop(command.order_id, None)
            self._leaving.discard((account, command.fqme))
            name, why = (
                type(command).__name__.lower(),
                f"what {account} holds is not known: {reason}",
            )
            self._decided.refuse(name, "account", why, limit="agreed", value=command.order_id)
            self._decided.record(Left(order_id=command.order_id))

    def _is_blocked(self, command: Flatten | Reverse) -> bool:
        """Something works still that does not go together with the order; it was said."""
        left = self._blotter.working(account=command.account, fqme=command.fqme)
        exits = [order for order in left if self._may_close(order)]
        if isinstance(command, Reverse):
            exits = list(left)
        if exits:
            may = "may close the position still" if isinstance(command, Flatten) else "may work"
            reason = f"{exits[0].order_id} {may}: what becomes of it is not known"
            name = type(command).__name__.lower()
            self._decided.refuse(name, "exit", reason, limit="one", value=command.order_id)
        elif left:
            ids = ", ".join(order.order_id for order in left)
            text = f"{command.fqme} is closed while orders may work still: {ids}"
            self._decided.notice("warning", text)
        return bool(exits)

    def _may_close(self, order: Order) -> bool:
        """It is an exit: by its terms, or one that was sized here, or one of an algo."""
        size = self._blotter.position(order.account, order.fqme).size
        closes = size < 0 if order.side == "buy" else size > 0
        return (
            order.reduce_only or order.order_id in self._sized or bool(order.parent_id and closes)
        )

    def _trade(self, command: Flatten | Reverse) -> None:
        size = self._blotter.position(command.account, command.fqme).size
        if size == 0:
            self._decided.notice("info", f"{command.account} holds nothing in {command.fqme}")
            return
        is_exit = isinstance(command, Flatten)
        self._submit(
            Submit(
                order_id=command.order_id,
                account=command.account,
                fqme=command.fqme,
                side="sell" if size > 0 else "buy",
                order_type="market",
                size=abs(size) if is_exit else 2 * abs(size),
                reduce_only=is_exit,
            )
        )

    # -- over a restart -------------------------------------------------------------------------

    def restore(self, replayed: Replayed) -> None:
        """Go on with what the stop of the engine cut off."""
        self._sized |= replayed.exits
        for order_id, (since_ns, leaving) in replayed.leaving.items():
            kind = Reverse if leaving.is_reversal else Flatten
            command = kind(order_id=order_id, account=leaving.account, fqme=leaving.fqme)
            age_ns = self._decided.wall_ns() - since_ns
            if self._blotter.is_known(order_id):
                self._decided.record(Left(order_id=order_id))
            elif leaving.is_reversal or not 0 <= age_ns < RESUME_NS or self._refuse(command):
                self._give_up(command)
            else:
                self._resumed[order_id] = (since_ns + RESUME_NS, command)
                self._begin(command)

    def _give_up(self, command: Flatten | Reverse) -> None:
        self._resumed.pop(command.order_id, None)
        self._asking.pop(command.order_id, None)
        self._leaving.discard((command.account, command.fqme))
        self._decided.record(Left(order_id=command.order_id))
        verb = "flattening" if isinstance(command, Flatten) else "reversing"
        text = f"{verb} {safe(command.fqme, 80)} of {command.account} was cut off by a stop of the "
        self._decided.notice("error", f"{text}engine, and is not done: ask for it again")

    @property
    def needs_time(self) -> bool:
        return bool(self._resumed)

    def on_time(self) -> None:
        """Go on with exits whose market has opened; give up those whose time is over."""
        for ends_ns, command in tuple(self._resumed.values()):
            is_open = self._markets.instrument_of(command.fqme) is not None
            if is_open and not self._blotter.working(account=command.account, fqme=command.fqme):
                self.finish(command)
            elif self._decided.wall_ns() >= ends_ns:
                self._give_up(command)
