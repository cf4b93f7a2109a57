"""What the journal says, read while an engine may be writing it.

The file is opened for reading only: nothing is repaired, migrated or set aside by a report. In
WAL mode a reader sees the last commit before it began and neither waits for the writer nor
makes it wait (https://sqlite.org/wal.html, "Concurrency").
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args
from urllib.parse import quote

import msgspec

from engine.ems.blotter import Blotter, ConflictingFill
from engine.ems.journal import Adopted, Agreed, Entry, Executed, InstrumentKept, Intent, Record
from engine.ems.journal_schema import APPLICATION_ID, VERSION
from engine.errors import BadTransition, DataError, JournalDamaged, JournalFailed
from engine.instruments import Instrument
from engine.messages import Denied, Fill, Order, OrderEvent
from engine.text import safe
from tui.commands.deck import JOURNAL_FILE

FETCHED_ROWS: Final = 1000
"""Rows taken from SQLite at a time."""

_OF_FILLS: Final = tuple(kind.__name__.lower() for kind in (Executed, InstrumentKept, Agreed))
"""Kinds of records that say what was traded."""

_OF_ORDERS: Final = tuple(
    kind.__name__.lower()
    for kind in (Intent, Adopted, InstrumentKept, Agreed, *get_args(OrderEvent))
)
"""Kinds of records that say what became of orders: a fill is told by what the venue said."""

_decode = msgspec.json.Decoder(Record).decode


class NoJournal(DataError):
    """There is no journal: nothing was traded with this data, or another is meant."""

    exit_code = 66


@dataclass
class Traded:
    """Every fill, and what is needed to count it."""

    fills: list[Fill] = field(default_factory=list)
    """In the order in which they were recorded, which is that of their folding."""
    instruments: dict[str, Instrument] = field(default_factory=dict)
    """By fqme, as they were last."""
    began_ns: dict[str, int] = field(default_factory=dict)
    """By account: what was before is not in the journal."""

    @property
    def accounts(self) -> set[str]:
        return {*self.began_ns, *(fill.account for fill in self.fills)}


@dataclass
class Ordered:
    """Every order, as it is after all that was recorded of it."""

    orders: list[Order] = field(default_factory=list)
    """In the order in which they were made."""
    instruments: dict[str, Instrument] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """Records that do not fit to those before them."""
    accounts: set[str] = field(default_factory=set)
    denials: dict[str, Denied] = field(default_factory=dict)
    """What denied an order, by its id."""


def journal_in(data_dir: Path) -> Path:
    """The journal's file.

    Raises:
        NoJournal: there is none.
    """
    path = data_dir / JOURNAL_FILE
    if not path.is_file():
        raise NoJournal(
            f"there is no journal in {safe(data_dir)}: nothing was traded with this data",
            hint="if it is elsewhere, name the place with --data-dir, before the command",
        )
    return path


def read_traded(path: Path) -> Traded:
    """All fills of a journal.

    Raises:
        JournalFailed: it cannot be read.
    """
    traded = Traded()
    with _without_collection():
        for _, record in read(path, _OF_FILLS):
            match record.entry:
                case Executed(fill=fill):
                    traded.fills.append(fill)
                case InstrumentKept(instrument=instrument):
                    traded.instruments[instrument.fqme] = instrument
                case Agreed(account=account, began_ns=began_ns):
                    traded.began_ns.setdefault(account, began_ns)
    return traded


def read_orders(path: Path) -> Ordered:
    """All orders of a journal.

    Raises:
        JournalFailed: it cannot be read.
    """
    blotter, found = Blotter(), Ordered()
    with _without_collection():
        for number, record in read(path, _OF_ORDERS):
            try:
                _fold(record.entry, record.now_ns, blotter, found)
            except (BadTransition, ConflictingFill) as error:
                found.problems.append(f"record {number} of the journal: {safe(error, 300)}")
    found.orders = list(blotter.orders.values())
    found.accounts |= {order.account for order in found.orders}
    return found


def _fold(entry: Entry, now_ns: int, blotter: Blotter, found: Ordered) -> None:
    match entry:
        case Intent(order=order) | Adopted(order=order):
            blotter.add(order)
        case InstrumentKept(instrument=instrument):
            blotter.keep_instrument(instrument)
            found.instruments[instrument.fqme] = instrument
        case Agreed(account=account):
            found.accounts.add(account)
        case _ if isinstance(entry, OrderEvent):
            blotter.fold(entry, now_ns)
            if isinstance(entry, Denied):
                found.denials[entry.order_id] = entry


def read(path: Path, kinds: Sequence[str] = ()) -> Iterator[tuple[int, Record]]:
    """Records with their numbers, oldest first: of these kinds, or all.

    Raises:
        JournalFailed: it cannot be read, or not by this version.
        JournalDamaged: it is not what was written.
    """
    where = f"WHERE kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
    try:
        with closing(_open(path)) as connection:
            _check(connection, path)
            # One statement sees all of it as it is at one moment.
            cursor = connection.execute(
                f"SELECT number, body FROM records {where} ORDER BY number", tuple(kinds)
            )
            while rows := cursor.fetchmany(FETCHED_ROWS):
                for number, body in rows:
                    yield number, _record(path, number, body)
    except sqlite3.DatabaseError as error:
        raise _explained(path, error) from error


@contextmanager
def _without_collection() -> Iterator[None]:
    """What is read stays: looking through it for garbage meanwhile is time lost."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _open(path: Path) -> sqlite3.Connection:
    """For reading only. Where not even the files beside it may be made, as in a folder or on a
    disk that nobody may write to, it is read as it lies there, if nothing is left in its log."""
    location = f"file:{quote(str(path.resolve()))}?mode=ro"
    connection = sqlite3.connect(location, uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        return sqlite3.connect(f"{location}&immutable=1", uri=True, isolation_level=None)
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if owner != APPLICATION_ID:
        raise JournalFailed(
            f"{safe(path)} is no journal of tickdeck", hint="name another place with --data-dir"
        )
    if version > VERSION:
        raise JournalFailed(
            f"{safe(path)} was written by a newer version (its schema is {version}, this program "
            f"knows {VERSION})",
            hint="use the newer version",
        )


def _record(path: Path, number: int, body: bytes) -> Record:
    try:
        return _decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise JournalDamaged(
            f"{safe(path)}: record {number} cannot be read: {safe(error, 200)}",
            hint="nothing was changed; if a newer version wrote it, use that",
        ) from error


def _explained(path: Path, error: sqlite3.DatabaseError) -> JournalFailed:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_NOTADB" or name.startswith("SQLITE_CORRUPT"):
        return JournalDamaged(
            f"the journal {safe(path)} is damaged: {safe(error, 200)}",
            hint="nothing was changed; the engine sets it aside when it starts",
        )
    return JournalFailed(f"the journal {safe(path)} cannot be read: {safe(error, 200)}")
