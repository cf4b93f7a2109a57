"""Lines of a file that may be anything: plain, gzip, zip, cut short, or made to do harm.

Memory is bounded whatever the file holds, and so is the work: a compressed file that expands
out of all proportion is refused.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.errors import DataError
from engine.text import safe

CHUNK_BYTES = 256 * 1024

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is held. A venue's longest message, its list of instruments, has some two
million; whatever is longer is skipped without being held."""

MAX_EXPANSION = 200
"""Recordings shrink to a tenth or a thirtieth. What expands more than this is no recording."""

FREE_BYTES = 64 * 1024 * 1024
"""Up to here nothing is refused for how it expands."""

MOST_SPOOLED_BYTES = 1024 * 1024 * 1024
"""An archive within gzip must be laid down on disk to be read; a larger one is refused."""

MAX_LAYERS = 3
"""Compression within compression that is undone."""

_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")
"""Beginnings of a zip archive; the second has no file in it."""

_MAGIC = (
    (b"BZh", "is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "is compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it first"),
    (b"7z\xbc\xaf", "is a 7z archive: unpack it first"),
    (b"PAR1", "is a Parquet file, not a recording of messages, trades or bars"),
    (b"SQLite format 3", "is an SQLite database, not a recording"),
    (b"\xff\xfe", "is text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "is text in UTF-16: save it as UTF-8"),
)


class LineSource:
    """The lines of one file. Iterate as often as needed; each time starts anew.

    The counts are those of the newest iteration.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = safe(path.name, 80)
        self.lines = 0
        """Lines that are not empty."""
        self.too_long = 0
        """Lines longer than `MAX_LINE_BYTES`, skipped."""
        self.is_truncated = False
        """The compressed data stops before its end."""
        self.notes: list[str] = []
        self.size_bytes = 0
        """Of the file as it is, packed."""

    def __iter__(self) -> Iterator[bytes]:
        """Each line without its end; empty ones are left out.

        Raises:
            DataError: the file cannot be read, or no further.
        """
        self.lines = self.too_long = 0
        self.is_truncated = False
        self.notes = []
        try:
            with self.path.open("rb") as file:
                self.size_bytes = os.fstat(file.fileno()).st_size
                yield from self._split(self._unpacked(file))
        except OSError as error:
            raise DataError(
                f"{self.name} cannot be read: {error.strerror or safe(error, 80)}"
            ) from error

    def head(self, most_bytes: int = 1024 * 1024) -> bytes:
        """The beginning of what is in the file, unpacked."""
        parts: list[bytes] = []
        held = 0
        try:
            with self.path.open("rb") as file:
                for chunk in self._unpacked(file):
                    parts.append(chunk)
                    held += len(chunk)
                    if held >= most_bytes:
                        break
        except OSError as error:
            raise DataError(
                f"{self.name} cannot be read: {error.strerror or safe(error, 80)}"
            ) from error
        return b"".join(parts)[:most_bytes]

    # -- lines -------------------------------------------------------------------------------

    def _split(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        held, is_skipping, is_first = b"", False, True
        for chunk in chunks:
            if is_first:
                chunk, is_first = chunk.removeprefix(b"\xef\xbb\xbf"), False
            if is_skipping:
                _, newline, chunk = chunk.partition(b"\n")
                if not newline:
                    continue
                is_skipping = False
            lines = (held + chunk).split(b"\n")
            held = lines.pop()
            for line in lines:
                if len(line) > MAX_LINE_BYTES:
                    self._count_long()
                elif line := line.strip():
                    self.lines += 1
                    yield line
            if len(held) > MAX_LINE_BYTES:
                self._count_long()
                held, is_skipping = b"", True
        if len(held) > MAX_LINE_BYTES:
            self._count_long()
        elif held := held.strip():
            self.lines += 1
            yield held

    def _count_long(self) -> None:
        self.lines += 1
        self.too_long += 1

    # -- bytes -------------------------------------------------------------------------------

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        """The content, with layers of compression undone."""
        if file.read(4) in _ARCHIVE:
            file.seek(0)
            chunks = self._unzipped(file)
        else:
            file.seek(0)
            chunks = self._chunks(file)
        for _ in range(MAX_LAYERS):
            first = next(chunks, b"")
            while 0 < len(first) < 8 and (more := next(chunks, b"")):
                first += more
            for magic, reason in _MAGIC:
                if first.startswith(magic):
                    raise DataError(f"{self.name} {reason}")
            chunks = _put_back(first, chunks)
            if first.startswith(_ARCHIVE):
                chunks = self._unzipped_from(chunks)
            elif first.startswith(b"\x1f\x8b"):
                chunks = self._gunzipped(chunks)
            else:
                return chunks
        raise DataError(f"{self.name} is compressed more than {MAX_LAYERS} times over")

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk

    def _gunzipped(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """All members of a gzip file; what cannot be unpacked ends it, and is told."""
        unpacker = zlib.decompressobj(wbits=31)
        taken = given = 0
        is_fresh = True
        for chunk in chunks:
            taken += len(chunk)
            while chunk:
                if is_fresh and taken > len(chunk):
                    # Between members, or after the last one: padding with zeros is allowed.
                    chunk = chunk.lstrip(b"\0")
                    if not chunk:
                        break
                    if not chunk.startswith(b"\x1f"):
                        self._note("what follows the compressed data was left out")
                        return
                is_fresh = False
                try:
                    data = unpacker.decompress(chunk, CHUNK_BYTES)
                except zlib.error:
                    if given == 0:
                        raise DataError(f"{self.name} is damaged: it cannot be unpacked") from None
                    self.is_truncated = True
                    self._note("the compressed data is damaged, and was read up to there")
                    return
                given += len(data)
                self._check_expansion(taken, given)
                if data:
                    yield data
                chunk = unpacker.unconsumed_tail
                if unpacker.eof:
                    chunk, is_fresh = unpacker.unused_data, True
                    unpacker = zlib.decompressobj(wbits=31)
        if not is_fresh:
            # What the unpacker still holds is part of the content.
            if tail := unpacker.flush():
                yield tail
            self.is_truncated = True
            self._note("the compressed data ends too early, and was read up to there")

    def _unzipped_from(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """An archive that comes as a stream: what is in it is written at its end."""
        with tempfile.TemporaryFile() as spool:
            for chunk in chunks:
                if spool.tell() > MOST_SPOOLED_BYTES:
                    raise DataError(f"{self.name} is a large archive within gzip: unpack it first")
                spool.write(chunk)
            yield from self._unzipped(spool)

    def _unzipped(self, file: BinaryIO) -> Iterator[bytes]:
        """The first file in a zip archive."""
        try:
            with zipfile.ZipFile(file) as archive:
                members = [info for info in archive.infolist() if not info.is_dir()]
                if not members:
                    raise DataError(f"{self.name} is an archive with nothing in it")
                if len(members) > 1:
                    self._note(f"only the first of the {len(members)} files in it was read")
                given = 0
                with archive.open(members[0]) as member:
                    while data := member.read(CHUNK_BYTES):
                        given += len(data)
                        self._check_expansion(members[0].compress_size, given)
                        yield data
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            if not self.lines:
                raise DataError(f"{self.name} is a damaged zip archive") from error
            self.is_truncated = True
            self._note("the archive is damaged, and was read up to there")
        except (RuntimeError, NotImplementedError) as error:
            raise DataError(
                f"{self.name} is a zip archive that cannot be read: {safe(error, 80)}"
            ) from error

    def _check_expansion(self, taken: int, given: int) -> None:
        if given > FREE_BYTES and given > MAX_EXPANSION * taken:
            raise DataError(
                f"{self.name} expands more than {MAX_EXPANSION} times: it is no recording"
            )

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _put_back(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from chunks
