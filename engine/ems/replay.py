"""What a journal says, read from its beginning: the same folds as when it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast, get_args

import trio

from engine.ems.blotter import Blotter, ConflictingFill
from engine.ems.journal import (
    Adopted,
    Agreed,
    AlertSet,
    AlgoChanged,
    Disputed,
    Executed,
    InstrumentKept,
    Intent,
    Journal,
    KillSwitched,
    Leaving,
    Left,
    LimitsChanged,
    Record,
    Resolved,
    StateSet,
)
from engine.ems.limits import RiskLimits
from engine.errors import BadTransition
from engine.log import logger
from engine.messages import Alert, Algo, Denied, OrderEvent

_log = logger(__name__)

KEPT_DONE: Final = 5_000
"""Newest orders that are done and kept whole, with their fills; of older ones only the ids stay."""

LOOK_EVERY: Final = 10_000
"""Records between two moments at which others may run, and what is old is let go."""


_EVENTS: Final = frozenset(get_args(OrderEvent))


@dataclass
class Replayed:
    """All that is not in the blotter."""

    records: int = 0
    alerts: dict[str, Alert] = field(default_factory=dict)
    algos: dict[str, Algo] = field(default_factory=dict)
    agreed: dict[str, Agreed] = field(default_factory=dict)
    """By account: from when until when the journal has everything that its venue said."""
    limits: dict[str, RiskLimits | None] = field(default_factory=dict)
    """By account, as they were last."""
    states: dict[str, StateSet] = field(default_factory=dict)
    """By account, as they were set last; of all under an empty name."""
    kill: KillSwitched | None = None
    """As the kill switch was turned last; None where it never was."""
    killed_ns: int = 0
    """When it was turned on; 0 while it is off."""
    leaving: dict[str, tuple[int, Leaving]] = field(default_factory=dict)
    """By order id: markets that were being left, and since when."""
    denials: dict[str, Denied] = field(default_factory=dict)
    """What denied an order that is kept, by its id."""
    exits: set[str] = field(default_factory=set)
    """Ids of orders that close or reverse a position, sized here."""
    problems: list[str] = field(default_factory=list)
    """Records that do not fit to those before them: a bug of ours, now or then."""

    def trim(self, blotter: Blotter) -> None:
        """Let go of what is said of orders that were let go."""
        orders = blotter.orders
        self.denials = {name: denial for name, denial in self.denials.items() if name in orders}

    def parents(self) -> set[str]:
        """Ids of the algos that go on."""
        return {algo.algo_id for algo in self.algos.values() if not algo.is_ended}


async def replay(journal: Journal, blotter: Blotter, *, keep_done: int = KEPT_DONE) -> Replayed:
    """Fold all records into `blotter`, one after another and never all in memory.

    Raises:
        JournalDamaged: a record cannot be read.
    """
    replayed = Replayed()
    for number, record in journal.read():
        try:
            _take(record, blotter, replayed)
        except (BadTransition, ConflictingFill) as error:
            problem = f"record {number} of the journal: {error}"
            _log.error("%s", problem)
            replayed.problems.append(problem)
        replayed.records = number
        if number % LOOK_EVERY == 0:
            blotter.trim(keep_done, replayed.parents())
            replayed.trim(blotter)
            await trio.lowlevel.checkpoint()
    blotter.trim(keep_done, replayed.parents())
    replayed.trim(blotter)
    await trio.lowlevel.checkpoint()
    return replayed


def _take(record: Record, blotter: Blotter, replayed: Replayed) -> None:
    if type(record.entry) in _EVENTS:  # nearly all are, and a long match looks at each kind
        blotter.fold(cast(OrderEvent, record.entry), record.now_ns)
        if isinstance(record.entry, Denied):
            replayed.denials[record.entry.order_id] = record.entry
        return
    match record.entry:
        case Intent(order=order) | Adopted(order=order):
            blotter.add(order)
        case Executed() | Resolved() | Disputed():
            pass  # the event that comes with it is what counts, or none does
        case InstrumentKept(instrument=instrument):
            blotter.keep_instrument(instrument)
        case AlertSet(alert=alert):
            replayed.alerts[alert.alert_id] = alert
        case AlgoChanged(algo=algo):
            replayed.algos[algo.algo_id] = algo
        case Agreed(account=account) as agreed:
            replayed.agreed[account] = agreed
        case LimitsChanged(account=account, limits=limits):
            replayed.limits[account] = limits
        case StateSet(account=account) as state:
            replayed.states[account] = state
        case KillSwitched(is_on=is_on) as kill:
            was_on = replayed.kill is not None and replayed.kill.is_on
            if not (is_on and was_on):  # one that is on already keeps since when, and why
                replayed.kill, replayed.killed_ns = kill, record.now_ns if is_on else 0
        case Leaving(order_id=order_id) as leaving:
            replayed.leaving[order_id] = (record.now_ns, leaving)
            replayed.exits.add(order_id)
        case Left(order_id=order_id):
            replayed.leaving.pop(order_id, None)
