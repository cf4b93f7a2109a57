"""The journal on a disk: SQLite, where a commit returns when it would survive a power cut.

WAL mode with `synchronous=FULL` syncs the log on every commit (https://sqlite.org/pragma.html,
"synchronous"). One thread writes; whatever was appended while it synced goes into its next
transaction, so that a busy router pays for one sync and not for one per order. What the log holds
is moved into the file while nobody waits.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import msgspec
import trio

from engine.ems.journal import Executed, Record
from engine.ems.journal_file import LOG_PAGES, begun_anew, open_file, reserve_log, rows
from engine.errors import JournalDamaged, JournalFailed, JournalFull
from engine.log import logger
from engine.text import safe

_log = logger(__name__)

READ_ROWS: Final = 1000
"""Records decoded at a time while a journal is read."""

PATIENCE_S: Final = 0.001
SLOW_FOR: Final = 200
"""Where nobody else is about to run, the loop waits this long for a commit: handing over costs
more than a quick disk takes. After a commit that took longer, so many appends leave the loop at
once: what else the engine does must not wait for a slow disk."""

IDLE_S: Final = 0.05
FEW_PAGES: Final = LOG_PAGES // 4
"""A log of so many pages is moved into the file when nothing came for `IDLE_S`."""

_FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE"})

_RECORDS = "INSERT INTO records (now_ns, kind, order_id, body) VALUES "
_RECORD = "(?, ?, ?, ?)"
_FILL = "INSERT INTO fills (account, fqme, trade_id) VALUES (?, ?, ?)"

MOST_AT_ONCE: Final = 64
"""Records that one statement inserts; it is a transaction by itself, where it is the only one."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode

Row = tuple[int, str, str, bytes]
FillRow = tuple[str, str, str]


class Waiting:
    """Records that somebody waits for to be on the disk."""

    def __init__(self, records: Sequence[Record]) -> None:
        # Encoded by who appends: what is written is what was decided at that moment.
        self.rows: list[Row] = [row_of(record) for record in records]
        self.fills: list[FillRow] = [
            (record.entry.fill.account, record.entry.fill.fqme, record.entry.fill.trade_id)
            for record in records
            if isinstance(record.entry, Executed)
        ]
        self.error: Exception | None = None
        self.is_done = False
        self._written = threading.Lock()
        self._written.acquire()
        self._wake: tuple[trio.lowlevel.TrioToken, trio.Event] | None = None

    def finish(self, error: Exception | None = None) -> None:
        """Called by the thread that writes."""
        self.error = error
        self.is_done = True
        self._written.release()
        if self._wake is not None:
            token, event = self._wake
            with suppress(trio.RunFinishedError):  # nobody waits; what is written is written
                token.run_sync_soon(event.set)

    def is_quick(self) -> bool:
        """Wait for the disk, and let nobody else run: for `PATIENCE_S` at most."""
        if self._written.acquire(timeout=PATIENCE_S):
            self._written.release()
        return self.is_done

    async def wait(self) -> None:
        if not self.is_done:
            event = trio.Event()
            self._wake = (trio.lowlevel.current_trio_token(), event)
            if not self.is_done:  # between the two the thread may have finished
                await event.wait()
        else:
            await trio.lowlevel.cancel_shielded_checkpoint()
        if self.error is not None:
            raise self.error


