"""What the clients of one Kraken share: its REST side, its limits, its list of markets."""

from __future__ import annotations

from dataclasses import dataclass

from brokers.access import VenueAccess
from brokers.kraken.options import KrakenOptions


@dataclass(frozen=True, kw_only=True)
class Access(VenueAccess[KrakenOptions]):
    """See the module."""
