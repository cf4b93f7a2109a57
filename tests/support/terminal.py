"""A program in a terminal of its own: typed at, and looked at as a person would."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte

# What pyte does not know (private modes, queries, OSC, DCS) is left out; none of it draws.
_ASKED_MODE = re.compile(rb"\x1b\[\?(\d+)\$p")

_UNDRAWN = re.compile(
    rb"\x1b\[[<>=?][0-9;]*[a-zA-Z]|\x1b\[[0-9;?]*\$[py]"
    rb"|\x1b[P^_][^\x1b]*\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
)


class Terminal:
    """Runs `command` until the block ends; what it draws is kept as a screen of text."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 35,
        environ: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        answers: bool = False,
    ) -> None:
        """
        Args:
            answers: tell the program of each private mode it asks about that it is known, when
                the question is read.
        """
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.answers = answers
        self._unanswered = b""
        """The end of what was read, in which a question may have begun."""
        self.output = b""
        self.started = time.monotonic()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            self._become(command, environ, cwd)
        self.resize(columns, rows)

    def _become(
        self,
        command: Sequence[str],
        environ: Mapping[str, str] | None,
        cwd: str | os.PathLike[str] | None,
    ) -> None:
        if cwd is not None:
            os.chdir(cwd)
        variables = dict(os.environ if environ is None else environ)
        variables |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        os.execvpe(command[0], list(command), variables)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self._fd)

    @property
    def text(self) -> str:
        """The screen, row by row."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def hang_up(self) -> None:
        """Close the terminal as a dropped connection does."""
        os.close(self._fd)

    def wait_for(self, seen: Callable[[str], bool], *, within_s: float = 60.0) -> str:
        """The screen's text as soon as `seen` holds for it.

        Raises:
            AssertionError: it did not within that time, or the program ended; with the screen.
        """
        end = time.monotonic() + within_s
        while not seen(self.text):
            if time.monotonic() > end or not self.read(within_s=end - time.monotonic()):
                raise AssertionError(f"not seen on the screen:\n{self.text}")
        return self.text

    def wait_exit(self, *, within_s: float = 30.0) -> int:
        """The program's exit code; reads what it writes until then."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if not self.read(within_s=0.05):
                break
        return self.wait_gone(within_s=max(0.1, end - time.monotonic()))

    def wait_gone(self, *, within_s: float = 30.0) -> int:
        """The program's exit code, without reading what it writes."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            select.select([], [], [], 0.01)
        raise AssertionError(f"still running:\n{self.text}")

    def read(self, most: int = 1 << 16, *, within_s: float = 0.25) -> bool:
        """Take in what the program wrote, `most` bytes of it; False once its side is closed."""
        ready, _, _ = select.select([self._fd], [], [], max(0.0, min(within_s, 0.25)))
        if not ready:
            return True
        try:
            data = os.read(self._fd, most)
        except OSError:
            return False
        if self.answers:
            self._answer(data)
        self.output += data
        self._stream.feed(_UNDRAWN.sub(b"", data))
        return bool(data)

    def _answer(self, data: bytes) -> None:
        unanswered = self._unanswered + data
        answered = 0
        for question in _ASKED_MODE.finditer(unanswered):
            self.type(f"\x1b[?{question[1].decode()};2$y")
            answered = question.end()
        self._unanswered = unanswered[answered:][-12:]


def is_braille(text: str) -> bool:
    """Whether a chart is drawn in it."""
    return sum("\u2801" <= char <= "\u28ff" for char in text) >= 10
