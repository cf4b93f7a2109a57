"""Typed guards: the kill switch, states of trading, arming."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.desk import CONTEXT
from tui.actions import Call
from tui.language.commands import complete, parse
from tui.language.words import CommandError


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("kill", Call("guards", "kill", ("",), True)),
        ("kill on", Call("guards", "kill", ("",), True)),
        ("kill fat finger at the desk", Call("guards", "kill", ("fat finger at the desk",), True)),
        ("kill off", Call("guards", "lift")),
    ],
)
def test_the_kill_switch_is_turned_on_with_a_note_and_off(text: str, call: Call) -> None:
    assert parse(text, CONTEXT) == call


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("halt", ("halted", "", "", False)),
        ("halt all", ("halted", "", "", False)),
        ("halt sim", ("halted", "sim", "", False)),
        ("halt sim news at 14:30", ("halted", "sim", "news at 14:30", False)),
        ("halt lunch", ("halted", "", "lunch", False)),
        ("reduce paper", ("reducing", "paper", "", False)),
        ("active", ("active", "", "", False)),
        ("active sim !", ("active", "sim", "", True)),
    ],
)
def test_an_account_or_all_of_them_are_put_in_a_state(
    text: str, arguments: tuple[Any, ...]
) -> None:
    assert parse(text, CONTEXT) == Call("guards", "set_state", arguments, True)


def test_a_note_is_short_and_safe() -> None:
    call = parse("kill " + "\x1b[2J" * 90, CONTEXT)

    assert "\x1b" not in call.arguments[0]
    assert len(call.arguments[0]) <= 200


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("arm", Call("desk", "arm")),
        ("disarm", Call("desk", "disarm")),
        ("arm sim", Call("desk", "arm_account", ("sim",))),
        ("disarm paper", Call("desk", "disarm_account", ("paper",))),
    ],
)
def test_arming_is_of_order_mode_or_of_an_account(text: str, call: Call) -> None:
    assert parse(text, CONTEXT) == call


def test_an_account_that_is_none_cannot_be_armed() -> None:
    with pytest.raises(CommandError, match="no account"):
        parse("arm siim", CONTEXT)


@pytest.mark.parametrize("verb", ["halt", "reduce", "active", "arm", "disarm"])
def test_accounts_are_offered(verb: str) -> None:
    assert complete(f"{verb} ", CONTEXT) == [f"{verb} sim", f"{verb} paper"]


def test_off_and_nothing_else_lifts_the_kill_switch() -> None:
    with pytest.raises(CommandError, match="too much"):
        parse("kill off now", CONTEXT)
