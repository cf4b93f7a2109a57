"""A question that must be answered before something happens, and what counts as an answer."""

from __future__ import annotations

from collections.abc import Callable

SEEN_AFTER_S = 0.1
"""Seconds that something must have been on the screen before a key acts on it: less than a
person needs to read it, more than lies between keys that were pasted or typed ahead."""


def was_seen(painted_at: float | None, at: float) -> bool:
    """Whether a key pressed at `at` can have been an answer to what was painted then.

    Both in seconds of the monotonic clock; None is not painted yet.
    """
    return painted_at is not None and at > painted_at + SEEN_AFTER_S


class Question:
    """Yes or no. The screen that asks it says when it was painted and when a key came."""

    def __init__(self, text: str, yes: Callable[[], object], *, detail: str = "") -> None:
        self.text = text
        self.detail = detail
        """A second line: what exactly would be done."""
        self.is_open = True
        self._yes = yes
        self._painted_at: float | None = None

    def painted(self, at: float) -> None:
        """The question is on the screen, since `at`."""
        if self._painted_at is None:
            self._painted_at = at

    def accept(self, at: float) -> bool:
        """Do it, once. False, and nothing happens, if the key came before it could be read."""
        if not self.is_open or not was_seen(self._painted_at, at):
            return False
        self.is_open = False
        self._yes()
        return True

    def decline(self) -> None:
        """Do nothing, for good."""
        self.is_open = False
