"""What is to be done of what was decided, and how a decision says it.

Nothing here waits or sends: it is collected, and the router does it once it is on record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from engine.clock import Clock
from engine.ems.gate import Markets
from engine.ems.journal import Entry, Record
from engine.ems.lanes import Lanes, Request
from engine.log import logger
from engine.messages import CommandRefused, Event, Flatten, Notice, Reverse
from engine.text import safe

_log = logger(__name__)


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
    exits: list[Flatten | Reverse] = field(default_factory=list)
    """Markets to leave once what works there is canceled; `exit` does it."""

    def follow(self, later: Outcome) -> list[Request]:
        """Take over what was decided since and is on record; returns what it asks of venues."""
        self.events += later.events
        self.log_ins += later.log_ins
        self.doubts |= later.doubts
        self.exits += later.exits
        return later.requests


def _nobody_counts(request: Request) -> None:
    pass


class Decisions:
    """The outcome that everything which decides adds to."""

    def __init__(self, *, clock: Clock, markets: Markets, lanes: Lanes) -> None:
        self._clock = clock
        self._markets = markets
        self._lanes = lanes
        self.outcome = Outcome()
        self.sent: Callable[[Request], None] = _nobody_counts
        """Called with each request that is to be sent."""

    def take(self) -> Outcome:
        """Everything since the last call."""
        outcome, self.outcome = self.outcome, Outcome()
        return outcome

    def wall_ns(self) -> int:
        return self._clock.now_ns()

    def now_ns(self, fqme: str) -> int:
        """The market's time; ours while the market is not open."""
        now_ns = self._markets.now_ns_of(fqme)
        return self._clock.now_ns() if now_ns is None else now_ns

    def tell(self, event: Event) -> None:
        self.outcome.events.append(event)

    def record(self, entry: Entry, now_ns: int | None = None) -> None:
        at_ns = self._clock.now_ns() if now_ns is None else now_ns
        self.outcome.records.append(Record(at_ns, entry))

    def ask(self, request: Request) -> None:
        """Have something asked of a venue."""
        self._lanes.lane(request.order_id).open.append(request)
        self.outcome.requests.append(request)
        self.sent(request)

    def notice(self, level: Literal["info", "warning", "error"], text: str) -> None:
        _log.log(logging.getLevelNamesMapping()[level.upper()], "%s", text)
        self.tell(Notice(level=level, text=text, source="orders", now_ns=self._clock.now_ns()))

    def refuse(self, command: str, check: str, reason: str, *, limit: str, value: str) -> None:
        """Say no to a command that is not about one working order."""
        self.tell(
            CommandRefused(
                command=command, reason=reason, check=check, limit=limit, value=safe(value, 80)
            )
        )
