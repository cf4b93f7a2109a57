"""A terminal without a program: both ends of a pty in the test's own hands."""

from __future__ import annotations

import os
import select
import tty
from types import TracebackType


class Tty:
    """`slave` is what a program would write to; the terminal reads only when it is told to."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.received = b""

    def __enter__(self) -> Tty:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for fileno in (self.master, self.slave):
            if fileno >= 0:
                os.close(fileno)

    def read(self, most: int = 1 << 20) -> bytes:
        """What is there to read now, `most` bytes of it."""
        taken = b""
        while len(taken) < most and select.select([self.master], [], [], 0)[0]:
            taken += os.read(self.master, min(most - len(taken), 1 << 16))
        self.received += taken
        return taken

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1
