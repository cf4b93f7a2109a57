"""The connections of a broker, besides those that it holds open itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from engine.messages import ConnectionStatus

GetStatus = Callable[[], ConnectionStatus]

Track = Callable[[GetStatus], AbstractContextManager[None]]
"""Adds a connection to those that `Networked.connections` tells of, while the block is open."""


class Connections:
    """Those that were told of, in that order."""

    def __init__(self) -> None:
        self._told: list[GetStatus] = []

    @contextmanager
    def track(self, status: GetStatus) -> Iterator[None]:
        """See `Track`."""
        self._told.append(status)
        try:
            yield
        finally:
            self._told.remove(status)

    def statuses(self) -> list[ConnectionStatus]:
        """How each of them is now."""
        return [status() for status in self._told]
