"""What the order pane says of what is staged, by type, and of what is picked."""

from __future__ import annotations

from typing import Any

import pytest

from engine.messages import BrokerInfo, EngineReady, OrderState
from tests.support.desk import PAPER, REAL, SIM, Bench
from tui.widgets.lines import Line
from tui.widgets.staged_block import picked_lines, staged_lines, strip_spans

WIDTH = 36


def words(lines: list[Line]) -> list[str]:
    return [" ".join("".join(span.text for span in line.spans).split()) for line in lines]


def staged(bench: Bench, width: int = WIDTH) -> list[str]:
    return words(staged_lines(bench.desk.summary(), bench.state.market, width))


def picked(bench: Bench) -> list[str]:
    return words(picked_lines(bench.desk.summary(), bench.state.market, WIDTH))


@pytest.fixture
def bench() -> Bench:
    bench = Bench(accounts=(PAPER,))
    bench.press("o", "s")
    return bench


def test_a_stop_limit_has_both_prices_and_says_where_it_would_wait(bench: Bench):
    bench.press("d", "t", "t", "t")
    lines = staged(bench)

    assert lines[0] == "SELL STOP-LIMIT LIVE held"
    assert "staged 0.03134 BTC @ 63808.00" in lines
    assert "stop 63840.00" in lines
    assert "distance -160.00 -0.25%" in lines
    assert lines[-1] == "enter sends esc drops"


@pytest.mark.parametrize(
    ("order_types", "where"),
    [(("limit", "stop"), "held by the venue"), (("limit",), "held here")],
)
def test_what_the_venue_takes_decides_where_it_waits(order_types: Any, where: str):
    bench = Bench(accounts=(PAPER,))
    brokers = (BrokerInfo(name="paper", order_types=order_types),)
    bench.state.fold(EngineReady(brokers=brokers, accounts=(PAPER,)))
    bench.press("o", "s", "d", "t", "t")

    assert staged(bench)[0] == f"SELL STOP LIVE {where}"
    bench.press("s")
    assert staged(bench)[0] == "SELL STOP DARK held here"


def test_a_trailing_stop_says_how_far_it_trails_and_where_it_would_begin(bench: Bench):
    bench.press("f", "T")
    lines = staged(bench)

    assert lines[0] == "BUY TRAILING STOP LIVE held"
    assert "stop 64160.00 now" in lines
    assert "terms trails 160.00" in lines


def test_terms_are_wrapped_and_all_told(bench: Bench):
    bench.hold("1", "60000", account="paper")
    bench.press("d", "g", "p")
    lines = staged(bench)
    at = next(number for number, line in enumerate(lines) if line.startswith("terms"))

    assert lines[at : at + 3] == ["terms gtd 1 Jan 01:00 ·", "post-only ·", "reduce-only"]


def test_the_position_after_the_fill_has_a_breakeven_and_slots(bench: Bench):
    bench.press("f", "2")
    lines = staged(bench)

    assert "then +0.06250 @ 63999.99" in lines
    assert "breakeven 63999.99 2.0 of 4 slots" in lines


def test_an_alert_trades_nothing(bench: Bench):
    bench.press("a")

    assert staged(bench)[:2] == ["ALERT calls you, trades nothing", "price 64000.00"]


def test_nothing_staged_and_nothing_picked_say_nothing(bench: Bench):
    assert staged(bench) == []
    assert picked(bench) == []


def test_no_line_is_wider_than_its_room():
    bench = Bench(accounts=(REAL,), is_armed=False)
    bench.hold("1", "60000", account="real")
    bench.press("o", "s", "d", "t", "t", "t", "g", "r")
    bench.order("o1", account="real", state=OrderState.DARK, order_type="market", trail=1)
    for width in (24, 30, 36, 60):
        for line in staged_lines(bench.desk.summary(), bench.state.market, width):
            assert sum(len(span.text) for span in line.spans) <= width


def test_a_picked_order_says_its_type_its_terms_and_where_it_waits():
    bench = Bench(accounts=(SIM,))
    bench.press("o")
    bench.order("o1", order_type="stop", price=None, stop_price=65000, reduce_only=True)
    bench.press("tab")
    lines = picked(bench)

    assert lines[:5] == [
        "picked buy 0.50000 @ 65000.00",
        "type stop",
        "terms reduce-only",
        "state open",
        "where at the venue",
    ]
    bench.order(
        "o1",
        order_type="market",
        price=None,
        trigger_price=65000,
        trigger_direction="up",
        state=OrderState.DARK,
        route="dark",
    )
    lines = picked(bench)
    assert "type stop" in lines
    assert "where held here: needs this" in lines
    assert "host and its feed" in lines
    assert lines[-1] == "↑↓ amends c cancels"


def test_what_cannot_be_moved_does_not_say_that_it_can():
    bench = Bench(accounts=(SIM,))
    bench.press("o")
    bench.order("o1", order_type="stop", price=None, stop_price=65000)
    bench.press("tab")

    assert picked(bench)[-1] == "c cancels"


def test_the_strip_says_it_in_one_row():
    bench = Bench(accounts=(SIM,))
    bench.press("o", "f")
    spans = strip_spans(bench.desk.summary(), 120)

    assert (spans[0].text, spans[0].ink) == (" DARK ", "chip-dark bold")
    assert "BUY 0.01562 BTC @ 63999.99" in spans[1].text
    assert strip_spans(Bench().desk.summary(), 120) == ()


def test_the_strip_of_real_money_has_its_colour():
    bench = Bench(accounts=(REAL,))
    bench.press("o", "f")

    assert strip_spans(bench.desk.summary(), 80)[0].ink == "chip-live bold"
