"""The journal read by reports, while an engine writes it and after one has died."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.ems.disk_journal import open_journal
from engine.ems.journal import Executed, Record
from engine.ems.journal_schema import APPLICATION_ID
from engine.errors import JournalDamaged, JournalFailed
from engine.messages import Canceled, Lost, OrderState
from tests.support.records import (
    BTC,
    INSTRUMENTS,
    ROUND_TRIP,
    START_NS,
    entries_of,
    fill_of,
    order_of,
    write_journal,
)
from tui.commands.reports.record import NoJournal, journal_in, read, read_orders, read_traded


def test_what_was_traded_is_what_was_recorded(tmp_path: Path) -> None:
    traded = read_traded(write_journal(tmp_path, entries_of(ROUND_TRIP)))

    assert traded.fills == list(ROUND_TRIP)
    assert traded.instruments == {one.fqme: one for one in INSTRUMENTS}
    assert traded.began_ns == {"sim": ROUND_TRIP[0].venue_ns}
    assert traded.accounts == {"sim"}


def test_orders_are_folded_as_the_engine_folds_them(tmp_path: Path) -> None:
    lost = fill_of(9, "buy", "2", "90", hours=60)
    records = [
        *entries_of(ROUND_TRIP),
        *entries_of([lost], [])[1:2],  # its intent alone
        Record(START_NS, Lost(order_id="o9", reason="no answer")),
    ]
    found = read_orders(write_journal(tmp_path, records))

    assert [order.order_id for order in found.orders] == ["o1", "o2", "o3", "o9"]
    assert [order.state for order in found.orders] == [
        *[OrderState.FILLED] * 3,
        OrderState.UNKNOWN,
    ]
    assert found.orders[2].average_price == 130
    assert found.problems == []


def test_a_record_that_cannot_be_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    records = [*entries_of(ROUND_TRIP), Record(START_NS, Canceled(order_id="nobody"))]
    found = read_orders(write_journal(tmp_path, records))

    assert len(found.orders) == 3
    (problem,) = found.problems
    assert f"record {len(records)} " in problem


async def test_a_report_sees_what_is_committed_while_the_engine_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    records = entries_of(ROUND_TRIP)
    async with open_journal(path) as journal:
        await journal.append(records[:-4])
        reading = read(path)
        first = next(reading)
        await journal.append(records[-4:])

        assert len([first, *reading]) == len(records) - 4, "as it was when it was begun"
        assert len(list(read(path))) == len(records)
        await journal.append([Record(1, Executed(fill=fill_of(7, "buy", "1", "1")))])


def test_what_a_killed_engine_had_committed_is_read(tmp_path: Path) -> None:
    """Its log is not yet part of the file, and nobody has recovered it."""
    code = (
        "import sys, trio, os, signal; from pathlib import Path\n"
        "from tests.support.records import *\n"
        "from engine.ems.disk_journal import open_journal\n"
        "async def main():\n"
        "    async with open_journal(Path(sys.argv[1])) as journal:\n"
        "        await journal.append(entries_of(ROUND_TRIP))\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "trio.run(main)\n"
    )
    path = tmp_path / "journal.db"
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=root, timeout=60, check=False
    )

    assert done.returncode == -signal.SIGKILL
    left = path.read_bytes()
    assert read_traded(path).fills == list(ROUND_TRIP)
    assert path.read_bytes() == left, "its log is for the next engine to take in"


def test_reading_changes_nothing_in_the_file(tmp_path: Path) -> None:
    path = write_journal(tmp_path, entries_of(ROUND_TRIP))
    before = path.read_bytes()

    read_orders(path)

    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_journal_in_a_folder_that_nobody_may_write_to_is_read(tmp_path: Path) -> None:
    path = write_journal(tmp_path / "d", entries_of(ROUND_TRIP))
    path.parent.chmod(0o500)
    try:
        assert len(read_traded(path).fills) == 3
    finally:
        path.parent.chmod(0o700)


def test_no_journal_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(NoJournal, match="nothing was traded") as caught:
        journal_in(tmp_path)

    assert caught.value.exit_code == 66
    assert "--data-dir" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)

    with pytest.raises(JournalFailed):
        read_traded(path)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE records (number, body)")

    with pytest.raises(JournalFailed, match="no journal of tickdeck"):
        read_traded(path)


def test_a_journal_of_a_newer_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = write_journal(tmp_path, entries_of(ROUND_TRIP))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)

    with pytest.raises(JournalFailed, match="newer version"):
        read_orders(path)


def test_a_record_that_is_not_what_was_written_is_damage(tmp_path: Path) -> None:
    path = write_journal(tmp_path, entries_of(ROUND_TRIP))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET body = '{}' WHERE number = 2")

    with pytest.raises(JournalDamaged, match="record 2 cannot be read"):
        read_orders(path)


def test_orders_of_records_are_those_of_their_fills() -> None:
    order = order_of(ROUND_TRIP[0])

    assert (order.size, order.price, order.fqme) == (1, 100, BTC.fqme)


def test_a_journal_of_an_earlier_version_is_read_as_it_is(tmp_path: Path) -> None:
    path = write_journal(tmp_path, entries_of(ROUND_TRIP))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1")

    assert len(read_orders(path).orders) == 3
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
