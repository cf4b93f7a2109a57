"""Reads the write-ahead log of a SQLite file that nobody has open, to see what was lost from it.

SQLite ends the log at the first frame whose checksum is wrong, and takes what follows for what
was never written. After a power failure that is so: of the last transaction, which was not synced
yet, any part may be missing. But a transaction begins only when the one before it was synced: one
that follows a broken one says that something was damaged later.

Format: https://sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = 0x377F0682
"""Its lowest bit says that checksums are of big-endian words."""

HEADER: Final = struct.Struct(">8I")
FRAME: Final = struct.Struct(">6I")

Sums = tuple[int, int]


def lost_frames(path: Path) -> int:
    """How many pages of synced transactions follow one that is not whole; 0 for a log without
    damage, for one that was never begun, and where there is none.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        log = path.read_bytes()
    except FileNotFoundError:
        return 0
    header = log[: HEADER.size]
    if not any(header):
        return 0
    if len(header) < HEADER.size:
        return 0  # it was never whole: nothing followed it
    magic, _, page_bytes, _, *salts, first, second = HEADER.unpack(header)
    order = ">" if magic & 1 else "<"
    is_known = magic & ~1 == MAGIC and page_bytes in {1 << n for n in range(9, 17)}
    if not is_known or checksum(header[:24], (0, 0), order) != (first, second):
        # The header is a single sector, and synced before anything follows it.
        return max(1, len(log) // (FRAME.size + 4096))
    return _lost(log[HEADER.size :], page_bytes, (salts[0], salts[1]), (first, second), order)


def _lost(body: bytes, page_bytes: int, salts: Sums, sums: Sums, order: str) -> int:
    size = FRAME.size + page_bytes
    frames = [body[at : at + size] for at in range(0, len(body) - size + 1, size)]
    heads = [FRAME.unpack(frame[: FRAME.size]) for frame in frames]
    broken = len(frames)
    for number, (frame, head) in enumerate(zip(frames, heads, strict=True)):
        if head[2:4] != salts:
            broken = number
            break
        sums = checksum(frame[:8] + frame[FRAME.size :], sums, order)
        if sums != head[4:6]:
            broken = number
            break
    ours = [number for number in range(broken, len(frames)) if heads[number][2:4] == salts]
    commits = [number for number in ours if heads[number][1]]
    return sum(number > commits[0] for number in ours) if commits else 0


def checksum(data: bytes, sums: Sums, order: str) -> Sums:
    """The two sums of SQLite, carried on over `data` (a multiple of 8 bytes).

    Word by word it is `s1 += x0 + s2; s2 += x1 + s1`, a linear recurrence modulo 2^32: what each
    word weighs in the end is known before.
    """
    words = np.frombuffer(data, dtype=f"{order}u4").astype(np.uint32)
    weights, carried = _weights(len(words) // 2)
    ends = (weights * words).sum(axis=1, dtype=np.uint32)
    first = carried[0] * sums[0] + carried[1] * sums[1] + int(ends[0])
    second = carried[2] * sums[0] + carried[3] * sums[1] + int(ends[1])
    return first & 0xFFFFFFFF, second & 0xFFFFFFFF


@cache
def _weights(steps: int) -> tuple[NDArray[np.uint32], tuple[int, int, int, int]]:
    """What each of `2 * steps` words adds to the sums, and what the sums before do."""
    weights = np.zeros((2, 2 * steps), dtype=np.uint32)
    a, b, c, d = 1, 0, 0, 1  # of the last step; each step is the matrix (1 1, 1 2)
    for step in reversed(range(steps)):
        weights[:, 2 * step] = (a + b) & 0xFFFFFFFF, (c + d) & 0xFFFFFFFF
        weights[:, 2 * step + 1] = b, d
        a, b, c, d = (n & 0xFFFFFFFF for n in (a + b, a + 2 * b, c + d, c + 2 * d))
    return weights, (a, b, c, d)
