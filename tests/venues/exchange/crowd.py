"""Nobody: the crowd of a quiet market, in which only what a test places trades."""

from __future__ import annotations

from typing import Final

from brokers.sim.events import Event
from brokers.sim.history import History
from brokers.sim.matching import MatchingEngine

NEVER_NS: Final = 1 << 62


class Nobody:
    """Leaves the book as it is."""

    next_ns: Final = NEVER_NS

    def __init__(
        self, history: History, engine: MatchingEngine, seed: int, start_ns: int, last: int
    ) -> None:
        pass

    def step(self) -> list[Event]:
        raise AssertionError("nobody acts")

    def seat(self, time_ns: int, last: int) -> None:
        pass

    def open_book(self, time_ns: int) -> list[Event]:
        return []

    def leave(self, time_ns: int) -> list[Event]:
        return []

    def restart(self, time_ns: int) -> None:
        pass
