"""What the clients of one Binance share: its REST side, its limits, its list of markets."""

from __future__ import annotations

from dataclasses import dataclass

from brokers.access import VenueAccess
from brokers.binance.options import BinanceOptions
from brokers.net.budgets import Budget


@dataclass(frozen=True, kw_only=True)
class Access(VenueAccess[BinanceOptions]):
    """See the module."""

    weight: Budget
    """REQUEST_WEIGHT: the venue counts it by address, over REST and WebSocket API together."""
