"""Positions as a fold over fills."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.payoff import flow, worth
from engine.accounting.positions import (
    after_fill,
    apply,
    fill_of,
    fold,
    parts_of,
    signed,
    unrealised,
)
from engine.instruments import Instrument
from engine.messages import Fill, Filled, Order, Position
from tests.support.fills import (
    CLOSE,
    CONTRACT,
    FLAT,
    INVERSE,
    LINEAR,
    MARKETS,
    PRICES,
    fill,
    fill_lists,
)
from tests.support.venue import FQME, INSTRUMENT


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


def test_entry_fees_leave_with_the_part_that_is_closed() -> None:
    position = held(
        fill("buy", "4", "100", "0.8"),
        fill("buy", "1", "100", "0.1", "bnb"),
        fill("sell", "2", "110", "0.3"),
    )

    assert {"usdt": Decimal("0.48"), "bnb": Decimal("0.06")} == position.entry_fees
    assert position.fees == Decimal("1.1")


def test_a_fee_of_going_through_zero_is_shared_by_size() -> None:
    position = held(fill("buy", "2", "100", "0.1"), fill("sell", "5", "103", "0.5"))

    assert {"usdt": Decimal("0.3")} == position.entry_fees
    assert position.fees == Decimal("0.6")


def test_what_is_closed_has_no_entry_fees() -> None:
    assert held(fill("buy", "2", "100", "0.1"), fill("sell", "2", "90", "0.1")).entry_fees == {}


@pytest.mark.parametrize(
    ("held", "change", "closing", "opening"),
    [(0, 3, 0, 3), (2, 3, 0, 3), (-2, 3, 2, 1), (5, -3, -3, 0), (3, -3, -3, 0), (2, -5, -2, -3)],
)
def test_a_trade_closes_what_is_held_and_opens_the_rest(
    held: int, change: int, closing: int, opening: int
) -> None:
    assert (closing, opening) == parts_of(Decimal(held), Decimal(change))


# -- what venues print in their own pages --------------------------------------------------------

DOLLAR = replace(INVERSE, multiplier=Decimal(1))
"""A dollar to a contract, as Bybit's BTCUSD and BitMEX's XBTUSD."""


def test_the_average_entry_of_an_inverse_contract_is_bybits() -> None:
    """help-center article 000001113: 50 contracts at 10,000 and 50 at 15,000 are at 12,000."""
    position = fold(FLAT, [fill("buy", "50", "10000"), fill("buy", "50", "15000")], DOLLAR)

    assert position.average_price is not None
    assert abs(position.average_price - 12000) < CLOSE


def test_the_average_entry_of_a_linear_contract_is_bybits() -> None:
    """The same page: 1 BTC at 10,000 and 2 at 13,000 are at 12,000."""
    assert held(fill("buy", "1", "10000"), fill("buy", "2", "13000")).average_price == 12000


def test_the_profit_of_an_inverse_contract_is_bybits() -> None:
    """ "What is Inverse Contract?": 10,000 contracts from 23,000 to 25,000 gain 0.0348 BTC."""
    fills = [fill("buy", "10000", "23000"), fill("sell", "10000", "25000")]
    position = fold(FLAT, fills, DOLLAR)

    assert round(position.realised, 8) == Decimal("0.03478261")


@pytest.mark.parametrize(
    ("side", "mark", "profit"), [("buy", "5500", "0.01818182"), ("sell", "4500", "0.02222222")]
)
def test_the_open_profit_of_an_inverse_contract_goes_with_its_side(
    side: str, mark: str, profit: str
) -> None:
    """Coinlocally, "Margin and profit & loss calculations": 1,000 contracts at 5,000."""
    position = fold(FLAT, [fill(side, "1000", "5000")], DOLLAR)  # type: ignore[arg-type]

    assert round(unrealised(position, Decimal(mark), DOLLAR), 8) == Decimal(profit)


def test_the_average_of_two_sizes_is_the_venues() -> None:
    """The same page: 1,000 contracts at 5,000 and 2,000 at 6,000 are at 5,625."""
    position = fold(FLAT, [fill("buy", "1000", "5000"), fill("buy", "2000", "6000")], DOLLAR)

    assert position.average_price is not None
    assert abs(position.average_price - 5625) < CLOSE


def test_the_realised_profit_of_a_bitmex_trade_agrees_to_the_satoshi() -> None:
    """885 XBTUSD from 7,299 to 6,635.5: -1,212,403 satoshi before rounding per execution."""
    fills = [fill("buy", "885", "7299"), fill("sell", "885", "6635.5")]
    position = fold(FLAT, fills, DOLLAR)

    assert round(position.realised * 10**8) == -1212403


def test_fees_of_an_inverse_contract_are_counted_in_base() -> None:
    position = fold(FLAT, [fill("buy", "1", "100", "0.01", "btc")], INVERSE)

    assert (position.fees, position.fees_in_other) == (Decimal("0.01"), {})


@pytest.mark.parametrize("price", ["0", "-1"])
def test_an_inverse_contract_has_no_price_of_zero(price: str) -> None:
    position = fold(FLAT, [fill("buy", "1", "100")], INVERSE)

    with pytest.raises(ValueError, match="inverse"):
        unrealised(position, Decimal(price), INVERSE)


def test_a_negative_price_is_a_price_for_a_linear_market() -> None:
    position = held(fill("buy", "1", "-37.63"), fill("buy", "1", "-10.37"))

    assert position.average_price == -24
    assert unrealised(position, Decimal(1), LINEAR) == 50


# -- for all fills -------------------------------------------------------------------------------

FILLS = fill_lists(fee_assets=("usdt", "usdt", "btc"))
EVERY_MARKET = st.sampled_from(MARKETS)


@given(FILLS, EVERY_MARKET)
def test_the_size_is_the_sum_of_the_fills(fills: list[Fill], market: Instrument) -> None:
    position = fold(FLAT, fills, market)

    assert position.size == sum(signed(one.side, one.size) for one in fills)
    assert (position.average_price is None) == (position.size == 0)
    assert position.size or position.entry_fees == {}


@given(FILLS, PRICES, EVERY_MARKET)
def test_profit_is_cash_plus_what_is_held(
    fills: list[Fill], price: Decimal, market: Instrument
) -> None:
    position = fold(FLAT, fills, market)
    changes = [(signed(one.side, one.size), one.price) for one in fills]
    cash = sum((flow(size, paid, market) for size, paid in changes), Decimal(0))
    fees = sum((one.fee for one in fills if one.fee_asset == market.settle), Decimal(0))
    profit = position.realised + unrealised(position, price, market) - position.fees
    value = -flow(position.size, price, market)

    assert position.fees == fees
    assert abs(profit - (cash - fees + value)) < CLOSE * max(1, abs(value))


@given(FILLS, EVERY_MARKET)
def test_the_average_lies_between_the_prices_that_were_paid(
    fills: list[Fill], market: Instrument
) -> None:
    position = fold(FLAT, fills, market)
    side = "buy" if position.size > 0 else "sell"
    prices = [one.price for one in fills if one.side == side]

    if position.average_price is not None:
        assert min(prices) - CLOSE <= position.average_price
        assert position.average_price <= max(prices) + CLOSE


@given(FILLS, st.integers(min_value=0, max_value=30), EVERY_MARKET)
def test_folding_in_two_goes_is_folding_in_one(
    fills: list[Fill], cut: int, market: Instrument
) -> None:
    whole = fold(FLAT, fills, market)

    assert whole == fold(fold(FLAT, fills[:cut], market), fills[cut:], market)


@given(FILLS, EVERY_MARKET)
def test_a_mirrored_position_has_the_opposite_profit(fills: list[Fill], market: Instrument) -> None:
    mirrored = [replace(one, side="sell" if one.side == "buy" else "buy") for one in fills]
    one, other = fold(FLAT, fills, market), fold(FLAT, mirrored, market)

    assert (one.size, one.average_price) == (-other.size, other.average_price)
    assert abs(one.realised + other.realised) < CLOSE
    assert one.entry_fees == other.entry_fees


@given(FILLS, EVERY_MARKET)
def test_entry_fees_are_those_of_opening_less_what_was_closed(
    fills: list[Fill], market: Instrument
) -> None:
    open_fees: dict[str, Decimal] = {}
    position = FLAT
    for one in fills:
        parts = parts_of(position.size, signed(one.side, one.size))
        after = apply(position, one, market)
        kept = (position.size + parts.closing) / position.size if position.size else Decimal(0)
        open_fees = {asset: fee * kept for asset, fee in open_fees.items()}
        share = one.fee * abs(parts.opening) / one.size
        open_fees[one.fee_asset] = open_fees.get(one.fee_asset, Decimal(0)) + share
        position = after

    for asset, fee in open_fees.items():
        assert abs(position.entry_fees.get(asset, Decimal(0)) - fee) < Decimal("1e-20")


@given(PRICES, EVERY_MARKET)
def test_what_a_trade_is_worth_is_what_it_moves(price: Decimal, market: Instrument) -> None:
    moved = abs(flow(Decimal(3), price, market))

    assert abs(worth(Decimal(3), price, market) - moved) < CLOSE
