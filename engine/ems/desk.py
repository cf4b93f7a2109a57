"""What becomes of each command, answer and touch: decided at once, without waiting.

The desk moves the blotter, the dark book and the lanes, and says what is to be done of it as
an `Outcome`; the router, which alone calls the desk, does that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from engine.broker import Capabilities
from engine.clock import Clock
from engine.ems.accounts import Account
from engine.ems.agreements import Agreements
from engine.ems.alerts import Alerts, notification
from engine.ems.algos.api import Action, Change
from engine.ems.algos.runner import Algos
from engine.ems.blotter import Blotter, ConflictingFill
from engine.ems.dark import DarkBook, Direction, Touch, Trail, source_of, standing
from engine.ems.gate import Gate, Markets, amended
from engine.ems.journal import (
    AlertSet,
    AlgoChanged,
    Entry,
    Executed,
    InstrumentKept,
    Intent,
    LimitsChanged,
    Record,
    Resolved,
)
from engine.ems.lanes import Lanes, Request
from engine.ems.orders import as_dark, new_order
from engine.ems.reconcile import Theirs
from engine.ems.replay import Replayed
from engine.ems.shape import denied, held_as
from engine.errors import BadTransition
from engine.failpoints import reach
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import (
    DONE,
    Accepted,
    Alert,
    AlertUpdate,
    Algo,
    AlgoUpdate,
    Amend,
    AmendAlgo,
    Amended,
    AmendRequested,
    Cancel,
    CancelAlert,
    CancelAlgo,
    CancelAll,
    Canceled,
    CancelRequested,
    CommandRefused,
    Denied,
    Event,
    Expired,
    Filled,
    FillReport,
    Flatten,
    Held,
    Lost,
    Notice,
    Order,
    OrderEvent,
    OrderState,
    OrderUpdate,
    PauseAlgo,
    Rejected,
    RequestRefused,
    Resolve,
    ResumeAlgo,
    SetAlert,
    Submit,
    SubmitAlgo,
    Triggered,
)
from engine.text import safe

_log = logger(__name__)

_FROM_VENUE = (Accepted, Rejected, Filled, Canceled, Expired, Amended, RequestRefused, Lost)
"""What a venue may say of an order; the other events are ours alone."""

STOPPED = "the engine stopped; its venue is asked"
"""Why an order is unknown after a start."""

_TROUBLE = (OrderState.DENIED, OrderState.REJECTED, OrderState.UNKNOWN)
"""States that whoever reads the log looks for."""


@dataclass
class Outcome:
    """What is to be done of what was decided, in this order."""

    records: list[Record] = field(default_factory=list)
    """To be written to the journal, before anything else happens."""
    events: list[Event] = field(default_factory=list)
    """To be told to everyone."""
    requests: list[Request] = field(default_factory=list)
    """To be sent to venues."""
    log_ins: list[str] = field(default_factory=list)
    """Accounts to log in now, and to ask; `on_log_in` goes on with their orders."""
    doubts: set[str] = field(default_factory=set)
    """Accounts whose venue is to be asked."""
    exits: list[Flatten] = field(default_factory=list)
    """Markets to leave once what works there is canceled; `exit` does it."""


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
    ) -> None:
        self._clock = clock
        self._markets = markets
        self._accounts = accounts
        self._blotter = blotter
        self._dark = dark
        self._lanes = lanes
        self._capabilities_of = capabilities_of
        self._through_ticks = through_ticks
        self._gate = Gate(
            accounts=accounts,
            blotter=blotter,
            markets=markets,
            capabilities_of=capabilities_of,
            is_stale=dark.is_stale,
            now_ns=self._now_ns,
        )
        self._alerts = Alerts(dark, quote_of=markets.quote_of, now_ns=self._now_ns)
        self.algos = Algos(
            dark=dark,
            orders=blotter.orders,
            markets=markets,
            capabilities_of=capabilities_of,
            now_ns=self._now_ns,
            wall_ns=clock.now_ns,
            kept_instrument=blotter.kept_instrument,
        )
        self.agreements = Agreements(
            blotter=blotter,
            is_busy=self._is_busy,
            keep_instrument=self._record_instrument,
            apply=self.apply,
            record=self._record,
            tell=self._tell,
            now_ns=clock.now_ns,
        )
        self._outcome = Outcome()
        self._logging_in: dict[str, list[Order]] = {}
        """Orders whose account is being logged in, in the order in which they came."""
        self._exits: set[str] = set()
        """Ids of orders that flatten; each is sized once."""
        self._touched: dict[str, Touch] = {}
        """What touched orders whose account is being logged in."""
        self._timed: set[str] = set()
        """Ids of held orders that end at a time."""
        self._moving: set[str] = set()
        """Markets in which triggers trailed since `on_time`."""
        self._leaving: set[tuple[str, str]] = set()
        """Account and market of each exit that waits until nothing works there."""

    @property
    def is_logging_in(self) -> bool:
        """Orders wait for their account."""
        return bool(self._logging_in)

    def take_outcome(self) -> Outcome:
        """What is to be done of everything decided since the last call."""
        self._run_algos()
        outcome, self._outcome = self._outcome, Outcome()
        return outcome

    def _tell(self, event: Event) -> None:
        self._outcome.events.append(event)

    def _record(self, entry: Entry, now_ns: int | None = None) -> None:
        at_ns = self._clock.now_ns() if now_ns is None else now_ns
        self._outcome.records.append(Record(at_ns, entry))

    def _now_ns(self, fqme: str) -> int:
        """The market's time; ours while the market is not open."""
        now_ns = self._markets.now_ns_of(fqme)
        return self._clock.now_ns() if now_ns is None else now_ns

    def _notice(self, level: Literal["info", "warning", "error"], text: str) -> None:
        _log.log(logging.getLevelNamesMapping()[level.upper()], "%s", text)
        self._tell(Notice(level=level, text=text, source="orders", now_ns=self._clock.now_ns()))

    def apply(self, event: OrderEvent) -> None:
        """Fold one event into its order; say what came of it."""
        order = self._blotter.orders.get(event.order_id)
        now_ns = self._now_ns(order.fqme) if order else self._clock.now_ns()
        try:
            told = self._blotter.fold(event, now_ns)
        except ConflictingFill as error:
            self.agreements.dispute(error.fill, str(error))
            return
        except BadTransition as error:
            self._notice("error", f"ignored: {error}")
            return
        if not told:
            return
        self._record(event, now_ns)
        self._log_change(order, self._blotter.orders[event.order_id])
        self._outcome.events += told
        for update in told:
            if isinstance(update, FillReport):
                self._record(Executed(fill=update.fill), now_ns)
        self.agreements.hear(self._blotter.orders[event.order_id].account, event.order_id)
        self._after(self._blotter.orders[event.order_id])

    def _log_change(self, before: Order | None, after: Order) -> None:
        if before is not None and before.state is not after.state:
            level = logging.WARNING if after.state in _TROUBLE else logging.INFO
            change = f"{before.state} -> {after.state}"
            _log.log(level, "order %s %s %s", after.order_id, change, after.reason)

    def _after(self, order: Order) -> None:
        """What follows from an order's new state: answered requests, an amend that waited."""
        self.algos.on_order(order)
        if order.filled and order.filled > order.largest_size:
            self._notice("error", f"order {order.order_id} is filled beyond its size")
        if order.state is OrderState.UNKNOWN:
            self._outcome.doubts.add(order.account)
        lane = self._lanes.find(order.order_id)
        if lane is None:
            return
        lane.mark_answers(order)
        if order.state in DONE or lane.has_open("cancel"):
            lane.wanted_terms = None
        self._send_wanted_amend(order)

    # -- what venues say ------------------------------------------------------------------------

    def on_report(self, account: str, event: OrderEvent) -> None:
        """Something that the venue of `account` says."""
        reach("6-reported")
        name = type(event).__name__
        if not isinstance(event, _FROM_VENUE) or not isinstance(event.order_id, str):
            self._notice("error", f"{account} reports {name}, which no venue can say")
            return
        order = self._blotter.orders.get(event.order_id)
        if order is None:
            self._notice(
                "warning", f"{account} reports {name} of order {safe(event.order_id, 80)}, not ours"
            )
            # Of an order made elsewhere, perhaps: its venue says more of it.
            self._outcome.doubts.add(account)
        elif order.account != account:
            self._notice("error", f"{account} reports {name} of an order of {order.account}")
        else:
            self.apply(event)

    def on_account_lost(self, account: str, why: str) -> None:
        """The broker of an account failed: nobody knows what works there now.

        Requests that are under way get their own answer, or none in time."""
        self.agreements.lose(account, why)
        self._outcome.log_ins.append(account)
        for order in self._blotter.working(account=account):
            if order.state in (OrderState.OPEN, OrderState.PARTIAL):
                self.apply(Lost(order_id=order.order_id, reason=why))

    # -- new orders -----------------------------------------------------------------------------

    def on_submit(self, submit: Submit) -> None:
        known = self._blotter.orders.get(submit.order_id)
        if known is not None:
            # One intent is one order, however often it is asked for.
            self._tell(OrderUpdate(order=known))
            return
        if self._blotter.is_known(submit.order_id):
            reason = "an order of this id was made long ago"
            self._refuse_command("submit", "order", reason, limit="a new id", value=submit.order_id)
            return
        order = new_order(submit, self._now_ns(submit.fqme))
        self._record(Intent(order=order), order.created_ns)
        self._tell(self._blotter.add(order))
        self.algos.on_order(order)
        refusal = self._gate.refuse_account(order)
        if refusal is not None:
            self.apply(refusal)
        elif order.account in self._logging_in:
            self._logging_in[order.account].append(order)
        elif self.agreements.is_agreed(order.account):
            self._route(order)
        else:
            self._logging_in[order.account] = [order]
            self._outcome.log_ins.append(order.account)

    def on_log_in(self, name: str, reason: str) -> None:
        """The account was logged in and asked, or cannot be, for that reason."""
        self.algos.on_log_in(name)
        if reason:
            for algo in self.algos.without_orders(name):
                self._tell_algo(self.algos.cancel(algo.algo_id, reason, fails=True))
            self.agreements.lose(name, reason)
        for order in self._logging_in.pop(name, ()):
            touch = self._touched.pop(order.order_id, None)
            if touch is not None:
                self._trigger(order.order_id, touch)
            elif not reason:
                self._route(order)
            elif self._blotter.orders[order.order_id].state is OrderState.PENDING:
                self.apply(denied(order, "account", reason, "logged in", name))

    def on_answers(self, name: str, theirs: Theirs, instruments: Sequence[Instrument]) -> None:
        """What the venue says of an account that was asked about."""
        self.agreements.answer(name, theirs, instruments)
        self.on_log_in(name, "")

    def on_resolve(self, command: Resolve) -> None:
        """A person says what became of an order of which nobody knows."""
        order = self._working_order(command.order_id, "resolve")
        if order is None:
            return
        if order.state is not OrderState.UNKNOWN:
            reason = f"the order is {order.state}: only what is unknown can be resolved"
            self._refuse_command(
                "resolve", "state", reason, limit="unknown", value=command.order_id
            )
            return
        order_id, note = command.order_id, safe(command.note, 400)
        self._record(Resolved(order_id=order_id, outcome=command.outcome, note=note))
        said = f"resolved by hand: {note}" if note else "resolved by hand"
        if command.outcome == "open":
            self.apply(Accepted(order_id=order_id, venue_order_id=order.venue_order_id))
        elif command.outcome == "canceled":
            self.apply(Canceled(order_id=order_id, reason=said))
        else:
            self.apply(Rejected(order_id=order_id, reason=said))

    def restore(self, replayed: Replayed) -> None:
        """Go on from what the journal says: hold what was held here, and take what worked at a
        venue for unknown until that venue was asked. What was on its way may have been sent."""
        self.agreements.restore(replayed.agreed)
        for problem in replayed.problems:
            self._notice("error", problem)
        for name, account in self._accounts.items():
            limits = account.risk_limits
            if name not in replayed.limits or replayed.limits[name] != limits:
                self._record(LimitsChanged(account=name, limits=limits))
        for alert in replayed.alerts.values():
            self._alerts.restore(alert)
        for order in self._blotter.working():
            if order.state is OrderState.DARK:
                self._hold(order)
            else:
                self.apply(Lost(order_id=order.order_id, reason=STOPPED))
        self.algos.restore(replayed.algos.values())

    def alert_markets(self) -> list[str]:
        """Markets in which an alert is armed."""
        return self._alerts.markets()

    def open_accounts(self) -> None:
        """Log in every account, but those that may trade nothing."""
        self._outcome.log_ins += [
            name for name, account in self._accounts.items() if account.risk_limits is not None
        ]

    def without_record(self, requests: Sequence[Request], reason: str) -> list[Request]:
        """What may be sent though nothing can be written: cancels. The others are refused."""
        kept = []
        for request in requests:
            if request.kind == "cancel":
                kept.append(request)
                continue
            self._lanes.lane(request.order_id).give_up(request)
            order = self._blotter.orders[request.order_id]
            if request.kind == "submit":
                self.apply(denied(order, "journal", reason, "on record", "no room"))
            else:
                refused = RequestRefused(
                    order_id=order.order_id, request=request.kind, reason=reason
                )
                self.apply(refused)
        return kept

    def _is_busy(self, order_id: str) -> bool:
        """A request of the order is on its way, or waits to be sent."""
        lane = self._lanes.find(order_id)
        if lane is not None and not lane.is_idle:
            return True
        waiting = self._logging_in.get(self._blotter.orders[order_id].account, ())
        return any(order.order_id == order_id for order in waiting)

    def _route(self, order: Order) -> None:
        """Check an order whose account is there; hold it, or have it sent."""
        order = self._blotter.orders[order.order_id]
        if order.state is not OrderState.PENDING:
            return  # canceled while its account logged in
        capabilities = self._capabilities_of(order.account)
        as_type = None if capabilities is None else held_as(order, capabilities)
        wanted = order if as_type is None else as_dark(order, as_type)
        refusal = self._refuse(wanted)
        if refusal is not None:
            self.apply(refusal)
        elif wanted.route == "dark":
            direction = self._direction(order)
            self.apply(Held(order_id=order.order_id, as_type=as_type, direction=direction))
            self._hold(self._blotter.orders[order.order_id])
        else:
            self._ask(Request(kind="submit", order_id=order.order_id))

    def _refuse(self, order: Order) -> Denied | None:
        """Why risk lets this order not pass, as things stand now."""
        self._keep_instrument(order.fqme)
        return self._gate.refuse(order, is_exit=order.order_id in self._exits)

    def _keep_instrument(self, fqme: str) -> None:
        """What the market is now: its price tick may have changed since."""
        instrument = self._markets.instrument_of(fqme)
        if instrument is not None:
            self._record_instrument(instrument)

    def _record_instrument(self, instrument: Instrument) -> None:
        if self._blotter.keep_instrument(instrument):
            self._record(InstrumentKept(instrument=instrument))

    def _ask(self, request: Request) -> None:
        self._lanes.lane(request.order_id).open.append(request)
        self._outcome.requests.append(request)

    def on_no_answer(self, request: Request, reason: str) -> None:
        if request.answered.is_set():
            return
        lane = self._lanes.lane(request.order_id)
        lane.give_up(request)
        self.apply(Lost(order_id=request.order_id, reason=reason))

    # -- dark orders ----------------------------------------------------------------------------

    def _direction(self, order: Order) -> Direction:
        """From where an order that is to be held will be touched: said by its type, or by where
        the market stands."""
        up_by_type = {"buy": True, "sell": False}[order.side]
        if order.order_type.startswith("take_profit"):
            return "down" if up_by_type else "up"
        if order.order_type not in ("limit", "market") or order.trail is not None:
            return "up" if up_by_type else "down"
        at = standing(self._markets.quote_of(order.fqme), source_of(order))
        if at is None or order.trigger_price is None:
            return ""
        return "up" if order.trigger_price >= Decimal(repr(at)) else "down"

    def _hold(self, order: Order) -> None:
        source = source_of(order)
        trail = None if order.trail is None else Trail(order.trail, order.trail_unit)
        self._dark.hold(
            "order",
            order.order_id,
            order.fqme,
            order.trigger_price,
            standing(self._markets.quote_of(order.fqme), source),
            source=source,
            direction=order.trigger_direction,
            trail=trail,
        )
        if order.expires_ns:
            self._timed.add(order.order_id)
        self._move_trigger(order, self._dark.price(order.order_id))

    def _move_trigger(self, order: Order, price: Decimal | None) -> None:
        """A trigger that trails is somewhere else now."""
        if price is not None and price != order.trigger_price:
            moved = Amended(order_id=order.order_id, price=None, size=order.size)
            self.apply(replace(moved, trigger_price=price))

    @property
    def needs_time(self) -> bool:
        """`on_time` has something to do, or will have."""
        return bool(self._timed or self._moving) or self.algos.needs_time

    def on_moved(self, fqme: str) -> None:
        """Triggers trailed the market; told with the next `on_time`, not at every tick."""
        self._moving.add(fqme)

    def on_time(self) -> None:
        """What is done by time: tell where trailing triggers are, end what has expired."""
        self.algos.on_time()
        moving, self._moving = self._moving, set()
        for fqme in moving:
            for order_id, price in self._dark.take_moved(fqme).items():
                order = self._blotter.orders.get(order_id)
                if order is not None and order.state is OrderState.DARK:
                    self._move_trigger(order, price)
        for order_id in tuple(self._timed):
            order = self._blotter.orders[order_id]
            if order.state is not OrderState.DARK:
                self._timed.discard(order_id)
            elif self._is_over(order):
                self._dark.release(order_id)
                self._expire(order)

    def _is_over(self, order: Order) -> bool:
        return 0 < order.expires_ns <= self._now_ns(order.fqme)

    def _expire(self, order: Order) -> None:
        self._timed.discard(order.order_id)
        self.apply(Expired(order_id=order.order_id, reason="its time is over"))

    def on_touch(self, touch: Touch) -> None:
        if touch.kind == "alert":
            self._tell_alert(self._alerts.call(touch))
            return
        if touch.kind == "algo":
            self._tell_algo(self.algos.on_touch(touch))
            return
        order = self._blotter.orders[touch.held_id]
        if order.state is not OrderState.DARK:
            return  # canceled in the same moment
        if self._is_over(order):
            self._expire(order)
            return
        if self.agreements.is_agreed(order.account):
            self._trigger(order.order_id, touch)
            return
        # Its venue is asked first; until then it is held on record, but touched no more.
        self._touched[order.order_id] = touch
        if order.account in self._logging_in:
            self._logging_in[order.account].append(order)
        else:
            self._logging_in[order.account] = [order]
            self._outcome.log_ins.append(order.account)

    def _trigger(self, order_id: str, touch: Touch) -> None:
        """Send an order that was touched, through the market as it is now."""
        order = self._blotter.orders[order_id]
        if order.state is not OrderState.DARK:
            return  # canceled while its account logged in
        self._keep_instrument(order.fqme)
        self._move_trigger(order, touch.trigger)
        order = self._blotter.orders[order.order_id]
        self.apply(
            Triggered(
                order_id=order.order_id,
                touched_price=touch.price,
                price=self._gate.price_through(order, touch.price, self._through_ticks),
                venue_ns=touch.venue_ns,
            )
        )
        refusal = self._refuse(self._blotter.orders[order.order_id])
        if refusal is not None:
            self.apply(refusal)
        else:
            self._ask(Request(kind="submit", order_id=order.order_id))

    # -- amend and cancel -----------------------------------------------------------------------

    def on_amend(self, amend: Amend) -> None:
        """What a person wants of an order; of one of an algo, what it means for that."""
        order = self._blotter.orders.get(amend.order_id)
        of_algo = None
        if order is not None and order.is_working and amend.price is not None:
            wanted = replace(order, **amended(order, amend))
            if amend.size is None and self._gate.refuse_amend(order, wanted, amend) is None:
                of_algo = self.algos.amend_of(order, amend.price)
        if of_algo is None:
            self._amend(amend)
        else:
            self.on_amend_algo(of_algo)

    def _amend(self, amend: Amend) -> None:
        order = self._working_order(amend.order_id, "amend")
        if order is None:
            return
        wanted = replace(order, **amended(order, amend))
        refusal = self._gate.refuse_amend(order, wanted, amend)
        if refusal is not None:
            self._refuse_amend(order, refusal)
        elif amend.of_trigger and amend.price is not None and order.state is not OrderState.DARK:
            sent = denied(order, "state", "its trigger was touched meanwhile", "dark", order.state)
            self._refuse_amend(order, sent)
        elif order.state is OrderState.DARK and order.order_id not in self._dark:
            touched = denied(order, "state", "its trigger was just touched", "dark", "touched")
            self._refuse_amend(order, touched)
        elif order.state is OrderState.DARK:
            self._amend_dark(order, wanted)
        else:
            self._lanes.lane(order.order_id).want(amend.price, amend.size)
            self._send_wanted_amend(order)

    def _amend_dark(self, order: Order, wanted: Order) -> None:
        self.apply(
            Amended(
                order_id=order.order_id,
                price=None,
                size=wanted.size,
                trigger_price=wanted.trigger_price,
            )
        )
        self._dark.release(order.order_id)
        if order.trail is None:
            direction = self._direction(self._blotter.orders[order.order_id])
            self.apply(Held(order_id=order.order_id, direction=direction))
        self._hold(self._blotter.orders[order.order_id])

    def _send_wanted_amend(self, order: Order) -> None:
        """Send the newest wanted terms once the venue has answered what came before."""
        lane = self._lanes.find(order.order_id)
        if lane is None or lane.wanted_terms is None or lane.open:
            return
        price, size = lane.wanted_terms
        lane.wanted_terms = None
        terms = Amend(order_id=order.order_id, price=price, size=size)
        wanted = replace(order, **amended(order, terms))
        price, size = wanted.price, wanted.size
        refusal = self._gate.refuse_amend(order, wanted, terms)
        if refusal is not None:
            self._refuse_amend(order, refusal)
            return
        self.apply(AmendRequested(order_id=order.order_id, price=price, size=size))
        self._ask(Request(kind="amend", order_id=order.order_id, price=price, size=size))

    def on_cancel(self, cancel: Cancel) -> None:
        order = self._working_order(cancel.order_id, "cancel")
        if order is not None:
            self._cancel(order)

    def on_cancel_all(self, command: CancelAll) -> None:
        self._cancel_algos(command.account, command.fqme, "everything was canceled")
        for order in self._blotter.working(account=command.account, fqme=command.fqme):
            self._cancel(order)

    def _cancel(self, order: Order) -> None:
        if order.state is OrderState.DARK:
            self._dark.release(order.order_id)
            self.apply(Canceled(order_id=order.order_id))
            return
        lane = self._lanes.lane(order.order_id)
        if order.state is OrderState.PENDING and not lane.open:
            # Its account is still being logged in: nothing has left.
            self.apply(Canceled(order_id=order.order_id, reason="canceled before it was sent"))
            return
        if lane.has_open("cancel"):
            return
        lane.wanted_terms = None
        self.apply(CancelRequested(order_id=order.order_id))
        self._ask(Request(kind="cancel", order_id=order.order_id))

    def _working_order(self, order_id: str, command: str) -> Order | None:
        order = self._blotter.orders.get(order_id)
        if order is None or not order.is_working:
            state = "not known" if order is None else order.state
            self._refuse_command(
                command, "order", f"the order is {state}", limit="working", value=order_id
            )
            return None
        return order

    def _refuse_amend(self, order: Order, refusal: Denied) -> None:
        self.apply(
            RequestRefused(
                order_id=order.order_id,
                request="amend",
                reason=refusal.reason,
                check=refusal.check,
                limit=refusal.limit,
                value=refusal.value,
            )
        )

    def _refuse_command(
        self, command: str, check: str, reason: str, *, limit: str, value: str
    ) -> None:
        self._tell(
            CommandRefused(
                command=command, reason=reason, check=check, limit=limit, value=safe(value, 80)
            )
        )

    # -- flatten --------------------------------------------------------------------------------

    def on_flatten(self, command: Flatten) -> None:
        if command.order_id in self._exits:
            return
        if command.order_id in self._blotter.orders:
            reason = "an order of this id exists already"
            self._refuse_command(
                "flatten", "order", reason, limit="a new id", value=command.order_id
            )
            return
        if command.account not in self._accounts:
            reason = f"there is no account {safe(command.account, 80)!r}"
            known = ", ".join(sorted(self._accounts))
            self._refuse_command("flatten", "account", reason, limit=known, value=command.account)
            return
        key = (command.account, command.fqme)
        if key in self._leaving:
            reason = f"{command.account} is leaving {safe(command.fqme, 80)} already"
            self._refuse_command("flatten", "exit", reason, limit="one", value=command.order_id)
            return
        self._leaving.add(key)
        # What an algo would close later is closed now: it would open the other side.
        self._cancel_algos(command.account, command.fqme, "its market was left")
        self._exits.add(command.order_id)
        for order in self._blotter.working(account=command.account, fqme=command.fqme):
            self._cancel(order)
        self._outcome.exits.append(command)

    def exit(self, command: Flatten) -> None:
        """Close what is held now. What could not be canceled does not keep anyone in, but for
        an exit: with two of them the position would flip."""
        self._leaving.discard((command.account, command.fqme))
        left = self._blotter.working(account=command.account, fqme=command.fqme)
        if exits := [order.order_id for order in left if order.order_id in self._exits]:
            reason = f"{exits[0]} may close the position still: what becomes of it is not known"
            self._refuse_command("flatten", "exit", reason, limit="one", value=command.order_id)
            return
        if left:
            ids = ", ".join(order.order_id for order in left)
            self._notice("warning", f"{command.fqme} is closed while orders may work still: {ids}")
        size = self._blotter.position(command.account, command.fqme).size
        if size == 0:
            self._notice("info", f"{command.account} holds nothing in {command.fqme}")
            return
        self.on_submit(
            Submit(
                order_id=command.order_id,
                account=command.account,
                fqme=command.fqme,
                side="sell" if size > 0 else "buy",
                order_type="market",
                size=abs(size),
            )
        )

    # -- alerts ---------------------------------------------------------------------------------

    def on_set_alert(self, command: SetAlert) -> None:
        self._tell_alert(self._alerts.set(command))

    def on_cancel_alert(self, command: CancelAlert) -> None:
        self._tell_alert(self._alerts.cancel(command))

    def _tell_alert(self, result: Alert | CommandRefused | None) -> None:
        if isinstance(result, Alert):
            self._record(AlertSet(alert=result))
            self._tell(AlertUpdate(alert=result, text=notification(result)))
        elif result is not None:
            self._tell(result)

    # -- algos ----------------------------------------------------------------------------------

    def on_submit_algo(self, command: SubmitAlgo) -> None:
        if command.account not in self._accounts:
            reason = f"there is no account {safe(command.account, 80)!r}"
            known = ", ".join(sorted(self._accounts))
            self._refuse_command(
                "submitalgo", "account", reason, limit=known, value=command.account
            )
            return
        self._tell_algo(self.algos.submit(command))
        is_known = self._capabilities_of(command.account) is not None
        if not is_known and command.account not in self._logging_in:
            # What its venue does by itself is known once the account is logged in.
            self._logging_in[command.account] = []
            self._outcome.log_ins.append(command.account)

    def on_amend_algo(self, command: AmendAlgo) -> None:
        self._tell_algo(self.algos.amend(command))

    def on_pause_algo(self, command: PauseAlgo) -> None:
        self._tell_algo(self.algos.set_status(command))

    def on_resume_algo(self, command: ResumeAlgo) -> None:
        self._tell_algo(self.algos.set_status(command))

    def on_cancel_algo(self, command: CancelAlgo) -> None:
        self._tell_algo(self.algos.cancel(command.algo_id))

    def _cancel_algos(self, account: str, fqme: str, reason: str) -> None:
        """End what would go on by itself; an empty string means all."""
        for algo in self.algos.algos():
            is_meant = account in ("", algo.account) and fqme in ("", algo.fqme)
            if is_meant and algo.status in ("running", "paused"):
                self._tell_algo(self.algos.cancel(algo.algo_id, reason))

    def _tell_algo(self, result: Algo | CommandRefused | None) -> None:
        if isinstance(result, Algo):
            self._record(AlgoChanged(algo=result))
            self._tell(AlgoUpdate(algo=result))
            if result.status == "failed":
                self._notice("error", f"algo {safe(result.algo_id, 80)} failed: {result.reason}")
        elif result is not None:
            self._tell(result)

    def _run_algos(self) -> None:
        self.algos.run(self._do, self._tell_algo)

    def _do(self, action: Action) -> None:
        """What an algo asks for goes the way of every order."""
        if isinstance(action, Submit):
            self.on_submit(action)
            return
        order = self._blotter.orders[action.order_id]
        if isinstance(action, Change):
            self._amend(Amend(order_id=action.order_id, price=action.price))
        elif order.is_working:
            self._cancel(order)
