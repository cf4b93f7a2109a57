"""Accounts as they are logged in: once, in time, and at the broker that runs."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.broker import Broker
from engine.clock import TrioClock
from engine.ems.accounts import Account
from engine.ems.logins import Logins
from engine.errors import BrokerUnavailable
from engine.messages import OrderEvent
from engine.services import open_services
from tests.support.venue import START_NS, ScriptedVenue

ACCOUNT = Account(name="main", broker="test")


async def test_an_account_is_logged_in_once_however_many_need_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = ScriptedVenue()
    venue.login_delay_s = 1.0
    asked: list[str] = []
    reports: list[tuple[str, OrderEvent]] = []

    async def get_broker(name: str) -> Broker:
        asked.append(name)
        return venue

    async with open_services(TrioClock(START_NS)) as services:
        logins = Logins(
            accounts={"main": ACCOUNT},
            get_broker=get_broker,
            report=lambda name, event: reports.append((name, event)),
            timeout_s=10.0,
        )
        before = logins.capabilities_of("main")
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(logins.open, "main")
        status = services.status("account main")
        venue.fill("o", "1", "100")

        assert before is None
        assert logins.capabilities_of("main") is venue.capabilities
        assert status is not None
        assert status.state == "running"
        assert [name for name, _ in reports] == ["main"]
    assert trio.current_time() == pytest.approx(1.0)


async def test_a_login_that_takes_too_long_is_given_up_and_can_be_tried_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = ScriptedVenue()
    venue.login_delay_s = 60.0

    async def get_broker(name: str) -> Broker:
        return venue

    async with open_services(TrioClock(START_NS)):
        logins = Logins(
            accounts={"main": ACCOUNT}, get_broker=get_broker, report=print, timeout_s=10.0
        )
        with pytest.raises(BrokerUnavailable, match="10 s"):
            await logins.open("main")
        venue.login_delay_s = 0.0

        assert await logins.open("main") is venue


async def test_an_account_follows_its_broker_when_that_is_started_again() -> None:
    old, new = ScriptedVenue(), ScriptedVenue()
    running = [old]

    async def get_broker(name: str) -> Broker:
        return running[-1]

    async with open_services(TrioClock(START_NS)):
        logins = Logins(
            accounts={"main": ACCOUNT}, get_broker=get_broker, report=print, timeout_s=10.0
        )
        first = await logins.open("main")
        running.append(new)
        clients = []
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(_open_into, logins, clients)

        assert first is old
        assert clients == [new, new, new]
        assert not old.is_logged_in


async def test_where_a_loss_is_told_nobody_is_asked_for_an_account_that_is_logged_in() -> None:
    venue, asked, lost = ScriptedVenue(), list[str](), trio.Event()

    async def get_broker(name: str) -> Broker:
        asked.append(name)
        return venue

    async def until_lost(broker: Broker) -> str:
        await lost.wait()
        return "it is gone"

    async with open_services(TrioClock(START_NS)):
        logins = Logins(
            accounts={"main": ACCOUNT},
            get_broker=get_broker,
            report=print,
            timeout_s=10.0,
            until_lost=until_lost,
        )
        assert await logins.open("main") is venue
        before = len(asked)
        for _ in range(3):
            assert await logins.open("main") is venue
        while_there = len(asked)
        lost.set()
        await trio.testing.wait_all_tasks_blocked()
        assert not venue.is_logged_in
        lost = trio.Event()

        assert await logins.open("main") is venue
        assert (before, while_there) == (before, before)
        assert len(asked) > before


async def _open_into(logins: Logins, clients: list[object]) -> None:
    clients.append(await logins.open("main"))
