"""What an account's client has of the broker that it belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import msgspec

from brokers.kraken.options import KrakenOptions
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
"""While the block is open, a connection is one of those that `Broker.connections` tells of."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a broker that its accounts share."""

    name: str
    """Of the broker: `kraken`."""
    options: KrakenOptions
    clock: Clock
    rest: Rest
    bans: Bans
    connects: Budget
    """Attempts to open a socket, of any kind: the venue counts them by address."""
    credentials: GetCredentials
    instruments: Callable[[], Awaitable[Mapping[str, Instrument]]]
    """All that the venue lists, by fqme; raises `BrokerError` where it cannot be had."""
    offset: ClockOffset
    """The venue's clock less ours."""
    track: Track
