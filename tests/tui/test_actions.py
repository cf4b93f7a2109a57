"""The registry: complete, consistent, and true of the classes that it names."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from engine.config import PERIODS
from tests.support.desk import action_classes
from tui.actions import (
    ACTIONS,
    BY_NAME,
    CONTEXTS,
    GROUPS,
    STACKS,
    Action,
    Call,
    footer_for,
    help_rows,
    in_order,
    perform,
)
from tui.keymap import DEFAULT_KEYMAP, Keymap, parse_key
from tui.widgets.footer import footer_spans


def test_every_name_is_used_once() -> None:
    assert len(BY_NAME) == len(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_says_what_it_does_and_where(action: Action) -> None:
    assert action.help
    assert action.help[0].isupper()
    assert not action.help.endswith(".")
    assert action.group in GROUPS
    assert action.context in CONTEXTS


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_default_keys_are_spelt_as_keys_toml_reads_them(action: Action) -> None:
    assert action.keys == tuple(parse_key(key) for key in action.keys)
    assert len(set(action.keys)) == len(action.keys)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_an_action_hides_only_what_it_takes_a_key_from(action: Action) -> None:
    for name in action.hides:
        hidden = BY_NAME[name]
        family = [other for other in ACTIONS if other.method == action.method]

        assert any(set(hidden.keys) & set(other.keys) for other in family)
        assert CONTEXTS.index(action.context) < CONTEXTS.index(hidden.context)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_a_method_exists_and_takes_what_it_is_given(action: Action) -> None:
    method = getattr(action_classes()[action.target], action.method)
    keywords: dict[str, Any] = {"at": 1.0} if action.sends_order else {}

    inspect.signature(method).bind(None, *action.arguments, **keywords)


def test_no_two_actions_share_a_key_in_one_stack_unless_one_says_so() -> None:
    assert DEFAULT_KEYMAP.conflicts() == []


def test_what_sends_orders_is_marked_and_nothing_else_is() -> None:
    marked = {action.name for action in ACTIONS if action.sends_order}

    assert marked == {
        *("send", "cancel", "cancel_all", "row_cancel", "row_pause"),
        *("flatten", "reverse", "arm_account"),
    }


def test_no_key_that_sends_means_anything_while_order_mode_is_off() -> None:
    sends = {action.name for action in ACTIONS if action.sends_order}
    for stack in STACKS:
        if "order" in stack or "blotter" in stack:
            continue
        for action in ACTIONS:
            for key in action.keys:
                found = DEFAULT_KEYMAP.resolve(stack, key)
                assert found is None or found.name not in sends


def test_nothing_is_staged_in_a_stack_without_order_mode() -> None:
    assert all("order" in stack for stack in STACKS if "staged" in stack)
    assert all(stack == in_order(stack) for stack in STACKS)


def test_each_period_has_a_digit() -> None:
    keys = [BY_NAME[f"period_{name}"].keys for name in PERIODS]

    assert keys == [(str(digit),) for digit in range(1, 10)]


@pytest.mark.parametrize(
    ("key", "ticks"),
    [("up", 1), ("shift+up", 10), ("ctrl+up", 100), ("down", -1), ("ctrl+down", -100)],
)
def test_arrows_move_a_staged_line_by_ticks(key: str, ticks: int) -> None:
    action = DEFAULT_KEYMAP.resolve(("staged", "order", "chart", "deck"), key)

    assert action is not None
    assert (action.target, action.method, action.arguments) == ("desk", "move_price", (ticks,))


def test_the_footer_shows_the_nearest_context_first_and_no_hidden_key() -> None:
    entries = footer_for(("staged", "order", "chart", "deck"))
    keys = [key for entry in entries for key in entry.keys]

    assert entries[0].text == "send"
    assert len(set(keys)) == len(keys)
    assert "market" not in [entry.text for entry in entries if "down" in entry.keys]


def _footer(contexts: tuple[str, ...], width: int) -> str:
    spans = footer_spans(footer_for(contexts), width)
    return "".join(span.text for span in spans)


@pytest.mark.parametrize(
    ("contexts", "words"),
    [
        (("chart", "deck"), ("/ find", "o orders", ": command", "b blotter", "q quit", "? help")),
        (("order", "chart", "deck"), ("f buy", "d sell", "s dark/live", ": command", "? help")),
        (
            ("staged", "order", "chart", "deck"),
            ("send", "esc drop", "↑↓ price", "s dark/live", ": command", "? help"),
        ),
    ],
)
def test_where_the_footer_is_short_what_is_wanted_most_stays(
    contexts: tuple[str, ...], words: tuple[str, ...]
) -> None:
    short = _footer(contexts, 80)

    assert len(short) == 80
    for word in words:
        assert word in short
    assert "zZ zoom" not in short
    assert "x cross" in _footer(contexts, 200)


def test_the_footer_shows_the_keys_that_the_user_has() -> None:
    keymap = Keymap({"help": ("f2",), "search": ()})
    entries = {entry.text: entry.keys for entry in keymap.footer(("chart", "deck"))}

    assert entries["help"] == ("f2",)
    assert "find" not in entries


def test_the_help_page_has_every_action_by_group() -> None:
    rows = help_rows()
    groups = [row.group for row in rows]

    assert len(rows) == len(ACTIONS)
    assert groups == sorted(groups, key=GROUPS.index)


class _Target:
    """Keeps what it is asked, as a target and as the desk."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.unseen = 0

    def do(self, *arguments: Any, **keywords: Any) -> None:
        self.calls.append((arguments, keywords))

    def unsee(self) -> None:
        self.unseen += 1


def _action(**fields: Any) -> Action:
    return BY_NAME["help"]._replace(target="desk", method="do", **fields)


def test_only_what_sends_is_told_when_the_key_was_pressed() -> None:
    target = _Target()
    perform(_action(arguments=(1,)), {"desk": target}, 5.0)
    perform(_action(arguments=(2,), sends_order=True), {"desk": target}, 6.0)

    assert target.calls == [((1,), {}), ((2,), {"at": 6.0})]


def test_what_takes_the_keys_makes_the_desk_wait_until_it_is_seen_again() -> None:
    target = _Target()
    perform(_action(takes_keys=False), {"desk": target}, 5.0)
    assert target.unseen == 0

    perform(_action(takes_keys=True), {"desk": target}, 6.0)
    perform(Call("desk", "do"), {"desk": target}, 7.0)
    assert target.unseen == 2


def test_whatever_opens_something_is_marked() -> None:
    opens = {action.name for action in ACTIONS if action.method.startswith(("open_", "quit_"))}

    assert {action.name for action in ACTIONS if action.takes_keys} == opens - {"row_open"}
