"""Accounts of the exchange: what each execution does to orders, positions and money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.sim.accounts import SimAccount
from brokers.sim.instruments import LISTINGS
from engine.messages import Accepted, Filled, Order, OrderEvent, OrderState, Side

D = Decimal
BTC = next(listing for listing in LISTINGS if listing.fqme == "btcusdt.spot.sim")
ES = next(listing for listing in LISTINGS if listing.fqme == "es.cme.202612.sim")


def order(order_id: str = "o", side: Side = "buy", size: str = "3", **changes: Any) -> Order:
    fields: dict[str, Any] = {"account": "me", "fqme": BTC.fqme, "order_type": "limit"}
    return Order(order_id=order_id, side=side, size=D(size), **{**fields, **changes})


def filled(size: str, price: str, fee: str = "0", **changes: Any) -> Filled:
    fields: dict[str, Any] = {"order_id": "o", "trade_id": f"{size}@{price}", "fee_asset": "USDT"}
    fields |= {"size": D(size), "price": D(price), "fee": D(fee), "venue_ns": 9}
    return Filled(**{**fields, **changes})


def account(*orders: Order, **cash: str) -> SimAccount:
    made = SimAccount("me", {asset: D(amount) for asset, amount in cash.items()})
    for number, each in enumerate(orders, 1):
        made.enter(each, number, 5)
    return made


# -- orders ------------------------------------------------------------------------------------


def test_an_order_that_was_taken_works_under_its_number() -> None:
    made = account(order())
    entry = made.working["o"]

    assert (entry.number, entry.fqme, entry.order.venue_order_id) == (1, BTC.fqme, "1")
    assert (entry.order.state, entry.order.updated_ns) == (OrderState.OPEN, 5)


def test_an_order_id_stays_used_when_its_order_is_done() -> None:
    made = account(order(size="1"))
    assert not made.is_used("other")
    made.fill(filled("1", "100"), made.working["o"].order, BTC)

    assert dict(made.working) == {}
    assert made.is_used("o")


def test_a_part_that_is_filled_shows_in_the_order_with_its_exact_average() -> None:
    made = account(order())
    made.fill(filled("1", "100", "0.1"), made.working["o"].order, BTC)
    made.fill(filled("0.5", "101", "0.05"), made.working["o"].order, BTC)

    working = made.working["o"].order
    assert (working.state, working.filled, working.remaining) == (
        OrderState.PARTIAL,
        D("1.5"),
        D("1.5"),
    )
    assert working.average_price is not None
    assert working.average_price * D("1.5") == pytest.approx(D("150.5"), abs=D("1e-25"))
    assert (working.fees, working.fee_asset, working.updated_ns) == (D("0.15"), "USDT", 9)


def test_fills_are_kept_in_order_with_what_the_venue_said() -> None:
    made = account(order())
    made.fill(filled("1", "100", "0.1", liquidity="maker"), made.working["o"].order, BTC)
    made.fill(filled("2", "99"), made.working["o"].order, BTC)

    assert [(fill.trade_id, fill.side, fill.liquidity) for fill in made.fills] == [
        ("1@100", "buy", "maker"),
        ("2@99", "buy", ""),
    ]
    assert {fill.account for fill in made.fills} == {"me"}


# -- money -------------------------------------------------------------------------------------


def test_what_is_delivered_changes_hands_for_its_price_and_the_fee() -> None:
    made = account(order(), order("s", "sell"), USDT="1000")
    made.fill(filled("2", "100", "0.5"), made.working["o"].order, BTC)
    bought = dict(made.balances)
    made.fill(filled("1", "110", "0.25", order_id="s"), made.working["s"].order, BTC)

    assert bought == {"USDT": D("799.5"), "BTC": D(2)}
    assert made.balances == {"USDT": D("909.25"), "BTC": D(1)}


def test_a_future_is_settled_by_its_profit_alone() -> None:
    orders = (order(fqme=ES.fqme), order("s", "sell", fqme=ES.fqme))
    made = account(*orders, USD="1000")
    usd = {"fee_asset": "USD"}
    made.fill(filled("2", "6000", "1", **usd), made.working["o"].order, ES)
    opened = dict(made.balances)
    made.fill(filled("1", "6010", "1", order_id="s", **usd), made.working["s"].order, ES)

    assert opened == {"USD": D(999)}
    assert made.balances == {"USD": D(999) - 1 + 10 * 50}
    assert made.positions[ES.fqme].size == 1


def test_nothing_is_refused_for_want_of_money() -> None:
    made = account(order())
    made.fill(filled("3", "100"), made.working["o"].order, BTC)

    assert made.balances == {"USDT": D(-300), "BTC": D(3)}


def test_a_rebate_is_paid_out_and_a_fee_in_another_asset_is_taken_there() -> None:
    made = account(order(), USDT="300", BNB="1")
    made.fill(filled("1", "100", "-0.2"), made.working["o"].order, BTC)
    made.fill(filled("1", "100", "0.01", fee_asset="BNB"), made.working["o"].order, BTC)

    assert (made.balances["USDT"], made.balances["BNB"]) == (D("100.2"), D("0.99"))


def test_the_cash_that_it_began_with_is_not_that_of_another() -> None:
    cash = {"USDT": D(100)}
    first, second = SimAccount("a", cash), SimAccount("b", cash)
    first.enter(order(), 1, 5)
    first.fill(filled("3", "10"), first.working["o"].order, BTC)

    assert (first.balances["USDT"], second.balances, cash) == (70, {"USDT": 100}, {"USDT": 100})


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["buy", "sell"]),
            st.integers(1, 9),
            st.integers(90, 110),
            st.integers(-2, 5),
        ),
        max_size=25,
    ),
    st.sampled_from([BTC, ES]),
)
def test_money_and_position_are_worth_what_was_traded_less_the_fees(
    trades: list[tuple[Side, int, int, int]], listing: Any
) -> None:
    """Marked at the last price, the books of delivery and of settlement agree."""
    instrument = listing.instrument
    made = SimAccount("me", {})
    expected = D(0)
    for nth, (side, size, price, fee) in enumerate(trades):
        each = order(f"o{nth}", side, str(size), fqme=listing.fqme)
        made.enter(each, nth, 5)
        event = filled(
            str(size),
            str(price),
            str(fee),
            order_id=each.order_id,
            trade_id=f"t{nth}",
            fee_asset=instrument.quote,
        )
        made.fill(event, made.working[each.order_id].order, listing)
        sign = 1 if side == "buy" else -1
        mark = trades[-1][2]
        expected += sign * (mark - price) * size * instrument.multiplier - fee

    mark = D(trades[-1][2]) if trades else D(0)
    cash = made.balances.get(instrument.quote, D(0))
    if listing.is_delivered:
        worth = cash + made.balances.get(instrument.base, D(0)) * mark * instrument.multiplier
    else:
        held = made.positions.get(listing.fqme)
        open_profit = D(0)
        if held is not None and held.average_price is not None:
            open_profit = (mark - held.average_price) * held.size * instrument.multiplier
        worth = cash + open_profit
    assert worth == pytest.approx(expected, abs=D("1e-9"))
    assert dict(made.working) == {}
    assert len(made.fills) == len(trades)


# -- reports -----------------------------------------------------------------------------------


def test_everyone_who_is_logged_in_is_told_even_if_one_leaves_on_hearing_it() -> None:
    made = account()
    told: list[str] = []

    def leave(event: OrderEvent) -> None:
        told.append("first")
        made.reports.remove(leave)

    made.reports += [leave, lambda event: told.append("second")]
    made.report(Accepted(order_id="o"))
    made.report(Accepted(order_id="o"))

    assert told == ["first", "second", "second"]
