"""What a runner is given: a protocol without I/O, and the venue's rules for its sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

import msgspec

from brokers.net.budgets import Allowance

T_co = TypeVar("T_co", covariant=True)


class Session(Protocol[T_co]):
    """One connection's protocol: no socket, no clock, no waiting."""

    def opened(self, now_ns: int) -> None:
        """A new socket is open: queue what it is told first."""
        ...

    def receive(self, data: bytes, recv_ns: int) -> Sequence[T_co]:
        """Take one message that arrived at `recv_ns`. Never raises."""
        ...

    def data_to_send(self) -> list[bytes]:
        """Text frames to send now, in order; each is returned once."""
        ...

    def lost(self, now_ns: int) -> Sequence[T_co]:
        """No socket is left; returns what readers must be told."""
        ...

    @property
    def is_live(self) -> bool:
        """The newest socket has everything that was asked for."""
        ...


@runtime_checkable
class CountsFaults(Protocol):
    """A session that counts what it could not read."""

    @property
    def malformed(self) -> int: ...


class SocketRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue says of its sockets; each package states its sources."""

    silence_s: float
    """Nothing at all received for so long: it is stale; for twice as long: it is dead."""
    ping_s: float = 20.0
    """A ping goes out so often, and as often its answer must have come; 0 sends none."""
    app_ping: bytes | None = None
    """A message to send instead, where the venue has one of its own."""
    lifetime_s: float = 0.0
    """After this another socket takes over, before the venue ends this one; 0 for never."""
    connect_timeout_s: float = 10.0
    most_bytes: int = 8 * 1024 * 1024
    """Of one message."""
    sends: Allowance | None = None
    """Messages that may be sent."""
    connects: Allowance | None = None
    """Attempts to connect; one for all runners of an address."""
    headers: Mapping[str, str] = {}
