"""Runs algos: after whatever happened asks `advance`, and has done what it says.

Decides nothing by itself and never waits; the desk gives it what it needs and carries out what
comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final, Protocol

from msgspec.structs import replace

from engine.broker import Capabilities
from engine.clock import NANOS
from engine.ems.algos.amends import amend_fault, terms_by
from engine.ems.algos.api import Action, Change, Stop, Trigger, View
from engine.ems.algos.rules import advance
from engine.ems.algos.terms import check_terms
from engine.ems.dark import DarkBook, Touch
from engine.instruments import Instrument
from engine.messages import (
    Algo,
    AlgoTerms,
    AmendAlgo,
    BracketTerms,
    ChaseTerms,
    CommandRefused,
    Order,
    PauseAlgo,
    Quote,
    ResumeAlgo,
    SubmitAlgo,
    TwapTerms,
)
from engine.text import safe

_KEY: Final = "algo "
"""Put before an algo's id in the dark book, where orders are held under their own."""
_MOST_STEPS: Final = 20
"""Looks at one algo in a row; a rule that never rests is a bug, and must not stop the desk."""
_FIRST_RETRY_NS: Final = NANOS
_LAST_RETRY_NS: Final = 60 * NANOS


class Markets(Protocol):
    """What is asked of the feed."""

    def quote_of(self, fqme: str) -> Quote | None: ...

    def instrument_of(self, fqme: str) -> Instrument | None: ...


