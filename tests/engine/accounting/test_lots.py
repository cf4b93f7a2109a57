"""Which purchase a sale closes, and what was gained on it."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.lots import LotBook, Method, basis, match
from engine.accounting.payoff import flow
from engine.accounting.positions import fold, signed, unrealised
from engine.instruments import Instrument
from engine.messages import Fill
from tests.support.fills import (
    CLOSE,
    DAY_NS,
    FLAT,
    INVERSE,
    LINEAR,
    MARKETS,
    PRICES,
    fill,
    fill_lists,
)

METHODS: tuple[Method, ...] = get_args(Method)

LADDER = (
    fill("buy", "1", "100", at=1 * DAY_NS, trade_id="a"),
    fill("buy", "1", "300", at=2 * DAY_NS, trade_id="b"),
    fill("buy", "1", "200", at=3 * DAY_NS, trade_id="c"),
)
SOLD = fill("sell", "1.5", "250", at=10 * DAY_NS, trade_id="s")


def closed(book: LotBook) -> list[tuple[str, Decimal, Decimal]]:
    return [(lot.opened_by, lot.size, lot.gain) for lot in book.closed]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("fifo", [("a", "1", 150), ("b", "0.5", -25)]),
        ("lifo", [("c", "1", 50), ("b", "0.5", -25)]),
        ("hifo", [("b", "1", -50), ("c", "0.5", 25)]),
        ("average", [("a", "1", 50), ("b", "0.5", 25)]),
    ],
)
def test_a_sale_closes_the_lots_of_its_method(
    method: Method, expected: list[tuple[str, str, int]]
) -> None:
    book = match([*LADDER, SOLD], LINEAR, method)

    assert [(name, Decimal(size), gain) for name, size, gain in expected] == closed(book)
    assert book.size == Decimal("1.5")


def test_a_closed_lot_knows_its_times_and_trades() -> None:
    (first, second) = match([*LADDER, SOLD], LINEAR).closed

    assert (first.opened_by, first.closed_by, first.held_ns) == ("a", "s", 9 * DAY_NS)
    assert (second.opened_ns, second.closed_ns) == (2 * DAY_NS, 10 * DAY_NS)
    assert (second.entry_price, second.exit_price) == (300, 250)


def test_where_a_venue_tells_no_times_ours_are_those_of_the_lots() -> None:
    bought = replace(fill("buy", "1", "100", at=0), recv_ns=5)
    sold = replace(fill("sell", "1", "110", at=0), recv_ns=DAY_NS)
    (lot,) = match([bought, sold], LINEAR).closed

    assert (lot.opened_ns, lot.closed_ns) == (5, DAY_NS)


def test_fees_are_part_of_cost_and_proceeds() -> None:
    """Publication 550: bought for 1,000 and 10 of commission, sold for 1,500 less 15."""
    fills = [fill("buy", "10", "100", "10"), fill("sell", "10", "150", "15")]
    (lot,) = match(fills, LINEAR).closed

    assert (lot.cost, lot.proceeds, lot.gain, lot.price_gain) == (1010, 1485, 475, 500)
    assert (lot.entry_fees, lot.exit_fees) == ({"usdt": 10}, {"usdt": 15})


def test_a_part_takes_its_share_of_the_fees() -> None:
    fills = [
        fill("buy", "4", "100", "8"),
        fill("buy", "1", "100", "1"),
        fill("sell", "1", "110", "3"),
        fill("sell", "4", "110", "8"),
    ]
    book = match(fills, LINEAR)

    assert [lot.entry_fees["usdt"] for lot in book.closed] == [2, 6, 1]
    assert [lot.exit_fees["usdt"] for lot in book.closed] == [3, 6, 2]
    assert book.open == ()


def test_fees_in_other_assets_stay_beside_the_lot() -> None:
    fills = [fill("buy", "2", "100", "0.02", "bnb"), fill("sell", "1", "110", "1", "bnb")]
    book = match(fills, LINEAR)

    assert book.closed[0].gain == 10
    assert book.closed[0].entry_fees == {"bnb": Decimal("0.01")}
    assert book.closed[0].exit_fees == {"bnb": 1}
    assert book.open[0].fees == {"bnb": Decimal("0.01")}


@pytest.mark.parametrize(
    ("method", "first"), [("fifo", "a"), ("lifo", "b"), ("hifo", "a"), ("average", "a")]
)
def test_of_equal_lots_the_older_goes_first_but_with_lifo(method: Method, first: str) -> None:
    fills = [
        fill("buy", "1", "100", at=1, trade_id="a"),
        fill("buy", "1", "100", at=1, trade_id="b"),
        fill("sell", "1", "120", at=2),
    ]

    assert first == match(fills, LINEAR, method).closed[0].opened_by


def test_hifo_counts_the_fee_in_what_a_lot_cost() -> None:
    fills = [
        fill("buy", "1", "100", "5", trade_id="dear"),
        fill("buy", "1", "102", "1", trade_id="cheap"),
        fill("sell", "1", "120"),
    ]

    assert match(fills, LINEAR, "hifo").closed[0].opened_by == "dear"


def test_a_short_is_opened_by_its_sale() -> None:
    fills = [
        fill("sell", "2", "100", "2", at=1, trade_id="a"),
        fill("buy", "1", "90", "1", at=4, trade_id="b"),
    ]
    book = match(fills, LINEAR)
    (lot,) = book.closed

    assert (lot.size, lot.proceeds, lot.cost, lot.gain, lot.held_ns) == (-1, 99, 91, 8, 3)
    assert (book.size, book.open[0].size, book.open[0].price) == (-1, -1, 100)


def test_hifo_of_shorts_closes_what_was_sold_lowest() -> None:
    fills = [
        fill("sell", "1", "100", trade_id="a"),
        fill("sell", "1", "80", trade_id="b"),
        fill("buy", "1", "90"),
    ]
    (lot,) = match(fills, LINEAR, "hifo").closed

    assert (lot.opened_by, lot.gain) == ("b", -10)


@pytest.mark.parametrize("method", METHODS)
def test_going_through_zero_closes_all_lots_and_opens_one(method: Method) -> None:
    book = match([*LADDER, fill("sell", "5", "250", "5", trade_id="s")], LINEAR, method)
    (lot,) = book.open

    assert [name for name, _, _ in closed(book)].count("s") == 0
    assert (lot.size, lot.price, lot.trade_id, lot.fees) == (-2, 250, "s", {"usdt": 2})
    assert sum((one.exit_fees["usdt"] for one in book.closed), Decimal(0)) == 3
    assert book.realised == 150


def test_the_average_starts_anew_after_zero() -> None:
    fills = [*LADDER, fill("sell", "3", "250"), fill("buy", "1", "50"), fill("buy", "1", "70")]
    book = match(fills, LINEAR, "average")

    assert [lot.price for lot in book.open] == [60, 60]


def test_a_basis_holds_the_fee_of_its_side() -> None:
    long = match([fill("buy", "2", "100", "3")], LINEAR)
    short = match([fill("sell", "2", "100", "3")], LINEAR)

    assert (basis(long.open[0], LINEAR), basis(short.open[0], LINEAR)) == (203, 197)


def test_an_inverse_long_receives_base_first() -> None:
    """Bybit, "What is Inverse Contract?": it sells dollars for 0.435 and buys them for 0.4."""
    fills = [
        fill("buy", "1000", "23000", "0.001", "btc"),
        fill("sell", "1000", "25000", "0.002", "btc"),
    ]
    (lot,) = match(fills, INVERSE).closed

    assert round(lot.proceeds, 8) == round(Decimal(10000) / 23000 - Decimal("0.001"), 8)
    assert lot.cost == Decimal("0.402")
    assert round(lot.gain, 8) == Decimal("0.03178261")


def test_a_fill_of_another_market_or_account_is_refused() -> None:
    book = match(LADDER, LINEAR)

    with pytest.raises(ValueError, match="given to"):
        book.apply(fill("buy", "1", "1", fqme="ethusdt.spot.test"))


def test_published_lots_of_one_year() -> None:
    """100 shares at 20, 100 at 30, 100 at 25; 150 sold at 28: textbook gains by method."""
    bought = [fill("buy", "100", price, trade_id=price) for price in ("20", "30", "25")]
    gains = {
        method: sum(
            lot.gain for lot in match([*bought, fill("sell", "150", "28")], LINEAR, method).closed
        )
        for method in METHODS
    }

    assert gains == {"fifo": 700, "lifo": 200, "hifo": -50, "average": 450}


# -- for all fills -------------------------------------------------------------------------------

FILLS = fill_lists(fee_assets=("usdt", "btc", "bnb"))
METHOD = st.sampled_from(METHODS)
MARKET = st.sampled_from(MARKETS)


@given(FILLS, METHOD, MARKET)
def test_open_lots_sum_to_the_position(
    fills: list[Fill], method: Method, market: Instrument
) -> None:
    book = match(fills, market, method)

    assert book.size == fold(FLAT, fills, market).size
    assert book.size == sum((lot.size for lot in book.open), Decimal(0))
    assert all(lot.size * book.size > 0 for lot in book.open)


@given(FILLS, METHOD, MARKET, PRICES)
def test_all_methods_agree_on_realised_and_unrealised_together(
    fills: list[Fill], method: Method, market: Instrument, price: Decimal
) -> None:
    position, book = fold(FLAT, fills, market), match(fills, market, method)
    whole = position.realised + unrealised(position, price, market)

    assert abs(book.realised + book.unrealised(price) - whole) < CLOSE * max(1, abs(whole))


@given(FILLS, METHOD, MARKET, PRICES)
def test_a_full_round_trip_realises_the_same_by_every_method(
    fills: list[Fill], method: Method, market: Instrument, price: Decimal
) -> None:
    held = fold(FLAT, fills, market).size
    side = "sell" if held > 0 else "buy"
    ended = [*fills, fill(side, str(abs(held)), str(price), at=99)] if held else fills
    position, book = fold(FLAT, ended, market), match(ended, market, method)

    assert book.open == ()
    assert abs(book.realised - position.realised) < CLOSE * max(1, abs(position.realised))


@given(FILLS, METHOD, MARKET, PRICES)
def test_gains_and_what_is_open_are_the_cash_that_moved(
    fills: list[Fill], method: Method, market: Instrument, price: Decimal
) -> None:
    """Realised + unrealised - fees == change of cash + market value."""
    book, settle = match(fills, market, method), market.settle
    changes = [(signed(one.side, one.size), one.price) for one in fills]
    cash = sum((flow(size, paid, market) for size, paid in changes), Decimal(0))
    fees = sum((one.fee for one in fills if one.fee_asset == settle), Decimal(0))
    value = -flow(book.size, price, market)
    gains = sum((lot.gain for lot in book.closed), Decimal(0))
    open_fees = sum((lot.fees.get(settle, Decimal(0)) for lot in book.open), Decimal(0))
    counted = gains + book.unrealised(price) - open_fees

    assert abs(counted - (cash - fees + value)) < CLOSE * max(1, abs(value), abs(cash))


@given(FILLS, METHOD, MARKET)
def test_no_fee_is_lost_or_counted_twice(
    fills: list[Fill], method: Method, market: Instrument
) -> None:
    book = match(fills, market, method)
    for asset in ("usdt", "btc", "bnb"):
        paid = sum((one.fee for one in fills if one.fee_asset == asset), Decimal(0))
        parts = [lot.fees for lot in book.open]
        parts += [fees for lot in book.closed for fees in (lot.entry_fees, lot.exit_fees)]
        found = sum((fees.get(asset, Decimal(0)) for fees in parts), Decimal(0))

        assert abs(found - paid) < CLOSE


@given(FILLS, METHOD, MARKET)
def test_a_gain_is_the_price_gain_less_its_own_fees(
    fills: list[Fill], method: Method, market: Instrument
) -> None:
    for lot in match(fills, market, method).closed:
        settle = market.settle
        fees = lot.entry_fees.get(settle, Decimal(0)) + lot.exit_fees.get(settle, Decimal(0))

        assert abs(lot.gain - (lot.price_gain - fees)) < CLOSE * max(1, abs(lot.cost))
        assert lot.held_ns >= 0


@given(FILLS, MARKET)
def test_average_lots_have_the_average_and_the_entry_fees_of_the_position(
    fills: list[Fill], market: Instrument
) -> None:
    position, book = fold(FLAT, fills, market), match(fills, market, "average")
    fees: dict[str, Decimal] = {}
    for lot in book.open:
        assert position.average_price is not None
        assert abs(lot.price - position.average_price) < CLOSE * max(1, lot.price)
        for asset, fee in lot.fees.items():
            fees[asset] = fees.get(asset, Decimal(0)) + fee

    assert abs(book.realised - position.realised) < CLOSE * max(1, abs(position.realised))
    for asset in {*fees, *position.entry_fees}:
        known = position.entry_fees.get(asset, Decimal(0))
        assert abs(fees.get(asset, Decimal(0)) - known) < CLOSE


@given(FILLS, MARKET)
def test_hifo_realises_no_more_at_any_sale_than_the_other_methods_could(
    fills: list[Fill], market: Instrument
) -> None:
    """Of the lots that are open it closes first what gains least, so that a single closing
    trade after any purchases gains no more than by any other method."""
    opened = [one for one in fills if one.side == "buy"]
    if not opened:
        return
    half = sum(one.size for one in opened) / 2
    ended = [*opened, fill("sell", str(half), "500", at=99)]
    gains = {
        method: sum((lot.gain for lot in match(ended, market, method).closed), Decimal(0))
        for method in METHODS
    }

    assert gains["hifo"] <= min(gains.values()) + CLOSE * max(1, abs(gains["hifo"]))
