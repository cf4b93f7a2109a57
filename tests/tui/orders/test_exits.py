"""Flatten and reverse: two keys, each with a question that says what it would do."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.messages import Flatten, Reverse
from tests.support.desk import ACME, BTC, REAL, SIM, Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.press("o")
    return bench


def yes(bench: Bench) -> None:
    question = bench.asked[-1]
    question.painted(bench.time)
    assert question.accept(bench.time + 1)


def test_reversing_is_another_key_than_flattening_and_both_ask(bench: Bench) -> None:
    bench.hold("-1.5", "60000")
    bench.order("o1")
    bench.press("X", "R")
    assert bench.sent == []
    flatten, reverse = bench.asked

    assert flatten.text == f"Flatten {BTC.fqme} on sim?"
    assert flatten.detail == "cancels 1 working order, then closes -1.5 at the market"
    assert reverse.text == f"REVERSE {BTC.fqme} on sim?"
    assert reverse.detail == (
        "cancels 1 working order, then buys 3 at the market: -1.5 becomes +1.5"
    )
    yes(bench)
    assert bench.sent == [Reverse(order_id="id2", fqme=BTC.fqme, account="sim")]


def test_a_double_press_asks_twice_and_one_yes_is_one_command(bench: Bench) -> None:
    bench.hold("1", "60000")
    bench.press("X")
    yes(bench)
    bench.asked[-1].accept(bench.time + 2)

    assert bench.sent == [Flatten(order_id="id1", fqme=BTC.fqme, account="sim")]


def test_what_works_is_canceled_though_nothing_is_held(bench: Bench) -> None:
    bench.order("o1")
    bench.press("X")
    assert bench.asked[-1].detail == "cancels 1 working order, then nothing is held"

    bench.order("o1", account="paper")
    bench.press("X")
    assert bench.said[-1] == f"sim is flat in {BTC.fqme}"


def test_what_is_not_held_cannot_be_reversed(bench: Bench) -> None:
    with pytest.raises(UsageError, match="holds nothing"):
        bench.desk.reverse()
    with pytest.raises(UsageError, match="is not open"):
        bench.desk.reverse("x.y.sim", True)


def test_who_is_sure_is_not_asked_but_about_real_money(bench: Bench) -> None:
    bench.hold("1", "60000")
    bench.desk.reverse(BTC.fqme, True)
    assert bench.sent == [Reverse(order_id="id1", fqme=BTC.fqme, account="sim")]

    real = Bench(accounts=(REAL,))
    real.hold("1", "60000", account="real")
    real.desk.reverse(BTC.fqme, True)
    real.desk.flatten(BTC.fqme, True)
    assert real.sent == []
    assert all(question.text.startswith("REAL MONEY.") for question in real.asked)


def test_real_money_that_is_not_armed_is_flattened_and_not_reversed() -> None:
    bench = Bench(accounts=(REAL,), is_armed=False)
    bench.hold("1", "60000", account="real")
    with pytest.raises(UsageError, match="not armed: L arms it"):
        bench.desk.reverse()

    bench.desk.flatten()
    yes(bench)
    assert bench.sent == [Flatten(order_id="id1", fqme=BTC.fqme, account="real")]


def test_keys_leave_the_selected_market_of_the_account_that_trades_it() -> None:
    bench = Bench(accounts=(SIM,))
    bench.press("o")
    bench.hold("1", "60000")
    bench.select(ACME.fqme)
    bench.press("X")

    assert bench.said[-1] == f"sim is flat in {ACME.fqme}"
