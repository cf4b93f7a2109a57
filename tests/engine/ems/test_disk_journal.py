"""The journal on a disk."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import trio
import trio.testing

from engine.ems.disk_journal import FEW_PAGES, DiskJournal, Waiting, open_journal, row_of
from engine.ems.journal import AlertSet, Executed, Intent, Record
from engine.ems.journal_file import LOG_BYTES, LOG_PAGES
from engine.ems.journal_schema import APPLICATION_ID, VERSION
from engine.errors import JournalDamaged, JournalFailed, JournalFull
from engine.messages import Accepted, Alert, Canceled, Fill, Order

ORDER = Order(
    order_id="o1",
    account="sim",
    fqme="btcusdt.spot.sim",
    side="buy",
    order_type="limit",
    size=Decimal("0.10"),
    price=Decimal("64000.00"),
)
FILL = Fill(
    order_id="o1",
    account="sim",
    fqme="btcusdt.spot.sim",
    trade_id="t1",
    side="buy",
    price=Decimal("64000.00"),
    size=Decimal("0.10"),
)


def numbered(count: int, start: int = 0) -> list[Record]:
    return [Record(n, Canceled(order_id=str(n))) for n in range(start, start + count)]


def read(journal: DiskJournal, after: int = 0) -> list[Record]:
    return [record for _, record in journal.read(after)]


async def test_what_was_appended_is_read_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.db"
    records = [
        Record(1, Intent(order=ORDER)),
        Record(2, Accepted(order_id="o1", venue_order_id="v")),
        Record(3, Executed(fill=FILL)),
        Record(4, AlertSet(alert=Alert(alert_id="a", fqme="x.y", price=Decimal("1.50")))),
    ]
    async with open_journal(path) as journal:
        await journal.append(records[:2])
        await journal.append(records[2:])
        await journal.append([])

    async with open_journal(path) as journal:
        assert read(journal) == records
        assert read(journal, after=3) == records[3:]
    written = read_text(path)
    assert '"64000.00"' in written
    assert '"1.50"' in written


def read_text(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        return "".join(body.decode() for (body,) in connection.execute("SELECT body FROM records"))


def test_a_row_says_of_which_kind_and_order_it_is() -> None:
    assert row_of(Record(5, Intent(order=ORDER)))[:3] == (5, "intent", "o1")
    assert row_of(Record(6, Executed(fill=FILL)))[:3] == (6, "executed", "o1")
    assert row_of(Record(7, Canceled(order_id="o2")))[:3] == (7, "canceled", "o2")
    alert = Alert(alert_id="a", fqme="x.y", price=Decimal(1))
    assert row_of(Record(8, AlertSet(alert=alert)))[:3] == (8, "alertset", "")


async def test_appends_that_come_while_one_is_written_share_a_commit(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        async with trio.open_nursery() as nursery:
            for n in range(200):
                nursery.start_soon(journal.append, numbered(1, n))

        assert journal.commits < 200
        assert sorted(record.now_ns for record in read(journal)) == list(range(200))


async def test_one_appender_after_another_is_written_in_that_order(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        for n in range(20):
            await journal.append(numbered(2, 2 * n))

        assert [record.now_ns for record in read(journal)] == list(range(40))
        assert journal.commits == 20


async def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db"):
        assert (tmp_path / "j.db").stat().st_mode & 0o777 == 0o600


async def test_every_commit_is_synced(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        ask = journal._connection.execute
        assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ask("PRAGMA synchronous").fetchone() == (2,)


# -- what cannot be written -----------------------------------------------------------------------


async def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        await journal.append(numbered(1))
        pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalFull, match="no room"):
            await journal.append(numbered(500, start=1))
        assert len(read(journal)) == 1

        journal._connection.execute("PRAGMA max_page_count = 100000")
        await journal.append(numbered(500, start=1))
        assert len(read(journal)) == 501


async def test_a_fill_is_in_it_once_whatever_anyone_believes(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        await journal.append([Record(1, Executed(fill=FILL))])
        with pytest.raises(JournalFailed, match="UNIQUE"):
            await journal.append(
                [Record(2, Canceled(order_id="x")), Record(2, Executed(fill=FILL))]
            )

        assert [record.now_ns for record in read(journal)] == [1]


async def test_what_cannot_be_written_takes_nothing_else_with_it(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        failed: list[int] = []

        async def append(n: int) -> None:
            fill = [Record(n, Executed(fill=FILL))] if n % 2 else []
            try:
                await journal.append([*fill, *numbered(1, n)])
            except JournalFailed:
                failed.append(n)

        async with trio.open_nursery() as nursery:
            for n in range(20):
                nursery.start_soon(append, n)

        kept = {record.now_ns for record in read(journal)}
        assert len(failed) == 9
        assert kept == set(range(20)) - set(failed)


# -- files that are not ours, not whole, or not of this version -----------------------------------


async def open_and_close(path: Path) -> None:
    async with open_journal(path):
        pass


async def test_a_damaged_file_is_set_aside_and_nothing_begun_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(JournalDamaged, match=r"j-damaged-1\.db"):
        await open_and_close(path)

    assert (tmp_path / "j-damaged-1.db").read_bytes().startswith(b"not a database")
    assert not path.exists()


async def test_a_page_that_was_overwritten_is_found(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_journal(path) as journal:
        await journal.append(numbered(2000))
    raw = bytearray(path.read_bytes())
    raw[8192:12288] = os.urandom(4096)
    path.write_bytes(raw)
    (tmp_path / "j-damaged-1.db").write_bytes(b"an older one")

    with pytest.raises(JournalDamaged, match=r"j-damaged-2\.db"):
        await open_and_close(path)
    assert (tmp_path / "j-damaged-1.db").read_bytes() == b"an older one"


async def test_damage_of_the_log_is_found_where_sqlite_would_lose_it_silently(
    tmp_path: Path,
) -> None:
    path, kept = tmp_path / "j.db", tmp_path / "kept"
    async with open_journal(path) as journal:
        for n in range(20):
            await journal.append(numbered(1, n))
        shutil.copytree(tmp_path, kept)  # as a kill would leave it
    log = kept / "j.db-wal"
    raw = bytearray(log.read_bytes())
    raw[32 + 5 * 4120 + 500] ^= 1
    log.write_bytes(raw)

    with pytest.raises(JournalDamaged, match=r"follow one that is not whole.*j-damaged-1\.db"):
        await open_and_close(kept / "j.db")
    assert (kept / "j-damaged-1.db-wal").read_bytes() == raw


async def test_a_journal_begun_beside_a_damaged_one_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(JournalDamaged):
        await open_and_close(path)
    notes = []
    for _ in range(2):
        async with open_journal(path) as journal:
            notes.append(journal.note)

    assert "j-damaged-1.db" in notes[0]
    assert notes[1] == ""


async def test_the_log_has_its_size_before_the_first_commit_and_keeps_it(tmp_path: Path) -> None:
    log = tmp_path / "j.db-wal"
    async with open_journal(tmp_path / "j.db") as journal:
        sizes = [log.stat().st_size]
        for n in range(0, 3 * LOG_PAGES, 5):
            await journal.append(numbered(5, n))
        sizes.append(log.stat().st_size)
        assert read(journal) == numbered(3 * LOG_PAGES)

    assert sizes == [LOG_BYTES, LOG_BYTES]


async def test_while_nothing_comes_the_log_is_moved_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = threading.Event()
    move = DiskJournal._empty_log

    def moved(journal: DiskJournal) -> None:
        move(journal)
        idle.set()

    monkeypatch.setattr(DiskJournal, "_empty_log", moved)
    async with open_journal(tmp_path / "j.db") as journal:
        for n in range(FEW_PAGES + 5):
            await journal.append(numbered(1, n))
        await trio.to_thread.run_sync(idle.wait, 30.0)
        alone = tmp_path / "alone.db"
        shutil.copy(tmp_path / "j.db", alone)  # the file itself, without its log
        with closing(sqlite3.connect(alone)) as connection:
            (in_file,) = connection.execute("SELECT count(*) FROM records").fetchone()
        await journal.append(numbered(1, FEW_PAGES + 5))

        assert in_file == FEW_PAGES + 5
        assert read(journal) == numbered(FEW_PAGES + 6)


async def test_a_commit_that_takes_long_is_not_waited_for_in_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    write = DiskJournal._write

    def slow(journal: DiskJournal, batch: list[Waiting]) -> Exception | None:
        may_write.wait(30.0)
        return write(journal, batch)

    monkeypatch.setattr(DiskJournal, "_write", slow)
    async with open_journal(tmp_path / "j.db") as journal, trio.open_nursery() as nursery:
        nursery.start_soon(journal.append, numbered(1))
        await trio.testing.wait_all_tasks_blocked()  # others run while the disk is busy
        assert read(journal) == []
        may_write.set()
        await journal.append(numbered(1, 1))

        assert read(journal) == numbered(2)


async def test_what_no_file_can_hold_fails_by_itself(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        with pytest.raises(JournalFailed, match="cannot be written"):
            await journal.append(numbered(1, 2**63))
        await journal.append(numbered(1))
        assert len(read(journal)) == 1


async def test_a_record_that_is_none_is_named(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j.db") as journal:
        await journal.append(numbered(3))
        journal._connection.execute("UPDATE records SET body = '{}' WHERE number = 2")
        with pytest.raises(JournalDamaged, match="record 2"):
            read(journal)


async def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(JournalFailed, match="another program"):
        await open_and_close(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


async def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await open_and_close(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalFailed, match="newer version"):
        await open_and_close(path)


async def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "j.db").mkdir()
    with pytest.raises(JournalFailed, match=r"j\.db"):
        await open_and_close(tmp_path / "j.db")


# -- a killed process -----------------------------------------------------------------------------


async def read_all(path: Path) -> list[Record]:
    async with open_journal(path) as journal:
        return read(journal)


WRITE = """
import sys, trio
from pathlib import Path
from engine.ems.disk_journal import open_journal
from engine.ems.journal import Record
from engine.messages import Canceled

async def main():
    async with open_journal(Path(sys.argv[1])) as journal:
        for n in range(1_000_000):
            await journal.append([Record(n, Canceled(order_id=str(n)))])
            print(n, flush=True)

trio.run(main)
"""


def test_what_a_killed_process_had_appended_is_there(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    command = [sys.executable, "-c", WRITE, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if line == "25\n":
                writer.send_signal(signal.SIGKILL)
                break
        told = [int(line) for line in writer.stdout if line.endswith("\n")]

    kept = [record.now_ns for record in trio.run(read_all, path)]
    assert kept == list(range(len(kept)))
    assert len(kept) > max([25, *told])


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_nothing_is_said_to_be_written_before_it_was_synced(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    script = WRITE.replace("1_000_000", "3")
    command = [
        *("strace", "-f", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", str(trace)),
        *(sys.executable, "-c", script, str(tmp_path / "j.db")),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    calls = trace.read_text().splitlines()
    told = re.compile(r' write\(1, "\d(\\n)?", [12]')
    said = [n for n, call in enumerate(calls) if told.search(call)]
    synced = [n for n, call in enumerate(calls) if "sync(" in call]

    assert len(said) == 3
    for before, after in zip([0, *said], said, strict=False):
        assert any(before < n < after for n in synced)
