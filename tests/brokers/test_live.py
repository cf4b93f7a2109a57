"""What brokers of live venues do alike, of one whose venue is a list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.listings import Listed
from brokers.live import LiveBroker
from engine.broker import BrokerSettings
from engine.clock import NANOS, TrioClock
from engine.errors import BrokerUnavailable, NotSupported, UnknownSymbol
from engine.instruments import Instrument
from engine.messages import Playback

URL = "https://api.venue.test"
BTC = "btcusd.spot.venue"


class ListedVenue(LiveBroker):
    """Lists one market, until it is down."""

    def __init__(self, data_dir: Path | None = None, url: str = URL) -> None:
        settings = BrokerSettings(name="venue", clock=TrioClock(NANOS), data_dir=data_dir)
        super().__init__(settings, url)
        self.is_down = False

    async def _list(self) -> Sequence[Listed]:
        if self.is_down:
            raise BrokerUnavailable("the venue is down")
        instrument = Instrument(
            fqme=f"btcusd{self._ending}",
            symbol="BTC/USD",
            base="BTC",
            quote="USD",
            price_tick=Decimal("0.1"),
            size_step=Decimal("0.001"),
        )
        return [Listed(instrument=instrument, names=("XBT/USD",))]


async def test_markets_are_found_by_any_name_in_the_list() -> None:
    broker = ListedVenue()

    assert (await broker.instrument(BTC)).symbol == "BTC/USD"
    assert await broker.canonical("xbtusd.spot.venue") == BTC
    assert [match.fqme for match in await broker.search("xbt", 5)] == [BTC]
    with pytest.raises(UnknownSymbol):
        await broker.instrument("nosuchthing.spot.venue")


async def test_the_list_of_an_address_is_kept_for_that_address(tmp_path: Path) -> None:
    await ListedVenue(tmp_path).instrument(BTC)

    again, other = ListedVenue(tmp_path), ListedVenue(tmp_path, "https://test.venue.test")
    again.is_down = other.is_down = True
    assert (await again.instrument(BTC)).symbol == "BTC/USD"
    with pytest.raises(BrokerUnavailable):
        await other.instrument(BTC)


async def test_what_is_live_cannot_be_played() -> None:
    broker = ListedVenue()

    with pytest.raises(NotSupported, match="venue is live"):
        broker.play(Playback(broker="venue", action="pause"))
    assert broker.playback() is None


async def test_it_goes_by_the_clock_that_it_is_given() -> None:
    assert ListedVenue().now_ns() == NANOS
