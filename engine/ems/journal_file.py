"""The file of a journal: made, opened, checked, set aside.

Beside `journal.db` SQLite keeps `journal.db-wal`, where commits go, and `journal.db-shm`. The log
has its full size before the first commit: a sync of a file that does not grow writes no metadata.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from engine.ems.journal_schema import prepare
from engine.ems.wal import lost_frames
from engine.errors import JournalDamaged, JournalFailed
from engine.text import safe

PAGE_BYTES: Final = 4096
LOG_PAGES: Final = 500
"""Pages in the log after which a commit moves them into the file, unless an idle moment came."""

LOG_BYTES: Final = 32 + LOG_PAGES * (24 + PAGE_BYTES)
"""What a log of so many pages takes (https://sqlite.org/fileformat2.html#walformat)."""


def open_file(path: Path) -> sqlite3.Connection:
    """The connection to the journal in `path`, made if there is none, checked if there is one.

    Raises:
        JournalDamaged: the file is no journal, or damaged: it was set aside, and its new name
            is said. Nothing was begun in its place.
        JournalFailed: it cannot be opened, or was written by a newer version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection: sqlite3.Connection | None = None
    try:
        _check_log(path)
        connection = connect(path)
        path.chmod(0o600)
        _check(connection)
        prepare(connection, str(path))
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        if is_damage(error):
            raise _set_aside(path, safe(error, 200)) from error
        raise JournalFailed(
            f"the journal {safe(path)} cannot be opened: {safe(error, 200)}"
        ) from error
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits return when they would survive a power cut."""
    # Transactions are said in full; the connection is used by one thread at a time.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    return connection


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """The file is not what was written, as opposed to one that cannot be reached now."""
    name = getattr(error, "sqlite_errorname", "")
    return name == "SQLITE_NOTADB" or name.startswith("SQLITE_CORRUPT")


def rows(path: Path, query: str, values: tuple[int, ...], size: int) -> Iterator[list[sqlite3.Row]]:
    """What a query finds, `size` rows at a time, by a connection of its own.

    Raises:
        JournalDamaged: it cannot be read to its end.
        JournalFailed: it cannot be read now.
    """
    try:
        with closing(connect(path)) as connection:
            cursor = connection.execute(query, values)
            while found := cursor.fetchmany(size):
                yield found
    except sqlite3.DatabaseError as error:
        kind = JournalDamaged if is_damage(error) else JournalFailed
        raise kind(
            f"the journal {safe(path)} cannot be read: {safe(error, 200)}",
            hint="nothing was changed; keep the file, and start with another --data-dir",
        ) from error


def reserve_log(path: Path) -> None:
    """Give the log of the open journal its full size, where it has less. Without room it grows
    with each commit, as it would have anyway."""
    log = path.with_name(f"{path.name}-wal")
    with suppress(OSError), open(log, "r+b") as file:
        missing = LOG_BYTES - os.fstat(file.fileno()).st_size
        if missing > 0:
            # What is not a frame of this log ends it when it is read: zeros do.
            file.seek(0, os.SEEK_END)
            file.write(bytes(missing))
            file.flush()
            os.fsync(file.fileno())


def begun_anew(path: Path) -> str:
    """What a person must know where no journal is in `path`, but damaged ones are beside it;
    empty otherwise."""
    if path.exists():
        return ""
    found = path.parent.glob(f"{path.stem}-damaged-*{path.suffix}")
    kept = [safe(one.name, 80) for one in sorted(found, key=lambda one: (len(one.name), one.name))]
    if not kept:
        return ""
    return (
        f"a new journal is begun in {safe(path)}, and trading is halted: what only "
        f"{', '.join(kept)} has, such as orders held here and alerts, is not in it"
    )


def _check_log(path: Path) -> None:
    """Raises `sqlite3.DatabaseError` where commits were lost from the log: SQLite itself takes
    what follows a damaged frame for what was never written."""
    lost = lost_frames(path.with_name(f"{path.name}-wal"))
    if lost:
        raise _corrupt(f"{lost} pages of its log follow one that is not whole")


def _check(connection: sqlite3.Connection) -> None:
    """Raises `sqlite3.DatabaseError` where the file is not whole."""
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise _corrupt(problem.splitlines()[-1])  # the first says in which database, of one


def _corrupt(problem: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(problem)
    error.sqlite_errorname = "SQLITE_CORRUPT"
    return error


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
