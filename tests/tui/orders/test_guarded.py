"""What is said of an order that the engine's guards would not let pass."""

from __future__ import annotations

import pytest

from engine.messages import AccountGuards, GuardsUpdate
from tests.support.desk import REAL, SIM
from tui.orders.guarded import closed_to, guards_of, is_armed


def told(account: str = "real", **fields: object) -> GuardsUpdate:
    return GuardsUpdate(accounts=(AccountGuards(account=account, **fields),))  # type: ignore[arg-type]


def test_real_money_is_closed_until_something_is_known_of_it() -> None:
    for unknown in (None, GuardsUpdate(), told("other")):
        assert not is_armed(unknown, REAL)
        assert list(closed_to(unknown, REAL, reduces=True)) == [
            "nothing is known of the limits of real, which is real money"
        ]


def test_paper_is_open_until_something_is_said_against_it() -> None:
    assert is_armed(None, SIM)
    assert list(closed_to(None, SIM, reduces=False)) == []
    assert list(closed_to(None, None, reduces=False)) == []
    assert guards_of(told(), "sim") is None


@pytest.mark.parametrize(
    ("fields", "reduces", "said"),
    [
        ({}, False, []),
        ({"is_armed": False}, False, ["real is real money and not armed: L arms it"]),
        ({"is_armed": False}, True, []),
        ({"state": "reducing", "reason": "loss"}, False, ["real only reduces positions: loss"]),
        ({"state": "reducing"}, True, []),
        ({"state": "halted", "reason": "by hand"}, True, ["real is halted: by hand"]),
        (
            {"missing_limits": ("max_open_orders", "max_daily_loss")},
            True,
            ["real is real money and lacks limits: max_open_orders, max_daily_loss"],
        ),
    ],
)
def test_reasons_are_the_engines_and_what_reduces_passes_more(
    fields: dict[str, object], reduces: bool, said: list[str]
) -> None:
    assert list(closed_to(told(**fields), REAL, reduces=reduces)) == said


def test_the_kill_switch_is_before_all_else_and_its_reason_is_safe() -> None:
    killed = GuardsUpdate(is_killed=True, kill_reason="fat \x1b[2J finger")
    (reason,) = closed_to(killed, SIM, reduces=True)

    assert reason.startswith("the kill switch is on: fat ")
    assert "\x1b" not in reason
