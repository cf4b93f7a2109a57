"""The terminal, asked for what nobody may look at."""

from __future__ import annotations

import os
import termios
from types import TracebackType

from engine.credentials import Secret
from engine.errors import UsageError

TERMINAL = "/dev/tty"
_END_OF_PEM = "-----END "
_MOST_LINES = 400
"""Of one secret."""


class HiddenTerminal:
    """Asks on the terminal of this process, whatever stdin is, and shows nothing that is typed.

    Echo is off as long as the block is open, so that lines that are pasted ahead are hidden too;
    what is left of them at its end is thrown away, and does not become a command of the shell.
    """

    def __init__(self) -> None:
        self._handle = -1
        self._before: list[object] = []
        self._rest = b""

    def __enter__(self) -> HiddenTerminal:
        """Raises `UsageError` where there is no terminal."""
        try:
            self._handle = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            self._before = termios.tcgetattr(self._handle)
            hidden = termios.tcgetattr(self._handle)
            hidden[3] &= ~termios.ECHO
            # After what is written, and without throwing away what was typed ahead.
            termios.tcsetattr(self._handle, termios.TCSADRAIN, hidden)
        except (OSError, termios.error) as error:
            self._close()
            raise UsageError(
                "there is no terminal to ask on", hint="say it through a pipe or a variable"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            termios.tcsetattr(self._handle, termios.TCSAFLUSH, self._before)  # type: ignore[arg-type]
        finally:
            self._close()

    def say(self, text: str) -> None:
        """Print a line."""
        self._write(f"{text}\n")

    def ask(self, prompt: str) -> Secret:
        """One line, without white space around it. Raises `UsageError` at an end of input."""
        return Secret(self._asked(prompt).strip())

    def ask_passphrase(self, prompt: str) -> Secret:
        """One line as it was typed."""
        return Secret(self._asked(prompt))

    def ask_secret(self, prompt: str) -> Secret:
        """One line, or all lines of a private key in PEM."""
        lines = [self._asked(prompt)]
        while lines[0].lstrip().startswith("-----BEGIN ") and len(lines) < _MOST_LINES:
            if _END_OF_PEM in lines[-1]:
                break
            lines.append(self._line())
        return Secret("\n".join(lines))

    def confirm(self, prompt: str) -> bool:
        """Whether the answer is yes."""
        return self._asked(f"{prompt} (y/N) ").strip().lower() in ("y", "yes")

    def _asked(self, prompt: str) -> str:
        self._write(prompt)
        line = self._line()
        self._write("\n")  # which was typed, and not echoed
        return line

    def _line(self) -> str:
        while b"\n" not in self._rest:
            data = os.read(self._handle, 4096)
            if not data:
                self._write("\n")
                raise UsageError("nothing was typed")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "surrogateescape")

    def _write(self, text: str) -> None:
        os.write(self._handle, text.encode("utf-8", "replace"))

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
