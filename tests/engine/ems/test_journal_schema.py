"""A file of any earlier version becomes one of this version, with everything that it had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from engine.ems.blotter import Blotter
from engine.ems.disk_journal import open_journal
from engine.ems.journal import Executed
from engine.ems.journal_schema import APPLICATION_ID, MIGRATIONS, VERSION, prepare
from engine.ems.replay import replay
from engine.errors import JournalFailed
from engine.messages import OrderState

FIRST = """
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
PRAGMA user_version = 1;
PRAGMA application_id = 1953063787;
"""
"""What the first release made. It is written out, so that it stays when the code moves on."""

RECORDS = [
    (
        "instrumentkept",
        "",
        (
            b'{"now_ns":1,"entry":{"kind":"instrumentkept","instrument":{"fqme":"btcusdt.spot.test",'
            b'"symbol":"BTCUSDT","name":"","base":"btc","quote":"usdt","price_tick":"0.01",'
            b'"size_step":"0.001"}}}'
        ),
    ),
    (
        "intent",
        "o1",
        (
            b'{"now_ns":2,"entry":{"kind":"intent","order":{"kind":"order","order_id":"o1","account":'
            b'"main","fqme":"btcusdt.spot.test","side":"buy","order_type":"limit","size":"0.30",'
            b'"price":"100.10","state":"pending","filled":"0","created_ns":2,"updated_ns":2}}}'
        ),
    ),
    (
        "accepted",
        "o1",
        (
            b'{"now_ns":3,"entry":{"kind":"accepted","order_id":"o1","venue_order_id":"v1",'
            b'"venue_ns":3}}'
        ),
    ),
    (
        "filled",
        "o1",
        (
            b'{"now_ns":4,"entry":{"kind":"filled","order_id":"o1","trade_id":"t1","price":"100.10",'
            b'"size":"0.10","fee":"0.01","fee_asset":"usdt","liquidity":"maker","venue_ns":4}}'
        ),
    ),
    (
        "executed",
        "o1",
        (
            b'{"now_ns":4,"entry":{"kind":"executed","fill":{"kind":"fill","order_id":"o1","account":'
            b'"main","fqme":"btcusdt.spot.test","trade_id":"t1","side":"buy","price":"100.10","size":'
            b'"0.10","fee":"0.01","fee_asset":"usdt","liquidity":"maker","venue_ns":4,"recv_ns":4}}}'
        ),
    ),
]


def of_first_version(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST)
        connection.executemany(
            "INSERT INTO records (now_ns, kind, order_id, body) VALUES (?, ?, ?, ?)",
            [(number, *record) for number, record in enumerate(RECORDS, start=1)],
        )
        connection.execute("INSERT INTO fills VALUES ('main', 'btcusdt.spot.test', 't1')")
        connection.commit()
    return path


async def test_a_file_of_the_first_version_is_brought_to_this_one(tmp_path: Path) -> None:
    path = of_first_version(tmp_path / "journal.db")
    blotter = Blotter()
    async with open_journal(path) as journal:
        replayed = await replay(journal, blotter)
        (fill,) = [one.entry for _, one in journal.read() if isinstance(one.entry, Executed)]
        with pytest.raises(JournalFailed, match="UNIQUE"):
            await journal.append([record for _, record in journal.read(4)])

    assert replayed.problems == []
    assert replayed.records == len(RECORDS)
    assert blotter.orders["o1"].state is OrderState.PARTIAL
    assert blotter.position("main", "btcusdt.spot.test").size == Decimal("0.10")
    assert fill.fill.price == Decimal("100.10")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        bodies = [body for (body,) in connection.execute("SELECT body FROM records")]
    assert bodies == [record[2] for record in RECORDS]


@pytest.mark.parametrize("before", range(VERSION))
def test_each_step_leads_to_the_same_tables(tmp_path: Path, before: int) -> None:
    def tables(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_master"))

    with (
        closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as old,
        closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None)) as new,
    ):
        if before:
            prepare(old, "old", MIGRATIONS[:before])
        prepare(old, "old")
        prepare(new, "new")

        assert tables(old) == tables(new)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = of_first_version(tmp_path / "journal.db")
    steps = [MIGRATIONS[0], "CREATE TABLE later (x); INSERT INTO nowhere VALUES (1);"]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            prepare(connection, "journal", steps)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert "later" not in names
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        prepare(connection, "journal")
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
