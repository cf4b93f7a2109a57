"""Private REST of a venue that answers as a test tells it, behind the real REST client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from urllib.parse import parse_qs

import httpx2
import msgspec
import trio

from brokers.kraken.access import Access
from brokers.kraken.options import KrakenOptions
from brokers.kraken.private import PrivateRest
from brokers.kraken.signing import Nonces, Signer
from brokers.net.bans import Bans
from brokers.net.budgets import Budget
from brokers.net.offset import ClockOffset
from brokers.net.rest import Rest
from engine.clock import Clock, TrioClock
from engine.credentials import Credentials, Secret
from engine.instruments import Instrument
from tests.brokers.kraken.test_markets import listed
from tests.brokers.kraken.test_signing import SECRET

START_NS = 1_795_262_400_000_000_000

Answer = httpx2.Response | Exception | Callable[[dict[str, str]], Any]
"""What is answered: as it is, or the `result` that a function makes of the fields asked with."""


class RestVenue(httpx2.AsyncBaseTransport):
    """Answers each method in turn; its last answer again and again."""

    def __init__(self, **answers: list[Answer]) -> None:
        self.answers = {method: list(given) for method, given in answers.items()}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.asked_s: list[float] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        method = request.url.path.rpartition("/")[2]
        fields = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.asked.append((method, fields))
        self.asked_s.append(trio.current_time())
        given = self.answers[method]
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx2.Response):
            status, content = answer.status_code, answer.content
            return httpx2.Response(status, content=content, request=request)
        content = msgspec.json.encode({"error": [], "result": answer(fields)})
        return httpx2.Response(200, content=content, request=request)

    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]


def refusal(*errors: str) -> httpx2.Response:
    return httpx2.Response(200, content=msgspec.json.encode({"error": errors}))


def result(value: Any) -> Answer:
    return lambda fields: value


def access_of(
    rest: Rest,
    clock: Clock,
    bans: Bans,
    options: KrakenOptions | None = None,
    instruments: Mapping[str, Instrument] | None = None,
) -> Access:
    async def credentials(account: str) -> Credentials:
        return Credentials(Secret("the-key"), Secret(SECRET))

    async def all_instruments() -> Mapping[str, Instrument]:
        return listed("BTC/USD", "ETH/USD") if instruments is None else instruments

    return Access(
        name="kraken",
        options=options or KrakenOptions(),
        clock=clock,
        rest=rest,
        bans=bans,
        connects=Budget(150, 600),
        credentials=credentials,
        instruments=all_instruments,
        offset=ClockOffset(),
        track=lambda status: nullcontext(),
    )


@asynccontextmanager
async def private_rest(venue: RestVenue, bans: Bans | None = None) -> AsyncIterator[PrivateRest]:
    clock = TrioClock(START_NS)
    bans = bans or Bans(None, clock)
    rest = Rest(
        broker="kraken",
        base_url="https://api.kraken.test",
        clock=clock,
        bans=bans,
        transport=venue,
    )
    credentials = Credentials(Secret("the-key"), Secret(SECRET))
    signer = Signer(credentials, clock, "main", Nonces())
    async with rest.opened():
        yield PrivateRest(access_of(rest, clock, bans), "main", signer)
