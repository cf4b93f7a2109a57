"""Lines and words of order mode."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.messages import OrderState, Position, PositionUpdate
from tests.support.desk import ACME, BTC, Bench
from tui.orders.lines import breakeven, describe
from tui.orders.staging import Staged

D = Decimal


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _staged(**fields: object) -> Staged:
    known: dict[str, object] = {
        "kind": "order",
        "intent_id": "id1",
        "fqme": BTC.fqme,
        "price": D("63990.00"),
        "size": D("0.50000"),
    }
    return Staged(**{**known, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "DARK BUY 0.5 BTC @ 63990.00"),
        ({"side": "sell", "route": "live"}, "LIVE SELL 0.5 BTC @ 63990.00"),
        ({"route": "live", "price": None, "order_type": "market"}, "LIVE BUY 0.5 BTC market"),
        (
            {
                "route": "live",
                "order_type": "stop_limit",
                "stop_price": D("64000.00"),
                "time_in_force": "ioc",
            },
            "LIVE BUY 0.5 BTC @ 63990.00 stop 64000.00 ioc",
        ),
        (
            {"route": "live", "price": None, "order_type": "stop", "stop_price": D("64000.00")},
            "LIVE BUY 0.5 BTC stop 64000.00",
        ),
        ({"route": "live", "post_only": True}, "LIVE BUY 0.5 BTC @ 63990.00 post-only"),
        ({"kind": "alert", "note": "look"}, "ALERT @ 63990.00 look"),
        ({"kind": "amend", "route": "live"}, "AMEND LIVE BUY 0.5 BTC @ 63990.00"),
    ],
)
def test_what_is_staged_is_said_in_words(fields: dict[str, object], words: str) -> None:
    assert describe(_staged(**fields), BTC) == words


def test_while_staging_the_line_says_all_that_counts(bench: Bench) -> None:
    bench.hold("0.5", "64990.00")
    bench.press("o")
    bench.press("f", "u", "0", "full_stop", "5", "ctrl+down")
    (line,) = [line for line in bench.desk.lines(BTC.fqme) if line.kind == "staged"]

    assert line.price == 63998.99
    assert line.side == "buy"
    assert line.label == (
        "DARK BUY 0.5 BTC @ 63998.99 · 31 999.50 USDT · -102 ticks 0.00% · → +1 @ 64494.50"
    )
    assert line.shorter == (
        "DARK BUY 0.5 BTC · 31 999.50 USDT · -102 ticks 0.00% · → +1 @ 64494.50",
        "DARK BUY 0.5 BTC · 32k USDT · -102 ticks · → +1 @ 64494.50",
    )


def test_what_is_in_the_way_is_on_the_line_too(bench: Bench) -> None:
    bench.press("o", "s", "f", "right_square_bracket")
    assert bench.desk.summary().texts[0].endswith(" · ! takes at once")

    bench.press("0")
    assert " · ! no size" in bench.desk.summary().texts[0]


def test_a_picked_order_is_marked_and_shown_beside_its_amend(bench: Bench) -> None:
    bench.order("o1")
    bench.press("o", "tab", "up")
    order, staged = bench.desk.lines(BTC.fqme)

    assert order.label == "▸#1 buy 0.5 open"
    assert (order.kind, staged.kind) == ("working", "staged")
    assert staged.label.startswith("AMEND LIVE BUY 0.5 BTC @ 63000.01")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"state": OrderState.PENDING}, "unacked"),
        ({"state": OrderState.OPEN}, "working"),
        ({"state": OrderState.PARTIAL, "filled": D("0.1")}, "working"),
        ({"state": OrderState.OPEN, "awaiting": "cancel"}, "unacked"),
        ({"state": OrderState.DARK, "price": None, "trigger_price": D("63000.00")}, "dark"),
        ({"state": OrderState.TRIGGERED}, "triggered"),
        ({"state": OrderState.UNKNOWN, "awaiting": "cancel"}, "unknown"),
    ],
)
def test_each_state_has_its_line(bench: Bench, fields: dict[str, object], kind: str) -> None:
    bench.order("o1", **fields)
    (line,) = bench.desk.lines(BTC.fqme)

    assert (line.kind, line.price, line.side) == (kind, 63000.0, "buy")
    assert line.label.startswith("#1 buy 0.")


def test_orders_that_are_done_and_other_markets_draw_no_line(bench: Bench) -> None:
    bench.order("o1", state=OrderState.CANCELED)
    bench.order("o2", fqme=ACME.fqme)

    assert bench.desk.lines(BTC.fqme) == []
    assert bench.desk.lines("nowhere.sim") == []


def test_position_and_alerts_are_lines_too(bench: Bench) -> None:
    bench.hold("-0.5", "61000")
    bench.alert(price="65000.00")

    assert [(line.kind, line.price, line.side) for line in bench.desk.lines(BTC.fqme)] == [
        ("position", 61000.0, "sell"),
        ("alert", 65000.0, ""),
    ]


def test_a_stop_stands_at_its_stop_and_a_market_order_nowhere(bench: Bench) -> None:
    bench.order("o1", order_type="stop", price=None, stop_price=D("65000.00"))
    bench.order("o2", order_type="market", price=None, state=OrderState.PENDING)

    assert [line.price for line in bench.desk.lines(BTC.fqme)] == [65000.0]


# -- breakeven ----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_long", [True, False])
@given(
    average=st.decimals("0.00001", "1000000", places=5),
    fee=st.decimals("-0.01", "0.05", places=5).filter(bool),
)
def test_at_breakeven_both_fees_are_earned_to_the_last_digit(
    is_long: bool, average: Decimal, fee: Decimal
) -> None:
    instrument = replace(BTC, taker_fee=fee)
    price = breakeven(average, instrument, is_long=is_long)
    assert price is not None
    won = price - average if is_long else average - price

    assert abs(won - fee * (price + average)) < average * D("1e-20")


@pytest.mark.parametrize("fee", ["0", "1", "-1", "7"])
def test_without_a_fee_or_with_an_absurd_one_there_is_no_breakeven(fee: str) -> None:
    assert breakeven(D(100), replace(BTC, taker_fee=D(fee)), is_long=True) is None


def test_a_position_has_its_average_price_and_its_breakeven_on_the_chart(bench: Bench) -> None:
    account = bench.desk.account_for(BTC.fqme)
    assert account is not None
    bench.state.markets[BTC.fqme].instrument = replace(BTC, taker_fee=D("0.0005"))
    held = Position(
        account=account.name, fqme=BTC.fqme, size=D("-0.5"), average_price=D("64000.00")
    )
    bench.state.fold(PositionUpdate(position=held))
    lines = {line.kind: line for line in bench.desk.lines(BTC.fqme)}

    assert lines["position"].price == 64000.0
    assert lines["breakeven"].price == pytest.approx(63936.03, abs=0.01)
