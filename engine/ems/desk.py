"""What becomes of each command, answer and touch: decided at once, without waiting.

The desk moves the blotter, the dark book and the lanes, and says what is to be done of it as
an `Outcome`; the router, which alone calls the desk, does that. What it decides is split by
noun: `changes` of orders, orders that are `held`, orders that are `working`, `exits`, algos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from engine.broker import Capabilities
from engine.clock import Clock
from engine.ems.accounts import Account
from engine.ems.agreements import Agreements
from engine.ems.alerts import Alerts, notification
from engine.ems.algo_desk import AlgoDesk
from engine.ems.algos.runner import Algos
from engine.ems.arrivals import Arrivals
from engine.ems.blotter import Blotter
from engine.ems.changes import Changes
from engine.ems.dark import DarkBook, Touch
from engine.ems.exits import Exits
from engine.ems.gate import Gate, Markets, amended
from engine.ems.guard_desk import GuardDesk
from engine.ems.guards import Guards
from engine.ems.held import HeldOrders
from engine.ems.journal import AlertSet, LimitsChanged
from engine.ems.kept import KeptTerms
from engine.ems.lanes import Lanes, Request
from engine.ems.limits import RiskLimits
from engine.ems.outcome import Decisions, Outcome
from engine.ems.reconcile import Theirs
from engine.ems.replay import Replayed
from engine.ems.shape import has_signal
from engine.ems.usage import Usage
from engine.ems.working import WorkingOrders
from engine.failpoints import reach
from engine.instruments import Instrument
from engine.messages import (
    Accepted,
    Alert,
    AlertUpdate,
    Amend,
    AmendAlgo,
    Amended,
    ArmAccount,
    Cancel,
    CancelAlert,
    CancelAlgo,
    CancelAll,
    Canceled,
    Command,
    CommandRefused,
    Denied,
    Expired,
    Filled,
    Flatten,
    KillSwitch,
    Lost,
    Order,
    OrderEvent,
    OrderState,
    PauseAlgo,
    Rejected,
    RequestRefused,
    Resolve,
    ResumeAlgo,
    Reverse,
    SetAlert,
    SetTradingState,
    Submit,
    SubmitAlgo,
)
from engine.text import safe

_FROM_VENUE = (Accepted, Rejected, Filled, Canceled, Expired, Amended, RequestRefused, Lost)
"""What a venue may say of an order; the other events are ours alone."""

_OF_WORKING = (Accepted, Amended, Filled)
"""What a venue says only of an order that works there, or did when it happened."""

_NOT_THERE = (
    OrderState.DARK,
    OrderState.DENIED,
    OrderState.CANCELED,
    OrderState.EXPIRED,
    OrderState.REJECTED,
)
"""Never sent or done, as far as is known here; something could trade if that was wrong."""

STOPPED: Final = "the engine stopped; its venue is asked"
"""Why an order is unknown after a start."""


class Desk:
    """Decides. Every method returns at once; what is to be done is in `take_outcome`."""

    def __init__(
        self,
        *,
        clock: Clock,
        markets: Markets,
        accounts: Mapping[str, Account],
        blotter: Blotter,
        dark: DarkBook,
        lanes: Lanes,
        capabilities_of: Callable[[str], Capabilities | None],
        through_ticks: int,
        all_limits: Mapping[str, RiskLimits] | None = None,
    ) -> None:
        """
        Args:
            all_limits: by mode, limits of all accounts of that mode together.
        """
        self._accounts = accounts
        self._blotter = blotter
        self._lanes = lanes
        self._all_limits = all_limits or {}
        self._broker_can = capabilities_of
        capabilities_of = self.capabilities_of
        self._unseen: frozenset[str] = frozenset()
        self._decided = decided = Decisions(clock=clock, markets=markets, lanes=lanes)
        self._changes = changes = Changes(decided=decided, blotter=blotter, markets=markets)
        self.apply = changes.apply
        self._guards = Guards(accounts)
        usage = Usage(
            blotter=blotter,
            quote_of=markets.quote_of,
            now_ns=decided.now_ns,
            wall_ns=clock.now_ns,
        )
        self._gate = Gate(
            accounts=accounts,
            all_limits=self._all_limits,
            blotter=blotter,
            markets=markets,
            guards=self._guards,
            usage=usage,
            capabilities_of=capabilities_of,
            is_stale=dark.is_stale,
            now_ns=decided.now_ns,
        )
        self._alerts = Alerts(dark, quote_of=markets.quote_of, now_ns=decided.now_ns)
        self._held = HeldOrders(
            decided=decided,
            changes=changes,
            blotter=blotter,
            markets=markets,
            dark=dark,
            gate=self._gate,
            refuse=self._refuse,
            through_ticks=through_ticks,
        )
        self._working = WorkingOrders(
            decided=decided,
            changes=changes,
            blotter=blotter,
            lanes=lanes,
            gate=self._gate,
            held=self._held,
        )
        self._kept = KeptTerms(
            decided=decided,
            blotter=blotter,
            capabilities_of=self.capabilities_of,
            cancel=self._working.cancel,
        )
        self.algos = Algos(
            dark=dark,
            orders=blotter.orders,
            markets=markets,
            capabilities_of=capabilities_of,
            now_ns=decided.now_ns,
            wall_ns=clock.now_ns,
            kept_instrument=blotter.kept_instrument,
        )
        self._algo_desk = AlgoDesk(
            decided=decided,
            blotter=blotter,
            algos=self.algos,
            working=self._working,
            accounts=accounts,
            blocks=self._guards.blocks,
            submit=self._submit,
            log_in=self._log_in_for_algo,
        )
        self._exits = Exits(
            decided=decided,
            blotter=blotter,
            markets=markets,
            gate=self._gate,
            cancel=self._working.cancel,
            cancel_algos=self._algo_desk.cancel_all,
            submit=self._submit,
            is_agreed=lambda account: self.agreements.is_agreed(account),
            log_in=lambda account: self._arrivals.log_in(account),
        )
        self._guard_desk = GuardDesk(
            guards=self._guards,
            usage=usage,
            decided=decided,
            blotter=blotter,
            accounts=accounts,
            cancel=self._working.cancel,
            cancel_algos=self._algo_desk.cancel_all,
        )
        self.agreements = Agreements(
            blotter=blotter,
            is_busy=self._is_busy,
            keep_instrument=changes.record_instrument,
            apply=changes.apply,
            record=decided.record,
            tell=decided.tell,
            now_ns=clock.now_ns,
        )
        self._arrivals = Arrivals(
            decided=decided,
            changes=changes,
            blotter=blotter,
            gate=self._gate,
            held=self._held,
            agreements=self.agreements,
            capabilities_of=self.capabilities_of,
            refuse=self._refuse,
            on_new=self._on_new,
        )
        changes.dispute = self.agreements.dispute
        changes.then += [
            self._on_change,
            self._working.on_change,
            self._kept.on_change,
            self._guard_desk.on_change,
        ]
        decided.sent = partial(self._count, usage)
        self._decide: Mapping[type, Callable[[Any], None]] = {
            Submit: self._arrivals.submit,
            Amend: self.on_amend,
            Cancel: self.on_cancel,
            CancelAll: self.on_cancel_all,
            Flatten: self._exits.begin,
            Reverse: self._exits.begin,
            SetTradingState: self._guard_desk.on_set_state,
            KillSwitch: self._guard_desk.on_kill,
            ArmAccount: self._guard_desk.on_arm,
            Resolve: self._working.resolve,
            SetAlert: lambda command: self._tell_alert(self._alerts.set(command)),
            CancelAlert: lambda command: self._tell_alert(self._alerts.cancel(command)),
            SubmitAlgo: self._algo_desk.on_submit,
            AmendAlgo: self._algo_desk.on_amend,
            PauseAlgo: self._algo_desk.on_pause,
            ResumeAlgo: self._algo_desk.on_resume,
            CancelAlgo: self._algo_desk.on_cancel,
        }
        self.on_no_answer = self._working.on_no_answer
        self.without_record = self._working.without_record
        self.on_moved = self._held.on_moved
        self.exit = self._exits.finish

    def decision(self, command: Command) -> Callable[[], None]:
        """What decides a command, once it is called.

        Raises:
            TypeError: it is not a command about orders.
        """
        decide = self._decide.get(type(command))
        if decide is None:
            raise TypeError(f"{type(command).__name__} is not a command for the router")
        if has_signal(command):
            name, reason = type(command).__name__.lower(), "what it asks for is not a number"
            refuse = self._decided.refuse
            return partial(refuse, name, "number", reason, limit="a number", value="sNaN")
        return partial(decide, command)

    @property
    def is_logging_in(self) -> bool:
        """Orders wait for their account."""
        return self._arrivals.is_waiting

    @property
    def needs_time(self) -> bool:
        """`on_time` has something to do, or will have."""
        return (
            self._held.needs_time
            or self._kept.needs_time
            or self.algos.needs_time
            or self._exits.needs_time
            or self._guard_desk.needs_time
        )

    def capabilities_of(self, account: str) -> Capabilities | None:
        """What the account's venue can do for us; None before the first log-in.

        One that ends with the engine (sim, paper), or began anew, does not know what was held
        before: what only reduces is seen to here."""
        capabilities = self._broker_can(account)
        if capabilities is None or capabilities.outlives_engine or account not in self._unseen:
            return capabilities
        return replace(capabilities, can_reduce_only=False)

    def take_outcome(self) -> Outcome:
        """What is to be done of everything decided since the last call."""
        self._algo_desk.run()
        self._guard_desk.tell()
        return self._decided.take()

    def on_time(self) -> None:
        """What is done by time."""
        self.algos.on_time()
        self._held.on_time()
        self._exits.on_time()
        self._guard_desk.on_time()
        self._kept.on_time()

    def _submit(self, submit: Submit) -> None:
        """An order that was made here: it goes the way of every other."""
        self._arrivals.submit(submit)

    def _on_new(self, order: Order) -> None:
        self.algos.on_order(order)
        self._guard_desk.on_change(order)

    def _on_change(self, order: Order) -> None:
        """What follows from an order's new state, but for what is asked of its venue."""
        self.agreements.hear(order.account, order.order_id)
        self.algos.on_order(order)
        if order.filled and order.filled > order.largest_size:
            self._decided.notice("error", f"order {order.order_id} is filled beyond its size")
        if order.state is OrderState.UNKNOWN:
            self._decided.outcome.doubts.add(order.account)

    # -- what venues say ------------------------------------------------------------------------

    def on_report(self, account: str, event: OrderEvent) -> None:
        """Something that the venue of `account` says."""
        reach("6-reported")
        name = type(event).__name__
        notice = self._decided.notice
        if not isinstance(event, _FROM_VENUE) or not isinstance(event.order_id, str):
            notice("error", f"{account} reports {name}, which no venue can say")
            return
        order = self._blotter.orders.get(event.order_id)
        if order is None:
            named = f"{name} of order {safe(event.order_id, 80)}"
            notice("warning", f"{account} reports {named}, not ours")
            # Of an order made elsewhere, perhaps: its venue says more of it.
            self._decided.outcome.doubts.add(account)
        elif order.account != account:
            notice("error", f"{account} reports {name} of an order of {order.account}")
        else:
            if isinstance(event, _OF_WORKING) and order.state in _NOT_THERE:
                # It comes late, or the order never ended, and counts in no check of risk.
                self._decided.outcome.doubts.add(account)
            self.apply(self._kept.as_meant(event))

    def on_account_lost(self, account: str, why: str) -> None:
        """The broker of an account failed: nobody knows what works there now.

        Requests that are under way get their own answer, or none in time."""
        self.agreements.lose(account, why)
        self._note_unseen(account)
        self._decided.outcome.log_ins.append(account)
        for order in self._blotter.working(account=account):
            if order.state in (OrderState.OPEN, OrderState.PARTIAL):
                self.apply(Lost(order_id=order.order_id, reason=why))

    def _note_unseen(self, account: str) -> None:
        """What the account holds was traded before its venue began, if it ends with the engine."""
        held = self._blotter.positions.values()
        if any(position.size for position in held if position.account == account):
            self._unseen |= {account}

    # -- accounts -------------------------------------------------------------------------------

    def _log_in_for_algo(self, account: str) -> None:
        """What its venue does by itself is known once the account is logged in."""
        if self.capabilities_of(account) is None:
            self._arrivals.log_in(account)

    def on_log_in(self, name: str, reason: str) -> None:
        """The account was logged in and asked, or cannot be, for that reason."""
        self.algos.on_log_in(name)
        if reason:
            self._algo_desk.on_account_failed(name, reason)
            self.agreements.lose(name, reason)
        self._arrivals.on_log_in(name, reason)
        self._exits.on_log_in(name, reason)

    def on_answers(self, name: str, theirs: Theirs, instruments: Sequence[Instrument]) -> None:
        """What the venue says of an account that was asked about."""
        self.agreements.answer(name, theirs, instruments)
        self.on_log_in(name, "")
        self._guard_desk.sweep(name)

    def restore(self, replayed: Replayed) -> None:
        """Go on from what the journal says: hold what was held here, and take what worked at a
        venue for unknown until that venue was asked. What was on its way may have been sent."""
        self.agreements.restore(replayed.agreed)
        for problem in replayed.problems:
            self._decided.notice("error", problem)
        stated = {name: account.risk_limits for name, account in self._accounts.items()}
        # No account has a name with a space in it.
        stated |= {f"all {mode}": limits for mode, limits in self._all_limits.items()}
        gone = {name: None for name in replayed.limits if name.startswith("all ")}
        for name, limits in {**gone, **stated}.items():
            if name not in replayed.limits or replayed.limits[name] != limits:
                self._decided.record(LimitsChanged(account=name, limits=limits))
        for alert in replayed.alerts.values():
            self._alerts.restore(alert)
        for order in self._blotter.working():
            if order.state is OrderState.DARK:
                self._held.hold(order)
            else:
                self.apply(Lost(order_id=order.order_id, reason=STOPPED))
        self.algos.restore(replayed.algos.values())
        for name in self._accounts:
            self._note_unseen(name)
        self._guard_desk.restore(replayed)
        self._exits.restore(replayed)

    def waiting_markets(self) -> list[str]:
        """Markets in which an alert is armed, or that are still to be left."""
        return [*self._alerts.markets(), *self._exits.markets()]

    def open_accounts(self) -> None:
        """Log in every account, but those that may trade nothing."""
        self._decided.outcome.log_ins += [
            name for name, account in self._accounts.items() if account.risk_limits is not None
        ]

    def _is_busy(self, order_id: str) -> bool:
        """A request of the order is on its way, or waits to be sent."""
        lane = self._lanes.find(order_id)
        if lane is not None and not lane.is_idle:
            return True
        return self._arrivals.has(self._blotter.orders[order_id])

    def _count(self, usage: Usage, request: Request) -> None:
        if request.kind != "cancel":
            usage.count_sent(self._blotter.orders[request.order_id].account)

    def _refuse(self, order: Order) -> Denied | None:
        """Why risk lets this order not pass, as things stand now."""
        self._changes.keep_instrument(order.fqme)
        return self._gate.refuse(order, is_exit=order.order_id in self._exits)

    # -- what is held and what works ------------------------------------------------------------

    def on_touch(self, touch: Touch) -> None:
        if touch.kind == "alert":
            self._tell_alert(self._alerts.call(touch))
            return
        if touch.kind == "algo":
            self._algo_desk.tell(self.algos.on_touch(touch))
            return
        order = self._blotter.orders[touch.held_id]
        if order.state is not OrderState.DARK or self._held.end_if_over(order):
            return  # canceled in the same moment, or too late
        self._arrivals.touch(order, touch)

    def on_amend(self, amend: Amend) -> None:
        """What a person wants of an order; of one of an algo, what it means for that."""
        order = self._working.find(amend.order_id, "amend")
        if order is None:
            return
        of_algo = None
        if amend.price is not None and amend.size is None:
            wanted = replace(order, **amended(order, amend))
            if self._gate.refuse_amend(order, wanted, amend) is None:
                of_algo = self.algos.amend_of(order, amend.price)
        if of_algo is None:
            self._working.amend(order, amend)
        else:
            self._algo_desk.on_amend(of_algo)

    def on_cancel(self, cancel: Cancel) -> None:
        order = self._working.find(cancel.order_id, "cancel")
        if order is not None:
            self._working.cancel(order)

    def on_cancel_all(self, command: CancelAll) -> None:
        self._algo_desk.cancel_all(command.account, command.fqme, "everything was canceled")
        for order in self._blotter.working(account=command.account, fqme=command.fqme):
            self._working.cancel(order)

    def _tell_alert(self, result: Alert | CommandRefused | None) -> None:
        if isinstance(result, Alert):
            self._decided.record(AlertSet(alert=result))
            self._decided.tell(AlertUpdate(alert=result, text=notification(result)))
        elif result is not None:
            self._decided.tell(result)
