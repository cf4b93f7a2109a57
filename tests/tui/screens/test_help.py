"""The help page: every key of the registry, readable at any width."""

from __future__ import annotations

import pytest

from tui.actions import ACTIONS
from tui.keymap import DEFAULT_KEYMAP, Keymap
from tui.language.commands import VERBS
from tui.screens.help import command_lines, help_lines
from tui.widgets.lines import Line

COMMANDS = [(verb.group, verb.usage, verb.help) for verb in VERBS]


def words_of(lines: list[Line]) -> str:
    return " ".join("".join(span.text for span in line.spans) for line in lines)


@pytest.mark.parametrize("width", [60, 112, 190])
def test_every_action_is_on_the_page_whole(width: int):
    columns = max(1, width // 52)
    text = " ".join(words_of(help_lines(DEFAULT_KEYMAP.help(), width)).split())

    for action in ACTIONS:
        if columns == 1 and not action.keys[0].isdigit():
            assert action.help in text
    assert "…" not in text.replace("1 … 9", "").replace("0 … 9", "")


def test_digits_that_do_alike_things_share_a_row():
    text = " ".join(words_of(help_lines(DEFAULT_KEYMAP.help(), 120)).split())

    assert "1 … 9" in text
    assert "1s 5s 15s 1m 5m 15m 1h 4h 1d" in " ".join(
        words_of(help_lines(DEFAULT_KEYMAP.help(), 80)).split()
    )


def test_the_keys_are_those_that_the_user_has():
    keymap = Keymap({"buy": ("B",), "quit": ()})
    text = words_of(help_lines(keymap.help(), 60))

    assert "B               Stage a buy" in text
    assert "not bound       Leave; asks" in text


def test_every_command_is_on_the_page():
    text = words_of(command_lines(COMMANDS, 200))

    for verb in VERBS:
        assert f":{verb.usage}" in text
        assert verb.help in text
    for group in ("Orders", "Algos", "Guards", "Chart"):
        assert f"Typed: {group}" in text


@pytest.mark.parametrize("width", [60, 80, 112])
def test_a_long_usage_goes_on_in_the_next_line_and_nothing_is_cut(width: int):
    lines = command_lines(COMMANDS, width)
    text = " ".join(words_of(lines).split())

    assert "…" not in text
    for verb in VERBS:
        assert f":{verb.usage}" in text
    assert all(sum(len(span.text) for span in line.spans) <= width for line in lines)


def test_lines_are_never_wider_than_the_page():
    for width in (40, 60, 112, 190):
        for line in help_lines(DEFAULT_KEYMAP.help(), width):
            assert sum(len(span.text) for span in line.spans) <= max(width, 52)


@pytest.mark.parametrize("width", [1, 3, 10, 17])
def test_a_page_too_narrow_to_be_read_is_still_a_page(width: int):
    assert help_lines(DEFAULT_KEYMAP.help(), width)
    assert command_lines(COMMANDS, width)
