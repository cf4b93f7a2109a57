"""A broker in front of the test venue, over loopback sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import trio

from brokers.kraken.broker import KrakenBroker, open_broker
from engine.broker import BrokerSettings, TradingClient
from engine.clock import Clock, TrioClock
from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.messages import AccountInfo, OrderEvent
from tests.venues.kraken.keys import DEMO_KEY, ApiKey
from tests.venues.kraken.pairs import PAIRS
from tests.venues.kraken.server import Running, open_kraken

START_NS = 1_795_262_400_000_000_000
BTC = "btcusd.spot.kraken"
ONE_PAIR = [pair for pair in PAIRS if pair.symbol == "BTC/USD"]
"""A venue that is opened quickly."""
ACCOUNT = AccountInfo(name="main", broker="kraken", mode="live")


def keys_of(keys: Mapping[str, ApiKey]) -> Any:
    """Credentials by account."""

    async def get(account: str) -> Credentials:
        if account not in keys:
            raise CredentialsMissing(f"there are no keys for account {account}")
        key = keys[account]
        return Credentials(Secret(key.key), Secret(key.secret))

    return get


@asynccontextmanager
async def running_broker(
    venue: Running,
    clock: Clock,
    *,
    keys: Mapping[str, ApiKey] | None = None,
    data_dir: Any = None,
    **options: Any,
) -> AsyncIterator[KrakenBroker]:
    addresses = {
        "rest_url": venue.rest_url,
        "ws_url": venue.ws_url,
        "ws_auth_url": venue.ws_auth_url,
        "tier": "pro",
        "public_per_s": 1000.0,
    }
    settings = BrokerSettings(
        name="kraken",
        clock=clock,
        options={**addresses, **options},
        data_dir=data_dir,
        credentials=keys_of({"main": DEMO_KEY} if keys is None else keys),
    )
    async with trio.open_nursery() as nursery:
        broker = open_broker(settings)
        await nursery.start(broker.run)
        yield broker
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_rig(
    *, venue_options: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[Running, KrakenBroker]]:
    """Venue and broker, by one clock."""
    clock = TrioClock(START_NS)
    async with (
        open_kraken(
            clock,
            **{"is_quiet": True, "patience": 100.0, "pairs": ONE_PAIR, **(venue_options or {})},
        ) as venue,
        running_broker(venue, clock, **options) as broker,
    ):
        yield venue, broker


@asynccontextmanager
async def logged_in(
    broker: KrakenBroker, events: list[OrderEvent], account: AccountInfo = ACCOUNT
) -> AsyncIterator[TradingClient]:
    async with broker.open_client(account, events.append) as client:
        yield client
