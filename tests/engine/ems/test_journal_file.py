"""The file of a journal: what is said of one that cannot be read, and what is reserved."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.ems.journal_file import (
    LOG_BYTES,
    begun_anew,
    connect,
    is_damage,
    open_file,
    reserve_log,
    rows,
)
from engine.errors import JournalDamaged, JournalFailed

NUMBERS = "SELECT number FROM records WHERE number > ?"


def test_a_log_is_given_its_size_whatever_is_in_it(tmp_path: Path) -> None:
    path, log = tmp_path / "j.db", tmp_path / "j.db-wal"
    with closing(open_file(path)) as connection:
        before = log.read_bytes()
        reserve_log(path)
        assert log.stat().st_size == LOG_BYTES
        assert log.read_bytes().startswith(before)

        connection.execute("INSERT INTO records VALUES (1, 1, 'k', '', 'b')")
        reserve_log(path)  # it has its size
        assert log.stat().st_size == LOG_BYTES
        assert list(rows(path, NUMBERS, (0,), 10)) == [[(1,)]]


def test_without_room_for_it_a_journal_goes_on(tmp_path: Path) -> None:
    reserve_log(tmp_path / "none.db")

    with closing(open_file(tmp_path / "j.db")) as connection:
        (tmp_path / "j.db-wal").chmod(0o400)
        reserve_log(tmp_path / "j.db")
        connection.execute("INSERT INTO records VALUES (1, 1, 'k', '', 'b')")


def test_a_new_journal_beside_no_damaged_one_is_nothing_to_speak_of(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert begun_anew(path) == ""
    for number in (2, 10):
        (tmp_path / f"journal-damaged-{number}.db").touch()
    assert "journal-damaged-2.db, journal-damaged-10.db" in begun_anew(path)
    path.touch()
    assert begun_anew(path) == ""


def test_what_cannot_be_read_to_its_end_is_damaged_and_what_cannot_be_had_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "j.db"
    with closing(open_file(path)) as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO records VALUES (?, 1, 'k', '', ?)", [(n, b"x" * 500) for n in range(999)]
        )
        connection.execute("COMMIT")
    raw = bytearray(path.read_bytes())
    raw[-4096:] = bytes(4096)
    path.write_bytes(raw)
    with pytest.raises(JournalDamaged, match="cannot be read"):
        list(rows(path, "SELECT number, body FROM records WHERE number > ?", (0,), 100))
    with pytest.raises(JournalFailed, match="no such table") as caught:
        list(rows(path, "SELECT x FROM nowhere WHERE x > ?", (0,), 100))
    assert not isinstance(caught.value, JournalDamaged)


def test_a_connection_syncs_every_commit(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "j.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_file_that_is_locked_is_not_damaged() -> None:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorname = "SQLITE_BUSY"
    assert not is_damage(busy)
