"""Entries that are kept beside the journal."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.accounting.ledger import Entry, Posting, of_move
from engine.errors import DataError, JournalDamaged, JournalFailed
from tests.support.records import START_NS
from tui.commands.reports.kept import FILE, keep, read_kept


def entry(name: str, amount: str = "1.50") -> Entry:
    return of_move(
        "transfer",
        entry_id=name,
        account="sim",
        time_ns=START_NS,
        asset="usdt",
        amount=Decimal(amount),
        note="a note",
    )


def put(folder: Path, *entries: Entry) -> None:
    keep(folder, entries, source="test", now_ns=START_NS)


def test_what_was_kept_is_read_digit_by_digit_in_its_order(tmp_path: Path) -> None:
    first, second = [entry("b"), entry("a", "-0.000000000000000001")], [entry("c")]
    put(tmp_path, *first)
    put(tmp_path, *second)

    assert read_kept(tmp_path) == first + second
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_nothing_is_kept_at_first_and_reading_makes_no_file(tmp_path: Path) -> None:
    assert read_kept(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_an_import_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    put(tmp_path, entry("a"))

    with pytest.raises(DataError, match="there already"):
        put(tmp_path, entry("b"), entry("a"))
    assert [one.entry_id for one in read_kept(tmp_path)] == ["a"]


def test_an_entry_that_does_not_balance_is_never_kept(tmp_path: Path) -> None:
    wrong = replace(entry("a"), postings=(Posting("assets", "usdt", Decimal(1)),))

    with pytest.raises(DataError, match="does not balance"):
        put(tmp_path, entry("b"), wrong)
    assert read_kept(tmp_path) == []


@pytest.mark.parametrize("change", ["UPDATE entries SET body = ''", "DELETE FROM entries"])
def test_what_is_in_it_stays_as_it_is(tmp_path: Path, change: str) -> None:
    put(tmp_path, entry("a"))

    with (
        sqlite3.connect(tmp_path / FILE) as connection,
        pytest.raises(sqlite3.IntegrityError, match="only ever added"),
    ):
        connection.execute(change)
    assert read_kept(tmp_path) == [entry("a")]


def test_a_damaged_file_is_said_to_be_damaged_and_not_touched(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, " * 100)

    with pytest.raises(JournalDamaged, match="damaged"):
        read_kept(tmp_path)
    with pytest.raises(JournalDamaged, match="damaged"):
        put(tmp_path, entry("a"))
    assert (tmp_path / FILE).read_bytes() == b"not a database, " * 100


def test_files_of_others_and_of_newer_versions_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(JournalFailed, match="another program"):
        put(tmp_path, entry("a"))

    (tmp_path / FILE).unlink()
    put(tmp_path, entry("a"))
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(JournalFailed, match="newer version"):
        read_kept(tmp_path)


def test_a_body_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    put(tmp_path, entry("a"))
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(
            "INSERT INTO entries (entry_id, added_ns, source, body) VALUES ('b', 1, '', '{')"
        )

    with pytest.raises(JournalDamaged, match="entry 2 cannot be read"):
        read_kept(tmp_path)
