"""The record of what was intended and what was said of it, in the order it happened.

The router appends, and waits, before an intent leaves the machine and before anyone is told
of an event: what a screen has shown, the record has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import msgspec
import trio

from engine.ems.limits import RiskLimits
from engine.instruments import Instrument
from engine.messages import Alert, Algo, Fill, Message, Order, OrderEvent, TradingState


class Intent(Message, frozen=True):
    """An order as it was asked for, before any check."""

    order: Order


class Executed(Message, frozen=True):
    """A fill, once by (account, market, trade id)."""

    fill: Fill


class Disputed(Message, frozen=True):
    """A venue reported a trade again with other values: it was not counted."""

    fill: Fill
    """As it came this time."""
    reason: str


class AlertSet(Message, frozen=True):
    """An alert after a change of it."""

    alert: Alert


class AlgoChanged(Message, frozen=True):
    """An algo after a change of it: with the orders that name it, all it takes to go on."""

    algo: Algo


class Adopted(Message, frozen=True):
    """An order that the venue has and nobody here asked for, as it was when it was found."""

    order: Order


class InstrumentKept(Message, frozen=True):
    """What a traded market is: its fills can be counted without its feed."""

    instrument: Instrument


class Agreed(Message, frozen=True):
    """Everything that the venue said of the account is in the journal, up to `asked_ns`."""

    account: str
    asked_ns: int
    began_ns: int
    """When it was agreed for the first time: what was before is not in the journal."""


class Resolved(Message, frozen=True):
    """What a person said of an unknown order; the event that follows from it comes next."""

    order_id: str
    outcome: Literal["open", "canceled", "rejected"]
    note: str = ""


class LimitsChanged(Message, frozen=True):
    """The limits of an account from here on; None where it may trade nothing."""

    account: str
    limits: RiskLimits | None


class StateSet(Message, frozen=True):
    """An account's state of trading, or that of all (an empty name), from here on."""

    account: str
    state: TradingState
    reason: str = ""


class KillSwitched(Message, frozen=True):
    """The kill switch was turned on or off, by a person."""

    is_on: bool
    reason: str = ""


class Leaving(Message, frozen=True):
    """A market is being left, or its position reversed: what works there is canceled, then an
    order of this id closes it."""

    order_id: str
    account: str
    fqme: str
    is_reversal: bool = False


class Left(Message, frozen=True):
    """What a `Leaving` came to is on record: its order, or that none was needed."""

    order_id: str


Entry = (
    Intent
    | Executed
    | Disputed
    | AlertSet
    | AlgoChanged
    | Adopted
    | InstrumentKept
    | Agreed
    | Resolved
    | LimitsChanged
    | StateSet
    | KillSwitched
    | Leaving
    | Left
    | OrderEvent
)


class Record(msgspec.Struct, frozen=True):
    """One line of the journal."""

    now_ns: int
    """When it was decided: the market's time for what moves an order, else wall time."""
    entry: Entry


class Journal(Protocol):
    """Where records go. One writer: the router."""

    async def append(self, records: Sequence[Record]) -> None:
        """Write all of them or none; returns when they would survive a crash.

        Raises:
            JournalFull: there is no room; nothing was written, and it can be tried again.
            Exception: anything else stops trading: an order is never sent without a record.
        """
        ...

    def read(self, after: int = 0) -> Iterator[tuple[int, Record]]:
        """Records with their numbers, oldest first, from the one after number `after`."""
        ...


class MemoryJournal:
    """Keeps records as long as the process lives."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    async def append(self, records: Sequence[Record]) -> None:
        self._records.extend(records)
        # A journal on a disk lets others run here; so does this one.
        await trio.lowlevel.checkpoint()

    def read(self, after: int = 0) -> Iterator[tuple[int, Record]]:
        """See `Journal`."""
        yield from enumerate(self._records[after:], start=after + 1)

    def records(self) -> tuple[Record, ...]:
        """Everything so far, oldest first."""
        return tuple(self._records)
