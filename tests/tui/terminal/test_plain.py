"""The screen in ASCII: every cell keeps its place."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.drivers.headless_driver import HeadlessDriver

from engine.config import DeckConfig
from tests.support.scripted_link import ScriptedLink
from tui.app import DeckApp
from tui.terminal.plain import ascii_driver, to_ascii


@given(st.text())
def test_everything_becomes_ascii_of_the_same_width(text: str) -> None:
    plain = to_ascii(text)

    assert plain.isascii()
    assert sum(map(cell_len, plain)) == sum(map(cell_len, text))


def test_ascii_and_escape_sequences_stay_as_they_are() -> None:
    written = "\x1b[?2026h\x1b[1;31mBUY\x1b[0m 1 @ 2\r\n"

    assert to_ascii(written) == written


def test_borders_and_marks_keep_their_meaning() -> None:
    assert to_ascii("┌──┐│ ● ◐ ↑↓ 比") == "+--+| * d ^v ??"


def test_a_driver_writes_nothing_else() -> None:
    written: list[str] = []

    class Terminal(HeadlessDriver):
        def write(self, data: str) -> None:
            written.append(data)

    plain = ascii_driver(Terminal)
    plain.write(object.__new__(plain), "│▌…")

    assert written == ["||~"]


@pytest.mark.parametrize(
    ("glyphs", "name"), [("ascii", "AsciiDriver"), ("braille", "OutletDriver")]
)
def test_the_deck_takes_it_where_dots_are_ascii_too(
    glyphs: Literal["ascii", "braille"], name: str
) -> None:
    app = DeckApp(ScriptedLink(), DeckConfig(glyphs=glyphs))

    assert app.driver_class.__name__ == name
