"""Keys are found in no log, error, message, status or file, whatever goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from brokers.binance.signing import Signer
from engine.clock import TrioClock
from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.errors import BrokerError, BrokerUnavailable
from tests.brokers.binance.live_venue import (
    START_NS,
    Desk,
    Kind,
    logged_in,
    running_broker,
    running_venue,
)
from tests.support.canary import Canary
from tests.venues.binance.signatures import ApiKey
from tests.venues.binance.venue import BinanceVenue

AutojumpClock = trio.testing.MockClock
KINDS: list[Kind] = ["hmac", "ed25519"]

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


def key_of(canary: Canary, kind: Kind, **rights: Any) -> ApiKey:
    """The venue's side of a key that is looked for."""
    given = canary.credentials("main", kind)
    fields: dict[str, Any] = {"key": given.api_key.reveal(), "account": "demo", "kind": kind}
    if kind == "hmac":
        return ApiKey(**fields, secret=given.secret.reveal(), **rights)
    return ApiKey(**fields, public_pem=canary.public_key("main"), **rights)


@asynccontextmanager
async def watched(
    canary: Canary, kind: Kind, folder: Path, **options: Any
) -> AsyncIterator[tuple[BinanceVenue, Any]]:
    """A venue that knows the key, and a broker that has it."""
    clock = TrioClock(START_NS)
    async with running_venue(clock) as venue:
        key = key_of(canary, kind, can_withdraw=True)
        venue.state.keys.clear()
        venue.state.keys[key.key] = key
        async with running_broker(
            venue, clock, credentials=canary.get, data_dir=folder, **options
        ) as broker:
            yield venue, broker
            for status in broker.connections():
                canary.see(status, "a status")


async def tried(canary: Canary, what: Awaitable[Any]) -> None:
    with trio.move_on_after(15):
        try:
            canary.see(await what, "an answer")
        except BrokerError as error:
            canary.see_error(error)


async def use(canary: Canary, desk: Desk) -> None:
    """Everything that a client can be asked for."""
    client, order = desk.client, desk.order()
    await tried(canary, client.submit(order, desk.instrument))
    await tried(canary, client.amend(order, desk.price(0.8), order.size))
    await tried(canary, client.amend(order, None, order.size / 2))
    await tried(canary, client.order("o1"))
    await tried(canary, client.open_orders())
    await tried(canary, client.fills(START_NS))
    await tried(canary, client.balances())
    await tried(canary, client.cancel(order))
    await tried(canary, client.test(order, desk.instrument))
    canary.see(client.status(), "a status")
    canary.see(repr(vars(client)), "a client")
    canary.see(repr(vars(client._session)), "a session")
    for event in desk.events:
        canary.see(event, "an event")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("switches", FAULTS, ids=str)
async def test_keys_are_found_nowhere_whatever_the_venue_does(
    switches: dict[str, Any], kind: Kind, tmp_path: Path, autojump_clock: AutojumpClock
) -> None:
    with Canary(tmp_path) as canary:
        try:
            async with (
                watched(canary, kind, tmp_path) as (venue, broker),
                logged_in(venue, broker) as desk,
            ):
                venue.state.faults.set(switches)
                await use(canary, desk)
                venue.control.do("cut", which="api")
                await trio.sleep(1)
        except* BrokerUnavailable as group:
            canary.see_error(group)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "switches",
    [
        {"hits": "all", "drop_after_ack": True},
        {"hits": "all", "fail_status": 500},
        {"hits": "all", "throttle_s": 5.0},
        {"hits": "account,query", "unknown": True},
        {"refuse_sockets": 503},
    ],
    ids=str,
)
async def test_keys_are_found_nowhere_when_a_log_in_fails(
    switches: dict[str, Any], kind: Kind, tmp_path: Path, autojump_clock: AutojumpClock
) -> None:
    with Canary(tmp_path) as canary:
        async with watched(canary, kind, tmp_path) as (venue, broker):
            await broker.instrument("btcusdt.spot.binance")
            venue.state.faults.set(switches)
            try:
                async with logged_in(venue, broker) as desk:
                    await use(canary, desk)
            except BrokerError as error:
                canary.see_error(error)


@pytest.mark.parametrize("kind", KINDS)
async def test_keys_are_found_nowhere_without_the_websocket_api(
    kind: Kind, tmp_path: Path, autojump_clock: AutojumpClock
) -> None:
    nowhere = "ws://127.0.0.1:1/ws-api/v3"
    with Canary(tmp_path) as canary:
        async with (
            watched(canary, kind, tmp_path, ws_api_url=nowhere) as (venue, broker),
            logged_in(venue, broker) as desk,
        ):
            await use(canary, desk)
            venue.state.faults.set({"hits": "all", "fail_after_status": 502})
            await use(canary, desk)


async def test_a_key_that_the_venue_does_not_know_is_not_named(
    tmp_path: Path, autojump_clock: AutojumpClock
) -> None:
    with Canary(tmp_path) as canary:
        async with watched(canary, "hmac", tmp_path) as (venue, broker):
            venue.state.keys.clear()
            with pytest.raises(BrokerUnavailable) as caught:
                async with logged_in(venue, broker):
                    raise AssertionError("logged in")
            canary.see_error(caught.value)


def test_a_private_key_that_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    with Canary(tmp_path) as canary:
        given = canary.credentials("main", "ed25519")
        pem = given.secret.reveal()
        for secret, passphrase in ((pem.replace("A", "B", 3), ""), (pem, "x"), (pem[:80], "")):
            broken = Credentials(given.api_key, Secret(secret), Secret(passphrase))
            with pytest.raises(CredentialsMissing) as caught:
                Signer(broken)
            canary.see_error(caught.value)


def test_a_venue_that_says_a_key_back_is_not_repeated(tmp_path: Path) -> None:
    with Canary(tmp_path) as canary:
        given = canary.credentials("main", "hmac")
        signer = Signer(given)
        said = f"no such key: {given.api_key.reveal()} with {given.secret.reveal()}"
        canary.see(signer.hide(said))
        canary.see(repr(signer))


def test_the_canary_itself_would_be_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="API key of main"), Canary(tmp_path) as canary:
        canary.see(key_of(canary, "hmac"))
