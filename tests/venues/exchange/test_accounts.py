"""Balances of spot accounts, free and locked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.venues.exchange.accounts import Balance, SpotAccount
from tests.venues.exchange.orders import Refusal


def test_a_reservation_is_exactly_what_is_needed_now() -> None:
    account = SpotAccount("me", {"USDT": Balance(free=Decimal(100))})
    account.reserve("order 1", "USDT", Decimal(30))
    account.reserve("order 2", "USDT", Decimal(50))
    assert account.snapshot({"USDT": None}) == {"USDT": (20, 80)}
    account.reserve("order 1", "USDT", Decimal(10))
    account.reserve("order 2", "USDT", Decimal(0))
    assert account.snapshot({"USDT": None}) == {"USDT": (90, 10)}


def test_a_group_may_use_what_it_has_locked_itself() -> None:
    account = SpotAccount("me", {"USDT": Balance(free=Decimal(100))})
    account.reserve("link a", "USDT", Decimal(90))
    account.check("USDT", Decimal(95), "link a")
    with pytest.raises(Refusal):
        account.check("USDT", Decimal(101), "link a")
    with pytest.raises(Refusal):
        account.check("USDT", Decimal(11), "link b")


def test_an_asset_never_held_is_there_with_nothing() -> None:
    account = SpotAccount("me")
    assert account.balance("ETH").total == 0
