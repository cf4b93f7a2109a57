"""Lines and words of order mode."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.messages import OrderState, Position, PositionUpdate
from tests.support.desk import ACME, BTC, PAPER, REAL, Bench
from tui.orders.lines import describe
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
            "LIVE BUY 0.5 BTC stop-limit 64000.00 @ 63990.00 ioc",
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


def test_a_position_has_its_average_price_and_its_breakeven_on_the_chart(bench: Bench) -> None:
    account = bench.desk.account_for(BTC.fqme)
    assert account is not None
    bench.state.markets[BTC.fqme].instrument = replace(BTC, taker_fee=D("0.0005"))
    held = Position(
        account=account.name,
        fqme=BTC.fqme,
        size=D("-0.5"),
        average_price=D("64000.00"),
        entry_fees={"usdt": D("16.00")},
    )
    bench.state.fold(PositionUpdate(position=held))
    lines = {line.kind: line for line in bench.desk.lines(BTC.fqme)}

    assert lines["position"].price == 64000.0
    assert lines["breakeven"].price == 63936.03


def test_without_costs_or_with_costs_that_have_no_price_no_breakeven_is_drawn(bench: Bench) -> None:
    bench.hold("0.5", "64000.00")
    assert "breakeven" not in {line.kind for line in bench.desk.lines(BTC.fqme)}

    in_bnb = Position(
        account="sim",
        fqme=BTC.fqme,
        size=D("0.5"),
        average_price=D("64000.00"),
        entry_fees={"bnb": D("0.01")},
    )
    bench.state.fold(PositionUpdate(position=in_bnb))
    assert "breakeven" not in {line.kind for line in bench.desk.lines(BTC.fqme)}


# -- types on the chart -------------------------------------------------------------------------


def _told(bench: Bench) -> list[tuple[float, str]]:
    return [(line.price, line.label) for line in bench.desk.lines(BTC.fqme)]


def test_a_stop_stands_at_its_stop_and_its_limit_beside_it(bench: Bench) -> None:
    stop = {"order_type": "stop_limit", "stop_price": D("62000.00"), "side": "sell"}
    bench.order("o1", price=D("61990.00"), reduce_only=True, **stop)

    assert _told(bench) == [
        (62000.0, "#1 sell stop-limit 0.5 open · reduce-only"),
        (61990.0, "limit of #1"),
    ]


def test_what_is_held_here_says_so_where_its_state_does_not(bench: Bench) -> None:
    held = {"state": OrderState.DARK, "route": "dark", "price": None}
    bench.order("o1", trigger_price=D("63000.00"), trigger_direction="down", **held)
    bench.order(
        "o2",
        side="sell",
        order_type="market",
        trigger_price=D("62000.00"),
        trigger_direction="down",
        trail=D("1.5"),
        trail_unit="percent",
        **held,
    )

    assert _told(bench) == [
        (63000.0, "#1 buy 0.5 dark"),
        (62000.0, "#2 sell trailing stop 0.5 held here · trails 1.5%"),
    ]


def test_a_staged_stop_limit_has_a_line_for_each_price(bench: Bench) -> None:
    bench.press("o", "d", "t", "t", "t")
    staged = [line for line in bench.desk.lines(BTC.fqme) if line.kind == "staged"]

    assert [line.price for line in staged] == [63808.0, 63840.0]
    assert staged[0].label == "its limit"
    assert "SELL 0.01567 BTC stop-limit 63840.00 @ 63808.00" in staged[1].label


def test_a_staged_trailing_stop_stands_where_its_stop_would_begin(bench: Bench) -> None:
    bench.press("o", "d", "T")
    bench.desk.to_price(63500)
    (line,) = [line for line in bench.desk.lines(BTC.fqme) if line.kind == "staged"]

    assert line.price == 63500.0
    assert "trailing stop trails 500.00" in line.label


def test_a_staged_market_order_stands_at_the_price_that_it_would_take(bench: Bench) -> None:
    bench.press("o", "d", "t")
    (line,) = [line for line in bench.desk.lines(BTC.fqme) if line.kind == "staged"]

    assert line.price == 63999.99


def test_the_summary_says_what_an_account_may_do() -> None:
    bench = Bench(accounts=(REAL,), is_armed=False)
    summary = bench.desk.summary()

    assert not summary.is_account_armed
    assert summary.guards is not None
    assert summary.slots is None
    assert Bench(accounts=(PAPER,)).desk.summary().slots == (0, 4)


def test_an_order_of_an_algo_says_what_it_does_for_it(bench: Bench) -> None:
    bench.order("a.target2-1", parent_id="a", side="sell", price=D("65000.00"))

    assert _told(bench) == [(65000.0, "#1 target 2 sell 0.5 open")]