class DiskJournal:
    """Appends records to one file, and reads them back. Made by `open_journal`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self.commits = 0
        """Transactions so far."""
        self.note = ""
        """What a person should know of the file."""
        self._logged = 0
        """About how many pages the log holds that are not in the file."""
        self._slow = 0
        """Appends that still leave the loop at once."""
        self._thread.start()

    async def append(self, records: Sequence[Record]) -> None:
        """Write all of them or none; returns when they would survive a crash.

        Raises:
            JournalFull: there is no room; nothing of these records was written.
            JournalFailed: the file cannot be written; nothing of these records was written.
        """
        if not records:
            await trio.lowlevel.checkpoint()
            return
        waiting = Waiting(records)
        self._queue.put(waiting)
        if self._slow:
            self._slow -= 1
        elif not trio.lowlevel.current_statistics().tasks_runnable and not waiting.is_quick():
            self._slow = SLOW_FOR
        await waiting.wait()

    def read(self, after: int = 0) -> Iterator[tuple[int, Record]]:
        """Records with their numbers, oldest first, from the one after number `after`.

        Raises:
            JournalDamaged: a record cannot be read.
        """
        query = "SELECT number, body FROM records WHERE number > ? ORDER BY number"
        for some in rows(self.path, query, (after,), READ_ROWS):
            for number, body in some:
                yield number, self._decoded(number, body)

    def close(self) -> None:
        """Write what waits, then close the file."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _decoded(self, number: int, body: bytes) -> Record:
        try:
            return _decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise JournalDamaged(
                f"{safe(self.path)}: record {number} cannot be read: {safe(error, 200)}",
                hint="nothing was changed; keep the file, and start with another --data-dir",
            ) from error

    # -- in the thread ----------------------------------------------------------------------------

    def _write_all(self) -> None:
        while (batch := self._take_batch()) is not None:
            ending = batch and batch[-1] is None
            self._write_batch([waiting for waiting in batch if waiting is not None])
            if ending:
                return

    def _take_batch(self) -> list[Waiting | None]:
        """Whatever waits, at least one; the last is None where that is the end."""
        batch = [self._take()]
        while batch[-1] is not None and not self._queue.empty():
            batch.append(self._queue.get())
        return batch

    def _take(self) -> Waiting | None:
        """The next that comes; if none comes for a while, the log is moved into the file."""
        if self._logged < FEW_PAGES:
            return self._queue.get()
        try:
            return self._queue.get(timeout=IDLE_S)
        except Empty:
            self._empty_log()
            return self._queue.get()

    def _empty_log(self) -> None:
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            # Everything is in the log still; the next commit says whether there is room.
            _log.warning("the log of %s stays: %s", safe(self.path), safe(error, 200))
        self._logged = 0

    def _write_batch(self, batch: list[Waiting]) -> None:
        """One transaction for all; where that fails, one for each, so that what cannot be
        written takes nothing else with it."""
        if not batch:
            return
        error = self._write(batch)
        if error is None or len(batch) == 1:
            for waiting in batch:
                waiting.finish(error)
            return
        for waiting in batch:
            waiting.finish(self._write([waiting]))

    def _write(self, batch: list[Waiting]) -> Exception | None:
        records = [row for waiting in batch for row in waiting.rows]
        fills = [fill for waiting in batch for fill in waiting.fills]
        try:
            if fills or len(records) > MOST_AT_ONCE:
                self._transact(records, fills)
            else:
                self._insert(records)
        except Exception as error:  # whatever it is, somebody waits for an answer
            return self._explained(error)
        self.commits += 1
        # A commit writes each page that it changed anew: those it adds to, and those it fills.
        self._logged += 1 + 2 * len(fills) + sum(len(row[3]) for row in records) // 3000
        return None

    def _insert(self, records: Sequence[Row]) -> None:
        values = [value for row in records for value in row]
        self._connection.execute(_RECORDS + ", ".join([_RECORD] * len(records)), values)

    def _transact(self, records: Sequence[Row], fills: Sequence[FillRow]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for first in range(0, len(records), MOST_AT_ONCE):
                self._insert(records[first : first + MOST_AT_ONCE])
            connection.executemany(_FILL, fills)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _explained(self, error: Exception) -> Exception:
        name = getattr(error, "sqlite_errorname", "")
        _log.error("journal %s: %s (%s)", safe(self.path), safe(error, 200), name)
        if name in _FULL:
            return JournalFull(
                f"no room for the journal {safe(self.path)}", hint="make room on that disk"
            )
        return JournalFailed(f"the journal {safe(self.path)} cannot be written: {safe(error, 200)}")


def row_of(record: Record) -> Row:
    """A record as a row: when, of which kind, of which order, and all of it as JSON."""
    entry = record.entry
    order_id = getattr(entry, "order_id", "")
    for holder in ("order", "fill"):
        order_id = order_id or getattr(getattr(entry, holder, None), "order_id", "")
    return record.now_ns, type(entry).__name__.lower(), order_id, _encode(record)


@asynccontextmanager
async def open_journal(path: Path) -> AsyncIterator[DiskJournal]:
    """The journal in `path`, made if there is none, checked if there is one.

    Raises:
        JournalDamaged: the file is no journal, or damaged: it was set aside, and its new name
            is said. Nothing was begun in its place.
        JournalFailed: it cannot be opened, or was written by a newer version.
    """
    note = begun_anew(path)
    connection = await trio.to_thread.run_sync(partial(_open, path))
    journal = DiskJournal(path, connection)
    journal.note = note
    if note:
        _log.warning("%s", note)
    try:
        yield journal
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(journal.close)


def _open(path: Path) -> sqlite3.Connection:
    connection = open_file(path)
    reserve_log(path)
    return connection
