"""Public REST: the venue's pace, its throttling, its failures."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
import trio

from brokers.kraken.public import ATTEMPTS, BURST
from brokers.net.rest import Throttled
from engine.errors import BrokerError, BrokerUnavailable, UnknownSymbol
from tests.brokers.kraken.public_venue import PAIR, PublicVenue, open_api

TOO_MANY = ["EGeneral:Too many requests"]
decode = msgspec.json.decode


def venue(*before: Any) -> PublicVenue:
    found = PublicVenue(Time=lambda params: {"unixtime": 5}, OHLC=lambda params: {"last": 7})
    found.before = list(before)
    return found


@pytest.mark.parametrize(
    "refusal",
    [
        TOO_MANY,
        ["EAPI:Rate limit exceeded"],
        httpx2.Response(429, headers={"Retry-After": "3"}),
        httpx2.Response(429),
        httpx2.Response(520),
        httpx2.Response(503),
        ["EService:Unavailable"],
        ["EService:Busy"],
        ["EGeneral:Internal error"],
        httpx2.ReadTimeout("late"),
        httpx2.ConnectError("no"),
    ],
)
async def test_what_passes_is_waited_out_on_the_first_request_too(
    autojump_clock: trio.testing.MockClock, refusal: Any
) -> None:
    there = venue(refusal)
    async with open_api(there) as api:
        assert await api.ask("Time", decode) == {"unixtime": 5}

    assert there.count("Time") == 2
    assert there.asked_s[1] - there.asked_s[0] >= 0.5


async def test_pauses_grow_while_it_is_throttled_and_are_short_again_after(
    autojump_clock: trio.testing.MockClock,
) -> None:
    there = venue(*[TOO_MANY] * 4)
    async with open_api(there, per_s=100.0) as api:
        await api.ask("Time", decode)
        there.before = [TOO_MANY]
        await api.ask("Time", decode)

    apart = [round(b - a) for a, b in zip(there.asked_s, there.asked_s[1:], strict=False)]
    assert apart == [2, 4, 8, 16, 0, 2]


async def test_a_venue_that_fails_for_long_is_said_to_be_unavailable(
    autojump_clock: trio.testing.MockClock,
) -> None:
    there = venue(*[httpx2.Response(520)] * 99)
    async with open_api(there) as api:
        with pytest.raises(BrokerUnavailable, match="520"):
            await api.ask("Time", decode)

    assert there.count("Time") == ATTEMPTS


async def test_requests_keep_the_pace_of_each_pair_and_of_all_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    there = venue()
    async with open_api(there) as api, trio.open_nursery() as nursery:
        for pair in ("XBTUSD", "ETHUSD"):
            for _ in range(4):
                nursery.start_soon(lambda pair=pair: api.ask("OHLC", decode, pair=pair))
        for _ in range(4):
            nursery.start_soon(lambda: api.ask("Time", decode))

    for lane in ("XBTUSD", "ETHUSD", None):
        times = [
            at
            for (_, params), at in zip(there.asked, there.asked_s, strict=True)
            if params.get("pair") == lane
        ]
        assert len(times) == 4
        assert times[BURST] - times[0] >= BURST
        assert times[-1] - times[0] <= 3


async def test_what_is_urgent_goes_before_what_waits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    there = venue()
    async with open_api(there) as api, trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(lambda n=number: api.ask("OHLC", decode, pair=PAIR, number=n))
        await trio.testing.wait_all_tasks_blocked()
        await api.ask("OHLC", decode, pair=PAIR, is_urgent=True, number=99)

    order = [params["number"] for _, params in there.asked]
    assert order.index("99") <= BURST + 1


async def test_who_looks_on_is_told_of_a_long_pause_instead_of_waiting(
    autojump_clock: trio.testing.MockClock,
) -> None:
    there = venue(["EGeneral:Temporary lockout"])
    async with open_api(there) as api:
        with pytest.raises(Throttled):
            await api.ask("Time", decode, patience_s=20.0)
        with pytest.raises(Throttled):
            await api.ask("Time", decode, patience_s=20.0)
        assert there.count("Time") == 1, "asked during the pause"
        assert api.status().state == "backing_off"
        assert "lockout" in api.status().reason

        assert await api.ask("Time", decode) == {"unixtime": 5}
        assert api.status().state == "live"


async def test_a_pause_of_one_pair_holds_up_no_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    there = venue(TOO_MANY)
    async with open_api(there) as api, trio.open_nursery() as nursery:
        nursery.start_soon(lambda: api.ask("OHLC", decode, pair="XBTUSD"))
        await trio.testing.wait_all_tasks_blocked()
        began_s = trio.current_time()
        await api.ask("OHLC", decode, pair="ETHUSD")

        assert trio.current_time() - began_s < 0.1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (["EQuery:Unknown asset pair"], UnknownSymbol),
        (["EGeneral:Invalid arguments"], BrokerError),
        (httpx2.Response(200, content=b"<html>"), BrokerUnavailable),
        (httpx2.Response(200, content=b'{"error":7}'), BrokerUnavailable),
    ],
)
async def test_what_the_venue_refuses_is_told(
    autojump_clock: trio.testing.MockClock, answer: Any, kind: type[BrokerError]
) -> None:
    async with open_api(venue(*[answer] * 20)) as api:
        with pytest.raises(kind):
            await api.ask("Time", decode)
