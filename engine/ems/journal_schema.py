"""Tables of the journal, and how files of earlier versions become files of this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from engine.errors import JournalFailed
from engine.text import safe

APPLICATION_ID = 0x7469636B
"""`tick`: tells the file from other databases (`PRAGMA application_id`)."""

MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE records (
        number INTEGER PRIMARY KEY,
        now_ns INTEGER NOT NULL,
        kind TEXT NOT NULL,
        order_id TEXT NOT NULL,
        body BLOB NOT NULL
    );
    CREATE INDEX records_by_order ON records (order_id) WHERE order_id <> '';
    CREATE TABLE fills (
        account TEXT NOT NULL,
        fqme TEXT NOT NULL,
        trade_id TEXT NOT NULL,
        PRIMARY KEY (account, fqme, trade_id)
    ) WITHOUT ROWID;
    """,
    # Nobody asks for the records of one order, and every commit paid for a page of the index.
    "DROP INDEX records_by_order;",
)
"""Step n makes version n + 1 of version n; a step never changes once it was released."""

VERSION = len(MIGRATIONS)


def prepare(connection: sqlite3.Connection, name: str, steps: Sequence[str] = MIGRATIONS) -> None:
    """Bring a new or older file to this version, each step in a transaction of its own.

    Raises:
        JournalFailed: it is of a newer version, or of another program.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if owner not in (0, APPLICATION_ID) or (owner == 0 and _has_tables(connection)):
        raise JournalFailed(
            f"{safe(name)} is a database of another program",
            hint="name another place with --data-dir",
        )
    if version > len(steps):
        raise JournalFailed(
            f"{safe(name)} was written by a newer version (its schema is {version}, this "
            f"program knows {len(steps)})",
            hint="use the newer version, or name another place with --data-dir",
        )
    for number in range(version, len(steps)):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {steps[number]}; PRAGMA user_version = {number + 1}; "
                f"PRAGMA application_id = {APPLICATION_ID}; COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
