"""Editing one line of text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.language.line_edit import LineEdit, paste, press

END = LineEdit.at_end("buy 0.5 btc")


@pytest.mark.parametrize(
    ("key", "text", "cursor"),
    [
        ("left", "buy 0.5 btc", 10),
        ("right", "buy 0.5 btc", 11),
        ("home", "buy 0.5 btc", 0),
        ("ctrl+a", "buy 0.5 btc", 0),
        ("ctrl+left", "buy 0.5 btc", 8),
        ("backspace", "buy 0.5 bt", 10),
        ("delete", "buy 0.5 btc", 11),
        ("ctrl+w", "buy 0.5 ", 8),
        ("ctrl+u", "", 0),
        ("ctrl+k", "buy 0.5 btc", 11),
    ],
)
def test_keys_edit_at_the_end(key: str, text: str, cursor: int) -> None:
    assert press(END, key, None, 100) == LineEdit(text, cursor)


@pytest.mark.parametrize(
    ("key", "text", "cursor"),
    [
        ("backspace", "bu 0.5 btc", 2),
        ("delete", "buy0.5 btc", 3),
        ("ctrl+k", "buy", 3),
        ("ctrl+u", " 0.5 btc", 0),
        ("ctrl+right", "buy 0.5 btc", 7),
        ("end", "buy 0.5 btc", 11),
    ],
)
def test_keys_edit_in_the_middle(key: str, text: str, cursor: int) -> None:
    assert press(LineEdit(END.text, 3), key, None, 100) == LineEdit(text, cursor)


def test_characters_are_typed_at_the_cursor_up_to_the_longest() -> None:
    line = press(LineEdit("by", 1), "u", "u", 3)

    assert line == LineEdit("buy", 2)
    assert press(LineEdit("buy", 3), "s", "s", 3) == LineEdit("buy", 3)


@pytest.mark.parametrize(
    ("key", "character"), [("f5", None), ("ctrl+x", "\x18"), ("escape", "\x1b")]
)
def test_other_keys_do_not_edit(key: str, character: str | None) -> None:
    assert press(END, key, character, 100) is None


def test_only_the_first_line_of_a_paste_is_typed_and_nothing_is_entered() -> None:
    assert paste(LineEdit("x", 0), "\nbuy 1\nmarket!\n", 100) == LineEdit("buy 1x", 5)
    assert paste(LineEdit(), "a\x1b[2Jb", 100).text == "a\ufffd[2Jb"
    assert paste(LineEdit("abc", 3), "defgh", 5) == LineEdit("abcde", 5)
    assert paste(END, "\r\n", 100) == END


KEYS = ("left", "right", "home", "end", "backspace", "delete", "ctrl+w", "ctrl+k", "ctrl+right")


@settings(deadline=None, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(KEYS),
            st.characters(min_codepoint=32, max_codepoint=0x3000),
            st.text(max_size=8).map(lambda text: "paste" + text),
        ),
        max_size=30,
    )
)
def test_the_cursor_stays_inside_and_the_line_below_its_longest(keys: list[str]) -> None:
    line = LineEdit()
    for key in keys:
        if key.startswith("paste"):
            line = paste(line, key[5:], 20)
        else:
            line = press(line, key, key if len(key) == 1 else None, 20) or line

        assert 0 <= line.cursor <= len(line.text) <= 20
        assert line.text.isprintable()
