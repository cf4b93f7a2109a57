"""Staged values: prices on ticks, lines where they are meant, every type of order."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ems.orders import as_dark, new_order
from engine.ems.shape import check_shape, held_as
from engine.instruments import Instrument
from engine.messages import Amend, Order, OrderState, OrderType, SetAlert, Side, Submit
from tests.support.desk import ACME, BTC, CL, ES, QUOTES
from tests.support.venue import EVERYTHING
from tui.orders import staging
from tui.orders.staging import Staged
from tui.orders.terms import HAS_STOP, WAITS, WORDS

D = Decimal
INSTRUMENTS = (BTC, ACME, ES, CL)
QUOTE = QUOTES[BTC.fqme]


def _staged(**fields: object) -> Staged:
    known: dict[str, object] = {
        "kind": "order",
        "intent_id": "id1",
        "fqme": BTC.fqme,
        "price": D("63990.00"),
        "size": D("0.5"),
        "account": "sim",
    }
    return Staged(**{**known, **fields})  # type: ignore[arg-type]


def _order(**fields: object) -> Order:
    known: dict[str, object] = {
        "order_id": "o1",
        "account": "sim",
        "fqme": BTC.fqme,
        "side": "buy",
        "order_type": "limit",
        "size": D("0.5"),
        "price": D("63000.00"),
        "state": OrderState.OPEN,
    }
    return Order(**{**known, **fields})  # type: ignore[arg-type]


# -- commands -----------------------------------------------------------------------------------


def test_a_live_limit_order_carries_its_price_and_no_trigger() -> None:
    command = staging.command_of(_staged(route="live"))

    assert command == Submit(
        order_id="id1",
        account="sim",
        fqme=BTC.fqme,
        side="buy",
        order_type="limit",
        size=D("0.5"),
        price=D("63990.00"),
        route="live",
    )


def test_a_dark_order_carries_a_trigger_and_gets_its_limit_when_that_is_touched() -> None:
    command = staging.command_of(_staged(route="dark"))

    assert isinstance(command, Submit)
    assert (command.price, command.trigger_price) == (None, D("63990.00"))


def test_an_alert_is_set_at_its_price() -> None:
    command = staging.command_of(_staged(kind="alert", note="look"))

    assert command == SetAlert(alert_id="id1", fqme=BTC.fqme, price=D("63990.00"), note="look")


def test_an_amend_names_only_what_it_changes() -> None:
    amend = staging.staged_amend(_order())
    moved = staging.moved(amend, 3, BTC, QUOTE)

    assert not amend.is_changed
    assert moved.is_changed
    assert staging.command_of(moved) == Amend(order_id="o1", price=D("63000.03"))


def test_an_amend_of_what_is_held_dark_moves_its_trigger() -> None:
    dark = _order(price=None, trigger_price=D("62000.00"), state=OrderState.DARK, route="dark")
    moved = staging.moved(staging.staged_amend(dark), -1, BTC, QUOTE)

    wanted = Amend(order_id="o1", price=D("61999.99"), of_trigger=True)
    assert staging.command_of(moved) == wanted


# -- prices -------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from(INSTRUMENTS),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15),
    st.lists(st.integers(-(10**7), 10**7), max_size=8),
)
def test_a_price_is_always_on_a_tick_and_inside_the_limits(
    instrument: Instrument, start: float, steps: list[int]
) -> None:
    low, high = staging.price_bounds(instrument)
    staged = _staged(price=staging.fit_price(start, instrument))
    for step in steps:
        staged = staging.moved(staged, step, instrument, QUOTES[instrument.fqme])

        assert staged.price is not None
        assert instrument.is_on_tick(staged.price)
        assert low <= staged.price <= high


def test_a_price_stops_at_a_tick_above_zero_unless_the_market_goes_below() -> None:
    assert staging.moved(_staged(price=D("0.05")), -100, BTC, QUOTE).price == D("0.01")
    assert staging.moved(_staged(price=D("0.05")), -100, CL, QUOTE).price == D("-0.95")
    assert staging.moved(_staged(price=D("-99.00")), -1000, CL, QUOTE).price == D("-100.00")


def test_a_move_is_undone_by_the_move_back() -> None:
    staged = _staged()

    assert staging.moved(staging.moved(staged, 137, BTC, QUOTE), -137, BTC, QUOTE) == staged


# -- types of orders ----------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("order_type", WORDS)
def test_every_type_waits_on_its_own_side_and_is_sent_with_the_fields_it_has(
    order_type: OrderType, side: Side
) -> None:
    staged = staging.as_type(_staged(side=side, route="live"), order_type, BTC, QUOTE)
    command = staging.command_of(staged)
    order = new_order(command, 1)  # type: ignore[arg-type]

    assert command.order_type == order_type  # type: ignore[union-attr]
    assert check_shape(order, BTC, EVERYTHING) is None
    if order_type in HAS_STOP:
        assert staged.stop_price is not None
        assert staging.is_on_its_side(order_type, side, staged.stop_price, D(64000))


@pytest.mark.parametrize("order_type", sorted(WAITS))
def test_a_stop_that_is_to_be_held_here_names_no_trigger_beside_its_stop(
    order_type: OrderType,
) -> None:
    staged = staging.as_type(_staged(side="sell", route="dark"), order_type, BTC, QUOTE)
    command = staging.command_of(staged)
    order = new_order(command, 1)  # type: ignore[arg-type]
    as_type = held_as(order, EVERYTHING)

    assert as_type is not None
    assert check_shape(as_dark(order, as_type), BTC, EVERYTHING) is None


def test_a_stop_is_put_as_far_from_the_market_as_the_line_was_and_never_too_near() -> None:
    below = _staged(side="buy", price=D("63900.00"))

    assert staging.as_type(below, "stop", BTC, QUOTE).stop_price == D("64160.00")
    far = _staged(side="buy", price=D("63000.00"))
    assert staging.as_type(far, "stop", BTC, QUOTE).stop_price == D("65000.00")
    assert staging.as_type(below, "take_profit", BTC, QUOTE).stop_price == D("63900.00")
    near = staging.at_price(below, 63999, BTC, QUOTE)
    assert staging.as_type(near, "take_profit", BTC, QUOTE).stop_price == D("63840.00")


def test_the_limit_of_a_stop_goes_with_it_and_can_be_put_farther() -> None:
    stop = staging.as_type(_staged(side="sell", price=D(63900)), "stop_limit", BTC, QUOTE)
    assert (stop.stop_price, stop.price) == (D("63900.00"), D("63868.00"))

    moved = staging.moved(stop, -100, BTC, QUOTE)
    assert (moved.stop_price, moved.price) == (D("63899.00"), D("63867.00"))
    wider = staging.wider(staging.wider(moved, 1, BTC), 1, BTC)
    assert wider.price == D("63799.00")
    assert staging.wider(wider, -1, BTC).price == D("63849.00")
    assert staging.wider(_staged(), 1, BTC) == _staged()


def test_a_trailing_stop_is_moved_by_its_line() -> None:
    line = _staged(side="sell", price=D(63900))
    stop = staging.as_type(line, "trailing_stop", BTC, QUOTE)
    assert (stop.trail, staging.line_price(stop, BTC, QUOTE)) == (D("100.00"), D("63900.00"))

    higher = staging.moved(stop, 100, BTC, QUOTE)
    assert (higher.trail, staging.line_price(higher, BTC, QUOTE)) == (D("99.00"), D("63901.00"))
    assert staging.moved(higher, 10_000, BTC, QUOTE).trail == D("0.01")


def test_a_trail_in_percent_is_drawn_on_the_tick_that_is_farther_from_the_market() -> None:
    quote = msgspec.structs.replace(QUOTE, last=64000.03)
    for side, stop in (("sell", "63993.62"), ("buy", "64006.44")):
        trailing = _staged(
            side=side, price=None, order_type="trailing_stop", trail=D("0.01"), trail_unit="percent"
        )
        assert staging.line_price(trailing, BTC, quote) == D(stop)


def test_a_stop_waits_and_is_not_immediate() -> None:
    for term in ("ioc", "fok"):
        stop = staging.as_type(_staged(time_in_force=term), "stop", BTC, QUOTE)
        assert stop.time_in_force == "gtc"
    kept = staging.as_type(_staged(time_in_force="gtd", expires_ns=9), "stop", BTC, QUOTE)
    assert (kept.time_in_force, kept.expires_ns) == ("gtd", 9)


def test_a_trail_is_counted_in_percent_or_in_prices() -> None:
    by_price = staging.at_price(
        staging.as_type(_staged(side="sell"), "trailing_stop", BTC, QUOTE), 63360, BTC, QUOTE
    )
    by_percent = staging.in_trail_unit(by_price, "percent", BTC, QUOTE)

    assert (by_percent.trail, by_percent.trail_unit) == (D("1.00"), "percent")
    assert staging.line_price(by_percent, BTC, QUOTE) == D("63360.00")
    assert staging.moved(by_percent, -5, BTC, QUOTE).trail == D("1.05")
    assert staging.wider(by_percent, 1, BTC).trail == D("2.00")
    back = staging.in_trail_unit(by_percent, "price", BTC, QUOTE)
    assert (back.trail, back.trail_unit) == (D("640.00"), "price")


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.sampled_from(INSTRUMENTS[:3]),
    st.sampled_from(("buy", "sell")),
    st.lists(
        st.one_of(
            st.sampled_from(sorted(WORDS)),
            st.integers(-5000, 5000),
            st.sampled_from(("wider", "narrower", "percent", "price")),
        ),
        max_size=12,
    ),
)
def test_whatever_is_done_to_it_an_order_has_the_shape_of_its_type(
    instrument: Instrument, side: Side, deeds: list[str | int]
) -> None:
    quote = QUOTES[instrument.fqme]
    staged = _staged(
        fqme=instrument.fqme, side=side, price=staging.fit_price(quote.last, instrument), size=D(1)
    )
    staged = msgspec.structs.replace(staged, route="live")
    for deed in deeds:
        if isinstance(deed, int):
            staged = staging.moved(staged, deed, instrument, quote)
        elif deed in WORDS:
            staged = staging.as_type(staged, deed, instrument, quote)  # type: ignore[arg-type]
        elif deed in ("percent", "price"):
            staged = staging.in_trail_unit(staged, deed, instrument, quote)  # type: ignore[arg-type]
        else:
            staged = staging.wider(staged, 1 if deed == "wider" else -1, instrument)

        order = new_order(staging.command_of(staged), 1)  # type: ignore[arg-type]
        assert check_shape(order, instrument, EVERYTHING) is None


def test_a_trigger_that_trails_is_not_moved_by_hand() -> None:
    held = _order(
        order_type="market",
        price=None,
        trigger_price=D("62000.00"),
        trail=D(5),
        state=OrderState.DARK,
        route="dark",
    )
    amend = staging.staged_amend(held)

    assert staging.line_price(amend, BTC, QUOTE) is None
    assert staging.moved(amend, 5, BTC, QUOTE) == amend
    larger = msgspec.structs.replace(amend, size=D(1))
    assert staging.command_of(larger) == Amend(order_id="o1", size=D(1), of_trigger=True)
