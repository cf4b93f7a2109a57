"""Which markets exchange base for quote, told by how venues name them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.accounting.delivery import CONTRACTS, is_delivered
from tests.support.venue import INSTRUMENT


def named(fqme: str, **changes: Any) -> bool:
    return is_delivered(replace(INSTRUMENT, fqme=fqme, **changes))


@pytest.mark.parametrize(
    "fqme",
    ["btcusdt.spot.sim", "aapl.nasdaq.ib", "eurusd.idealpro.ib", "xbtusd.kraken", "perp.spot.sim"],
)
def test_spot_shares_and_foreign_exchange_are_delivered(fqme: str) -> None:
    assert named(fqme)


@pytest.mark.parametrize("word", sorted(CONTRACTS))
def test_a_word_for_contracts_in_the_name_of_the_venue_is_one(word: str) -> None:
    assert not named(f"btcusdt.{word}.sim")
    assert not named(f"btcusdt.{word}.x.sim")


@pytest.mark.parametrize("ends", ["202612", "20261225", "261225"])
def test_what_ends_on_a_date_is_a_contract(ends: str) -> None:
    assert not named(f"es.cme.{ends}.ib")


@pytest.mark.parametrize("no_date", ["2026", "20261", "2026122", "12345"])
def test_other_numbers_are_no_dates(no_date: str) -> None:
    assert named(f"es.cme.{no_date}.ib")


def test_what_is_inverse_or_stands_for_several_units_is_a_contract_by_any_name() -> None:
    assert not named("btcusd.spot.sim", is_inverse=True)
    assert not named("btcusd.spot.sim", multiplier=Decimal(100))


def test_a_name_that_cannot_be_read_is_taken_for_what_most_are() -> None:
    assert named("btcusdt")
