"""Names of keys, and keys.toml."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.keys import _character_to_key

from engine.errors import ConfigError
from tui.keymap import (
    DEFAULT_KEYMAP,
    Keymap,
    display,
    key_of_character,
    known_keys,
    load_keymap,
    parse_key,
    template,
)

PRINTABLE = [chr(code) for code in range(33, 127)]


def test_printable_keys_are_called_as_the_terminal_layer_calls_them() -> None:
    assert [key_of_character(c) for c in PRINTABLE] == [_character_to_key(c) for c in PRINTABLE]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("[", "left_square_bracket"),
        ("+", "plus"),
        ("C", "C"),
        ("c", "c"),
        ("Enter", "enter"),
        ("return", "enter"),
        ("ESC", "escape"),
        ("Ctrl+Up", "ctrl+up"),
        ("shift+ctrl+left", "ctrl+shift+left"),
        ("shift+c", "C"),
        ("ctrl+i", "tab"),
        ("ctrl+m", "enter"),
        ("ctrl+[", "escape"),
        ("ctrl++", "ctrl+plus"),
        ("backtab", "shift+tab"),
        ("F12", "f12"),
        ("slash", "slash"),
        (" space ", "space"),
    ],
)
def test_a_key_can_be_written_as_people_write_it(written: str, key: str) -> None:
    assert parse_key(written) == key


@pytest.mark.parametrize("written", ["", "f99", "hyperdrive", "ctrl+", "shift+5", "é", "cmd+x"])
def test_what_is_no_key_is_none(written: str) -> None:
    assert parse_key(written) is None


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=12))
def test_any_text_is_a_key_or_none_and_reading_twice_changes_nothing(text: str) -> None:
    key = parse_key(text)

    assert key is None or parse_key(key) == key


def test_suggested_keys_are_keys() -> None:
    assert all(parse_key(key) == key for key in known_keys() if key != "ctrl+i" and key != "ctrl+m")


def test_keys_are_shown_as_they_look() -> None:
    assert [display(key) for key in ("slash", "shift+up", "C", "enter", "ctrl+plus")] == [
        "/",
        "shift+↑",
        "C",
        "enter",
        "ctrl++",
    ]


def test_the_nearest_context_has_the_key() -> None:
    resolve = DEFAULT_KEYMAP.resolve

    assert resolve(("chart", "deck"), "1").name == "period_1s"  # type: ignore[union-attr]
    assert resolve(("order", "chart", "deck"), "1").name == "digit_1"  # type: ignore[union-attr]
    assert resolve(("chart", "deck"), "enter") is None


def test_without_a_file_keys_are_the_defaults(tmp_path: Path) -> None:
    assert load_keymap(None) is DEFAULT_KEYMAP
    assert load_keymap(tmp_path / "keys.toml") is DEFAULT_KEYMAP


def test_a_file_changes_the_keys_that_it_names_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('buy = "B"\nsell = ["S", "ctrl+s"]\nquit = []\n', encoding="utf-8")
    keymap = load_keymap(path)

    assert keymap.keys_of["buy"] == ("B",)
    assert keymap.keys_of["sell"] == ("S", "ctrl+s")
    assert keymap.keys_of["quit"] == ()
    assert keymap.keys_of["alert"] == ("a",)
    assert keymap.resolve(("order",), "f") is None
    assert keymap.resolve(("order",), "B").name == "buy"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('byu = "f"', "'byu' is no action", "did you mean 'buy'?"),
        ('buy = "entr"', "buy: 'entr' is no key", "did you mean 'enter'?"),
        ("buy = 5", "buy: keys are written as text", 'write buy = "x"'),
        ("buy = [5]", "buy: keys are written as text", 'write buy = "x"'),
        ("[buy]\nkey = 1", "buy: keys are written as text", 'write buy = "x"'),
        ("buy = ", "keys.toml: ", ""),
    ],
)
def test_an_error_names_file_action_key_and_the_nearest_known(
    text: str, said: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_keymap(text)

    assert "keys.toml: " in str(caught.value)
    assert said in str(caught.value)
    assert hint in caught.value.hint


def test_two_actions_on_one_key_are_reported_by_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('sell = "f"', encoding="utf-8")

    with pytest.raises(ConfigError, match=r"mine\.toml: .*'f'.*both buy and sell in order"):
        load_keymap(path)


def test_a_key_taken_from_a_context_below_is_a_conflict_unless_the_registry_says_so() -> None:
    with pytest.raises(ConfigError, match="both search and buy in deck and order"):
        load_keymap('buy = "/"')

    # The registry says that digits of a size hide the periods: to move one there is no conflict.
    assert load_keymap('period_5s = "1"\nperiod_1s = "2"').conflicts() == []


def test_keys_of_contexts_that_never_hold_together_may_be_the_same() -> None:
    swapped = Keymap({"row_open": ("x",), "cursor": ("enter",)})

    assert {conflict.key for conflict in swapped.conflicts()} == {"enter"}


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").mkdir()
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")

    for path in (tmp_path / "keys.toml", binary):
        with pytest.raises(ConfigError) as caught:
            load_keymap(path)
        assert "\n" not in str(caught.value)


def test_the_template_changes_nothing_commented_or_not() -> None:
    commented = template()
    plain = "\n".join(line.removeprefix("# ") for line in commented.splitlines() if " = [" in line)

    assert load_keymap(commented) is DEFAULT_KEYMAP
    assert load_keymap(plain).keys_of == DEFAULT_KEYMAP.keys_of


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=80))
def test_any_text_is_a_keymap_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        assert load_keymap(text).conflicts() == []
