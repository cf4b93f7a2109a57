"""Places in the way of an order at which a test can have the process killed.

Inert unless `TICKDECK_FAILPOINT` is `NAME` or `NAME:n` when the process starts, or `arm` is called
with that: then the n-th time that `reach(NAME)` is called the process ends by SIGKILL, as if the
power had failed.
"""

from __future__ import annotations

import os
import signal
from typing import Final

VARIABLE: Final = "TICKDECK_FAILPOINT"

POINTS: Final = (
    "1-decided",
    "2-written",
    "3-told",
    "4-calling",
    "5-called",
    "6-reported",
    "7-asked",
)
"""In the order in which an order comes by them: a step is decided; it is in the journal; it was
told; the venue is about to be called; the call came back; the venue reported something; the
venue answered what is reconciled."""


class Failpoint:
    """Counts down to the end of the process."""

    def __init__(self, setting: str) -> None:
        """
        Raises:
            ValueError: no such point, or not a number of times.
        """
        self.name, _, times = setting.partition(":")
        self.left = int(times or 1)
        if setting and self.name not in POINTS:
            raise ValueError(f"{self.name!r} is no failpoint; known: {', '.join(POINTS)}")

    def reach(self, name: str) -> bool:
        """Whether this is the time."""
        if name != self.name:
            return False
        self.left -= 1
        return self.left == 0


_armed = Failpoint(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def arm(setting: str) -> None:
    """Count from here on; an empty setting disarms.

    Raises:
        ValueError: no such point, or not a number of times.
    """
    global _armed
    _armed = Failpoint(setting) if setting else None


def reach(name: str) -> None:
    """The way of an order comes by here."""
    if _armed is not None and _armed.reach(name):
        os.kill(os.getpid(), signal.SIGKILL)
