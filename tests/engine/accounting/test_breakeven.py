"""Where a position could be closed without a loss."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.breakeven import Breakeven, breakeven
from engine.accounting.fees import fee_of
from engine.accounting.positions import fold, unrealised
from engine.instruments import Instrument
from engine.messages import Fill, Position
from tests.support.fills import CLOSE, FLAT, INVERSE, LINEAR, MARKETS, fill, fill_lists

FREE = replace(LINEAR, taker_fee=Decimal(0))


def held(*fills: Fill, market: Instrument = LINEAR) -> Position:
    return fold(FLAT, fills, market)


def test_nothing_held_has_no_breakeven() -> None:
    assert breakeven(FLAT, LINEAR) == Breakeven(None)


def test_without_fees_it_is_the_average_price() -> None:
    position = held(fill("buy", "1", "100"), fill("buy", "3", "104"))

    assert breakeven(position, FREE) == Breakeven(Decimal(103))


def test_a_long_has_to_earn_both_fees() -> None:
    """65,000 in and out at 0.05 %: 65,065.03 (tradingcalc.io, "Break-Even Calculator")."""
    position = held(fill("buy", "1", "65000", "32.5"))
    found = breakeven(position, LINEAR, taker_fee=Decimal("0.0005")).price

    assert found is not None
    assert round(found, 2) == Decimal("65065.03")
    assert abs(found - 65000 * Decimal("1.0005") / Decimal("0.9995")) < Decimal("1e-20")


def test_a_short_has_to_fall_by_both_fees() -> None:
    position = held(fill("sell", "2", "100", "0.2"))

    assert breakeven(position, LINEAR, taker_fee=Decimal("0.001")).price is not None
    found = breakeven(position, LINEAR, taker_fee=Decimal("0.001")).price
    assert found is not None
    assert abs(found - Decimal("99.9") / Decimal("1.001")) < CLOSE


def test_a_rebate_brings_it_nearer() -> None:
    assert breakeven(held(fill("buy", "1", "100", "-1")), FREE).price == 99


def test_a_fee_in_what_was_bought_is_solved_for() -> None:
    """0.001 of 1 btc is gone: the 0.999 that are left have to bring 100."""
    found = breakeven(held(fill("buy", "1", "100", "0.001", "btc")), FREE).price

    assert found is not None
    assert abs(found - 100 / Decimal("0.999")) < CLOSE


def test_a_fee_in_a_third_asset_is_counted_at_its_worth_or_said_to_be_unknown() -> None:
    position = held(fill("buy", "1", "100", "0.01", "bnb"), fill("buy", "1", "100", "1", "aaa"))
    known = {"bnb": Decimal(300), "aaa": Decimal(1)}

    assert breakeven(position, FREE) == Breakeven(None, ("aaa", "bnb"))
    assert breakeven(position, FREE, worth_in_settle=known).price == 102


def test_closing_a_part_takes_its_entry_fee_along() -> None:
    position = held(fill("buy", "2", "100", "4"), fill("sell", "1", "300", "9"))

    assert breakeven(position, FREE).price == 102


def test_profit_that_was_taken_counts_if_it_is_given() -> None:
    """Binance: (cost - gained) / size. 2 bought at 100, 1 sold at 110: 90."""
    position = held(fill("buy", "2", "100"), fill("sell", "1", "110"))

    assert breakeven(position, FREE, carried=position.realised).price == 90


def test_an_inverse_contract_breaks_even_in_base() -> None:
    position = held(fill("buy", "100", "10000", "0.0001", "btc"), market=INVERSE)
    found = breakeven(position, INVERSE, taker_fee=Decimal("0.001")).price

    assert found is not None
    worth = Decimal(1000)
    assert abs(found - worth * Decimal("1.001") / (worth / 10000 - Decimal("0.0001"))) < CLOSE


@pytest.mark.parametrize(
    "position",
    [held(fill("sell", "1", "100", "101")), held(fill("buy", "1", "100", "1", "btc"))],
)
def test_a_position_that_cannot_break_even_says_so(position: Position) -> None:
    assert breakeven(position, FREE).price is None


def test_a_market_that_goes_below_zero_can_break_even_there() -> None:
    market = replace(LINEAR, allows_negative_price=True, taker_fee=Decimal("0.01"))
    long = breakeven(held(fill("buy", "1", "-10")), market).price
    short = breakeven(held(fill("sell", "1", "-10")), market).price

    assert long is not None
    assert short is not None
    assert abs(long - (-10 / Decimal("1.01"))) < CLOSE
    assert abs(short - (-10 / Decimal("0.99"))) < CLOSE


def test_an_order_is_put_where_it_does_not_lose() -> None:
    long, short = held(fill("buy", "3", "100", "0.1")), held(fill("sell", "3", "100", "0.1"))

    assert breakeven(long, FREE).on_tick(long, FREE) == Decimal("100.04")
    assert breakeven(short, FREE).on_tick(short, FREE) == Decimal("99.96")
    assert Breakeven(None).on_tick(FLAT, FREE) is None


@given(
    fill_lists(fee_assets=("usdt", "usd", "btc"), most=12),
    st.sampled_from(MARKETS),
    st.decimals(min_value="-0.01", max_value="0.2", places=4),
)
def test_leaving_there_nets_nothing(fills: list[Fill], market: Instrument, rate: Decimal) -> None:
    """All entry fees, those of the pair's other asset at the price itself, and the way out."""
    known = {"usdt": Decimal(2), "usd": Decimal(3)}
    position = held(*fills, market=market)
    found = breakeven(position, market, taker_fee=rate, worth_in_settle=known).price
    if found is None or found == 0:
        return
    paid = Decimal(0)
    for asset, fee in position.entry_fees.items():
        if asset == market.settle:
            paid += fee
        elif asset in known:
            paid += fee * known[asset]
        else:
            paid += fee * found
    leaving = fee_of(position.size, found, replace(market, taker_fee=rate), "taker")
    net = unrealised(position, found, market) - paid - leaving

    assert abs(net) < Decimal("1e-12") * max(1, abs(found))


@given(st.sampled_from(MARKETS), st.sampled_from(["buy", "sell"]))
def test_costs_put_it_on_the_far_side_of_the_entry(market: Instrument, side: str) -> None:
    position = held(fill(side, "2", "100", "0.01", market.settle), market=market)  # type: ignore[arg-type]
    found = breakeven(position, market).price

    assert found is not None
    assert (found > 100) == (side == "buy")
