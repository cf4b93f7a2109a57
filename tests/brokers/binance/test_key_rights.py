"""What a key may do, as far as the venue tells."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from engine.clock import TrioClock
from tests.brokers.binance.live_venue import (
    START_NS,
    logged_in,
    running_broker,
    running_venue,
    until,
)
from tests.venues.binance import demo
from tests.venues.binance.signatures import ApiKey

AutojumpClock = trio.testing.MockClock


async def test_rights_of_a_key_that_a_person_must_know_of_are_told(
    autojump_clock: AutojumpClock, caplog: pytest.LogCaptureFixture
) -> None:
    clock = TrioClock(START_NS)
    async with running_venue(clock) as venue, running_broker(venue, clock) as broker:
        key = venue.state.keys[demo.HMAC_KEY]
        venue.state.keys[demo.HMAC_KEY] = ApiKey(
            key=key.key, account="demo", secret=key.secret, can_withdraw=True
        )
        async with logged_in(venue, broker) as desk:
            await until(lambda: desk.client.status().note)
            statuses = {one.name: one for one in broker.connections()}

    assert statuses["account main"].note == "its key may withdraw"
    assert statuses["account main"].state == "live"
    assert "account main: its key may withdraw" in caplog.text


async def test_a_key_that_may_not_trade_says_so(autojump_clock: AutojumpClock) -> None:
    clock = TrioClock(START_NS)
    async with running_venue(clock) as venue, running_broker(venue, clock) as broker:
        key = venue.state.keys[demo.HMAC_KEY]
        venue.state.keys[demo.HMAC_KEY] = ApiKey(
            key=key.key, account="demo", secret=key.secret, can_trade=False
        )
        async with logged_in(venue, broker) as desk:
            await until(lambda: "its key" in desk.client.status().note)

            note = desk.client.status().note
    assert note == "the account may not trade; its key may not trade"


@pytest.mark.parametrize(
    "switches",
    [{}, {"hits": "all", "fail_status": 500}, {"hits": "all", "fail_status": 404}],
    ids=str,
)
async def test_where_nothing_is_told_nothing_is_said(
    switches: dict[str, Any], autojump_clock: AutojumpClock
) -> None:
    clock = TrioClock(START_NS)
    async with (
        running_venue(clock) as venue,
        running_broker(venue, clock) as broker,
        logged_in(venue, broker) as desk,
    ):
        venue.state.faults.set(switches)
        await trio.sleep(5)

        assert desk.client.status().note == ""
