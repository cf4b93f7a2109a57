"""A venue for tests: quiet markets on a clock that is set by hand, without a wire."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from engine.clock import NANOS
from tests.venues.exchange.control import Control
from tests.venues.kraken.connection import Connection
from tests.venues.kraken.keys import TRADING_RIGHTS, ApiKey
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.venue import KrakenVenue

ROOT = Path(__file__).parents[3]
START_NS = 1_780_000_000 * NANOS
MIDDLE = Decimal("50000.0")

KEY = ApiKey(key="the-key", secret="c2VjcmV0", account="mine")
OTHER_KEY = ApiKey(key="other-key", secret="b3RoZXI=", account="other")


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ns: int = START_NS) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def pass_s(self, seconds: float) -> None:
        self._now_ns += int(seconds * NANOS)

    async def sleep_until_ns(self, wall_ns: int) -> None:
        raise AssertionError("nobody waits for this clock")


class Client:
    """A WebSocket client of a venue, without a socket."""

    def __init__(self, venue: KrakenVenue, key: ApiKey = KEY) -> None:
        self.venue = venue
        self.connection: Connection = venue.connect("here")
        self.connection.hang_up = self._cut
        self.token = venue.tokens.give(key, venue.clock.now_ns())
        self.was_cut = False
        self._kept: list[dict[str, Any]] = []
        self.take()

    def say(self, text: str | bytes) -> list[dict[str, Any]]:
        """What comes at once for a message."""
        self.connection.receive(text, self.venue.clock.now_ns())
        return self.take()

    def ask(self, method: str, **params: Any) -> list[dict[str, Any]]:
        return self.say(msgspec.json.encode({"method": method, "req_id": 7, "params": params}))

    def trade(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request that trades; events of it stay for `take`."""
        params = {"token": self.token, **params}
        body = msgspec.json.encode({"method": method, "req_id": 7, "params": params})
        self.connection.receive(body, self.venue.clock.now_ns())
        messages = self.take()
        answers = [one for one in messages if one.get("method") == method]
        self._kept = [one for one in messages if one.get("method") != method]
        return answers[0]

    def events(self) -> list[dict[str, Any]]:
        """What came besides the last answer of `trade`, and since."""
        kept, self._kept = self._kept, []
        return [*kept, *self.take()]

    def entries(self) -> list[dict[str, Any]]:
        """Entries of `executions` among the events."""
        told = [one for one in self.events() if one.get("channel") == "executions"]
        return [entry for message in told for entry in message["data"]]

    def take(self) -> list[dict[str, Any]]:
        messages, self.connection.outgoing = self.connection.outgoing, []
        return [msgspec.json.decode(message) for message in messages]

    def _cut(self) -> None:
        self.was_cut = True


class Rig:
    """One quiet market with a book around `MIDDLE`, and an account."""

    def __init__(self, *, rights: frozenset[str] = TRADING_RIGHTS, **options: Any) -> None:
        self.clock = SetClock()
        self.key = msgspec.structs.replace(KEY, rights=rights)
        given: dict[str, Any] = {
            "pairs": (LISTED.by_symbol["BTC/USD"],),
            "keys": (self.key, OTHER_KEY),
            "is_quiet": True,
            "patience": 100.0,
        }
        self.venue = KrakenVenue(self.clock, **(given | options))
        self.market = self.venue.exchange.markets["BTC/USD"]
        self.market.print_trade(MIDDLE, Decimal(1))
        self.market.fill_ladder(MIDDLE, Decimal("0.5"), rungs=30, apart=10)
        self.clock.pass_s(1)
        self.venue.pass_time()

    def ask(self, method: str, key: ApiKey | None = None, **params: Any) -> Any:
        """A private request. Raises `Refused`."""
        try:
            return self.venue.private(key or self.key, method, params)
        finally:
            self.venue.settle()

    def see(self, method: str, **params: str) -> Any:
        """A public request. Raises `Refused`."""
        return self.venue.public(method, params, "here")

    def add(self, side: str = "buy", price: str = "49000", **params: Any) -> str:
        """The id of a new limit order of 0.01, unless `params` say otherwise."""
        given: Mapping[str, Any] = {
            "pair": "XBTUSD",
            "type": side,
            "ordertype": "limit",
            "volume": "0.01",
            "price": price,
            **params,
        }
        return self.ask("AddOrder", **given)["txid"][0]

    def order(self, order_id: str) -> Any:
        return self.ask("QueryOrders", txid=order_id, trades=True)[order_id]

    def client(self, key: ApiKey | None = None) -> Client:
        return Client(self.venue, key or self.key)

    def follow(self, key: ApiKey | None = None) -> Client:
        """A client that is subscribed to executions and balances."""
        client = self.client(key)
        for channel in ("executions", "balances"):
            client.ask("subscribe", channel=channel, token=client.token)
        return client

    def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.venue.pass_time()


@contextmanager
def open_venue_process(*arguments: str) -> Iterator[Control]:
    """One in another process, as started by hand on any port; `control.port` is where."""
    command = [sys.executable, "-m", "tests.venues.kraken", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        control = Control(int(process.stdout.readline().rsplit(maxsplit=1)[1]))
        try:
            yield control
        finally:
            control.close()
            process.kill()
