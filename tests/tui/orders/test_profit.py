"""Profit of positions at the prices that the deck shows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.messages import Position, PositionUpdate
from tests.support.desk import ACME, BTC, ES, QUOTES, Bench
from tui.orders.profit import Profit, profit_by_asset, profit_of
from tui.state import DeckState, MarketView

D = Decimal
MONEY = st.decimals(min_value=-(10**6), max_value=10**6, places=2)
PROFITS = st.builds(Profit, MONEY, MONEY, MONEY, st.booleans())


def _market(stale: bool = False) -> MarketView:
    market = MarketView(BTC, QUOTES[BTC.fqme])
    market.is_stale = stale
    return market


def _held(size: str, average: str | None, **fields: object) -> Position:
    price = None if average is None else D(average)
    return Position(account="sim", fqme=BTC.fqme, size=D(size), average_price=price, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "gain"), [("0.5", "500"), ("-0.5", "-500")])
def test_what_is_held_counts_at_the_last_price(size: str, gain: str) -> None:
    profit = profit_of(_held(size, "63000"), _market())

    assert profit == Profit(unrealised=D(gain))
    assert profit.net == D(gain)


def test_the_net_is_without_fees() -> None:
    profit = profit_of(_held("0.5", "63000", realised=D(100), fees=D("7.5")), _market())

    assert profit == Profit(D(100), D(500), D("7.5"))
    assert profit.net == D("592.5")


def test_a_contract_counts_its_multiplier() -> None:
    position = Position(account="sim", fqme=ES.fqme, size=D(2), average_price=D("5900"))

    assert profit_of(position, MarketView(ES, QUOTES[ES.fqme])).unrealised == D(25)


def test_what_is_flat_keeps_what_it_made_and_no_price_makes_it_stale() -> None:
    flat = _held("0", None, realised=D(-3), fees=D(1))

    for market in (None, _market(), _market(stale=True)):
        assert profit_of(flat, market) == Profit(D(-3), D(0), D(1), is_stale=False)


def test_what_is_held_at_a_price_of_before_is_stale() -> None:
    assert profit_of(_held("1", "63000"), _market(stale=True)) == Profit(
        unrealised=D(1000), is_stale=True
    )


def test_what_is_held_in_a_market_that_is_not_open_counts_as_nothing_and_as_stale() -> None:
    assert profit_of(_held("1", "63000", fees=D(2)), None) == Profit(fees=D(2), is_stale=True)


def test_a_price_is_read_as_it_is_shown_not_as_it_is_stored() -> None:
    market = MarketView(BTC, type(QUOTES[BTC.fqme])(fqme=BTC.fqme, last=0.1))

    assert profit_of(_held("1", "0"), market).unrealised == D("0.1")


@given(PROFITS, PROFITS)
def test_a_sum_adds_every_part_and_is_stale_if_one_is(one: Profit, other: Profit) -> None:
    both = one + other

    assert both.net == one.net + other.net
    assert both[:3] == tuple(a + b for a, b in zip(one[:3], other[:3], strict=True))
    assert both.is_stale == (one.is_stale or other.is_stale)
    assert one + Profit() == one


def test_a_profit_is_added_to_nothing_but_a_profit() -> None:
    with pytest.raises(TypeError):
        Profit() + D(1)  # type: ignore[operator]


def test_profits_are_added_up_in_one_asset_and_never_across_assets() -> None:
    state = Bench().state
    for account, fqme, realised in (
        ("sim", BTC.fqme, 5),
        ("paper", BTC.fqme, 7),
        ("sim", ACME.fqme, -2),
        ("sim", "xrp.spot.sim", 1),
    ):
        position = Position(account=account, fqme=fqme, realised=D(realised))
        state.fold(PositionUpdate(position=position))

    assert {asset: profit.realised for asset, profit in profit_by_asset(state).items()} == {
        "usdt": D(12),
        "usd": D(-2),
        "?": D(1),
    }


def test_profit_is_counted_in_the_asset_that_it_is_paid_in() -> None:
    state = Bench().state
    market = state.markets[BTC.fqme]
    market.instrument = replace(BTC, is_inverse=True)
    position = Position(account="sim", fqme=BTC.fqme, realised=D("0.01"))
    state.fold(PositionUpdate(position=position))

    assert profit_by_asset(state) == {"btc": Profit(realised=D("0.01"))}


def test_without_positions_there_is_no_profit_to_tell() -> None:
    assert profit_by_asset(DeckState()) == {}
