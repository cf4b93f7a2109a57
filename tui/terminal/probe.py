"""When to ask the terminal something, and what its silence says.

Pure. What a terminal answers comes behind all that it was sent before: the time that takes is
the time that a picture takes. While an answer is overdue nothing more is sent, so that what is
stuck in buffers on the way (a secure shell holds megabytes) stays small.
"""

from __future__ import annotations

from collections.abc import Sequence

ASK_S = 2.0
"""Asked no more often than this, while little is sent."""

WINDOW = 1 << 15
"""Bytes that are sent without asking whether they arrived."""

HOLD_S = 0.75
"""An answer that takes longer is overdue."""

LOST_S = 5.0
"""After this it is asked again, and a moment is drawn again."""

MOST_LOST = 6
"""So many questions without answer, and the terminal is one that does not answer any more."""


class Probe:
    """One question at a time, of two in turn, so that a late answer is known for what it is."""

    def __init__(self, modes: Sequence[int]) -> None:
        """
        Args:
            modes: that the questions are about; at least two.
        """
        self._modes = tuple(modes)
        self._turn = 0
        self._asked: dict[int, float] = {}
        """When it was last asked about each mode."""
        self._open: int | None = None
        self._open_since = 0.0
        self._last_s = float("-inf")
        self._sent_before = 0
        self._lost = 0
        self.is_answering = False
        """The terminal is known to answer. Only then is it asked."""
        self._is_proven = False
        """It answered one of these questions. Before that its silence may only mean that it
        does not know these modes."""

    def wish(self, now_s: float, bytes_sent: int) -> int | None:
        """The mode to ask about now, if it is time to; it counts as asked.

        `bytes_sent` are all that left so far.
        """
        if not self.is_answering:
            return None
        if self._open is None:
            new = bytes_sent - self._sent_before
            is_due = now_s - self._last_s >= ASK_S or new >= WINDOW
            return self._ask(now_s, bytes_sent) if new and is_due else None
        if now_s - self._last_s < LOST_S:
            return None
        self._lost += 1
        if self._lost >= MOST_LOST:
            self.is_answering, self._open = False, None
            return None
        return self._ask(now_s, bytes_sent)

    def _ask(self, now_s: float, bytes_sent: int) -> int:
        mode = self._modes[self._turn % len(self._modes)]
        self._turn += 1
        if self._open is None:
            self._open_since = now_s
        self._open = mode
        self._last_s = self._asked[mode] = now_s
        self._sent_before = bytes_sent + len(f"\x1b[?{mode}$p")
        return mode

    def answered(self, mode: int, now_s: float) -> float | None:
        """Take an answer in. The seconds it took; None if it was not asked for here."""
        self.is_answering = True
        self._lost = 0
        asked_s = self._asked.pop(mode, None)
        self._is_proven = self._is_proven or asked_s is not None
        if mode == self._open:
            self._open = None
        return None if asked_s is None else max(0.0, now_s - asked_s)

    def unanswered_s(self, now_s: float) -> float:
        """How long there has been no answer; 0.0 if none is waited for, or may never come."""
        is_waited_for = self._open is not None and self._is_proven
        return now_s - self._open_since if is_waited_for else 0.0

    def is_overdue(self, now_s: float) -> bool:
        """Whether what was sent seems stuck, so that more should not be sent."""
        is_waited_for = self._open is not None and self._is_proven
        return is_waited_for and HOLD_S < now_s - self._last_s < LOST_S
