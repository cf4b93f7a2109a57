"""Accounts as configured, and the service that keeps one logged in."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import msgspec
import pytest
import trio
import trio.testing

from engine.broker import Broker
from engine.clock import TrioClock
from engine.ems.accounts import Account, run_account
from engine.ems.logins import Logins
from engine.ems.risk import RiskLimits
from engine.errors import BrokerUnavailable
from engine.messages import OrderEvent
from engine.services import open_services
from tests.support.venue import START_NS, ScriptedVenue

ACCOUNT = Account(name="main", broker="test")


def test_an_account_is_read_from_a_table_of_toml() -> None:
    table = {
        "name": "fund",
        "broker": "binance",
        "mode": "live",
        "serves": ["binance"],
        "slots": 8,
        "limits": {"max_order_size": 0.1, "max_order_notional": "5000", "stale_quote_s": 3},
    }
    account = msgspec.convert(table, Account, strict=False)

    assert account.limits == RiskLimits(
        max_order_size=Decimal("0.1"), max_order_notional=Decimal(5000), stale_quote_s=3.0
    )
    assert account.info().slots == 8
    assert account.info().mode == "live"


@pytest.mark.parametrize("key", ["limit", "max_orders"])
def test_a_limit_that_is_misspelt_is_an_error_and_not_no_limit(key: str) -> None:
    table = {"name": "a", "broker": "b", "limits": {key: 1}}
    with pytest.raises(msgspec.ValidationError, match=key):
        msgspec.convert(table, Account, strict=False)


async def test_the_client_is_open_while_the_service_runs() -> None:
    venue = ScriptedVenue()

    async def get_broker(name: str) -> Broker:
        return venue

    async with trio.open_nursery() as nursery:
        client = await nursery.start(partial(run_account, ACCOUNT, get_broker, print))
        was_logged_in = venue.is_logged_in
        nursery.cancel_scope.cancel()

    assert client is venue
    assert was_logged_in
    assert not venue.is_logged_in


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


async def _open_into(logins: Logins, clients: list[object]) -> None:
    clients.append(await logins.open("main"))
