"""Keys and tokens are found in no log, error, message, status or file, whatever goes wrong."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from engine.broker import TradingClient
from engine.credentials import Credentials
from engine.errors import BrokerError
from engine.messages import OrderEvent
from tests.brokers.kraken.live_venue import ACCOUNT, open_rig
from tests.brokers.kraken.test_client import Desk
from tests.support.canary import Canary
from tests.venues.kraken.keys import TRADING_RIGHTS, ApiKey

FAULTS: list[dict[str, Any]] = [
    {},
    {"hits": "all", "drop_before_ack": True},
    {"hits": "all", "drop_after_ack": True},
    {"hits": "all", "mute": True},
    {"hits": "all", "unknown": True},
    {"hits": "all", "fail_status": 500},
    {"hits": "all", "fail_status": 403},
    {"hits": "all", "fail_after_status": 502},
    {"hits": "all", "throttle_s": 5.0},
    {"hits": "all", "ban_s": 5.0},
    {"hits": "submit,cancel,amend", "drop_after_ack": True},
    {"hits": "submit,cancel,amend", "mute": True, "mute_events": True},
    {"refuse_sockets": 429},
    {"refuse_sockets": 503},
    {"duplicate": True, "reorder": True, "fill": "0.004"},
    {"deny_knowing": True},
]


def key_of(credentials: Credentials, **changed: Any) -> ApiKey:
    fields = {
        "key": credentials.api_key.reveal(),
        "secret": credentials.secret.reveal(),
        "account": "demo",
        "rights": TRADING_RIGHTS,
        "tier": "pro",
    }
    return ApiKey(**{**fields, **changed})


class Watched:
    """A broker and a venue, with a canary between them."""

    def __init__(self, canary: Canary, desk: Desk) -> None:
        self.canary = canary
        self.desk = desk

    def see(self, event: OrderEvent) -> None:
        self.canary.see(event, "an event")
        self.desk.events.append(event)

    def look(self) -> None:
        """Everything that can be looked at now; and what the venue gave out is looked for."""
        for token in self.desk.venue.tokens._given:
            self.canary.hide(token, "a token")
        for status in self.desk.broker.connections():
            self.canary.see(status, "a status")

    async def tried(self, what: Any) -> None:
        with trio.move_on_after(15):
            try:
                await what
            except BrokerError as error:
                self.canary.see_error(error)
        self.look()


@asynccontextmanager
async def watched(tmp_path: Path, **changed: Any) -> AsyncIterator[Watched]:
    with Canary(tmp_path) as canary:
        keys = canary.credentials("main", "base64")
        taken = key_of(keys, **changed)
        async with open_rig(
            venue_options={"keys": [taken]},
            keys={"main": key_of(keys)},
            data_dir=tmp_path,
            dead_man_s=60,
        ) as (venue, broker):
            yield Watched(canary, Desk(venue, broker))


async def life_of_an_account(seen: Watched) -> None:
    """Everything that a client can be asked for, and its end."""
    with trio.move_on_after(20):
        try:
            async with seen.desk.broker.open_client(ACCOUNT, seen.see) as client:
                await ask_everything(seen, client)
                seen.desk.venue.disconnect()
                await trio.sleep(1)
        except BrokerError as error:
            seen.canary.see_error(error)
    seen.look()


async def ask_everything(seen: Watched, client: TradingClient) -> None:
    desk = seen.desk
    order = desk.order()
    await seen.tried(client.submit(order, await desk.broker.instrument(order.fqme)))
    await seen.tried(client.amend(order, desk.price(0.8), order.size))
    await seen.tried(client.cancel(order))
    await seen.tried(client.order("o1"))
    await seen.tried(client.open_orders())
    await seen.tried(client.fills(0))
    await seen.tried(client.balances())


@pytest.mark.parametrize("switches", FAULTS, ids=lambda one: ",".join(map(str, one)) or "none")
@pytest.mark.parametrize("when", ["before the log-in", "after it"])
async def test_nothing_tells_a_key_under_any_fault(
    switches: dict[str, Any],
    when: str,
    tmp_path: Path,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched(tmp_path) as seen:
        await seen.desk.broker.instrument("btcusd.spot.kraken")
        if when == "before the log-in":
            seen.desk.venue.faults.set(switches)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life_of_an_account, seen)
            await trio.sleep(0.05)
            seen.desk.venue.faults.set(switches)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "another-key"},
        {"secret": base64.b64encode(b"another secret").decode()},
        {"rights": frozenset()},
        {"rights": TRADING_RIGHTS - {"query-open-trades", "query-closed-trades"}},
        {"rights": TRADING_RIGHTS | {"withdraw-funds"}},
        {"otp": "123456"},
    ],
    ids=str,
)
async def test_nothing_tells_a_key_that_is_refused(
    changed: dict[str, Any], tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with watched(tmp_path, **changed) as seen:
        await life_of_an_account(seen)


async def test_what_is_looked_for_would_be_found(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async def leak() -> None:
        async with watched(tmp_path) as seen:
            async with seen.desk.broker.open_client(ACCOUNT, seen.see):
                seen.look()
            (token,) = seen.desk.venue.tokens._given
            seen.canary.see(f"token={token}")

    with pytest.raises(AssertionError, match="a token is in"):
        await leak()