class Algos:
    """All algos of this run, and which of them are to be looked at."""

    def __init__(
        self,
        *,
        dark: DarkBook,
        orders: Mapping[str, Order],
        markets: Markets,
        capabilities_of: Callable[[str], Capabilities | None],
        now_ns: Callable[[str], int],
        wall_ns: Callable[[], int],
        kept_instrument: Callable[[str], Instrument | None] = lambda fqme: None,
    ) -> None:
        self._dark = dark
        self._orders = orders
        self._markets = markets
        self._capabilities_of = capabilities_of
        self._now_ns = now_ns
        self._wall_ns = wall_ns
        self._kept_instrument = kept_instrument
        """What a market was when its last order passed, for one that is not open."""
        self._algos: dict[str, Algo] = {}
        self._children: dict[str, dict[str, None]] = {}
        """Ids of each algo's orders, oldest first."""
        self._triggers: dict[str, Trigger] = {}
        self._waiting: set[str] = set()
        """Algos whose market is not open."""
        self._due: dict[str, None] = {}
        """Algos that something happened to."""
        self._stops: dict[str, tuple[int, int]] = {}
        """By order: when its cancel may be asked for again, and the wait after that."""
        self._moves: dict[str, tuple[Decimal, int, int]] = {}
        """By order: the price that was asked for last, when that may be asked for again, and the
        wait after that."""

    def algos(self) -> tuple[Algo, ...]:
        return tuple(self._algos.values())

    def algo(self, algo_id: str) -> Algo | None:
        return self._algos.get(algo_id)

    @property
    def needs_time(self) -> bool:
        """Something is to be done by time, not by an event."""
        is_asking = bool(self._stops or self._moves or self._waiting)
        return is_asking or any(map(_waits, self._algos.values()))

    # -- what happens ---------------------------------------------------------------------------

    def submit(self, command: SubmitAlgo) -> Algo | CommandRefused:
        """Begin an algo; the one that is known, if its id is."""
        known = self._algos.get(command.algo_id)
        if known is not None:
            return known
        instrument = self._markets.instrument_of(command.fqme)
        if instrument is None:
            reason = f"market {safe(command.fqme, 80)} is not open"
            return refused("submitalgo", "market", reason, "open", command.fqme)
        capabilities = self._capabilities_of(command.account)
        can_amend = capabilities is None or capabilities.can_amend
        if fault := check_terms(command.terms, instrument, can_amend=can_amend):
            return refused("submitalgo", *fault)
        now_ns = self._now_ns(command.fqme)
        algo = Algo(
            algo_id=command.algo_id,
            account=command.account,
            fqme=command.fqme,
            terms=command.terms,
            created_ns=now_ns,
            updated_ns=now_ns,
        )
        self._keep(algo)
        return algo

    def set_status(self, command: PauseAlgo | ResumeAlgo) -> Algo | CommandRefused:
        """Pause or go on."""
        name = type(command).__name__.lower()
        wanted, new = (
            ("running", "paused") if isinstance(command, PauseAlgo) else ("paused", "running")
        )
        algo = self._algos.get(command.algo_id)
        if algo is None or algo.status != wanted:
            is_so = "not known" if algo is None else algo.status
            return refused(name, "algo", f"the algo is {is_so}", wanted, command.algo_id)
        return self._keep(replace(algo, status="paused" if new == "paused" else "running"))

    def amend(self, command: AmendAlgo) -> Algo | CommandRefused:
        """Go on with other terms."""
        algo = self._algos.get(command.algo_id)
        if algo is None:
            return refused("amendalgo", "algo", "the algo is not known", "known", command.algo_id)
        if fault := amend_fault(algo, command.terms):
            return refused("amendalgo", *fault)
        instrument = self._markets.instrument_of(algo.fqme)
        if instrument is None:
            reason = f"market {safe(algo.fqme, 80)} is not open"
            return refused("amendalgo", "market", reason, "open", algo.fqme)
        terms = command.terms
        if isinstance(terms, BracketTerms) and not self._is_entering(algo.algo_id):
            # Of what is entered the stop may be moved to where nothing is lost, and beyond.
            terms = replace(terms, price=None)
        if fault := check_terms(terms, instrument):
            return refused("amendalgo", *fault)
        return self._keep(replace(algo, terms=command.terms, next_ns=_next_ns(algo, command.terms)))

    def amend_of(self, order: Order, price: Decimal) -> AmendAlgo | None:
        """What it means for its algo that a person wants an order at this price; None where it
        means nothing: the order is none of an algo that goes on, or no terms say its price."""
        algo = self._algos.get(order.parent_id)
        if algo is None or algo.is_ended or algo.status == "canceling":
            return None
        terms = terms_by(algo, order, price)
        return None if terms is None else AmendAlgo(algo_id=algo.algo_id, terms=terms)

    def _is_entering(self, algo_id: str) -> bool:
        orders = self._orders_of(algo_id)
        begin = f"{algo_id}.entry-"
        entries = [order for name, order in orders.items() if name.startswith(begin)]
        return not entries or any(order.is_working for order in entries)

    def cancel(
        self, algo_id: str, reason: str = "", *, fails: bool = False
    ) -> Algo | CommandRefused:
        """End an algo: its orders are canceled, then it is over."""
        algo = self._algos.get(algo_id)
        if algo is None or algo.is_ended or algo.status == "canceling":
            is_so = "not known" if algo is None else algo.status
            return refused("cancelalgo", "algo", f"the algo is {is_so}", "running", algo_id)
        will_be = "failed" if fails else "canceled"
        return self._keep(replace(algo, status="canceling", will_be=will_be, reason=reason))

    def restore(self, algos: Iterable[Algo]) -> None:
        """Take algos back from the journal, once their orders are; they go on from there."""
        for order in self._orders.values():
            self.on_order(order)
        for algo in algos:
            self._keep(algo)

    def on_order(self, order: Order) -> None:
        """One of its orders is new or has changed."""
        if order.parent_id:
            self._children.setdefault(order.parent_id, {})[order.order_id] = None
            self._due[order.parent_id] = None
            if not order.is_working:
                self._stops.pop(order.order_id, None)
            asked = self._moves.get(order.order_id)
            if asked is not None and (not order.is_working or order.price == asked[0]):
                del self._moves[order.order_id]

    def on_touch(self, touch: Touch) -> Algo | None:
        """The stop that is held for an algo was touched; it, if that is news."""
        algo_id = touch.held_id.removeprefix(_KEY)
        self._triggers.pop(algo_id, None)
        algo = self._algos[algo_id]
        if algo.is_ended or algo.touched:
            return None
        return self._keep(replace(algo, touched=True))

    def on_log_in(self, account: str) -> None:
        """What its venue can do is known now."""
        for algo in self._algos.values():
            if algo.account == account:
                self._due[algo.algo_id] = None

    def on_time(self) -> None:
        """Look at everything that waits for a time, or for its market."""
        self._due.update(dict.fromkeys(self._waiting))
        self._waiting.clear()
        for algo in self._algos.values():
            if _waits(algo):
                self._due[algo.algo_id] = None
        for order_id in (*self._stops, *self._moves):
            order = self._orders.get(order_id)
            if order is not None:
                self._due[order.parent_id] = None

    def without_orders(self, account: str) -> tuple[Algo, ...]:
        """Algos of an account that go on and have made nothing yet."""
        return tuple(
            algo
            for algo in self._algos.values()
            if algo.account == account
            and algo.status in ("running", "paused")
            and not self._children.get(algo.algo_id)
        )

    # -- what is to be done ----------------------------------------------------------------------

    def run(self, do: Callable[[Action], None], tell: Callable[[Algo], None]) -> None:
        """Look at every algo that something happened to, until none asks for anything."""
        looks: dict[str, int] = {}
        while self._due:
            algo_id = next(iter(self._due))
            del self._due[algo_id]
            algo = self._algos.get(algo_id)
            looks[algo_id] = looks.get(algo_id, 0) + 1
            if algo is not None and looks[algo_id] <= _MOST_STEPS:
                self._look(algo, do, tell)

    def _look(self, algo: Algo, do: Callable[[Action], None], tell: Callable[[Algo], None]) -> None:
        capabilities = self._capabilities_of(algo.account)
        instrument = self._markets.instrument_of(algo.fqme)
        is_ending = algo.is_ended or algo.status == "canceling"
        if is_ending and instrument is None:
            instrument = self._kept_instrument(algo.fqme)
        if algo.status == "canceling" and not self._orders_of(algo.algo_id):
            self._change(algo, replace(algo, status=algo.will_be), tell)
            return
        if capabilities is None and not is_ending:
            return  # looked at again when its account is logged in
        if instrument is None:
            if not algo.is_ended:
                self._waiting.add(algo.algo_id)
            return
        step = advance(
            algo,
            View(
                self._orders_of(algo.algo_id),
                self._markets.quote_of(algo.fqme),
                instrument,
                capabilities is not None and capabilities.can_link,
                self._now_ns(algo.fqme),
                capabilities is None or capabilities.can_amend,
                capabilities is not None and capabilities.can_iceberg,
                capabilities is not None and not capabilities.outlives_engine,
                capabilities is None or capabilities.can_amend_linked,
            ),
        )
        self._watch(algo, step.trigger)
        self._change(algo, step.algo, tell)
        for action in step.actions:
            if self._may(action):
                do(action)

    def _change(self, before: Algo, after: Algo, tell: Callable[[Algo], None]) -> None:
        if after != before:
            after = replace(after, updated_ns=max(self._now_ns(after.fqme), after.updated_ns))
            self._keep(after)
            tell(after)

    def _watch(self, algo: Algo, wanted: Trigger | None) -> None:
        """Hold the stop that the algo wants to be held, and no other."""
        if self._triggers.get(algo.algo_id) == wanted:
            return
        key = _KEY + algo.algo_id
        if self._triggers.pop(algo.algo_id, None) is not None:
            self._dark.release(key)
        if wanted is not None:
            self._triggers[algo.algo_id] = wanted
            quote = self._markets.quote_of(algo.fqme)
            last = None if quote is None else quote.last
            self._dark.hold("algo", key, algo.fqme, wanted.price, last, direction=wanted.direction)

    def _may(self, action: Action) -> bool:
        """A venue that refuses is asked again, but less and less often."""
        if isinstance(action, Stop):
            return self._may_stop(action.order_id)
        return not isinstance(action, Change) or self._may_move(action.order_id, action.price)

    def _may_move(self, order_id: str, price: Decimal) -> bool:
        now_ns = self._wall_ns()
        asked, next_ns, wait_ns = self._moves.get(order_id, (price, 0, _FIRST_RETRY_NS))
        if asked != price:
            next_ns, wait_ns = 0, _FIRST_RETRY_NS
        if now_ns < next_ns:
            return False
        self._moves[order_id] = (price, now_ns + wait_ns, min(2 * wait_ns, _LAST_RETRY_NS))
        return True

    def _may_stop(self, order_id: str) -> bool:
        now_ns = self._wall_ns()
        next_ns, wait_ns = self._stops.get(order_id, (0, _FIRST_RETRY_NS))
        if now_ns < next_ns:
            return False
        self._stops[order_id] = (now_ns + wait_ns, min(2 * wait_ns, _LAST_RETRY_NS))
        return True

    def _orders_of(self, algo_id: str) -> dict[str, Order]:
        return {order_id: self._orders[order_id] for order_id in self._children.get(algo_id, ())}

    def _keep(self, algo: Algo) -> Algo:
        self._algos[algo.algo_id] = algo
        self._due[algo.algo_id] = None
        return algo


def _waits(algo: Algo) -> bool:
    is_on = algo.status == "running" or (algo.status == "paused" and algo.touched)
    return is_on and (algo.next_ns > 0 or isinstance(algo.terms, ChaseTerms))


def _next_ns(algo: Algo, terms: AlgoTerms) -> int:
    """When an algo acts next whose time between two parts was changed: counted from the last."""
    before = algo.terms
    if isinstance(before, TwapTerms) and isinstance(terms, TwapTerms) and algo.next_ns:
        return algo.next_ns + round((terms.interval_s - before.interval_s) * NANOS)
    return algo.next_ns


def refused(command: str, check: str, reason: str, limit: str, value: str) -> CommandRefused:
    return CommandRefused(
        command=command, reason=reason, check=check, limit=limit, value=safe(value, 80)
    )
