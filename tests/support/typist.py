"""A person at a terminal that asks: each answer is typed once its question is on the screen."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Sequence
from types import TracebackType

ANSWER_S = 30.0


class Typist:
    """`path` is the terminal; `shown` is all that was ever on it."""

    def __init__(self, *answers: tuple[str, str]) -> None:
        """
        Args:
            answers: what stands on the screen, and what is typed then.
        """
        self._answers: Sequence[tuple[str, str]] = answers
        self._master, self._slave = os.openpty()
        self.path = os.ttyname(self._slave)
        self.shown = ""
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._type, daemon=True)

    def __enter__(self) -> Typist:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        self._thread.join(ANSWER_S)
        self._read(0.0)
        os.close(self._slave)
        os.close(self._master)

    def _type(self) -> None:
        seen = 0
        for question, answer in self._answers:
            while (at := self.shown.find(question, seen)) < 0:
                if self._left.is_set():
                    return
                self._read(0.05)
            seen = at + len(question)
            os.write(self._master, answer.encode("utf-8", "surrogateescape"))
        while not self._left.is_set():
            self._read(0.05)

    def _read(self, within_s: float) -> None:
        while select.select([self._master], [], [], within_s)[0]:
            self.shown += os.read(self._master, 65536).decode("utf-8", "replace")
            within_s = 0.0
