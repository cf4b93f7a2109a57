"""Arming real money: by a question, by account, until the engine stops."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.messages import ArmAccount, Submit
from tests.support.desk import REAL, Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench(accounts=(REAL,), is_armed=False)
    bench.press("o")
    return bench


def yes(bench: Bench) -> None:
    question = bench.asked[-1]
    question.painted(bench.time)
    assert question.accept(bench.time + 1)


def test_what_is_staged_says_why_it_cannot_go_until_the_account_is_armed(bench: Bench) -> None:
    bench.press("f", "s", "enter")
    assert bench.sent == []
    assert bench.said[-1] == "not sent: real is real money and not armed: L arms it"

    bench.press("L")
    assert bench.asked[-1].text == "REAL MONEY. Arm real at sim?"
    assert bench.sent == []
    yes(bench)
    assert bench.sent == [ArmAccount(account="real", is_armed=True)]

    bench.guard(is_armed=True)
    bench.press("enter")
    yes(bench)
    assert isinstance(bench.sent[-1], Submit)


def test_the_key_that_arms_does_not_send_and_what_was_staged_stays(bench: Bench) -> None:
    bench.press("f", "s", "L")
    staged = bench.desk.staged
    yes(bench)

    assert bench.desk.staged == staged
    assert len(bench.sent) == 1


def test_disarming_needs_no_question(bench: Bench) -> None:
    bench.guard(is_armed=True)
    bench.press("L")

    assert bench.asked == []
    assert bench.sent == [ArmAccount(account="real", is_armed=False)]


def test_arming_twice_or_an_account_without_limits_asks_nothing(bench: Bench) -> None:
    bench.guard(is_armed=True)
    bench.desk.arm_account("real")
    assert bench.said[-1] == "real is armed"

    bench.guard(is_armed=False, missing_limits=("max_daily_loss",))
    with pytest.raises(UsageError, match="no limit of max_daily_loss"):
        bench.desk.arm_account("real")
    assert bench.asked == []


def test_paper_needs_no_arming_and_what_is_not_there_cannot_be() -> None:
    bench = Bench()
    bench.press("o", "L")
    assert bench.said[-1] == "sim is paper: it needs no arming"
    bench.desk.disarm_account("paper")
    assert bench.sent == []

    with pytest.raises(UsageError, match="there is no account 'rael'"):
        bench.desk.arm_account("rael")
    nobody = Bench(accounts=())
    nobody.press("o", "L")
    assert nobody.said[-1] == "no account trades btcusdt.spot.sim"
