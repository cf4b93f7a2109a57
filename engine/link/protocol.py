"""What the deck sees of the engine, wherever that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.messages import Command, Event

Wake = Callable[[], None]
"""Called from the engine's side when something urgent waits (never a mere frame)."""


class Link(Protocol):
    """Commands go in, events come out. No method waits."""

    def start(self, wake: Wake) -> None:
        """Start or attach to the engine. `EngineReady` or `EngineFailed` is its first event.

        `wake` may be called from another thread; it must only post a wake-up.
        """
        ...

    def send(self, command: Command) -> None:
        """Hand a command to the engine. Raises `LinkClosed` once it is gone."""
        ...

    def take(self) -> Sequence[Event]:
        """Everything since the last call: lossless events in order, then the newest frame of
        each market and the newest bars of each series."""
        ...

    def close(self, timeout_s: float = 5.0) -> bool:
        """Stop the engine or detach from it. False if it did not answer in time."""
        ...
