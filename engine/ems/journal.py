"""The record of what was intended and what was said of it, in the order it happened.

The router appends, and waits, before an intent leaves the machine and before anyone is told
of an event: what a screen has shown, the record has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
import trio

from engine.messages import Alert, Algo, Fill, Message, Order, OrderEvent


class Intent(Message, frozen=True):
    """An order as it was asked for, before any check."""

    order: Order


class Executed(Message, frozen=True):
    """A fill, once by (account, market, trade id)."""

    fill: Fill


class AlertSet(Message, frozen=True):
    """An alert after a change of it."""

    alert: Alert


class AlgoChanged(Message, frozen=True):
    """An algo after a change of it: with the orders that name it, all it takes to go on."""

    algo: Algo


Entry = Intent | Executed | AlertSet | AlgoChanged | OrderEvent


class Record(msgspec.Struct, frozen=True):
    """One line of the journal."""

    now_ns: int
    """Wall time when it was written."""
    entry: Entry


class Journal(Protocol):
    """Where records go. One writer: the router."""

    async def append(self, records: Sequence[Record]) -> None:
        """Write all of them or none; returns when they would survive a crash.

        Whatever it raises stops trading: an order is never sent without a record of it.
        """
        ...


class MemoryJournal:
    """Keeps records as long as the process lives."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    async def append(self, records: Sequence[Record]) -> None:
        self._records.extend(records)
        # A journal on a disk lets others run here; so does this one.
        await trio.lowlevel.checkpoint()

    def records(self) -> tuple[Record, ...]:
        """Everything so far, oldest first."""
        return tuple(self._records)
