"""Weighs what a program writes to its terminal against the least that it could have written.

The ideal is that of a plain cell-diffing renderer, repaint by repaint: a move to each run of
changed cells, a colour change where the pen differs, and the text. A repaint is what lies
between two pauses of `PAUSE_S`, and ends where a synchronized update does.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyte

PAUSE_S = 0.008

SYNC_END = b"\x1b[?2026l"

_UNDRAWN = re.compile(
    rb"\x1b\[[<>=?][0-9;]*[a-zA-Z]|\x1b\[[0-9;?]*\$[py]"
    rb"|\x1b[P^_][^\x1b]*\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
)

_QUESTION = re.compile(rb"\x1b\[\?(7|25|2026)\$p")
"""About modes that this terminal knows."""

Cell = tuple[str, str, str, bool, bool, bool, bool]
Chunk = tuple[float, bytes]


class Weight(NamedTuple):
    """What a program wrote in some time."""

    seconds: float
    repaints: int
    sent: int
    """Bytes."""
    ideal: int
    """Bytes."""
    cpu_s: float
    """Processor time of all threads of the program, user and system."""

    @property
    def ratio(self) -> float:
        """Sent over ideal bytes; 0.0 where nothing was needed."""
        return self.sent / self.ideal if self.ideal else 0.0

    @property
    def cpu_share(self) -> float:
        """Of one core."""
        return self.cpu_s / self.seconds if self.seconds else 0.0


class Recorder:
    """A command in a terminal of its own, which knows synchronized updates."""

    def __init__(
        self, command: Sequence[str], columns: int, rows: int, environ: Mapping[str, str]
    ) -> None:
        self.columns, self.rows = columns, rows
        self.chunks: list[Chunk] = []
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            variables = {**environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            variables |= {"COLUMNS": str(columns), "LINES": str(rows)}
            os.execvpe(command[0], list(command), variables)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            os.kill(self.pid, number)
            self.read(1.0)
        os.close(self._fd)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def read(self, seconds: float) -> None:
        """Keep all that the program writes in that time, and answer what it asks."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                return
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return
            self.chunks.append((time.monotonic(), data))
            for mode in _QUESTION.findall(data):
                self.type(f"\x1b[?{int(mode)};2$y")

    def cpu_s(self) -> float:
        """Processor time so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def text(self) -> str:
        """The screen, row by row."""
        screen = pyte.Screen(self.columns, self.rows)
        _feed(pyte.ByteStream(screen), b"".join(data for _, data in self.chunks))
        return "\n".join(line.rstrip() for line in screen.display)

    def weigh(self, seconds: float, keys: Sequence[str], every_s: float) -> Weight:
        """Type `keys`, again and again, one each `every_s`; weigh what comes of it.

        What was painted before, and whatever the last key does, is not counted in part.
        """
        before, cpu, started = len(self.chunks), self.cpu_s(), time.monotonic()
        typed = 0
        while time.monotonic() - started < seconds:
            if keys:
                self.type(keys[typed % len(keys)])
                typed += 1
            self.read(every_s)
        took, cpu = time.monotonic() - started, self.cpu_s() - cpu
        if keys:
            self.read(0.3)
        sent, ideal, count = weigh(self.chunks, before, self.columns, self.rows)
        return Weight(took, count, sent, ideal, cpu)


def weigh(chunks: Sequence[Chunk], before: int, columns: int, rows: int) -> tuple[int, int, int]:
    """Bytes sent, ideal bytes, and repaints, in all chunks but the first `before`."""
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    _feed(stream, b"".join(data for _, data in chunks[:before]))
    shown = [_row(screen, row) for row in range(rows)]
    sent = ideal = count = 0
    for part in repaints(chunks[before:]):
        screen.dirty.clear()
        _feed(stream, part)
        changes = []
        for row in sorted(row for row in screen.dirty if row < rows):
            was, shown[row] = shown[row], _row(screen, row)
            changes.append((row, was, shown[row]))
        ideal += ideal_bytes(changes)
        sent += len(part)
        count += 1
    return sent, ideal, count


def repaints(chunks: Sequence[Chunk]) -> Iterator[bytes]:
    """The output in repaints."""
    waiting, last = b"", 0.0
    for at, data in chunks:
        if waiting and at - last > PAUSE_S:
            yield waiting
            waiting = b""
        waiting, last = waiting + data, at
        *whole, waiting = re.split(b"(?<=" + re.escape(SYNC_END) + b")", waiting)
        yield from whole
    if waiting:
        yield waiting


def ideal_bytes(changes: Sequence[tuple[int, list[Cell], list[Cell]]]) -> int:
    """Bytes of moves, colours and text for rows as they were and are, given with their numbers
    from the top."""
    total, pen = 0, None
    for row, was, now in changes:
        at = None
        for column, cell in enumerate(now):
            if cell == was[column]:
                continue
            if at is None:
                total += len(f"\x1b[{row + 1};{column + 1}H")
            elif column != at:
                total += min(len(f"\x1b[{column - at}C"), _rewritten(now[at:column], pen))
            if cell[1:] != pen:
                total += _colour_bytes(pen, cell[1:])
                pen = cell[1:]
            total += len(cell[0].encode()) or 1
            at = column + 1
    return total


def _rewritten(cells: list[Cell], pen: tuple | None) -> int:
    """Bytes of writing over what is right already, where that can be done with the pen."""
    if any(cell[1:] != pen for cell in cells):
        return 99
    return sum(len(cell[0].encode()) for cell in cells)


def _colour_bytes(pen: tuple | None, new: tuple) -> int:
    """Bytes of an SGR sequence that changes what differs: 11 for a colour in full."""
    parts = [
        11 if len(new[at]) == 6 and new[at] != "default" else 2
        for at in (0, 1)
        if pen is None or new[at] != pen[at]
    ]
    if pen is None or new[2:] != pen[2:]:
        parts.append(2)
    return 3 + sum(parts) + len(parts) - 1 if parts else 0


def _row(screen: pyte.Screen, row: int) -> list[Cell]:
    line = screen.buffer[row]
    return [
        (cell.data, cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore, cell.italics)
        for cell in (line[column] for column in range(screen.columns))
    ]


def _feed(stream: pyte.ByteStream, data: bytes) -> None:
    stream.feed(_UNDRAWN.sub(b"", data))
