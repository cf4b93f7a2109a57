"""Positions as a fold over fills."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.positions import after_fill, apply, fill_of, signed, unrealised
from engine.messages import Fill, Filled, Order, Position, Side
from tests.support.venue import FQME, INSTRUMENT

FLAT = Position(account="a", fqme=FQME)
CONTRACT = replace(INSTRUMENT, multiplier=Decimal(50))
EXACT_ENOUGH = Decimal("1e-30")


def fill(side: Side, size: str, price: str, fee: str = "0", fee_asset: str = "usdt") -> Fill:
    return Fill(
        order_id="o",
        account="a",
        fqme=FQME,
        trade_id="t",
        side=side,
        price=Decimal(price),
        size=Decimal(size),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        venue_ns=5,
    )


def held(*fills: Fill) -> Position:
    return reduce(lambda position, one: apply(position, one, INSTRUMENT), fills, FLAT)


def test_a_reported_execution_is_a_fill_of_its_order_with_nothing_lost() -> None:
    order = Order(
        order_id="o",
        account="a",
        fqme=FQME,
        side="sell",
        order_type="limit",
        size=Decimal("9"),
        price=Decimal("1"),
    )
    event = Filled(
        order_id="o",
        trade_id="t",
        price=Decimal("100.10"),
        size=Decimal("0.50"),
        fee=Decimal("-0.01"),
        fee_asset="bnb",
        liquidity="maker",
        venue_ns=5,
    )

    made = fill_of(order, event, 7)

    for name in set(Filled.__struct_fields__) & set(Fill.__struct_fields__):
        assert getattr(event, name) == getattr(made, name), name
    assert ("a", FQME, "sell", 7) == (made.account, made.fqme, made.side, made.recv_ns)


def test_buying_more_moves_the_average() -> None:
    position = held(fill("buy", "1", "100"), fill("buy", "3", "104"))

    assert (position.size, position.average_price, position.realised) == (4, 103, 0)
    assert position.updated_ns == 5


def test_closing_a_part_realises_and_keeps_the_average() -> None:
    position = held(fill("buy", "4", "100"), fill("sell", "1", "110"))

    assert (position.size, position.average_price, position.realised) == (3, 100, 10)


def test_closing_all_leaves_no_average() -> None:
    position = held(fill("sell", "4", "100"), fill("buy", "4", "90"))

    assert (position.size, position.average_price, position.realised) == (0, None, 40)


def test_going_through_zero_closes_then_opens_at_the_price_of_the_fill() -> None:
    position = held(fill("buy", "2", "100"), fill("sell", "5", "103"))

    assert (position.size, position.average_price, position.realised) == (-3, 103, 6)


def test_contracts_are_worth_their_multiplier() -> None:
    bought = apply(FLAT, fill("buy", "1", "100"), CONTRACT)
    position = apply(bought, fill("sell", "1", "101"), CONTRACT)

    assert unrealised(bought, Decimal(99), CONTRACT) == -50
    assert position.realised == 50


@pytest.mark.parametrize("asset", ["usdt", "shib"])
def test_no_digit_of_a_fee_is_lost_in_a_large_sum(asset: str) -> None:
    large, small = "1234567890123", "0.000000000000000001"
    position = held(fill("buy", "1", "1", large, asset), fill("buy", "1", "1", small, asset))

    fees = {"usdt": position.fees, **position.fees_in_other}
    assert str(fees[asset]) == "1234567890123.000000000000000001"


def test_fees_in_quote_are_kept_apart_from_profit_and_from_other_fees() -> None:
    position = held(
        fill("buy", "1", "100", "0.1"),
        fill("buy", "1", "100", "0.002", "btc"),
        fill("sell", "2", "100", "0.003", "btc"),
        fill("buy", "1", "100", "-0.05"),
    )

    assert position.realised == 0
    assert position.fees == Decimal("0.05")
    assert position.fees_in_other == {"btc": Decimal("0.005")}


def test_a_fold_does_not_touch_what_it_was_given() -> None:
    first = held(fill("buy", "1", "100", "0.1", "btc"))
    apply(first, fill("buy", "1", "100", "0.1", "btc"), INSTRUMENT)

    assert first.fees_in_other == {"btc": Decimal("0.1")}


def test_a_flat_position_has_nothing_unrealised() -> None:
    assert unrealised(FLAT, Decimal(100), INSTRUMENT) == 0


def test_a_preview_is_what_the_fill_would_make_of_it() -> None:
    position = held(fill("buy", "2", "100"))
    preview = after_fill(position, "sell", Decimal(5), Decimal(103), INSTRUMENT)
    real = apply(position, fill("sell", "5", "103"), INSTRUMENT)

    assert preview == replace(real, updated_ns=preview.updated_ns)


def test_a_fill_of_another_market_is_refused() -> None:
    with pytest.raises(ValueError, match="given to"):
        apply(Position(account="b", fqme=FQME), fill("buy", "1", "100"), INSTRUMENT)


FILLS = st.lists(
    st.builds(
        fill,
        st.sampled_from(["buy", "sell"]),
        st.decimals(min_value="0.001", max_value="1000", places=3).map(str),
        st.decimals(min_value="0.01", max_value="100000", places=2).map(str),
        st.decimals(min_value="-5", max_value="5", places=4).map(str),
        st.sampled_from(["usdt", "usdt", "btc"]),
    ),
    max_size=40,
)


@given(FILLS)
def test_the_size_is_the_sum_of_the_fills(fills: list[Fill]) -> None:
    position = held(*fills)

    assert position.size == sum(signed(one.side, one.size) for one in fills)
    assert (position.average_price is None) == (position.size == 0)


@given(FILLS, st.decimals(min_value="0.01", max_value="100000", places=2))
def test_profit_is_cash_plus_what_is_held(fills: list[Fill], price: Decimal) -> None:
    position = held(*fills)
    cash = sum((-signed(one.side, one.size) * one.price for one in fills), Decimal(0))
    fees = sum((one.fee for one in fills if one.fee_asset == "usdt"), Decimal(0))
    profit = position.realised + unrealised(position, price, INSTRUMENT) - position.fees
    worth = cash - fees + position.size * price

    assert position.fees == fees
    assert abs(profit - worth) < EXACT_ENOUGH


@given(FILLS)
def test_the_average_lies_between_the_prices_that_were_paid(fills: list[Fill]) -> None:
    position = held(*fills)
    side = "buy" if position.size > 0 else "sell"
    prices = [one.price for one in fills if one.side == side]

    if position.average_price is not None:
        assert min(prices) - EXACT_ENOUGH <= position.average_price
        assert position.average_price <= max(prices) + EXACT_ENOUGH
