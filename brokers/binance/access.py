"""What the clients of one Binance share: its REST side, its limits, its list of markets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.binance.options import BinanceOptions
from engine.clock import Clock
from engine.credentials import GetCredentials
from engine.instruments import Instrument
from engine.messages import ConnectionStatus

if TYPE_CHECKING:
    from brokers.net.bans import Bans
    from brokers.net.budgets import Budget
    from brokers.net.offset import ClockOffset
    from brokers.net.rest import Rest

Track = Callable[[Callable[[], ConnectionStatus]], AbstractContextManager[None]]
"""Adds a connection to those that `Networked.connections` tells of, while the block is open."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """See the module."""

    name: str
    """Of the broker: the last part of its fqmes."""
    options: BinanceOptions
    clock: Clock
    rest: Rest
    bans: Bans
    weight: Budget
    """REQUEST_WEIGHT: the venue counts it by address, over REST and WebSocket API together."""
    connects: Budget
    """Attempts to open a socket, of any kind: by address too."""
    credentials: GetCredentials
    instruments: Callable[[], Awaitable[Mapping[str, Instrument]]]
    """All markets by fqme. Raises `BrokerUnavailable` where the list cannot be had."""
    offset: ClockOffset
    """For the timestamps of what is signed."""
    track: Track
