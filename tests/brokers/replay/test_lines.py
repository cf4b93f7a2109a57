from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile
from collections import deque
from pathlib import Path

import pytest

from brokers.replay import lines as module
from brokers.replay.lines import CHUNK_BYTES, MAX_LINE_BYTES, LineSource
from engine.errors import DataError

TEXT = b"".join(b"line %d\n" % at for at in range(100_000))
LINES = TEXT.split()


def source_of(tmp_path: Path, data: bytes) -> LineSource:
    path = tmp_path / "file"
    path.write_bytes(data)
    return LineSource(path)


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT),
        zipped(a=TEXT),
        zipped(a=gzip.compress(TEXT)),
        gzip.compress(zipped(a=TEXT)),
        gzip.compress(gzip.compress(TEXT)),
        gzip.compress(TEXT[:400_000]) + gzip.compress(TEXT[400_000:]),
        gzip.compress(TEXT) + bytes(1000),
    ],
    ids=[
        "plain",
        "gzip",
        "zip",
        "gzip in zip",
        "zip in gzip",
        "gzip twice",
        "two members",
        "padded",
    ],
)
def test_lines_are_the_same_however_they_are_packed(tmp_path: Path, packed: bytes) -> None:
    source = source_of(tmp_path, packed)

    assert TEXT.splitlines() == list(source)
    assert (source.lines, source.too_long, source.is_truncated) == (100_000, 0, False)
    assert source.notes == []


def test_a_large_archive_within_gzip_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SPOOLED_BYTES", 1000)
    source = source_of(tmp_path, gzip.compress(zipped(a=os.urandom(3 * CHUNK_BYTES))))

    with pytest.raises(DataError, match="unpack it first"):
        list(source)


def test_a_source_can_be_read_again(tmp_path: Path) -> None:
    source = source_of(tmp_path, gzip.compress(b"a\nb\n"))
    next(iter(source))

    assert list(source) == list(source) == [b"a", b"b"]
    assert source.lines == 2


def test_ends_of_lines_and_marks_of_editors_are_left_out(tmp_path: Path) -> None:
    assert list(source_of(tmp_path, b"\xef\xbb\xbfa\r\n\r\n \nb")) == [b"a", b"b"]


def test_a_cut_gzip_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    data = gzip.compress(os.urandom(50_000).hex().encode() + b"\n" + TEXT)
    source = source_of(tmp_path, data[: len(data) // 2])

    assert sum(len(line) for line in source) > 0
    assert source.is_truncated
    assert source.notes == ["the compressed data ends too early, and was read up to there"]


def test_a_damaged_gzip_gives_what_is_before_the_damage(tmp_path: Path) -> None:
    data = bytearray(
        gzip.compress(b"".join(os.urandom(20).hex().encode() + b"\n" for _ in range(9**5)))
    )
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    source = source_of(tmp_path, bytes(data))

    assert 0 < len(list(source)) < 9**5
    assert source.is_truncated


def test_what_follows_compressed_data_is_told(tmp_path: Path) -> None:
    source = source_of(tmp_path, gzip.compress(b"a\nb\n") + b"and more")

    assert list(source) == [b"a", b"b"]
    assert source.notes == ["what follows the compressed data was left out"]


def test_only_the_first_file_of_an_archive_is_read(tmp_path: Path) -> None:
    source = source_of(tmp_path, zipped(one=b"a\n", two=b"b\n"))

    assert list(source) == [b"a"]
    assert source.notes == ["only the first of the 2 files in it was read"]


def test_a_line_too_long_is_skipped_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(b"before\n")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\nafter\n")
    source = LineSource(path)

    tracemalloc.start()
    try:
        assert list(source) == [b"before", b"after"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (source.lines, source.too_long) == (3, 1)
    assert peak < 4 * (MAX_LINE_BYTES + CHUNK_BYTES)


def test_a_line_too_long_at_the_end_is_counted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 100)
    source = source_of(tmp_path, b"a\n" + b"x" * 101)

    assert list(source) == [b"a"]
    assert source.too_long == 1


@pytest.mark.parametrize("is_zip", [False, True])
def test_a_bomb_is_refused_before_it_goes_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_zip: bool
) -> None:
    monkeypatch.setattr(module, "FREE_BYTES", 1_000_000)
    bomb = b"0\n" * 10_000_000
    source = source_of(tmp_path, zipped(a=bomb) if is_zip else gzip.compress(bomb))
    given: deque[bytes] = deque(maxlen=1)

    with pytest.raises(DataError, match="expands more than 200 times"):
        given.extend(source)

    assert source.lines < 2_500_000


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x1f\x8b" + bytes(range(100)), "damaged"),
        (b"PK\x03\x04nothing", "damaged zip"),
        (zipped(), "nothing in it"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        (gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"a")))), "times over"),
    ],
)
def test_what_cannot_be_unpacked_is_told_in_one_line(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        list(source_of(tmp_path, data))

    assert "\n" not in str(caught.value)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        list(LineSource(tmp_path / "nothing"))
    with pytest.raises(DataError, match="cannot be read"):
        LineSource(tmp_path / "nothing").head()
