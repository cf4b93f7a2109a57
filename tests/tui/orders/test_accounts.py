"""Which account an order names."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from tests.support.desk import ACME, BTC, PAPER, REAL, SIM, Bench
from tui.orders.accounts import AccountChoice

REPLAYED = "btcusdt.spot.replay"


@pytest.fixture
def choice() -> AccountChoice:
    return AccountChoice(Bench(accounts=(SIM, PAPER, REAL)).state)


def test_until_one_is_chosen_it_is_the_first_that_trades_the_market(choice: AccountChoice) -> None:
    assert choice.of(BTC.fqme) is SIM
    assert choice.of(REPLAYED) is PAPER


def test_a_choice_holds_for_all_markets_of_the_broker_and_no_other(choice: AccountChoice) -> None:
    choice.choose("real", BTC.fqme)

    assert choice.of(ACME.fqme) is REAL
    assert choice.of(REPLAYED) is PAPER


def test_the_next_account_is_one_that_trades_the_market(choice: AccountChoice) -> None:
    assert choice.beside(BTC.fqme, 1) is PAPER
    assert choice.beside(BTC.fqme, -1) is REAL
    assert choice.beside(REPLAYED, 1) is PAPER
    assert AccountChoice(Bench(accounts=()).state).beside(BTC.fqme, 1) is None


def test_a_name_that_is_none_or_does_not_trade_the_market_is_an_error(
    choice: AccountChoice,
) -> None:
    with pytest.raises(UsageError, match="no account 'nobody'") as caught:
        choice.named("nobody", BTC.fqme)
    assert caught.value.hint == "accounts: paper, real, sim"

    with pytest.raises(UsageError, match=r"sim does not trade btcusdt\.spot\.replay"):
        choice.choose("sim", REPLAYED)
    assert choice.of(REPLAYED) is PAPER


def test_an_account_that_is_gone_is_no_longer_the_choice(choice: AccountChoice) -> None:
    choice.choose("paper", BTC.fqme)
    del choice._state.accounts["paper"]

    assert choice.of(BTC.fqme) is SIM
