"""Lines that were typed before: kept in a file, bounded, newest last."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from engine.text import safe

KEPT = 500
"""Lines that are kept."""

_LONGEST = 500


class CommandHistory:
    """What was typed, and a walk through it.

    A file that cannot be read or written is no reason to stop: the history is then kept for
    this session, and `problem` says why. Two decks that write one file keep the lines of both
    only as far as each had read them.
    """

    def __init__(self, path: Path | None = None, *, kept: int = KEPT) -> None:
        """
        Args:
            path: the file, made private and on demand; None keeps nothing.
            kept: lines that are kept.
        """
        self._path = path
        self._kept = kept
        self.problem = ""
        """Why the file is not used; empty while it is."""
        self._lines = self._read()[-kept:]
        self._at = len(self._lines)
        self._draft = ""

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """All that is kept, oldest first."""
        return tuple(self._lines)

    def add(self, line: str) -> None:
        """Keep `line` as the newest, once, and end the walk."""
        line = safe(line.strip(), _LONGEST)
        if line:
            others = [known for known in self._lines if known != line]
            self._lines = [*others, line][-self._kept :]
            self._write()
        self.rest()

    def rest(self) -> None:
        """End the walk: the next one begins at the newest line."""
        self._at, self._draft = len(self._lines), ""

    def older(self, present: str) -> str | None:
        """The line before; None at the oldest. `present` comes back at the end of the walk."""
        if self._at == len(self._lines):
            self._draft = present
        if not self._at:
            return None
        self._at -= 1
        return self._lines[self._at]

    def newer(self) -> str | None:
        """The line after, and behind the newest what was typed first; None there."""
        if self._at == len(self._lines):
            return None
        self._at += 1
        return self._draft if self._at == len(self._lines) else self._lines[self._at]

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        try:
            with self._path.open("rb") as file:
                # A few times what we write: a file that someone else filled is not read whole.
                data = file.read(self._kept * _LONGEST * 4)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problem = f"{safe(self._path)}: {error.strerror}"
            return []
        lines = data.decode("utf-8", "replace").split("\n")
        return [safe(line, _LONGEST) for line in lines if line.strip()]

    def _write(self) -> None:
        if self._path is None:
            return
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in self._lines))
            beside.replace(self._path)
        except OSError as error:
            self.problem = f"{safe(self._path)}: {error.strerror}"
            with contextlib.suppress(OSError):
                beside.unlink()
