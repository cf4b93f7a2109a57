"""Entries of the ledger that are not in the journal: what was imported, and what people added.

A file of SQLite beside the journal, which only these commands write, with a sync for each import:
all of it or nothing. Its table refuses to be changed: what is in it stays as it is, and what was
wrong is put right by an entry of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from engine.accounting.ledger import Entry, check
from engine.errors import DataError, JournalDamaged, JournalFailed
from engine.text import safe

FILE: Final = "ledger.db"
APPLICATION_ID: Final = 0x746C6772
"""`tlgr`: tells the file from other databases."""
VERSION: Final = 1

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE,
    added_ns INTEGER NOT NULL,
    source TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are only ever added'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_kept BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are only ever added'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""

_encode = msgspec.json.Encoder(decimal_format="string").encode
_decode = msgspec.json.Decoder(Entry).decode


def read_kept(data_dir: Path) -> list[Entry]:
    """All of them, in the order in which they were added; none where there is no file.

    Raises:
        JournalFailed: the file cannot be read, or is not one of these.
    """
    path = data_dir / FILE
    if not path.exists():
        return []
    with _opened(path) as connection:
        rows = connection.execute("SELECT number, body FROM entries ORDER BY number")
        return [_entry(path, number, body) for number, body in rows]


def keep(data_dir: Path, entries: Iterable[Entry], *, source: str, now_ns: int) -> None:
    """Add entries, all or none; returns when they would survive a crash.

    Raises:
        JournalFailed: they cannot be written; nothing was.
        DataError: one does not balance, or has the id of one that is there.
    """
    rows = []
    for entry in entries:
        check(entry)
        rows.append((entry.entry_id, now_ns, safe(source, 200), _encode(entry)))
    data_dir.mkdir(parents=True, exist_ok=True)
    with _opened(data_dir / FILE) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(
                "INSERT INTO entries (entry_id, added_ns, source, body) VALUES (?, ?, ?, ?)", rows
            )
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.IntegrityError):
                raise DataError("an entry has the id of one that is there already") from error
            raise


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, made if there is none."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            _prepare(connection, path)
            yield connection
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB" or name.startswith("SQLITE_CORRUPT"):
            raise JournalDamaged(
                f"the ledger {safe(path)} is damaged: {safe(error, 200)}",
                hint="nothing was changed; move it away, and import again what was in it",
            ) from error
        raise JournalFailed(
            f"the ledger {safe(path)} cannot be used: {safe(error, 200)}"
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if owner == APPLICATION_ID and version == VERSION:
        return
    if owner == APPLICATION_ID and version > VERSION:
        raise JournalFailed(
            f"{safe(path)} was written by a newer version (its schema is {version}, this program "
            f"knows {VERSION})",
            hint="use the newer version",
        )
    if owner or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise JournalFailed(
            f"{safe(path)} is a database of another program",
            hint="name another place with --data-dir",
        )
    path.chmod(0o600)
    connection.executescript(_SCHEMA)


def _entry(path: Path, number: int, body: bytes) -> Entry:
    try:
        return _decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise JournalDamaged(
            f"{safe(path)}: entry {number} cannot be read: {safe(error, 200)}",
            hint="nothing was changed; if a newer version wrote it, use that",
        ) from error
