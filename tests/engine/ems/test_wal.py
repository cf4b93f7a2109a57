"""What is damaged in a log of SQLite is told from what was never written."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ems.wal import FRAME, HEADER, checksum, lost_frames

PAGE = 4096
FRAME_BYTES = FRAME.size + PAGE


def slow_checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    """As the format's page says it, word by word."""
    first, second = sums
    for at in range(0, len(data), 8):
        one = int.from_bytes(data[at : at + 4], "little" if order == "<" else "big")
        other = int.from_bytes(data[at + 4 : at + 8], "little" if order == "<" else "big")
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second


@given(
    st.binary(min_size=8, max_size=64).map(lambda data: data[: len(data) // 8 * 8]),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    st.sampled_from("<>"),
)
def test_the_sums_are_those_of_the_format(data: bytes, sums: tuple[int, int], order: str) -> None:
    assert checksum(data, sums, order) == slow_checksum(data, sums, order)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Of a file that somebody has open, with a transaction for each of twenty rows."""
    path = tmp_path_factory.mktemp("wal") / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        for number in range(20):
            connection.execute("INSERT INTO t VALUES (?)", (bytes([number]) * 900,))
        shutil.copy(f"{path}-wal", path.with_name("copy"))
    return path.with_name("copy").read_bytes()


def lost(tmp_path: Path, log: bytes) -> int:
    path = tmp_path / "log"
    path.write_bytes(log)
    return lost_frames(path)


def flipped(log: bytes, at: int) -> bytes:
    return log[:at] + bytes([log[at] ^ 1]) + log[at + 1 :]


def test_what_is_whole_has_lost_nothing(tmp_path: Path, log: bytes) -> None:
    assert lost(tmp_path, log) == 0
    assert lost(tmp_path, log + bytes(5 * FRAME_BYTES)) == 0
    assert lost(tmp_path, b"") == 0
    assert lost(tmp_path, bytes(10_000)) == 0
    assert lost_frames(tmp_path / "none") == 0


def test_a_flipped_bit_anywhere_but_in_the_last_transaction_is_noticed(
    tmp_path: Path, log: bytes
) -> None:
    frames = (len(log) - HEADER.size) // FRAME_BYTES
    commits = [
        number
        for number in range(frames)
        if FRAME.unpack_from(log, HEADER.size + number * FRAME_BYTES)[1]
    ]
    for number in range(commits[-2] + 1):
        at = HEADER.size + number * FRAME_BYTES + FRAME.size + 100
        assert lost(tmp_path, flipped(log, at)) > 0, number
    for at in (0, 9, 13, 17, 25, 31):
        assert lost(tmp_path, flipped(log, at)) > 0, at


def test_what_a_power_failure_leaves_of_the_last_transaction_is_no_damage(
    tmp_path: Path, log: bytes
) -> None:
    """Of what was not synced any part may be there, the later without the earlier too."""
    frames = (len(log) - HEADER.size) // FRAME_BYTES
    heads = [FRAME.unpack_from(log, HEADER.size + n * FRAME_BYTES) for n in range(frames)]
    commits = [number for number, head in enumerate(heads) if head[1]]
    began = HEADER.size + (commits[-2] + 1) * FRAME_BYTES
    for cut in range(began, len(log), 1000):
        assert lost(tmp_path, log[:cut]) == 0
        assert lost(tmp_path, log[:cut] + bytes(len(log) - cut)) == 0
    for hole in range(began, len(log), FRAME_BYTES):
        torn = log[:hole] + bytes(FRAME_BYTES) + log[hole + FRAME_BYTES :]
        assert lost(tmp_path, torn) == 0


def test_frames_of_an_older_log_that_was_written_over_say_nothing(
    tmp_path: Path, log: bytes
) -> None:
    older = bytearray(log[HEADER.size + 3 * FRAME_BYTES :])
    for at in range(0, len(older) - FRAME_BYTES + 1, FRAME_BYTES):
        older[at + 8 : at + 16] = b"\1" * 8  # another salt
    newer = log[: HEADER.size + 3 * FRAME_BYTES]
    assert lost(tmp_path, newer + bytes(older)) == 0


def test_what_sqlite_takes_for_its_end_is_where_we_see_the_damage(
    tmp_path: Path, log: bytes
) -> None:
    """The reason for all this: SQLite says nothing, and its rows are fewer."""
    path = tmp_path / "b.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    at = HEADER.size + 10 * FRAME_BYTES + FRAME.size + 50
    path.with_name("b.db-wal").write_bytes(flipped(log, at))
    assert lost_frames(path.with_name("b.db-wal")) > 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone()[0] < 20
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
