"""The journal on a disk: SQLite, where a commit returns when it would survive a power cut.

WAL mode with `synchronous=FULL` syncs the log on every commit (https://sqlite.org/pragma.html,
"synchronous"). One thread writes; whatever was appended while it synced goes into its next
transaction, so that a busy router pays for one sync and not for one per order.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import msgspec
import trio

from engine.ems.journal import Executed, Record
from engine.ems.journal_schema import prepare
from engine.errors import JournalDamaged, JournalFailed, JournalFull
from engine.log import logger
from engine.text import safe

_log = logger(__name__)

READ_ROWS = 1000
"""Records decoded at a time while a journal is read."""

_FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE"})

_RECORD = "INSERT INTO records (now_ns, kind, order_id, body) VALUES (?, ?, ?, ?)"
_FILL = "INSERT INTO fills (account, fqme, trade_id) VALUES (?, ?, ?)"

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
        self._done = trio.Event()
        self._token = trio.lowlevel.current_trio_token()

    def finish(self, error: Exception | None = None) -> None:
        """Called by the thread that writes."""
        self.error = error
        with suppress(trio.RunFinishedError):  # nobody waits any more; what is written is written
            self._token.run_sync_soon(self._done.set)

    async def wait(self) -> None:
        await self._done.wait()
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
        await waiting.wait()

    def read(self, after: int = 0) -> Iterator[tuple[int, Record]]:
        """Records with their numbers, oldest first, from the one after number `after`.

        Raises:
            JournalDamaged: a record cannot be read.
        """
        with closing(_connect(self.path)) as connection:
            query = "SELECT number, body FROM records WHERE number > ? ORDER BY number"
            cursor = connection.execute(query, (after,))
            while rows := cursor.fetchmany(READ_ROWS):
                for number, body in rows:
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
        while (first := self._queue.get()) is not None:
            batch = [first]
            is_last = False
            while not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    is_last = True
                    break
                batch.append(more)
            self._write_batch(batch)
            if is_last:
                return

    def _write_batch(self, batch: list[Waiting]) -> None:
        """One transaction for all; where that fails, one for each, so that what cannot be
        written takes nothing else with it."""
        error = self._write(batch)
        if error is None or len(batch) == 1:
            for waiting in batch:
                waiting.finish(error)
            return
        for waiting in batch:
            waiting.finish(self._write([waiting]))

    def _write(self, batch: list[Waiting]) -> Exception | None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for waiting in batch:
                    connection.executemany(_RECORD, waiting.rows)
                    connection.executemany(_FILL, waiting.fills)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            return self._explained(error)
        self.commits += 1
        return None

    def _explained(self, error: sqlite3.Error) -> Exception:
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
    connection = await trio.to_thread.run_sync(partial(_open, path))
    journal = DiskJournal(path, connection)
    try:
        yield journal
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(journal.close)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection: sqlite3.Connection | None = None
    try:
        connection = _connect(path)
        path.chmod(0o600)
        _check(connection)
        prepare(connection, str(path))
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        name = getattr(error, "sqlite_errorname", "")
        if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT") or name.startswith("SQLITE_CORRUPT"):
            raise _set_aside(path, safe(error, 200)) from error
        raise JournalFailed(
            f"the journal {safe(path)} cannot be opened: {safe(error, 200)}"
        ) from error
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    # Transactions are said in full below; the connection is used by one thread at a time.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Raises `sqlite3.DatabaseError` where the file is not whole."""
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        error = sqlite3.DatabaseError(problem)
        error.sqlite_errorname = "SQLITE_CORRUPT"
        raise error


def _set_aside(path: Path, why: str) -> JournalDamaged:
    """Give a damaged file, and what SQLite keeps beside it, a name that nothing overwrites."""
    number = 1
    while (kept := path.with_name(f"{path.stem}-damaged-{number}{path.suffix}")).exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + suffix))
    path.rename(kept)
    return JournalDamaged(
        f"the journal {safe(path)} is damaged ({why}); it was set aside as {safe(kept.name)}",
        hint="nothing in it was changed: look at it with sqlite3; the next start begins a new "
        "journal and asks the venues for orders and positions",
    )
