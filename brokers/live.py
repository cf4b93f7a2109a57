"""What the broker of every live venue does alike: its list of markets, its clock, its bans."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from brokers.listings import Listed, Listings
from brokers.net.addresses import kept_files
from brokers.net.bans import Bans
from brokers.net.connections import Connections
from brokers.net.offset import ClockOffset
from engine.broker import BrokerSettings
from engine.errors import NotSupported
from engine.instruments import Instrument
from engine.messages import Match, Playback, PlaybackStatus


class LiveBroker(ABC):
    """The part of `engine.broker.Broker` that no venue has its own way of."""

    def __init__(self, settings: BrokerSettings, rest_url: str) -> None:
        """
        Args:
            rest_url: where the venue is: what is kept of one is never taken for another.
        """
        self.name = settings.name
        self._clock = settings.clock
        self._ending = f".spot.{self.name}"
        """Of its fqmes."""
        kept = kept_files(settings.data_dir, rest_url)
        self._bans = Bans(kept("bans"), self._clock)
        self._listings = Listings(self.name, self._list, clock=self._clock, cache=kept("markets"))
        self._offset = ClockOffset()
        self._of_accounts = Connections()
        """Those that clients of accounts opened."""

    def now_ns(self) -> int:
        return self._clock.now_ns()

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        return await self._listings.search(text, limit)

    async def instrument(self, fqme: str) -> Instrument:
        return await self._listings.get(fqme)

    async def canonical(self, fqme: str) -> str:
        return await self._listings.canonical(fqme)

    def play(self, command: Playback) -> None:
        raise NotSupported(f"{self.name} is live: it cannot be paused or moved")

    def playback(self) -> PlaybackStatus | None:
        return None

    @abstractmethod
    async def _list(self) -> Sequence[Listed]:
        """Ask the venue for all that it lists. Raises `BrokerError`."""
