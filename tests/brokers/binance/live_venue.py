"""A broker and a client of it in front of the test venue, over loopback sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final, Literal, cast

import pytest
import trio

from brokers.binance.broker import BinanceBroker, open_broker
from brokers.binance.client import BinanceClient
from engine.broker import BrokerSettings
from engine.clock import NANOS, Clock, TrioClock
from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.instruments import Instrument
from engine.messages import AccountInfo, Filled, Order, OrderEvent
from tests.venues.binance import demo, render
from tests.venues.binance.venue import BinanceVenue
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.orders import OrderRecord

START_NS: Final = 1_780_000_000 * NANOS
BTC: Final = "btcusdt.spot.binance"
ACCOUNT: Final = AccountInfo(name="main", broker="binance", mode="live")
PATIENCE_S: Final = 20.0

Kind = Literal["hmac", "ed25519"]
KEYS: Final[Mapping[Kind, Credentials]] = {
    "hmac": Credentials(Secret(demo.HMAC_KEY), Secret(demo.HMAC_SECRET)),
    "ed25519": Credentials(Secret(demo.ED25519_KEY), Secret(demo.ED25519_PEM)),
}


def keys_of(keys: Mapping[str, Credentials]) -> Any:
    """Credentials by account."""

    async def get(account: str) -> Credentials:
        if account not in keys:
            raise CredentialsMissing(f"there are no keys for account {account}")
        return keys[account]

    return get


@asynccontextmanager
async def running_venue(clock: Clock, **options: Any) -> AsyncIterator[BinanceVenue]:
    """One account, `demo`, with a key of each kind; nothing happens by itself."""
    venue = BinanceVenue(clock, **{"is_quiet": True, "seed": 3, **options})
    venue.state.open_account("demo", demo.BALANCES, demo.demo_keys())
    async with trio.open_nursery() as nursery:
        await nursery.start(venue.serve)
        yield venue
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def running_broker(
    venue: BinanceVenue,
    clock: Clock,
    *,
    keys: Mapping[str, Credentials] | None = None,
    credentials: Any = None,
    data_dir: Any = None,
    **options: Any,
) -> AsyncIterator[BinanceBroker]:
    addresses = {
        "rest_url": f"http://127.0.0.1:{venue.port}",
        "stream_url": f"ws://127.0.0.1:{venue.port}",
        "ws_api_url": f"ws://127.0.0.1:{venue.port}/ws-api/v3",
    }
    settings = BrokerSettings(
        name="binance",
        clock=clock,
        options={**addresses, **options},
        data_dir=data_dir,
        credentials=credentials or keys_of({"main": KEYS["hmac"]} if keys is None else keys),
    )
    async with trio.open_nursery() as nursery:
        broker = open_broker(settings)
        await nursery.start(broker.run)
        yield broker
        nursery.cancel_scope.cancel()


class SkippingClock(TrioClock):
    """Can be set forward: nothing happens in the time between. It counts in milliseconds, as the
    venue does: what happens in one moment has one time for both."""

    skipped_ns = 0

    def now_ns(self) -> int:
        return (super().now_ns() + self.skipped_ns) // 1_000_000 * 1_000_000


class Desk:
    """A client, and what was reported to it."""

    def __init__(
        self,
        venue: BinanceVenue,
        broker: BinanceBroker,
        client: BinanceClient,
        instrument: Instrument,
        events: list[OrderEvent],
    ) -> None:
        self.clock = SkippingClock(START_NS)
        self.venue = venue
        self.broker = broker
        self.client = client
        self.instrument = instrument
        self.events = events

    def order(self, name: str = "o1", **fields: Any) -> Order:
        usual: dict[str, Any] = {
            "side": "buy",
            "order_type": "limit",
            "size": Decimal("0.01"),
            "price": self.price(0.9),
        }
        fields = {**usual, **fields}
        if fields["order_type"] in ("market", "stop", "take_profit", "trailing_stop"):
            fields["price"] = None
        return Order(
            order_id=name, account="main", fqme=BTC, created_ns=self.broker.now_ns(), **fields
        )

    async def submit(self, name: str = "o1", **fields: Any) -> Order:
        order = self.order(name, **fields)
        await self.client.submit(order, self.instrument)
        return order

    def price(self, share: float) -> Decimal:
        """So far from the last price."""
        last = self.venue.state.exchange.markets["BTCUSDT"].last_price
        return self.instrument.round_price(last * Decimal(str(share)))

    def of(self, name: str, *kinds: type) -> list[Any]:
        return [
            event
            for event in self.events
            if event.order_id == name and (not kinds or isinstance(event, kinds))
        ]

    def filled(self, name: str) -> Decimal:
        return sum((event.size for event in self.of(name, Filled)), Decimal(0))

    async def wait(self, name: str, *kinds: type) -> Any:
        await until(lambda: self.of(name, *kinds), f"{kinds} of {name}")
        return self.of(name, *kinds)[-1]

    @property
    def account(self) -> SpotAccount:
        return self.venue.state.exchange.accounts["demo"]

    def records(self, client: str) -> list[OrderRecord]:
        """What the venue has under this client order id, oldest first."""
        return [one for one in self.account.orders.values() if one.client_id == client]

    def do(self, what: str, **fields: Any) -> Any:
        return self.venue.control.do(what, **fields)

    def offer(self, side: str, share: float, size: str = "100") -> None:
        """Somebody else's order, so far from the last price."""
        price = str(self.price(share))
        self.do("place", symbol="BTCUSDT", side=side, price=price, size=size)

    def fill(self, client: str, size: str) -> None:
        """Somebody trades with an order of ours."""
        self.do("fill", account="demo", client_id=client, size=size)
        self.venue._settle()


def rename_canceled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have canceled orders known by the id that their cancel gave them, and by no other: "it will
    replace `clientOrderId` of the canceled order, freeing it up for new orders"."""
    told = render.canceled

    def canceled(order: OrderRecord, client: str, t: render.Times) -> dict[str, Any]:
        answer = told(order, client, t)
        order.client_id = client
        return answer

    monkeypatch.setattr(render, "canceled", canceled)


async def until(so: Callable[[], object], what: str = "it") -> None:
    with trio.move_on_after(PATIENCE_S):
        while not so():  # noqa: ASYNC110 - what others do sends no event
            await trio.sleep(0.05)
        return
    raise AssertionError(f"{what} did not become so")


@asynccontextmanager
async def open_desk(
    *,
    kind: Kind = "hmac",
    venue_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Desk]:
    """Logged in, by one clock."""
    clock = SkippingClock(START_NS)
    async with (
        running_venue(clock, **(venue_options or {})) as venue,
        running_broker(venue, clock, keys={"main": KEYS[kind]}, **options) as broker,
        logged_in(venue, broker) as desk,
    ):
        desk.clock = clock
        yield desk


@asynccontextmanager
async def logged_in(
    venue: BinanceVenue, broker: BinanceBroker, account: AccountInfo = ACCOUNT
) -> AsyncIterator[Desk]:
    instrument, events = await broker.instrument(BTC), list[OrderEvent]()
    async with broker.open_client(account, events.append) as client:
        yield Desk(venue, broker, cast(BinanceClient, client), instrument, events)
