"""What the clients of accounts have of the broker that they belong to.

Each venue's package says in a module of the same name what its options are, and what it adds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from brokers.net.bans import Bans
from brokers.net.budgets import Budget
from brokers.net.connections import Track
from brokers.net.offset import ClockOffset
from brokers.net.rest import Rest
from engine.clock import Clock
from engine.credentials import GetCredentials
from engine.instruments import Instrument

Options = TypeVar("Options")


@dataclass(frozen=True, kw_only=True)
class VenueAccess(Generic[Options]):
    """See the module."""

    name: str
    """Of the broker: the last part of its fqmes."""
    options: Options
    clock: Clock
    rest: Rest
    bans: Bans
    connects: Budget
    """Attempts to open a socket, of any kind: venues count them by address."""
    credentials: GetCredentials
    instruments: Callable[[], Awaitable[Mapping[str, Instrument]]]
    """All markets by fqme. Raises `BrokerUnavailable` where the list cannot be had."""
    offset: ClockOffset
    """The venue's clock less ours, for the timestamps of what is signed."""
    track: Track
