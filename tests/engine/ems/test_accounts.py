"""Accounts as configured, and the service that keeps one logged in."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import msgspec
import pytest
import trio
import trio.testing

from engine.broker import Broker
from engine.ems.accounts import Account, run_account
from engine.ems.risk import RiskLimits
from tests.support.venue import ScriptedVenue

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
